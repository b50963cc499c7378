//! Small random programs of loads, stores and exchanges, and what loom shows of them.

pub mod rc11;
pub mod sequential;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::site::Site;
use lwp_core::sync::model::Model;
use lwp_core::sync::{AtomicUsize, spawn};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::explore;
use lwp_loom_tests::job::Limits;
use lwp_loom_tests::numbers::Numbers;

/// How an access is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Relaxed,
    Acquire,
    Release,
}

/// One operation of a thread, on a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Load(usize, Order),
    Store(usize, usize, Order),
    /// Stores the second value if it finds the first.
    Exchange(usize, usize, usize, Order),
}

/// A program: its threads.
pub type Program = Vec<Vec<Op>>;

/// What each thread saw, and what the words hold once all have ended. An exchange sees 1 where it stores and 0 where not.
pub type Outcome = (Vec<Vec<usize>>, Vec<usize>);

pub const WORDS: usize = 2;

/// The program that a seed stands for, of so many threads with at most so many operations each.
pub fn program(seed: u64, threads: usize, at_most: usize) -> Program {
    let mut numbers = Numbers::new(seed << 32 | (threads * 16 + at_most) as u64);
    // Two words tell weak memory from strong, one has more that happens to it.
    let words = if numbers.below(3) == 0 { 1 } else { WORDS };
    let ops = |numbers: &mut Numbers| (0..1 + numbers.below(at_most)).map(|_| op(numbers, words)).collect();
    (0..threads).map(|_| ops(&mut numbers)).collect()
}

fn op(numbers: &mut Numbers, words: usize) -> Op {
    let word = numbers.below(words);
    let either = |numbers: &mut Numbers, order| if numbers.below(2) == 0 { Order::Relaxed } else { order };
    match numbers.below(8) {
        0..3 => Op::Load(word, either(numbers, Order::Acquire)),
        3..6 => Op::Store(word, 1 + numbers.below(3), either(numbers, Order::Release)),
        _ => {
            let order = [Order::Relaxed, Order::Acquire, Order::Release][numbers.below(3)];
            Op::Exchange(word, numbers.below(3), 1 + numbers.below(3), order)
        }
    }
}

/// Searches of one process take turns: each has the process' panic hook to itself.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static SEARCHES: Mutex<()> = Mutex::new(());
    SEARCHES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What loom finds, and shows, of a program; none where it takes more than so many executions.
pub fn shown(program: &Program, looks_back: bool, executions: u64) -> (Exploration, BTreeSet<Outcome>) {
    let model =
        Model { threads: program.len(), uses_try_lock: false, looks_back, standstills_are_ends: false };
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let (told, seen) = (program.clone(), outcomes.clone());
    let program = program.clone();
    let body = move || {
        // An execution that is dropped unwinds.
        let outcome = run(&program);
        seen.lock().unwrap().insert(outcome);
    };
    let _alone = one_at_a_time();
    let exploration = explore(&limits, model, body, move |failed| println!("{told:?}: {failed:?}"));
    let outcomes = std::mem::take(&mut *outcomes.lock().unwrap());
    (exploration, outcomes)
}

fn run(program: &Program) -> Outcome {
    let words: Arc<Vec<_>> = Arc::new((0..WORDS).map(|_| AtomicUsize::new(0)).collect());
    let others: Vec<_> = program[1..]
        .iter()
        .map(|ops| {
            let (words, ops) = (words.clone(), ops.clone());
            spawn(move || thread(&words, &ops))
        })
        .collect();
    let mut saw = vec![thread(&words, &program[0])];
    saw.extend(others.into_iter().map(|other| other.join().unwrap()));
    (saw, words.iter().map(|word| word.load(Site::LwpLockLook)).collect())
}

fn thread(words: &[AtomicUsize], ops: &[Op]) -> Vec<usize> {
    let mut saw = Vec::new();
    for op in ops {
        match *op {
            Op::Load(word, Order::Acquire) => saw.push(words[word].load(Site::LwpLockRelook)),
            Op::Load(word, _) => saw.push(words[word].load(Site::LwpLockLook)),
            Op::Store(word, value, Order::Release) => words[word].store(value, Site::LwpUnlockToPublish),
            Op::Store(word, value, _) => words[word].store(value, Site::LwpRelockPublish),
            Op::Exchange(word, old, new, order) => {
                let site = match order {
                    Order::Relaxed => Site::CrRefcntHold,
                    Order::Acquire => Site::SpinEnter,
                    Order::Release => Site::CrRefcntFree,
                };
                saw.push(usize::from(words[word].compare_exchange(old, new, site)));
            }
        }
    }
    saw
}
