//! Plain memory that some lock protects.

use std::cell::UnsafeCell;

use super::standstill;

/// Plain memory that some lock protects; loom fails the model where two accesses are not ordered.
#[derive(Debug)]
pub struct Cell<T> {
    data: UnsafeCell<T>,
    accesses: ::loom::cell::UnsafeCell<()>,
}

impl<T> Cell<T> {
    /// Memory that nobody has accessed.
    #[track_caller]
    pub fn new(data: T) -> Cell<T> {
        Cell { data: UnsafeCell::new(data), accesses: ::loom::cell::UnsafeCell::new(()) }
    }

    /// Reads it.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        if standstill::unwinds() {
            return f(self.data.get());
        }
        self.accesses.with(|_| f(self.data.get()))
    }

    /// Writes it.
    #[track_caller]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        if standstill::unwinds() {
            return f(self.data.get());
        }
        self.accesses.with_mut(|_| f(self.data.get()))
    }
}
