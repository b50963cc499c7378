//! What happens-before what, by vector clocks: over stores that release and loads that acquire, locks, parking, and the
//! beginning and the end of threads.

use std::cell::{Cell, RefCell};

use super::current;

/// For each thread the number of its last access to a word that is known.
pub type Clock = [u32; ::loom::MAX_THREADS];

/// What a thread knows of the others.
#[derive(Clone, Copy, Default)]
struct Known {
    /// What happens-before its next step.
    now: Clock,
    /// What came with the stores that it has read: an acquire fence adds it.
    read: Clock,
}

thread_local!(static KNOWN: RefCell<[Known; ::loom::MAX_THREADS]> = RefCell::default());

fn mine<R>(f: impl FnOnce(&mut Known) -> R) -> R {
    let me = current().get() - 1;
    KNOWN.with(|known| f(&mut known.borrow_mut()[me]))
}

/// Nobody knows of anything: an execution begins.
pub fn clear() {
    KNOWN.with(|known| *known.borrow_mut() = Default::default());
}

/// A thread begins, and knows what the thread that starts it does.
pub fn starts(number: usize) {
    let now = now();
    KNOWN.with(|known| known.borrow_mut()[number - 1].now = now);
}

/// The caller has waited for the end of a thread, and knows what that one did.
pub fn joins(number: usize) {
    let ended = KNOWN.with(|known| known.borrow()[number - 1].now);
    learns(ended);
}

/// What happens-before the caller's next step.
pub fn now() -> Clock {
    mine(|known| known.now)
}

/// The caller accesses a word: its number among the caller's accesses.
pub fn accesses() -> u32 {
    let me = current().get() - 1;
    mine(|known| {
        known.now[me] += 1;
        known.now[me]
    })
}

/// The caller has come to know this.
pub fn learns(of: Clock) {
    mine(|known| known.now = joined(known.now, of));
}

/// The caller has read a store that came with this.
pub fn reads(what_came: Clock) {
    mine(|known| known.read = joined(known.read, what_came));
}

/// An acquire fence of the caller's.
pub fn fence() {
    mine(|known| known.now = joined(known.now, known.read));
}

/// What is known to the thread that comes here next, from all that have been here before.
#[derive(Debug, Default)]
pub struct Meeting(Cell<Clock>);

impl Meeting {
    /// The caller leaves what it knows.
    pub fn leave(&self) {
        self.0.set(joined(now(), self.0.get()));
    }

    /// The caller knows what was left here.
    pub fn come(&self) {
        learns(self.0.get());
    }
}

/// What is known to the one or to the other.
pub fn joined(a: Clock, b: Clock) -> Clock {
    std::array::from_fn(|n| a[n].max(b[n]))
}
