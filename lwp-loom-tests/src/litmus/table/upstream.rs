//! What upstream's tests and manuals expect where it depends on who comes first (`docs/upstream.md`).

use super::{Litmus, ONE_PREEMPTION_MANY_STORES, holds};

pub const PROGRAMS: &[Litmus] = &[
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        ..holds(
            "wait-any-twice",
            "whoever waits for any as often as it has LWPs gets each of them once, and no EDEADLK",
            &["wait:0=2|3 wait:0=2|3 wait:0=ESRCH", "exit", "exit"],
            &[2],
            &["1: 2, 3, ESRCH", "1: 3, 2, ESRCH"],
        )
    },
    holds(
        "wait-self-and-another",
        "an LWP that waits for itself is told so, and can wait for another afterwards",
        &["wait:1=EDEADLK wait:2=2 wait:2=ESRCH detach:2=ESRCH", "exit"],
        &[1, 2],
        &["1: EDEADLK, 2, ESRCH, ESRCH; 2: gone"],
    ),
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        ..holds(
            "wait-detach-exit",
            "whoever waits for an LWP that another detaches learns that it cannot be waited for, unless it has ended",
            &["wait:3=3|ESRCH", "detach:3=ok|ESRCH", "exit"],
            &[3],
            &["1: 3; 2: ESRCH", "1: ESRCH; 2: ok"],
        )
    },
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        ..holds(
            "signal-one-of-two",
            "a signal for one of two that sleep alike wakes that one and not the other",
            &["sleep-sig=EINTR happen", "sleep-sig=ok", "outside lwp_kill:1:USR1=ok"],
            &[2],
            &["1: EINTR, ok; 2: ok"],
        )
    },
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        ..holds(
            "signal-wait-again",
            "an LWP whose wait was interrupted can still be waited for",
            &["wait:2=EINTR userret happen wait:2=2", "sleep=ok exit", "outside lwp_kill:1:USR1=ok"],
            &[2],
            &["1: EINTR, ok, ok, 2; 2: ok, gone"],
        )
    },
];
