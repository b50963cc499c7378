//! `cargo ci audit`: the lock order that the protocol's programs show, against the one that each revision declares.

use std::collections::BTreeMap;

use lwp_loom_tests::audit::{Audit, Order};
use lwp_loom_tests::job::{Finding, Job};
use lwp_loom_tests::suite::{self, Scope};

use crate::cli::AuditArgs;
use crate::error::Error;
use crate::explain;
use crate::interrupt::Interrupt;
use crate::output::{Output, Outputs};
use crate::pool::{self, Pool, Stopped};
use crate::progress::Progress;
use crate::say;
use crate::{revision, table};

/// Runs the audit. Whatever is wrong with the request is found before anything runs.
pub fn audit(args: &AuditArgs) -> Result<(), Error> {
    let json = Outputs::apart_from(&args.worker).claim("--json", args.json.as_deref())?;
    let engine = args.engine.name();
    let (explored, left_out): (Vec<_>, Vec<_>) =
        suite::protocol(Scope::Default).partition(|family| family.is_completed_by(engine));
    let worker = args.worker.clone().map_or_else(|| args.engine.build_worker(), Ok)?;

    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let pool = Pool::new(worker, engine, pool::size(args.jobs), interrupt);
    let jobs = explored.into_iter().flat_map(|family| family.programs);
    let (findings, stopped) = explore(&pool, jobs.map(|program| Job { program, ..Job::default() }).collect());
    let audit = Audit {
        commit: revision::commit(),
        engine: engine.into(),
        left_out: left_out.iter().map(|family| family.programs.len()).sum(),
        incomplete: stopped.is_some(),
        ..Audit::of(&findings)
    };
    say::text(text(&audit));
    let json = if audit.incomplete { json.and_then(Output::of_what_was_stopped) } else { json };
    if let Some(json) = json {
        json.write_json(&audit)?;
    }
    match stopped {
        Some(Stopped::Interrupted) => Err(Error::Interrupted),
        Some(Stopped::NoWorker(why)) => Err(Error::Failed(why)),
        None if audit.is_green() => Ok(()),
        None => Err(Error::Failed("the audit is not green".into())),
    }
}

/// Explores the programs. What was found before a stop is kept.
fn explore(pool: &Pool, jobs: Vec<Job>) -> (Vec<Finding>, Option<Stopped>) {
    let mut progress = Progress::new("audit", jobs.len());
    pool.watch(progress.watcher());
    let mut findings = BTreeMap::new();
    let stopped = pool.run(jobs, |index, finding| {
        progress.explored(finding);
        progress.step();
        findings.insert(index, finding.clone());
    });
    (findings.into_values().collect(), stopped.err())
}

/// The audit as text: what was found, then each edge, and a last line that sums it up.
fn text(audit: &Audit) -> String {
    let width = explain::width();
    let mut text: String =
        audit.orders.iter().map(|order| textwrap::fill(&order.says, width) + "\n\n").collect();
    for order in &audit.orders {
        text += &format!("netbsd {}\n\n{}\n", order.revision, table::lock_order(order));
        for exception in &order.exceptions {
            let seen = exception.seen.as_ref();
            text += &format!(
                "recorded: {} held, {} taken: {}\n  {}\n  {}\n\n",
                exception.held,
                exception.taken,
                exception.source,
                exception.why,
                seen.map_or("not observed".into(), |seen| format!("observed at {}", seen.place)),
            );
        }
    }
    let again = |finding: &Finding| {
        vec![format!("repeat: cargo ci check {} --engine {}", finding.program, finding.engine)]
    };
    text += &table::failures(&audit.failures, again);
    text += &format!(
        "{} programs under {}, {} executions; {} programs left out, which the engine does not complete\n",
        audit.programs, audit.engine, audit.executions, audit.left_out
    );
    text + &sum(audit) + "\n"
}

/// The audit in a line: what the exit status says, and what was found.
fn sum(audit: &Audit) -> String {
    if audit.incomplete {
        return "incomplete: stopped before the end".into();
    }
    if !audit.failures.is_empty() {
        return format!("incomplete: {} programs failed or were cut short", audit.failures.len());
    }
    let found: Vec<String> = audit.orders.iter().map(Order::in_short).collect();
    let standing = if audit.is_green() { "green" } else { "not green" };
    format!("{standing}: {}", found.join("; "))
}
