//! The collection, held against the code: what cargo-mutants asks of every change of `lwp-core`. `cargo ci check` explores
//! all of it; this is as much as can be waited for a thousand times.
#![cfg(shuttle)]

mod worker_support;

use lwp_loom_tests::audit;
use lwp_loom_tests::faults::Programs;
use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use lwp_loom_tests::suite::{self, Scope};
use worker_support::{explore, job};

/// Executions of a program.
const EXECUTIONS: u64 = 1000;

/// Seconds for a program: some mistakes make one go on for ever.
const SECONDS: f64 = 20.0;

fn holds(program: &str) {
    let limits = Limits { executions: Some(EXECUTIONS), seconds: Some(SECONDS), ..Limits::default() };
    let finding: Finding = explore(&Job { limits, ..job(program) });
    let cut = format!("{EXECUTIONS} executions");
    let went = finding.bound.as_ref().is_none_or(|bound| *bound == cut);
    assert!(
        finding.verdict != Verdict::Failed && went,
        "{program}: {:?} {:?}",
        finding.message,
        finding.bound
    );
    assert_eq!(audit::undeclared(&finding), None, "{program}");
}

#[test]
fn the_smallest_programs_over_the_lock_layer_hold() {
    let programs = suite::programs(Scope::Default);
    programs
        .iter()
        .filter(|program| program.operations() <= 2)
        .for_each(|program| holds(&program.to_string()));
}

#[test]
fn the_programs_of_the_collection_that_hold_do_so_for_their_first_executions() {
    Programs::that_hold().protocol("complete").iter().for_each(|program| holds(program));
}
