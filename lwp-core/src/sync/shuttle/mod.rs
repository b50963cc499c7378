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
//! * A thread's number says who started it, and as its how-manieth thread: threads that two others start have the
//!   same numbers whichever of the two comes first.

pub mod model;
pub mod state;
mod wait;

use std::cell::UnsafeCell;
use std::panic::Location;

use super::ThreadId;
use crate::observe::{self, Event};
use crate::site::Site;
use model::{Access, Handle, Kind, Operation};
use wait::Wait;

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
#[derive(Clone, Copy, Debug, Hash)]
pub enum Deadline {}

/// Waits while `busy` says so: at once where it does not, and for ever where nothing changes its mind.
///
/// The thread's next step is enabled only where it leads on: see [`model::ask`] for what that assumes of `busy`.
#[track_caller]
pub fn spin_while(busy: impl Fn() -> bool) {
    // In a destructor while a panic unwinds, or an execution that was given up: nothing can block that.
    if std::thread::panicking() {
        let place = Location::caller();
        return model::if_running(|c| c.passes_wait(place));
    }
    let wait = Wait::begin(&busy);
    if observe::is_listened_to() {
        wait.tell();
    }
    if busy() {
        wait.goes_on();
    }
}

/// Whether a condition is being asked in advance, which listeners are not to hear of.
pub(crate) fn asks_in_silence() -> bool {
    wait::is_silent()
}

/// What a program watches: each change of it comes before or after each other.
#[derive(Debug)]
pub(crate) struct Moments(Handle);

impl Moments {
    /// Nothing has changed.
    #[track_caller]
    pub fn new() -> Moments {
        Moments(Handle::new(Kind::Moments, 0))
    }

    /// A step that depends on every other such step, and orders no memory.
    #[track_caller]
    pub fn next(&self) {
        self.0.perform(Operation::Moment);
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
    ThreadId(model::current())
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
