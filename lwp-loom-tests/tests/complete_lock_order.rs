//! The lock order that the protocol's programs show, against the one that each revision declares.
#![cfg(shuttle)]

use std::collections::BTreeSet;

use lwp_core::mutex::Class::{self, ProcSmutex, SchedMutex, SleepQueue, SpcLwplock, SpcMutex};
use lwp_core::netbsd::Revision;
use lwp_core::order::{EXCEPTIONS, allows};
use lwp_core::witness;
use lwp_loom_tests::engine::complete;
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::Case;

/// One test for both revisions: what is observed belongs to the process.
#[test]
fn the_observed_lock_order_is_the_declared_one_but_for_what_is_explained() {
    let expected = |revision| match revision {
        Revision::R1_62 => {
            vec![(SleepQueue, SchedMutex), (ProcSmutex, SleepQueue), (ProcSmutex, SchedMutex)]
        }
        Revision::R1_69_2_6 => vec![
            (SpcLwplock, SpcMutex),
            (SleepQueue, SpcLwplock),
            (SleepQueue, SpcMutex),
            (ProcSmutex, SpcLwplock),
            (ProcSmutex, SpcMutex),
            (ProcSmutex, SleepQueue),
        ],
    };
    for revision in Revision::ALL {
        witness::forget();
        for case in Case::all().into_iter().filter(|case| case.revision == revision && case.lwps() < 3) {
            let holds = case.must_show().is_empty();
            let exploration = complete::explore(&case.name(), &Limits::default(), move || drop(case.run()));
            assert_eq!(exploration.verdict == Verdict::Complete, holds, "{exploration:?}");
        }
        let observed: BTreeSet<(Class, Class)> = witness::observed().into_keys().collect();
        assert_eq!(observed, expected(revision).into_iter().collect(), "{}", revision.name());

        let excepted: BTreeSet<_> = EXCEPTIONS
            .iter()
            .filter(|exception| exception.revision == revision)
            .map(|exception| (exception.edge.held, exception.edge.taken))
            .collect();
        let undeclared: BTreeSet<_> =
            observed.into_iter().filter(|(held, taken)| !allows(revision, *held, *taken)).collect();
        assert_eq!(undeclared, excepted, "{}", revision.name());
    }
}
