//! Which thread runs.
//!
//! loom's own answer is a table that every thread has, looked up by a hash: a fifth of a search's time. All its threads
//! are coroutines of one thread, so one number will do, as long as whoever comes back from a switch puts its own there.

use std::cell::Cell;

thread_local!(static RUNNING: Cell<usize> = const { Cell::new(FIRST) });

/// The number of a model's first thread.
const FIRST: usize = 1;

/// The number of the thread that runs.
pub fn number() -> usize {
    RUNNING.get()
}

/// An execution begins, in its first thread.
pub fn clear() {
    RUNNING.set(FIRST);
}

/// A thread begins.
pub fn begins(number: usize) {
    RUNNING.set(number);
}

/// Held while others may run; once it is gone, whoever held it does.
#[must_use]
#[derive(Debug)]
pub struct Switch(usize);

impl Switch {
    /// The caller is about to do what lets others run.
    pub fn new() -> Switch {
        Switch(number())
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}
