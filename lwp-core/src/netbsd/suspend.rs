//! `lwp_suspend`, `lwp_continue`, `lwp_need_userret`.

use std::sync::Arc;

use super::flag::{LW_WCORE, LW_WEXIT, LW_WREBOOT, LW_WSUSPEND};
use super::proc::ProcGuard;
use super::{Errno, KernelLwp, LwpLocked, Repair, State, System};
use crate::fault::{Step, seeded, step};

impl System {
    /// Asks an LWP to suspend itself.
    ///
    /// `kern_lwp.c` 1.62 L261, 1.69.2.6 L258; the two are the same.
    /// Entry: p_smutex held, `t` locked. Exit: p_smutex held, `t` unlocked.
    ///
    /// As written, the test whether the caller has been told to exit looks for bits of `l_flag` in `l_stat`, where they
    /// never are ([`Repair::DeadGuard`]).
    ///
    /// # Errors
    /// EDEADLK where the caller has been told to exit, EINTR where `t` is LSIDL or LSZOMB.
    pub fn lwp_suspend(
        &self,
        p: &mut ProcGuard<'_>,
        curl: &Arc<KernelLwp>,
        mut t: LwpLocked<'_>,
    ) -> Result<(), Errno> {
        let tested = if self.repaired(Repair::DeadGuard) {
            if Arc::ptr_eq(curl, t.lwp()) { t.flags() } else { curl.l_flag() }
        } else {
            // A state is a small number: the test never holds, so which state it is does not matter.
            State::OnProc as usize
        };
        if tested & (LW_WEXIT | LW_WCORE) != 0 && !seeded(Step::LwpSuspendGuard) {
            t.unlock();
            return Err(Errno::Edeadlk);
        }
        match t.stat() {
            State::Run | State::OnProc => {
                t = t.without_gap(Step::LwpSuspendGap);
                step(Step::LwpSuspendRunning, || t.set_flags(LW_WSUSPEND));
                step(Step::LwpSuspendUserret, || self.lwp_need_userret(&t));
                t.unlock();
            }
            State::Sleep => {
                t = t.without_gap(Step::LwpSuspendSleepGap);
                step(Step::LwpSuspendSleeping, || t.set_flags(LW_WSUSPEND));
                if t.fields().l_sintr && !seeded(Step::LwpSuspendWakes) {
                    self.setrunnable(p, t);
                } else {
                    t.unlock();
                }
            }
            State::Suspended => t.unlock(),
            State::Stop => {
                step(Step::LwpSuspendStopped, || t.set_flags(LW_WSUSPEND));
                step(Step::LwpSuspendRuns, || self.setrunnable(p, t));
            }
            State::Idl | State::Zomb => {
                t.unlock();
                return Err(Errno::Eintr);
            }
        }
        Ok(())
    }

    /// Lets a suspended LWP go on, or takes a suspension back that has not happened yet.
    ///
    /// `kern_lwp.c` 1.62 L338, 1.69.2.6 L326; the two are the same.
    /// Entry: p_smutex held, the LWP locked. Exit: p_smutex held, the LWP unlocked.
    pub fn lwp_continue(&self, p: &mut ProcGuard<'_>, mut l: LwpLocked<'_>) {
        if l.flags() & LW_WREBOOT != 0 {
            l.unlock();
            return;
        }
        step(Step::LwpContinueClear, || l.clear_flags(LW_WSUSPEND));
        l = l.without_gap(Step::LwpContinueGap);
        if l.stat() == State::Suspended && !seeded(Step::LwpContinueRuns) {
            self.setrunnable(p, l);
        } else {
            l.unlock();
        }
    }

    /// Sends an LWP through [`System::lwp_userret`] before it runs in user mode again.
    ///
    /// `kern_lwp.c` 1.62 L1169, 1.69.2.6 L1287. The write barrier that both issue first is the AST's own here.
    /// Entry and exit: the LWP locked.
    pub(super) fn lwp_need_userret(&self, l: &LwpLocked<'_>) {
        l.lwp().cpu_signotify();
    }
}
