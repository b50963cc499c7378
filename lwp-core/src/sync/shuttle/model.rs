//! What an engine says to this back end, and is told by it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::ending::{Objection, Verdict};
use super::state::Description;
use super::wait;
pub use super::wait::{Answer, Look, ask, waits_now};
pub use crate::site::Order;
use crate::site::Site;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An [`AtomicUsize`](super::AtomicUsize); its value is the word.
    Atomic,
    /// A [`RawLock`](super::RawLock); its value is the holder's number, or 0.
    Lock,
    /// A [`Parker`](super::Parker); its value is 1 where the token is there.
    Parker,
    /// A [`Cell`](super::Cell).
    Cell,
    /// An [`Allocation`]; its value is 1 once it is freed.
    Allocation,
    /// What a program watches: see [`Operation::Moment`].
    Moments,
}

/// A visible operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The first step of a thread.
    Start,
    /// The last step of the model's first thread: enabled when all others have ended.
    Finish,
    /// A racy load. Results in the word.
    Load {
        /// Where.
        site: Site,
        /// The site's ordering, now.
        order: Order,
    },
    /// A store.
    Store {
        /// What is stored.
        value: usize,
        /// Where.
        site: Site,
        /// The site's ordering, now.
        order: Order,
    },
    /// A compare-and-exchange. Results in 1 where it stored.
    CompareExchange {
        /// The word that it wants to find.
        old: usize,
        /// What is stored.
        new: usize,
        /// Where.
        site: Site,
        /// The site's ordering where it stores, now.
        order: Order,
    },
    /// An acquisition: enabled when the lock is free.
    Lock,
    /// An attempt. Results in 1 where it took the lock.
    TryLock,
    /// A release, by the holder.
    Unlock,
    /// A look. Results in 1 where the lock is held.
    IsHeld,
    /// A wait for the token: enabled when it is there.
    Park,
    /// Giving the token.
    Unpark,
    /// A new thread. Results in its number, from 0.
    Spawn,
    /// The wait for a thread's end.
    Join(usize),
    /// A choice. Results in what was chosen.
    Choose(usize),
    /// What a program watches is about to change: each such step depends on each other. It orders no memory.
    Moment,
}

impl Operation {
    /// What comes of it where it only looks, and sees `value`; nothing where it does more.
    #[inline]
    pub fn look(self, value: usize) -> Option<usize> {
        match self {
            Operation::Load { .. } => Some(value),
            Operation::IsHeld => Some(usize::from(value != 0)),
            _ => None,
        }
    }
}

/// An access that is no visible operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads what a lock protects.
    Read,
    /// Writes what a lock protects.
    Write,
    /// Looks without being checked: at a lock's holder, whose own answer nothing can change.
    Peek,
    /// Frees memory: every other access has to be ordered before it.
    Free,
}

/// How a thread can misuse a lock. It is told of it by an `Err`; the engine is told so that it can name the
/// failure that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Misuse {
    /// The caller takes a lock that it holds, or that nobody will ever release.
    WaitsForEver,
    /// The caller releases a lock that it does not hold.
    UnlockByStranger,
}

/// An object of the running execution, by its number.
pub type Object = u32;

/// An operation that a thread is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Announcement {
    /// The operation.
    pub operation: Operation,
    /// What it is done to, if anything.
    pub object: Option<Object>,
    /// Where in the source.
    pub place: &'static Location<'static>,
}

impl PartialEq for Announcement {
    fn eq(&self, other: &Announcement) -> bool {
        // Nearly always the very same location, which spares a comparison of file names.
        (self.operation, self.object) == (other.operation, other.object)
            && (std::ptr::eq(self.place, other.place) || self.place == other.place)
    }
}

impl Eq for Announcement {}

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go on: the announced operation is done, with this result.
    Go(usize),
    /// Let the others run, then ask [`Control::resumed`].
    Switch,
    /// Give the execution up: unwind the thread's stack.
    Unwind,
}

/// The engine's side of the back end.
pub trait Control {
    /// A number that no other exploration of this process has.
    fn run(&self) -> u64;
    /// A new object. Its number depends only on what the threads did so far.
    fn new_object(&mut self, kind: Kind, value: usize, place: &'static Location<'static>) -> Object;
    /// The running thread is about to do this.
    fn announce(&mut self, announcement: Announcement) -> Turn;
    /// The running thread is back from a switch, or starts.
    fn resumed(&mut self) -> Turn;
    /// An access that is no visible operation: the object's value, or nothing where the execution has just
    /// failed by this access and the thread has to unwind.
    fn access(&mut self, object: Object, access: Access, place: &'static Location<'static>) -> Option<usize>;
    /// The running thread misuses a lock.
    fn misuse(&mut self, object: Object, misuse: Misuse);
    /// The number of the running thread.
    fn current(&self) -> usize;
    /// Which thread has this number, in the order in which they started, from 1.
    fn started_as(&self, number: usize) -> usize;
    /// The running thread has ended, by this panic if it panicked.
    fn ended(&mut self, panic: Option<Box<dyn std::any::Any + Send>>);
    /// Whether a thread has not ended.
    fn unfinished(&self) -> bool;
    /// The running thread waits from here on: until [`Control::wait_ends`] it takes only steps that lead on, as [`ask`]
    /// says. Gives its number; nothing where it waits already and the execution has failed by that.
    fn wait_begins(&mut self, place: &'static Location<'static>) -> Option<usize>;
    /// The running thread waits no more.
    fn wait_ends(&mut self);
    /// The running thread passes a wait, which cannot wait while a panic unwinds it.
    fn passes_wait(&mut self, place: &'static Location<'static>);
    /// The condition of the running thread says to go on waiting, though a turn that does is not run: the execution fails.
    fn wait_goes_on(&mut self);
    /// The value of each object.
    fn values(&self) -> Vec<usize>;
    /// Whether states are told apart, and what threads remember counts.
    fn keeps_states(&self) -> bool;
    /// The running thread forgets all that it has seen, but for this.
    fn remembers(&mut self, memory: u64);
    /// The running thread begins a loop: each turn forgets what the turns before have seen.
    fn begins_turns(&mut self);
    /// It begins another turn, or ends the loop.
    fn begins_turn(&mut self, goes_on: bool, place: &'static Location<'static>);
    /// What cells hold, for this execution.
    fn describes(&mut self, description: Description);
    /// What the program says of this execution where no thread can go on in the end.
    fn judges_standstill(&mut self, verdict: Verdict);
}

thread_local!(static CONTROL: RefCell<Option<InCharge>> = const { RefCell::new(None) });

/// An engine, and the number of its exploration, which every access asks for.
struct InCharge {
    run: u64,
    control: Rc<RefCell<dyn Control>>,
}

/// The explorations whose objects were touched by a thread that is not theirs.
static TRESPASSED: Mutex<Vec<u64>> = Mutex::new(Vec::new());
static ANY_TRESPASS: AtomicBool = AtomicBool::new(false);

/// Whether a thread that the engine does not control has touched an object of this exploration.
pub fn trespassed(run: u64) -> bool {
    // ORDERING: the flag only spares the lock; a trespass that is seen one execution later is seen.
    ANY_TRESPASS.load(Ordering::Relaxed) && TRESPASSED.lock().unwrap().contains(&run)
}

/// An engine that is in charge of this operating-system thread until this is dropped.
#[derive(Debug)]
pub struct Installed(());

/// Puts an engine in charge of this operating-system thread.
pub fn install(control: Rc<RefCell<dyn Control>>) -> Installed {
    let run = control.borrow().run();
    CONTROL.with(|c| *c.borrow_mut() = Some(InCharge { run, control }));
    Installed(())
}

impl Drop for Installed {
    fn drop(&mut self) {
        CONTROL.with(|c| *c.borrow_mut() = None);
    }
}

#[track_caller]
pub(super) fn with<R>(f: impl FnOnce(&mut dyn Control) -> R) -> R {
    with_if_running(None, f).unwrap_or_else(|| outside())
}

/// Tells the engine in charge, if there is one still.
pub(super) fn if_running(f: impl FnOnce(&mut dyn Control)) {
    with_if_running(None, f);
}

/// The number of the running thread; while a condition is asked, of the thread that it is of.
#[track_caller]
pub(super) fn current() -> usize {
    if wait::is_asking() { wait::asked_thread() } else { with(|c| c.current()) }
}

/// The number of the model's first thread; 0 stands for none.
pub const FIRST: usize = 1;

/// How many threads one can start.
const CHILDREN: usize = 16;

/// The number of the `n`th thread, from 1, that the one with the number `parent` starts.
pub fn child(parent: usize, n: usize) -> usize {
    debug_assert!((1..CHILDREN).contains(&n), "a thread starts fewer than {CHILDREN}");
    // The first thread's children are numbered like it: nearly all threads are such.
    if parent == FIRST { FIRST + n } else { parent * CHILDREN + n }
}

/// Which thread has this number, in the order in which they started, from 1.
pub(crate) fn started_as(number: usize) -> usize {
    let mut place = number;
    if_running(|c| place = c.started_as(number));
    place
}

/// Asks the engine in charge, if there is one, and if it is that of the exploration `run` where one is named.
fn with_if_running<R>(run: Option<u64>, f: impl FnOnce(&mut dyn Control) -> R) -> Option<R> {
    let ask = |c: &RefCell<Option<InCharge>>| {
        let c = c.borrow();
        let c = c.as_ref().filter(|c| run.is_none_or(|run| run == c.run))?;
        Some(f(&mut *c.control.borrow_mut()))
    };
    CONTROL.try_with(ask).ok().flatten()
}

#[cold]
#[track_caller]
fn outside() -> ! {
    panic!("with --cfg shuttle, this works only in a thread that an engine runs");
}

/// Gives the running thread's execution up.
///
/// Unwinding costs by the frame, and where somebody waits for ever in most executions it is a third of a search: what
/// stands between a blocked thread and its first function is inlined.
#[inline(always)]
pub(super) fn unwind() -> ! {
    // Not a panic: the hook has nothing to report.
    resume_unwind(Box::new(GivenUp));
}

/// The payload of an unwinding that is no failure.
#[derive(Debug)]
pub struct GivenUp;

#[track_caller]
#[inline(always)]
pub(super) fn perform(operation: Operation, place: &'static Location<'static>) -> usize {
    if wait::is_asking() {
        return wait::operation(operation, None);
    }
    go(with(|c| c.announce(Announcement { operation, object: None, place })))
}

#[inline(always)]
fn go(turn: Turn) -> usize {
    match turn {
        Turn::Go(result) => result,
        Turn::Switch => {
            // shuttle knows no time: sleeping is its cheapest switch.
            ::shuttle::thread::sleep(Duration::ZERO);
            match with(|c| c.resumed()) {
                Turn::Go(result) => result,
                Turn::Switch | Turn::Unwind => unwind(),
            }
        }
        Turn::Unwind => unwind(),
    }
}

/// What the program says of the running execution where no thread can go on in the end.
pub fn at_standstill(verdict: impl FnOnce() -> Result<(), Objection> + Send + 'static) {
    with(|c| c.judges_standstill(Box::new(verdict)));
}

/// Runs a thread of the model from its first step to its last, and tells the engine how it ended.
pub(super) fn thread_body(f: impl FnOnce()) {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        match with(|c| c.resumed()) {
            Turn::Go(_) => {}
            Turn::Switch | Turn::Unwind => unwind(),
        }
        f();
    }));
    with(|c| c.ended(ended.err().filter(|panic| !panic.is::<GivenUp>())));
}

/// Runs the model's first thread, which stays until all others have ended.
pub fn first_thread(f: impl FnOnce()) {
    thread_body(|| {
        f();
        perform(Operation::Finish, Location::caller());
    });
    // Where the execution was given up, the others have yet to unwind: shuttle would leak their stacks.
    while with(|c| c.unfinished()) {
        ::shuttle::thread::sleep(Duration::ZERO);
    }
}

/// The engine's number for an object, and whose object it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    run: u64,
    object: Object,
}

impl Handle {
    #[track_caller]
    pub(super) fn new(kind: Kind, value: usize) -> Handle {
        if wait::is_asking() {
            wait::acts();
            return Handle { run: 0, object: Object::MAX };
        }
        let place = Location::caller();
        with(|c| Handle { run: c.run(), object: c.new_object(kind, value, place) })
    }

    /// The engine's number.
    pub(super) fn object(&self) -> Object {
        self.object
    }

    #[track_caller]
    #[inline(always)]
    pub(super) fn perform(&self, operation: Operation) -> usize {
        if wait::is_asking() {
            return wait::operation(operation, Some(self.object));
        }
        let place = Location::caller();
        let announcement = Announcement { operation, object: Some(self.object), place };
        go(self.with(|c| c.announce(announcement)))
    }

    #[track_caller]
    pub(super) fn access(&self, access: Access) -> usize {
        if wait::is_asking() {
            return wait::access(self.object, access);
        }
        let place = Location::caller();
        self.with(|c| c.access(self.object, access, place)).unwrap_or_else(|| unwind())
    }

    #[track_caller]
    pub(super) fn misuse(&self, misuse: Misuse) {
        if wait::is_asking() {
            return wait::acts();
        }
        self.with(|c| c.misuse(self.object, misuse));
    }

    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&mut dyn Control) -> R) -> R {
        with_if_running(Some(self.run), f).unwrap_or_else(|| self.trespass())
    }

    #[cold]
    #[track_caller]
    fn trespass(&self) -> ! {
        TRESPASSED.lock().unwrap().push(self.run);
        // ORDERING: see `trespassed`.
        ANY_TRESPASS.store(true, Ordering::Relaxed);
        outside()
    }
}

/// A piece of memory that can be freed too early: touching it after [`Allocation::free`], or at the same time,
/// fails the model as a use after free.
#[derive(Debug)]
pub struct Allocation(Handle);

impl Allocation {
    /// Memory that is in use from now on.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "a default has no place to report")]
    pub fn new() -> Allocation {
        Allocation(Handle::new(Kind::Allocation, 0))
    }

    /// The caller uses the memory.
    #[track_caller]
    pub fn touch(&self) {
        self.0.access(Access::Read);
    }

    /// The caller frees the memory.
    #[track_caller]
    pub fn free(&self) {
        self.0.access(Access::Free);
    }
}
