//! `cargo ci explain`: how a failing execution went.

use std::num::NonZeroUsize;

use lwp_loom_tests::job::{Finding, Job, Limits, Mode, way};
use lwp_loom_tests::litmus::Case;
use lwp_loom_tests::litmus::text::{EXTENSION, print};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::suite::Scope;
use lwp_loom_tests::timeline::{Timeline, html, layout, story, svg, text};

use crate::backend::Engine;
use crate::cli::ExplainArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::Outputs;
use crate::pool::Pool;
use crate::say;
use crate::select;
use crate::smaller;
use crate::worker::Unanswered;

/// Preemptions up to which a failure with as few as possible is looked for, and how long each time.
const PREEMPTIONS: usize = 4;
const SECONDS: f64 = 10.0;

/// Ways to fail that are explained of one program.
const WAYS: usize = 4;

/// Explains how a program fails, or how the execution does that a string stands for.
pub fn explain(args: &ExplainArgs) -> Result<(), Error> {
    let ExplainArgs { schedule, engine, .. } = args;
    let selected = select::subjects(&args.program, &args.which)?;
    let programs = if schedule.is_some() { vec![selected.one()?] } else { selected.programs() };
    if schedule.is_some() && *engine == Engine::Loom {
        return Err(Error::Input("loom has no strings that run an execution again".into()));
    }
    if let Some(path) = &args.smallest {
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            let message =
                format!("{} is no place for a program: its name must end in .{EXTENSION}", path.display());
            return Err(Error::Input(message));
        }
        if *engine == Engine::Loom || programs.iter().any(|program| Case::parse(program).is_none()) {
            let message = "a smaller program is looked for by the complete search, among those of LWPs";
            return Err(Error::Input(message.into()));
        }
    }
    let mode = schedule.clone().map_or(Mode::Search, |schedule| Mode::Replay { schedule });
    let weaken = select::weakenings(&args.weaken, &sites(Scope::Default))?;
    let mut template = Job { weaken, mode, ..Job::default() };
    let mut outputs = Outputs::apart_from(selected.files.iter().chain(&args.worker));
    let smallest = outputs.claim("--smallest", args.smallest.as_deref())?;
    let svg = outputs.claim("--svg", args.svg.as_deref())?.map(|file| (file, svg::draw as Draw));
    let html = outputs.claim("--html", args.html.as_deref())?.map(|file| (file, html::page as Draw));

    let worker = args.worker.clone().map_or_else(|| engine.build_worker(), Ok)?;
    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let pool = Pool::new(worker, engine.name(), NonZeroUsize::MIN, interrupt.clone());
    let Some(mut found) = first_to_fail(&pool, &mut template, &programs).map_err(refused)? else {
        return Ok(());
    };
    let program = &template.program.clone();
    let smaller = match Case::parse(program).filter(|_| schedule.is_none() && template.weaken.is_empty()) {
        Some(case) if *engine == Engine::Complete => smaller::smallest(&pool, &case, &found)?,
        _ => None,
    };
    // What is smallest by then is not known to be.
    if interrupt.is_raised() {
        return Err(Error::Interrupted);
    }
    if let (Some(file), Some(case)) = (smallest, Case::parse(program)) {
        template.program = smaller::case_in(file.path(), &case, case.variant);
        file.write(smaller.as_ref().unwrap_or(&print(&case.litmus)))?;
        found = pool.ask(&template).map_err(refused)?;
    }
    let told = match engine {
        _ if schedule.is_some() => found.timeline.iter().map(|timeline| *timeline.clone()).collect(),
        Engine::Complete => timelines(&pool, &template, &found),
        Engine::Loom => timeline(&pool, &template, &found).into_iter().map(|timeline| *timeline).collect(),
    };
    if interrupt.is_raised() {
        return Err(Error::Interrupted);
    }
    let layouts: Vec<_> = told.iter().map(layout::lay_out).collect();
    let (Some(first), Some(layout)) = (told.first(), layouts.first()) else {
        let message = found.message.unwrap_or_default();
        return Err(Error::Failed(format!("it fails, and there is no execution to show: {message}")));
    };
    let mut drawn = String::new();
    for (n, (timeline, layout)) in told.iter().zip(&layouts).enumerate() {
        if told.len() > 1 {
            let begins = if n == 0 { "" } else { "\n" };
            drawn += &format!("{begins}Way {} of {} that were found:\n\n", n + 1, told.len());
        }
        drawn += &text::draw(timeline, layout, width());
    }
    say::text(&drawn);
    if let Some(text) = smaller.filter(|_| args.smallest.is_none()) {
        say::line(format_args!(
            "\na smaller program fails in the same way; --smallest FILE.litmus keeps it, and explains that:\n\n{text}"
        ));
    }
    for (file, draw) in svg.into_iter().chain(html) {
        file.write(&draw(first, layout))?;
    }
    let ways: Vec<String> = told.iter().map(story::in_short).collect();
    Err(Error::Failed(format!("it fails: {}", ways.join("; in another way: "))))
}

/// The timelines of a program's failures: of each way to fail an execution with as few preemptions as a search finds, the
/// shortest of those first. Of a program that fails in very many ways, some.
fn timelines(pool: &Pool, template: &Job, found: &Finding) -> Vec<Timeline> {
    let mut told: Vec<Timeline> = Vec::new();
    let is_told =
        |told: &[Timeline], message: &str| told.iter().any(|told| way(&told.failure) == way(message));
    for preemptions in 0..=PREEMPTIONS {
        let limits =
            Limits { preemptions: Some(preemptions), seconds: Some(SECONDS), ..template.limits.clone() };
        let job = Job { limits, every_way: true, ..template.clone() };
        for failing in pool.ask(&job).map(|finding| finding.ways).unwrap_or_default() {
            if told.len() < WAYS && !is_told(&told, &failing.message) {
                let mode = Mode::Replay { schedule: failing.schedule };
                let again = Job { mode, explain: true, ..template.clone() };
                let timeline = pool.ask(&again).ok().and_then(|finding| finding.timeline);
                let safe_preemptions = preemptions.checked_sub(1);
                told.extend(timeline.map(|timeline| Timeline { safe_preemptions, ..*timeline }));
            }
        }
    }
    // It may take more preemptions than that, or more time.
    if !found.message.as_deref().is_some_and(|message| is_told(&told, message)) {
        told.truncate(WAYS - 1);
        told.extend(timeline(pool, template, found).map(|timeline| *timeline));
    }
    told
}

/// Runs one program after another until one fails, which `template` is left with. Says of the others that they do not.
fn first_to_fail(
    pool: &Pool,
    template: &mut Job,
    programs: &[String],
) -> Result<Option<Finding>, Unanswered> {
    let replayed = matches!(template.mode, Mode::Replay { .. });
    for program in programs {
        template.program.clone_from(program);
        let found = pool.ask(&Job { explain: replayed, ..template.clone() })?;
        if found.fails() {
            if programs.len() > 1 {
                say::line(format_args!("{program}:"));
            }
            return Ok(Some(found));
        }
        let which = if programs.len() > 1 { format!("{program}: ") } else { String::new() };
        say::line(format_args!("{which}{}", does_not_fail(&found, replayed)));
    }
    Ok(None)
}

/// The timeline of a failure that a search has found: of an execution that fails in the same way with as few preemptions
/// as a search finds, else of the one that was found. `None` where what failed is no execution.
pub fn timeline(pool: &Pool, template: &Job, found: &Finding) -> Option<Box<Timeline>> {
    let same = |other: &Finding| other.fails() && other.way() == found.way();
    let least = template.limits.preemptions.map_or(PREEMPTIONS, |limit| limit.min(PREEMPTIONS));
    for preemptions in 0..=least {
        let limits =
            Limits { preemptions: Some(preemptions), seconds: Some(SECONDS), ..template.limits.clone() };
        let job = Job { mode: Mode::Search, limits, explain: true, ..template.clone() };
        if let Ok(finding) = pool.ask(&job)
            && same(&finding)
            && let Some(timeline) = finding.timeline
        {
            return Some(Box::new(Timeline { safe_preemptions: preemptions.checked_sub(1), ..*timeline }));
        }
    }
    let mode = found.schedule.clone().map_or(template.mode.clone(), |schedule| Mode::Replay { schedule });
    let again = Job { mode, explain: true, ..template.clone() };
    pool.ask(&again).ok().filter(Finding::fails)?.timeline
}

/// How wide a timeline may be: as the terminal is.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(text::WIDTH, |(width, _)| width.0.into())
}

fn refused(unanswered: Unanswered) -> Error {
    match unanswered {
        Unanswered::Refused(why) => Error::Input(format!("the program cannot be run: {why}")),
        Unanswered::Broken(why) => Error::Failed(why),
        Unanswered::Interrupted => Error::Interrupted,
    }
}

fn does_not_fail(found: &Finding, replayed: bool) -> String {
    let outcomes = found.outcomes.join(" | ");
    match (&found.bound, replayed) {
        (_, true) => format!("this execution does not fail; it ends with {outcomes}"),
        (None, false) => format!("no execution fails: all {} were explored", found.distinct),
        (Some(bound), false) => {
            format!("no execution that was explored fails; the search is bounded by {bound}")
        }
    }
}

/// What makes a picture of a timeline.
type Draw = fn(&Timeline, &layout::Layout) -> String;
