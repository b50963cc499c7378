//! `cargo ci growth`: how the executions of the programs that loom does not complete grow with the preemptions.

use indicatif::HumanCount;
use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use lwp_loom_tests::litmus::{Case, Origin, Variant};

use crate::backend::Engine;
use crate::cli::GrowthArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::pool::{self, Pool, Stopped};
use crate::say;

/// The bounds that are tried.
const PREEMPTIONS: [usize; 4] = [0, 1, 2, 3];

/// Explores each program under each bound, and prints a table for a page of the documentation.
pub fn growth(args: &GrowthArgs) -> Result<(), Error> {
    let (loom, complete) = (Engine::Loom.build_worker()?, Engine::Complete.build_worker()?);
    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let size = pool::size(args.jobs);
    let loom = Pool::new(loom, Engine::Loom.name(), size, interrupt.clone());
    let complete = Pool::new(complete, Engine::Complete.name(), size, interrupt);

    let cases: Vec<Case> = Case::all().into_iter().filter(is_wanted).collect();
    let run = |pool: &Pool, jobs| {
        pool.run(jobs, |_, _| {}).map_err(|stopped| match stopped {
            Stopped::Interrupted => Error::Interrupted,
            Stopped::NoWorker(why) => Error::Failed(why),
        })
    };
    let whole = run(&complete, cases.iter().map(|case| job(case, Limits::default())).collect())?;
    let limits = |preemptions| Limits {
        preemptions: Some(preemptions),
        seconds: Some(args.seconds),
        ..Limits::default()
    };
    let bounded = cases.iter().flat_map(|case| PREEMPTIONS.map(|n| job(case, limits(n)))).collect();
    let bounded = run(&loom, bounded)?;
    if let Some(failed) = whole.iter().chain(&bounded).find(|finding| finding.verdict == Verdict::Failed) {
        let how = failed.message.as_deref().unwrap_or_default();
        return Err(Error::Failed(format!("{} fails: {how}", failed.program)));
    }

    let mut table =
        "| program | 0 | 1 | 2 | 3 | declared | complete search |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for ((case, whole), bounded) in cases.iter().zip(&whole).zip(bounded.chunks(PREEMPTIONS.len())) {
        let cells: Vec<String> = bounded.iter().map(|finding| cell(finding, whole)).collect();
        let checked = case.litmus.loom.bound().map(|bound| bound.to_string()).unwrap_or_default();
        table += &format!(
            "| `{}` | {} | {checked} | {} ({}) |\n",
            case.name(),
            cells.join(" | "),
            HumanCount(whole.distinct),
            whole.outcomes.len()
        );
    }
    say::text(table);
    Ok(())
}

/// Every program that somebody wrote and whose preemptions are bounded under loom, in the variant that holds.
fn is_wanted(case: &Case) -> bool {
    let bounded = case.litmus.loom.bound().is_some_and(|bound| bound.preemptions.is_some());
    bounded && case.origin() == Origin::Written && case.variant == Variant::Repaired
}

fn job(case: &Case, limits: Limits) -> Job {
    Job { program: case.name(), limits, ..Job::default() }
}

/// How many executions there were, and how many of the complete search's outcomes they showed, and how many others.
fn cell(finding: &Finding, whole: &Finding) -> String {
    let seen = whole.outcomes.iter().filter(|outcome| finding.outcomes.contains(outcome)).count();
    let alone = finding.outcomes.iter().filter(|outcome| !whole.outcomes.contains(outcome)).count();
    let others = if alone > 0 { format!(" and {alone} others") } else { String::new() };
    let cut =
        if finding.bound.as_deref().is_some_and(|bound| bound.ends_with(" seconds")) { "> " } else { "" };
    format!("{cut}{} ({seen}{others})", HumanCount(finding.executions))
}
