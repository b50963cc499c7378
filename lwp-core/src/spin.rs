//! The spin lock, over the facade's atomics: what a kernel mutex is made of on real threads, and a model of its own
//! under the checkers.

use crate::fault::{Step, seeded};
use crate::site::Site;
use crate::sync::{self, AtomicUsize, ThreadId};

/// A spin lock whose word is its owner.
///
/// Uncontended, taking and releasing cost one exchange and one store. Contended, a waiter reads until the lock looks
/// free and backs off exponentially in between, so that waiting does not steal the cache line from the holder.
#[derive(Debug)]
pub struct SpinLock {
    /// The holder's [`ThreadId`] as a number, or [`FREE`].
    owner: AtomicUsize,
}

const FREE: usize = 0;

impl SpinLock {
    /// A free lock.
    pub fn new() -> SpinLock {
        SpinLock { owner: AtomicUsize::new(FREE) }
    }

    /// A lock that is held for ever, by nobody.
    pub fn held_for_ever() -> SpinLock {
        SpinLock { owner: AtomicUsize::new(ThreadId::NOBODY.get()) }
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// Gives back the holder where it will never release: the caller itself, or nobody.
    #[inline]
    pub fn lock(&self) -> Result<(), ThreadId> {
        let me = sync::current();
        if self.exchange(me, Site::SpinEnter) { Ok(()) } else { self.lock_contended(me) }
    }

    #[cold]
    fn lock_contended(&self, me: ThreadId) -> Result<(), ThreadId> {
        loop {
            match self.owner() {
                Some(owner) if owner == me || owner == ThreadId::NOBODY => return Err(owner),
                _ => sync::spin_while(|| self.is_held()),
            }
            if self.exchange(me, Site::SpinEnter) {
                return Ok(());
            }
        }
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> bool {
        self.exchange(sync::current(), Site::SpinTryenter)
    }

    /// Takes the lock if it is free; waits otherwise until it looks free or `wanted` is false, and leaves it to the
    /// caller to start over.
    ///
    /// # Errors
    /// Gives back the caller's own id where the caller holds the lock already.
    #[inline]
    pub fn try_lock_or_wait(&self, wanted: impl Fn() -> bool) -> Result<bool, ThreadId> {
        let me = sync::current();
        let taken = if seeded(Step::SpinTryenterOrWait) {
            self.torn(me)
        } else {
            self.exchange(me, Site::SpinTryenter)
        };
        if taken { Ok(true) } else { self.wait_while(me, wanted) }
    }

    #[cold]
    fn wait_while(&self, me: ThreadId, wanted: impl Fn() -> bool) -> Result<bool, ThreadId> {
        if self.owner() == Some(me) {
            return Err(me);
        }
        sync::spin_while(|| wanted() && self.is_held());
        Ok(false)
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// Gives back the true owner where the caller is not it, and leaves the lock alone.
    #[inline]
    pub fn unlock(&self) -> Result<(), Option<ThreadId>> {
        let owner = self.owner();
        if owner != Some(sync::current()) {
            return Err(owner);
        }
        self.release();
        Ok(())
    }

    /// Releases the lock for its holder, who is not asked who he is: on a lock that nobody contends, the load and the
    /// comparison would cost half as much again as everything else together.
    #[inline]
    pub(crate) fn release(&self) {
        if !seeded(Step::SpinExit) {
            self.owner.store(FREE, Site::SpinExit);
        }
    }

    /// Who holds the lock. Only the holder's own answer can be relied on: anybody else's may be old.
    #[inline]
    pub fn owner(&self) -> Option<ThreadId> {
        ThreadId::from_number(self.owner.load(Site::SpinLook))
    }

    /// Whether somebody holds the lock: what a spinning waiter looks at.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.owner().is_some()
    }

    /// What a seeded fault has in place of the exchange.
    #[cold]
    fn torn(&self, me: ThreadId) -> bool {
        let free = self.owner.load(Site::SpinTryenter) == FREE;
        if free {
            self.owner.store(me.get(), Site::SpinExit);
        }
        free
    }

    #[inline]
    fn exchange(&self, me: ThreadId, site: Site) -> bool {
        let taken = self.owner.compare_exchange(FREE, me.get(), site);
        let unasked = if site == Site::SpinEnter { Step::SpinEnter } else { Step::SpinTryenter };
        taken || seeded(unasked)
    }
}
