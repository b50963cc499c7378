//! loom: every execution under the C11 memory model, with loom's own holes mended or detected.
//!
//! * loom forgets all but the last access to an atomic, so an access by one thread hides an earlier one by another
//!   from a third, and a thread that loads and then stores hides its store from another thread's earlier load (loom
//!   issues 166 and 392). `Anchors` mend that, and try-lock (issue 376) is built on them too.
//! * loom keeps seven stores of an atomic's history and drops older ones silently: where a load could have seen one of
//!   these, [`model::Search`] says so.
//! * loom's exchange reads the newest stores only, and what it shows of exchanges and of coherence is more than C11 allows.
//!   Here an exchange looks as a load does, and [`coherence`] drops what C11 forbids.
//! * Stored words carry a stamp, so that a trace knows *which* store a load saw and not only its value.

mod about;
mod cell;
mod clock;
mod coherence;
pub mod model;
mod panicking;
mod running;
mod standstill;

use std::cell::{Cell as Plain, RefCell};
use std::rc::Rc;

use ::loom::sync::atomic::{self, Ordering, fence};
use ::loom::sync::{Condvar, Mutex, MutexGuard};

use super::ThreadId;
use crate::observe::{self, Event as Observed};
use crate::site::{Order, Site};
pub use cell::Cell;
use clock::Meeting;
use coherence::{Coherence, Number};
use model::{Event, Stamp};
use running::Switch;

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
        let _switch = Switch::new();
        self.0[running::number() - 1].notify_all();
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
    coherence: Coherence,
    /// The newest word in execution order.
    newest: Plain<usize>,
    /// What stored to it last.
    stored_by: Plain<Option<Site>>,
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
            coherence: Coherence::new(value),
            newest: Plain::new(value),
            stored_by: Plain::new(None),
        }
    }

    /// Says whose the word is: listeners are told by this number.
    pub(crate) fn of(self, owner: usize) -> AtomicUsize {
        AtomicUsize { owner, ..self }
    }

    /// A racy load: anything may happen to the word at the same time.
    #[track_caller]
    pub fn load(&self, site: Site) -> usize {
        if standstill::unwinds() {
            return self.newest.get() & VALUE;
        }
        let order = site.order();
        if order == Order::EnterBarrier {
            fence(Ordering::Acquire);
            clock::fence();
        }
        let (word, _) = self.look(order.of_access());
        let value = word & VALUE;
        let from = model::author((word >> 32) as Stamp);
        observe::tell(|| Observed::Look { lid: self.owner, site, word: self.object, value, from });
        value
    }

    /// A load under the lock that protects the word: loom fails the model where a store is not ordered before it.
    #[track_caller]
    pub fn load_held(&self) -> usize {
        if standstill::unwinds() {
            return self.newest.get() & VALUE;
        }
        about::word(self.stored_by.get());
        // SAFETY: loom itself verifies what this function asks for, that no store is concurrent.
        let newest = unsafe { self.word.unsync_load() };
        // Two stores that are both known need not be ordered by that.
        let word = if self.coherence.is_in_order() { newest } else { self.look(Ordering::Relaxed).0 };
        word & VALUE
    }

    /// A store.
    #[track_caller]
    pub fn store(&self, value: usize, site: Site) {
        let word = self.stamped(value);
        if standstill::unwinds() {
            return self.newest.set(word);
        }
        panicking::goes_on();
        about::word(Some(site));
        let order = site.order().of_access();
        {
            let _switch = Switch::new();
            self.word.store(word, order);
        }
        standstill::unwind_if_over();
        self.coherence.stored(word, releases(order));
        self.anchors.changed();
        self.stored(word, value, site);
    }

    /// Stores `new` if the word holds `old`, ordered by `site` where it does and relaxed where it does not.
    #[track_caller]
    pub fn compare_exchange(&self, old: usize, new: usize, site: Site) -> bool {
        self.exchange(|value| (value == old).then_some(new), site).is_ok()
    }

    /// Stores what is made of the word's value, if anything is, ordered by `site` then and relaxed where nothing is. Gives
    /// the value, as an error where nothing was stored.
    ///
    /// An exchange looks as a load does, for one that fails may see an old store. One that succeeds goes into the order of
    /// stores right behind the one that it saw.
    #[track_caller]
    fn exchange(&self, change: impl FnOnce(usize) -> Option<usize>, site: Site) -> Result<usize, usize> {
        if standstill::unwinds() {
            let value = self.newest.get() & VALUE;
            self.newest.set(self.stamped(change(value).ok_or(value)?));
            return Ok(value);
        }
        model::exchanges();
        let (word, read) = self.look(Ordering::Relaxed);
        let value = word & VALUE;
        let new = change(value).ok_or(value)?;
        let (stored, order) = (self.stamped(new), site.order().of_access());
        let came = self.coherence.came(read);
        self.replace(word, read, came.is_some(), stored, order);
        if acquires(order) {
            clock::learns(came.unwrap_or_default());
        }
        if self.coherence.exchanged(read, stored, releases(order)).is_err() {
            standstill::abandon();
        }
        self.anchors.changed();
        self.stored(stored, new, site);
        Ok(value)
    }

    /// Has loom replace a word that was read. loom's own exchange takes any of the newest stores.
    #[track_caller]
    fn replace(&self, word: usize, read: Number, came: bool, stored: usize, order: Ordering) {
        let exchange = || self.word.compare_exchange(word, stored, order, Ordering::Relaxed).is_ok();
        if !came {
            // Nothing is passed on from the store that was read, so a store does as well; and it may go before others.
            let order = if releases(order) { Ordering::Release } else { Ordering::Relaxed };
            quietly(|| self.word.store(stored, order));
        } else if self.coherence.is_last_of_all(read) {
            assert!(quietly(exchange), "there is one newest store");
        } else if self.coherence.is_followed(read) {
            if self.coherence.may_exchange(read) {
                model::exchange_may_be_missed();
            }
            standstill::abandon();
        } else {
            // One of several that are newest.
            let takes_it = {
                let _switch = Switch::new();
                model::unless_loom_gives_up(exchange)
            };
            standstill::unwind_if_over();
            if takes_it != Some(true) {
                standstill::abandon();
            }
        }
    }

    /// A switch point, and then a look at one of the stores that C11 lets the caller see.
    #[track_caller]
    fn look(&self, order: Ordering) -> (usize, Number) {
        panicking::goes_on();
        let word = {
            let _switch = Switch::new();
            model::unless_loom_gives_up(|| self.word.load(order))
        };
        standstill::unwind_if_over();
        let Some(word) = word else { standstill::abandon() };
        // Not before the load, in front of which others may run.
        if self.coherence.may_be_missed() {
            model::store_may_be_missed();
        }
        let Ok((read, came)) = self.coherence.read(word) else { standstill::abandon() };
        if let Some(came) = came {
            clock::reads(came);
            if acquires(order) {
                clock::learns(came);
            }
        }
        self.anchors.looked();
        model::record(Event::Load, self.object, word as u64);
        (word, read)
    }

    fn stamped(&self, value: usize) -> usize {
        debug_assert!(value <= VALUE);
        value | (model::next_stamp() as usize) << 32
    }

    #[track_caller]
    fn stored(&self, word: usize, value: usize, site: Site) {
        standstill::changes();
        self.newest.set(word);
        self.stored_by.set(Some(site));
        model::record(Event::Store, self.object, word as u64);
        observe::tell(|| Observed::Stored { lid: self.owner, site, word: self.object, value });
    }
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel)
}

/// The guard of a mutex that is held.
type Guard = RefCell<Option<MutexGuard<'static, ()>>>;

/// Mutual exclusion by loom's blocking mutex in place of the spin lock.
///
/// That is sound because the spin lock is checked by itself (the `spin` family): every execution of it is mutually
/// exclusive and each release happens-before the next acquisition, which is exactly the contract of loom's mutex.
/// A program over the one can thus be told from a program over the other only by the time that it spends spinning.
#[derive(Debug)]
pub struct RawLock {
    /// Declared before the mutex it borrows, so dropped before it.
    guard: Rc<Guard>,
    mutex: Box<Mutex<()>>,
    /// On which a try sees acquisitions and releases; present where a model tries locks. loom's own `try_lock`
    /// would block behind a holder, and its release is no switch point.
    anchors: Option<Anchors>,
    owner: Plain<Option<ThreadId>>,
    /// The last acquisition or release, for the trace.
    last: Plain<Stamp>,
    meeting: Meeting,
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
            guard: Rc::default(),
            mutex: Box::new(Mutex::new(())),
            anchors: model::try_lock_is_used().then(Anchors::new),
            owner: Plain::new(None),
            last: Plain::new(0),
            meeting: Meeting::default(),
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
        if standstill::unwinds() {
            return Ok(());
        }
        let me = current();
        match self.owner.get() {
            Some(owner) if owner == me || owner == ThreadId::NOBODY => return Err(owner),
            _ => {}
        }
        panicking::goes_on();
        standstill::locks(self.object, || {
            let _switch = Switch::new();
            drop(self.mutex.try_lock());
        });
        let guard = {
            let _switch = Switch::new();
            self.mutex.lock().unwrap()
        };
        if standstill::is_over() {
            // Not while it unwinds, which would poison the mutex.
            drop(guard);
            standstill::unwind();
        }
        standstill::goes_on();
        self.taken(me, guard);
        if let Some(anchors) = &self.anchors {
            anchors.looked();
        }
        Ok(())
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> bool {
        if standstill::unwinds() {
            return true;
        }
        panicking::goes_on();
        let me = current();
        let anchors = self.anchors.as_ref().expect("a model that tries locks must say so to Search::begin");
        anchors.look();
        standstill::unwind_if_over();
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
        if standstill::unwinds() {
            return Ok(());
        }
        let owner = self.owner.get();
        if owner != Some(current()) {
            return Err(owner);
        }
        if let Some(anchors) = &self.anchors {
            panicking::goes_on();
            anchors.look();
            standstill::unwind_if_over();
        }
        self.owner.set(None);
        standstill::releases(self.object);
        self.last.set(model::next_stamp());
        self.meeting.leave();
        model::record(Event::Release, self.object, 0);
        panicking::releases(&self.guard);
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
        self.meeting.come();
        model::record(Event::Acquire, self.object, self.last.get().into());
        self.last.set(model::next_stamp());
        // SAFETY: the guard borrows from the box, which neither moves nor goes before the guard does.
        let guard = unsafe { std::mem::transmute::<MutexGuard<'a, ()>, MutexGuard<'static, ()>>(guard) };
        self.guard.replace(Some(guard));
        standstill::holds(self.object, &self.guard);
    }
}

/// Blocks one thread until another lets it go on. One token: a let-go that comes first is not lost, two count once.
///
/// Built on loom's `Notify`, which wakes spuriously, hence the token beside it. (loom's `Condvar` does not, but shares
/// its token with `thread::park`, loom issue 422.)
#[derive(Debug)]
pub struct Parker {
    notify: Rc<::loom::sync::Notify>,
    token: Plain<bool>,
    /// Orders what precedes a let-go before what follows the park: a spurious wake-up that finds the token orders
    /// nothing.
    order: atomic::AtomicUsize,
    /// The last let-go, for the trace.
    last: Plain<Stamp>,
    meeting: Meeting,
    object: u32,
}

// SAFETY: the plain fields are read and written only between two of loom's branch points, where one thread runs.
unsafe impl Sync for Parker {}
// SAFETY: loom's threads are coroutines of one thread.
unsafe impl Send for Parker {}

impl Parker {
    /// A parker without a token.
    #[track_caller]
    pub fn new() -> Parker {
        Parker {
            notify: Rc::new(::loom::sync::Notify::new()),
            token: Plain::new(false),
            order: atomic::AtomicUsize::new(0),
            last: Plain::new(0),
            meeting: Meeting::default(),
            object: model::new_object(),
        }
    }

    /// Waits for the token and takes it. One thread at a time may wait.
    #[track_caller]
    pub fn park(&self) {
        if standstill::unwinds() {
            return;
        }
        panicking::goes_on();
        if !self.token.get() {
            standstill::parks(&self.notify);
        }
        loop {
            {
                let _switch = Switch::new();
                self.notify.wait();
            }
            standstill::unwind_if_over();
            if self.token.replace(false) {
                break;
            }
        }
        // ORDERING: Acquire, for the Release of `unpark`. An exchange sees the newest value.
        quietly(|| self.order.fetch_add(0, Ordering::Acquire));
        self.meeting.come();
        model::record(Event::Load, self.object, self.last.get().into());
    }

    /// [`Parker::park`] until a time has come, which it never does here.
    pub fn park_until(&self, until: Deadline) -> bool {
        match until {}
    }

    /// Gives the token, if it is not there already.
    #[track_caller]
    pub fn unpark(&self) {
        if standstill::unwinds() {
            return;
        }
        panicking::goes_on();
        // ORDERING: Release, see `park`.
        quietly(|| self.order.fetch_add(1, Ordering::Release));
        self.meeting.leave();
        {
            let _switch = Switch::new();
            self.notify.notify();
        }
        standstill::unwind_if_over();
        // After the branch point in `notify`: a waiter that wakes spuriously must not take what nobody gave yet.
        self.token.set(true);
        standstill::lets_go(&self.notify);
        self.last.set(model::next_stamp());
        model::record(Event::Store, self.object, 0);
    }
}

/// A time that comes: models have no clock, so there is none.
#[derive(Clone, Copy, Debug, Hash)]
pub enum Deadline {}

/// Waits while `busy` says so: at once where it does not.
///
/// An execution in which a thread looks, waits and looks again differs from one in which it comes later and looks
/// once only by looks that change nothing. loom explores the later coming anyhow, so it finishes this execution
/// without branching: a wait costs one execution, and two waiters cannot keep each other waiting for ever. A wait
/// that nothing ends is a standstill.
///
/// loom finds the later coming by what the first turn looked at, so that turn must come first.
#[track_caller]
pub fn spin_while(busy: impl Fn() -> bool) {
    if standstill::unwinds() {
        return;
    }
    loop {
        let (before, changes) = (model::history(), standstill::changes_so_far());
        if !busy() {
            break;
        }
        observe::tell(|| Observed::Spins);
        let saw = model::take_back(before);
        model::leave();
        standstill::spins(changes, saw);
        {
            let _switch = Switch::new();
            ::loom::thread::yield_now();
        }
        standstill::unwind_if_over();
    }
    standstill::goes_on();
}

/// What a program watches: each change of it comes before or after each other.
#[derive(Debug)]
pub(crate) struct Moments {
    /// On which nobody waits: loom takes two notifications for operations that depend on each other.
    anchor: Condvar,
    /// The last change, for the trace.
    last: Plain<Stamp>,
    object: u32,
}

impl Moments {
    /// Nothing has changed.
    #[track_caller]
    pub fn new() -> Moments {
        Moments { anchor: Condvar::new(), last: Plain::new(0), object: model::new_object() }
    }

    /// A step that depends on every other such step, and orders no memory.
    #[track_caller]
    pub fn next(&self) {
        if standstill::unwinds() {
            return;
        }
        panicking::goes_on();
        {
            let _switch = Switch::new();
            self.anchor.notify_all();
        }
        standstill::unwind_if_over();
        let last = self.last.replace(model::next_stamp());
        model::record(Event::Moment, self.object, last.into());
    }
}

/// loom asks no condition in advance.
pub(crate) fn asks_in_silence() -> bool {
    false
}

/// The calling thread; the model's first is 1.
pub fn current() -> ThreadId {
    ThreadId(running::number())
}

/// A spawned thread.
#[derive(Debug)]
pub struct JoinHandle<T> {
    number: usize,
    thread: ::loom::thread::JoinHandle<Option<T>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended, and gives what it returned.
    ///
    /// # Errors
    /// Never: a thread that panics fails the model. The signature is std's.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        if standstill::unwinds() {
            return Err(Box::new(standstill::Over));
        }
        panicking::goes_on();
        standstill::joins(self.number);
        let result = {
            let _switch = Switch::new();
            self.thread.join()?
        };
        standstill::goes_on();
        clock::joins(self.number);
        Ok(result.expect("a thread that unwinds where nobody can go on has whoever joins it unwind"))
    }
}

/// Starts a thread.
#[track_caller]
pub fn spawn<T: 'static>(f: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    let number = model::new_thread();
    clock::starts(number);
    standstill::starts();
    let thread = ::loom::thread::spawn(move || {
        running::begins(number);
        standstill::thread(f)
    });
    JoinHandle { number, thread }
}
