//! The lock that moves, as illumos has it: `thread_lock` and the transitions of `t_lockp`.
//!
//! # Invariant
//! A thread's fields belong to whoever holds the lock that `t_lockp` points at. While it points at
//! `transition_lock`, which is held for ever, they belong to whoever put it there, who holds no lock at all; lockers
//! spin until the pointer moves on.
//!
//! # Verified properties
//! As for NetBSD's [`Lwp`](crate::netbsd::Lwp), over the `illumos` families.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::fault::{Step, keep, release, seeded};
use crate::locks::{LockId, Locks};
use crate::mutex::{Class, MutexGuard};
use crate::site::Site;
use crate::sync::{AtomicUsize, Cell};

/// A thread as far as its lock is concerned: a lock pointer, and the fields `T` that the lock covers.
///
/// `lwp.c` calls `thread_lock` at L809, L1128, L1176, L1204, L1578 and L1636; the function itself and the
/// transitions are in `disp_lock.c`, `thread.h` and `disp.c`.
pub struct Thread<T> {
    t_lockp: AtomicUsize,
    locks: Locks,
    transition_lock: LockId,
    stop_lock: LockId,
    fields: Cell<T>,
}

// SAFETY: the fields are reached only through a guard, which holds the lock that `t_lockp` points at, or through the
// one `InTransit` while it points at `transition_lock`.
unsafe impl<T: Send> Sync for Thread<T> {}
// SAFETY: a thread owns its fields; the rest of it is `Send`.
unsafe impl<T: Send> Send for Thread<T> {}

impl<T> Thread<T> {
    /// A thread whose fields are covered by the lock `first` of `locks`.
    ///
    /// # Panics
    /// Where `first` is not a lock of `locks`, or these have no `transition_lock` or no `stop_lock`.
    #[track_caller]
    pub fn new(locks: Locks, first: LockId, fields: T) -> Thread<T> {
        let first = locks.id(first.number());
        Thread {
            t_lockp: AtomicUsize::new(first.number()),
            transition_lock: locks.only(Class::TransitionLock),
            stop_lock: locks.only(Class::StopLock),
            locks,
            fields: Cell::new(fields),
        }
    }

    /// The machine's locks.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Takes the thread's lock, whichever it is. A lock that is busy is not waited for as such: the wait also ends
    /// when the pointer moves away from it, which is how a thread leaves `transition_lock`.
    ///
    /// Kernel: `thread_lock` (`disp_lock.c`).
    /// Entry: the thread's lock not held by the caller. Exit: held.
    /// Cost: one exchange and two loads, and as much again for each move that overtakes it.
    ///
    /// # Panics
    /// Where the caller holds the thread's lock already.
    #[inline]
    #[track_caller]
    pub fn thread_lock(&self) -> ThreadGuard<'_, T> {
        loop {
            let lockp = self.t_lockp.load(Site::ThreadLockLook);
            let still_here =
                move || self.t_lockp.load(Site::ThreadLockSpin) == lockp || seeded(Step::ThreadLockSpin);
            if let Some(lock) = self.locks.get(LockId(lockp)).tryenter_or_wait(still_here)
                && (seeded(Step::ThreadLockSecondLook) || self.t_lockp.load(Site::ThreadLockRelook) == lockp)
            {
                return ThreadGuard { thread: self, lock };
            }
        }
    }

    /// The thread's fields without a lock, from the only one who can reach the thread.
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: the exclusive borrow stands in the lock's place.
        self.fields.with_mut(|fields| unsafe { &mut *fields })
    }

    #[track_caller]
    fn land<'a>(&'a self, new: MutexGuard<'a>) -> ThreadGuard<'a, T> {
        assert!(self.locks.contains(new.mutex()), "{} is not a lock of this thread's machine", new.mutex());
        if !seeded(Step::ThreadSetStatePublish) {
            self.t_lockp.store(new.mutex().id().number(), Site::ThreadSetStatePublish);
        }
        ThreadGuard { thread: self, lock: new }
    }
}

impl<T> fmt::Debug for Thread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("t_lockp", &self.t_lockp).finish_non_exhaustive()
    }
}

/// A locked thread: the only way to its fields. Dropping it is `thread_unlock`.
#[must_use = "dropping the guard unlocks the thread"]
pub struct ThreadGuard<'a, T> {
    thread: &'a Thread<T>,
    lock: MutexGuard<'a>,
}

impl<'a, T> ThreadGuard<'a, T> {
    /// The lock that covers the thread.
    ///
    /// # Panics
    /// Where that is not the lock that is held: an earlier move was wrong.
    #[track_caller]
    pub fn covering(&self) -> LockId {
        let cur = LockId(self.thread.t_lockp.load_held());
        assert_eq!(cur, self.lock.mutex().id(), "the thread is locked by a lock that no longer covers it");
        cur
    }

    /// Unlocks the thread: `thread_unlock`.
    #[inline]
    #[track_caller]
    pub fn thread_unlock(self) {}

    /// Puts the thread under a lock that the caller holds: `THREAD_SET_STATE`, as in `THREAD_SLEEP`. The old lock
    /// stays held and is given back.
    ///
    /// Entry: the thread's lock and `new` held. Exit: both held still. Cost: one store.
    ///
    /// # Panics
    /// Where `new` is not a lock of the thread's machine.
    #[inline]
    #[track_caller]
    pub fn thread_set_state(self, new: MutexGuard<'a>) -> (ThreadGuard<'a, T>, MutexGuard<'a>) {
        (self.thread.land(new), self.lock)
    }

    /// Takes the thread off every lock: `THREAD_TRANSITION`. Until it lands again it is the caller's alone, though
    /// the caller holds no lock.
    ///
    /// Entry: the thread's lock held. Exit: released, the pointer on `transition_lock`. Cost: two stores.
    #[inline]
    #[track_caller]
    pub fn thread_transition(self) -> InTransit<'a, T> {
        let ThreadGuard { thread, lock } = self;
        let lock = keep(lock, Step::ThreadTransitionEarly);
        if !seeded(Step::ThreadTransitionPublish) {
            thread.t_lockp.store(thread.transition_lock.number(), Site::ThreadTransitionPublish);
        }
        release(lock, Step::ThreadTransitionRelease);
        InTransit { thread, fields: PhantomData }
    }

    /// Stops the thread: puts it under `stop_lock`, which the caller does not hold, and releases the old lock.
    /// Kernel: `thread_stop` (`disp.c`).
    ///
    /// Entry: the thread's lock held. Exit: released. Cost: two stores.
    #[inline]
    #[track_caller]
    pub fn thread_stop(self) {
        let ThreadGuard { thread, lock } = self;
        let lock = keep(lock, Step::ThreadStopEarly);
        if !seeded(Step::ThreadStopPublish) {
            thread.t_lockp.store(thread.stop_lock.number(), Site::ThreadStopPublish);
        }
        // A load of the critical section that the barrier does not order may be performed as late as here.
        #[cfg(any(loom, shuttle))]
        if Site::ThreadStopPublish.order() == crate::site::Order::MembarProducer {
            thread.fields.with(|_| ());
        }
        release(lock, Step::ThreadStopRelease);
    }
}

impl<T> Deref for ThreadGuard<'_, T> {
    type Target = T;

    #[inline(always)]
    #[track_caller]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock that `t_lockp` points at, so nobody else reaches the fields.
        self.thread.fields.with(|fields| unsafe { &*fields })
    }
}

impl<T> DerefMut for ThreadGuard<'_, T> {
    #[inline(always)]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock that `t_lockp` points at, and is itself borrowed exclusively.
        self.thread.fields.with_mut(|fields| unsafe { &mut *fields })
    }
}

/// A thread whose pointer is on `transition_lock`. It has to [land](InTransit::thread_set_state): a thread that is
/// left in transit can never be locked again.
#[must_use = "a thread that is left in transit can never be locked again"]
pub struct InTransit<'a, T> {
    thread: &'a Thread<T>,
    /// It stands for the fields: a `&Thread` could be shared among threads though `T` could not.
    fields: PhantomData<&'a mut T>,
}

impl<'a, T> InTransit<'a, T> {
    /// Puts the thread under a lock that the caller holds: `THREAD_SET_STATE`, as in `THREAD_RUN`.
    ///
    /// Entry: `new` held. Exit: it covers the thread. Cost: one store.
    ///
    /// # Panics
    /// Where `new` is not a lock of the thread's machine.
    #[inline]
    #[track_caller]
    pub fn thread_set_state(self, new: MutexGuard<'a>) -> ThreadGuard<'a, T> {
        self.thread.land(new)
    }
}

impl<T> Deref for InTransit<'_, T> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        // SAFETY: nobody can take `transition_lock`, and the thread has one `InTransit`.
        self.thread.fields.with(|fields| unsafe { &*fields })
    }
}

impl<T> DerefMut for InTransit<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody can take `transition_lock`, and the thread has one `InTransit`, borrowed exclusively.
        self.thread.fields.with_mut(|fields| unsafe { &mut *fields })
    }
}
