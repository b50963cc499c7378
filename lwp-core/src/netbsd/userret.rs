//! `lwp_userret`: what an LWP does before it returns to user mode.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::exit::Exited;
use super::flag::{LW_PENDSIG, LW_USERRET, LW_WCORE, LW_WEXIT, LW_WSUSPEND};
use super::{KernelLwp, Repair, State, System};
use crate::fault::{Count, Step, seeded, step, times};
use crate::sync;

impl System {
    /// Does what others have asked the current LWP to do: suspend itself, exit.
    ///
    /// `kern_lwp.c` 1.62 L1097, 1.69.2.6 L1209; they differ in what is not modelled: soft interrupts. Nor is the hook of
    /// Linux emulation, LW_WUSERRET.
    /// Entry and exit: nothing held.
    ///
    /// As written, LW_WSUSPEND and LW_PENDSIG are tested without a lock and never again ([`Repair::LostContinue`],
    /// [`Repair::SuspendedKill`]).
    ///
    /// # Errors
    /// [`Exited`] where the LWP has exited: the kernel's function does not return then.
    pub fn lwp_userret(&self, l: &Arc<KernelLwp>) -> Result<(), Exited> {
        if self.userret_must_exit(l)? && !seeded(Step::LwpUserretWexit) {
            step(Step::LwpUserretKernelLock, || self.kernel_lock.enter());
            return Err(self.lwp_exit(l));
        }
        Ok(())
    }

    /// [`System::lwp_userret`] for whoever has something left to do before the LWP exits: gives whether it must.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// [`Exited`] where a signal has ended the process.
    pub(crate) fn userret_must_exit(&self, l: &Arc<KernelLwp>) -> Result<bool, Exited> {
        let turns = sync::turns();
        while turns.again(l.l_flag() & LW_USERRET != 0) {
            if is_signalled(l.l_flag()) && !seeded(Step::LwpUserretPendsig) {
                self.take_signals(l)?;
            }
            if l.l_flag() & LW_WSUSPEND != 0 && !seeded(Step::LwpUserretWsuspend) {
                self.suspend_self(l);
            }
            if l.l_flag() & LW_WEXIT != 0 {
                return Ok(true);
            }
            if seeded(Step::LwpUserretAgain) {
                break;
            }
        }
        Ok(false)
    }

    /// Takes the signals that are pending, one after the other.
    ///
    /// Entry and exit: nothing held; takes the big lock, then p_smutex.
    fn take_signals(&self, l: &Arc<KernelLwp>) -> Result<(), Exited> {
        self.kernel_lock.enter();
        let mut p = self.proc().enter();
        loop {
            let (again, signal) = self.issignal(p, l);
            p = again;
            let Some(signal) = signal else { break };
            p = self.postsig(p, l, signal)?;
        }
        p.exit();
        self.kernel_lock.exit();
        Ok(())
    }

    /// LSONPROC to LSSUSPENDED, and back when somebody continues the LWP.
    fn suspend_self(&self, l: &Arc<KernelLwp>) {
        let mut p = self.proc().enter();
        let continued = self.repaired(Repair::LostContinue) && !seeded(Step::SuspendSelfSecondLook);
        let signalled = self.repaired(Repair::SuspendedKill) && !seeded(Step::SuspendSelfSignal);
        if continued || signalled {
            // p_smutex covers these flags too: whoever changes them holds it.
            let l_flag = l.l_flag();
            if continued && l_flag & LW_WSUSPEND == 0 || signalled && is_signalled(l_flag) {
                return;
            }
        }
        p.p_nrlwps -= times(Count::SuspendSelfNrlwps);
        step(Step::SuspendSelfBroadcast, || self.cv_broadcast(P_LWPCV, &p));
        let mut locked = l.lwp_lock();
        locked.set_stat(State::Suspended);
        p.exit();
        self.mi_switch(locked);
    }
}

/// Whether signals come first: not where the process dumps core or exits.
fn is_signalled(l_flag: usize) -> bool {
    l_flag & (LW_PENDSIG | LW_WCORE | LW_WEXIT) == LW_PENDSIG
}
