//! What a checker says to this back end, and asks of it, around each execution.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::Hash;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::super::ending::Objection;
pub use super::about::about;
pub use super::coherence::HISTORY;

/// Names an event of one execution whatever the schedule: the thread that did it, and its number among that
/// thread's events.
pub(super) type Stamp = u32;

#[derive(Clone, Copy, Hash)]
pub(super) enum Event {
    Load,
    Store,
    Acquire,
    TryFailed,
    Release,
    Moment,
}

/// What a thread has done so far: which events, and which store or release each of them saw. Wide enough that
/// two histories never meet by chance.
#[derive(Clone, Copy)]
pub(super) struct History {
    hash: u128,
    events: u32,
}

#[derive(Default)]
struct State {
    objects: u32,
    threads: Vec<History>,
    /// How many threads the execution will ever have.
    capacity: usize,
    uses_try_lock: bool,
    limits: Limits,
    /// Called where a panic leaves a thread.
    on_escape: Option<Rc<dyn Fn()>>,
    /// Whether nobody being able to go on is an end like any other.
    standstills_are_ends: bool,
    /// The execution up to where nobody could go on.
    stood_still: Option<u128>,
    path: Path,
}

/// What kept a search from seeing all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// A load could have seen a store that loom had forgotten.
    pub store_may_be_missed: bool,
    /// Three threads or more exchanged words in a search that looks back, which may then leave out what it has not seen.
    pub looked_back: bool,
    /// An exchange could have gone before a store that had come already.
    pub exchange_may_be_missed: bool,
    /// loom compared stores that it took for one, in an execution that C11 allows as far as is known.
    pub versions_met: bool,
    /// A panic unwound past operations, which were not interleaved with others.
    pub panic_unwound: bool,
}

/// Where the current execution is in the tree of all executions.
#[derive(Default)]
struct Path {
    /// The events of the last execution up to where this one differs, and then of this one.
    events: Vec<u128>,
    /// How many of them this execution has had.
    length: usize,
    /// Whether it has had an event yet that the last execution did not have there.
    new: bool,
    /// Whether other executions cover what follows.
    redundant: bool,
    /// The states that have been gone on from; `None` where the search does not look back.
    visited: Option<HashSet<u128>>,
}

thread_local!(static STATE: RefCell<State> = RefCell::default());

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// What this back end has to be told of a model before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// All threads that an execution will ever have, the first included.
    pub threads: usize,
    /// Whether it takes locks by trying: they have more switch points then.
    pub uses_try_lock: bool,
    /// Whether to leave out what follows from a state that was reached before. A search that does not is far longer
    /// and serves to check one that does. One under a preemption bound must not: what follows from a state depends on
    /// the preemptions left.
    pub looks_back: bool,
    /// Whether an execution in which nobody can go on ends like any other, and is no failure.
    pub standstills_are_ends: bool,
}

/// A search through all executions of one model.
///
/// loom's DPOR has no sleep sets: it reaches the same state by many orders of independent steps, and explores
/// what follows from there each time. A search that `looks_back` remembers the states, and has loom finish an
/// execution without branching once it reaches one again, as a sleep set would. A state is a
/// Mazurkiewicz trace: all threads' histories, each load and acquisition with the store or release that it saw.
#[derive(Debug)]
pub struct Search(());

impl Search {
    /// To be called before the first execution. A panic that a thread does not catch fails the model: `on_escape` is called
    /// then, before the panic goes on.
    pub fn begin(model: Model, on_escape: impl Fn() + 'static) -> Search {
        with(|state| {
            let Model { threads, uses_try_lock, looks_back, standstills_are_ends } = model;
            *state = State {
                capacity: threads,
                uses_try_lock,
                standstills_are_ends,
                on_escape: Some(Rc::new(on_escape)),
                ..State::default()
            };
            state.path.visited = looks_back.then(HashSet::new);
        });
        Search(())
    }

    /// To be called first thing in every execution.
    pub fn execution(&self) -> Trace {
        with(|state| {
            state.objects = 0;
            state.threads.clear();
            state.threads.push(History::of(1));
            state.path.length = 0;
            state.path.new = false;
            state.path.redundant = false;
            state.stood_still = None;
        });
        super::running::clear();
        super::clock::clear();
        super::panicking::clear();
        super::standstill::clear(with(|state| state.standstills_are_ends));
        Trace(())
    }

    /// What kept the search from seeing all, in any execution so far: it is not complete where anything did.
    pub fn limits(&self) -> Limits {
        with(|state| state.limits)
    }
}

/// One execution, from its first operation to its last.
#[derive(Debug)]
pub struct Trace(());

impl Trace {
    /// Runs what makes the model and its threads, from the first thread; `None` where it was over before its end: nobody
    /// could go on, or C11 forbids what loom had done.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        super::standstill::thread(f)
    }

    /// Whether nobody could go on in the end.
    pub fn stood_still(&self) -> bool {
        with(|state| state.stood_still.is_some())
    }

    /// A hash of the execution up to the order of independent steps; `None` where it was finished without
    /// branching because others cover it.
    ///
    /// No other covers one in which nobody can go on because a thread waits: none in which that comes later ends.
    pub fn finish(self) -> Option<u128> {
        with(|state| state.stood_still.or_else(|| (!state.path.redundant).then(|| state.reached())))
    }
}

/// What the program says of the running execution where no thread can go on in the end.
pub fn at_standstill(verdict: impl FnOnce() -> Result<(), Objection> + Send + 'static) {
    super::standstill::judges(Box::new(verdict));
}

impl History {
    /// A thread's that has done nothing: no two threads have the same.
    fn of(number: usize) -> History {
        History { hash: digest(number), events: 0 }
    }
}

impl State {
    /// What all threads have done: a sum, since each of them is as good as random.
    fn reached(&self) -> u128 {
        self.threads.iter().fold(0, |sum, history| sum.wrapping_add(history.hash))
    }
}

fn digest(value: impl Hash) -> u128 {
    let mut hasher = SipHasher13::new();
    value.hash(&mut hasher);
    hasher.finish128().as_u128()
}

pub(super) fn new_object() -> u32 {
    with(|state| {
        state.objects += 1;
        state.objects
    })
}

pub(super) fn new_thread() -> usize {
    with(|state| {
        assert!(state.threads.len() < state.capacity, "more threads than Search::begin was told of");
        state.threads.push(History::of(state.threads.len() + 1));
        state.threads.len()
    })
}

pub(super) fn next_stamp() -> Stamp {
    let me = super::current().get();
    with(|state| (me as u32) << 24 | state.threads[me - 1].events)
}

/// Whose event a stamp is of; nobody's, where a word has not been stored to.
pub(super) fn author(stamp: Stamp) -> Option<super::ThreadId> {
    super::ThreadId::from_number((stamp >> 24) as usize)
}

pub(super) fn record(event: Event, object: u32, saw: u64) {
    let me = super::current().get();
    let redundant = with(|state| {
        if state.stood_still.is_some() {
            return false;
        }
        let history = &mut state.threads[me - 1];
        history.hash = digest((history.hash, event, object, saw));
        history.events += 1;
        let event = history.hash;
        let reached = state.reached();
        state.path.advance(event, reached)
    });
    if redundant {
        leave();
    }
}

/// What the caller has done so far.
pub(super) fn history() -> History {
    let me = super::current().get();
    with(|state| state.threads[me - 1])
}

/// The caller has only looked since `before`, and that changes nothing: it is no part of the execution. Gives what it saw.
pub(super) fn take_back(before: History) -> u128 {
    let me = super::current().get();
    with(|state| std::mem::replace(&mut state.threads[me - 1], before).hash)
}

/// Finishes the execution without branching: nobody could go on, and all unwind.
pub(super) fn stands_still() {
    with(|state| {
        if state.stood_still.is_none() {
            state.stood_still = Some(state.reached());
        }
    });
    ::loom::skip_branch();
}

/// Finishes the execution without branching: others cover what could follow.
pub(super) fn leave() {
    with(|state| state.path.redundant = true);
    ::loom::skip_branch();
}

impl Path {
    /// Goes on by one event, and says whether it leads to a state that another execution has gone on from.
    fn advance(&mut self, event: u128, reached: u128) -> bool {
        if !self.new && self.events.get(self.length) != Some(&event) {
            self.new = true;
            self.events.truncate(self.length);
        }
        self.length += 1;
        if !self.new {
            return false;
        }
        self.events.push(event);
        match &mut self.visited {
            Some(visited) if !self.redundant => !visited.insert(reached),
            _ => false,
        }
    }
}

/// A panic that a thread has not caught leaves it.
pub(super) fn escapes() {
    if let Some(on_escape) = with(|state| state.on_escape.clone()) {
        on_escape();
    }
}

/// The caller exchanges a word.
pub(super) fn exchanges() {
    with(|state| state.limits.looked_back |= state.capacity > 2 && state.path.visited.is_some());
}

pub(super) fn store_may_be_missed() {
    with(|state| state.limits.store_may_be_missed = true);
}

pub(super) fn exchange_may_be_missed() {
    with(|state| state.limits.exchange_may_be_missed = true);
}

pub(super) fn panic_unwound() {
    with(|state| state.limits.panic_unwound = true);
}

/// How loom gives an execution up in which two stores have come to have the same place in its order.
const VERSIONS_MET: &str = "assertion `left != right` failed";

/// Whether a panic is loom giving an execution up, which says nothing of the program.
pub fn is_given_up(text: &str, file: &str) -> bool {
    text.starts_with(VERSIONS_MET) && file.ends_with("rt/atomic.rs")
}

/// Does something of loom's; `None` where loom gives the execution up.
pub(super) fn unless_loom_gives_up<R>(f: impl FnOnce() -> R) -> Option<R> {
    let payload = match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => return Some(result),
        Err(payload) => payload,
    };
    if payload.downcast_ref::<String>().is_some_and(|text| text.starts_with(VERSIONS_MET)) {
        if !super::standstill::is_over() {
            with(|state| state.limits.versions_met = true);
        }
        return None;
    }
    panic::resume_unwind(payload)
}

pub(super) fn threads() -> usize {
    with(|state| state.capacity)
}

pub(super) fn try_lock_is_used() -> bool {
    with(|state| state.uses_try_lock)
}
