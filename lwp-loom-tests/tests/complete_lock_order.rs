//! The lock order that the protocol's programs show, against the one that each revision declares.
#![cfg(shuttle)]

use std::collections::BTreeSet;

use lwp_core::mutex::Class::{self, KernelLock, LwpctlLock, ProcSmutex, ProclistLock, ProclistMutex};
use lwp_core::mutex::Class::{SchedMutex, SleepQueue, SpcLwplock, SpcMutex, TurnstileChain};
use lwp_core::netbsd::Revision;
use lwp_core::order::{EXCEPTIONS, allows};
use lwp_core::witness;
use lwp_loom_tests::engine::complete::{self, Options};
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::litmus::{Case, Origin};

/// One test for both revisions: what is observed belongs to the process.
#[test]
fn the_observed_lock_order_is_the_declared_one_but_for_what_is_explained() {
    let above = |held: Class, taken: &[Class]| taken.iter().map(|taken| (held, *taken)).collect::<Vec<_>>();
    let expected = |revision| match revision {
        Revision::R1_62 => [
            above(KernelLock, &[ProclistMutex, ProcSmutex, SleepQueue, SchedMutex]),
            above(ProclistMutex, &[ProcSmutex, SleepQueue, SchedMutex]),
            above(ProcSmutex, &[SleepQueue, TurnstileChain, SchedMutex]),
            above(SleepQueue, &[SchedMutex]),
            above(TurnstileChain, &[SchedMutex]),
        ]
        .concat(),
        Revision::R1_69_2_6 => [
            above(
                KernelLock,
                &[ProclistLock, ProclistMutex, LwpctlLock, ProcSmutex, SpcLwplock, SleepQueue, SpcMutex],
            ),
            above(ProclistLock, &[ProclistMutex]),
            above(ProclistMutex, &[ProcSmutex, SpcLwplock, SleepQueue, SpcMutex]),
            above(ProcSmutex, &[SpcLwplock, SleepQueue, TurnstileChain, SpcMutex]),
            above(SpcLwplock, &[SpcMutex]),
            above(SleepQueue, &[SpcLwplock, SpcMutex]),
            above(TurnstileChain, &[SpcLwplock, SpcMutex]),
        ]
        .concat(),
    };
    for revision in Revision::ALL {
        witness::forget();
        for case in Case::all()
            .into_iter()
            .filter(|case| case.revision == revision && case.lwps() < 3 && case.origin() == Origin::Written)
        {
            let holds = case.must_show().is_empty();
            let options = Options { standstills_are_outcomes: case.may_hang(), ..Options::default() };
            let exploration = complete::explore_with(&case.name(), &options, move || drop(case.run())).0;
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
