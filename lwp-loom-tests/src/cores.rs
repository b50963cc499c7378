//! How many cores a search may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many cores a search may use: more can be lent to it while it runs, from any thread.
#[derive(Clone, Debug)]
pub struct Cores(Arc<AtomicUsize>);

impl Cores {
    /// So many cores, at least one.
    pub fn new(number: usize) -> Cores {
        Cores(Arc::new(AtomicUsize::new(number.max(1))))
    }

    /// So many more from now on.
    pub fn lend(&self, more: usize) {
        // ORDERING: the number stands for itself.
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there are now.
    pub fn number(&self) -> usize {
        // ORDERING: as above; an old number is put right at the next look.
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Cores {
    fn default() -> Cores {
        Cores::new(1)
    }
}
