//! A verdict says what was explored and no more.
#![cfg(loom)]

mod worker_support;

use lwp_loom_tests::canary::FORGOTTEN;
use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use worker_support::{explore, job};

/// Small, but with more executions and more branch points than any limit below.
const PROGRAM: &str = "netbsd/0/relock:1,unlock_to:0/lock";

fn cut_short(limits: Limits) -> Finding {
    let finding = explore(&Job { limits, ..job(PROGRAM) });
    assert_eq!(finding.verdict, Verdict::Bounded, "{finding:?}");
    assert_eq!(finding.message, None);
    finding
}

/// Without a limit the search ends by itself, and what it says is complete is what a cut one must not say.
#[test]
fn a_search_that_nothing_cuts_short_is_complete() {
    let finding = explore(&job(PROGRAM));
    assert_eq!((finding.verdict, finding.bound, finding.message), (Verdict::Complete, None, None));
    assert!(finding.executions > 2 && finding.distinct > 2);
}

/// loom returns the same `()` from a search that ran out of time as from one that finished.
#[test]
fn a_search_that_is_out_of_time_is_bounded_by_it() {
    let finding = cut_short(Limits { seconds: Some(0.0), ..Limits::default() });
    assert_eq!((finding.bound.as_deref(), finding.executions), (Some("0 seconds"), 0));
}

/// loom counts executions in steps of twenty thousand and then returns as if it had finished.
#[test]
fn a_search_that_has_used_up_its_executions_is_bounded_by_them() {
    let finding = cut_short(Limits { executions: Some(2), ..Limits::default() });
    assert_eq!((finding.bound.as_deref(), finding.executions), (Some("2 executions"), 2));
}

/// A preemption bound leaves executions out without a word, even where it is generous.
#[test]
fn a_search_under_a_preemption_bound_is_bounded_by_it() {
    let finding = cut_short(Limits { preemptions: Some(1), ..Limits::default() });
    assert_eq!(finding.bound.as_deref(), Some("1 preemption in an execution"));
}

/// What follows from a state depends on the preemptions left, so no execution may stand for another there.
#[test]
fn a_search_under_a_preemption_bound_does_not_look_back() {
    let program = "netbsd/1/setlock:0/relock:2/lock";
    let executions = |preemptions, redundantly| {
        let limits = Limits { preemptions, ..Limits::default() };
        explore(&Job { limits, redundantly, ..job(program) }).executions
    };
    assert_eq!(executions(Some(2), false), executions(Some(2), true));
    assert!(executions(None, false) < executions(None, true));
}

/// loom panics where an execution is too long for it: that is neither a failure of the program nor the end of it.
#[test]
fn a_search_that_meets_the_branch_limit_is_bounded_by_it() {
    let finding = cut_short(Limits { branches: Some(5), ..Limits::default() });
    assert_eq!(finding.bound.as_deref(), Some("5 branch points in an execution"));
}

/// loom remembers seven stores of a word and forgets older ones silently.
#[test]
fn a_load_that_may_be_due_a_store_that_loom_forgot_bounds_the_search() {
    let finding = explore(&job(FORGOTTEN.name));
    assert_eq!(finding.verdict, Verdict::Bounded);
    assert_eq!(finding.bound.as_deref(), Some("7 stores to a word that loom remembers"));
}

/// Four critical sections of a spin lock store nine times; whoever looks has stored itself, or takes the newest.
#[test]
fn stores_that_no_load_can_be_due_bound_nothing() {
    let finding = explore(&job("spin/0/enter,enter/enter,enter"));
    assert_eq!((finding.verdict, finding.bound), (Verdict::Complete, None));
}

/// A bound on preemptions says nothing of what loom forgets: both are named.
#[test]
fn a_bound_on_preemptions_does_not_hide_the_stores_that_loom_forgot() {
    let limits = Limits { preemptions: Some(1), ..Limits::default() };
    let finding = explore(&Job { limits, ..job(FORGOTTEN.name) });
    assert_eq!(
        (finding.verdict, finding.bound.as_deref()),
        (Verdict::Bounded, Some("1 preemption in an execution, 7 stores to a word that loom remembers"))
    );
}

/// One preemption more than most programs of three LWPs are allowed: with fewer this defect does not show.
#[test]
fn a_defect_shows_within_the_bound_that_is_declared() {
    let program = "lwp/1.62/as-written/3-cpus/triples/suspend-and-continue-sleeping";
    let within = |preemptions| {
        let limits = Limits { preemptions: Some(preemptions), ..Limits::default() };
        explore(&Job { limits, ..job(program) }).verdict
    };
    assert_eq!((within(1), within(2)), (Verdict::Bounded, Verdict::Defect));
}

/// A weakened program reports how it breaks, with what it had seen until then.
#[test]
fn a_failure_says_what_happened() {
    let weaken = vec![("lwp_unlock_to.publish".into(), "relaxed".into())];
    let finding = explore(&Job { weaken, ..job("netbsd/0/unlock_to:1/lock") });
    assert_eq!(finding.verdict, Verdict::Failed);
    assert!(finding.message.as_ref().unwrap().contains("Causality violation"), "{finding:?}");
}
