//! Programs about which a search is easily wrong, each with its answer.
#![cfg(any(loom, shuttle))]

mod worker_support;

#[cfg(shuttle)]
use lwp_loom_tests::job::Job;
use lwp_loom_tests::job::{Finding, Verdict};
use worker_support::{explore, job};

const OLD: &str = "1.62";
const NEW: &str = "1.69.2.6";

fn find(file: &str, revision: &str, variant: &str, cpus: usize) -> Finding {
    explore(&job(&format!("lwp/{revision}/{variant}/{cpus}-cpus/tests/answers/{file}.litmus")))
}

#[track_caller]
fn holds(file: &str, revision: &str, variant: &str, cpus: usize) {
    let finding = find(file, revision, variant, cpus);
    assert_eq!((finding.verdict, &finding.message), (Verdict::Complete, &None), "{file}: {finding:?}");
    assert!(finding.distinct > 0, "{file}: {finding:?}");
}

#[track_caller]
fn fails(file: &str, revision: &str, variant: &str, cpus: usize, how: &str) {
    let finding = find(file, revision, variant, cpus);
    assert_eq!(finding.verdict, Verdict::Failed, "{file}: {finding:?}");
    let message = finding.message.unwrap_or_default();
    assert!(message.contains(how), "{file}: {message}");
}

const VARIANTS: [&str; 2] = ["as-written", "repaired"];

// Independent steps in one order only: a moment between two of them is never there, and the claim is complete and wrong.
#[test]
fn a_claim_that_can_tell_orders_apart_is_judged_in_each_of_them() {
    for variant in VARIANTS {
        fails(
            "both-runnable",
            NEW,
            variant,
            2,
            "`never a is LSRUN and b is LSRUN along the way` does not hold",
        );
        holds("both-runnable", OLD, variant, 2);
        holds("both-runnable-at-times", NEW, variant, 2);
        fails("both-runnable-at-times", OLD, variant, 2, "never seen: `sometimes a is LSRUN and b is LSRUN");
        for revision in [OLD, NEW] {
            fails("zombie-beside-runnable", revision, variant, 2, "`never a is LSZOMB");
            fails("counter-beside-state", revision, variant, 2, "`never p_nzlwps == 1");
        }
    }
}

// loom goes through programs of three only as far as they declare.
#[cfg(shuttle)]
#[test]
fn a_claim_beside_a_sleep_with_a_limit_is_judged_in_each_order() {
    for variant in VARIANTS {
        for revision in [OLD, NEW] {
            fails("asleep-beside-runnable", revision, variant, 2, "`never a is LSSLEEP and b is LSRUN");
        }
    }
}

// That an execution hangs is one bit: where it may hang for one reason, it may for any.
#[cfg(shuttle)]
#[test]
fn a_hang_that_the_reference_knows_hides_no_other() {
    for revision in [OLD, NEW] {
        fails(
            "masked-lost-continue",
            revision,
            "as-written",
            3,
            "[LSSUSPENDED, in userret]; c: [LSSLEEP, in sleep]",
        );
        holds("masked-lost-continue", revision, "repaired", 3);
    }
}

// The same LWP hangs at the same place after the same results: only its flag tells a lost continue.
#[test]
fn a_continue_that_is_lost_before_the_last_suspension_is_told_by_the_flag() {
    for revision in [OLD, NEW] {
        fails("suspended-in-the-end", revision, "as-written", 2, "[LSSUSPENDED, in userret]");
        holds("suspended-in-the-end", revision, "repaired", 2);
    }
}

// An execution that hangs comes to no end by itself, and what is claimed of ends might not be asked.
#[test]
fn claims_are_judged_where_an_execution_hangs() {
    for variant in VARIANTS {
        fails("false-where-it-hangs", NEW, variant, 1, "`never d == ESRCH` does not hold");
        fails("state-where-it-hangs", NEW, variant, 2, "`always b is LSZOMB` does not hold");
        holds("true-where-it-hangs", NEW, variant, 2);
    }
}

// The reference is an upper bound by itself: a program that claims nothing would not notice that an end is gone.
#[cfg(shuttle)]
#[test]
fn a_mistake_that_takes_an_end_away_fails_a_program_that_claims_nothing() {
    let whole = job("lwp/1.69.2.6/repaired/2-cpus/pairs/exit-continue-detached");
    assert_eq!(explore(&whole).verdict, Verdict::Complete);
    let fault = Some("lwp_find.no-lszomb-test".into());
    let message = explore(&Job { fault, ..whole }).message.unwrap_or_default();
    assert_eq!(
        message,
        "no execution comes to `a: ok, gone; b: ESRCH, ok, gone`, which the reference allows"
    );
}

// Mutants of the protocol that no program of the collection noticed: each of these fails with one of them.
#[cfg(shuttle)]
#[test]
fn programs_that_mutants_of_the_protocol_fail_hold() {
    for revision in [OLD, NEW] {
        holds("unpark-of-one-park", revision, "repaired", 2);
        holds("reference-while-exiting", revision, "repaired", 1);
        holds("quit-the-suspended", revision, "repaired", 2);
        holds("signal-while-one-is-taken", revision, "repaired", 1);
        holds("signal-beside-two-detached", revision, "repaired", 1);
    }
}

// A search that ends at the first hang says nothing of the rest.
#[test]
fn that_it_hangs_at_times_and_who_does_can_be_claimed_beside_all_else() {
    for variant in VARIANTS {
        holds("who-hangs", NEW, variant, 2);
        fails("never-hangs", NEW, variant, 2, if cfg!(loom) { "nobody can go on" } else { "lost wake-up" });
    }
}
