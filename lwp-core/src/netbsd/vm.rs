//! What lwpctl asks of the virtual memory system: the calls by name, and a count of what they leave behind.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Errno;

/// The calls, over one anonymous object. No part of the model: every caller holds `lp_lock`, or is the last LWP.
#[derive(Debug, Default)]
pub struct Vm(Mutex<Count>);

/// What the calls have left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// References to the object. Each mapping needs one.
    pub references: isize,
    /// Mappings of the whole object into the process.
    pub user_mappings: isize,
    /// Mappings of one of its pages into the kernel.
    pub kernel_mappings: isize,
    /// Calls that can fail until one does; 0 means that none will.
    fails_after: usize,
}

impl Vm {
    /// What the calls have left behind.
    pub fn count(&self) -> Count {
        *self.lock()
    }

    /// Lets the `n`th call from now on that can fail do so.
    pub fn fail_call(&self, n: usize) {
        self.lock().fails_after = n;
    }

    /// `uao_create`: the object, with its first reference.
    pub(super) fn uao_create(&self) {
        self.lock().references += 1;
    }

    /// `pgo_reference`.
    pub(super) fn pgo_reference(&self) {
        self.lock().references += 1;
    }

    /// `pgo_detach`, `uao_detach`.
    pub(super) fn pgo_detach(&self) {
        self.lock().references -= 1;
    }

    /// `uvm_map` into the process. The mapping takes over a reference of the caller's.
    pub(super) fn uvm_map_user(&self) -> Result<(), Errno> {
        self.may_fail()?;
        self.lock().user_mappings += 1;
        Ok(())
    }

    /// `uvm_map` into the kernel. The mapping takes over a reference of the caller's.
    pub(super) fn uvm_map_kernel(&self) -> Result<(), Errno> {
        self.may_fail()?;
        self.lock().kernel_mappings += 1;
        Ok(())
    }

    /// `uvm_map_pageable`: wires a page that the kernel has mapped.
    pub(super) fn uvm_map_pageable(&self) -> Result<(), Errno> {
        self.may_fail()
    }

    /// `uvm_unmap` from the process, with the mapping's reference.
    pub(super) fn uvm_unmap_user(&self) {
        let mut count = self.lock();
        count.user_mappings -= 1;
        count.references -= 1;
    }

    /// `uvm_unmap` from the kernel, with the mapping's reference.
    pub(super) fn uvm_unmap_kernel(&self) {
        let mut count = self.lock();
        count.kernel_mappings -= 1;
        count.references -= 1;
    }

    fn may_fail(&self) -> Result<(), Errno> {
        let mut count = self.lock();
        let fails = count.fails_after == 1;
        count.fails_after = count.fails_after.saturating_sub(1);
        if fails { Err(Errno::Enomem) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
