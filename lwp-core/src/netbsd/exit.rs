//! `lwp_exit`, `exit1` and `exit_lwps`: the end of an LWP, and of its process.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::flag::{LW_WEXIT, LW_WSUSPEND, PS_WEXIT};
use super::lcpage::LcCurcpu;
use super::proc::{ProcGuard, ProcState};
use super::{KernelLwp, Repair, Revision, State, System};

/// The current LWP has exited: its thread has nothing left to do, and must not touch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exited(());

impl System {
    /// Ends the current LWP, and the process with the last of them.
    ///
    /// `kern_lwp.c` 1.62 L587, 1.69.2.6 L675.
    /// Entry: nothing held. Exit: the LWP is a zombie that has left its CPU, or about to.
    ///
    /// To free another detached zombie both revisions let go of p_smutex after the references are drained: 1.62 does not
    /// drain again, 1.69.2.6 does, but the count is 0 meanwhile ([`Repair::DrainedReferences`]).
    pub fn lwp_exit(&self, l: &Arc<KernelLwp>) -> Exited {
        let lid = l.l_lid();
        let mut p = self.proc().enter();
        if p.p_nlwps - p.p_nzlwps == 1 {
            return self.exit1(p, l);
        }
        p.p_nzlwps += 1;
        p.member(lid).exiting = true;
        p.exit();
        self.lwp_release_data(l);

        let mut p = self.lwp_drainrefs(self.proc().enter(), l);
        if p.member(lid).detached {
            loop {
                let zombie = p.p_zomblwp();
                if zombie == 0 {
                    break;
                }
                p.set_p_zomblwp(0);
                let repaired = self.repaired(Repair::DrainedReferences);
                if repaired {
                    p.member(lid).l_refcnt += 1;
                }
                self.lwp_free(p, zombie);
                p = self.proc().enter();
                if !repaired && self.revision == Revision::R1_69_2_6 {
                    p.member(lid).l_refcnt += 1;
                }
                if repaired || self.revision == Revision::R1_69_2_6 {
                    p = self.lwp_drainrefs(p, l);
                }
            }
            p.set_p_zomblwp(lid);
        }

        let mut locked = l.lwp_lock();
        locked.set_stat(State::Zomb);
        locked.unlock();
        p.member(lid).exiting = false;
        p.p_nrlwps -= 1;
        self.cv_broadcast(P_LWPCV, &p);
        self.lwpctl_says(l, LcCurcpu::Exited);
        p.exit();
        // From here on somebody may be about to free the LWP, and waits for it to leave its CPU.
        self.lwp_exit_switchaway(l);
        Exited(())
    }

    /// Ends the process: has all other LWPs exit, waits for them, and makes a zombie of the current one.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry: p_smutex held. Exit: the LWP is a zombie that has left its CPU.
    pub fn exit1<'a>(&'a self, mut p: ProcGuard<'a>, l: &Arc<KernelLwp>) -> Exited {
        p.p_sflag |= PS_WEXIT;
        if p.p_nlwps > 1 {
            self.exit_lwps(&mut p, l);
        }
        while p.p_nlwps > 1 {
            let (again, waited) = self.lwp_wait1(p, l, 0, true);
            let reaped = waited.map(|reaped| reaped.is_ok());
            p = again.expect("whoever ends the process is not dumped");
            assert!(reaped == Ok(true) || p.p_nlwps == 1, "the others cannot be waited for");
        }
        let p = self.proc_release_data(p, l);
        let mut p = self.lwp_drainrefs(p, l);
        let mut locked = l.lwp_lock();
        locked.set_stat(State::Zomb);
        locked.unlock();
        p.p_nrlwps -= 1;
        p.p_nzlwps += 1;
        p.p_stat = ProcState::Zomb;
        p.exit();
        self.lwp_exit_switchaway(l);
        Exited(())
    }

    /// The exit pass: tells all other LWPs to exit, and wakes those that can be woken.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry and exit: p_smutex held.
    ///
    /// As written a suspension that is pending still takes effect afterwards ([`Repair::SuspendedExit`]).
    fn exit_lwps(&self, p: &mut ProcGuard<'_>, l: &Arc<KernelLwp>) {
        let others: Vec<Arc<KernelLwp>> =
            p.p_lwps.iter().map(|m| m.lwp.clone()).filter(|other| !Arc::ptr_eq(other, l)).collect();
        for other in &others {
            let mut l2 = other.lwp_lock();
            l2.set_flags(LW_WEXIT);
            if self.repaired(Repair::SuspendedExit) {
                l2.clear_flags(LW_WSUSPEND);
            }
            let wake = match l2.stat() {
                State::Sleep => l2.fields().l_sintr,
                state => matches!(state, State::Suspended | State::Stop),
            };
            if wake {
                self.setrunnable(p, l2);
            } else {
                self.lwp_need_userret(&l2);
                l2.unlock();
            }
        }
    }
}
