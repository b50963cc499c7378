//! Data that one fixed lock protects: a run queue, a sleep queue, a process' counters.

use core::fmt;

use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
use crate::sync::Cell;

/// Data that is reached only through a guard of its lock.
pub struct Covered<T> {
    lock: LockId,
    locks: Locks,
    data: Cell<T>,
}

// SAFETY: the data is reached only through a guard of its lock, which hands it from thread to thread; so it must be
// `Send` and need not be `Sync`.
unsafe impl<T: Send> Sync for Covered<T> {}
// SAFETY: it owns the data; the rest of it is `Send`.
unsafe impl<T: Send> Send for Covered<T> {}

impl<T> Covered<T> {
    /// Data that the lock `lock` of `locks` protects.
    #[track_caller]
    pub fn new(locks: Locks, lock: LockId, data: T) -> Covered<T> {
        let lock = locks.id(lock.number());
        Covered { lock, locks, data: Cell::new(data) }
    }

    /// The lock.
    pub fn lock(&self) -> LockId {
        self.lock
    }

    /// Takes the lock.
    ///
    /// # Panics
    /// Where the caller holds it already.
    #[track_caller]
    pub fn enter(&self) -> MutexGuard<'_> {
        self.locks.get(self.lock).mutex_spin_enter()
    }

    /// The data, to read.
    ///
    /// # Panics
    /// Where `guard` is not of its lock.
    #[track_caller]
    pub fn get<'g>(&'g self, guard: &'g MutexGuard<'_>) -> &'g T {
        self.check(guard);
        // SAFETY: the caller holds the lock, and `get_mut` wants the one guard of it exclusively.
        self.data.with(|data| unsafe { &*data })
    }

    /// The data, to change.
    ///
    /// # Panics
    /// Where `guard` is not of its lock.
    #[track_caller]
    pub fn get_mut<'g>(&'g self, guard: &'g mut MutexGuard<'_>) -> &'g mut T {
        self.check(guard);
        // SAFETY: the caller holds the lock and lends its one guard exclusively for as long as the reference lives.
        self.data.with_mut(|data| unsafe { &mut *data })
    }

    /// The data, once no thread runs any more: a lock would be a step of every execution.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(crate) fn at_rest<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        // SAFETY: no other thread is left, so nothing changes the data; a checker verifies that all changes came before.
        self.data.with(|data| look(unsafe { &*data }))
    }

    /// Says what the data are, to the engine that asks.
    #[cfg(shuttle)]
    pub(crate) fn describe(&self, tell: crate::sync::state::Tell<'_>)
    where
        T: core::hash::Hash,
    {
        self.data.describe(tell);
    }

    #[track_caller]
    fn check(&self, guard: &MutexGuard<'_>) {
        let mine = guard.mutex().id() == self.lock && self.locks.contains(guard.mutex());
        assert!(mine, "{} does not protect what {} does", guard.mutex(), self.locks.get(self.lock));
    }
}

impl<T> fmt::Debug for Covered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Covered").field("lock", &self.lock).finish_non_exhaustive()
    }
}
