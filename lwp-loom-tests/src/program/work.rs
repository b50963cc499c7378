//! What threads do while they hold the LWP: the checks that every program shares.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lwp_core::sync;

/// What an operation saw of the LWP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// How often somebody had worked on it before.
    Works(usize),
    /// That somebody else has its lock.
    Busy,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Works(n) => n.fmt(f),
            Seen::Busy => f.write_str("busy"),
        }
    }
}

/// The fields that the LWP's lock covers.
#[derive(Debug, Default)]
pub struct Fields {
    /// How often somebody has worked.
    works: usize,
}

/// A witness of exclusion that no engine sees: plain atomics of the checking process.
#[derive(Debug, Default)]
pub struct Occupant(AtomicUsize);

impl Occupant {
    /// Says that the caller holds the LWP from now on.
    pub fn enter(&self) {
        // ORDERING: none needed. Under a checker one thread runs at a time; with real threads the lock orders this.
        let other = self.0.swap(sync::current().get(), Ordering::Relaxed);
        assert_eq!(other, 0, "two hold one LWP: {} and thread {other}", sync::current());
    }

    /// Says that the caller is about to give the LWP up.
    pub fn leave(&self) {
        // ORDERING: as in `enter`.
        let me = self.0.swap(0, Ordering::Relaxed);
        assert_eq!(me, sync::current().get(), "two hold one LWP: {} and thread {me}", sync::current());
    }
}

/// Works on the fields and gives back how often somebody had before. Reading and writing them is what an engine
/// checks for visibility.
pub fn work(fields: &mut Fields) -> usize {
    let before = fields.works;
    fields.works += 1;
    before
}

/// Runs one body a thread, the first on the caller, and joins them. Gives back what they shared, and what each gave back.
pub fn run_threads<S: Send + Sync + 'static, R: Send + 'static>(
    shared: S,
    threads: usize,
    body: fn(&S, usize) -> R,
) -> (S, Vec<R>) {
    let shared = Arc::new(shared);
    let others: Vec<_> = (1..threads)
        .map(|n| {
            let shared = shared.clone();
            sync::spawn(move || body(&shared, n))
        })
        .collect();
    let mut all = vec![body(&shared, 0)];
    all.extend(others.into_iter().map(|thread| thread.join().expect("a thread of the program panicked")));
    (Arc::into_inner(shared).expect("every thread has ended"), all)
}

/// Runs one body a thread, the first on the caller, joins them, and checks that no work was lost. A body gives back
/// what each of its operations saw and how often it worked.
pub fn run<S: Send + Sync + 'static>(
    shared: S,
    threads: usize,
    body: fn(&S, usize) -> (Vec<Seen>, usize),
    fields: fn(&mut S) -> &mut Fields,
) -> Vec<Vec<Seen>> {
    let (mut shared, all) = run_threads(shared, threads, body);
    let works: usize = all.iter().map(|(_, works)| works).sum();
    assert_eq!(fields(&mut shared).works, works, "work was lost");
    all.into_iter().map(|(saw, _)| saw).collect()
}
