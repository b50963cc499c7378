//! Executions in which nobody can go on are ends like any other under loom, where that is asked for.
#![cfg(loom)]

use std::sync::Arc;

use lwp_core::sync::model::Model;
use lwp_core::sync::{Parker, RawLock, spawn};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::explore;
use lwp_loom_tests::job::{Limits, Verdict};

fn explored(threads: usize, body: fn()) -> Exploration {
    let model = Model { threads, uses_try_lock: false, looks_back: true, standstills_are_ends: true };
    let found = explore(&Limits::default(), model, body, |found| eprintln!("{found:?}"));
    assert_eq!(found.verdict, Verdict::Complete);
    found
}

/// Holds a lock while it is there, whatever unwinds.
struct Held<'a>(&'a RawLock);

impl<'a> Held<'a> {
    fn new(lock: &'a RawLock) -> Held<'a> {
        lock.lock().unwrap();
        Held(lock)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock().unwrap();
    }
}

fn locked<R>(lock: &RawLock, f: impl FnOnce() -> R) -> R {
    let _held = Held::new(lock);
    f()
}

/// loom would stop at the first deadlock, and leave the executions that end well unexplored.
#[test]
fn two_locks_in_two_orders_end_well_or_in_a_standstill() {
    let found = explored(2, || {
        let locks = Arc::new([RawLock::new(), RawLock::new()]);
        let theirs = locks.clone();
        let other = spawn(move || locked(&theirs[1], || locked(&theirs[0], || ())));
        locked(&locks[0], || locked(&locks[1], || ()));
        other.join().unwrap();
    });
    // One first, the other first, and each with one lock.
    assert_eq!((found.distinct, found.standstills > 0), (3, true), "{found:?}");
}

/// Whoever waits for a lock, or for a thread's end, is stuck with whoever is parked.
#[test]
fn a_thread_that_is_parked_for_ever_takes_those_along_who_wait_for_it() {
    let found = explored(3, || {
        let (lock, parker) = (Arc::new(RawLock::new()), Arc::new(Parker::new()));
        let (its_lock, its_parker) = (lock.clone(), parker.clone());
        let parked = spawn(move || locked(&its_lock, || its_parker.park()));
        let waiting = spawn(move || locked(&lock, || ()));
        parked.join().unwrap();
        waiting.join().unwrap();
    });
    // The lock first here, and first there.
    assert_eq!((found.distinct, found.standstills), (2, found.executions), "{found:?}");
}

/// A let-go that comes late must not pass for none.
#[test]
fn who_is_let_go_in_time_does_not_stand_still() {
    let found = explored(2, || {
        let parker = Arc::new(Parker::new());
        let theirs = parker.clone();
        let other = spawn(move || theirs.park());
        parker.unpark();
        other.join().unwrap();
    });
    assert_eq!(found.standstills, 0, "{found:?}");
}
