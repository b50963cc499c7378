//! Executions in which nobody can go on, where that is an end like any other.
//!
//! loom takes such an execution for a failure and stops searching. So it never comes to one here: whoever would be the
//! last to block, or ends while all others are blocked, sees that, and everybody unwinds to where its thread began.
//!
//! A thread that spins never blocks: to loom it could go on for ever. It cannot go on once two turns of its loop in a row
//! saw the same, and no word has changed since the first of them began. (One turn is not enough: it may have seen an old
//! store, which loom does not show again where there is a newer one.)

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::rc::{Rc, Weak};

use ::loom::sync::Notify;

use super::super::ending::{Objection, Verdict};
use super::running::Switch;
use super::{Guard, current, model};

/// What unwinds where nobody can go on.
#[derive(Debug)]
pub struct Standstill;

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
    /// Unwinds: its destructors may take locks.
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
    /// The locks that are held, and by whom.
    held: Vec<Held>,
    /// How often words have changed.
    changes: u64,
    /// Nobody can go on.
    is_here: bool,
    /// What the program says of that.
    verdict: Option<Verdict>,
}

struct Held {
    lock: u32,
    thread: usize,
    guard: Weak<Guard>,
}

thread_local!(static STATE: RefCell<State> = RefCell::default());

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// An execution begins.
pub fn clear(is_looked_for: bool) {
    with(|state| *state = State { is_looked_for, threads: vec![Doing::Runs], ..State::default() });
}

/// Whether the execution has come to where nobody can go on.
pub fn is_here() -> bool {
    with(|state| state.is_here)
}

/// A thread is started.
pub fn starts() {
    with(|state| state.threads.push(Doing::Runs));
}

/// The caller has taken a lock.
pub fn holds(lock: u32, guard: &Rc<Guard>) {
    let held = Held { lock, thread: current().get(), guard: Rc::downgrade(guard) };
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
    if is_here() && !unwinds() {
        instead();
        unwind_if_here();
    }
}

/// The caller is about to park.
pub fn parks(parker: &Rc<Notify>) {
    rests(Doing::Parked(parker.clone()));
}

/// The caller goes on after it has waited.
pub fn goes_on() {
    if !unwinds() {
        with(|state| state.threads[current().get() - 1] = Doing::Runs);
    }
    unwind_if_here();
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
        if !matches!(mine, Doing::Unwinds) {
            *mine = Doing::Spins(turn);
        }
        (turn, !state.is_looked_for && state.stands_still())
    });
    if is_failure {
        let me = current().get();
        panic!("livelock: nobody can go on: thread {me} waits for what no other thread will do");
    }
    rests(Doing::Spins(turn));
    unwind_if_here();
}

/// The caller is about to wait for the end of a thread.
pub fn joins(thread: usize) {
    rests(Doing::Joins(thread - 1));
}

/// Runs a thread's code; `None` where it unwinds because nobody can go on.
pub fn thread<T>(f: impl FnOnce() -> T) -> Option<T> {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        let result = f();
        rests(Doing::Ended);
        result
    }));
    match ended {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<Standstill>() => {
            with(|state| state.threads[current().get() - 1] = Doing::Ended);
            None
        }
        Err(payload) => panic::resume_unwind(payload),
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

/// The caller is about to rest. Where nobody else can go on either, all that are parked are woken, to unwind: the caller
/// too, but only once it has begun to wait, since loom must see for what.
fn rests(doing: Doing) {
    if unwinds() {
        return;
    }
    let (stands_still, verdict) = with(|state| {
        state.threads[current().get() - 1] = doing;
        state.is_here |= state.is_looked_for && state.stands_still();
        (state.is_here, state.verdict.take_if(|_| state.is_here))
    });
    if stands_still {
        verdict.into_iter().for_each(hear);
        model::stands_still();
        let parked = with(|state| state.threads.iter().filter_map(Doing::parker).collect::<Vec<_>>());
        let _switch = Switch::new();
        parked.iter().for_each(|parker| parker.notify());
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

/// The caller unwinds where nobody can go on, unless it does already.
pub fn unwind_if_here() {
    if is_here() && !unwinds() {
        let me = current().get();
        let mine = with(|state| {
            state.threads[me - 1] = Doing::Unwinds;
            state.held.extract_if(.., |held| held.thread == me).collect::<Vec<_>>()
        });
        // Before it unwinds: that would poison them, and loom does not go on from there.
        mine.into_iter().filter_map(|held| held.guard.upgrade()).for_each(|guard| drop(guard.take()));
        panic::resume_unwind(Box::new(Standstill));
    }
}

fn unwinds() -> bool {
    with(|state| matches!(state.threads[current().get() - 1], Doing::Unwinds))
}
