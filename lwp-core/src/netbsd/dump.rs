//! `sigexit`: a signal ends the process, with or without a core dump.
//!
//! Not in `kern_lwp.c`; after the contract that it relies on.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::exit::Exited;
use super::flag::{LW_WCORE, LW_WEXIT, LW_WSUSPEND, PS_WCORE, PS_WEXIT};
use super::proc::ProcGuard;
use super::{KernelLwp, Repair, System};
use crate::fault::{Count, Step, seeded, step};

impl System {
    /// A fault of the current LWP's own that dumps core: what SIGQUIT does, without the wait for it to be taken.
    ///
    /// Entry: nothing held. Exit: the LWP has exited.
    pub fn dump_core(&self, l: &Arc<KernelLwp>) -> Exited {
        self.sigexit(self.proc().enter(), l, true)
    }

    /// Ends the process. For a core dump all other LWPs are suspended first, where `lwp_userret` leaves their registers to
    /// be written; what is written is not modelled.
    ///
    /// Entry: p_smutex held. Exit: the LWP has exited.
    ///
    /// As written an LWP that takes a fatal signal after the exit pass of another starts an exit of its own, and each
    /// waits for the other ([`Repair::SecondExit`]).
    pub(super) fn sigexit<'a>(&'a self, mut p: ProcGuard<'a>, l: &Arc<KernelLwp>, core: bool) -> Exited {
        if self.repaired(Repair::SecondExit) && p.p_sflag & PS_WEXIT != 0 && !seeded(Step::SigexitWexit) {
            p.exit();
            return self.lwp_exit(l);
        }
        if p.p_sflag & PS_WCORE != 0 && !seeded(Step::SigexitWcore) {
            let mut locked = l.lwp_lock();
            step(Step::SigexitFlags, || locked.set_flags(LW_WCORE | LW_WEXIT | LW_WSUSPEND));
            locked.unlock();
            p.exit();
            step(Step::SigexitKernelLock, || _ = self.kernel_lock.exit_all());
            return self.lwp_userret(l).expect_err("whoever is told to exit does not return to user mode");
        }
        if core {
            step(Step::SigexitDumps, || p.p_sflag |= PS_WCORE);
            p = self.suspend_all_others(p, l);
            // What is written are the registers of LWPs that do not run.
            assert_eq!(p.p_nrlwps, 1, "an LWP runs while its registers are dumped");
            step(Step::SigexitDumped, || p.p_sflag &= !PS_WCORE);
        }
        self.exit1(p, l)
    }

    fn suspend_all_others<'a>(&'a self, mut p: ProcGuard<'a>, l: &Arc<KernelLwp>) -> ProcGuard<'a> {
        step(Step::SuspendOthersUnstop, || self.end_stop(&mut p));
        loop {
            let mut locked = l.lwp_lock();
            step(Step::SuspendOthersOwn, || locked.clear_flags(LW_WSUSPEND));
            locked.unlock();
            for other in p.others(l) {
                let mut t = other.lwp_lock();
                step(Step::SuspendOthersFlags, || t.set_flags(LW_WCORE | LW_WEXIT));
                // One that is LSIDL or LSZOMB needs no suspension.
                step(Step::SuspendOthersSuspend, || _ = self.lwp_suspend(&mut p, l, t));
            }
            if p.p_nrlwps == 1 {
                return p;
            }
            p.begin_wait(l, Count::SuspendOthersBegins);
            step(Step::SuspendOthersBroadcast, || self.cv_broadcast(P_LWPCV, &p));
            p = self.cv_wait(l, P_LWPCV, p.without_gap(Step::SuspendOthersGap));
            p.end_wait(l, Count::SuspendOthersEnds);
            if seeded(Step::SuspendOthersAgain) {
                return p;
            }
        }
    }
}
