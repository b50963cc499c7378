//! The lock layer under loom: every family complete, and nothing lost by the searches' shortcuts.
#![cfg(loom)]

mod worker_support;

use lwp_loom_tests::generate::{Shape, programs};
use lwp_loom_tests::job::{Job, Verdict};
use lwp_loom_tests::suite::{self, Scope};
use worker_support::{explore, job};

fn is_complete(program: &str) {
    let finding = explore(&job(program));
    assert_eq!((finding.verdict, finding.message), (Verdict::Complete, None), "{program}");
}

fn all_complete(shape: Shape) {
    for program in programs(shape, Scope::Default) {
        is_complete(&program.to_string());
    }
}

/// The spin lock by itself: that larger models may put loom's mutex in its place rests on this.
#[test]
fn the_spin_lock_excludes_and_hands_over() {
    all_complete(Shape::Spin);
}

/// The parker by itself: that larger models may put the engines' own in its place rests on this.
#[test]
fn the_parker_loses_no_token() {
    all_complete(Shape::Parker);
}

/// A locker may load the pointer before a move and take the lock after it, or the other way round.
#[test]
fn a_netbsd_lwp_is_locked_by_whoever_holds_its_lock() {
    all_complete(Shape::NetbsdMoverLockers);
    for program in programs(Shape::NetbsdMoverLocker, Scope::Default).iter().filter(|p| p.operations() <= 3) {
        is_complete(&program.to_string());
    }
}

/// Two movers may each find the LWP where the other has just put it.
#[test]
fn two_movers_of_a_netbsd_lwp_do_not_meet() {
    for program in programs(Shape::NetbsdMoversLocker, Scope::Default).iter().step_by(5) {
        is_complete(&program.to_string());
    }
}

/// The pointer is a constant, so nothing but the one lock is left to go wrong.
#[test]
fn a_uniprocessors_lwps_share_one_lock() {
    all_complete(Shape::Uniprocessor);
}

/// A locker may meet a thread in transit, whose lock nobody ever releases.
#[test]
fn an_illumos_thread_is_locked_by_whoever_holds_its_lock() {
    for shape in [Shape::IllumosMoverLocker, Shape::IllumosMoverLockers, Shape::IllumosMoversLocker] {
        all_complete(shape);
    }
}

/// On raw loom they notice when upstream mends a hole, on the facade they show that it is mended there.
#[test]
fn every_canary_sings() {
    for family in suite::families(Scope::Default).iter().filter(|family| family.name.starts_with("canaries"))
    {
        family.programs.iter().for_each(|program| is_complete(program));
    }
}

/// loom's own try-lock is not used because it does this; when it no longer does, the facade's may go.
#[test]
fn looms_own_try_lock_is_still_reported_as_a_deadlock() {
    let finding = explore(&job(lwp_loom_tests::canary::FALSE_ALARM.name));
    assert_eq!(finding.verdict, Verdict::Failed);
    assert!(finding.message.as_ref().is_some_and(|m| m.contains("deadlock")), "{finding:?}");
}

/// A search that goes on from no state twice must still see all that one sees that does: the shortcut is ours, not
/// loom's.
#[test]
fn a_search_that_looks_back_loses_no_execution() {
    let all = suite::programs(Scope::Default);
    let small = all.iter().filter(|p| p.operations() <= 3 && p.lwps() == 2);
    for program in small.map(ToString::to_string) {
        let short = explore(&job(&program));
        let long = explore(&Job { redundantly: true, ..job(&program) });
        assert!(short.executions <= long.executions, "{program}");
        assert_eq!((short.distinct, short.outcomes), (long.distinct, long.outcomes), "{program}");
    }
}
