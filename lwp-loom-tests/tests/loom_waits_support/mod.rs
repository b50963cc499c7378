//! Small random programs of loads, stores, critical sections and waits, for the cross-check of loom's waits.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::site::Site;
use lwp_core::sync::model::Model;
use lwp_core::sync::{AtomicUsize, Cell, RawLock, spawn, spin_while};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::explore;
use lwp_loom_tests::job::Limits;
use lwp_loom_tests::numbers::Numbers;

/// One operation of a thread; what it sees goes into the thread's log.
#[derive(Clone, Debug)]
pub enum Op {
    Load(usize),
    Store(usize, usize),
    /// The word has a value and loses it again, as that of a lock that is taken and released.
    Toggle(usize, usize),
    /// A critical section that reads and writes what the lock protects.
    Section,
    /// Waits for nothing.
    WaitForNothing,
    /// Waits until the word has this value.
    WaitUntil(usize, usize),
    /// Waits while the word has this value.
    WaitWhile(usize, usize),
    /// Waits until one of the words is not 0, and looks at this one first.
    WaitUntilEither(usize),
    /// Waits until each of the words was seen to be 0, this one first.
    WaitWhileEither(usize),
}

/// A program: its threads.
pub type Program = Vec<Vec<Op>>;

const WORDS: usize = 2;

/// The program that a seed stands for: one thread waits once, or two do, amid what can tell the executions apart.
pub fn program(seed: u64) -> Program {
    let mut numbers = Numbers::new(seed << 32);
    let threads = 2 + usize::from(numbers.below(3) == 0);
    let budget = if threads == 2 { 3 } else { 2 };
    let waiters = 1 + usize::from(numbers.below(3) == 0);
    (0..threads)
        .map(|thread| {
            let mut ops: Vec<Op> = (0..1 + numbers.below(budget)).map(|_| acts(&mut numbers)).collect();
            if thread < waiters {
                ops.insert(numbers.below(ops.len() + 1), waits(&mut numbers));
            }
            ops
        })
        .rev()
        .collect()
}

fn acts(numbers: &mut Numbers) -> Op {
    let word = numbers.below(WORDS);
    match numbers.below(10) {
        0..4 => Op::Load(word),
        4..8 => Op::Store(word, 1 + numbers.below(2)),
        8 => Op::Toggle(word, 1),
        _ => Op::Section,
    }
}

fn waits(numbers: &mut Numbers) -> Op {
    let word = numbers.below(WORDS);
    match numbers.below(9) {
        0..3 => Op::WaitUntil(word, 1 + numbers.below(2)),
        3..5 => Op::WaitWhile(word, numbers.below(2)),
        5..7 => Op::WaitUntilEither(word),
        7 => Op::WaitWhileEither(word),
        _ => Op::WaitForNothing,
    }
}

/// What a wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The facade's.
    Steps,
    /// One turn of its loop, looked at as any other looks: where it does not end the wait, the thread has gone, and the
    /// execution counts for nothing. Every wait that ends is a turn that came at the right time, so the outcomes are the
    /// same.
    OneTurn,
}

/// What a thread does that is not to count: it has gone.
struct Gone;

struct Machine {
    lock: RawLock,
    /// What the lock protects.
    cell: Cell<usize>,
    words: Vec<AtomicUsize>,
    waits: Waits,
}

// SAFETY: the cell is accessed under its lock, which loom checks.
unsafe impl Sync for Machine {}

/// Searches of one process take turns: each has the process' panic hook to itself.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static SEARCHES: Mutex<()> = Mutex::new(());
    SEARCHES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a search of a program found.
pub struct Seen {
    pub exploration: Exploration,
    /// The outcomes of the executions that end.
    pub outcomes: BTreeSet<String>,
}

/// Searches a program. Nothing is left out on the strength of what was seen before where a wait is one turn: there the
/// search is as simple as it can be.
pub fn search(program: &Program, waits: Waits, executions: u64) -> Seen {
    let model = Model {
        threads: program.len(),
        uses_try_lock: false,
        looks_back: waits == Waits::Steps,
        standstills_are_ends: true,
    };
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let (told, seen) = (program.clone(), outcomes.clone());
    let (program, waits) = (program.clone(), waits);
    let body = move || {
        if let Some(outcome) = run(&program, waits) {
            seen.lock().unwrap().insert(outcome);
        }
    };
    let _alone = one_at_a_time();
    let exploration = explore(&limits, model, body, move |failed| println!("{told:?}: {failed:?}"));
    let outcomes = std::mem::take(&mut *outcomes.lock().unwrap());
    Seen { exploration, outcomes }
}

/// One execution: its outcome, where it counts.
fn run(program: &Program, waits: Waits) -> Option<String> {
    let machine = Arc::new(Machine {
        lock: RawLock::new(),
        cell: Cell::new(0),
        words: (0..WORDS).map(|_| AtomicUsize::new(0)).collect(),
        waits,
    });
    let others: Vec<_> = program[1..]
        .iter()
        .map(|ops| {
            let (machine, ops) = (machine.clone(), ops.clone());
            spawn(move || thread(&machine, &ops))
        })
        .collect();
    let mut logs = vec![thread(&machine, &program[0])];
    logs.extend(others.into_iter().map(|other| other.join().unwrap()));
    let logs: Option<Vec<Vec<usize>>> = logs.into_iter().collect();
    logs.map(|logs| format!("{logs:?}"))
}

fn thread(machine: &Machine, ops: &[Op]) -> Option<Vec<usize>> {
    ops.iter().map(|op| machine.step(op).ok()).collect()
}

impl Machine {
    fn wait(&self, busy: impl Fn() -> bool) -> Result<usize, Gone> {
        match self.waits {
            Waits::Steps => spin_while(busy),
            Waits::OneTurn if busy() => return Err(Gone),
            Waits::OneTurn => {}
        }
        Ok(0)
    }

    fn look(&self, word: usize) -> usize {
        self.words[word].load(Site::LwpLockRelook)
    }

    fn step(&self, op: &Op) -> Result<usize, Gone> {
        match *op {
            Op::Load(w) => return Ok(self.words[w].load(Site::LwpLockLook)),
            Op::Store(w, value) => self.words[w].store(value, Site::LwpSetlockPublish),
            Op::Toggle(w, value) => {
                self.words[w].store(value, Site::LwpSetlockPublish);
                self.words[w].store(0, Site::LwpSetlockPublish);
            }
            Op::Section => return Ok(self.section()),
            Op::WaitForNothing => return self.wait(|| false),
            Op::WaitUntil(w, value) => return self.wait(|| self.look(w) != value),
            Op::WaitWhile(w, value) => return self.wait(|| self.look(w) == value),
            Op::WaitUntilEither(w) => return self.wait(|| self.look(w) == 0 && self.look(1 - w) == 0),
            Op::WaitWhileEither(w) => return self.wait(|| self.look(w) != 0 || self.look(1 - w) != 0),
        }
        Ok(0)
    }

    /// A critical section: who passed before?
    fn section(&self) -> usize {
        self.lock.lock().unwrap();
        // SAFETY: the lock is held.
        let passed = self.cell.with_mut(|c| unsafe {
            *c += 1;
            *c
        });
        self.lock.unlock().unwrap();
        passed
    }
}
