//! Waits: a thread goes on once its condition says so, and takes no step before.
//!
//! A wait is the last turn of its loop. Each look of that turn is a visible operation, which is *enabled* only where the
//! turn does not end by it with the answer to go on waiting; so the turns that change nothing are no executions of their
//! own. To know that in advance the engine [asks](ask) the condition itself: with what the turn has seen so far, and
//! with the value that the next look would see.
//!
//! # What is assumed of a condition
//! That it says the same whenever it sees the same, and does nothing but look: at words by
//! [`AtomicUsize::load`](super::AtomicUsize::load), at locks by [`RawLock::is_held`](super::RawLock::is_held). It may
//! look at several; each look is a step of its own, as in the loop that it stands for. It may read protected data on the
//! way to a look, which happens and is checked once, with the turn that is run; but not after the last look of a turn that
//! goes on waiting, which is not run. What breaks this is a failure with a name, where it shows: an action, such a read, a
//! condition that waits and has looked at nothing, and one whose answer differs though it saw the same. What a condition
//! writes to memory that no engine knows of does not show: it is written whenever the condition is asked.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use super::model::{self, Access, Object, Operation};
use crate::observe::{self, Event};

/// What a look saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What was looked at.
    pub object: Object,
    /// What came of it.
    pub result: usize,
}

/// What a condition would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The turn ends: the thread goes on waiting.
    Waits,
    /// The turn ends: the wait is over.
    Ends,
    /// The turn goes on: to another look, or to what a condition may not do.
    LooksOn,
}

type Condition = *const dyn Fn() -> bool;

/// A condition that is being asked.
struct Question {
    /// The number of the thread that waits.
    number: usize,
    /// What the turn sees, from its first look on.
    looks: Vec<Look>,
    /// The value of each object, for what the turn looks at beyond.
    values: Vec<usize>,
    /// How many looks the turn has taken.
    taken: usize,
    /// Whether the condition does what it may not.
    acts: bool,
    /// Whether it has read protected data since its last look.
    reads: bool,
    /// Whether listeners are told.
    loud: bool,
}

thread_local! {
    static ASKING: Cell<bool> = const { Cell::new(false) };
    static QUESTION: RefCell<Option<Question>> = const { RefCell::new(None) };
    /// The threads that wait, each with its number and its condition.
    static CONDITIONS: RefCell<Vec<Option<(usize, Condition)>>> = const { RefCell::new(Vec::new()) };
}

/// What the condition of `thread` would say if its turn saw `looks`, the last of which has not happened. `values` has the
/// value of each object, which is what it sees beyond.
///
/// Costs a call of the condition. The execution does not notice.
///
/// # Panics
/// Where the thread does not wait.
pub fn ask(thread: usize, looks: &[Look], values: impl Iterator<Item = usize>) -> Answer {
    match turn(thread, looks, values, false) {
        (Some(waits), taken) if taken <= looks.len() => {
            if waits {
                Answer::Waits
            } else {
                Answer::Ends
            }
        }
        _ => Answer::LooksOn,
    }
}

/// Whether a turn that saw only the present values would end with waiting.
pub fn waits_now(thread: usize, values: impl Iterator<Item = usize>) -> bool {
    turn(thread, &[], values, false).0 == Some(true)
}

/// Has a condition take a turn. Gives what it says and how many looks that took; no answer where it does what it may not,
/// or panics: it does so once more in its own thread, where that is reported.
fn turn(
    thread: usize,
    looks: &[Look],
    values: impl Iterator<Item = usize>,
    loud: bool,
) -> (Option<bool>, usize) {
    let condition = CONDITIONS.with_borrow(|c| c.get(thread).copied().flatten());
    let (number, condition) = condition.expect("a thread that is asked waits");
    let (looks, values) = (looks.to_vec(), values.collect());
    QUESTION.set(Some(Question { number, looks, values, taken: 0, acts: false, reads: false, loud }));
    ASKING.set(true);
    // SAFETY: the condition lives in the frame that made the thread's `Wait`, which takes it from the list before that
    // frame returns or unwinds.
    let answer = catch_unwind(AssertUnwindSafe(|| unsafe { (*condition)() }));
    ASKING.set(false);
    let question = QUESTION.take().expect("the question was asked here");
    let unseen = |waits: bool| question.acts || waits && question.reads;
    (answer.ok().filter(|&waits| !unseen(waits)), question.taken)
}

/// Whether a condition is being asked: what it does is no part of the execution.
#[inline]
pub(super) fn is_asking() -> bool {
    ASKING.get()
}

/// Whether a condition is being asked that listeners are not to hear of.
pub(super) fn is_silent() -> bool {
    is_asking() && !with_question(|q| q.loud)
}

fn with_question<R>(f: impl FnOnce(&mut Question) -> R) -> R {
    QUESTION.with_borrow_mut(|q| f(q.as_mut().expect("a condition is being asked")))
}

/// The number of the thread whose condition is being asked.
pub(super) fn asked_thread() -> usize {
    with_question(|q| q.number)
}

/// The condition that is being asked does this. Gives what comes of it.
pub(super) fn operation(operation: Operation, object: Option<Object>) -> usize {
    with_question(|q| {
        let value = object.and_then(|o| q.values.get(o as usize).copied()).unwrap_or(0);
        let Some(result) = operation.look(value) else {
            q.acts = true;
            return 0;
        };
        let seen = q.looks.get(q.taken).filter(|look| Some(look.object) == object);
        q.taken += 1;
        q.reads = false;
        seen.map_or(result, |look| look.result)
    })
}

/// The condition that is being asked accesses an object without looking at it. Gives its value.
pub(super) fn access(object: Object, access: Access) -> usize {
    with_question(|q| {
        match access {
            Access::Write | Access::Free => q.acts = true,
            Access::Read => q.reads = true,
            Access::Peek => {}
        }
        q.values.get(object as usize).copied().unwrap_or(0)
    })
}

/// The condition that is being asked does what it may not.
pub(super) fn acts() {
    with_question(|q| q.acts = true);
}

/// A thread that waits, until this is dropped.
pub(super) struct Wait(Option<usize>);

impl Wait {
    /// The running thread waits from here on, while `busy` says so.
    #[track_caller]
    pub(super) fn begin(busy: &dyn Fn() -> bool) -> Wait {
        if is_asking() {
            // A wait within a condition: told of when that runs in its own thread.
            acts();
            return Wait(None);
        }
        let place = Location::caller();
        let begins = model::with(|c| c.wait_begins(place).map(|thread| (thread, c.current())));
        let Some((thread, number)) = begins else { model::unwind() };
        // SAFETY: only the lifetime is forgotten, and the list gives the condition up with the value that is made here.
        let busy = unsafe { std::mem::transmute::<&dyn Fn() -> bool, &'static dyn Fn() -> bool>(busy) };
        CONDITIONS.with_borrow_mut(|c| {
            if c.len() <= thread {
                c.resize(thread + 1, None);
            }
            c[thread] = Some((number, std::ptr::from_ref(busy)));
        });
        Wait(Some(thread))
    }

    /// Tells listeners of the turn that the thread would take now, where that ends with waiting.
    #[cold]
    #[track_caller]
    pub(super) fn tell(&self) {
        let Some(thread) = self.0 else { return };
        let values = model::with(|c| c.values());
        if waits_now(thread, values.iter().copied()) {
            turn(thread, &[], values.into_iter(), true);
            observe::tell(|| Event::Spins);
        }
    }

    /// The turn that has run says to go on waiting, which only the turn of a condition that breaks its contract does.
    #[cold]
    pub(super) fn goes_on(&self) {
        if self.0.is_some() {
            model::with(|c| c.wait_goes_on());
            model::unwind();
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some(thread) = self.0 else { return };
        CONDITIONS.with_borrow_mut(|c| c[thread] = None);
        model::if_running(|c| c.wait_ends());
    }
}
