//! What the programs of the literature are made of: words, locks, and threads that do something to them.

pub mod exclusion;
pub mod locks;
pub mod words;

use std::sync::Arc;

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, RawLock, spawn, spin_while};

/// What the threads of a program share.
pub struct Shared {
    words: Vec<AtomicUsize>,
    locks: Vec<RawLock>,
}

impl Shared {
    pub fn load(&self, word: usize) -> usize {
        self.words[word].load(Site::LwpLockLook)
    }

    pub fn store(&self, word: usize, value: usize) {
        self.words[word].store(value, Site::LStatStore);
    }

    pub fn compare_exchange(&self, word: usize, old: usize, new: usize) -> bool {
        self.words[word].compare_exchange(old, new, Site::CrRefcntHold)
    }

    /// Waits until the word holds the value.
    pub fn wait_for(&self, word: usize, value: usize) {
        spin_while(|| self.load(word) != value);
    }

    pub fn lock(&self, lock: usize) {
        self.locks[lock].lock().expect("no thread takes a lock twice");
    }

    pub fn try_lock(&self, lock: usize) -> bool {
        self.locks[lock].try_lock()
    }

    pub fn unlock(&self, lock: usize) {
        self.locks[lock].unlock().expect("the thread holds the lock");
    }
}

type Thread = Arc<dyn Fn(&Shared) + Send + Sync>;

/// A program: the words' first values, how many locks there are, and what each thread does. The last thread is the one
/// that starts the others, so that a program has as many as the engine allows.
#[derive(Clone)]
pub struct Program {
    words: Vec<usize>,
    locks: usize,
    threads: Vec<Thread>,
}

impl Program {
    pub fn new(words: Vec<usize>) -> Program {
        Program { words, locks: 0, threads: Vec::new() }
    }

    pub fn locks(self, locks: usize) -> Program {
        Program { locks, ..self }
    }

    pub fn thread(mut self, thread: impl Fn(&Shared) + Send + Sync + 'static) -> Program {
        self.threads.push(Arc::new(thread));
        self
    }

    /// One for each number below `n`.
    pub fn threads(
        self,
        n: usize,
        thread: impl Fn(&Shared, usize) + Clone + Send + Sync + 'static,
    ) -> Program {
        (0..n).fold(self, |program, number| {
            let thread = thread.clone();
            program.thread(move |shared| thread(shared, number))
        })
    }

    pub fn run(&self) {
        let shared = Arc::new(Shared {
            words: self.words.iter().map(|value| AtomicUsize::new(*value)).collect(),
            locks: (0..self.locks).map(|_| RawLock::new()).collect(),
        });
        let (last, others) = self.threads.split_last().expect("a program has threads");
        let start = |thread: &Thread| {
            let (shared, thread) = (shared.clone(), thread.clone());
            spawn(move || thread(&shared))
        };
        let others: Vec<_> = others.iter().map(start).collect();
        last(&shared);
        others.into_iter().for_each(|other| other.join().expect("the thread ends"));
    }
}
