//! loom: every execution under the C11 memory model, with loom's own holes mended or detected.
//!
//! * loom forgets all but the last access to an atomic, so an access by one thread hides an earlier one by another
//!   from a third, and a thread that loads and then stores hides its store from another thread's earlier load (loom
//!   issues 166 and 392). `Anchors` mend that, and try-lock (issue 376) is built on them too.
//! * loom keeps seven stores of an atomic's history and drops older ones silently: [`model::Search`] says so.
//! * Stored words carry a stamp, so that a trace knows *which* store a load saw and not only its value.

use std::cell::{Cell as Plain, UnsafeCell};

use ::loom::sync::atomic::{self, Ordering, fence};
use ::loom::sync::{Condvar, Mutex, MutexGuard};

use super::ThreadId;
use crate::observe::{self, Event as Observed};
use crate::site::{Order, Site};
use model::{Event, Stamp};

/// One condition variable a thread, on which nobody ever waits: loom takes two notifications of the same one for
/// operations that depend on each other, and finds both orders.
///
/// A thread that looks at an object touches its own; a thread that changes the object touches everybody else's. So
/// each look depends on each change, whatever lies between, and two looks on nothing. Touches follow an operation
/// *quietly*, where loom may not switch threads: loom then takes back the operation itself, and they cost no
/// interleavings of their own.
#[derive(Debug)]
struct Anchors(Vec<Condvar>);

impl Anchors {
    fn new() -> Anchors {
        Anchors((0..model::threads()).map(|_| Condvar::new()).collect())
    }

    /// A switch point at which the caller looks.
    #[track_caller]
    fn look(&self) {
        self.0[current().get() - 1].notify_all();
    }

    /// Says that the caller has just looked.
    #[track_caller]
    fn looked(&self) {
        quietly(|| self.look());
    }

    /// Says that the caller has just made a change.
    #[track_caller]
    fn changed(&self) {
        let me = current().get() - 1;
        quietly(|| {
            self.0.iter().enumerate().filter(|(n, _)| *n != me).for_each(|(_, anchor)| anchor.notify_all())
        });
    }
}

/// Runs operations between which no other thread may run.
fn quietly<R>(f: impl FnOnce() -> R) -> R {
    ::loom::stop_exploring();
    let result = f();
    ::loom::explore();
    result
}

/// A word that threads may read and write without a lock.
#[derive(Debug)]
pub struct AtomicUsize {
    word: atomic::AtomicUsize,
    anchors: Anchors,
    object: u32,
    /// Whose it is, for whoever listens.
    owner: usize,
    stores: Plain<usize>,
    /// The newest word in execution order: what an exchange finds.
    newest: Plain<usize>,
}

// SAFETY: the plain fields are read and written only between two of loom's branch points, where one thread runs.
unsafe impl Sync for AtomicUsize {}

/// The low half of a word is its value, the high half the stamp of the store that wrote it.
const VALUE: usize = u32::MAX as usize;

impl AtomicUsize {
    /// A word that holds `value`.
    #[track_caller]
    pub fn new(value: usize) -> AtomicUsize {
        AtomicUsize {
            word: atomic::AtomicUsize::new(value),
            anchors: Anchors::new(),
            object: model::new_object(),
            owner: 0,
            stores: Plain::new(1),
            newest: Plain::new(value),
        }
    }

    /// Says whose the word is: listeners are told by this number.
    pub(crate) fn of(self, owner: usize) -> AtomicUsize {
        AtomicUsize { owner, ..self }
    }

    /// A racy load: anything may happen to the word at the same time.
    #[track_caller]
    pub fn load(&self, site: Site) -> usize {
        let order = site.order();
        if order == Order::EnterBarrier {
            fence(Ordering::Acquire);
        }
        let word = self.word.load(order.of_access());
        self.anchors.looked();
        model::record(Event::Load, self.object, word as u64);
        let value = word & VALUE;
        let from = model::author((word >> 32) as Stamp);
        observe::tell(|| Observed::Look { lid: self.owner, site, word: self.object, value, from });
        value
    }

    /// A load under the lock that protects the word: loom fails the model where a store is not ordered before it.
    #[track_caller]
    pub fn load_held(&self) -> usize {
        // SAFETY: loom itself verifies what this function asks for, that no store is concurrent.
        unsafe { self.word.unsync_load() & VALUE }
    }

    /// A store.
    #[track_caller]
    pub fn store(&self, value: usize, site: Site) {
        let word = self.stamped(value);
        self.word.store(word, site.order().of_access());
        self.anchors.changed();
        self.stored(word);
        self.tell(value, site);
    }

    /// Stores `new` if the word holds `old`, ordered by `site` where it does and relaxed where it does not.
    #[track_caller]
    pub fn compare_exchange(&self, old: usize, new: usize, site: Site) -> bool {
        let value = new;
        let new = self.stamped(new);
        self.anchors.look();
        self.anchors.changed();
        // Nobody runs between here and the exchange, which therefore finds the newest word. Where that holds another
        // value, it is compared with a word that no store writes.
        let newest = self.newest.get();
        let expected = if newest & VALUE == old { newest } else { !0 };
        let order = site.order().of_access();
        let result = quietly(|| self.word.compare_exchange(expected, new, order, Ordering::Relaxed));
        model::record(Event::Load, self.object, newest as u64);
        if result.is_ok() {
            self.stored(new);
            self.tell(value, site);
        }
        result.is_ok()
    }

    #[track_caller]
    fn tell(&self, value: usize, site: Site) {
        observe::tell(|| Observed::Stored { lid: self.owner, site, word: self.object, value });
    }

    fn stamped(&self, value: usize) -> usize {
        debug_assert!(value <= VALUE);
        value | (model::next_stamp() as usize) << 32
    }

    fn stored(&self, word: usize) {
        self.newest.set(word);
        self.stores.set(self.stores.get() + 1);
        if self.stores.get() > model::HISTORY {
            model::history_exceeded();
        }
        model::record(Event::Store, self.object, word as u64);
    }
}

/// Plain memory that some lock protects; loom fails the model where two accesses are not ordered.
pub type Cell<T> = ::loom::cell::UnsafeCell<T>;

/// Mutual exclusion by loom's blocking mutex in place of the spin lock.
///
/// That is sound because the spin lock is checked by itself (the `spin` family): every execution of it is mutually
/// exclusive and each release happens-before the next acquisition, which is exactly the contract of loom's mutex.
/// A program over the one can thus be told from a program over the other only by the time that it spends spinning.
#[derive(Debug)]
pub struct RawLock {
    /// Declared before the mutex it borrows, so dropped before it.
    guard: UnsafeCell<Option<MutexGuard<'static, ()>>>,
    mutex: Box<Mutex<()>>,
    /// On which a try sees acquisitions and releases; present where a model tries locks. loom's own `try_lock`
    /// would block behind a holder, and its release is no switch point.
    anchors: Option<Anchors>,
    owner: Plain<Option<ThreadId>>,
    /// The last acquisition or release, for the trace.
    last: Plain<Stamp>,
    object: u32,
}

// SAFETY: everything but the mutex is accessed only between two of loom's branch points, where one thread runs.
unsafe impl Sync for RawLock {}
// SAFETY: as above; loom's threads are coroutines of one thread.
unsafe impl Send for RawLock {}

impl RawLock {
    /// A free lock.
    #[track_caller]
    pub fn new() -> RawLock {
        RawLock {
            guard: UnsafeCell::new(None),
            mutex: Box::new(Mutex::new(())),
            anchors: model::try_lock_is_used().then(Anchors::new),
            owner: Plain::new(None),
            last: Plain::new(0),
            object: model::new_object(),
        }
    }

    /// A lock that is held for ever, by nobody.
    #[track_caller]
    pub fn held_for_ever() -> RawLock {
        let lock = RawLock::new();
        lock.owner.set(Some(ThreadId::NOBODY));
        lock
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// Gives back the holder where it will never release: the caller itself, or nobody.
    #[track_caller]
    pub fn lock(&self) -> Result<(), ThreadId> {
        let me = current();
        match self.owner.get() {
            Some(owner) if owner == me || owner == ThreadId::NOBODY => return Err(owner),
            _ => {}
        }
        self.taken(me, self.mutex.lock().unwrap());
        if let Some(anchors) = &self.anchors {
            anchors.looked();
        }
        Ok(())
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> bool {
        let me = current();
        let anchors = self.anchors.as_ref().expect("a model that tries locks must say so to Search::begin");
        anchors.look();
        anchors.changed();
        if self.owner.get().is_some() {
            model::record(Event::TryFailed, self.object, self.last.get().into());
            return false;
        }
        // The lock is free, and stays so until the next switch point.
        let guard = quietly(|| self.mutex.try_lock()).expect("nobody has run since the lock was seen free");
        self.taken(me, guard);
        true
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// Gives back the true owner where the caller is not it, and leaves the lock alone.
    #[track_caller]
    pub fn unlock(&self) -> Result<(), Option<ThreadId>> {
        let owner = self.owner.get();
        if owner != Some(current()) {
            return Err(owner);
        }
        if let Some(anchors) = &self.anchors {
            anchors.look();
        }
        self.owner.set(None);
        self.last.set(model::next_stamp());
        model::record(Event::Release, self.object, 0);
        // SAFETY: the caller holds the lock, so nobody else uses the guard.
        drop(unsafe { (*self.guard.get()).take() });
        Ok(())
    }

    /// Takes the lock, or lets another thread take a step where nobody can ever take it.
    ///
    /// A real waiter also leaves a busy lock that it no longer wants. From there on it cannot be told from one that
    /// came after the change of mind, which loom explores anyhow; so here it may as well wait for the lock.
    ///
    /// # Errors
    /// Gives back the caller's own id where the caller holds the lock already.
    #[track_caller]
    pub fn try_lock_or_wait(&self, wanted: impl Fn() -> bool) -> Result<bool, ThreadId> {
        match self.lock() {
            Ok(()) => Ok(true),
            Err(ThreadId::NOBODY) => {
                spin_while(wanted);
                Ok(false)
            }
            Err(me) => Err(me),
        }
    }

    /// Releases the lock for its holder.
    #[track_caller]
    pub(crate) fn release(&self) {
        assert_eq!(self.unlock(), Ok(()), "the holder of a guard holds its lock");
    }

    /// Who holds the lock. Only the holder's own answer can be relied on.
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner.get()
    }

    fn taken<'a>(&'a self, me: ThreadId, guard: MutexGuard<'a, ()>) {
        self.owner.set(Some(me));
        model::record(Event::Acquire, self.object, self.last.get().into());
        self.last.set(model::next_stamp());
        // SAFETY: the guard borrows from the box, which neither moves nor goes before the guard does.
        let guard = unsafe { std::mem::transmute::<MutexGuard<'a, ()>, MutexGuard<'static, ()>>(guard) };
        // SAFETY: the caller has just taken the lock, so nobody else uses the place.
        unsafe { *self.guard.get() = Some(guard) };
    }
}

/// Blocks one thread until another lets it go on. One token: a let-go that comes first is not lost, two count once.
///
/// Built on loom's `Notify`, which wakes spuriously, hence the token beside it. (loom's `Condvar` does not, but shares
/// its token with `thread::park`, loom issue 422.)
#[derive(Debug)]
pub struct Parker {
    notify: ::loom::sync::Notify,
    token: Plain<bool>,
    /// Orders what precedes a let-go before what follows the park: a spurious wake-up that finds the token orders
    /// nothing.
    order: atomic::AtomicUsize,
    /// The last let-go, for the trace.
    last: Plain<Stamp>,
    object: u32,
}

// SAFETY: the plain fields are read and written only between two of loom's branch points, where one thread runs.
unsafe impl Sync for Parker {}

impl Parker {
    /// A parker without a token.
    #[track_caller]
    pub fn new() -> Parker {
        Parker {
            notify: ::loom::sync::Notify::new(),
            token: Plain::new(false),
            order: atomic::AtomicUsize::new(0),
            last: Plain::new(0),
            object: model::new_object(),
        }
    }

    /// Waits for the token and takes it. One thread at a time may wait.
    #[track_caller]
    pub fn park(&self) {
        loop {
            self.notify.wait();
            if self.token.replace(false) {
                break;
            }
        }
        // ORDERING: Acquire, for the Release of `unpark`. An exchange sees the newest value.
        quietly(|| self.order.fetch_add(0, Ordering::Acquire));
        model::record(Event::Load, self.object, self.last.get().into());
    }

    /// [`Parker::park`] until a time has come, which it never does here.
    pub fn park_until(&self, until: Deadline) -> bool {
        match until {}
    }

    /// Gives the token, if it is not there already.
    #[track_caller]
    pub fn unpark(&self) {
        // ORDERING: Release, see `park`.
        quietly(|| self.order.fetch_add(1, Ordering::Release));
        self.notify.notify();
        // After the branch point in `notify`: a waiter that wakes spuriously must not take what nobody gave yet.
        self.token.set(true);
        self.last.set(model::next_stamp());
        model::record(Event::Store, self.object, 0);
    }
}

/// A time that comes: models have no clock, so there is none.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {}

/// Waits until `busy` may be over.
///
/// An execution in which a thread looks, waits and looks again differs from one in which it comes later and looks
/// once only by looks that change nothing. loom explores the later coming anyhow, so it finishes this execution
/// without branching: a wait costs one execution, and two waiters cannot keep each other waiting for ever. A wait
/// that nothing ends runs into the limit on branch points.
#[track_caller]
pub fn spin_while(_busy: impl Fn() -> bool) {
    observe::tell(|| Observed::Spins);
    model::leave();
    ::loom::thread::yield_now();
}

::loom::thread_local! {
    static ME: Plain<usize> = Plain::new(1);
}

/// The calling thread; the model's first is 1.
pub fn current() -> ThreadId {
    ThreadId(ME.with(|me| me.get()))
}

/// A spawned thread.
pub use ::loom::thread::JoinHandle;

/// Starts a thread.
#[track_caller]
pub fn spawn<T: 'static>(f: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    let number = model::new_thread();
    ::loom::thread::spawn(move || {
        ME.with(|me| me.set(number));
        f()
    })
}

/// What a checker says to this back end, and asks of it, around each execution.
pub mod model {
    use std::cell::RefCell;
    use std::collections::HashSet;
    use std::hash::{DefaultHasher, Hash, Hasher};

    /// loom's limit on the stores of a word that it remembers.
    pub const HISTORY: usize = 7;

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
    }

    /// What a thread has done so far: which events, and which store or release each of them saw. Wide enough that
    /// two histories never meet by chance.
    #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
    struct History {
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
        history_exceeded: bool,
        path: Path,
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

    /// A search through all executions of one model.
    ///
    /// loom's DPOR has no sleep sets: it reaches the same state by many orders of independent steps, and explores
    /// what follows from there each time. A search that `looks_back` remembers the states, and has loom finish an
    /// execution without branching once it reaches one again, as a sleep set would. A state is a
    /// Mazurkiewicz trace: all threads' histories, each load and acquisition with the store or release that it saw.
    #[derive(Debug)]
    pub struct Search(());

    impl Search {
        /// To be called before the first execution. `threads` counts all threads that an execution will ever have,
        /// the first included. A model that `uses_try_lock` has locks with more switch points. A search under a
        /// preemption bound must not look back: what follows from a state depends on the preemptions left.
        pub fn begin(threads: usize, uses_try_lock: bool, looks_back: bool) -> Search {
            with(|state| {
                *state = State { capacity: threads, uses_try_lock, ..State::default() };
                state.path.visited = looks_back.then(HashSet::new);
            });
            Search(())
        }

        /// To be called first thing in every execution.
        pub fn execution(&self) -> Trace {
            with(|state| {
                state.objects = 0;
                state.threads.clear();
                state.threads.push(History::default());
                state.path.length = 0;
                state.path.new = false;
                state.path.redundant = false;
            });
            Trace(())
        }

        /// Whether a word was stored to more often than loom remembers, in any execution so far: stale values may
        /// have been missed, and the search is not complete.
        pub fn history_exceeded(&self) -> bool {
            with(|state| state.history_exceeded)
        }
    }

    /// One execution, from its first operation to its last.
    #[derive(Debug)]
    pub struct Trace(());

    impl Trace {
        /// A hash of the execution up to the order of independent steps; `None` where it was finished without
        /// branching because others cover it.
        pub fn finish(self) -> Option<u128> {
            with(|state| (!state.path.redundant).then(|| digest(&state.threads)))
        }
    }

    fn digest(value: impl Hash) -> u128 {
        let half = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            value.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
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
            state.threads.push(History::default());
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
            let history = &mut state.threads[me - 1];
            history.hash = digest((history.hash, event, object, saw));
            history.events += 1;
            let event = digest((me, history.hash));
            let reached = digest(&state.threads);
            state.path.advance(event, reached)
        });
        if redundant {
            leave();
        }
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

    pub(super) fn history_exceeded() {
        with(|state| state.history_exceeded = true);
    }

    pub(super) fn threads() -> usize {
        with(|state| state.capacity)
    }

    pub(super) fn try_lock_is_used() -> bool {
        with(|state| state.uses_try_lock)
    }
}
