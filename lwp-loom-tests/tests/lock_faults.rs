//! A retry, a second look or a release that is left out of the lock layer must not go unnoticed: else its programs prove
//! nothing. The protocol's faults are `cargo ci faults`'.
#![cfg(any(loom, shuttle))]

mod worker_support;

use lwp_core::fault::{Fault, Layer};
use lwp_loom_tests::job::{Job, Verdict};
use lwp_loom_tests::suite::{self, Scope};
use worker_support::{explore, job};

/// Whom loom cannot tell from the right one: under loom nobody leaves a busy lock that it no longer wants, which is
/// sound, and told where that is done (`RawLock::try_lock_or_wait`).
const NOT_UNDER_LOOM: &str = "thread_lock.waits-for-the-lock";

/// A let-go that is stored hides the one before it, and what precedes that: a data race, whichever of the two is seen.
#[test]
fn a_token_that_is_stored_and_not_exchanged_hides_a_let_go() {
    let program = "parker/0/park/unpark/unpark";
    assert_eq!(explore(&job(program)).message, None);
    let finding = explore(&Job { fault: Some("parker_unpark.stores".into()), ..job(program) });
    assert_eq!(finding.verdict, Verdict::Failed);
    let how = finding.message.expect("it says how");
    let race = if cfg!(loom) { "Causality violation" } else { "data race: " };
    assert!(how.contains(race), "{how}");
}

#[test]
fn every_fault_of_the_lock_layer_is_caught_by_a_program() {
    let programs = suite::programs(Scope::Default);
    let wanted = |fault: &Fault| {
        let told = !cfg!(loom) || fault.name() != NOT_UNDER_LOOM;
        fault.layer() == Layer::Lock && fault.equivalent().is_none() && told
    };
    let faults: Vec<Fault> = Fault::all().filter(wanted).collect();
    assert!(!faults.is_empty());
    for fault in faults {
        let caught = programs.iter().find_map(|program| {
            let finding = explore(&Job { fault: Some(fault.name()), ..job(&program.to_string()) });
            let declared = program.loom().bound();
            let covers = |bound: &String| declared.is_some_and(|declared| declared.covers(bound));
            let is_caught = finding.fails() || !finding.bound.as_ref().is_none_or(covers);
            let how = finding.message.or(finding.bound).unwrap_or_default();
            is_caught.then_some((program.to_string(), how))
        });
        let (program, how) = caught.unwrap_or_else(|| panic!("{} goes unnoticed", fault.name()));
        println!("{}: {program}: {how}", fault.name());
        let finding = explore(&job(&program));
        assert_eq!((finding.fails(), finding.message), (false, None), "{program} without a fault");
    }
}
