//! Which repairs a program asks for. `cargo ci triage` tries no other: one that is not told of would be a defect that no
//! failure is put down to.
#![cfg(shuttle)]

mod worker_support;

use std::sync::Arc;

use lwp_core::netbsd::Repair;
use lwp_loom_tests::job::Finding;
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{Case, Variant};
use worker_support::{explore, explore_in_turn, job};

/// One of so many programs of the suite: enough to come by most repairs.
const EVERY: usize = 397;

// A repair shows only where a program asks for it: elsewhere the search is the same to the last step, and fails the same.
#[test]
fn a_repair_changes_nothing_where_a_program_never_asks_for_it() {
    let suite = Suite::parse("2x2").expect("there is such a suite");
    let programs = (0..suite.len()).step_by(EVERY).map(|n| Arc::new(suite.program(n)));
    let cases = programs.flat_map(|program| Case::all_of(&program));
    let (mut unasked, mut mended) = (0, 0);
    for case in cases.filter(|case| case.variant == Variant::AsWritten) {
        let of = |variant| job(&Case::new(case.litmus.clone(), case.revision, variant, case.cpus).name());
        let as_written = explore(&of(Variant::AsWritten));
        let only = explore_in_turn(&Repair::ALL.map(Variant::Only).map(of));
        for (repair, finding) in Repair::ALL.iter().zip(&only) {
            if as_written.asked.iter().any(|name| name == repair.name()) {
                mended += usize::from(as_written.fails() && !finding.fails());
                continue;
            }
            unasked += 1;
            // A replay string has the program's name in it.
            let Finding { program, schedule, seconds, .. } = as_written.clone();
            let same = Finding { program, schedule, seconds, ..finding.clone() };
            assert_eq!(same, as_written, "{}", finding.program);
        }
    }
    assert!(unasked > 0 && mended > 0, "{unasked} were not asked for, {mended} mend a program");
}
