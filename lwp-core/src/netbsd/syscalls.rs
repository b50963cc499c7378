//! The system calls, as a user makes them. Not in `kern_lwp.c`; after the contracts that it relies on.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::exit::Exited;
use super::flag::{LW_WCORE, LW_WEXIT, PS_WEXIT};
use super::wait::Waited;
use super::{Errno, KernelLwp, Lid, State, System};
use crate::fault::{Count, Step, seeded, step, times};
use crate::witness;

impl System {
    /// `_lwp_suspend`.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such live LWP. EDEADLK where the caller suspends itself and nobody else runs, or has
    /// been told to exit.
    pub fn sys_lwp_suspend(&self, l: &Arc<KernelLwp>, target: Lid) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        let t = self.lwp_find(&p, target).ok_or(Errno::Esrch)?;
        let locked = t.lwp_lock();
        let itself = Arc::ptr_eq(l, &t);
        let flags = if itself { locked.flags() } else { l.l_flag() };
        let alone = itself && p.p_nrlwps == 1 && !seeded(Step::SysSuspendAlone);
        if alone || (flags & (LW_WCORE | LW_WEXIT) != 0 && !seeded(Step::SysSuspendExits)) {
            locked.unlock();
            return Err(Errno::Edeadlk);
        }
        self.lwp_suspend(&mut p, l, locked)
    }

    /// `_lwp_continue`.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such live LWP.
    pub fn sys_lwp_continue(&self, target: Lid) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        let t = self.lwp_find(&p, target).ok_or(Errno::Esrch)?;
        self.lwp_continue(&mut p, t.lwp_lock());
        Ok(())
    }

    /// `_lwp_wait`, for the LWP `lid` or, where that is 0, for any.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// Those of [`System::lwp_wait1`].
    pub fn sys_lwp_wait(&self, l: &Arc<KernelLwp>, lid: Lid) -> Waited {
        let (p, waited) = self.lwp_wait1(self.proc().enter(), l, lid, false);
        drop(p);
        waited
    }

    /// `_lwp_detach`: nobody is to wait for the LWP any more.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such LWP, EINVAL where it is detached already.
    pub fn sys_lwp_detach(&self, target: Lid) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        let n = p.position(target).ok_or(Errno::Esrch)?;
        if p.p_lwps[n].detached && !seeded(Step::SysDetachDetached) {
            return Err(Errno::Einval);
        }
        let t = p.p_lwps[n].lwp.clone();
        match t.l_stat() {
            State::Idl => return Err(Errno::Esrch),
            State::Zomb => step(Step::SysDetachFrees, || self.lwp_free(Some(p), &t)),
            _ => {
                step(Step::SysDetachFlag, || p.p_lwps[n].detached = true);
                p.p_ndlwps += times(Count::SysDetachNdlwps);
                step(Step::SysDetachBroadcast, || self.cv_broadcast(P_LWPCV, &p));
            }
        }
        Ok(())
    }

    /// `exit`: ends the process, or the LWP alone where another ends the process already.
    ///
    /// Entry: nothing held. Exit: the LWP has exited.
    pub fn sys_exit(&self, l: &Arc<KernelLwp>) -> Exited {
        let p = self.proc().enter();
        if p.p_sflag & PS_WEXIT != 0 && !seeded(Step::SysExitWexit) {
            p.exit();
            return self.lwp_exit(l);
        }
        self.exit1(p, l)
    }

    /// User mode, on the way to it and back: nothing to do there until an AST sends the LWP into the kernel, and then what
    /// that is for.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// [`Exited`] as [`System::lwp_userret`].
    pub fn user_mode(&self, l: &Arc<KernelLwp>) -> Result<(), Exited> {
        if !seeded(Step::UserModeBefore) {
            self.lwp_userret(l)?;
        }
        witness::barrier(None);
        l.wait_for_ast();
        self.lwp_userret(l)
    }

    /// `sched_yield`, and what a preemption does: leaves the CPU to whoever else wants it.
    ///
    /// Entry and exit: nothing held.
    pub fn sys_sched_yield(&self, l: &Arc<KernelLwp>) {
        self.mi_switch(l.lwp_lock());
    }
}
