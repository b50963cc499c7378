//! `alllwp`: the list of all LWPs of the system, and the locks of the list of processes that cover it.

use std::sync::Arc;

use super::{KernelLwp, Revision};
use crate::covered::Covered;
use crate::fault::{Step, seeded};
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;

/// The list, by address. 1.62 changes it under proclist_mutex alone (L569, L638), 1.69.2.6 under proclist_lock and
/// proclist_mutex (L630, L735).
#[derive(Debug)]
pub(super) struct AllLwp {
    locks: Locks,
    proclist_lock: Option<LockId>,
    list: Covered<Vec<usize>>,
}

#[cfg(shuttle)]
impl AllLwp {
    /// Says what the list holds.
    pub(super) fn describe(&self, tell: crate::sync::state::Tell<'_>) {
        self.list.describe(tell);
    }
}

impl AllLwp {
    /// A list with the LWPs that the machine starts with.
    pub(super) fn new(
        revision: Revision,
        locks: &Locks,
        (proclist_lock, proclist_mutex): (LockId, LockId),
        first: &[Arc<KernelLwp>],
    ) -> AllLwp {
        let list = first.iter().map(|l| l.address()).collect();
        AllLwp {
            locks: locks.clone(),
            proclist_lock: (revision == Revision::R1_69_2_6).then_some(proclist_lock),
            list: Covered::new(locks.clone(), proclist_mutex, list),
        }
    }

    /// The addresses on the list in their order, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn at_rest(&self) -> Vec<usize> {
        let mut list = self.list.at_rest(Clone::clone);
        list.sort();
        list
    }

    /// Takes proclist_mutex.
    #[track_caller]
    pub(super) fn enter(&self) -> MutexGuard<'_> {
        self.list.enter()
    }

    /// Adds an LWP.
    ///
    /// Entry and exit: no lock held but the big one.
    #[track_caller]
    pub(super) fn insert(&self, l: &KernelLwp) {
        self.change(|list| list.push(l.address()));
    }

    /// Removes an LWP.
    ///
    /// Entry and exit: no lock held but the big one.
    #[track_caller]
    pub(super) fn remove(&self, l: &KernelLwp) {
        self.change(|list| list.retain(|address| *address != l.address()));
    }

    #[track_caller]
    fn change(&self, change: impl FnOnce(&mut Vec<usize>)) {
        let early = if seeded(Step::AlllwpSwapped) { Some(self.enter()) } else { None };
        let _proclist_lock = self.proclist_lock.map(|lock| self.locks.get(lock).mutex_spin_enter());
        let mut proclist_mutex = if let Some(early) = early { early } else { self.enter() };
        change(self.list.get_mut(&mut proclist_mutex));
    }
}
