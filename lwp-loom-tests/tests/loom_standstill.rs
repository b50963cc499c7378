//! Executions in which nobody can go on are ends like any other under loom, where that is asked for.
#![cfg(loom)]

use std::sync::{Arc, Mutex, PoisonError};

use lwp_core::sync::model::Model;
use lwp_core::sync::{Parker, RawLock, spawn};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::explore;
use lwp_loom_tests::job::{Limits, Verdict};

fn explored(threads: usize, body: fn()) -> Exploration {
    explored_with(threads, false, body)
}

fn explored_by_trying(threads: usize, body: fn()) -> Exploration {
    explored_with(threads, true, body)
}

fn explored_with(threads: usize, uses_try_lock: bool, body: fn()) -> Exploration {
    // Searches take turns: each has the process' panic hook to itself.
    static SEARCHES: Mutex<()> = Mutex::new(());
    let _alone = SEARCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let model = Model { threads, uses_try_lock, looks_back: true, standstills_are_ends: true };
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

/// A lock that is never released keeps all others waiting, also where its holder has ended.
#[test]
fn a_thread_that_ends_with_a_lock_takes_those_along_who_wait_for_it() {
    let found = explored(3, || {
        let lock = Arc::new(RawLock::new());
        let two = [lock.clone(), lock].map(|lock| spawn(move || lock.lock().unwrap()));
        two.into_iter().for_each(|one| one.join().unwrap());
    });
    // The one first, or the other.
    assert_eq!((found.distinct, found.standstills), (2, found.executions), "{found:?}");
}

/// The third comes to a lock that the unwinding holder leaves: it must not be poisoned.
#[test]
fn two_locks_in_two_orders_take_a_third_locker_along() {
    let found = explored(4, || {
        let locks = Arc::new([RawLock::new(), RawLock::new()]);
        let others = [vec![0, 1], vec![1, 0], vec![0]].map(|order| {
            let locks = locks.clone();
            spawn(move || {
                order.iter().for_each(|n| locks[*n].lock().unwrap());
                order.iter().rev().for_each(|n| locks[*n].unlock().unwrap());
            })
        });
        others.into_iter().for_each(|other| other.join().unwrap());
    });
    // Each of two goes first or takes one lock only, while the third comes before, between or after those with its lock, or,
    // where they stand still, before them or never.
    assert_eq!((found.distinct, found.standstills > 0), (8, true), "{found:?}");
}

#[test]
fn a_thread_that_tries_a_lock_and_parks_for_ever_takes_those_along_who_wait_for_it() {
    let found = explored_by_trying(3, || {
        let (locks, parker) = (Arc::new([RawLock::new(), RawLock::new()]), Arc::new(Parker::new()));
        let theirs = locks.clone();
        let tries = spawn(move || {
            theirs[0].try_lock();
            parker.park();
        });
        let waits = spawn(move || [1, 0].iter().for_each(|n: &usize| locks[*n].lock().unwrap()));
        tries.join().unwrap();
        waits.join().unwrap();
    });
    // The try first, or the lock.
    assert_eq!((found.distinct, found.standstills), (2, found.executions), "{found:?}");
}

#[test]
fn two_that_wait_for_the_lock_of_one_that_is_parked_for_ever_stand_still() {
    let found = explored(4, || {
        let (lock, parker) = (Arc::new(RawLock::new()), Arc::new(Parker::new()));
        let its_lock = lock.clone();
        let parked = spawn(move || {
            its_lock.lock().unwrap();
            parker.park();
        });
        let two = [lock.clone(), lock].map(|lock| {
            spawn(move || {
                lock.lock().unwrap();
                lock.unlock().unwrap();
            })
        });
        parked.join().unwrap();
        two.into_iter().for_each(|one| one.join().unwrap());
    });
    // The parked one before the others, between them, or after them, and in the end each of two is before the other or after
    // the parked one: none of two before it, either one, or both in two orders.
    assert_eq!((found.distinct, found.standstills), (5, found.executions), "{found:?}");
}
