//! The collection, held against the code: what cargo-mutants asks of every change of `lwp-core`. `cargo ci check` explores
//! all of it; this is as much as can be waited for a thousand times.
#![cfg(shuttle)]

mod worker_support;

use lwp_loom_tests::audit;
use lwp_loom_tests::faults::{self, Programs};
use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use worker_support::{explore, explore_in_turn, job};

/// Executions of a program that holds.
const EXECUTIONS: u64 = 1000;

/// Seconds for a program: some mistakes make one go on for ever.
const SECONDS: f64 = 20.0;

/// Programs for a process, which what fails takes with it.
const AT_A_TIME: usize = 32;

fn of(program: &str, executions: Option<u64>) -> Job {
    let limits = Limits { executions, seconds: Some(SECONDS), ..Limits::default() };
    Job { limits, ..job(program) }
}

fn holds(finding: &Finding) {
    let Finding { program, verdict, message, bound, .. } = finding;
    let cut = format!("{EXECUTIONS} executions");
    let went = bound.as_ref().is_none_or(|bound| *bound == cut);
    assert!(*verdict != Verdict::Failed && went, "{program}: {message:?} {bound:?}");
    assert_eq!(audit::undeclared(finding), None, "{program}");
}

// The programs over the protocol come first, and in one test: what fails first ends it.
#[test]
fn the_programs_that_hold_do_so_for_their_first_executions() {
    let all = Programs::that_hold();
    let programs: Vec<&String> = all.protocol("complete").iter().chain(all.lock_layer()).collect();
    assert!(!all.protocol("complete").is_empty() && !all.lock_layer().is_empty());
    for some in programs.chunks(AT_A_TIME) {
        let jobs: Vec<Job> = some.iter().map(|program| of(program, Some(EXECUTIONS))).collect();
        explore_in_turn(&jobs).iter().for_each(holds);
    }
}

// What notices a mistake, and is not there any more, is missed by no program that holds.
#[test]
fn the_programs_that_show_a_defect_do_so() {
    let programs = faults::that_fail();
    assert!(!programs.is_empty());
    for program in programs {
        let finding = explore(&of(&program, None));
        assert_eq!(finding.verdict, Verdict::Defect, "{program}: {:?} {:?}", finding.message, finding.bound);
    }
}
