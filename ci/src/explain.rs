//! `cargo ci explain`: how a failing execution went.

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

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
use crate::pool::Pool;
use crate::select;
use crate::smaller;
use crate::summary::Output;
use crate::worker::Unanswered;

/// Preemptions up to which a failure with as few as possible is looked for, and how long each time.
const PREEMPTIONS: usize = 4;
const SECONDS: f64 = 10.0;

/// Ways to fail that are explained of one program.
const WAYS: usize = 4;

/// Explains how a program fails, or how the execution does that a string stands for.
pub fn explain(args: &ExplainArgs) -> Result<(), Error> {
    let ExplainArgs { schedule, engine, .. } = args;
    let programs = match schedule {
        Some(_) => vec![select::subject(&args.program, &args.which)?],
        None => select::subjects(&args.program, &args.which)?,
    };
    if schedule.is_some() && *engine == Engine::Loom {
        return Err(Error::Input("loom has no strings that run an execution again".into()));
    }
    if args.svg.is_some() && args.svg == args.html {
        return Err(Error::Input("--svg and --html name the same file".into()));
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
    let smallest = args.smallest.as_deref().map(Output::create).transpose()?;
    let mode = schedule.clone().map_or(Mode::Search, |schedule| Mode::Replay { schedule });
    let weaken = select::weakenings(&args.weaken, &sites(Scope::Default))?;
    let mut template = Job { weaken, mode, ..Job::default() };
    let pictures = [(&args.svg, svg::draw as Draw), (&args.html, html::page as Draw)];
    let pictures =
        pictures.map(|(path, draw)| path.as_deref().map(|path| Picture::create(path, draw)).transpose());
    let pictures = pictures.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;

    let pool = Pool::new(engine.build_worker()?, engine.name(), NonZeroUsize::MIN, Interrupt::default());
    let first = match first_to_fail(&pool, &mut template, &programs) {
        Ok(first) => first,
        Err(unanswered) => {
            pictures.into_iter().for_each(Picture::discard);
            args.smallest.as_deref().into_iter().for_each(discard);
            return Err(refused(unanswered));
        }
    };
    let Some(mut found) = first else {
        pictures.into_iter().for_each(Picture::discard);
        args.smallest.as_deref().into_iter().for_each(discard);
        return Ok(());
    };
    let program = &template.program.clone();
    let smaller = match Case::parse(program).filter(|_| schedule.is_none() && template.weaken.is_empty()) {
        Some(case) if *engine == Engine::Complete => smaller::smallest(&pool, &case, &found)?,
        _ => None,
    };
    if let (Some(file), Some(path), Some(case)) = (smallest, &args.smallest, Case::parse(program)) {
        file.write(smaller.as_ref().unwrap_or(&print(&case.litmus)))?;
        template.program = smaller::case_in(path, &case, case.variant);
        found = pool.ask(&template).map_err(refused)?;
    }
    let told = match engine {
        _ if schedule.is_some() => found.timeline.iter().map(|timeline| *timeline.clone()).collect(),
        Engine::Complete => timelines(&pool, &template, &found),
        Engine::Loom => timeline(&pool, &template, &found).into_iter().map(|timeline| *timeline).collect(),
    };
    let layouts: Vec<_> = told.iter().map(layout::lay_out).collect();
    let (Some(first), Some(layout)) = (told.first(), layouts.first()) else {
        pictures.into_iter().for_each(Picture::discard);
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
    anstream::stdout()
        .write_all(drawn.as_bytes())
        .map_err(|e| Error::Failed(format!("cannot print the timeline: {e}")))?;
    if let Some(text) = smaller.filter(|_| args.smallest.is_none()) {
        println!(
            "\na smaller program fails in the same way; --smallest FILE.litmus keeps it, and explains that:\n\n{text}"
        );
    }
    for picture in pictures {
        picture.file.write(&(picture.draw)(first, layout))?;
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
                println!("{program}:");
            }
            return Ok(Some(found));
        }
        let which = if programs.len() > 1 { format!("{program}: ") } else { String::new() };
        println!("{which}{}", does_not_fail(&found, replayed));
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

type Draw = fn(&Timeline, &layout::Layout) -> String;

/// A file that is to hold a picture of the timeline. It is opened before anything runs.
struct Picture<'a> {
    path: &'a Path,
    file: Output<'a>,
    draw: Draw,
}

impl<'a> Picture<'a> {
    fn create(path: &'a Path, draw: Draw) -> Result<Picture<'a>, Error> {
        Ok(Picture { path, file: Output::create(path)?, draw })
    }

    /// There is nothing to draw.
    fn discard(self) {
        discard(self.path);
    }
}

/// There is nothing to write: no empty file is left behind.
fn discard(path: &Path) {
    // A file that cannot be removed is empty, which says the same.
    let _ = fs::remove_file(path);
}
