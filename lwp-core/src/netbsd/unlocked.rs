//! Memory that no lock of the kernel's protects: its owner's alone, or handed on by what the protocol orders.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use crate::sync::Accesses;

/// Such memory. The mutex is no part of the protocol and no engine sees it: it makes every access sound, whatever a
/// caller of the library does. The accesses are the checkers': they fail a program in which nothing orders them.
pub(super) struct Unlocked<T> {
    value: Mutex<T>,
    order: Accesses,
}

impl<T> Unlocked<T> {
    /// Memory that holds `value`.
    #[track_caller]
    pub(super) fn new(value: T) -> Unlocked<T> {
        Unlocked { value: Mutex::new(value), order: Accesses::new() }
    }

    /// Reads through `f`, which must not come to a visible operation: the mutex is held meanwhile.
    #[track_caller]
    pub(super) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.order.read();
        f(&self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes through `f`, with the same restriction.
    #[track_caller]
    pub(super) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.order.write();
        f(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> fmt::Debug for Unlocked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocked").finish_non_exhaustive()
    }
}
