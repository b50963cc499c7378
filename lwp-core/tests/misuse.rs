//! Misuse that types cannot refuse ends in a message that says which lock, of which class, held by whom, and who is
//! at fault; and it leaves the lock as it was.
#![cfg(not(any(loom, shuttle)))]

use std::panic::{AssertUnwindSafe, catch_unwind};

use lwp_core::covered::Covered;
use lwp_core::illumos::Thread;
use lwp_core::locks::Locks;
use lwp_core::mutex::Class;
use lwp_core::netbsd::{Lwp, Uniprocessor};
use lwp_core::sync::current;

/// What `f` panics with.
#[track_caller]
fn message<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("nobody noticed the misuse"),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload.downcast::<&str>().expect("a panic's message is text").to_string(),
        },
    }
}

/// The locks of a NetBSD machine: one CPU's, a run queue's, a sleep queue's.
fn netbsd() -> Locks {
    Locks::new(&[Class::SpcLwplock, Class::SpcMutex, Class::SleepQueue])
}

fn illumos() -> Locks {
    Locks::new(&[Class::CpuThreadLock, Class::StopLock, Class::TransitionLock])
}

/// A thread that takes a spin mutex twice waits for itself, silently and for ever.
#[test]
fn a_mutex_taken_twice_names_the_lock_its_class_and_the_thread() {
    let locks = netbsd();
    let mutex = locks.get(locks.id(1));
    let guard = mutex.mutex_spin_enter();
    let me = current();
    assert_eq!(
        message(|| mutex.mutex_spin_enter()),
        format!("{me} would wait for ever: lock 1 (spc_mutex) is held by {me}")
    );
    assert!(mutex.mutex_owned());
    drop(guard);
    drop(mutex.mutex_spin_enter());
}

/// Data that is reached under another lock than its own, or under that lock of another machine, can be reached by two at once.
#[test]
fn data_is_reached_under_its_own_lock_alone() {
    let (mine, others) = (netbsd(), netbsd());
    let data = Covered::new(mine.clone(), mine.id(1), 0);
    for lock in [mine.get(mine.id(0)), others.get(others.id(1))] {
        let mut guard = lock.mutex_spin_enter();
        let why = format!("{lock} does not protect what lock 1 (spc_mutex) does");
        assert_eq!(message(|| *data.get(&guard)), why);
        assert_eq!(message(|| *data.get_mut(&mut guard)), why);
    }
}

/// A try that reports its own lock as busy is harmless; one that succeeds has given the lock away twice.
#[test]
fn a_try_on_the_callers_own_lock_fails() {
    let locks = netbsd();
    let mutex = locks.get(locks.id(0));
    let guard = mutex.mutex_spin_enter();
    assert!(mutex.mutex_tryenter().is_none());
    assert!(mutex.mutex_owned());
    drop(guard);
}

/// An LWP's lock can be taken twice without its name ever being said: by way of another LWP on the same queue.
#[test]
fn an_lwp_on_a_lock_that_the_caller_holds_is_refused_with_the_locks_name() {
    let locks = netbsd();
    let (one, other) =
        (Lwp::<_>::new(locks.clone(), locks.id(2), ()), Lwp::<_>::new(locks.clone(), locks.id(2), ()));
    let l = one.lwp_lock();
    let me = current();
    assert_eq!(
        message(|| other.lwp_lock()),
        format!("{me} would wait for ever: lock 2 (sq_mutex) is held by {me}")
    );
    l.lwp_unlock();
    other.lwp_lock().lwp_unlock();
}

/// `lwp_relock` takes the new lock with the old one held. If it fails half way the LWP must be where it was, with
/// neither lock lost.
#[test]
fn a_relock_to_a_lock_that_the_caller_holds_is_refused_and_moves_nothing() {
    let locks = netbsd();
    let lwp = Lwp::<_>::new(locks.clone(), locks.id(0), ());
    let held = locks.get(locks.id(2)).mutex_spin_enter();
    let l = lwp.lwp_lock();
    let me = current();
    assert_eq!(
        message(|| l.lwp_relock(locks.id(2))),
        format!("{me} would wait for ever: lock 2 (sq_mutex) is held by {me}")
    );
    assert!(held.mutex().mutex_owned());
    drop(held);
    assert_eq!(lwp.lwp_lock().covering(), locks.id(0));
}

/// `thread_lock` spins on a lock that it only tries: where that lock is the caller's own, nothing would ever end it.
#[test]
fn a_thread_locked_twice_names_the_lock_its_class_and_the_thread() {
    let locks = illumos();
    let thread = Thread::new(locks.clone(), locks.id(0), ());
    let t = thread.thread_lock();
    let me = current();
    assert_eq!(
        message(|| thread.thread_lock()),
        format!("{me} would wait for ever: lock 0 (cpu_thread_lock) is held by {me}")
    );
    t.thread_unlock();
    thread.thread_lock().thread_unlock();
}

/// A thread that releases a lock which is somebody else's lets a third one in beside the owner.
#[test]
fn a_foreign_unlock_names_the_lock_its_class_the_owner_and_the_offender() {
    let locks = netbsd();
    let mutex = locks.get(locks.id(1));
    let guard = mutex.mutex_spin_enter();
    let owner = current();
    std::thread::scope(|s| {
        let offence = s.spawn(|| {
            // SAFETY: it panics before anything is released; no guard of this thread exists.
            (current(), message(|| unsafe { mutex.mutex_spin_exit() }))
        });
        let (offender, message) = offence.join().unwrap();
        assert_ne!(offender, owner);
        assert_eq!(message, format!("{offender} releases lock 1 (spc_mutex), which is held by {owner}"));
    });
    assert!(mutex.mutex_owned());
    drop(guard);
}

/// A second release may hit the next holder's lock.
#[test]
fn an_unlock_of_a_free_lock_says_that_it_is_free() {
    let locks = netbsd();
    let mutex = locks.get(locks.id(2));
    let me = current();
    // SAFETY: it panics before anything is released; no guard exists.
    let message = message(|| unsafe { mutex.mutex_spin_exit() });
    assert_eq!(message, format!("{me} releases lock 2 (sq_mutex), which is free"));
    assert!(mutex.owner().is_none());
}

/// `transition_lock` is never released: who waits for the lock itself, not for the pointer to move, waits for ever.
#[test]
fn transition_lock_entered_says_that_nobody_will_release_it() {
    let locks = illumos();
    let transition = locks.get(locks.only(Class::TransitionLock));
    let me = current();
    assert_eq!(
        message(|| transition.mutex_spin_enter()),
        format!("{me} would wait for ever: lock 2 (transition_lock) is held by nobody, for ever")
    );
    assert!(transition.mutex_tryenter().is_none());
    assert!(transition.owner().is_some() && !transition.mutex_owned());
}

/// Released, `transition_lock` would let lockers at threads that are somebody's alone.
#[test]
fn transition_lock_cannot_be_released() {
    let locks = illumos();
    let transition = locks.get(locks.only(Class::TransitionLock));
    let me = current();
    // SAFETY: it panics before anything is released; no guard can exist.
    let message = message(|| unsafe { transition.mutex_spin_exit() });
    assert_eq!(message, format!("{me} releases lock 2 (transition_lock), which is held by nobody, for ever"));
    assert!(transition.owner().is_some());
}

/// What the kernel asserts by `lwp_locked` would hold for whoever happens to come by while another has the LWP.
#[test]
fn an_lwp_is_locked_for_whoever_holds_its_lock_and_by_that_lock_alone() {
    let locks = netbsd();
    let lwp = Lwp::<_>::new(locks.clone(), locks.id(0), ());
    let is_locked_by = |n: usize| lwp.lwp_locked(Some(locks.id(n)));
    assert!(!lwp.lwp_locked(None) && !is_locked_by(0));
    let l = lwp.lwp_lock();
    assert!(lwp.lwp_locked(None) && is_locked_by(0) && !is_locked_by(1));
    std::thread::scope(|other| {
        other.spawn(|| assert!(!lwp.lwp_locked(None) && !is_locked_by(0))).join().unwrap()
    });
    drop(l);

    // A uniprocessor's pointer is not looked at: there is one lock.
    let (sched_mutex, larger) = (Locks::new(&[Class::SchedMutex]), netbsd());
    let lwp = Lwp::<_, Uniprocessor>::new(sched_mutex.clone(), sched_mutex.id(0), ());
    let _l = lwp.lwp_lock();
    assert!(lwp.lwp_locked(Some(larger.id(1))));
}

/// Whoever walks a queue with its lock held has every LWP that is on it, and none that is elsewhere.
#[test]
fn an_lwp_is_had_by_whoever_holds_the_lock_that_it_is_on() {
    let locks = netbsd();
    let lwp = Lwp::<_>::new(locks.clone(), locks.id(0), ());
    let enter = |n: usize| locks.get(locks.id(n)).mutex_spin_enter();
    assert!(lwp.covered_by(enter(1)).is_err_and(|lock| lock.mutex().id() == locks.id(1)));
    assert!(lwp.covered_by(enter(0)).is_ok_and(|l| l.covering() == locks.id(0)));
}

/// A lock of another machine has a place in that machine: here the same number is a lock that nobody holds.
#[test]
fn a_held_lock_of_another_machine_is_refused_and_moves_nothing() {
    let (locks, elsewhere) = (netbsd(), netbsd());
    let lwp = Lwp::<_>::new(locks.clone(), locks.id(0), ());
    let foreign = || elsewhere.get(elsewhere.id(2)).mutex_spin_enter();
    let expected = "lock 2 (sq_mutex) is not a lock of this LWP's machine";

    assert_eq!(message(|| lwp.lwp_lock().lwp_unlock_to_held(foreign())), expected);
    assert_eq!(message(|| lwp.lwp_lock().lwp_setlock_held(foreign())), expected);
    assert!(lwp.covered_by(foreign()).is_err());
    assert_eq!(lwp.lwp_lock().covering(), locks.id(0));
    assert!(elsewhere.get(elsewhere.id(2)).owner().is_none());
}

/// As above, for a thread that is locked and for one in transit.
#[test]
fn a_held_lock_of_another_machine_is_refused_to_a_thread() {
    let (locks, elsewhere) = (illumos(), illumos());
    let thread = Thread::new(locks.clone(), locks.id(0), ());
    let foreign = || elsewhere.get(elsewhere.id(0)).mutex_spin_enter();
    let expected = "lock 0 (cpu_thread_lock) is not a lock of this thread's machine";

    assert_eq!(message(|| thread.thread_lock().thread_set_state(foreign())), expected);
    assert_eq!(thread.thread_lock().covering(), locks.id(0));
    assert_eq!(message(|| thread.thread_lock().thread_transition().thread_set_state(foreign())), expected);
    assert!(elsewhere.get(elsewhere.id(0)).owner().is_none());
}

/// A pointer to a place where there is no lock would fail whoever locks the LWP next, far from the cause.
#[test]
fn an_id_out_of_range_is_refused_where_it_is_given() {
    let locks = netbsd();
    let larger = Locks::new(&[Class::SleepQueue; 8]);
    let (missing, expected) = (larger.id(7), "lock 7 is not a lock of this LWP's machine");
    assert_eq!(message(|| locks.id(3)), "there is no lock 3 among 3");
    assert_eq!(message(|| Lwp::<_>::new(locks.clone(), missing, ())), "there is no lock 7 among 3");
    assert_eq!(message(|| Thread::new(illumos(), missing, ())), "there is no lock 7 among 3");

    let lwp = Lwp::<_>::new(locks.clone(), locks.id(0), ());
    assert_eq!(message(|| lwp.lwp_lock().lwp_unlock_to(missing)), expected);
    assert_eq!(message(|| lwp.lwp_lock().lwp_setlock(missing)), expected);
    message(|| lwp.lwp_lock().lwp_relock(missing));
    assert_eq!(lwp.lwp_lock().covering(), locks.id(0));
}

/// On a uniprocessor an id is never used, so a wrong one would be found only on the day the kernel moves to a
/// multiprocessor.
#[test]
fn an_id_out_of_range_is_refused_on_a_uniprocessor_too() {
    let (locks, larger) = (Locks::new(&[Class::SchedMutex]), netbsd());
    let lwp = Lwp::<_, Uniprocessor>::new(locks.clone(), locks.id(0), ());
    let expected = "lock 1 is not a lock of this LWP's machine";
    assert_eq!(message(|| lwp.lwp_lock().lwp_unlock_to(larger.id(1))), expected);
    assert_eq!(message(|| lwp.lwp_lock().lwp_setlock(larger.id(1))), expected);
    let elsewhere = message(|| Lwp::<_, Uniprocessor>::new(larger.clone(), larger.id(1), ()));
    assert!(elsewhere.contains("on a uniprocessor every LWP's lock is the machine's first"), "{elsewhere}");
}

/// A machine without its two global locks could not stop a thread or take it off a queue.
#[test]
fn an_illumos_machine_without_stop_lock_or_transition_lock_is_refused() {
    let thread = |classes: &[Class]| {
        let locks = Locks::new(classes);
        Thread::new(locks.clone(), locks.id(0), ())
    };
    use Class::{CpuThreadLock, StopLock, TransitionLock};
    assert_eq!(message(|| thread(&[CpuThreadLock, StopLock])), "the machine has no transition_lock");
    assert_eq!(message(|| thread(&[CpuThreadLock, TransitionLock])), "the machine has no stop_lock");
    assert_eq!(
        message(|| thread(&[CpuThreadLock, StopLock, StopLock, TransitionLock])),
        "the machine has more than one stop_lock"
    );
}
