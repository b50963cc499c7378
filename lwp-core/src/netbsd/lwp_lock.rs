//! The lock that moves: `lwp_lock` and its family.
//!
//! # Invariant
//! An LWP's fields belong to whoever holds the lock that `l_mutex` points at, and only that holder stores to
//! `l_mutex`. A holder may *lend* the LWP a lock that it does not hold; from that store on the LWP is no longer its.
//!
//! # Verified properties
//! For every program of the `netbsd` families that `cargo ci check --full` lists, over every execution under C11:
//! two holders never work on one LWP at a time, each sees everything that the holders before it wrote, nobody works
//! under a lock that no longer covers the LWP, and everybody who asks for the lock gets it.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::Lid;
use super::kernel::{Kernel, Multiprocessor};
use crate::covered::Covered;
use crate::fault::{Step, keep, release, seeded};
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
#[cfg(any(loom, shuttle))]
use crate::observe::{self, Event};
use crate::site::Site;
use crate::sync::Cell;
#[cfg(any(loom, shuttle))]
use crate::watch::about_to;

/// An LWP as far as its general lock is concerned: a lock pointer, and the fields `T` that the lock covers.
///
/// | function | kern_lwp.c 1.62 | 1.69.2.6 |
/// |---|---|---|
/// | [`Lwp::lwp_lock`] and its retry | L981-1008 | L1112-1139 |
/// | [`Lwp::lwp_trylock`] | L1074-1090 | L1190-1202 |
/// | [`Lwp::lwp_locked`] | L965-975 | L1101-1107 |
/// | [`LwpGuard::lwp_setlock`] | L1014-1026 | L1144-1152 |
/// | [`LwpGuard::lwp_unlock_to`] | L1032-1047 | L1158-1169 |
/// | [`LwpGuard::lwp_relock`] | L1053-1072 | L1175-1188 |
///
/// # Example
/// ```
/// use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};
///
/// // One CPU's lock and one sleep queue's lock; the LWP starts on the CPU.
/// let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
/// let (cpu, sleepq) = (locks.id(0), locks.id(1));
/// let lwp: Lwp<_> = Lwp::new(locks, cpu, "the fields that the lock covers");
///
/// let l = lwp.lwp_lock();
/// assert_eq!(*l, "the fields that the lock covers");
/// l.lwp_unlock_to(sleepq); // consumes the guard: the LWP may be somebody else's by now
/// assert_eq!(lwp.lwp_lock().covering(), sleepq);
/// ```
pub struct Lwp<T, K: Kernel = Multiprocessor> {
    l_mutex: K::Pointer,
    /// The LWP's number, for whoever listens.
    #[cfg(any(loom, shuttle))]
    lid: Lid,
    locks: Locks,
    fields: Cell<T>,
}

// SAFETY: the fields are reached only through a guard, which holds the lock that `l_mutex` points at; the lock hands
// them from thread to thread, so they must be `Send` and need not be `Sync`.
unsafe impl<T: Send, K: Kernel> Sync for Lwp<T, K> {}
// SAFETY: an LWP owns its fields; the rest of it is `Send`.
unsafe impl<T: Send, K: Kernel> Send for Lwp<T, K> {}

impl<T, K: Kernel> Lwp<T, K> {
    /// An LWP whose fields are covered by the lock `first` of `locks`.
    ///
    /// # Panics
    /// Where `first` is not a lock of `locks`; on a uniprocessor, where it is not the first.
    #[track_caller]
    pub fn new(locks: Locks, first: LockId, fields: T) -> Lwp<T, K> {
        Lwp::numbered(0, locks, first, fields)
    }

    /// [`Lwp::new`] for an LWP that has a number.
    #[track_caller]
    pub(super) fn numbered(lid: Lid, locks: Locks, first: LockId, fields: T) -> Lwp<T, K> {
        let first = locks.id(first.number());
        Lwp {
            l_mutex: K::pointer(lid, first),
            #[cfg(any(loom, shuttle))]
            lid,
            locks,
            fields: Cell::new(fields),
        }
    }

    /// Stores `l_mutex`.
    #[inline]
    #[track_caller]
    fn set_l_mutex(&self, new: LockId, site: Site) {
        #[cfg(any(loom, shuttle))]
        let change = || Event::Pointer { lid: self.lid, lock: new, class: self.locks.get(new).class() };
        #[cfg(any(loom, shuttle))]
        if K::MOVES {
            about_to(change);
        }
        K::publish(&self.l_mutex, new, site);
        #[cfg(any(loom, shuttle))]
        if K::MOVES {
            observe::tell(change);
        }
    }

    /// The fields, and the lock that `l_mutex` points at, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn at_rest<R>(&self, look: impl FnOnce(&T, LockId) -> R) -> R {
        let lock = K::held(&self.l_mutex);
        // SAFETY: no other thread is left, so nothing changes the fields; a checker verifies that all changes came before.
        self.fields.with(|fields| look(unsafe { &*fields }, lock))
    }

    /// Says what the fields are, to the engine that asks.
    #[cfg(shuttle)]
    pub(super) fn describe(&self, tell: crate::sync::state::Tell<'_>)
    where
        T: core::hash::Hash,
    {
        self.fields.describe(tell);
    }

    /// The machine's locks.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Takes the LWP's lock, whichever it is: loads the pointer, takes that lock, looks again, and starts over if
    /// the LWP has moved.
    ///
    /// Kernel: `lwp_lock`, an inline around `lwp_lock_retry` (1.62 L982, 1.69.2.6 L1113).
    /// Entry: the LWP's lock not held by the caller. Exit: held.
    /// Cost: one exchange and two loads, and as much again for each move that overtakes it.
    ///
    /// # Panics
    /// Where the caller holds the LWP's lock already.
    #[inline]
    #[track_caller]
    pub fn lwp_lock(&self) -> LwpGuard<'_, T, K> {
        let old = K::look(&self.l_mutex, Site::LwpLockLook);
        let lock = self.locks.get(old).mutex_spin_enter();
        let look_again = K::MOVES && !seeded(Step::LwpLockSecondLook);
        if look_again && K::look(&self.l_mutex, Site::LwpLockRelook) != old {
            return self.lwp_lock_retry(lock);
        }
        LwpGuard { lwp: self, lock }
    }

    /// The rest of [`Lwp::lwp_lock`], for an LWP that has moved from under `lock`.
    #[cold]
    #[track_caller]
    fn lwp_lock_retry<'a>(&'a self, mut lock: MutexGuard<'a>) -> LwpGuard<'a, T, K> {
        while K::look(&self.l_mutex, Site::LwpLockRetryRelook) != lock.mutex().id()
            && !seeded(Step::LwpLockRetry)
        {
            release(lock, Step::LwpLockRetryRelease);
            let old = K::look(&self.l_mutex, Site::LwpLockRetryLook);
            lock = self.locks.get(old).mutex_spin_enter();
        }
        LwpGuard { lwp: self, lock }
    }

    /// Takes the LWP's lock if the lock it points at is free.
    ///
    /// Kernel: `lwp_trylock` (1.62 L1075, 1.69.2.6 L1191).
    /// Entry: nothing. Exit: the LWP's lock held, if it was free. Cost: as [`Lwp::lwp_lock`].
    #[inline]
    #[track_caller]
    pub fn lwp_trylock(&self) -> Option<LwpGuard<'_, T, K>> {
        loop {
            let old = K::look(&self.l_mutex, Site::LwpTrylockLook);
            let lock = self.locks.get(old).mutex_tryenter()?;
            let look_again = K::MOVES && !seeded(Step::LwpTrylockSecondLook);
            if !look_again || K::look(&self.l_mutex, Site::LwpTrylockRelook) == old {
                return Some(LwpGuard { lwp: self, lock });
            }
            release(lock, Step::LwpTrylockRelease);
        }
    }

    /// Whether the caller holds the LWP's lock, and, where `mutex` is given, whether it is that one.
    ///
    /// Kernel: `lwp_locked` (1.62 L966, 1.69.2.6 L1102), which for a spin mutex cannot tell the caller from
    /// anybody else. This one can.
    /// Entry: nothing. Cost: two loads.
    #[track_caller]
    pub fn lwp_locked(&self, mutex: Option<LockId>) -> bool {
        let cur = K::look(&self.l_mutex, Site::LwpLockLook);
        self.locks.get(cur).mutex_owned() && mutex.is_none_or(|m| !K::MOVES || m == cur)
    }

    /// Stores the pointer, for a holder of the LWP's lock.
    #[inline]
    #[track_caller]
    fn publish(&self, new: LockId, site: Site) {
        assert!(new.number() < self.locks.count(), "{new} is not a lock of this LWP's machine");
        self.set_l_mutex(new, site);
        // A load of the critical section that the barrier does not order may be performed as late as here.
        #[cfg(any(loom, shuttle))]
        if site.order() == crate::site::Order::MembarProducer {
            self.fields.with(|_| ());
        }
    }

    /// The LWP's fields without a lock, from the only one who can reach the LWP.
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: the exclusive borrow stands in the lock's place.
        self.fields.with_mut(|fields| unsafe { &mut *fields })
    }
}

impl<T> Lwp<T, Multiprocessor> {
    /// The LWP, from a holder of the lock it is on: a sleep queue's lock is the lock of every LWP on that queue.
    ///
    /// Entry: `lock` held. Exit: the LWP's lock held, and it is `lock`.
    ///
    /// # Errors
    /// Gives `lock` back where the LWP is not on it.
    #[track_caller]
    pub fn covered_by<'a>(&'a self, lock: MutexGuard<'a>) -> Result<LwpGuard<'a, T>, MutexGuard<'a>> {
        let here = self.locks.contains(lock.mutex());
        if here && Multiprocessor::look(&self.l_mutex, Site::LwpLockRelook) == lock.mutex().id() {
            Ok(LwpGuard { lwp: self, lock })
        } else {
            Err(lock)
        }
    }
}

impl<T> Lwp<T, Multiprocessor> {
    /// The LWP, from a holder of the lock of the queue that it was found on: it cannot be on any other lock.
    ///
    /// Entry: `lock` held. Exit: the LWP's lock held, and it is `lock`. Cost: one load.
    ///
    /// # Panics
    /// Where the LWP is not on `lock`: the queue and the pointer disagree.
    #[track_caller]
    pub(crate) fn queued_under<'a>(&'a self, lock: MutexGuard<'a>) -> LwpGuard<'a, T> {
        // A checker verifies that no store races with the load, so its ordering does not matter. Real threads cannot
        // tell a queue that disagrees from one that does not yet, so there it acquires.
        #[cfg(any(loom, shuttle))]
        let cur = Multiprocessor::held(&self.l_mutex);
        #[cfg(not(any(loom, shuttle)))]
        let cur = Multiprocessor::look(&self.l_mutex, Site::LwpLockRelook);
        assert!(self.locks.contains(lock.mutex()), "{} is not a lock of this LWP's machine", lock.mutex());
        assert_eq!(cur, lock.mutex().id(), "the LWP is on a queue whose lock does not cover it");
        LwpGuard { lwp: self, lock }
    }
}

impl<T, K: Kernel> fmt::Debug for Lwp<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lwp").field("l_mutex", &self.l_mutex).finish_non_exhaustive()
    }
}

/// A locked LWP: the only way to its fields, and to moving it. Dropping it is `lwp_unlock`.
///
/// Whatever ends the caller's right to the LWP takes the guard by value, so nobody can touch the LWP afterwards.
#[must_use = "dropping the guard unlocks the LWP"]
pub struct LwpGuard<'a, T, K: Kernel = Multiprocessor> {
    lwp: &'a Lwp<T, K>,
    lock: MutexGuard<'a>,
}

impl<'a, T, K: Kernel> LwpGuard<'a, T, K> {
    /// The lock that covers the LWP.
    ///
    /// # Panics
    /// Where that is not the lock that is held: an earlier move was wrong.
    #[track_caller]
    pub fn covering(&self) -> LockId {
        let cur = K::held(&self.lwp.l_mutex);
        assert_eq!(cur, self.lock.mutex().id(), "the LWP is locked by a lock that no longer covers it");
        cur
    }

    /// Unlocks the LWP: `lwp_unlock`.
    ///
    /// Entry: the LWP's lock held. Exit: released. Cost: one load and one store.
    #[inline]
    #[track_caller]
    pub fn lwp_unlock(self) {}

    /// Lends the LWP a lock that the caller does not hold. The old one stays held and is given back; the LWP itself
    /// may be somebody else's from now on.
    ///
    /// Kernel: `lwp_setlock` (1.62 L1015, 1.69.2.6 L1145).
    /// Entry: the LWP's lock held, `new` need not be. Exit: the old lock held. Cost: one store.
    ///
    /// # Panics
    /// Where `new` is not a lock of the LWP's machine.
    #[inline]
    #[track_caller]
    pub fn lwp_setlock(self, new: LockId) -> MutexGuard<'a> {
        if !seeded(Step::LwpSetlockPublish) {
            self.lwp.publish(new, Site::LwpSetlockPublish);
        }
        self.lock
    }

    /// Lends the LWP a lock that the caller does not hold, and releases the old one.
    ///
    /// Kernel: `lwp_unlock_to` (1.62 L1033, 1.69.2.6 L1159).
    /// Entry: the LWP's lock held, `new` need not be. Exit: the old lock released. Cost: two stores.
    ///
    /// # Panics
    /// Where `new` is not a lock of the LWP's machine.
    #[inline]
    #[track_caller]
    pub fn lwp_unlock_to(self, new: LockId) {
        let LwpGuard { lwp, lock } = self;
        let lock = keep(lock, Step::LwpUnlockToEarly);
        if !seeded(Step::LwpUnlockToPublish) {
            lwp.publish(new, Site::LwpUnlockToPublish);
        }
        release(lock, Step::LwpUnlockToRelease);
    }

    /// Takes a new lock, donates it to the LWP and releases the old one. Nothing happens if they are the same.
    ///
    /// Kernel: `lwp_relock` (1.62 L1054, 1.69.2.6 L1176).
    /// Entry: the LWP's lock held, `new` not. Exit: `new` held, the old lock released. Taken in the order old, new.
    /// Cost: one exchange and two stores.
    ///
    /// # Panics
    /// Where `new` is not a lock of the LWP's machine, or the caller holds it already.
    #[inline]
    #[track_caller]
    pub fn lwp_relock(self, new: LockId) -> LwpGuard<'a, T, K> {
        let LwpGuard { lwp, lock: old } = self;
        if !K::MOVES || old.mutex().id() == new {
            return LwpGuard { lwp, lock: old };
        }
        let new = lwp.locks.get(new);
        if seeded(Step::LwpRelockLends) {
            lwp.set_l_mutex(new.id(), Site::LwpRelockPublish);
        }
        let old = keep(old, Step::LwpRelockEarly);
        let lock = new.mutex_spin_enter();
        if !seeded(Step::LwpRelockPublish) {
            lwp.set_l_mutex(new.id(), Site::LwpRelockPublish);
        }
        release(old, Step::LwpRelockRelease);
        LwpGuard { lwp, lock }
    }

    /// The lock that is held, without the check of [`LwpGuard::covering`]: in between two moves it may not cover the
    /// LWP yet or any more.
    pub fn held(&self) -> LockId {
        self.lock.mutex().id()
    }

    /// What else the LWP's lock covers.
    ///
    /// # Panics
    /// Where the LWP's lock is not the one that covers `data`.
    #[track_caller]
    pub fn covered<'g, D>(&'g mut self, data: &'g Covered<D>) -> &'g mut D {
        data.get_mut(&mut self.lock)
    }

    /// Gives up the LWP but keeps its lock.
    pub fn into_mutex(self) -> MutexGuard<'a> {
        self.lock
    }
}

impl<'a, T> LwpGuard<'a, T, Multiprocessor> {
    /// [`LwpGuard::lwp_setlock`] to a lock that the caller holds: the LWP stays locked, by the new lock.
    ///
    /// Entry: the LWP's lock and `new` held. Exit: both held still.
    ///
    /// # Panics
    /// Where `new` is not a lock of the LWP's machine.
    #[inline]
    #[track_caller]
    pub fn lwp_setlock_held(self, new: MutexGuard<'a>) -> (LwpGuard<'a, T>, MutexGuard<'a>) {
        let lwp = self.lwp;
        assert!(lwp.locks.contains(new.mutex()), "{} is not a lock of this LWP's machine", new.mutex());
        let old = self.lwp_setlock(new.mutex().id());
        (LwpGuard { lwp, lock: new }, old)
    }

    /// [`LwpGuard::lwp_unlock_to`] a lock that the caller holds, as `sleepq_enter` does: the LWP stays locked, by
    /// the new lock.
    ///
    /// Entry: the LWP's lock and `new` held. Exit: `new` held, the old lock released.
    ///
    /// # Panics
    /// Where `new` is not a lock of the LWP's machine.
    #[inline]
    #[track_caller]
    pub fn lwp_unlock_to_held(self, new: MutexGuard<'a>) -> LwpGuard<'a, T> {
        let lwp = self.lwp;
        assert!(lwp.locks.contains(new.mutex()), "{} is not a lock of this LWP's machine", new.mutex());
        self.lwp_unlock_to(new.mutex().id());
        LwpGuard { lwp, lock: new }
    }
}

impl<T, K: Kernel> Deref for LwpGuard<'_, T, K> {
    type Target = T;

    #[inline(always)]
    #[track_caller]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock that `l_mutex` points at, so nobody else reaches the fields.
        self.lwp.fields.with(|fields| unsafe { &*fields })
    }
}

impl<T, K: Kernel> DerefMut for LwpGuard<'_, T, K> {
    #[inline(always)]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock that `l_mutex` points at, and is itself borrowed exclusively.
        self.lwp.fields.with_mut(|fields| unsafe { &mut *fields })
    }
}

impl<T: fmt::Debug, K: Kernel> fmt::Debug for LwpGuard<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LwpGuard").field("lock", self.lock.mutex()).field("fields", &**self).finish()
    }
}
