//! Real threads.

use std::cell::UnsafeCell;
use std::sync::atomic::{self, Ordering};
use std::thread::{self, Thread};

use super::ThreadId;
use crate::parker::TokenParker;
use crate::site::Site;
pub use crate::spin::SpinLock as RawLock;

/// A word that threads may read and write without a lock.
#[derive(Debug)]
pub struct AtomicUsize(atomic::AtomicUsize);

impl AtomicUsize {
    /// A word that holds `value`.
    pub const fn new(value: usize) -> AtomicUsize {
        AtomicUsize(atomic::AtomicUsize::new(value))
    }

    /// Says whose the word is: a checker's listeners are told by this number.
    #[inline(always)]
    pub(crate) const fn of(self, _: usize) -> AtomicUsize {
        self
    }

    /// A racy load: anything may happen to the word at the same time.
    #[inline(always)]
    pub fn load(&self, site: Site) -> usize {
        self.0.load(site.order().of_access())
    }

    /// A load under the lock that protects the word: no store can happen at the same time.
    #[inline(always)]
    pub fn load_held(&self) -> usize {
        // ORDERING: none needed. Every store happens-before this load by the lock that the caller holds.
        self.0.load(Ordering::Relaxed)
    }

    /// A store.
    #[inline(always)]
    pub fn store(&self, value: usize, site: Site) {
        self.0.store(value, site.order().of_access());
    }

    /// Stores `new` if the word holds `old`, ordered by `site` where it does and relaxed where it does not.
    #[inline(always)]
    pub fn compare_exchange(&self, old: usize, new: usize, site: Site) -> bool {
        self.0.compare_exchange(old, new, site.order().of_access(), Ordering::Relaxed).is_ok()
    }
}

/// Plain memory that some lock protects.
#[derive(Debug)]
pub struct Cell<T>(UnsafeCell<T>);

impl<T> Cell<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> Cell<T> {
        Cell(UnsafeCell::new(value))
    }

    /// Reads through `f`. The pointer is valid; the caller's lock makes the access sound.
    #[inline(always)]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Writes through `f`. The pointer is valid; the caller's lock makes the access sound.
    #[inline(always)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Waits while `busy` says so: at once where it does not, for a while on the processor, then giving it away between two
/// looks.
pub fn spin_while(busy: impl Fn() -> bool) {
    if !busy() {
        return;
    }
    let backoff = crossbeam_utils::Backoff::new();
    // The second look comes after about a microsecond. Looking earlier, a waiter takes the lock's cache line away from
    // the holder again and again, and makes everybody slower.
    for _ in 0..5 {
        backoff.snooze();
    }
    while busy() {
        // `snooze` and not `spin`: the holder may have been descheduled, which cannot happen to a spin lock's holder
        // in a kernel but does in a process.
        backoff.snooze();
    }
}

/// A time that comes.
pub use std::time::Instant as Deadline;

/// Blocks one thread until another lets it go on. One token: a let-go that comes first is not lost, two count once.
#[derive(Debug)]
pub struct Parker(TokenParker<Thread>);

impl Parker {
    /// A parker without a token.
    pub fn new() -> Parker {
        Parker(TokenParker::new())
    }

    /// Waits for the token and takes it. One thread at a time may wait.
    pub fn park(&self) {
        self.0.park(thread::current, || {
            thread::park();
            true
        });
    }

    /// [`Parker::park`] until a time has come. Gives whether it has taken the token.
    pub fn park_until(&self, until: Deadline) -> bool {
        self.0.park(thread::current, || {
            let left = until.saturating_duration_since(Deadline::now());
            if !left.is_zero() {
                thread::park_timeout(left);
            }
            !left.is_zero()
        })
    }

    /// Gives the token, if it is not there already.
    pub fn unpark(&self) {
        self.0.unpark(|thread| thread.unpark());
    }
}

/// The calling thread.
#[inline]
pub fn current() -> ThreadId {
    use std::cell::Cell;
    thread_local!(static ME: Cell<usize> = const { Cell::new(0) });

    #[cold]
    fn first_call(me: &Cell<usize>) -> usize {
        static LAST: atomic::AtomicUsize = atomic::AtomicUsize::new(0);
        // ORDERING: none needed. Only the number's uniqueness counts.
        me.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        me.get()
    }

    ThreadId(ME.with(|me| match me.get() {
        0 => first_call(me),
        n => n,
    }))
}

/// A spawned thread.
pub use std::thread::JoinHandle;

/// Starts a thread.
pub fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::spawn(f)
}
