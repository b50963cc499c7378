//! Seeded faults: what a checker must catch before its silence means anything.
//!
//! Each is a step left out of the lock layer. They exist under the checkers only and one at a time; with real
//! threads there are none.

/// A step that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// `lwp_lock` does not look again.
    LwpLockNoSecondLook = 1,
    /// `lwp_lock_retry` does not retry.
    LwpLockRetryGivesUp,
    /// `lwp_lock_retry` does not release the lock that no longer covers the LWP.
    LwpLockRetryKeepsOld,
    /// `lwp_trylock` does not look again.
    LwpTrylockNoSecondLook,
    /// `lwp_trylock` does not release the lock that no longer covers the LWP.
    LwpTrylockKeepsOld,
    /// `lwp_unlock_to` does not release the old lock.
    LwpUnlockToKeepsOld,
    /// `lwp_relock` does not release the old lock.
    LwpRelockKeepsOld,
    /// `lwp_relock` does not take the new lock before it publishes it.
    LwpRelockLends,
    /// `thread_lock` does not look again.
    ThreadLockNoSecondLook,
    /// `THREAD_TRANSITION` does not release the old lock.
    ThreadTransitionKeepsOld,
    /// `thread_stop` does not release the old lock.
    ThreadStopKeepsOld,
    /// A mutex is not released.
    MutexExitDropped,
    /// The spin lock is not released.
    SpinExitDropped,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 13] = [
        Fault::LwpLockNoSecondLook,
        Fault::LwpLockRetryGivesUp,
        Fault::LwpLockRetryKeepsOld,
        Fault::LwpTrylockNoSecondLook,
        Fault::LwpTrylockKeepsOld,
        Fault::LwpUnlockToKeepsOld,
        Fault::LwpRelockKeepsOld,
        Fault::LwpRelockLends,
        Fault::ThreadLockNoSecondLook,
        Fault::ThreadTransitionKeepsOld,
        Fault::ThreadStopKeepsOld,
        Fault::MutexExitDropped,
        Fault::SpinExitDropped,
    ];

    /// The fault's name: the function, a dot, what is left out.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::LwpLockNoSecondLook => "lwp_lock.no-second-look",
            Fault::LwpLockRetryGivesUp => "lwp_lock_retry.gives-up",
            Fault::LwpLockRetryKeepsOld => "lwp_lock_retry.keeps-old",
            Fault::LwpTrylockNoSecondLook => "lwp_trylock.no-second-look",
            Fault::LwpTrylockKeepsOld => "lwp_trylock.keeps-old",
            Fault::LwpUnlockToKeepsOld => "lwp_unlock_to.keeps-old",
            Fault::LwpRelockKeepsOld => "lwp_relock.keeps-old",
            Fault::LwpRelockLends => "lwp_relock.lends",
            Fault::ThreadLockNoSecondLook => "thread_lock.no-second-look",
            Fault::ThreadTransitionKeepsOld => "thread_transition.keeps-old",
            Fault::ThreadStopKeepsOld => "thread_stop.keeps-old",
            Fault::MutexExitDropped => "mutex_spin_exit.dropped",
            Fault::SpinExitDropped => "spin_exit.dropped",
        }
    }
}

/// Whether this fault is seeded.
#[cfg(not(any(loom, shuttle)))]
#[inline(always)]
pub(crate) const fn seeded(_: Fault) -> bool {
    false
}

/// Whether this fault is seeded.
#[cfg(any(loom, shuttle))]
pub(crate) fn seeded(fault: Fault) -> bool {
    // ORDERING: none needed. The checker sets it before a model runs.
    SEEDED.load(core::sync::atomic::Ordering::Relaxed) == fault as u8
}

/// The fault in force, 0 for none. Plain memory of the checker's process, not part of any model.
#[cfg(any(loom, shuttle))]
static SEEDED: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);

/// Seeds a fault into every model that this process runs from now on; `None` seeds none.
///
/// Process-wide: run a faulty model in a process of its own.
#[cfg(any(loom, shuttle))]
pub fn seed(fault: Option<Fault>) {
    SEEDED.store(fault.map_or(0, |f| f as u8), core::sync::atomic::Ordering::Relaxed);
}

/// Releases a guard unless `fault` leaves that out.
#[inline(always)]
#[track_caller]
pub(crate) fn release<G>(guard: G, fault: Fault) {
    if seeded(fault) { core::mem::forget(guard) } else { drop(guard) }
}
