//! What the sources get wrong, and the switch that mends it. As written, all are off.

/// A repair of one defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Repair {
    /// `lwp_suspend` tests LW_WEXIT and LW_WCORE in `l_flag`, where they live, and not in `l_stat`. As written an LWP
    /// that was told to exit still suspends others after the exit pass, and the process never ends.
    DeadGuard,
    /// `lwp_userret` tests LW_WSUSPEND again once it has p_smutex. As written an `lwp_continue` that comes in between is
    /// lost: the LWP is LSSUSPENDED with the flag clear.
    LostContinue,
    /// `lwp_userret` tests LW_PENDSIG again once it has p_smutex. As written a signal that ends the process and comes in
    /// between is left: `sigpost` continues only those who are LSSUSPENDED already, and the LWP suspends itself.
    SuspendedKill,
    /// The exit pass takes back a suspension that has not happened yet. As written it continues only those who are
    /// LSSUSPENDED already: the others suspend themselves after it, since `lwp_userret` looks at LW_WSUSPEND before
    /// LW_WEXIT, and nobody is left to continue them.
    SuspendedExit,
    /// `lwp_exit_switchaway` of 1.69.2.6 clears LW_RUNNING under the LWP's lock. As written it stores to `l_flag` without
    /// one, while the exit pass sets LW_WEXIT of the zombie under it: either store can undo the other, and `lwp_free`
    /// then waits for LW_RUNNING for ever.
    UnlockedRunning,
    /// `lwp_exit` keeps its own reference while it lets go of p_smutex to free another LWP. As written the count is
    /// 0 then, and whoever takes a reference finds an LWP that has none to give.
    DrainedReferences,
    /// `lwp_drainrefs` keeps the LWP's own reference until nobody else has one. As written it gives that back first: once
    /// the others have followed the count is 0 until the LWP runs again, and whoever finds the LWP in between and takes a
    /// reference trips the assertion of `lwp_addref` (1.62 L1192, 1.69.2.6 L1310).
    DrainingReference,
    /// `lwp_wait1` and `lwp_free` of 1.62 wait and wake as those of 1.69.2.6 do: a zombie counts as somebody to wait for,
    /// `p_nlwpwait` goes down before the LWP is freed, a targeted wait comes before a wait for any, and whoever gives
    /// up or frees wakes the others. As written a wait fails with EDEADLK though it would end, and an LWP is taken from
    /// under the one that waits for it.
    StuckWait,
    /// `_lwp_create` tells the new LWP to exit, and lets it, once the process exits or dumps core. As written it leaves the
    /// new LWP LSSUSPENDED where the creator has been told to exit. During an exit nobody is left to continue it; during a
    /// core dump whoever is there comes out of `lwp_wait1` on a way on which nobody is to. (After the contract of the system
    /// call, whose text is not listed.)
    CreatedWhileExiting,
    /// `lwp_wait1` does not take LWPs that are stopped with their process for ones that never exit. As written p_nrlwps does
    /// not count them, and a wait fails with EDEADLK because the process was stopped at the wrong moment.
    StoppedWait,
    /// `lwp_wait1` takes only those detached LWPs from what may still exit that it has counted there. As written it takes
    /// one that is suspended too, whom p_nrlwps does not count, and one that waits twice: a wait then fails with EDEADLK
    /// though somebody runs who will end it.
    DetachedCount,
    /// `lwp_wait1` takes a waiter out of `p_nlwpwait` before it has it suspended for a core dump, where it ends. As written
    /// the LWP stays counted after it is gone; harmless, since nobody compares the count in a process that exits.
    DumpedWait,
    /// `sigexit` lets an LWP exit alone where another ends the process already. As written each of the two waits for the
    /// other to become a zombie. (After the contract of the function, whose text is not listed; NetBSD 2015 has this
    /// repair.)
    SecondExit,
    /// Whoever ends the process ends its stop too, and nobody begins another. As written an LWP that the exit pass makes run
    /// finds the process stopping still, and stops again: nobody is left to continue it. Whoever dumps core waits for an
    /// LWP that stops, which wakes nobody. (After the contracts of `exit_lwps`, `sigexit` and `issignal`, whose text is
    /// not listed.)
    StoppedExit,
    /// `lwp_exit` gives a signal that it leaves behind to another LWP as `sigpost` does: it wakes one that sleeps
    /// interruptibly, and has one that runs look. As written it sets LW_PENDSIG of the others and does no more: a sleeper
    /// goes on sleeping, and the signal reaches nobody.
    PassedSignal,
    /// `lwp_free` of 1.62 waits for every LWP to leave its CPU, as that of 1.69.2.6 does. As written it does not wait for
    /// the process' last, which is freed under its own feet.
    StillOnCpu,
    /// `lwp_exit` of 1.69.2.6 takes an LWP out of `p_nrlwps` only where that counts it. As written one that was never
    /// started is taken out of it too.
    IdleExit,
    /// `proc_representative_lwp` of 1.62 compares `l_stat` with LSRUN. As written the test is of a constant.
    Representative,
    /// `lwp_ctl_exit` clears `l_lcpage` with `l_lwpctl`. As written the LWP that goes on after an exec has a pointer to a
    /// page that is freed: `lwp_ctl_alloc` reads it, and never gives that LWP a block again.
    StalePage,
    /// `lwp_ctl_alloc` unmaps a page that it cannot wire. As written the mapping stays, and the reference that it holds is
    /// given back.
    UnwiredPage,
}

impl Repair {
    /// Every repair.
    pub const ALL: [Repair; 20] = [
        Repair::DeadGuard,
        Repair::LostContinue,
        Repair::SuspendedKill,
        Repair::SuspendedExit,
        Repair::UnlockedRunning,
        Repair::DrainedReferences,
        Repair::DrainingReference,
        Repair::StuckWait,
        Repair::CreatedWhileExiting,
        Repair::StoppedWait,
        Repair::DetachedCount,
        Repair::DumpedWait,
        Repair::SecondExit,
        Repair::StoppedExit,
        Repair::PassedSignal,
        Repair::StillOnCpu,
        Repair::IdleExit,
        Repair::Representative,
        Repair::StalePage,
        Repair::UnwiredPage,
    ];

    /// The repair's name.
    pub const fn name(self) -> &'static str {
        match self {
            Repair::DeadGuard => "dead-guard",
            Repair::LostContinue => "lost-continue",
            Repair::SuspendedKill => "suspended-kill",
            Repair::SuspendedExit => "suspended-exit",
            Repair::UnlockedRunning => "unlocked-running",
            Repair::DrainedReferences => "drained-references",
            Repair::DrainingReference => "draining-reference",
            Repair::StuckWait => "stuck-wait",
            Repair::CreatedWhileExiting => "created-while-exiting",
            Repair::StoppedWait => "stopped-wait",
            Repair::DetachedCount => "detached-count",
            Repair::DumpedWait => "dumped-wait",
            Repair::SecondExit => "second-exit",
            Repair::StoppedExit => "stopped-exit",
            Repair::PassedSignal => "passed-signal",
            Repair::StillOnCpu => "still-on-cpu",
            Repair::IdleExit => "idle-exit",
            Repair::Representative => "representative",
            Repair::StalePage => "stale-page",
            Repair::UnwiredPage => "unwired-page",
        }
    }
}

/// The repairs that are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs(u32);

impl Repairs {
    /// None: the sources as they are written.
    pub const AS_WRITTEN: Repairs = Repairs(0);

    /// All of them.
    pub const ALL: Repairs = Repairs((1 << Repair::ALL.len()) - 1);

    /// The same without one.
    pub const fn without(self, repair: Repair) -> Repairs {
        Repairs(self.0 & !(1 << repair as u8))
    }

    /// The same with one more.
    pub const fn with(self, repair: Repair) -> Repairs {
        Repairs(self.0 | 1 << repair as u8)
    }

    /// Whether a repair is in force.
    pub const fn has(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u8) != 0
    }
}

/// The repairs that models have asked for, a bit each. Plain memory of the checker's process, not part of any model.
#[cfg(any(loom, shuttle))]
static ASKED: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);

/// Notes that a model asks whether a repair is in force.
#[cfg(any(loom, shuttle))]
pub(super) fn ask(repair: Repair) {
    // ORDERING: none needed. The checker asks after the models have run. A word that is only read is no news to other
    // cores that explore.
    if !Repairs(ASKED.load(core::sync::atomic::Ordering::Relaxed)).has(repair) {
        ASKED.fetch_or(1 << repair as u8, core::sync::atomic::Ordering::Relaxed);
    }
}

/// The repairs that the models of this process have asked for since [`forget`]. A program that never asks for one runs
/// the same with it as without it.
#[cfg(any(loom, shuttle))]
pub fn asked() -> impl Iterator<Item = Repair> {
    // ORDERING: none needed. The checker asks after the models have run.
    let asked = Repairs(ASKED.load(core::sync::atomic::Ordering::Relaxed));
    Repair::ALL.into_iter().filter(move |repair| asked.has(*repair))
}

/// Forgets what models have asked for.
#[cfg(any(loom, shuttle))]
pub fn forget() {
    // ORDERING: none needed. The checker does so before a model runs.
    ASKED.store(0, core::sync::atomic::Ordering::Relaxed);
}
