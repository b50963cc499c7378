//! Signals, job control and core dump.

use lwp_core::netbsd::Repair::{DumpedWait, LostContinue, SecondExit, StoppedWait};

use super::{
    BOTH, EXIT_RACE, Litmus, MANY_STORES, ONE_PREEMPTION_MANY_STORES, STUCK, TWO_PREEMPTIONS_MANY_STORES,
    defect, holds,
};

pub const PROGRAMS: &[Litmus] = &[
    holds(
        "signal-user",
        "a signal sends an LWP from user mode into the kernel and back",
        &["user=ok exit", "outside signal:USR1"],
        &[1, 2],
        &["1: ok, gone"],
    ),
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "signal-wait",
            "a signal interrupts a wait, whether it comes before or during it",
            &["wait:2=2|EINTR userret exit", "userret exit", "outside lwp_kill:1:USR1=ok|ESRCH"],
            &[2],
            &["1: 2", "1: EINTR"],
        )
    },
    holds(
        "signal-suspended",
        "a suspended LWP keeps a signal until it is continued",
        &["lwp_kill:2:USR1=ok continue:2=ok wait:2=2", "suspended userret exit"],
        &[1, 2],
        &["1: ok, ok, 2; 2: ok, gone"],
    ),
    holds(
        "signal-exit",
        "a signal for whoever takes it does not go with the LWP that was told of it",
        &["exit", "user=ok", "outside signal:USR1"],
        &[2],
        &["1: gone; 2: ok"],
    ),
    holds(
        "kill-suspended",
        "SIGKILL ends a process whose LWP is suspended",
        &["signal:KILL userret", "suspended userret"],
        &[1, 2],
        &["1: ok, gone; 2: gone"],
    ),
    Litmus {
        name: "kill-exit",
        about: "of two ends of a process, by exit and by SIGKILL, one comes to be",
        lwps: &["exit-process", "lwp_kill:2:KILL userret"],
        defects: &[defect(BOTH, SecondExit, STUCK)],
        ..holds("", "", &["", ""], &[2], &["1: gone; 2: ok, gone"])
    },
    holds(
        "stop-cont-user",
        "a process that runs stops and goes on",
        &["user=ok exit", "outside signal:STOP signal:CONT"],
        &[1, 2],
        &["1: ok, gone"],
    ),
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "stop-cont-both",
            "each LWP of a process stops, and goes on",
            &["user=ok exit", "user=ok exit", "outside stop signal:CONT"],
            &[1, 2],
            &["1: ok, gone; 2: ok, gone"],
        )
    },
    Litmus {
        defects: &[EXIT_RACE],
        ..holds(
            "stop-sleeper",
            "an LWP that sleeps interruptibly stops where it is, and sleeps on",
            &[
                "userret happen exit",
                "sleeping-sig sleep-sig=ok|EINTR userret exit",
                "outside stop signal:CONT",
            ],
            &[2],
            &["2: ok, ok, gone"],
        )
    },
    Litmus {
        defects: &[EXIT_RACE],
        ..holds(
            "stop-woken-sleeper",
            "an LWP that is stopped asleep and woken meanwhile goes on when its process does",
            &[
                "happen userret exit",
                "sleeping-sig sleep-sig=ok|EINTR userret exit",
                "outside stop signal:CONT",
            ],
            &[2],
            &["2: ok, ok, gone"],
        )
    },
    holds(
        "stop-all-asleep",
        "a process whose LWPs all sleep is stopped at once",
        &["sleep-sig=ok|EINTR userret exit", "outside stop happen signal:CONT"],
        &[1, 2],
        &["1: ok, ok, gone", "1: EINTR, ok, gone"],
    ),
    Litmus {
        loom: ONE_PREEMPTION_MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "create-stopping",
            "an LWP that is created while its process stops is stopped",
            &[
                "create:2=ok userret wait:2=2|EINTR|EDEADLK userret exit",
                "unborn userret exit",
                "outside stop signal:CONT",
            ],
            &[2],
            &["1: ok, ok, 2, ok, gone", "1: ok, ok, EINTR, ok, gone"],
        )
    },
    Litmus {
        loom: TWO_PREEMPTIONS_MANY_STORES,
        defects: &[defect(BOTH, StoppedWait, &["wait 2 gave EDEADLK"]), EXIT_RACE],
        ..holds(
            "wait-stopped",
            "an LWP that is stopped with its process can be waited for",
            &["wait:2=2|EINTR userret exit", "stopped userret exit", "outside signal:CONT"],
            &[2],
            &["1: 2", "1: EINTR"],
        )
    },
    Litmus {
        loom: TWO_PREEMPTIONS_MANY_STORES,
        name: "suspend-stopped",
        about: "an LWP that is suspended while it is stopped runs once it is continued and its process is",
        lwps: &[
            "suspend:2=ok|ESRCH continue:2=ok|ESRCH userret exit",
            "stopped userret exit",
            "outside signal:CONT",
        ],
        defects: &[defect(BOTH, LostContinue, STUCK), EXIT_RACE],
        ..holds("", "", &["", "", ""], &[2], &["1: ok, ok, ok, gone; 2: ok, gone"])
    },
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "dump-user",
            "a core dump ends the process whatever its other LWPs do in user mode",
            &["dump", "user"],
            &[1, 2],
            &["1: gone; 2: gone"],
        )
    },
    Litmus {
        loom: MANY_STORES,
        name: "dump-wait",
        about: "a core dump ends the process though an LWP waits for another",
        lwps: &["dump", "wait:1 user"],
        defects: &[defect(BOTH, DumpedWait, &["p_nlwpwait is not"])],
        ..holds("", "", &["", ""], &[2], &["1: gone; 2: gone"])
    },
    Litmus {
        name: "dump-exit",
        about: "a core dump and an LWP that exits both come to their end",
        lwps: &["dump", "exit"],
        defects: &[EXIT_RACE],
        ..holds("", "", &["", ""], &[2], &["1: gone; 2: gone"])
    },
    Litmus {
        loom: MANY_STORES,
        ..holds(
            "dump-dump",
            "of two LWPs that dump core one does",
            &["dump", "dump"],
            &[2],
            &["1: gone; 2: gone"],
        )
    },
    Litmus {
        loom: MANY_STORES,
        defects: &[defect(BOTH, DumpedWait, &["p_nlwpwait is not"])],
        ..holds(
            "dump-exit-process",
            "a core dump and an exit both end the process",
            &["dump", "exit-process"],
            &[2],
            &["1: gone; 2: gone"],
        )
    },
    Litmus {
        loom: MANY_STORES,
        defects: &[EXIT_RACE],
        ..holds(
            "dump-suspend",
            "a core dump and a suspension both come to their end",
            &["dump", "suspend:1=ok|EDEADLK user"],
            &[2],
            &["1: gone; 2: EDEADLK, gone"],
        )
    },
];
