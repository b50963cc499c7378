//! What can be seen of a running exploration from outside its thread.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use super::failure::thread_name;

/// How far an exploration is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Executions so far, blocked ones included.
    pub executions: u64,
    /// Blocked executions so far.
    pub blocked: u64,
    /// Steps so far.
    pub steps: u64,
    /// Seconds so far.
    pub seconds: f64,
}

/// Written by the thread that explores, read by the one that waits for it; but for the order to stop.
///
/// ORDERING: every access is relaxed. Each number stands for itself, and an old one is as good as a new one.
/// A cache line of its own, because it is written at every step.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Monitor {
    steps: AtomicU64,
    executions: AtomicU64,
    blocked: AtomicU64,
    running: AtomicUsize,
    place: AtomicPtr<Location<'static>>,
    waits: AtomicBool,
    abandoned: AtomicBool,
}

impl Monitor {
    /// A thread takes a step.
    #[inline]
    pub fn step(&self, thread: usize, place: &'static Location<'static>) {
        increase(&self.steps);
        self.running.store(thread, Ordering::Relaxed);
        self.place.store(std::ptr::from_ref(place).cast_mut(), Ordering::Relaxed);
    }

    /// An execution ends.
    pub fn execution(&self, blocked: bool) {
        increase(&self.executions);
        if blocked {
            increase(&self.blocked);
        }
    }

    /// Whether the thread that explores waits for something to explore.
    pub fn waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Whether the thread that explores waits for something to explore.
    pub fn is_waiting(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Nobody waits any more.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits any more.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Adds how far it is.
    pub fn add_to(&self, progress: &mut Progress) {
        progress.executions += self.executions.load(Ordering::Relaxed);
        progress.blocked += self.blocked.load(Ordering::Relaxed);
        progress.steps += self.steps();
    }

    /// Who took the last step, and where.
    pub fn last_step(&self) -> String {
        let place = self.place.load(Ordering::Relaxed);
        let name = thread_name(self.running.load(Ordering::Relaxed));
        // SAFETY: the pointer is null or comes from a reference to a `'static` location.
        match unsafe { place.as_ref() } {
            Some(place) => format!("{name} has not come back from what it does after {place}"),
            None => "the first thread has not come to its first step".into(),
        }
    }
}

/// One more of what only one thread counts.
#[inline]
fn increase(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
