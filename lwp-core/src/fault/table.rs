//! The faults, a line each: its name, which is the function's and what is wrong, and that in words. Those that no
//! execution can show carry the reason.

use super::Layer;

macro_rules! faults {
    (
        lock { $($lock:ident = $lock_name:literal, $lock_what:literal $(, equivalent: $lock_why:literal)?;)* }
        protocol { $($step:ident = $name:literal, $what:literal $(, equivalent: $why:literal)?;)* }
        counts {
            $($count:ident = $count_name:literal, $count_what:literal
              $(, dropped: $dropped:literal)? $(, doubled: $doubled:literal)?;)*
        }
    ) => {
        /// A step that may go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step {
            $(#[doc = concat!("`", $lock_name, "`: ", $lock_what, ".")] $lock,)*
            $(#[doc = concat!("`", $name, "`: ", $what, ".")] $step,)*
        }

        impl Step {
            /// Every step.
            pub const ALL: &[Step] = &[$(Step::$lock,)* $(Step::$step,)*];

            /// The name of the fault.
            pub const fn name(self) -> &'static str {
                match self { $(Step::$lock => $lock_name,)* $(Step::$step => $name,)* }
            }

            /// What is wrong then.
            pub const fn what(self) -> &'static str {
                match self { $(Step::$lock => $lock_what,)* $(Step::$step => $what,)* }
            }

            /// Why no execution shows it, where none does.
            pub const fn equivalent(self) -> Option<&'static str> {
                match self { $(Step::$lock => reason!($($lock_why)?),)* $(Step::$step => reason!($($why)?),)* }
            }

            /// Where it is.
            pub const fn layer(self) -> Layer {
                match self { $(Step::$lock => Layer::Lock,)* $(Step::$step => Layer::Protocol,)* }
            }
        }

        /// A place where a counter is updated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Count {
            $(#[doc = concat!("`", $count_name, "`: ", $count_what, ".")] $count,)*
        }

        impl Count {
            /// Every such place.
            pub const ALL: &[Count] = &[$(Count::$count,)*];

            /// The function and the counter.
            pub const fn name(self) -> &'static str {
                match self { $(Count::$count => $count_name,)* }
            }

            /// What is done there.
            pub const fn what(self) -> &'static str {
                match self { $(Count::$count => $count_what,)* }
            }

            /// Why no execution shows that it is not done, where none does.
            pub const fn equivalent_if_dropped(self) -> Option<&'static str> {
                match self { $(Count::$count => reason!($($dropped)?),)* }
            }

            /// Why no execution shows that it is done twice, where none does.
            pub const fn equivalent_if_doubled(self) -> Option<&'static str> {
                match self { $(Count::$count => reason!($($doubled)?),)* }
            }
        }
    };
}

macro_rules! reason {
    () => {
        None
    };
    ($why:literal) => {
        Some($why)
    };
}

faults! {
    lock {
        LwpLockSecondLook = "lwp_lock.no-second-look", "does not look again once it has the lock";
        LwpLockRetry = "lwp_lock_retry.gives-up", "does not retry";
        LwpLockRetryRelease = "lwp_lock_retry.keeps-old", "does not release the lock that no longer covers the LWP";
        LwpTrylockSecondLook = "lwp_trylock.no-second-look", "does not look again once it has the lock";
        LwpTrylockRelease = "lwp_trylock.keeps-old", "does not release the lock that no longer covers the LWP";
        LwpSetlockPublish = "lwp_setlock.no-store", "does not store l_mutex";
        LwpUnlockToPublish = "lwp_unlock_to.no-store", "does not store l_mutex";
        LwpUnlockToRelease = "lwp_unlock_to.keeps-old", "does not release the old lock";
        LwpUnlockToEarly = "lwp_unlock_to.early", "releases the old lock before it stores l_mutex";
        LwpRelockPublish = "lwp_relock.no-store", "does not store l_mutex";
        LwpRelockRelease = "lwp_relock.keeps-old", "does not release the old lock";
        LwpRelockEarly = "lwp_relock.early", "releases the old lock before it takes the new one";
        LwpRelockLends = "lwp_relock.lends", "stores l_mutex before it takes the new lock";
        ThreadLockSecondLook = "thread_lock.no-second-look", "does not look again once it has the lock";
        ThreadLockSpin = "thread_lock.waits-for-the-lock", "waits for a lock to be released though the thread has moved from under it";
        ThreadSetStatePublish = "thread_set_state.no-store", "does not store t_lockp";
        ThreadTransitionPublish = "thread_transition.no-store", "does not store t_lockp";
        ThreadTransitionRelease = "thread_transition.keeps-old", "does not release the old lock";
        ThreadTransitionEarly = "thread_transition.early", "releases the old lock before it stores t_lockp";
        ThreadStopPublish = "thread_stop.no-store", "does not store t_lockp";
        ThreadStopRelease = "thread_stop.keeps-old", "does not release the old lock";
        ThreadStopEarly = "thread_stop.early", "releases the old lock before it stores t_lockp";
        MutexExit = "mutex_spin_exit.dropped", "does not release the mutex";
        SpinEnter = "spin_enter.unasked", "takes the spin lock whether it is free or not";
        SpinTryenter = "spin_tryenter.unasked", "takes the spin lock whether it is free or not";
        SpinTryenterOrWait = "spin_tryenter_or_wait.torn", "looks at the spin lock and then stores to it instead of exchanging";
        SpinExit = "spin_exit.dropped", "does not release the spin lock";
        ParkerParkSecondLook = "parker_park.no-second-look", "does not look for the token once others can find it";
        ParkerParkTake = "parker_park.token-kept", "does not take the token";
        ParkerUnparkStore = "parker_unpark.stores", "stores the token instead of exchanging it";
        ParkerUnparkOnce = "parker_unpark.once", "gives nothing where there is a token already";
        ParkerUnparkWake = "parker_unpark.no-wake-up", "does not wake the thread that waits";
        ParkerUnparkEarly = "parker_unpark.early", "wakes the thread that waits before it gives the token";
    }
    protocol {
        TakePZomblwpClear = "take_p_zomblwp.not-cleared", "does not clear p_zomblwp";

        // `wait.rs`
        LwpWait1Self = "lwp_wait1.no-self-test", "does not ask whether the LWP waits for itself (1.62)";
        LwpWait1Waitingfor = "lwp_wait1.l_waitingfor-not-set", "does not set l_waitingfor";
        LwpWait1Wcore = "lwp_wait1.no-wcore-test", "does not look at PS_WCORE after it has slept";
        LwpWait1Reaps = "lwp_wait1.no-reaping", "does not reap the detached";
        LwpWait1FoundWaitingfor = "lwp_wait1.l_waitingfor-kept", "does not clear l_waitingfor when the wait succeeds";
        LwpWait1FoundWaiter = "lwp_wait1.l_waiter-of-the-dead-kept", "does not clear the l_waiter of the zombie that it frees next",
            equivalent: "lwp_free takes the zombie off p_lwps before p_smutex is released, and nobody reads its l_waiter after that";
        LwpWait1Nobody = "lwp_wait1.no-esrch", "does not fail where nobody is there to wait for";
        LwpWait1ExitGap = "lwp_wait1.p_smutex-gap-in-exit", "lets go of p_smutex between its look and its sleep, for the LWP that ends the process";
        LwpWait1Wexit = "lwp_wait1.no-wexit-test", "does not look at PS_WEXIT before it sleeps";
        LwpWait1Stuck = "lwp_wait1.no-edeadlk", "does not compare the counters before it sleeps";
        LwpWait1Gap = "lwp_wait1.p_smutex-gap", "lets go of p_smutex between its look and its sleep";
        LwpWait1Eintr = "lwp_wait1.no-eintr", "sleeps on after it was interrupted";
        LwpWait1Waiter = "lwp_wait1.l_waiter-kept", "does not clear l_waiter when the wait fails";
        LwpWait1WaitingforEnds = "lwp_wait1.l_waitingfor-kept-on-error", "does not clear l_waitingfor when the wait fails";
        LwpWait1Broadcast = "lwp_wait1.no-broadcast", "does not wake the others when the wait fails";
        ReapDetachedAgain = "lwp_wait1.reaps-once", "does not look at p_zomblwp again after it has reaped";
        LwpWait1DetachedOld = "lwp_wait1.no-detached-test-1.62", "takes a detached LWP for one to wait for (1.62 as written)";
        LwpWait1Detached = "lwp_wait1.no-detached-test", "takes a detached LWP for one to wait for";
        LwpWait1Cycle = "lwp_wait1.no-cycle-test", "does not ask whether the other waits for the waiter";
        LwpWait1WaiterBegins = "lwp_wait1.l_waiter-not-set", "does not set l_waiter";
        LwpWait1OthersWaiter = "lwp_wait1.no-l_waiter-test", "takes a zombie for which another LWP waits";
        LwpWait1OthersFound = "lwp_wait1.not-found", "does not count an LWP for which another waits as one to wait for";

        // `suspend.rs`
        LwpSuspendGuard = "lwp_suspend.no-exit-test", "does not ask whether the caller has been told to exit";
        LwpSuspendGap = "lwp_suspend.lock-gap", "unlocks the LWP between its look at l_stat and what it does about it, where that runs",
            equivalent: "p_smutex stays held, so that in the gap the LWP can change between LSRUN and LSONPROC or go to sleep, and no more. It passes through lwp_userret, where LW_WSUSPEND is looked at, before it is in user mode; asleep interruptibly it is not woken, and neither is one that falls asleep just after it was suspended. Where another dumps core it may see LW_WEXIT, which is set before, and exit, as it may without the gap";
        LwpSuspendRunning = "lwp_suspend.lw_wsuspend-not-set", "does not set LW_WSUSPEND of an LWP that runs";
        LwpSuspendUserret = "lwp_suspend.no-ast", "does not send an LWP that runs through lwp_userret";
        LwpSuspendSleepGap = "lwp_suspend.lock-gap-asleep", "unlocks the LWP between its look at l_stat and what it does about it, where that sleeps";
        LwpSuspendSleeping = "lwp_suspend.lw_wsuspend-not-set-asleep", "does not set LW_WSUSPEND of an LWP that sleeps";
        LwpSuspendWakes = "lwp_suspend.no-wakeup", "does not wake an LWP that sleeps interruptibly";
        LwpSuspendStopped = "lwp_suspend.lw_wsuspend-not-set-stopped", "does not set LW_WSUSPEND of an LWP that is stopped";
        LwpSuspendRuns = "lwp_suspend.no-setrunnable", "does not make an LWP run that is stopped";
        LwpContinueClear = "lwp_continue.lw_wsuspend-kept", "does not clear LW_WSUSPEND";
        LwpContinueGap = "lwp_continue.lock-gap", "unlocks the LWP between LW_WSUSPEND and its look at l_stat",
            equivalent: "p_smutex stays held, without which nobody becomes LSSUSPENDED and nobody leaves it";
        LwpContinueRuns = "lwp_continue.no-setrunnable", "does not make a suspended LWP run";

        // `userret.rs`
        LwpUserretAgain = "lwp_userret.no-second-pass", "does not look at l_flag again after it has done what it was asked to";
        LwpUserretPendsig = "lwp_userret.no-lw_pendsig-test", "does not look at LW_PENDSIG";
        LwpUserretWsuspend = "lwp_userret.no-lw_wsuspend-test", "does not look at LW_WSUSPEND";
        LwpUserretWexit = "lwp_userret.no-lw_wexit-test", "does not look at LW_WEXIT";
        LwpUserretKernelLock = "lwp_userret.no-big-lock", "does not take the big lock before it exits";
        SuspendSelfSignal = "lwp_userret.no-second-signal-look", "does not look at LW_PENDSIG again once it has p_smutex";
        SuspendSelfSecondLook = "lwp_userret.no-second-look", "does not look at LW_WSUSPEND again once it has p_smutex";
        SuspendSelfBroadcast = "lwp_userret.no-broadcast", "does not wake those who wait when it suspends itself";

        // `exit.rs`
        LwpExitLast = "lwp_exit.no-last-test", "does not ask whether the LWP is the last of its process";
        LwpExitLastGap = "lwp_exit.p_smutex-gap-before-p_nzlwps", "lets go of p_smutex between its test whether the LWP is the last and counting it in p_nzlwps";
        LwpExitKernelLock = "lwp_exit.keeps-big-lock", "does not give the big lock up before it leaves its CPU";
        LwpExitSwitchaway = "lwp_exit.no-switchaway", "does not leave its CPU";
        LwpExitData = "lwp_exit.keeps-data", "does not give back its data and credentials";
        LwpExitAlllwp = "lwp_exit.on-alllwp", "does not take the LWP off alllwp";
        LwpExitDrains = "lwp_exit.no-drain", "does not wait for the references";
        LwpExitDrainsAgain = "lwp_exit.no-second-drain", "does not wait for the references again after it has freed another LWP";
        LwpExitReapsAgain = "lwp_exit.reaps-once", "does not look at p_zomblwp again after it has freed another LWP";
        LwpExitZomblwp = "lwp_exit.p_zomblwp-not-set", "does not set p_zomblwp";
        LwpExitPendsig = "lwp_exit.lw_pendsig-not-set", "does not set LW_PENDSIG of the others where a signal is left";
        LwpExitGap = "lwp_exit.p_smutex-gap", "lets go of p_smutex between the last reference and LSZOMB";
        LwpExitSetlock = "lwp_exit.no-setlock", "leaves an LWP that was never started under spc_mutex";
        LwpExitBroadcast = "lwp_exit.no-broadcast", "does not wake those who wait";
        LwpExitLwpctl = "lwp_exit.lwpctl-not-set", "does not say in the lwpctl block that the LWP has exited";
        Exit1Wexit = "exit1.ps_wexit-not-set", "does not set PS_WEXIT";
        Exit1ExitLwps = "exit1.no-exit-pass", "does not tell the others to exit";
        Exit1WaitsAgain = "exit1.waits-once", "does not ask again whether it is alone after it has waited";
        Exit1Drains = "exit1.no-drain", "does not wait for the references";
        Exit1Szomb = "exit1.szomb-not-set", "does not set p_stat to SZOMB";
        Exit1KernelLock = "exit1.keeps-big-lock", "does not give the big lock up before it leaves its CPU";
        Exit1Switchaway = "exit1.no-switchaway", "does not leave its CPU";
        ExitLwpsUnstop = "exit_lwps.stop-kept", "does not end the stop of the process";
        ExitLwpsWexit = "exit_lwps.lw_wexit-not-set", "does not set LW_WEXIT";
        ExitLwpsWsuspend = "exit_lwps.lw_wsuspend-kept", "does not clear LW_WSUSPEND";
        ExitLwpsGap = "exit_lwps.lock-gap", "unlocks the LWP between LW_WEXIT and its look at l_stat",
            equivalent: "p_smutex stays held, and l_stat is looked at after the gap for what is done about it. Who sees LW_WEXIT in the gap does not sleep interruptibly, and for what it does about it otherwise, to exit or to suspend itself, it takes p_smutex first";
        ExitLwpsRuns = "exit_lwps.no-setrunnable", "does not wake those who sleep interruptibly, are suspended or stopped";
        ExitLwpsUserret = "exit_lwps.no-ast", "does not send those who run through lwp_userret";

        // `free.rs`
        LwpFreeBroadcast = "lwp_free.no-broadcast", "does not wake those who wait";
        LwpFreeRunning = "lwp_free.no-lw_running-test", "does not look at LW_RUNNING",
            equivalent: "lwp_exit_switchaway clears LW_RUNNING before ci_curlwp, at which lwp_free looks too. Where, as written, the exit pass brings LW_RUNNING back, the two accesses race, and the program fails by that";
        LwpFreeCurlwp = "lwp_free.no-ci_curlwp-test", "does not look at ci_curlwp";
        LwpFreeWaits = "lwp_free.no-wait", "does not wait for the LWP to leave its CPU";
        LwpFreeKernelLock = "lwp_free.no-big-lock", "does not take the big lock to free the LWP";
        LwpFreeFrees = "lwp_free.not-freed", "does not free the LWP";
        LwpFreeLwpctl = "lwp_free.keeps-lwpctl", "does not give the lwpctl block back";
        ProcFreeSzomb = "proc_free.no-szomb-test", "does not ask whether the process has ended";

        // `create.rs`
        LwpCreateReaps = "lwp_create.no-reaping", "does not free the detached zombie that waits to be reaped";
        LwpCreateSecondLook = "lwp_create.no-second-look", "does not look at p_zomblwp again once it has p_smutex";
        LwpCreateAlllwp = "lwp_create.not-on-alllwp", "does not put the LWP on alllwp";
        LwpCreateLimit = "_lwp_create.no-limit-test", "does not ask whether the process may have another LWP";
        LwpCreateSpecific = "lwp_create.no-initspecific", "does not begin with no data",
            equivalent: "a new LWP has no data before either";
        LwpCreateCreds = "lwp_create.no-creds", "does not give the LWP credentials";
        LwpStartSwapped = "lwp_start.locks-swapped", "takes the LWP's lock before p_smutex";
        LwpStartWexit = "lwp_start.lw_wexit-not-set", "does not set LW_WEXIT in a process that exits";
        LwpStartCreator = "lwp_start.no-creator-test", "does not ask whether the creator is to be suspended or to exit";
        LwpStartStopping = "lwp_start.no-stop-test", "does not ask whether the process stops";
        LwpStartRuns = "lwp_start.no-setrunqueue", "does not put the LWP on the run queue";

        // `refs.rs`
        LwpDelrefBroadcast = "lwp_delref.no-broadcast", "does not wake the LWP that waits for the last reference";
        LwpDrainrefsGap = "lwp_drainrefs.p_smutex-gap", "lets go of p_smutex between its look at l_refcnt and its sleep";
        LwpDrainrefsAgain = "lwp_drainrefs.waits-once", "does not look at l_refcnt again after it has slept";

        // `find.rs`
        LwpFindIdl = "lwp_find.no-lsidl-test", "finds an LWP that is LSIDL";
        LwpFindZomb = "lwp_find.no-lszomb-test", "finds an LWP that is LSZOMB";

        // `setrunnable.rs`
        SetrunnableWsuspend = "setrunnable.lw_wsuspend-kept", "does not clear LW_WSUSPEND of a suspended LWP",
            equivalent: "lwp_continue has cleared it before it comes here, and whoever else makes a suspended LWP run is the exit pass: it has set LW_WEXIT, at which lwp_userret looks next and never at LW_WSUSPEND again; nobody asks for that flag of an LWP that exits";
        SetrunnableWchan = "setrunnable.no-l_wchan-test", "does not take the LWP off its sleep queue";
        SetrunnableOnCpu = "setrunnable.no-cpu-test", "does not ask whether the LWP has left its CPU",
            equivalent: "an LWP that stops or suspends itself stays locked from before its state changes until its CPU is another's (mi_switch); one that was halted asleep has left the sleep queue for sched_mutex or spc_lwplock then, with which 1.62 switches, and is locked by its queue until it has switched in 1.69.2.6";

        // `switch.rs`
        MiSwitchLwpctlNone = "mi_switch.lwpctl-kept", "does not say in the lwpctl block that the LWP leaves its CPU",
            equivalent: "an LWP reads its own block alone, while it is on a CPU; what others read there in user mode is not modelled";
        MiSwitchRunning = "mi_switch.lw_running-kept", "does not clear LW_RUNNING";
        MiSwitchRequeue = "mi_switch.no-requeue", "does not put an LWP that yields on the run queue";
        MiSwitchEarlyOld = "mi_switch.early-1.62", "unlocks the LWP before it has sched_mutex (1.62)";
        MiSwitchEarly = "mi_switch.early", "unlocks the LWP before it has left its CPU (1.69.2.6)";
        MiSwitchDispatch = "mi_switch.no-dispatch", "does not let the next LWP run";
        MiSwitchLwpctlCpu = "mi_switch.lwpctl-not-set", "does not say in the lwpctl block that the LWP is back on a CPU";
        SwitchawayRunning = "lwp_exit_switchaway.lw_running-kept", "does not clear LW_RUNNING, which it has locked (repaired)";
        SwitchawayRunningUnlocked = "lwp_exit_switchaway.lw_running-kept-unlocked", "does not clear LW_RUNNING without a lock (as written)";
        SwitchawayEarly = "lwp_exit_switchaway.early", "sets ci_curlwp before it has left the LWP's stack";
        SwitchawayCurlwp = "lwp_exit_switchaway.ci_curlwp-kept", "does not set ci_curlwp";
        SwitchawayDispatch = "lwp_exit_switchaway.no-dispatch", "does not let the next LWP run";

        // `cpu.rs`
        SetrunqueueDispatch = "setrunqueue.no-dispatch", "does not let an LWP run on a CPU that idles";
        SetrunqueueIdle = "setrunqueue.idle-kept", "does not say that the CPU idles no longer";
        SetrunqueueCurlwp = "setrunqueue.ci_curlwp-not-set", "does not set ci_curlwp";
        SetrunqueuePush = "setrunqueue.not-queued", "does not put the LWP on the run queue";
        SwitchIdle = "mi_switch.idle-not-set", "does not say whether the CPU idles";
        SwitchCurlwp = "mi_switch.ci_curlwp-not-set", "does not set ci_curlwp to the next LWP";
        SwitchNobody = "mi_switch.ci_curlwp-kept", "does not set ci_curlwp where nobody is next";
        OnprocOtherCpu = "mi_switch.other-spc_lwplock", "leaves the next LWP to another CPU's spc_lwplock (1.69.2.6)";
        OnprocRunning = "mi_switch.lw_running-not-set", "does not set LW_RUNNING of the next LWP";

        // `sleepq.rs`
        SleepqEnterSwapped = "sleepq_enter.locks-swapped", "takes the LWP's lock before the sleep queue's";
        SleepqEnqueueWchan = "sleepq_enqueue.l_wchan-not-set", "does not set l_wchan";
        SleepqEnqueuePush = "sleepq_enqueue.not-queued", "does not put the LWP on the sleep queue";
        SleepqBlockSintr = "sleepq_block.lw_sintr-not-set", "does not set LW_SINTR";
        SleepqBlockBefore = "sleepq_block.no-test-before", "does not look at l_flag before it sleeps";
        SleepqBlockCancelled = "sleepq_block.lw_cancelled-kept", "does not clear LW_CANCELLED";
        SleepqBlockCalloutEarly = "sleepq_block.callout-early", "arms the callout before it looks at l_flag";
        SleepqBlockCallout = "sleepq_block.no-callout", "does not arm the callout";
        SleepqBlockAfter = "sleepq_block.no-test-after", "does not look at l_flag after it has slept";
        SleepqBlockSignal = "sleepq_block.no-signal-test", "does not look for signals after it has slept";
        CalloutStop = "sleepq_block.no-callout_stop", "does not stop the callout";
        SleepqTimeoutArmed = "sleepq_timeout.no-callout-test", "does not ask whether the callout is armed still";
        SleepqTimeoutWchan = "sleepq_timeout.no-l_wchan-test", "does not ask whether the LWP is on a sleep queue still";
        SleepqRemoveWchan = "sleepq_remove.l_wchan-kept", "does not clear l_wchan";
        SleepqRemoveSintr = "sleepq_remove.lw_sintr-kept", "does not clear LW_SINTR";
        SleepqRemoveQueue = "sleepq_remove.queued", "does not take the LWP off the sleep queue";
        SleepqRemoveHalted = "sleepq_remove.no-l_stat-test", "does not ask whether the LWP was halted meanwhile";
        SleepqRemoveAsksEarly = "sleepq_remove.sched_mutex-late", "takes sched_mutex after it has asked whether the LWP has left its CPU (1.62)";
        SleepqRemoveOnCpu = "sleepq_remove.no-cpu-test", "does not ask whether the LWP has left its CPU (1.69.2.6)";
        SleepqRemoveOnCpuOld = "sleepq_remove.no-cpu-test-1.62", "does not ask whether the LWP has left its CPU (1.62)";
        WakeUniprocessorOnCpu = "sleepq_remove.no-cpu-test-on-a-uniprocessor", "does not ask whether the LWP has left its CPU (1.62 on a uniprocessor)";
        WakeUniprocessorDispatch = "sleepq_remove.no-dispatch-on-a-uniprocessor", "does not let the LWP run on a CPU that idles (1.62 on a uniprocessor)";
        SleepqRemoveRuns = "sleepq_remove.no-setrunqueue", "does not put the LWP on the run queue";

        // `condvar.rs`
        CvWaitEarly = "cv_wait.early", "releases p_smutex before it has the sleep queue's lock";
        CvWaitKernelLock = "cv_wait.keeps-big-lock", "does not give the big lock up while it sleeps";
        CvBroadcastLook = "cv_broadcast.no-cv_waiters-test", "takes the sleep queue's lock though nobody waits",
            equivalent: "the test only saves the lock: where cv_waiters is 0 nobody is on the queue who sleeps by cv_wait, and no program has anybody else there";
        CvBroadcastWaiters = "cv_broadcast.cv_waiters-kept", "does not clear cv_waiters";
        CvBroadcastAll = "cv_broadcast.wakes-one", "wakes the first of those who wait only";

        // `turnstile.rs`
        MutexEnterAgain = "mutex_enter.no-second-look", "does not ask again whether the mutex is free after it has slept";
        MutexExitWakes = "mutex_exit.no-wakeup", "does not wake those who wait";

        // `sleep.rs`
        HappenBroadcast = "happen.no-broadcast", "does not wake those who sleep";

        // `signal.rs`
        KillZombie = "kill.no-szomb-test", "sends a signal to a process that has exited";
        KillPending = "kill.not-pending", "does not add the signal to p_sigpend";
        LwpKillPending = "_lwp_kill.not-pending", "does not add the signal to l_sigpend";
        LwpKillPost = "_lwp_kill.no-sigpost", "does not have the LWP look for signals";
        UndoStopsProc = "kill.stop-pending", "does not take a pending SIGSTOP out of p_sigpend for SIGCONT";
        UndoStopsLwps = "kill.stop-pending-of-an-lwp", "does not take a pending SIGSTOP out of l_sigpend for SIGCONT";
        UndoStopsUnstop = "kill.no-proc_unstop", "does not have a stopped process go on";
        SigpostRefcnt = "sigpost.no-l_refcnt-test", "does not ask whether the LWP has begun to go";
        SigpostPendsig = "sigpost.lw_pendsig-not-set", "does not set LW_PENDSIG";
        SigpostGap = "sigpost.lock-gap", "unlocks the LWP between LW_PENDSIG and its look at l_stat";
        SigpostUserret = "sigpost.no-ast", "does not send an LWP that runs through lwp_userret";
        SigpostWakes = "sigpost.no-wakeup", "does not wake an LWP that sleeps interruptibly";
        SigpostContinues = "sigpost.no-continue", "does not continue a suspended LWP for a signal that ends the process";
        SigpostRuns = "sigpost.no-setrunnable", "does not make a stopped LWP run";
        IssignalStopping = "issignal.no-stop-test", "does not ask whether the process stops";
        IssignalTakesStop = "issignal.stop-kept", "does not take SIGSTOP out of the signals that are pending";
        IssignalPendsig = "issignal.lw_pendsig-kept", "does not clear LW_PENDSIG";
        PostsigTakes = "postsig.kept", "does not take the signal out of those that are pending";

        // `stop.rs`
        ProcStopSwapped = "proc_stop.locks-swapped", "takes p_smutex before proclist_mutex";
        ProcStopEnds = "proc_stop.no-end-test", "does not ask whether somebody ends the process";
        ProcStopStopping = "proc_stop.ps_stopping-not-set", "does not set PS_STOPPING";
        ProcStopSleeper = "proc_stop.no-halt", "does not halt those who sleep interruptibly";
        ProcStopCount = "proc_stop.no-p_nrlwps-test", "takes the process for stopped though LWPs run";
        ProcStopStopped = "proc_stop.no-sstop", "does not say that the process has stopped where nobody runs",
            equivalent: "PS_STOPPING stays set then. is_stopping and stop take the one for the other, sigswitch finds PS_STOPPING, looks again once it has proclist_mutex and stops all the same, and proc_unstop ends both; what tells them apart is the parent's wait, which is not modelled";
        ProcStopPost = "proc_stop.no-sigpost", "does not ask the others to stop";
        HasStoppedStopping = "proc_stop.ps_stopping-kept", "does not clear PS_STOPPING once the process has stopped",
            equivalent: "whoever asks whether the process stops (is_stopping) takes PS_STOPPING for SSTOP, and proc_unstop clears both; with SSTOP nobody calls proc_stop. An LWP that stops once more in sigswitch lets go of p_smutex first, looks again, and says again what is said already";
        HasStoppedSstop = "proc_stop.sstop-not-set", "does not set p_stat to SSTOP";
        SigswitchStops = "sigswitch.no-proc_stop", "does not have the others stop too";
        SigswitchSecondLook = "sigswitch.no-second-look", "does not look at PS_STOPPING again once it has proclist_mutex";
        SigswitchCount = "sigswitch.no-p_nrlwps-test", "takes the LWP for the last one that stops";
        SigswitchStopped = "sigswitch.no-sstop", "does not say that the process has stopped where it is the last",
            equivalent: "PS_STOPPING stays set then. is_stopping and stop take the one for the other, sigswitch finds PS_STOPPING, looks again once it has proclist_mutex and stops all the same, and proc_unstop ends both; what tells them apart is the parent's wait, which is not modelled";
        SigswitchThirdLook = "sigswitch.no-third-look", "does not ask again whether the process stops before it stops itself";
        SigswitchKernelLock = "sigswitch.keeps-big-lock", "does not give the big lock up while it is stopped";
        ProcUnstopSactive = "proc_unstop.sactive-not-set", "does not set p_stat to SACTIVE";
        ProcUnstopStopping = "proc_unstop.ps_stopping-kept", "does not clear PS_STOPPING";
        ProcUnstopRuns = "proc_unstop.no-setrunnable", "does not make stopped LWPs run";

        // `park.rs`
        LwpParkUnparked = "_lwp_park.no-lw_unparked-test", "does not ask whether the LWP has been unparked before it sleeps";
        LwpParkClear = "_lwp_park.lw_unparked-kept", "does not clear LW_UNPARKED";
        LwpUnparkWakes = "_lwp_unpark.no-wakeup", "does not wake an LWP that is parked";
        LwpUnparkSecondLook = "_lwp_unpark.no-second-look", "does not ask again whether the LWP is parked once it has it locked";
        LwpUnparkFlag = "_lwp_unpark.lw_unparked-not-set", "does not set LW_UNPARKED";
        LwpWakeupFlags = "_lwp_wakeup.lw_cancelled-not-set", "does not set LW_CANCELLED and LW_UNPARKED";
        LwpWakeupGap = "_lwp_wakeup.lock-gap", "unlocks the LWP between LW_CANCELLED and its look at l_stat";
        LwpWakeupWakes = "_lwp_wakeup.no-wakeup", "does not wake an LWP that sleeps";

        // `syscalls.rs`
        SysSuspendAlone = "_lwp_suspend.no-alone-test", "does not ask whether the LWP that suspends itself is the only one that runs";
        SysSuspendExits = "_lwp_suspend.no-exit-test", "does not ask whether the caller has been told to exit";
        SysDetachDetached = "_lwp_detach.no-detached-test", "does not ask whether the LWP is detached already";
        SysDetachFrees = "_lwp_detach.no-free", "does not free a zombie";
        SysDetachFlag = "_lwp_detach.lpr_detached-not-set", "does not set LPR_DETACHED";
        SysDetachBroadcast = "_lwp_detach.no-broadcast", "does not wake those who wait";
        SysExitWexit = "exit.no-ps_wexit-test", "does not ask whether another LWP ends the process";
        UserModeBefore = "user_mode.no-userret", "does not pass through lwp_userret on the way to user mode";

        // `dump.rs`
        SigexitWexit = "sigexit.no-ps_wexit-test", "does not ask whether another LWP ends the process";
        SigexitWcore = "sigexit.no-ps_wcore-test", "does not ask whether another LWP dumps core";
        SigexitFlags = "sigexit.lw_wexit-not-set", "does not set LW_WCORE, LW_WEXIT and LW_WSUSPEND where another LWP dumps core";
        SigexitKernelLock = "sigexit.keeps-big-lock", "does not give the big lock up before it is suspended";
        SigexitDumps = "sigexit.ps_wcore-not-set", "does not set PS_WCORE";
        SigexitDumped = "sigexit.ps_wcore-kept", "does not clear PS_WCORE";
        SuspendOthersUnstop = "sigexit.stop-kept", "does not end the stop of the process";
        SuspendOthersOwn = "sigexit.lw_wsuspend-kept", "does not clear its own LW_WSUSPEND",
            equivalent: "whoever dumps goes on to exit1, and does not come to lwp_userret, where the flag is looked at, unless another dumps meanwhile, who sets it: with second-exit repaired, nobody who has been told to exit dumps";
        SuspendOthersFlags = "sigexit.lw_wcore-not-set", "does not set LW_WCORE and LW_WEXIT of the others";
        SuspendOthersSuspend = "sigexit.no-suspension", "does not suspend the others";
        SuspendOthersBroadcast = "sigexit.no-broadcast", "does not wake those who wait, who are to be suspended";
        SuspendOthersGap = "sigexit.p_smutex-gap", "lets go of p_smutex between its look at p_nrlwps and its sleep";
        SuspendOthersAgain = "sigexit.waits-once", "does not look at p_nrlwps again after it has slept";

        // `alllwp.rs`
        AlllwpSwapped = "alllwp.locks-swapped", "takes proclist_mutex before proclist_lock (1.69.2.6)";

        // `creds.rs`
        CredRetry = "kauth_cred_hold.no-retry", "does not try again where cr_refcnt has changed meanwhile";
        UpdateCredsEarly = "lwp_update_creds.early", "releases p_mutex before it has a reference to the new credentials";
        UpdateCredsFree = "lwp_update_creds.no-free", "does not give the old credentials back";
        CacheCreds = "lwp_cache_creds.no-look", "does not ask whether the credentials are the process' still";
        ExitCreds = "lwp_exit.keeps-creds", "does not give its credentials back";

        // `specific.rs`
        FinispecificUnlink = "lwp_finispecific.linked", "does not take the container off the domain's list";
        FinispecificDestroy = "lwp_finispecific.no-destructor", "does not destroy the data";
        KeyDeleteDestroy = "lwp_specific_key_delete.no-destructor", "does not destroy the data";
        KeyDeleteClear = "lwp_specific_key_delete.key-kept", "does not forget the key";

        // `lwpctl.rs`
        LwpctlSecondLook = "lwp_ctl_alloc.no-second-look", "does not look at p_lwpctl again once it has p_mutex";
        LwpctlEarly = "lwp_ctl_alloc.early", "stores p_lwpctl before the header is complete";
        LwpctlLock = "lwp_ctl_alloc.lp_lock-early", "releases lp_lock before it takes a block";
        LwpctlFreeLock = "lwp_ctl_free.lp_lock-early", "releases lp_lock before it gives the block back";
        LwpctlExitBlock = "lwp_ctl_exit.l_lwpctl-kept", "does not clear l_lwpctl";
        LwpctlExitClear = "lwp_ctl_exit.p_lwpctl-kept", "does not clear p_lwpctl";

        // `lcpage.rs`
        LcpBitmapAlloc = "lwp_ctl_alloc.bit-kept", "does not clear the block's bit";
        LcpBitmapFree = "lwp_ctl_free.bit-not-set", "does not set the block's bit";

        // `mutex.rs`
        KernelLockAgain = "kernel_lock.not-taken-again", "does not take the big lock again after it was given up";
    }
    counts {
        LwpWait1Begins = "lwp_wait1.p_nlwpwait-begins", "count the waiter in p_nlwpwait";
        LwpWait1Dumped = "lwp_wait1.p_nlwpwait-dumped", "take a waiter that a core dump ends out of p_nlwpwait";
        LwpWait1Found = "lwp_wait1.p_nlwpwait-found", "take the waiter out of p_nlwpwait when the wait succeeds";
        LwpWait1FoundOld = "lwp_wait1.p_nlwpwait-found-1.62", "take the waiter out of p_nlwpwait when the wait succeeds (1.62 as written)";
        LwpWait1Ends = "lwp_wait1.p_nlwpwait-ends", "take the waiter out of p_nlwpwait when the wait fails";
        SuspendSelfNrlwps = "lwp_userret.p_nrlwps", "take an LWP that suspends itself out of p_nrlwps";
        LwpExitNzlwps = "lwp_exit.p_nzlwps", "count the LWP in p_nzlwps";
        LwpExitRefcnt = "lwp_exit.l_refcnt", "take its own reference again before it frees another LWP";
        LwpExitRefcntLate = "lwp_exit.l_refcnt-late", "take its own reference again after it has freed another LWP (1.69.2.6 as written)";
        LwpExitNrlwps = "lwp_exit.p_nrlwps", "take the LWP out of p_nrlwps";
        Exit1Nrlwps = "exit1.p_nrlwps", "take the LWP out of p_nrlwps";
        Exit1Nzlwps = "exit1.p_nzlwps", "count the LWP in p_nzlwps";
        LwpFreeNlwps = "lwp_free.p_nlwps", "take the LWP out of p_nlwps";
        LwpFreeNzlwps = "lwp_free.p_nzlwps", "take the LWP out of p_nzlwps";
        LwpFreeNdlwps = "lwp_free.p_ndlwps", "take a detached LWP out of p_ndlwps";
        LwpCreateNdlwps = "lwp_create.p_ndlwps", "count a detached LWP in p_ndlwps";
        LwpCreateNlwpid = "lwp_create.p_nlwpid", "go on to the next number";
        LwpCreateNlwps = "lwp_create.p_nlwps", "count the LWP in p_nlwps";
        LwpStartNrlwps = "lwp_start.p_nrlwps", "count the LWP in p_nrlwps";
        LwpAddrefRefcnt = "lwp_addref.l_refcnt", "count the reference";
        LwpDelrefRefcnt = "lwp_delref.l_refcnt", "give the reference back";
        LwpDrainrefsRefcnt = "lwp_drainrefs.l_refcnt", "give the reference to itself back";
        SetrunnableStopped = "setrunnable.p_nrlwps-stopped", "count a stopped LWP in p_nrlwps";
        SetrunnableSuspended = "setrunnable.p_nrlwps-suspended", "count a suspended LWP in p_nrlwps";
        LwpUnsleepWaiters = "lwp_unsleep.cv_waiters", "take the LWP out of cv_waiters";
        CvWaitWaiters = "cv_wait.cv_waiters", "count the LWP in cv_waiters";
        ProcStopNrlwps = "proc_stop.p_nrlwps", "take a sleeper that it halts out of p_nrlwps";
        SigswitchNrlwps = "sigswitch.p_nrlwps", "take the LWP that stops out of p_nrlwps";
        ProcUnstopNrlwps = "proc_unstop.p_nrlwps", "count a halted sleeper in p_nrlwps";
        SysDetachNdlwps = "_lwp_detach.p_ndlwps", "count the LWP in p_ndlwps";
        SuspendOthersBegins = "sigexit.p_nlwpwait-begins", "count the LWP in p_nlwpwait";
        SuspendOthersEnds = "sigexit.p_nlwpwait-ends", "take the LWP out of p_nlwpwait";
        CredHold = "kauth_cred_hold.cr_refcnt", "count the reference";
        CredFree = "kauth_cred_free.cr_refcnt", "give the reference back";
        LcpNfreeAlloc = "lwp_ctl_alloc.lcp_nfree", "take the block out of lcp_nfree";
        LcpNfreeFree = "lwp_ctl_free.lcp_nfree", "count the block in lcp_nfree";
        KernelLockEnter = "kernel_lock.depth-enter", "count that the big lock is taken";
        KernelLockExit = "kernel_lock.depth-exit", "count that the big lock is given up";
    }
}
