//! Sleeping, parking, turnstiles and time.

use lwp_core::netbsd::Repair::LostContinue;

use super::{BOTH, EXIT_RACE, Litmus, MANY_STORES, STUCK, defect, holds};

pub const PROGRAMS: &[Litmus] = &[
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "park-unpark",
            "an unpark is not lost, whether it comes before the park or after it",
            &["park=ok|EALREADY exit", "unpark:1=ok|ESRCH exit"],
            &[1, 2],
            &["1: ok"],
        )
    },
    holds(
        "park-timeout",
        "a park ends by an unpark or when its time has come",
        &["park-timed=ok|EALREADY|ETIMEDOUT userret exit", "outside timeout:1 unpark:1=ok|ESRCH"],
        &[1, 2],
        &["1: ok", "1: EALREADY", "1: ETIMEDOUT"],
    ),
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "park-wakeup",
            "a wakeup ends a park, whether it comes before it or after it",
            &["park=EINTR|EALREADY exit", "wakeup:1=ok|ENODEV|ESRCH exit"],
            &[2],
            &["1: EALREADY", "1: EINTR"],
        )
    },
    holds(
        "park-signal",
        "a signal ends a park",
        &["park=EINTR userret exit", "outside lwp_kill:1:USR1=ok"],
        &[1, 2],
        &["1: EINTR, ok, gone"],
    ),
    Litmus {
        loom: MANY_STORES,
        name: "park-suspend",
        about: "an LWP that is suspended while it is parked returns from the park",
        lwps: &["park=ok|EALREADY userret exit", "suspend:1=ok|ESRCH continue:1=ok|ESRCH unpark:1=ok|ESRCH"],
        defects: &[defect(BOTH, LostContinue, STUCK)],
        ..holds("", "", &["", ""], &[2], &["1: ok", "1: EALREADY"])
    },
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "sleep-happen",
            "whoever sleeps until something happens wakes then",
            &["sleep=ok exit", "happen exit"],
            &[1, 2],
            &["1: ok, gone; 2: ok, gone"],
        )
    },
    holds(
        "sleep-exit-process",
        "a process ends once an LWP that sleeps uninterruptibly has what it sleeps for",
        &["happen exit-process", "sleep=ok user"],
        &[1, 2],
        &["1: ok, gone; 2: ok, gone"],
    ),
    holds(
        "sleep-sig-exit-process",
        "a process ends though an LWP sleeps interruptibly",
        &["exit-process", "sleep-sig=EINTR user"],
        &[2],
        &["1: gone; 2: EINTR, gone"],
    ),
    holds(
        "wakeup-sleeper",
        "a wakeup ends interruptible sleep and no other",
        &["wakeup:2=ok|ENODEV|EBUSY happen wait:2=2", "sleep=ok exit"],
        &[2],
        &["1: EBUSY", "1: ENODEV"],
    ),
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "mutex-mutex",
            "an LWP that finds a mutex taken sleeps on its turnstile until it is free",
            &["mutex-enter yield mutex-exit exit", "mutex-enter mutex-exit exit"],
            &[1, 2],
            &["1: ok, ok, ok, gone; 2: ok, ok, gone"],
        )
    },
    Litmus {
        loom: MANY_STORES,
        defects: &[defect(BOTH, LostContinue, &["wait 2 gave EDEADLK"])],
        ..holds(
            "suspend-turnstile",
            "an LWP that waits for a mutex is suspended after it has had it",
            &[
                "mutex-enter suspend:2=ok|ESRCH mutex-exit continue:2=ok|ESRCH wait:2=2",
                "mutex-enter mutex-exit userret exit",
            ],
            &[2],
            &["1: ok, ok, ok, ok, 2"],
        )
    },
    holds(
        "yield-yield",
        "two LWPs on one CPU give it to each other",
        &["yield exit", "yield exit"],
        &[1],
        &["1: ok, gone; 2: ok, gone"],
    ),
];
