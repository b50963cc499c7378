//! `mi_switch`. Not in `kern_lwp.c`; after the contract that it relies on.

use std::sync::Arc;

use super::flag::LW_RUNNING;
use super::lcpage::LcCurcpu;
use super::{KernelLwp, LwpLocked, Repair, Revision, State, System};
use crate::fault::{Step, keep, seeded, step};
use crate::site::Site;

impl System {
    /// Leaves the CPU to the next LWP, or to nobody, and comes back when a CPU takes the LWP again. An LWP that is
    /// LSONPROC yields: it goes to the end of the run queue.
    ///
    /// Entry: the current LWP locked; LSONPROC, LSSLEEP, LSSTOP or LSSUSPENDED. Exit: LSONPROC, nothing locked.
    pub(super) fn mi_switch(&self, mut l: LwpLocked<'_>) {
        let lwp = l.lwp();
        let cpu = &self.cpus[lwp.l_cpu()];
        if cfg!(any(loom, shuttle, debug_assertions)) {
            assert!(!self.kernel_lock.is_mine(), "an LWP leaves its CPU with the big lock");
        }
        step(Step::MiSwitchLwpctlNone, || self.lwpctl_says(lwp, LcCurcpu::None));
        let until = l.fields().until.take();
        if self.revision == Revision::R1_69_2_6 && !seeded(Step::MiSwitchRunning) {
            l.clear_flags(LW_RUNNING);
        }
        let next = if l.stat() == State::OnProc {
            // 1.69.2.6 holds spc_lwplock here, 1.62 sched_mutex already.
            let mut l = if l.held() == cpu.spc_mutex {
                l
            } else {
                let (l, spc_lwplock) = l.lwp_setlock_held(cpu.spc_lock());
                drop(spc_lwplock);
                l
            };
            step(Step::MiSwitchRequeue, || self.requeue(&mut l));
            self.switch_to_next(cpu, l.into_mutex(), false)
        } else if l.held() == cpu.spc_mutex {
            self.switch_to_next(cpu, l.into_mutex(), false)
        } else if self.revision == Revision::R1_62 {
            // 1.62 gives the sleep queue's lock up once it has sched_mutex, which it keeps until it has switched.
            let l = keep(l, Step::MiSwitchEarlyOld);
            let sched_mutex = cpu.spc_lock();
            if let Some(l) = l {
                l.unlock();
            }
            self.switch_to_next(cpu, sched_mutex, false)
        } else {
            // 1.69.2.6 keeps the LWP locked until the CPU is somebody else's.
            let l = keep(l, Step::MiSwitchEarly);
            let next = self.switch_to_next(cpu, cpu.spc_lock(), false);
            if let Some(l) = l {
                l.unlock();
            }
            next
        };
        if let Some(next) = next
            && !seeded(Step::MiSwitchDispatch)
        {
            next.dispatch();
        }
        // An LWP that sleeps has nothing to do, and is its own clock.
        let dispatched = until.is_some_and(|until| {
            let dispatched = lwp.wait_for_dispatch_until(until);
            if !dispatched {
                self.callout_fires(lwp);
            }
            dispatched
        });
        if !dispatched {
            lwp.wait_for_dispatch();
        }
        step(Step::MiSwitchLwpctlCpu, || self.lwpctl_says(lwp, LcCurcpu::Cpu(lwp.l_cpu())));
    }

    /// `lwp_exit_switchaway` (1.69.2.6 L815), and what `cpu_exit` does in 1.62: leaves the CPU for ever. Once the CPU has
    /// another current LWP, this one may be freed, so nothing touches it any more.
    ///
    /// Entry: nothing held, the current LWP LSZOMB. Exit: the LWP's thread has nothing left to do.
    ///
    /// 1.69.2.6 changes `l_flag` without a lock here ([`Repair::UnlockedRunning`]).
    pub(super) fn lwp_exit_switchaway(&self, l: &Arc<KernelLwp>) {
        let cpu = &self.cpus[l.l_cpu()];
        if self.revision == Revision::R1_69_2_6 {
            if self.repaired(Repair::UnlockedRunning) {
                let mut locked = l.lwp_lock();
                step(Step::SwitchawayRunning, || locked.clear_flags(LW_RUNNING));
                locked.unlock();
            } else {
                step(Step::SwitchawayRunningUnlocked, || l.stop_running());
            }
        }
        if seeded(Step::SwitchawayEarly) {
            cpu.set_curlwp(None);
        }
        l.uses_its_stack();
        step(Step::SwitchawayCurlwp, || cpu.set_curlwp(None));
        l.load_that_a_membar_leaves(Site::CiCurlwpStore);
        if let Some(next) = self.switch_to_next(cpu, cpu.spc_lock(), true)
            && !seeded(Step::SwitchawayDispatch)
        {
            next.dispatch();
        }
    }
}
