//! Which faults' places a program comes by. `cargo ci faults` leaves out the programs that never come by a fault's place: a
//! place that is not told of would be a fault that nobody looks for.
#![cfg(any(loom, shuttle))]

mod worker_support;

use std::collections::BTreeSet;

use lwp_core::fault::{Fault, Layer};
use lwp_loom_tests::job::{Finding, Job, Verdict};
use worker_support::{explore, explore_in_turn, job};

/// One LWP and no other: most of the protocol is never run.
const ALONE: &str = "lwp/1.62/repaired/1-cpus/alone";

fn explored(fault: Option<&Fault>, program: &str) -> Finding {
    explore(&Job { fault: fault.map(|fault| fault.name()), places: true, ..job(program) })
}

// A fault shows only where a program comes by its place: elsewhere the search is the same to the last step.
#[test]
fn a_fault_changes_nothing_where_a_program_never_comes_by_its_place() {
    let sound = explored(None, ALONE);
    assert_eq!((sound.verdict, &sound.message), (Verdict::Complete, &None));
    let passed: BTreeSet<&String> = sound.passed.iter().collect();
    let (there, elsewhere): (Vec<Fault>, Vec<Fault>) =
        Fault::all().partition(|fault| passed.contains(&fault.name()));
    assert!(there.iter().any(|fault| fault.name() == "lwp_wait1.no-cycle-test"), "{passed:?}");
    assert!(elsewhere.iter().any(|fault| fault.name() == "lwp_create.p_nlwps-dropped"), "{passed:?}");
    let elsewhere: Vec<&Fault> = elsewhere.iter().filter(|fault| fault.layer() == Layer::Protocol).collect();
    assert!(elsewhere.len() > there.len(), "one LWP alone comes by most of the protocol");
    for fault in elsewhere {
        let faulty = explored(Some(fault), ALONE);
        assert_eq!(Finding { seconds: sound.seconds, ..faulty }, sound, "{}", fault.name());
    }
}

// A worker explores many programs: what an earlier one came by is not what a later one does.
#[test]
fn a_place_is_told_of_where_a_program_comes_by_it_and_not_after_that() {
    let of = |program: &str| Job { places: true, ..job(program) };
    let both = explore_in_turn(&[of("lwp/1.62/repaired/1-cpus/create-wait"), of(ALONE)]);
    let passes = |finding: &Finding| finding.passed.iter().any(|name| name == "lwp_start.no-setrunqueue");
    assert_eq!(both.iter().map(passes).collect::<Vec<_>>(), [true, false]);
}
