//! The facade: everything that this crate needs from below, and the only place that names a back end.
//!
//! | back end | cfg | what it is for |
//! |---|---|---|
//! | std | none | real threads |
//! | loom | `--cfg loom` | every execution under the C11 memory model |
//! | shuttle | `--cfg shuttle` | complete search under sequential consistency |
//!
//! All nondeterminism of a model passes through here: which thread runs, which store a racy load sees, who gets a
//! lock. A back end offers:
//!
//! * [`AtomicUsize`], whose racy loads ([`AtomicUsize::load`]) and loads under the protecting lock
//!   ([`AtomicUsize::load_held`]) are different functions: a checker explores the first and *verifies* the second.
//! * [`Cell`], plain memory that some lock protects; a checker verifies that every two accesses are ordered.
//! * [`RawLock`], mutual exclusion with an owner. A spin lock on real threads; see there what the checkers use.
//! * [`Parker`], which blocks one thread until another lets it go on, or until a [`Deadline`] where there is a clock. A
//!   [`TokenParker`] on real threads, and as the raw lock a model under the checkers.
//! * [`spin_while`], a wait for what others change.
//! * [`spawn`], [`JoinHandle`] and [`current`]: threads, and who the caller is.

#[cfg(all(loom, shuttle))]
compile_error!("choose one back end: --cfg loom or --cfg shuttle");

#[cfg(loom)]
#[path = "loom/mod.rs"]
mod backend;
#[cfg(shuttle)]
#[path = "shuttle/mod.rs"]
mod backend;
#[cfg(not(any(loom, shuttle)))]
#[path = "std.rs"]
mod backend;

#[cfg(any(loom, shuttle))]
mod ending;

#[cfg(any(loom, shuttle))]
pub use backend::model;
pub use backend::{AtomicUsize, Cell, Deadline, JoinHandle, Parker, RawLock, current, spawn, spin_while};
#[cfg(any(loom, shuttle))]
pub(crate) use backend::{Moments, asks_in_silence};
#[cfg(shuttle)]
pub use backend::{choose, state};
#[cfg(any(loom, shuttle))]
pub use ending::{Objection, Verdict};

/// The parker itself, for models that check it; everything else uses [`Parker`].
pub use crate::parker::TokenParker;
/// The spin lock itself, for models that check it; everything else uses [`RawLock`].
pub use crate::spin::SpinLock;

/// Memory without content: the checkers fail a program in which nothing orders a write and another access.
#[derive(Debug)]
pub struct Accesses(Cell<()>);

// SAFETY: there is nothing to read or to write; the cell's pointer is never dereferenced.
unsafe impl Sync for Accesses {}
// SAFETY: as above.
unsafe impl Send for Accesses {}

impl Accesses {
    /// Memory that nobody has accessed.
    #[track_caller]
    pub fn new() -> Accesses {
        Accesses(Cell::new(()))
    }

    /// The memory is read.
    #[inline(always)]
    #[track_caller]
    pub fn read(&self) {
        self.0.with(|_| ());
    }

    /// The memory is written.
    #[inline(always)]
    #[track_caller]
    pub fn write(&self) {
        self.0.with_mut(|_| ());
    }
}

/// A loop that brings nothing from one turn into the next: what a turn does depends on what was before the loop, on what
/// [`Turns::again`] was given, and on what the turn itself sees. A search that enters no state twice is told so.
#[derive(Debug)]
pub struct Turns(());

/// The calling thread begins such a loop.
#[inline(always)]
pub fn turns() -> Turns {
    #[cfg(shuttle)]
    state::begin_turns();
    Turns(())
}

impl Turns {
    /// Whether there is another turn: as `goes_on` says.
    #[inline(always)]
    #[track_caller]
    pub fn again(&self, goes_on: bool) -> bool {
        #[cfg(shuttle)]
        state::begin_turn(goes_on);
        goes_on
    }
}

/// A thread of whichever back end runs: small, never reused within a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(usize);

impl ThreadId {
    /// The holder of a lock that is held for ever.
    pub const NOBODY: ThreadId = ThreadId(u32::MAX as usize);

    /// The thread with this number; 0 stands for none.
    #[inline]
    pub(crate) const fn from_number(n: usize) -> Option<ThreadId> {
        if n == 0 { None } else { Some(ThreadId(n)) }
    }

    /// The thread's number: none is 0.
    #[inline]
    pub const fn get(self) -> usize {
        self.0
    }

    /// Which thread of its model it is, in the order in which they started, from 1: what listeners and messages call it.
    #[cfg(loom)]
    pub fn started_as(self) -> usize {
        self.0
    }

    /// Which thread of its model it is, in the order in which they started, from 1: what listeners and messages call it.
    #[cfg(shuttle)]
    pub fn started_as(self) -> usize {
        model::started_as(self.0)
    }
}

impl core::fmt::Display for ThreadId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            ThreadId::NOBODY => f.write_str("nobody, for ever"),
            #[cfg(shuttle)]
            id => write!(f, "thread {}", id.started_as()),
            #[cfg(not(shuttle))]
            ThreadId(n) => write!(f, "thread {n}"),
        }
    }
}
