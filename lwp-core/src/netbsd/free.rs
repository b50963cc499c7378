//! `lwp_free`: what remains of a dead LWP.

use super::condvar::P_LWPCV;
use super::proc::ProcGuard;
use super::{Lid, Repair, Revision, System};
use crate::sync;

impl System {
    /// Takes a zombie off the process, waits until it has left its CPU, and frees it.
    ///
    /// `kern_lwp.c` 1.62 L726, 1.69.2.6 L848, for an LWP that is not the process' last.
    /// Entry: p_smutex held. Exit: released.
    ///
    /// 1.62 does not tell those who wait that there is one LWP less ([`Repair::StuckWait`]), and looks only at
    /// `ci_curlwp` where 1.69.2.6 looks at LW_RUNNING too.
    pub(super) fn lwp_free(&self, mut p: ProcGuard<'_>, lid: Lid) {
        let Some(n) = p.position(lid) else { panic!("LWP {lid} is freed twice") };
        let l = p.p_lwps.remove(n);
        p.p_nlwps -= 1;
        p.p_nzlwps -= 1;
        p.p_ndlwps -= usize::from(l.detached);
        if self.revision == Revision::R1_69_2_6 || self.repaired(Repair::StuckWait) {
            self.cv_broadcast(P_LWPCV, &p);
        }
        p.exit();

        let l = &l.lwp;
        let cpu = &self.cpus[l.l_cpu()];
        let on_its_cpu = || {
            let running = self.revision == Revision::R1_69_2_6 && l.l_flag() & super::flag::LW_RUNNING != 0;
            running || cpu.is_current(l)
        };
        while on_its_cpu() {
            sync::spin_while(on_its_cpu);
        }
        self.lwp_ctl_free(l);
        l.free();
    }
}
