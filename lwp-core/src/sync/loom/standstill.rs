//! Executions that are over before their threads have ended.
//!
//! Where nobody can go on, and that is an end like any other, loom would take the execution for a failure and stop
//! searching. So it never comes to one here: the thread that would be the last to block, or that ends while all others
//! are blocked, sees that, and all threads unwind to where they began. They also do so where C11 forbids what loom did.
//!
//! A thread that unwinds does nothing of loom's any more. Others would run meanwhile, and all of loom's threads are
//! coroutines of one thread: while that panics, locks are poisoned.
//!
//! A thread that spins never blocks: to loom it could go on for ever. It cannot go on once two turns of its loop in a row
//! saw the same, and no word has changed since the first of them began. (One turn is not enough: it may have seen an old
//! store, which loom does not show again where there is a newer one.)

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::rc::{Rc, Weak};
use std::thread;

use ::loom::sync::Notify;

use super::super::ending::{Objection, Verdict};
use super::running::Switch;
use super::{Guard, current, model, panicking};

/// What unwinds where an execution is over.
#[derive(Debug)]
pub struct Over;

#[derive(Default)]
enum Doing {
    /// Runs, or could.
    #[default]
    Runs,
    /// Is parked, and has not been let go.
    Parked(Rc<Notify>),
    /// Waits for a lock.
    Locks(u32),
    /// Waits for the end of a thread.
    Joins(usize),
    /// Takes turns of a loop that looks.
    Spins(Turn),
    /// Unwinds, because the execution is over.
    Unwinds,
    /// Has ended.
    Ended,
}

/// A turn of a loop, which ended with going on waiting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How often words had changed when it began.
    changes: u64,
    /// What it saw.
    saw: u128,
    /// Whether the turn before was the same.
    again: bool,
}

impl Doing {
    fn parker(&self) -> Option<Rc<Notify>> {
        match self {
            Doing::Parked(parker) => Some(parker.clone()),
            _ => None,
        }
    }
}

#[derive(Default)]
struct State {
    /// Whether anybody looks at all.
    is_looked_for: bool,
    threads: Vec<Doing>,
    /// The locks that are held.
    held: Vec<Held>,
    /// How often words have changed.
    changes: u64,
    /// What the program says where nobody can go on.
    verdict: Option<Verdict>,
}

struct Held {
    lock: u32,
    guard: Weak<Guard>,
}

thread_local!(static STATE: RefCell<State> = RefCell::default());
thread_local!(static IS_OVER: Cell<bool> = const { Cell::new(false) });

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// An execution begins.
pub fn clear(is_looked_for: bool) {
    IS_OVER.set(false);
    with(|state| *state = State { is_looked_for, threads: vec![Doing::Runs], ..State::default() });
}

/// Whether the execution is over.
pub fn is_over() -> bool {
    IS_OVER.get()
}

/// A thread is started.
pub fn starts() {
    with(|state| state.threads.push(Doing::Runs));
}

/// The caller has taken a lock.
pub fn holds(lock: u32, guard: &Rc<Guard>) {
    let held = Held { lock, guard: Rc::downgrade(guard) };
    with(|state| state.held.push(held));
}

/// The caller releases a lock.
pub fn releases(lock: u32) {
    with(|state| state.held.retain(|held| held.lock != lock));
}

/// The caller is about to wait for a lock, unless that is free. Where nobody can go on it first does what loom takes for
/// the same, and does not block.
pub fn locks(lock: u32, instead: impl FnOnce()) {
    rests(Doing::Locks(lock));
    if is_over() {
        instead();
        unwind_if_over();
    }
}

/// The caller is about to park.
pub fn parks(parker: &Rc<Notify>) {
    rests(Doing::Parked(parker.clone()));
}

/// The caller goes on after it has waited.
pub fn goes_on() {
    unwind_if_over();
    with(|state| state.threads[current().get() - 1] = Doing::Runs);
}

/// Whoever is parked there is let go.
pub fn lets_go(parker: &Rc<Notify>) {
    with(|state| {
        for doing in &mut state.threads {
            if matches!(doing, Doing::Parked(at) if Rc::ptr_eq(at, parker)) {
                *doing = Doing::Runs;
            }
        }
    });
}

/// A word has changed.
pub fn changes() {
    with(|state| state.changes += 1);
}

/// How often words have changed.
pub fn changes_so_far() -> u64 {
    with(|state| state.changes)
}

/// The caller has taken a turn of a loop, which began when words had changed so often, and goes on waiting.
///
/// # Panics
/// Where nobody can go on and that is no end.
#[track_caller]
pub fn spins(changes: u64, saw: u128) {
    let (turn, is_failure) = with(|state| {
        let mine = &mut state.threads[current().get() - 1];
        let again = matches!(mine, Doing::Spins(last) if (last.changes, last.saw) == (changes, saw));
        let turn = Turn { changes, saw, again };
        *mine = Doing::Spins(turn);
        (turn, !state.is_looked_for && state.stands_still())
    });
    if is_failure {
        let me = current().get();
        panic!("livelock: nobody can go on: thread {me} waits for what no other thread will do");
    }
    rests(Doing::Spins(turn));
    unwind_if_over();
}

/// The caller is about to wait for the end of a thread.
pub fn joins(thread: usize) {
    rests(Doing::Joins(thread - 1));
}

/// Runs a thread's code; `None` where it unwinds because the execution is over.
pub fn thread<T>(f: impl FnOnce() -> T) -> Option<T> {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        unwind_if_over();
        let result = f();
        panicking::goes_on();
        rests(Doing::Ended);
        result
    }));
    match ended {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<Over>() => {
            with(|state| state.threads[current().get() - 1] = Doing::Ended);
            None
        }
        Err(payload) => {
            model::escapes();
            panic::resume_unwind(payload)
        }
    }
}

impl State {
    fn can_go_on(&self, doing: &Doing) -> bool {
        match doing {
            Doing::Runs | Doing::Unwinds => true,
            Doing::Parked(_) | Doing::Ended => false,
            Doing::Locks(lock) => !self.held.iter().any(|held| held.lock == *lock),
            Doing::Joins(thread) => matches!(self.threads[*thread], Doing::Ended),
            Doing::Spins(turn) => !turn.again || turn.changes != self.changes,
        }
    }

    fn stands_still(&self) -> bool {
        let all_have_ended = self.threads.iter().all(|doing| matches!(doing, Doing::Ended));
        !all_have_ended && !self.threads.iter().any(|doing| self.can_go_on(doing))
    }
}

/// The caller is about to rest. Where nobody else can go on either, the execution is over. The caller unwinds only once it
/// has begun to wait, since loom must see for what.
fn rests(doing: Doing) {
    let (stands_still, verdict) = with(|state| {
        state.threads[current().get() - 1] = doing;
        let stands_still = state.is_looked_for && !is_over() && state.stands_still();
        (stands_still, state.verdict.take_if(|_| stands_still))
    });
    if stands_still {
        verdict.into_iter().for_each(hear);
        model::stands_still();
        ends();
    }
}

/// Fails the execution where the program does not accept its end.
fn hear(verdict: Verdict) {
    match verdict() {
        Ok(()) => {}
        Err(Objection::Standstill(why)) => panic!("nobody can go on: {why}"),
        Err(Objection::Claim(why)) => panic!("{why}"),
    }
}

/// What the program says of the running execution where nobody can go on in the end.
pub fn judges(verdict: Verdict) {
    with(|state| state.verdict = Some(verdict));
}

/// Drops the execution: what loom has done is not to be.
pub fn abandon() -> ! {
    model::leave();
    ends();
    unwind()
}

/// The execution is over: wakes all that are parked, and all that wait for locks. Threads may hold these that have ended,
/// or that wait for each other.
fn ends() {
    IS_OVER.set(true);
    let (parked, held) = with(|state| {
        let parked = state.threads.iter().filter_map(Doing::parker).collect::<Vec<_>>();
        (parked, std::mem::take(&mut state.held))
    });
    // Before anything unwinds: that would poison them.
    held.into_iter().filter_map(|held| held.guard.upgrade()).for_each(|guard| drop(guard.take()));
    let _switch = Switch::new();
    parked.iter().for_each(|parker| parker.notify());
}

/// The caller unwinds where the execution is over, unless it does already.
pub fn unwind_if_over() {
    if is_over() && !unwinds() {
        unwind();
    }
}

/// The caller unwinds, for the execution is over.
pub fn unwind() -> ! {
    with(|state| state.threads[current().get() - 1] = Doing::Unwinds);
    panic::resume_unwind(Box::new(Over))
}

/// Whether the caller unwinds because the execution is over. Where it has caught that, it unwinds once more.
pub fn unwinds() -> bool {
    if !is_over() || !with(|state| matches!(state.threads[current().get() - 1], Doing::Unwinds)) {
        return false;
    }
    if !thread::panicking() {
        unwind();
    }
    true
}
