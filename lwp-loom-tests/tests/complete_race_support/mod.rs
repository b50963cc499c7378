//! Programs that may race for data, and what their threads did, written down by themselves.

pub mod happens_before;

use std::sync::{Arc, Mutex, Once};

use happens_before::{Event, Order, What, first_failure};
use lwp_core::site::{self, Site};
use lwp_core::sync::model::Allocation;
use lwp_core::sync::{AtomicUsize, Cell, JoinHandle, Parker, RawLock, spawn, spin_while};
use lwp_loom_tests::engine::complete::TAKEN;
use lwp_loom_tests::numbers::Numbers;

/// Objects of each kind.
const OBJECTS: usize = 2;

/// A memory access that something else is to order.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    Nothing,
    Read(usize),
    Write(usize),
    LoadHeld(usize),
    Touch,
    Free,
}

/// One operation of a thread, and what it does then.
#[derive(Clone, Debug)]
pub enum Op {
    Use(Use),
    /// A critical section.
    Section(usize, Use),
    /// A critical section if the lock is free; what it does if not.
    Try(usize, Use, Use),
    /// What it does where the word was not 0.
    Load(usize, Order, Use),
    Store(usize, usize, Order),
    /// What it does where it stored, and where it did not.
    Exchange(usize, usize, Order, Use, Use),
    /// Waits until the word is not 0.
    Wait(usize, Order),
    Park(usize),
    Unpark(usize),
    /// Starts a thread, with its number, does something, joins it.
    Child(usize, Vec<Op>, Vec<Op>),
}

/// A program: its threads.
pub type Program = Vec<Vec<Op>>;

/// What is asked of an access to what protects nothing here.
const HELD: usize = 0;

/// The program that a seed stands for.
pub fn program(seed: u64) -> Program {
    let mut numbers = Numbers::new(seed);
    let threads = 2 + numbers.below(2);
    let most = if threads == 2 { 4 } else { 2 + numbers.below(2) };
    let mut next = threads;
    // Of kinds that belong together, so that they meet, and of few others.
    let theme = THEMES[numbers.below(THEMES.len())];
    let kinds: Vec<usize> = theme.iter().copied().chain([USE, numbers.below(KINDS)]).collect();
    let uses: Vec<usize> = (0..2).map(|_| numbers.below(USES)).collect();
    let mut choose = Choose { numbers: &mut numbers, kinds, uses, next: &mut next };
    (0..threads).map(|_| choose.line(most)).collect()
}

const KINDS: usize = 10;
const USE: usize = KINDS;

/// Locks, words, exchanges, waits, parking, children: kinds of operation by which threads learn of each other.
const THEMES: [&[usize]; 9] =
    [&[0, 1], &[0, 1, 1], &[2, 3], &[2, 3, 3], &[2, 3, 4], &[3, 4, 4], &[3, 4, 5], &[6, 7, 7], &[8, 9]];

const USES: usize = 7;

struct Choose<'a> {
    numbers: &'a mut Numbers,
    kinds: Vec<usize>,
    uses: Vec<usize>,
    /// The number of the next thread.
    next: &'a mut usize,
}

impl Choose<'_> {
    fn line(&mut self, most: usize) -> Vec<Op> {
        (0..1 + self.numbers.below(most)).map(|_| self.op(true)).collect()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.numbers.below(all.len())]
    }

    fn access(&mut self) -> Use {
        let uses = self.uses.clone();
        match self.one_of(&uses) {
            0 | 1 => Use::Read(self.cell()),
            2 | 3 => Use::Write(self.cell()),
            4 => Use::LoadHeld(HELD),
            5 => Use::Touch,
            _ => Use::Free,
        }
    }

    /// Nearly always the same.
    fn cell(&mut self) -> usize {
        usize::from(self.numbers.below(4) == 0)
    }

    fn access_or_nothing(&mut self) -> Use {
        if self.numbers.below(3) == 0 { Use::Nothing } else { self.access() }
    }

    fn op(&mut self, nests: bool) -> Op {
        let object = usize::from(self.numbers.below(3) == 0);
        let kinds = self.kinds.clone();
        let loads = [Order::Relaxed, Order::Acquire, Order::AfterFence];
        let stores = [Order::Relaxed, Order::Release, Order::BehindBarrier];
        match self.one_of(&kinds) {
            0 => Op::Section(object, self.access_or_nothing()),
            1 => Op::Try(object, self.access_or_nothing(), self.access_or_nothing()),
            2 => Op::Load(object, self.one_of(&loads), self.access_or_nothing()),
            3 => Op::Store(object, self.one_of(&[1, 1, 2, 0]), self.one_of(&stores)),
            4 => {
                let order = self.one_of(&[Order::Relaxed, Order::Acquire, Order::Release]);
                let (then, otherwise) = (self.access_or_nothing(), self.access_or_nothing());
                Op::Exchange(object, self.numbers.below(2), order, then, otherwise)
            }
            5 => Op::Wait(object, self.one_of(&loads)),
            6 => Op::Park(object),
            7 => Op::Unpark(object),
            8 | 9 if nests => {
                let child = *self.next;
                *self.next += 1;
                Op::Child(child, vec![self.op(false)], vec![self.op(false)])
            }
            _ => Op::Use(self.access()),
        }
    }
}

/// An execution: what its threads did, as far as they came.
#[derive(Clone, Debug)]
pub struct Execution {
    pub events: Vec<Event>,
    /// What a thread was about to do when it was given up.
    pub about: Vec<Event>,
    /// Whether it came to its end.
    pub ended: bool,
}

impl Execution {
    /// Whether something in it has to be reported, or would have to be if a thread had done what it was about to: one that
    /// fails in a store does not come to write it down.
    pub fn goes_wrong(&self) -> bool {
        let with = |event: &Event| {
            let events: Vec<Event> = self.events.iter().chain([event]).copied().collect();
            first_failure(&events).is_some()
        };
        first_failure(&self.events).is_some() || !self.ended && self.about.iter().any(with)
    }
}

/// All executions of an exploration.
pub type Executions = Arc<Mutex<Vec<Execution>>>;

struct Machine {
    cells: Vec<Cell<()>>,
    memory: Allocation,
    locks: Vec<RawLock>,
    words: Vec<AtomicUsize>,
    parkers: Vec<Parker>,
    events: Mutex<Vec<Event>>,
    about: Mutex<Vec<Event>>,
}

// SAFETY: the cells hold nothing; that their accesses are ordered is for the engine to find out.
unsafe impl Sync for Machine {}
// SAFETY: as above.
unsafe impl Send for Machine {}

/// An execution that is under way: it is kept however it ends.
struct Recorded {
    machine: Arc<Machine>,
    executions: Executions,
    ended: bool,
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let events = std::mem::take(&mut *self.machine.events.lock().unwrap());
        let about = std::mem::take(&mut *self.machine.about.lock().unwrap());
        self.executions.lock().unwrap().push(Execution { events, about, ended: self.ended });
    }
}

/// The program, to be run: each execution is added to the others.
pub fn body(program: Program, executions: Executions) -> impl Fn() + Send + Sync + 'static {
    // For the whole process: every test of it has the same.
    static WEAKEN: Once = Once::new();
    WEAKEN.call_once(|| {
        site::weaken(AFTER_FENCE, Some(site::Order::EnterBarrier));
        site::weaken(BEHIND_BARRIER, Some(site::Order::MembarProducer));
    });
    move || {
        let machine = Arc::new(Machine {
            cells: (0..OBJECTS).map(|_| Cell::new(())).collect(),
            memory: Allocation::new(),
            locks: (0..OBJECTS).map(|_| RawLock::new()).collect(),
            words: (0..OBJECTS).map(|_| AtomicUsize::new(0)).collect(),
            parkers: (0..OBJECTS).map(|_| Parker::new()).collect(),
            events: Mutex::default(),
            about: Mutex::default(),
        });
        let mut recorded =
            Recorded { machine: machine.clone(), executions: executions.clone(), ended: false };
        let others: Vec<_> = (1..program.len()).map(|n| machine.start(0, n, program[n].clone())).collect();
        machine.run(0, &program[0]);
        for (n, other) in others.into_iter().enumerate() {
            other.join().unwrap();
            machine.did(0, What::Join(n + 1));
        }
        recorded.ended = true;
    }
}

const AFTER_FENCE: Site = Site::LwpLockRetryRelook;
const BEHIND_BARRIER: Site = Site::LwpUnlockToPublish;

fn load(order: Order) -> Site {
    match order {
        Order::Acquire => Site::LwpLockRelook,
        Order::AfterFence => AFTER_FENCE,
        _ => Site::LwpLockLook,
    }
}

fn store(order: Order) -> Site {
    match order {
        Order::Release => Site::LwpSetlockPublish,
        Order::BehindBarrier => BEHIND_BARRIER,
        _ => Site::LwpRelockPublish,
    }
}

fn exchange(order: Order) -> Site {
    match order {
        Order::Acquire => Site::SpinEnter,
        Order::Release => Site::CrRefcntFree,
        _ => Site::CrRefcntHold,
    }
}

impl Machine {
    fn did(&self, thread: usize, what: What) {
        self.events.lock().unwrap().push(Event { thread, what });
    }

    fn start(self: &Arc<Machine>, parent: usize, child: usize, ops: Vec<Op>) -> JoinHandle<()> {
        let machine = self.clone();
        let handle = spawn(move || machine.run(child, &ops));
        self.did(parent, What::Spawn(child));
        handle
    }

    fn run(self: &Arc<Machine>, me: usize, ops: &[Op]) {
        ops.iter().for_each(|op| self.step(me, op));
    }

    /// Accesses memory: between two steps, so that it can be written down before.
    fn access(&self, me: usize, what: Use) {
        match what {
            Use::Nothing => {}
            Use::Read(cell) => {
                self.did(me, What::Read(cell));
                self.cells[cell].with(|_| ());
            }
            Use::Write(cell) => {
                self.did(me, What::Write(cell));
                self.cells[cell].with_mut(|_| ());
            }
            Use::LoadHeld(word) => {
                self.did(me, What::LoadHeld(word));
                self.words[word].load_held();
            }
            Use::Touch => {
                self.did(me, What::Touch(0));
                self.memory.touch();
            }
            Use::Free => {
                self.did(me, What::Free(0));
                self.memory.free();
            }
        }
    }

    /// A look, which a condition that is only asked does not take.
    fn look(&self, me: usize, word: usize, order: Order) -> usize {
        let before = TAKEN.get();
        let value = self.words[word].load(load(order));
        if TAKEN.get() != before {
            self.did(me, What::Load(word, order));
        }
        value
    }

    /// A step that may store: what is about to happen is written down for where it fails.
    fn stores<T>(
        &self,
        me: usize,
        about: What,
        step: impl FnOnce() -> T,
        what: impl FnOnce(&T) -> What,
    ) -> T {
        let event = Event { thread: me, what: about };
        self.about.lock().unwrap().push(event);
        let result = step();
        self.about.lock().unwrap().retain(|other| *other != event);
        self.did(me, what(&result));
        result
    }

    fn step(self: &Arc<Machine>, me: usize, op: &Op) {
        match *op {
            Op::Use(what) => self.access(me, what),
            Op::Section(lock, what) => {
                self.locks[lock].lock().unwrap();
                self.did(me, What::Lock(lock));
                self.access(me, what);
                self.unlock(me, lock);
            }
            Op::Try(lock, then, otherwise) => {
                let took = self.locks[lock].try_lock();
                self.did(me, What::Try(lock, took));
                self.access(me, if took { then } else { otherwise });
                if took {
                    self.unlock(me, lock);
                }
            }
            Op::Load(word, order, then) => {
                if self.look(me, word, order) != 0 {
                    self.access(me, then);
                }
            }
            Op::Store(word, value, order) => {
                let what = What::Store(word, order);
                self.stores(me, what, || self.words[word].store(value, store(order)), |()| what);
            }
            Op::Exchange(word, old, order, then, otherwise) => {
                let new = 1 + old;
                let step = || self.words[word].compare_exchange(old, new, exchange(order));
                let what = |&stored: &bool| What::Exchange(word, order, stored);
                let stored = self.stores(me, What::Exchange(word, order, true), step, what);
                self.access(me, if stored { then } else { otherwise });
            }
            Op::Wait(word, order) => spin_while(|| self.look(me, word, order) == 0),
            Op::Park(parker) => {
                self.parkers[parker].park();
                self.did(me, What::Park(parker));
            }
            Op::Unpark(parker) => {
                self.parkers[parker].unpark();
                self.did(me, What::Unpark(parker));
            }
            Op::Child(child, ref theirs, ref ours) => {
                let handle = self.start(me, child, theirs.clone());
                self.run(me, ours);
                handle.join().unwrap();
                self.did(me, What::Join(child));
            }
        }
    }

    fn unlock(&self, me: usize, lock: usize) {
        self.locks[lock].unlock().unwrap();
        self.did(me, What::Unlock(lock));
    }
}
