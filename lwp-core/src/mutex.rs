//! The kernel mutex: `kmutex_t` in NetBSD, a dispatcher lock in illumos.
//!
//! A spin mutex that knows its class and its owner. Taking it gives a [`MutexGuard`]; misuse that the guard cannot
//! prevent (waiting for oneself) ends in a message that names the lock, its class, its owner and the offender.

use core::fmt;
use core::marker::PhantomData;

use crate::fault::{self, Count, Step, seeded};
use crate::locks::{LockId, Locks};
use crate::observe::{self, Event};
use crate::sync::{self, Cell, RawLock, ThreadId};
use crate::witness;

/// What a lock protects, in the kernels' own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// NetBSD 1.69.2.6, one a CPU: running LWPs.
    SpcLwplock,
    /// NetBSD 1.69.2.6, may be one a CPU: the run queues.
    SpcMutex,
    /// NetBSD 1.62: the run queues, and everything else on a uniprocessor.
    SchedMutex,
    /// NetBSD: a sleep queue.
    SleepQueue,
    /// NetBSD: a turnstile chain.
    TurnstileChain,
    /// NetBSD, one a process: `p_smutex`, the LWP counters and what only they need. Above every other lock here.
    ProcSmutex,
    /// NetBSD: the list of all processes and LWPs, for those who may sleep.
    ProclistLock,
    /// NetBSD: the same list, for those who may not.
    ProclistMutex,
    /// NetBSD, one a process: credentials, reference counts and the like.
    ProcMutex,
    /// NetBSD: the big lock.
    KernelLock,
    /// illumos, one a CPU: the thread on that CPU.
    CpuThreadLock,
    /// illumos: a dispatch queue.
    DispatchQueue,
    /// illumos: a sleep queue.
    IllumosSleepQueue,
    /// illumos: all stopped threads of the system.
    StopLock,
    /// illumos: threads on their way from one lock to another. Held for ever, by nobody.
    TransitionLock,
    /// NetBSD: the keys and containers of per-LWP data.
    SpecificdataLock,
    /// NetBSD 1.69.2.6, one a process: the pages of lwpctl blocks.
    LwpctlLock,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 17] = [
        Class::SpcLwplock,
        Class::SpcMutex,
        Class::SchedMutex,
        Class::SleepQueue,
        Class::TurnstileChain,
        Class::ProcSmutex,
        Class::ProclistLock,
        Class::ProclistMutex,
        Class::ProcMutex,
        Class::KernelLock,
        Class::CpuThreadLock,
        Class::DispatchQueue,
        Class::IllumosSleepQueue,
        Class::StopLock,
        Class::TransitionLock,
        Class::SpecificdataLock,
        Class::LwpctlLock,
    ];

    /// The kernels' name of the lock.
    pub const fn name(self) -> &'static str {
        match self {
            Class::SpcLwplock => "spc_lwplock",
            Class::SpcMutex => "spc_mutex",
            Class::SchedMutex => "sched_mutex",
            Class::SleepQueue => "sq_mutex",
            Class::TurnstileChain => "tc_mutex",
            Class::ProcSmutex => "p_smutex",
            Class::ProclistLock => "proclist_lock",
            Class::ProclistMutex => "proclist_mutex",
            Class::ProcMutex => "p_mutex",
            Class::KernelLock => "kernel_lock",
            Class::CpuThreadLock => "cpu_thread_lock",
            Class::DispatchQueue => "disp_lock",
            Class::IllumosSleepQueue => "sleepq_lock",
            Class::StopLock => "stop_lock",
            Class::TransitionLock => "transition_lock",
            Class::SpecificdataLock => "sd_lock",
            Class::LwpctlLock => "lp_lock",
        }
    }
}

/// A spin mutex with a class and an owner.
#[derive(Debug)]
pub struct Mutex {
    raw: RawLock,
    class: Class,
    id: LockId,
}

impl Mutex {
    pub(crate) fn new(class: Class, id: LockId) -> Mutex {
        let raw = if class == Class::TransitionLock { RawLock::held_for_ever() } else { RawLock::new() };
        Mutex { raw, class, id }
    }

    /// The lock's class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The lock's place among its machine's locks.
    pub fn id(&self) -> LockId {
        self.id
    }

    /// Takes the lock, spinning until it is free: `mutex_spin_enter`.
    ///
    /// # Panics
    /// Where the caller holds the lock already, or nobody can ever release it.
    #[inline]
    #[track_caller]
    pub fn mutex_spin_enter(&self) -> MutexGuard<'_> {
        witness::waits(self);
        observe::tell(|| Event::Wants { lock: self.id, class: self.class, holder: self.raw.owner() });
        if let Err(holder) = self.raw.lock() {
            self.would_wait_for_ever(holder);
        }
        MutexGuard::new(self)
    }

    /// Takes the lock if it is free: `mutex_tryenter`.
    #[inline]
    #[track_caller]
    pub fn mutex_tryenter(&self) -> Option<MutexGuard<'_>> {
        if self.raw.try_lock() { Some(MutexGuard::new(self)) } else { None }
    }

    /// Takes the lock if it is free; waits otherwise until it looks free or `wanted` is false, and leaves it to the
    /// caller to start over. This is how illumos waits for a lock that it may stop wanting.
    ///
    /// # Panics
    /// Where the caller holds the lock already.
    #[inline]
    #[track_caller]
    pub fn tryenter_or_wait(&self, wanted: impl Fn() -> bool) -> Option<MutexGuard<'_>> {
        match self.raw.try_lock_or_wait(wanted) {
            Ok(true) => Some(MutexGuard::new(self)),
            Ok(false) => None,
            Err(holder) => self.would_wait_for_ever(holder),
        }
    }

    /// Whether the *caller* holds the lock: `mutex_owned`, which in the kernels says for a spin mutex only that
    /// somebody does.
    #[inline]
    pub fn mutex_owned(&self) -> bool {
        self.raw.owner() == Some(sync::current())
    }

    /// Who holds the lock, for messages: the answer may be old unless it is the caller.
    pub fn owner(&self) -> Option<ThreadId> {
        self.raw.owner()
    }

    /// Releases the lock: `mutex_spin_exit`.
    ///
    /// # Safety
    /// No [`MutexGuard`] of this lock may be used afterwards: it stands for a lock that is no longer held.
    ///
    /// # Panics
    /// Where the caller does not hold the lock; the lock is left as it was.
    #[inline]
    #[track_caller]
    pub unsafe fn mutex_spin_exit(&self) {
        witness::gives_up(self);
        if let Err(owner) = self.raw.unlock() {
            self.not_the_owner(owner);
        }
        observe::tell(|| Event::Released { lock: self.id, class: self.class });
    }

    #[cold]
    #[track_caller]
    pub(crate) fn would_wait_for_ever(&self, holder: ThreadId) -> ! {
        panic!("{} would wait for ever: {self} is held by {holder}", sync::current())
    }

    #[cold]
    #[track_caller]
    fn not_the_owner(&self, owner: Option<ThreadId>) -> ! {
        match owner {
            Some(owner) => panic!("{} releases {self}, which is held by {owner}", sync::current()),
            None => panic!("{} releases {self}, which is free", sync::current()),
        }
    }
}

impl fmt::Display for Mutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.class.name())
    }
}

/// A mutex that the calling thread holds; dropping it releases the mutex.
///
/// It stays with its thread: a lock is released by whoever took it.
#[derive(Debug)]
#[must_use = "dropping the guard releases the lock"]
pub struct MutexGuard<'a> {
    mutex: &'a Mutex,
    not_send: PhantomData<*const ()>,
}

impl<'a> MutexGuard<'a> {
    #[inline]
    #[track_caller]
    fn new(mutex: &'a Mutex) -> MutexGuard<'a> {
        witness::has(mutex);
        observe::tell(|| Event::Taken { lock: mutex.id, class: mutex.class });
        MutexGuard { mutex, not_send: PhantomData }
    }

    /// The lock that is held.
    pub fn mutex(&self) -> &'a Mutex {
        self.mutex
    }
}

impl Drop for MutexGuard<'_> {
    #[inline]
    #[track_caller]
    fn drop(&mut self) {
        if seeded(Step::MutexExit) {
            return;
        }
        // Not `mutex_spin_exit`: a guard never leaves the thread that took the lock, so there is nothing to check.
        debug_assert!(self.mutex.mutex_owned());
        witness::gives_up(self.mutex);
        self.mutex.raw.release();
        observe::tell(|| Event::Released { lock: self.mutex.id, class: self.mutex.class });
    }
}

/// A lock that its holder may take again, and gives up as a whole while it sleeps: the big lock, `kernel_lock`.
///
/// It protects nothing here: what it is for in the kernels is not modelled. What is, is who waits for it.
#[derive(Debug)]
pub struct KernelLock {
    /// `None` on a uniprocessor, which has no such lock.
    lock: Option<(Locks, LockId)>,
    /// How often it was taken, for its holder alone.
    depth: Cell<usize>,
}

// SAFETY: `depth` is reached only by whoever holds the lock.
unsafe impl Sync for KernelLock {}

impl KernelLock {
    /// The lock at this place among a machine's locks, or none.
    pub fn new(lock: Option<(Locks, LockId)>) -> KernelLock {
        KernelLock { lock, depth: Cell::new(0) }
    }

    /// `KERNEL_LOCK(1, l)`.
    #[track_caller]
    pub fn enter(&self) {
        self.enter_times(1);
    }

    /// `KERNEL_UNLOCK_ONE(l)` and `KERNEL_UNLOCK_LAST(l)`.
    ///
    /// # Panics
    /// Where the caller does not hold it.
    #[track_caller]
    pub fn exit(&self) {
        if let Some(mutex) = self.mutex() {
            assert!(mutex.mutex_owned(), "the big lock is released by somebody who does not hold it");
            if self.change_depth(|depth| depth.wrapping_sub(fault::times(Count::KernelLockExit))) == 0 {
                self.release(mutex);
            }
        }
    }

    /// `KERNEL_UNLOCK_ALL(l, &count)`: gives it up, and says how often it had been taken.
    #[track_caller]
    pub fn exit_all(&self) -> usize {
        let Some(mutex) = self.mutex().filter(|mutex| mutex.mutex_owned()) else { return 0 };
        let mut depth = 0;
        self.change_depth(|was| {
            depth = was;
            0
        });
        self.release(mutex);
        depth
    }

    /// Gives it up as a whole, and takes it as often again after `f`.
    #[track_caller]
    pub fn without<R>(&self, f: impl FnOnce() -> R) -> R {
        let depth = self.exit_all();
        let result = f();
        if depth > 0 && !seeded(Step::KernelLockAgain) {
            self.enter_times(depth);
        }
        result
    }

    /// Says how often it was taken, to the engine that asks.
    #[cfg(shuttle)]
    pub(crate) fn describe(&self, tell: sync::state::Tell<'_>) {
        self.depth.describe(tell);
    }

    /// Whether the caller holds it.
    pub fn is_mine(&self) -> bool {
        self.mutex().is_some_and(Mutex::mutex_owned)
    }

    /// Makes sure that the caller holds it, where there is one.
    #[track_caller]
    pub fn check(&self) {
        if cfg!(any(loom, shuttle, debug_assertions)) {
            assert!(self.mutex().is_none_or(Mutex::mutex_owned), "the big lock is not held");
        }
    }

    #[track_caller]
    fn enter_times(&self, times: usize) {
        if let Some(mutex) = self.mutex() {
            if !mutex.mutex_owned() {
                core::mem::forget(mutex.mutex_spin_enter());
            }
            self.change_depth(|depth| depth + times * fault::times(Count::KernelLockEnter));
        }
    }

    fn mutex(&self) -> Option<&Mutex> {
        self.lock.as_ref().map(|(locks, lock)| locks.get(*lock))
    }

    fn change_depth(&self, change: impl FnOnce(usize) -> usize) -> usize {
        // SAFETY: the caller holds the lock.
        self.depth.with_mut(|depth| unsafe {
            *depth = change(*depth);
            *depth
        })
    }

    #[track_caller]
    fn release(&self, mutex: &Mutex) {
        // SAFETY: the guard was forgotten when the lock was taken, so there is none.
        unsafe { mutex.mutex_spin_exit() }
    }
}
