//! How many LWPs a process may have, in every small program in which one is created at that limit.
#![cfg(shuttle)]

use std::sync::Arc;

use lwp_core::netbsd::{Boot, BootLwp, Errno, Repairs, Revision, System};
use lwp_core::sync;
use lwp_loom_tests::engine::complete::{self, Options};
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::text::parse;
use lwp_loom_tests::litmus::{Case, Variant};

/// What the creator does first.
const BEFORE: [&str; 5] = ["", "wait b;", "detach b;", "wait any;", "yield;"];
/// How the other LWP starts.
const STARTS: [&str; 3] = ["", "detached", "suspended"];
/// What the other LWP does.
const OTHER: [&str; 3] = ["exit", "wait a; exit", "exit-process"];

// The reference counts as a manual does: the zombie that nobody has collected, and not the one that the creator frees.
#[test]
fn a_creation_at_the_limit_comes_to_what_the_reference_allows() {
    let mut refused = 0;
    for before in BEFORE {
        for start in STARTS {
            for other in OTHER {
                let text = format!(
                    "maxlwp 2\nlwp a {{ {before} create c; userret; exit }}\nlwp b {start} {{ {other} }}\n\
                     lwp c unborn {{ userret; exit }}\nmay hang\n"
                );
                let program = Arc::new(parse("limit", &text).unwrap_or_else(|e| panic!("{text}\n{e:?}")));
                for revision in Revision::ALL {
                    let case = Case::new(program.clone(), revision, Variant::Repaired, 2);
                    let reference = case.reference().expect("the reference knows the program");
                    refused += usize::from(reference.outcomes.iter().any(|o| o.contains("EAGAIN")));
                    let (body, options) = (
                        case.clone(),
                        Options { standstills_are_outcomes: case.may_hang(), ..Options::default() },
                    );
                    let found = complete::explore_with(&case.name(), &options, move || drop(body.run())).0;
                    assert_eq!((found.verdict, found.message), (Verdict::Complete, None), "{text}");
                }
            }
        }
    }
    assert!(refused > 20, "{refused} programs are refused an LWP");
}

// Two that create at once must not both find the one place that is free.
#[test]
fn of_two_that_create_at_once_one_gets_the_last_place() {
    for revision in Revision::ALL {
        let found = complete::explore("limit", &Limits::default(), move || {
            let boot = Boot {
                revision,
                repairs: Repairs::ALL,
                cpus: 2,
                maxlwp: 3,
                lwps: vec![BootLwp::default(); 2],
            };
            let sys = Arc::new(System::boot(&boot));
            let other = {
                let sys = sys.clone();
                sync::spawn(move || sys.sys_lwp_create(sys.lwp(2), false, true).map(drop))
            };
            let mine = sys.sys_lwp_create(sys.lwp(1), false, true).map(drop);
            let mut both = [mine, other.join().expect("the other ends")];
            both.sort_by_key(Result::is_err);
            assert_eq!(both, [Ok(()), Err(Errno::Eagain)]);
        });
        assert_eq!((found.verdict, found.message), (Verdict::Complete, None));
    }
}
