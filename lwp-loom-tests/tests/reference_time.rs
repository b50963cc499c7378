//! The reference is part of what a program may take, and a program that is not held against it is told of.
#![cfg(any(loom, shuttle))]

mod worker_support;

use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use worker_support::{explore, job};

fn explored_in(seconds: f64, program: &str) -> Finding {
    explore(&Job { limits: Limits { seconds: Some(seconds), ..Limits::default() }, ..job(program) })
}

// A reference that takes a minute before five seconds begin is no limit; and one that is silently left out checks nothing.
#[test]
fn a_reference_that_takes_half_of_the_time_is_given_up_and_said_to_be() {
    // Less than it takes to begin, on any machine.
    let found = explored_in(1e-9, "lwp/1.62/repaired/2-cpus/lost-continue");
    assert_eq!(found.unreferenced.as_deref(), Some("its states took half of the time"));
    assert_eq!((found.verdict, found.bound.as_deref()), (Verdict::Bounded, Some("0.000000001 seconds")));
}

#[test]
fn a_program_that_is_held_against_the_reference_or_that_it_does_not_know_is_not_named() {
    for program in ["lwp/1.62/repaired/1-cpus/alone", "lwp/1.62/repaired/2-cpus/key-delete-exit"] {
        let found = explore(&job(program));
        assert_eq!((found.verdict, found.unreferenced), (Verdict::Complete, None), "{program}");
    }
}
