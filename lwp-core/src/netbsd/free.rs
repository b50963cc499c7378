//! `lwp_free`: what remains of a dead LWP.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::flag::LW_RUNNING;
use super::proc::{ProcGuard, ProcState};
use super::{KernelLwp, Repair, Revision, System};
use crate::fault::{Count, Step, seeded, step, times};
use crate::sync;

impl System {
    /// Takes a zombie off the process, waits until it has left its CPU, and frees it.
    ///
    /// `kern_lwp.c` 1.62 L726, 1.69.2.6 L848.
    /// Entry: p_smutex held; `None` for an LWP that is the process' last, which stays on it. Exit: released. The big lock is
    /// given up during the wait.
    ///
    /// 1.62 does not tell those who wait that there is one LWP less ([`Repair::StuckWait`]), looks only at `ci_curlwp`
    /// where 1.69.2.6 looks at LW_RUNNING too, and not even there for the last LWP ([`Repair::StillOnCpu`]).
    ///
    /// # Panics
    /// Where the LWP has been freed.
    #[track_caller]
    pub(super) fn lwp_free(&self, p: Option<ProcGuard<'_>>, l: &Arc<KernelLwp>) {
        let last = p.is_none();
        if let Some(mut p) = p {
            let detached = p.member(l).detached;
            p.p_lwps.retain(|m| !Arc::ptr_eq(&m.lwp, l));
            p.p_nlwps -= times(Count::LwpFreeNlwps);
            p.p_nzlwps -= times(Count::LwpFreeNzlwps);
            p.p_ndlwps -= usize::from(detached) * times(Count::LwpFreeNdlwps);
            if self.revision == Revision::R1_69_2_6 || self.repaired(Repair::StuckWait) {
                step(Step::LwpFreeBroadcast, || self.cv_broadcast(P_LWPCV, &p));
            }
            p.exit();
        }
        let waits = !last || self.revision == Revision::R1_69_2_6 || self.repaired(Repair::StillOnCpu);
        // A uniprocessor's LWP has left the CPU where another runs.
        if waits && !self.uniprocessor {
            let on_its_cpu = || {
                let asks = self.revision == Revision::R1_69_2_6 && !seeded(Step::LwpFreeRunning);
                let running = asks && l.l_flag() & LW_RUNNING != 0;
                running || (self.cpus[l.l_cpu()].is_current(l) && !seeded(Step::LwpFreeCurlwp))
            };
            // Where there is no big lock to give up, the `if` decides nothing that the `while` does not.
            let spins = !self.kernel_lock.is_mine() || on_its_cpu();
            if spins && !seeded(Step::LwpFreeWaits) {
                self.kernel_lock.without(|| sync::spin_while(on_its_cpu));
            }
        }
        let locks = !seeded(Step::LwpFreeKernelLock);
        if locks {
            self.kernel_lock.enter();
        }
        step(Step::LwpFreeLwpctl, || self.lwp_ctl_free(l));
        // The pools that the memory goes back to have no lock of their own (1.62 L782, 1.69.2.6 L914).
        self.kernel_lock.check();
        if !seeded(Step::LwpFreeFrees) {
            l.free();
            self.counts_freed();
        }
        if locks {
            self.kernel_lock.exit();
        }
    }

    /// Frees the last LWP of a process that has ended, as its parent's wait does. Gives whether the process has.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on: `proc_free` leaves the wait for the LWP to leave its CPU
    /// to `lwp_free`. (In the days of 1.62 it may have waited itself: upstream's log says that the wait was moved.)
    /// Entry and exit: nothing held.
    pub fn proc_free(&self) -> bool {
        let p = self.proc().enter();
        let ended = p.p_stat == ProcState::Zomb;
        let last = p.p_lwps[0].lwp.clone();
        p.exit();
        if ended || seeded(Step::ProcFreeSzomb) {
            // A uniprocessor's parent runs on the same CPU, and so not before the LWP has left it.
            if self.uniprocessor {
                sync::spin_while(|| self.cpus[last.l_cpu()].is_current(&last));
            }
            self.lwp_free(None, &last);
        }
        ended
    }
}
