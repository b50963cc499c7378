//! A race that no x86 shows, for `cargo ci races`: a detector that is silent about it would be silent about anything.
#![cfg(not(any(loom, shuttle)))]

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[derive(Default)]
struct Shared {
    data: UnsafeCell<u32>,
    ready: AtomicBool,
}

// SAFETY: it is not; that is the point.
unsafe impl Sync for Shared {}

impl Shared {
    fn publish(&self) {
        // SAFETY: nobody looks yet.
        unsafe { *self.data.get() = 1 };
        // ORDERING: too weak, on purpose.
        self.ready.store(true, Ordering::Relaxed);
    }

    fn look(&self) -> u32 {
        while !self.ready.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        // SAFETY: none. Nothing orders the write before this read.
        unsafe { *self.data.get() }
    }
}

#[test]
#[ignore = "it has a race, for a race detector to find"]
fn a_relaxed_store_publishes_nothing() {
    let shared = Shared::default();
    thread::scope(|s| {
        // Dropping a handle would order what its thread has done: whoever looks comes first.
        s.spawn(|| assert_eq!(shared.look(), 1));
        shared.publish();
    });
}
