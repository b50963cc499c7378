//! The parker, over the facade's atomics and locks: what an LWP blocks on with real threads, and a model of its own
//! under the checkers.

use crate::fault::{Step, seeded};
use crate::site::Site;
use crate::sync::{AtomicUsize, Cell, RawLock};

/// Blocks one thread until another lets it go on. One token: a let-go that comes first is not lost, two count once.
/// Every let-go that came before a token was taken is seen by the thread that took it.
///
/// How a thread sleeps and is woken is the caller's: `T` stands for a thread that sleeps. A wake-up that comes before the
/// sleep must not be lost; one that nothing asked for does no harm.
#[derive(Debug)]
pub struct TokenParker<T> {
    token: AtomicUsize,
    lock: RawLock,
    /// The thread that waits for the token. `lock` protects it.
    waiter: Cell<Option<T>>,
}

const NO_TOKEN: usize = 0;
const TOKEN: usize = 1;

// SAFETY: `lock` is held wherever `waiter` is accessed.
unsafe impl<T: Send> Sync for TokenParker<T> {}
// SAFETY: nothing here belongs to a thread.
unsafe impl<T: Send> Send for TokenParker<T> {}

impl<T: Clone> TokenParker<T> {
    /// A parker without a token.
    #[track_caller]
    pub fn new() -> TokenParker<T> {
        TokenParker { token: AtomicUsize::new(NO_TOKEN), lock: RawLock::new(), waiter: Cell::new(None) }
    }

    /// Waits for the token and takes it: `me` sleeps by `sleep` meanwhile, again and again. One thread at a time may wait.
    /// Gives whether it has the token; it has none where `sleep` says that there is no time left to sleep.
    pub fn park(&self, me: impl FnOnce() -> T, mut sleep: impl FnMut() -> bool) -> bool {
        if self.take_token() {
            return true;
        }
        // A let-go from here on finds the thread. One before it has left its token, which the lock makes visible.
        self.set_waiter(Some(me()));
        let mut looks = !seeded(Step::ParkerParkSecondLook);
        let taken = loop {
            if looks && self.take_token() {
                break true;
            }
            looks = true;
            if !sleep() {
                break false;
            }
        };
        self.set_waiter(None);
        taken
    }

    /// Gives the token, and wakes the thread that waits for it by `wake`.
    pub fn unpark(&self, wake: impl FnOnce(T)) {
        let early = seeded(Step::ParkerUnparkEarly);
        if !early {
            self.give_token();
        }
        // Not under the lock, for which the thread that wakes would wait at once.
        if let Some(waiter) = self.waiter()
            && !seeded(Step::ParkerUnparkWake)
        {
            wake(waiter);
        }
        if early {
            self.give_token();
        }
    }

    /// An exchange, where there is a token already too: a store would hide the let-go that gave it, and no store at all
    /// would hide this one.
    fn give_token(&self) {
        if seeded(Step::ParkerUnparkStore) {
            return self.token.store(TOKEN, Site::ParkerUnpark);
        }
        let exchange = |old| self.token.compare_exchange(old, TOKEN, Site::ParkerUnpark);
        while !exchange(NO_TOKEN) && !seeded(Step::ParkerUnparkOnce) && !exchange(TOKEN) {}
    }

    fn take_token(&self) -> bool {
        let left = if seeded(Step::ParkerParkTake) { TOKEN } else { NO_TOKEN };
        self.token.compare_exchange(TOKEN, left, Site::ParkerPark)
    }

    fn waiter(&self) -> Option<T> {
        // SAFETY: `lock` is held.
        self.locked(|waiter| unsafe { &*waiter }.clone())
    }

    fn set_waiter(&self, new: Option<T>) {
        // SAFETY: `lock` is held. What was there is dropped after it is released.
        drop(self.locked(|waiter| unsafe { waiter.replace(new) }));
    }

    fn locked<R>(&self, f: impl FnOnce(*mut Option<T>) -> R) -> R {
        self.lock.lock().expect("no thread takes this lock twice");
        let result = self.waiter.with_mut(f);
        self.lock.release();
        result
    }
}
