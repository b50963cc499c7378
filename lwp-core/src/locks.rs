//! The locks of one machine, among which a lock pointer moves.
//!
//! Kernels allocate them when they start and never free them. Here they are one shared slice, and a lock pointer is
//! an index into it: that costs a bounds check and makes a stale or foreign pointer impossible.

use core::fmt;
use std::sync::Arc;

use crossbeam_utils::CachePadded;

use crate::mutex::{Class, Mutex};
use crate::observe::{self, Event};

/// A lock's place among its machine's locks: what a lock pointer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockId(pub(crate) usize);

impl LockId {
    /// The place with this number, from 0. It need not be one of any machine.
    pub const fn numbered(n: usize) -> LockId {
        LockId(n)
    }

    /// The place's number, from 0.
    pub const fn number(self) -> usize {
        self.0
    }
}

impl fmt::Display for LockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lock {}", self.0)
    }
}

/// The locks of one machine. Cloning gives another handle to the same locks.
#[derive(Clone, Debug)]
pub struct Locks(Arc<[CachePadded<Mutex>]>);

impl Locks {
    /// Locks of these classes, all free (but for [`Class::TransitionLock`], which never is). Each has a cache line
    /// of its own, since most are per CPU.
    ///
    /// # Example
    /// ```
    /// use lwp_core::{locks::Locks, mutex::Class};
    /// let locks = Locks::new(&[Class::SpcLwplock, Class::SpcMutex]);
    /// assert_eq!(locks.get(locks.id(1)).to_string(), "lock 1 (spc_mutex)");
    /// ```
    #[track_caller]
    pub fn new(classes: &[Class]) -> Locks {
        crate::witness::new_machine();
        observe::tell(|| Event::Machine { locks: classes.to_vec() });
        let lock = |(n, class): (usize, &Class)| CachePadded::new(Mutex::new(*class, LockId(n)));
        Locks(classes.iter().enumerate().map(lock).collect())
    }

    /// The place of the `n`th lock.
    ///
    /// # Panics
    /// Where there is no such lock.
    pub fn id(&self, n: usize) -> LockId {
        assert!(n < self.0.len(), "there is no lock {n} among {}", self.0.len());
        LockId(n)
    }

    /// All of them.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mutex> {
        self.0.iter().map(|lock| &**lock)
    }

    /// The lock at a place.
    #[inline(always)]
    pub fn get(&self, id: LockId) -> &Mutex {
        &self.0[id.0]
    }

    /// The place of the one lock of a class.
    ///
    /// # Panics
    /// Where there is none of that class, or more than one.
    #[track_caller]
    pub fn only(&self, class: Class) -> LockId {
        let mut all = self.0.iter().filter(|m| m.class() == class);
        match (all.next(), all.next()) {
            (Some(lock), None) => lock.id(),
            (None, _) => panic!("the machine has no {}", class.name()),
            (Some(_), Some(_)) => panic!("the machine has more than one {}", class.name()),
        }
    }

    /// How many locks there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether `mutex` is one of these locks.
    pub(crate) fn contains(&self, mutex: &Mutex) -> bool {
        self.0.get(mutex.id().0).is_some_and(|m| core::ptr::eq(&**m, mutex))
    }
}
