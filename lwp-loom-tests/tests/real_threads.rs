//! The repaired protocol on real threads, again and again: whatever the programs assert holds there too.
#![cfg(not(any(loom, shuttle)))]

use lwp_loom_tests::litmus::{Case, Variant};

const RUNS: usize = 100;

#[test]
fn every_repaired_program_holds_on_real_threads() {
    // Who may wait for ever would.
    let ends = |case: &Case| case.variant == Variant::Repaired && !case.may_hang();
    let mut held = 0;
    for case in Case::all().into_iter().filter(ends) {
        for _ in 0..RUNS {
            case.run();
        }
        held += 1;
    }
    assert!(held > 500, "only {held} programs ran");
}
