//! shuttle: every execution under sequential consistency, for an engine that knows what each thread will do next.
//!
//! * A thread *announces* each visible operation before it happens: the object, the kind, the site, the place in
//!   the source. The engine ([`model::Control`]) then says who runs. So it knows every thread's next operation, which
//!   is what partial-order reduction needs, and decides from the announcements alone who can run: no thread ever
//!   blocks in one of shuttle's own primitives.
//! * Accesses that a lock protects ([`AtomicUsize::load_held`], [`Cell`]) are no visible operations. The engine
//!   checks that every two of them are ordered, so nothing depends on when they happen.
//! * What an operation means, which thread waits and what races with what is the engine's. Here is only the road to
//!   it: an object is a number.

use std::cell::UnsafeCell;
use std::panic::Location;

use super::ThreadId;
use crate::observe::{self, Event};
use crate::site::Site;
use model::{Access, Handle, Kind, Operation};

/// A word that threads may read and write without a lock.
#[derive(Debug)]
pub struct AtomicUsize {
    handle: Handle,
    /// Whose it is, for whoever listens.
    owner: usize,
}

impl AtomicUsize {
    /// A word that holds `value`.
    #[track_caller]
    pub fn new(value: usize) -> AtomicUsize {
        AtomicUsize { handle: Handle::new(Kind::Atomic, value), owner: 0 }
    }

    /// Says whose the word is: listeners are told by this number.
    pub(crate) fn of(self, owner: usize) -> AtomicUsize {
        AtomicUsize { owner, ..self }
    }

    /// A racy load: anything may happen to the word at the same time.
    #[track_caller]
    pub fn load(&self, site: Site) -> usize {
        let value = self.handle.perform(Operation::Load { site, order: site.order() });
        let word = self.handle.object();
        observe::tell(|| Event::Look { lid: self.owner, site, word, value, from: None });
        value
    }

    /// A load under the lock that protects the word: the engine fails the model where a store is not ordered with it.
    #[track_caller]
    pub fn load_held(&self) -> usize {
        self.handle.access(Access::Read)
    }

    /// A store.
    #[track_caller]
    pub fn store(&self, value: usize, site: Site) {
        self.handle.perform(Operation::Store { value, site, order: site.order() });
        self.stored(value, site);
    }

    /// Stores `new` if the word holds `old`, ordered by `site` where it does and relaxed where it does not.
    #[track_caller]
    pub fn compare_exchange(&self, old: usize, new: usize, site: Site) -> bool {
        let exchange = Operation::CompareExchange { old, new, site, order: site.order() };
        let stored = self.handle.perform(exchange) != 0;
        if stored {
            self.stored(new, site);
        }
        stored
    }

    #[track_caller]
    fn stored(&self, value: usize, site: Site) {
        let word = self.handle.object();
        observe::tell(|| Event::Stored { lid: self.owner, site, word, value });
    }
}

/// Plain memory that some lock protects; the engine fails the model where two accesses are not ordered.
#[derive(Debug)]
pub struct Cell<T> {
    handle: Handle,
    value: UnsafeCell<T>,
}

impl<T> Cell<T> {
    /// A cell that holds `value`.
    #[track_caller]
    pub fn new(value: T) -> Cell<T> {
        Cell { handle: Handle::new(Kind::Cell, 0), value: UnsafeCell::new(value) }
    }

    /// Reads through `f`. The pointer is valid; the caller's lock makes the access sound.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.handle.access(Access::Read);
        f(self.value.get())
    }

    /// Writes through `f`. The pointer is valid; the caller's lock makes the access sound.
    #[track_caller]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        self.handle.access(Access::Write);
        f(self.value.get())
    }
}

/// Mutual exclusion, decided by the engine: a thread that announces an acquisition runs when the lock is free.
///
/// That is sound in the spin lock's place for the reason given at loom's `RawLock`: the spin lock is checked by
/// itself.
#[derive(Debug)]
pub struct RawLock(Handle);

impl Default for RawLock {
    #[track_caller]
    fn default() -> RawLock {
        RawLock::new()
    }
}

impl RawLock {
    /// A free lock.
    #[track_caller]
    pub fn new() -> RawLock {
        RawLock(Handle::new(Kind::Lock, 0))
    }

    /// A lock that is held for ever, by nobody.
    #[track_caller]
    pub fn held_for_ever() -> RawLock {
        RawLock(Handle::new(Kind::Lock, ThreadId::NOBODY.get()))
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// Gives back the holder where it will never release: the caller itself, or nobody.
    #[track_caller]
    pub fn lock(&self) -> Result<(), ThreadId> {
        match self.owner() {
            Some(owner) if owner == current() || owner == ThreadId::NOBODY => {
                self.0.misuse(model::Misuse::WaitsForEver);
                return Err(owner);
            }
            _ => {}
        }
        self.0.perform(Operation::Lock);
        Ok(())
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> bool {
        self.0.perform(Operation::TryLock) != 0
    }

    /// Takes the lock, or waits until `wanted` may say something else where nobody can ever take it.
    ///
    /// A real waiter also leaves a busy lock that it no longer wants. From there on it cannot be told from one that
    /// came after the change of mind, which the engine explores anyhow; so here it may as well wait for the lock.
    ///
    /// # Errors
    /// Gives back the caller's own id where the caller holds the lock already.
    #[track_caller]
    pub fn try_lock_or_wait(&self, wanted: impl Fn() -> bool) -> Result<bool, ThreadId> {
        if self.owner() == Some(ThreadId::NOBODY) {
            spin_while(wanted);
            return Ok(false);
        }
        self.lock().map(|()| true)
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// Gives back the true owner where the caller is not it, and leaves the lock alone.
    #[track_caller]
    pub fn unlock(&self) -> Result<(), Option<ThreadId>> {
        let owner = self.owner();
        if owner != Some(current()) {
            self.0.misuse(model::Misuse::UnlockByStranger);
            return Err(owner);
        }
        self.0.perform(Operation::Unlock);
        Ok(())
    }

    /// Whether somebody holds the lock: what a spinning waiter looks at.
    #[track_caller]
    pub fn is_held(&self) -> bool {
        self.0.perform(Operation::IsHeld) != 0
    }

    /// Releases the lock for its holder.
    #[track_caller]
    pub(crate) fn release(&self) {
        assert_eq!(self.unlock(), Ok(()), "the holder of a guard holds its lock");
    }

    /// Who holds the lock. Only the holder's own answer can be relied on.
    pub fn owner(&self) -> Option<ThreadId> {
        ThreadId::from_number(self.0.access(Access::Peek))
    }
}

/// Blocks one thread until another lets it go on. One token: a let-go that comes first is not lost, two count once.
#[derive(Debug)]
pub struct Parker(Handle);

impl Parker {
    /// A parker without a token.
    #[track_caller]
    pub fn new() -> Parker {
        Parker(Handle::new(Kind::Parker, 0))
    }

    /// Waits for the token and takes it.
    #[track_caller]
    pub fn park(&self) {
        self.0.perform(Operation::Park);
    }

    /// [`Parker::park`] until a time has come, which it never does here.
    pub fn park_until(&self, until: Deadline) -> bool {
        match until {}
    }

    /// Gives the token, if it is not there already.
    #[track_caller]
    pub fn unpark(&self) {
        self.0.perform(Operation::Unpark);
    }
}

/// A time that comes: models have no clock, so there is none.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {}

/// Where `busy` says so, waits until somebody else has changed what `busy` looked at.
///
/// Until then it would say the same again, so nothing is lost. What it looked at is every atomic and every lock that
/// it touched; what a lock protects changes only after somebody has taken the lock.
#[track_caller]
pub fn spin_while(busy: impl Fn() -> bool) {
    let place = Location::caller();
    let since = model::with(|c| c.spin_begin());
    let waits = busy();
    // A `busy` that looked at nothing leaves nothing to wait for.
    if waits {
        observe::tell(|| Event::Spins);
    }
    if !model::with(|c| c.spin_end(since, waits, place)) && waits {
        model::perform(Operation::Yield, place);
    }
}

/// One of `0..n`: the engine takes every one in turn. A branch of the search and not a switch of threads.
///
/// # Panics
/// Where `n` is 0.
#[track_caller]
pub fn choose(n: usize) -> usize {
    assert!(n > 0, "there is nothing to choose from");
    model::perform(Operation::Choose(n), Location::caller())
}

/// The calling thread; the model's first is 1.
pub fn current() -> ThreadId {
    ThreadId(model::with(|c| c.current()) + 1)
}

/// A spawned thread.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: usize,
    result: std::sync::Arc<std::sync::Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended, and gives what it returned.
    ///
    /// # Errors
    /// Never: a thread that panics fails the model and ends the execution. The signature is std's.
    #[track_caller]
    #[inline(always)]
    pub fn join(self) -> std::thread::Result<T> {
        model::perform(Operation::Join(self.thread), Location::caller());
        let result = self.result.lock().unwrap().take();
        Ok(result.expect("a thread that has ended has left its result"))
    }
}

/// Starts a thread.
#[track_caller]
pub fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let thread = model::perform(Operation::Spawn, Location::caller());
    let result = std::sync::Arc::new(std::sync::Mutex::new(None));
    let slot = result.clone();
    // The handle is not needed: the model's first thread stays until all others have ended.
    drop(::shuttle::thread::spawn(move || {
        model::thread_body(move || {
            let value = f();
            *slot.lock().unwrap() = Some(value);
        });
    }));
    JoinHandle { thread, result }
}

/// What an engine says to this back end, and is told by it.
pub mod model {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
    use std::rc::Rc;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

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
        /// A turn of a spin loop that looked at nothing.
        Yield,
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
        fn access(
            &mut self,
            object: Object,
            access: Access,
            place: &'static Location<'static>,
        ) -> Option<usize>;
        /// The running thread misuses a lock.
        fn misuse(&mut self, object: Object, misuse: Misuse);
        /// The running thread, from 0.
        fn current(&self) -> usize;
        /// The running thread has ended, by this panic if it panicked.
        fn ended(&mut self, panic: Option<Box<dyn std::any::Any + Send>>);
        /// Whether a thread has not ended.
        fn unfinished(&self) -> bool;
        /// The running thread is about to ask whether it has to spin: where its looks begin.
        fn spin_begin(&mut self) -> usize;
        /// The running thread has asked. If it has to spin, its next operation is enabled only once another thread
        /// has changed what it looked at since `since`. Whether it looked at anything.
        fn spin_end(&mut self, since: usize, waits: bool, place: &'static Location<'static>) -> bool;
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
    fn unwind() -> ! {
        // Not a panic: the hook has nothing to report.
        resume_unwind(Box::new(GivenUp));
    }

    /// The payload of an unwinding that is no failure.
    #[derive(Debug)]
    pub struct GivenUp;

    #[track_caller]
    #[inline(always)]
    pub(super) fn perform(operation: Operation, place: &'static Location<'static>) -> usize {
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
            let place = Location::caller();
            let announcement = Announcement { operation, object: Some(self.object), place };
            go(self.with(|c| c.announce(announcement)))
        }

        #[track_caller]
        pub(super) fn access(&self, access: Access) -> usize {
            let place = Location::caller();
            self.with(|c| c.access(self.object, access, place)).unwrap_or_else(|| unwind())
        }

        #[track_caller]
        pub(super) fn misuse(&self, misuse: Misuse) {
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
}
