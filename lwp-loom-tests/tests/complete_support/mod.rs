//! Programs for the cross-checks of the complete search: small random ones of every kind of operation, and some whose
//! executions are counted.
#![allow(dead_code, reason = "no test uses all of them")]

pub mod condition;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use condition::{Condition, Look};
use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Cell, Parker, RawLock, choose, spawn, spin_while, state};
use lwp_loom_tests::numbers::Numbers;

/// One operation of a thread; what it sees goes into the thread's log.
#[derive(Clone, Debug)]
pub enum Op {
    /// A critical section that reads and writes what the lock protects.
    Section(usize),
    /// A critical section within another.
    Nested(usize, usize),
    /// A critical section if the lock is free.
    Try(usize),
    /// A look at a lock.
    IsHeld(usize),
    /// A critical section as illumos enters it: try, or spin until it may be worth it.
    TryOrWait(usize),
    Load(usize),
    Store(usize, usize),
    Exchange(usize, usize, usize),
    /// Waits until this holds.
    Wait(Condition),
    Park(usize),
    Unpark(usize),
    Choose(usize),
    /// A critical section that sets a word that the lock protects.
    HeldStore(usize),
    /// A critical section that looks at the word that the lock protects.
    HeldLoad(usize),
    /// Reads what a lock protects, without it.
    Read(usize),
    /// Writes what a lock protects, without it.
    Write(usize),
    /// Sets a word, and publishes what was written before.
    Publish(usize),
    /// Where the word is not 0, reads a cell that may have been published by that.
    ReadPublished(usize, usize),
    /// Waits until the word is 1, and learns nothing by that; then sets it again, and the other word.
    Relay(usize),
    /// Looks at the word, and once the other is set reads a cell that may have been published by the first.
    ReadPublishedLater(usize, usize),
    /// Starts a thread, does something, joins it.
    Child(Vec<Op>, Vec<Op>),
    /// Starts a thread and leaves it alone.
    Orphan(Vec<Op>),
}

/// A program: its threads.
pub type Program = Vec<Vec<Op>>;

/// Objects of each kind.
const OBJECTS: usize = 2;

/// The program that a seed stands for.
pub fn program(seed: u64) -> Program {
    of_kinds(seed, KINDS - RACY)
}

/// The program that a seed stands for, which may race for data.
pub fn racy_program(seed: u64) -> Program {
    of_kinds(seed, KINDS)
}

fn of_kinds(seed: u64, kinds: usize) -> Program {
    let mut numbers = Numbers::new(seed);
    let threads = 2 + numbers.below(2);
    let budget = if threads == 2 { 3 } else { 2 };
    // Swarm testing: a program of few kinds of operation has more of each, and more conflicts.
    let kinds: Vec<usize> = (0..2 + numbers.below(3)).map(|_| numbers.below(kinds)).collect();
    (0..threads)
        .map(|_| (0..1 + numbers.below(budget)).map(|_| op(&mut numbers, &kinds, true)).collect())
        .collect()
}

/// Kinds of operations, those last that may race for data.
const KINDS: usize = 22;
const RACY: usize = 4;

fn op(numbers: &mut Numbers, kinds: &[usize], nests: bool) -> Op {
    let mut object = || numbers.below(OBJECTS);
    let (one, other) = (object(), object());
    let kind = kinds[numbers.below(kinds.len())];
    match kind {
        0 => Op::Section(one),
        1 => Op::Nested(one, 1 - one),
        2 => Op::Try(one),
        3 => Op::IsHeld(one),
        4 => Op::TryOrWait(one),
        5 => Op::Load(one),
        6 => Op::Store(one, numbers.below(3)),
        7 => Op::Exchange(one, numbers.below(2), 1 + numbers.below(2)),
        8..=10 => Op::Wait(Condition::random(numbers, OBJECTS, 2)),
        11 => Op::Park(one),
        12 => Op::Unpark(one),
        13 => Op::Choose(2),
        14 if nests => Op::Child(vec![op(numbers, kinds, false)], vec![op(numbers, kinds, false)]),
        15 if nests => Op::Orphan(vec![op(numbers, kinds, false)]),
        16 => Op::HeldStore(one),
        17 => Op::HeldLoad(one),
        18 => Op::Read(one),
        19 => Op::Write(one),
        20 => Op::Publish(one),
        21 => Op::ReadPublished(one, other),
        _ => Op::Load(one),
    }
}

/// `threads` threads that each pass `sections` critical sections on one lock.
pub fn sections(threads: usize, sections: usize) -> impl Fn() + Send + Sync + 'static {
    move || {
        let lock = Arc::new(RawLock::new());
        let start = |lock: Arc<RawLock>| {
            move || {
                for _ in 0..sections {
                    lock.lock().unwrap();
                    lock.unlock().unwrap();
                }
            }
        };
        let others: Vec<_> = (1..threads).map(|_| spawn(start(lock.clone()))).collect();
        start(lock)();
        others.into_iter().for_each(|other| other.join().unwrap());
    }
}

/// What executions of a program were seen to do.
pub type Outcomes = Arc<Mutex<BTreeSet<String>>>;

/// What a wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The facade's.
    Steps,
    /// One turn of its loop, looked at as any other looks: where it does not end the wait, the thread is gone for ever.
    /// Every wait that ends is a turn that came at the right time, so the outcomes are the same.
    OneTurn,
}

struct Machine {
    locks: Vec<RawLock>,
    /// What each lock protects.
    cells: Vec<Cell<usize>>,
    words: Vec<AtomicUsize>,
    /// A word that each lock protects.
    held: Vec<AtomicUsize>,
    parkers: Vec<Parker>,
    waits: Waits,
    /// Whether threads say that they remember nothing but their log.
    remembers: bool,
    logs: Mutex<Vec<(String, String)>>,
}

// SAFETY: each cell is accessed under its lock, which the engine checks.
unsafe impl Sync for Machine {}

/// The program, to be run: each execution that ends adds its outcome.
pub fn body(program: Program, waits: Waits, outcomes: Outcomes) -> impl Fn() + Send + Sync + 'static {
    // What is not described is told apart by its past: both must be right.
    let describes = program.len().is_multiple_of(2);
    let remembers = program.iter().map(Vec::len).sum::<usize>().is_multiple_of(2);
    move || {
        let machine = Arc::new(Machine {
            locks: (0..OBJECTS).map(|_| RawLock::new()).collect(),
            cells: (0..OBJECTS).map(|_| Cell::new(0)).collect(),
            words: (0..OBJECTS).map(|_| AtomicUsize::new(0)).collect(),
            held: (0..OBJECTS).map(|_| AtomicUsize::new(0)).collect(),
            remembers,
            // One more, on which nobody is let go.
            parkers: (0..=OBJECTS).map(|_| Parker::new()).collect(),
            waits,
            logs: Mutex::default(),
        });
        if describes {
            let described = machine.clone();
            state::describe(move |tell| described.describe(tell));
        }
        let others: Vec<_> = program
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, ops)| {
                let (machine, ops) = (machine.clone(), ops.clone());
                spawn(move || drop(run(&machine, format!("{n}"), "", &ops)))
            })
            .collect();
        run(&machine, "0".into(), "", &program[0]);
        others.into_iter().for_each(|other| other.join().unwrap());
        let mut logs = machine.logs.lock().unwrap().clone();
        logs.sort();
        outcomes.lock().unwrap().insert(format!("{logs:?}"));
    }
}

/// `outer` is what the thread has to remember beside this.
fn run(machine: &Arc<Machine>, name: String, outer: &str, ops: &[Op]) -> String {
    let mut log = String::new();
    for (n, op) in ops.iter().enumerate() {
        if machine.remembers {
            state::remember(&(outer, &name, n, &log));
        }
        let saw = step(machine, &format!("{name}.{n}"), &format!("{outer}{log}|"), op);
        log.push_str(&format!("{saw} "));
    }
    if machine.remembers {
        state::remember(&(outer, &name, ops.len(), &log));
    }
    machine.logs.lock().unwrap().push((name, log.clone()));
    log
}

impl Machine {
    /// Says what the cells hold, and nothing of the logs: what a thread has seen is all that they depend on.
    fn describe(&self, tell: state::Tell<'_>) {
        self.cells.iter().for_each(|cell| cell.describe(tell));
    }

    fn wait(&self, busy: impl Fn() -> bool) {
        match self.waits {
            Waits::Steps => spin_while(busy),
            Waits::OneTurn if busy() => self.parkers[OBJECTS].park(),
            Waits::OneTurn => {}
        }
    }
}

fn step(machine: &Arc<Machine>, name: &str, outer: &str, op: &Op) -> String {
    let Machine { locks, words, held, parkers, .. } = &**machine;
    let saw = match *op {
        Op::Section(l) => {
            locks[l].lock().unwrap();
            section(machine, l)
        }
        Op::Nested(outer, inner) => {
            locks[outer].lock().unwrap();
            locks[inner].lock().unwrap();
            section(machine, inner);
            section(machine, outer)
        }
        Op::Try(l) => {
            if locks[l].try_lock() {
                section(machine, l)
            } else {
                0
            }
        }
        Op::IsHeld(l) => usize::from(locks[l].is_held()),
        Op::TryOrWait(l) => {
            let mut turns = 0;
            while !locks[l].try_lock_or_wait(|| words[l].load(Site::LwpLockLook) == 0).unwrap() {
                turns += 1;
                // A word that is not 0 any more ends the wait, not the busy lock.
                if words[l].load(Site::LwpLockLook) != 0 {
                    return "0".into();
                }
                assert!(turns < 100, "a spinning thread goes round without news");
            }
            section(machine, l)
        }
        Op::Load(w) => words[w].load(Site::LwpLockRelook),
        Op::Store(w, value) => {
            words[w].store(value, Site::LwpSetlockPublish);
            0
        }
        Op::Exchange(w, old, new) => usize::from(words[w].compare_exchange(old, new, Site::SpinEnter)),
        Op::Wait(ref condition) => {
            let look = |look| match look {
                Look::Word(word) => words[word].load(Site::LwpLockRelook),
                Look::Lock(lock) => usize::from(locks[lock].is_held()),
            };
            machine.wait(|| condition.holds(&mut |what| Some(look(what))) == Some(false));
            0
        }
        Op::Park(p) => {
            parkers[p].park();
            0
        }
        Op::Unpark(p) => {
            parkers[p].unpark();
            0
        }
        Op::HeldStore(l) => {
            locks[l].lock().unwrap();
            held[l].store(1, Site::LwpSetlockPublish);
            locks[l].unlock().unwrap();
            0
        }
        Op::HeldLoad(l) => {
            locks[l].lock().unwrap();
            let value = held[l].load_held();
            locks[l].unlock().unwrap();
            value
        }
        // SAFETY: threads of a model run one at a time; that nothing orders the accesses is for the engine to find.
        Op::Read(c) => machine.cells[c].with(|cell| unsafe { *cell }),
        // SAFETY: as above.
        Op::Write(c) => machine.cells[c].with_mut(|cell| unsafe { std::mem::replace(&mut *cell, 7) }),
        Op::Publish(w) => {
            words[w].store(1, Site::LwpSetlockPublish);
            0
        }
        Op::ReadPublished(w, c) => {
            let published = words[w].load(Site::LwpLockRelook) != 0;
            // SAFETY: as above.
            if published { machine.cells[c].with(|cell| unsafe { *cell }) } else { 0 }
        }
        Op::Relay(w) => {
            spin_while(|| words[w].load(Site::LwpLockLook) != 1);
            words[w].store(1, Site::LwpSetlockPublish);
            words[1 - w].store(1, Site::LwpRelockPublish);
            0
        }
        Op::ReadPublishedLater(w, c) => {
            let published = words[w].load(Site::LwpLockRelook) != 0;
            spin_while(|| words[1 - w].load(Site::LwpLockLook) == 0);
            // SAFETY: as above.
            if published { machine.cells[c].with(|cell| unsafe { *cell }) } else { 0 }
        }
        Op::Choose(n) => choose(n),
        Op::Child(ref theirs, ref ours) => {
            let (their_machine, their_ops, their_name) =
                (machine.clone(), theirs.clone(), format!("{name}c"));
            let child = spawn(move || drop(run(&their_machine, their_name, "", &their_ops)));
            let saw = run(machine, format!("{name}o"), outer, ours);
            child.join().unwrap();
            return saw;
        }
        Op::Orphan(ref theirs) => {
            // Nothing orders its end before the logs are read, so it leaves none.
            let (machine, ops) = (machine.clone(), theirs.clone());
            drop(spawn(move || ops.iter().for_each(|op| _ = step(&machine, "orphan", "", op))));
            0
        }
    };
    saw.to_string()
}

/// The rest of a critical section: who passed before?
fn section(machine: &Machine, lock: usize) -> usize {
    // SAFETY: the caller holds the lock.
    let passed = machine.cells[lock].with_mut(|c| unsafe {
        *c += 1;
        *c
    });
    machine.locks[lock].unlock().unwrap();
    passed
}
