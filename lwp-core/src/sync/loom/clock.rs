//! Which stores a thread can no longer overlook: a part of happens-before, by vector clocks.
//!
//! loom remembers the last seven stores of a word, and lets a load see only these. Nothing is lost by that where one of
//! the seven happens-before the load: the load may see none that is older. Clocks pass on by locks, by parking and to a
//! thread that is started. What passes on by atomics is left out, so a store may be known and not be counted as
//! known, and never the other way round.

use std::cell::{Cell, RefCell};

use super::current;

/// loom's limit on the stores of a word that it remembers.
pub const HISTORY: usize = 7;

/// For each thread the number of its last store that is known.
type Clock = [u32; ::loom::MAX_THREADS];

thread_local!(static CLOCKS: RefCell<[Clock; ::loom::MAX_THREADS]> = RefCell::default());

fn mine<R>(f: impl FnOnce(&mut Clock) -> R) -> R {
    let me = current().get() - 1;
    CLOCKS.with(|clocks| f(&mut clocks.borrow_mut()[me]))
}

/// Nobody knows of anything: an execution begins.
pub fn clear() {
    CLOCKS.with(|clocks| *clocks.borrow_mut() = Default::default());
}

/// A thread begins, and knows what whoever starts it does.
pub fn starts(number: usize) {
    let known = mine(|clock| *clock);
    CLOCKS.with(|clocks| clocks.borrow_mut()[number - 1] = known);
}

/// What is known to whoever comes here next, from all who have been here before.
#[derive(Debug, Default)]
pub struct Meeting(Cell<Clock>);

impl Meeting {
    /// The caller leaves what it knows.
    pub fn leave(&self) {
        mine(|clock| self.0.set(joined(*clock, self.0.get())));
    }

    /// The caller knows what was left here.
    pub fn come(&self) {
        mine(|clock| *clock = joined(*clock, self.0.get()));
    }
}

fn joined(a: Clock, b: Clock) -> Clock {
    std::array::from_fn(|n| a[n].max(b[n]))
}

/// The stores of a word that loom remembers, each as its thread and its number among that thread's.
#[derive(Debug)]
pub struct Remembered {
    last: Cell<[(usize, u32); HISTORY]>,
    stores: Cell<usize>,
}

impl Remembered {
    /// A word that the caller has made, which is a store.
    pub fn new() -> Remembered {
        let remembered = Remembered { last: Cell::default(), stores: Cell::new(0) };
        remembered.stored();
        remembered
    }

    /// The caller has stored to the word.
    pub fn stored(&self) {
        let me = current().get() - 1;
        let mut last = self.last.get();
        last[self.stores.get() % HISTORY] = (
            me,
            mine(|clock| {
                clock[me] += 1;
                clock[me]
            }),
        );
        self.last.set(last);
        self.stores.set(self.stores.get() + 1);
    }

    /// Whether a load by the caller may be due a store that loom has forgotten.
    pub fn may_be_missed(&self) -> bool {
        let knows = |(thread, number): (usize, u32)| mine(|clock| clock[thread] >= number);
        self.stores.get() > HISTORY && !self.last.get().into_iter().any(knows)
    }
}
