//! `lwp_exit`, `exit1` and `exit_lwps`: the end of an LWP, and of its process.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::flag::{LW_PENDSIG, LW_WEXIT, LW_WSUSPEND, PS_WEXIT};
use super::lcpage::LcCurcpu;
use super::proc::{ProcGuard, ProcState};
use super::{KernelLwp, Repair, Revision, State, System};
use crate::fault::{Count, Step, seeded, step, times};
use crate::mutex::Class;
use crate::witness;

/// The current LWP has exited: its thread has nothing left to do, and must not touch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exited(());

impl System {
    /// Ends the current LWP, and the process with the last of them.
    ///
    /// `kern_lwp.c` 1.62 L587, 1.69.2.6 L675.
    /// Entry: nothing held. Exit: the LWP is a zombie that has left its CPU, or about to.
    ///
    /// An LWP that was told of a signal that is for whoever takes it passes that on to all others.
    ///
    /// To free another detached zombie both revisions let go of p_smutex after the references are drained: 1.62 does not
    /// drain again, 1.69.2.6 does, but the count is 0 meanwhile ([`Repair::DrainedReferences`]).
    pub fn lwp_exit(&self, l: &Arc<KernelLwp>) -> Exited {
        witness::barrier(Some(Class::KernelLock));
        let p = self.proc().enter();
        if p.p_nlwps - p.p_nzlwps == 1 && !seeded(Step::LwpExitLast) {
            return self.exit1(p, l);
        }
        self.become_zombie(p.without_gap(Step::LwpExitLastGap), l, l);
        // From here on somebody may be about to free the LWP, and waits for it to leave its CPU.
        step(Step::LwpExitKernelLock, || _ = self.kernel_lock.exit_all());
        step(Step::LwpExitSwitchaway, || self.lwp_exit_switchaway(l));
        Exited(())
    }

    /// Ends an LWP that was created and never started, for a creator that cannot go on: `lwp_exit` for another than the
    /// current LWP, which 1.69.2.6 alone allows (L683).
    ///
    /// Entry and exit: nothing held.
    ///
    /// As written p_nrlwps is decremented, which never counted the LWP ([`Repair::IdleExit`]).
    ///
    /// # Panics
    /// In 1.62, or where the LWP is not LSIDL: the kernel's assertion.
    pub fn lwp_exit_idle(&self, curl: &Arc<KernelLwp>, l: &Arc<KernelLwp>) {
        assert_eq!(self.revision, Revision::R1_69_2_6, "calling lwp_exit with l != curlwp is for 1.69.2.6");
        assert_eq!(l.l_stat(), State::Idl, "lwp_exit: current || l_stat == LSIDL");
        self.become_zombie(self.proc().enter(), curl, l);
    }

    /// What `lwp_exit` does with the process' signals where it was told of one (1.62 L668, 1.69.2.6 L769).
    ///
    /// Entry and exit: p_smutex held.
    ///
    /// As written the others are to look, and nobody has them do so ([`Repair::PassedSignal`]).
    fn pass_signals_on(&self, p: &mut ProcGuard<'_>, l: &Arc<KernelLwp>) {
        if self.repaired(Repair::PassedSignal) {
            let others = p.others(l);
            p.p_sigpend.iter().for_each(|signal| self.deliver(p, &others, signal));
        } else {
            for l2 in p.p_lwps.iter().map(|m| &m.lwp) {
                let mut l2 = l2.lwp_lock();
                l2.set_flags(LW_PENDSIG);
                l2.unlock();
            }
        }
    }

    /// What `lwp_exit` does but for leaving the CPU.
    ///
    /// Entry: p_smutex held. Exit: released.
    fn become_zombie<'a>(&'a self, mut p: ProcGuard<'a>, curl: &Arc<KernelLwp>, l: &Arc<KernelLwp>) {
        p.p_nzlwps += times(Count::LwpExitNzlwps);
        p.member(l).exiting = true;
        p.exit();
        step(Step::LwpExitData, || self.lwp_release_data(l));
        step(Step::LwpExitAlllwp, || self.alllwp.remove(l));

        let mut p = self.proc().enter();
        if !seeded(Step::LwpExitDrains) {
            p = self.lwp_drainrefs(p, curl, l);
        }
        if p.member(l).detached {
            while let Some(zombie) = p.take_p_zomblwp() {
                let repaired = self.repaired(Repair::DrainedReferences);
                if repaired {
                    p.member(l).l_refcnt += times(Count::LwpExitRefcnt);
                }
                self.lwp_free(Some(p), &zombie);
                p = self.proc().enter();
                if !repaired && self.revision == Revision::R1_69_2_6 {
                    p.member(l).l_refcnt += times(Count::LwpExitRefcntLate);
                }
                if (repaired || self.revision == Revision::R1_69_2_6) && !seeded(Step::LwpExitDrainsAgain) {
                    p = self.lwp_drainrefs(p, curl, l);
                }
                if seeded(Step::LwpExitReapsAgain) {
                    break;
                }
            }
            step(Step::LwpExitZomblwp, || p.set_p_zomblwp(l));
        }
        if p.p_sigpend.first().is_some() && l.l_flag() & LW_PENDSIG != 0 {
            step(Step::LwpExitPendsig, || self.pass_signals_on(&mut p, l));
        }

        p = p.without_gap(Step::LwpExitGap);
        let mut locked = l.lwp_lock();
        let idle = locked.stat() == State::Idl;
        locked.set_stat(State::Zomb);
        if idle && !self.uniprocessor && !seeded(Step::LwpExitSetlock) {
            // The table of states and locks wants it, the source does not do it.
            drop(locked.lwp_setlock(self.cpus[l.l_cpu()].spc_lwplock));
        } else {
            locked.unlock();
        }
        p.member(l).exiting = false;
        if !(idle && self.repaired(Repair::IdleExit)) {
            p.p_nrlwps -= times(Count::LwpExitNrlwps);
        }
        step(Step::LwpExitBroadcast, || self.cv_broadcast(P_LWPCV, &p));
        step(Step::LwpExitLwpctl, || self.lwpctl_says(l, LcCurcpu::Exited));
        p.exit();
    }

    /// Ends the process: has all other LWPs exit, waits for them, and makes a zombie of the current one.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry: p_smutex held. Exit: the LWP is a zombie that has left its CPU.
    pub fn exit1<'a>(&'a self, mut p: ProcGuard<'a>, l: &Arc<KernelLwp>) -> Exited {
        step(Step::Exit1Wexit, || p.p_sflag |= PS_WEXIT);
        if p.p_nlwps > 1 && !seeded(Step::Exit1ExitLwps) {
            let others = p.others(l);
            self.exit_lwps(&mut p, &others);
        }
        while p.p_nlwps > 1 {
            let (again, waited) = self.lwp_wait1(p, l, 0, true);
            let (again, reaped) = match (again, waited) {
                (Some(again), Ok(reaped)) => (again, reaped),
                // Somebody else dumps core, and ends the process.
                (_, exited) => return exited.expect_err("p_smutex is released where the waiter has exited"),
            };
            p = again;
            if seeded(Step::Exit1WaitsAgain) {
                break;
            }
            assert!(reaped.is_ok() || p.p_nlwps == 1, "the others cannot be waited for");
        }
        let p = self.proc_release_data(p, l);
        let mut p = if seeded(Step::Exit1Drains) { p } else { self.lwp_drainrefs(p, l, l) };
        let mut locked = l.lwp_lock();
        locked.set_stat(State::Zomb);
        locked.unlock();
        p.p_nrlwps -= times(Count::Exit1Nrlwps);
        p.p_nzlwps += times(Count::Exit1Nzlwps);
        step(Step::Exit1Szomb, || p.set_p_stat(ProcState::Zomb));
        p.exit();
        step(Step::Exit1KernelLock, || _ = self.kernel_lock.exit_all());
        step(Step::Exit1Switchaway, || self.lwp_exit_switchaway(l));
        Exited(())
    }

    /// Has all LWPs exit, for whoever is outside or has something left to do before it exits itself. The last to do so
    /// ends the process. Nothing happens where the process exits already.
    ///
    /// Entry and exit: nothing held.
    pub fn exit_all_lwps(&self) {
        let mut p = self.proc().enter();
        if p.p_sflag & PS_WEXIT == 0 {
            p.p_sflag |= PS_WEXIT;
            let all = p.lwps();
            self.exit_lwps(&mut p, &all);
        }
    }

    /// The exit pass: tells LWPs to exit, and wakes those that can be woken.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry and exit: p_smutex held.
    ///
    /// As written a suspension that is pending still takes effect afterwards ([`Repair::SuspendedExit`]), and so does a stop
    /// ([`Repair::StoppedExit`]).
    fn exit_lwps(&self, p: &mut ProcGuard<'_>, lwps: &[Arc<KernelLwp>]) {
        step(Step::ExitLwpsUnstop, || self.end_stop(p));
        for l2 in lwps {
            let mut l2 = l2.lwp_lock();
            step(Step::ExitLwpsWexit, || l2.set_flags(LW_WEXIT));
            if self.repaired(Repair::SuspendedExit) {
                step(Step::ExitLwpsWsuspend, || l2.clear_flags(LW_WSUSPEND));
            }
            l2 = l2.without_gap(Step::ExitLwpsGap);
            let wake = match l2.stat() {
                State::Sleep => l2.fields().l_sintr,
                state => matches!(state, State::Suspended | State::Stop),
            };
            if wake {
                step(Step::ExitLwpsRuns, || self.setrunnable(p, l2));
            } else {
                step(Step::ExitLwpsUserret, || self.lwp_need_userret(&l2));
                l2.unlock();
            }
        }
    }
}
