//! The lock layer under loom: every family complete, and nothing lost by the searches' shortcuts.
#![cfg(loom)]

mod worker_support;

use lwp_loom_tests::canary::GROUPS;
use lwp_loom_tests::generate::{Shape, programs};
use lwp_loom_tests::job::{Job, Verdict};
use lwp_loom_tests::program::Program;
use lwp_loom_tests::suite::{self, Family, Scope};
use worker_support::{explore, job};

/// Explores each of the programs to its end, or as far as it declares. None are no proof of anything.
fn all_complete(programs: impl IntoIterator<Item = impl ToString>) {
    let mut complete = 0;
    for program in programs {
        let program = program.to_string();
        let finding = explore(&job(&program));
        let declared = Program::parse(&program).and_then(|program| program.loom().bound());
        let is_bounded =
            finding.bound.as_ref().is_some_and(|bound| declared.is_some_and(|d| d.covers(bound)));
        let verdict = if is_bounded { Verdict::Bounded } else { Verdict::Complete };
        assert_eq!((finding.verdict, finding.message), (verdict, None), "{program}");
        assert!(finding.distinct > 0, "{program}");
        complete += 1;
    }
    assert!(complete > 0, "there is no such program");
}

/// The spin lock by itself: that larger models may put loom's mutex in its place rests on this.
#[test]
fn the_spin_lock_excludes_and_hands_over() {
    all_complete(programs(Shape::Spin, Scope::Default));
}

/// The parker by itself: that larger models may put the engines' own in its place rests on this.
#[test]
fn the_parker_loses_no_token() {
    all_complete(programs(Shape::Parker, Scope::Default));
}

/// A locker may load the pointer before a move and take the lock after it, or the other way round.
#[test]
fn a_netbsd_lwp_is_locked_by_whoever_holds_its_lock() {
    all_complete(programs(Shape::NetbsdMoverLockers, Scope::Default));
    let longest = programs(Shape::NetbsdMoverLocker, Scope::Default);
    all_complete(longest.iter().filter(|program| program.operations() <= 3));
}

/// Two movers may each find the LWP where the other has just put it.
#[test]
fn two_movers_of_a_netbsd_lwp_do_not_meet() {
    all_complete(programs(Shape::NetbsdMoversLocker, Scope::Default).iter().step_by(5));
}

/// The pointer is a constant, so nothing but the one lock is left to go wrong.
#[test]
fn a_uniprocessors_lwps_share_one_lock() {
    all_complete(programs(Shape::Uniprocessor, Scope::Default));
}

/// A locker may meet a thread in transit, whose lock nobody ever releases.
#[test]
fn an_illumos_thread_is_locked_by_whoever_holds_its_lock() {
    for shape in [Shape::IllumosMoverLocker, Shape::IllumosMoverLockers, Shape::IllumosMoversLocker] {
        all_complete(programs(shape, Scope::Default));
    }
}

/// On raw loom they notice when upstream mends a hole, on the facade they show that it is mended there.
#[test]
fn every_canary_sings() {
    let of_canaries = |family: &Family| family.name.starts_with("canaries");
    let groups: Vec<Family> = suite::families(Scope::Default).into_iter().filter(of_canaries).collect();
    assert_eq!(groups.len(), GROUPS.len());
    groups.into_iter().for_each(|group| all_complete(group.programs));
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
    let mut compared = 0;
    for program in small.map(ToString::to_string) {
        let short = explore(&job(&program));
        let long = explore(&Job { redundantly: true, ..job(&program) });
        assert!(short.executions <= long.executions, "{program}");
        assert_eq!((short.distinct, short.outcomes), (long.distinct, long.outcomes), "{program}");
        assert!(long.distinct > 0, "{program}");
        compared += 1;
    }
    assert!(compared > 0, "there is no such program");
}
