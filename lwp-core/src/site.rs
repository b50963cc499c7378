//! Ordering sites: every atomic ordering of this crate has a name here, and one place that says what it pairs with.
//!
//! Under a model checker a site can be weakened from outside (`weaken`), so that a program can show which
//! ordering is needed and what breaks without it. With real threads a site is a constant.

use core::sync::atomic::Ordering;

/// How strongly an access is ordered.
///
/// Beside C11's orderings stand the two barriers that the kernels' sources use in their place, so that the sources'
/// own choice can be measured like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Order {
    /// No ordering.
    Relaxed = 1,
    /// A load that orders what follows it.
    Acquire,
    /// A store that orders what precedes it.
    Release,
    /// `membar_producer()` (`mb_write()` in 1.62) and then a plain store: earlier *stores* are ordered before it,
    /// earlier loads are not. The checkers model the latter by a load that is performed after the store.
    MembarProducer,
    /// The read barrier that `mutex_enter()` "will have posted", and then a plain load: the barrier stands before
    /// the load and orders only what was loaded before it.
    EnterBarrier,
}

impl Order {
    /// Every ordering.
    pub const ALL: [Order; 5] =
        [Order::Relaxed, Order::Acquire, Order::Release, Order::MembarProducer, Order::EnterBarrier];

    /// The ordering's name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Order::Relaxed => "relaxed",
            Order::Acquire => "acquire",
            Order::Release => "release",
            Order::MembarProducer => "membar_producer",
            Order::EnterBarrier => "enter-barrier",
        }
    }

    /// The C11 ordering of the access itself; the barriers' other half is issued by [`crate::sync`].
    #[cfg(not(shuttle))]
    pub(crate) const fn of_access(self) -> Ordering {
        match self {
            Order::Relaxed | Order::EnterBarrier => Ordering::Relaxed,
            Order::Acquire => Ordering::Acquire,
            Order::Release | Order::MembarProducer => Ordering::Release,
        }
    }
}

/// Whether a site loads or stores: the orderings that make sense for it follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The site loads.
    Load,
    /// The site stores.
    Store,
    /// The site exchanges.
    Exchange,
}

macro_rules! sites {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $access:ident, $declared:ident, $from:ident, $source:literal;)*) => {
        /// A place in this crate where a memory ordering is chosen.
        ///
        /// Each variant's documentation is its `ORDERING` comment: what the access pairs with. The program that
        /// breaks without it is in the orderings table that `cargo ci check` prints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(usize)]
        pub enum Site { $($(#[$doc])* $variant,)* }

        impl Site {
            /// Every site.
            pub const ALL: &'static [Site] = &[$(Site::$variant,)*];

            /// The site's name: the function, a dot, the access.
            pub const fn name(self) -> &'static str {
                match self { $(Site::$variant => $name,)* }
            }

            /// The ordering that this crate uses.
            pub const fn declared(self) -> Order {
                match self { $(Site::$variant => Order::$declared,)* }
            }

            /// What the site does.
            pub const fn access(self) -> Access {
                match self { $(Site::$variant => Access::$access,)* }
            }

            /// What the kernel's source has at this place, in words.
            pub const fn source(self) -> &'static str {
                match self { $(Site::$variant => $source,)* }
            }

            /// The ordering that the kernel's source has at this place.
            pub const fn source_order(self) -> Order {
                match self { $(Site::$variant => Order::$from,)* }
            }
        }
    };
}

sites! {
    /// ORDERING: the exchange that takes the spin lock acquires what the last holder released ([`Site::SpinExit`]).
    SpinEnter = "mutex_spin_enter.exchange", Exchange, Acquire, Acquire, "a lock's acquire barrier, inside mutex_spin_enter";
    /// ORDERING: the exchange of a try acquires like [`Site::SpinEnter`].
    SpinTryenter = "mutex_tryenter.exchange", Exchange, Acquire, Acquire, "a lock's acquire barrier, inside mutex_tryenter";
    /// ORDERING: the look of a waiter only tells it when to try again; the exchange that follows acquires.
    SpinLook = "mutex_spin_enter.look", Load, Relaxed, Relaxed, "a plain load, inside mutex_spin_enter";
    /// ORDERING: the store that frees the spin lock releases the critical section to the next
    /// [`Site::SpinEnter`] or [`Site::SpinTryenter`].
    SpinExit = "mutex_spin_exit.store", Store, Release, Release, "a lock's release barrier, inside mutex_spin_exit";

    /// ORDERING: the exchange that gives a parker's token releases what precedes the let-go to the [`Site::ParkerPark`] that
    /// takes the token; as an exchange it also passes on what the let-gos before it released.
    ParkerUnpark = "parker_unpark.exchange", Exchange, Release, Release, "not the kernels': the parker stands for a CPU that runs something else";
    /// ORDERING: the exchange that takes the token acquires what each [`Site::ParkerUnpark`] before it released.
    ParkerPark = "parker_park.exchange", Exchange, Acquire, Acquire, "not the kernels', as parker_unpark.exchange";

    /// ORDERING: only a guess at which lock to take; the second look decides.
    LwpLockLook = "lwp_lock.look", Load, Relaxed, Relaxed, "plain volatile load in lwp_lock (a header's inline, not listed)";
    /// ORDERING: acquires what [`Site::LwpSetlockPublish`] or [`Site::LwpUnlockToPublish`] released: a lender need
    /// not hold the lock it lends, so taking that lock synchronises with nobody.
    LwpLockRelook = "lwp_lock.relook", Load, Acquire, EnterBarrier, "plain load, 1.62 L991 and 1.69.2.6 L1122, after the barrier of mutex_spin_enter";
    /// ORDERING: as [`Site::LwpLockLook`].
    LwpLockRetryLook = "lwp_lock_retry.look", Load, Relaxed, Relaxed, "plain load, 1.62 L996 and 1.69.2.6 L1127";
    /// ORDERING: as [`Site::LwpLockRelook`].
    LwpLockRetryRelook = "lwp_lock_retry.relook", Load, Acquire, EnterBarrier, "plain load, 1.62 L991 and 1.69.2.6 L1122, after the barrier of mutex_spin_enter";
    /// ORDERING: as [`Site::LwpLockLook`].
    LwpTrylockLook = "lwp_trylock.look", Load, Relaxed, Relaxed, "plain load, 1.62 L1081 and 1.69.2.6 L1196";
    /// ORDERING: as [`Site::LwpLockRelook`].
    LwpTrylockRelook = "lwp_trylock.relook", Load, Acquire, EnterBarrier, "plain load, 1.62 L1083 and 1.69.2.6 L1198, after the barrier of mutex_tryenter";
    /// ORDERING: releases the lender's critical section to whoever takes the lent lock and looks again.
    LwpSetlockPublish = "lwp_setlock.publish", Store, Release, MembarProducer, "mb_write, 1.62 L1021; membar_producer, 1.69.2.6 L1150";
    /// ORDERING: as [`Site::LwpSetlockPublish`].
    LwpUnlockToPublish = "lwp_unlock_to.publish", Store, Release, MembarProducer, "mb_write, 1.62 L1041; membar_producer, 1.69.2.6 L1166";
    /// ORDERING: the new lock is held, and releasing it later orders everything before.
    LwpRelockPublish = "lwp_relock.publish", Store, Relaxed, Relaxed, "plain store, 1.62 L1066 and 1.69.2.6 L1185";

    /// ORDERING: a state that p_smutex covers too (LSIDL, LSZOMB, LSSTOP, LSSUSPENDED) was stored under it; between
    /// the others it does not matter which one is seen.
    LStatLook = "l_stat.look", Load, Relaxed, Relaxed, "plain load under p_smutex alone, 1.62 L444 and 1.69.2.6 L446";
    /// ORDERING: as [`Site::LStatLook`].
    LStatStore = "l_stat.store", Store, Relaxed, Relaxed, "plain store under the LWP's lock";
    /// ORDERING: tells an LWP that there is something to do; what, it learns under locks.
    LFlagLook = "l_flag.look", Load, Relaxed, Relaxed, "plain load without a lock, 1.62 L1109 and 1.69.2.6 L1227";
    /// ORDERING: as [`Site::LFlagLook`].
    LFlagStore = "l_flag.store", Store, Relaxed, Relaxed, "plain store under the LWP's lock";
    /// ORDERING: acquires what [`Site::CiCurlwpStore`] released: whoever sees that an LWP has left its CPU frees it.
    CiCurlwpLook = "ci_curlwp.look", Load, Acquire, Relaxed, "plain load in a spin, 1.62 L758 and 1.69.2.6 L890";
    /// ORDERING: releases everything that an LWP did on its CPU to whoever waits for it to leave.
    CiCurlwpStore = "ci_curlwp.store", Store, Release, Release, "cpu_switchto, which is not listed; taken to release";
    /// ORDERING: only decides whether a locked look is worth it; a waiter counted itself before it gave the interlock up.
    CvWaitersLook = "cv_waiters.look", Load, Relaxed, Relaxed, "plain load under the interlock alone, cv_broadcast (not listed)";
    /// ORDERING: as [`Site::CvWaitersLook`].
    CvWaitersStore = "cv_waiters.store", Store, Relaxed, Relaxed, "plain store under the sleep queue's lock";
    /// ORDERING: a guess whether p_smutex is worth taking; the second look, under it, decides.
    PZomblwpLook = "p_zomblwp.look", Load, Relaxed, Relaxed, "plain load without a lock, 1.62 L495 and 1.69.2.6 L548";
    /// ORDERING: as [`Site::PZomblwpLook`].
    PZomblwpStore = "p_zomblwp.store", Store, Relaxed, Relaxed, "plain store under p_smutex";

    /// ORDERING: acquires what whoever gave a reference back before did with the credential ([`Site::CrRefcntFree`]):
    /// with the last reference nobody else can change the count between this look and the exchange.
    CrRefcntLook = "cr_refcnt.look", Load, Acquire, Acquire, "kauth_cred_free, which is not listed; taken to acquire";
    /// ORDERING: whoever takes a reference has one, or p_mutex, which keeps the credential.
    CrRefcntHold = "cr_refcnt.hold", Exchange, Relaxed, Relaxed, "kauth_cred_hold, which is not listed";
    /// ORDERING: releases what was done with the credential to whoever frees it.
    CrRefcntFree = "cr_refcnt.free", Exchange, Release, Release, "kauth_cred_free, which is not listed; taken to release";
    /// ORDERING: tells an LWP that its credentials are old; the new ones it takes under p_mutex.
    PCredLook = "p_cred.look", Load, Relaxed, Relaxed, "plain load in LWP_CACHE_CREDS, 1.62 L939 and 1.69.2.6 L1075";
    /// ORDERING: as [`Site::PCredLook`].
    PCredStore = "p_cred.store", Store, Relaxed, Relaxed, "plain store under p_mutex";
    /// ORDERING: acquires the header that [`Site::PLwpctlStore`] released: whoever finds one does not take p_mutex.
    PLwpctlLook = "p_lwpctl.look", Load, Acquire, Relaxed, "plain load without a lock, 1.69.2.6 L1457";
    /// ORDERING: releases the header, which was filled in without a lock.
    PLwpctlStore = "p_lwpctl.store", Store, Release, Relaxed, "plain store under p_mutex, 1.69.2.6 L1464";
    /// ORDERING: a number in the process' own memory, from which nothing follows.
    LcCurcpuLook = "lc_curcpu.look", Load, Relaxed, Relaxed, "plain load in user mode";
    /// ORDERING: as [`Site::LcCurcpuLook`].
    LcCurcpuStore = "lc_curcpu.store", Store, Relaxed, Relaxed, "plain store, 1.69.2.6 L784 and L1554";

    /// ORDERING: only a guess at which lock to try; the second look decides.
    ThreadLockLook = "thread_lock.look", Load, Relaxed, Relaxed, "plain volatile load in thread_lock (disp_lock.c, not listed)";
    /// ORDERING: acquires what [`Site::ThreadStopPublish`] released: `thread_stop` does not hold `stop_lock`.
    ThreadLockRelook = "thread_lock.relook", Load, Acquire, EnterBarrier, "plain load in thread_lock after the barrier of lock_try (disp_lock.c, not listed)";
    /// ORDERING: only tells a waiter that the pointer moved; it then starts over.
    ThreadLockSpin = "thread_lock.spin", Load, Relaxed, Relaxed, "plain load in thread_lock's spin (disp_lock.c, not listed)";
    /// ORDERING: nobody can take `transition_lock`, so nothing can be reached through this store.
    ThreadTransitionPublish = "thread_transition.publish", Store, Relaxed, Relaxed, "THREAD_TRANSITION: plain store (thread.h, not listed)";
    /// ORDERING: the new lock is held, and releasing it later orders everything before.
    ThreadSetStatePublish = "thread_set_state.publish", Store, Relaxed, Relaxed, "THREAD_SET_STATE: plain store (thread.h, not listed)";
    /// ORDERING: releases the thread to whoever takes `stop_lock` and looks again.
    ThreadStopPublish = "thread_stop.publish", Store, Release, Release, "thread_stop: a barrier, then the store (disp.c, not listed)";
}

impl Site {
    /// The ordering in force: the declared one, unless a checker has weakened the site.
    #[cfg(not(any(loom, shuttle)))]
    #[inline(always)]
    pub(crate) const fn order(self) -> Order {
        self.declared()
    }

    /// The ordering in force: the declared one, unless a checker has weakened the site.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn order(self) -> Order {
        let n = overrides::TABLE[self as usize].load(Ordering::Relaxed);
        Order::ALL.into_iter().find(|o| *o as u8 == n).unwrap_or(self.declared())
    }

    /// The orderings weaker than the declared one that make sense here, weakest first.
    pub fn weaker(self) -> &'static [Order] {
        match (self.access(), self.declared()) {
            (_, Order::Relaxed) => &[],
            (Access::Load, _) => &[Order::Relaxed, Order::EnterBarrier],
            (Access::Store, _) if self == Site::SpinExit => &[Order::Relaxed],
            (Access::Store, _) => &[Order::Relaxed, Order::MembarProducer],
            (Access::Exchange, _) => &[Order::Relaxed],
        }
    }
}

#[cfg(any(loom, shuttle))]
mod overrides {
    use core::sync::atomic::AtomicU8;

    use super::Site;

    /// One override a site; 0 means none. Plain memory of the checker's process, not part of any model.
    pub static TABLE: [AtomicU8; Site::ALL.len()] = [const { AtomicU8::new(0) }; Site::ALL.len()];
}

/// Weakens `site` for every model that this process runs from now on; `None` restores what is declared.
///
/// Process-wide: run a weakened program in a process of its own.
#[cfg(any(loom, shuttle))]
pub fn weaken(site: Site, order: Option<Order>) {
    overrides::TABLE[site as usize].store(order.map_or(0, |o| o as u8), Ordering::Relaxed);
}
