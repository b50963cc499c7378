//! Mistakes of the protocol that make an LWP go round for ever fail the program that shows them, and do not only bound it.
#![cfg(shuttle)]

mod worker_support;

use lwp_loom_tests::job::{Job, Verdict};
use worker_support::{explore, job};

/// Mistakes, each with a program in which an LWP does not come out of a loop.
const ENDLESS: [(&str, &str); 6] = [
    ("lwp_wait1.no-eintr", "create-in-a-stopping-process"),
    ("lwp_userret.no-lw_pendsig-test", "signal-the-stopped"),
    ("lwp_userret.no-lw_wsuspend-test", "killed-while-suspended"),
    ("issignal.lw_pendsig-kept", "stop-taken-back"),
    ("sigexit.no-ps_wcore-test", "dump-by-the-created"),
    ("sigexit.ps_wcore-not-set", "dump-by-the-created"),
];

// That it takes more steps than a limit allows would say as much of a program that is large.
#[test]
fn an_lwp_that_goes_round_for_ever_fails_its_program() {
    for (fault, program) in ENDLESS {
        let program = format!("lwp/1.62/repaired/1-cpus/{program}");
        let found = explore(&Job { fault: Some(fault.into()), ..job(&program) });
        println!("{fault}: {} executions, {:?} {:?}", found.executions, found.message, found.bound);
        assert_eq!(found.verdict, Verdict::Failed, "{fault}: {:?}", found.bound);
        let message = found.message.unwrap_or_default();
        assert!(message.starts_with("endless loop: thread "), "{fault}: {message}");
        let schedule = found.schedule.expect("a failure can be replayed");
        assert!(schedule.len() < 1_000, "{fault}: {schedule}");
    }
}
