//! `newlwp` (1.62) and `lwp_create` (1.69.2.6): a new LWP.

use std::sync::Arc;

use super::flag::{LW_WEXIT, LW_WREBOOT, LW_WSUSPEND, PS_WCORE, PS_WEXIT};
use super::proc::Member;
use super::{Errno, KernelLwp, Repair, Revision, State, System};
use crate::fault::{Count, Step, in_order, seeded, step, times};

impl System {
    /// Makes a new LWP of the process. It is LSIDL, on the process' list, and must be set running or suspended.
    ///
    /// `kern_lwp.c` 1.62 L483, 1.69.2.6 L536.
    /// Entry and exit: nothing held.
    ///
    /// A detached zombie that waits to be reaped is freed first. Both revisions look for one without p_smutex and look
    /// again with it. The memory that they recycle is not reused here, so that a use of the old LWP stays a failure.
    /// 1.62 gives the new LWP its creator's CPU, 1.69.2.6 lets the scheduler choose one.
    /// Credentials come with the number here, and not before p_smutex is taken.
    /// Neither asks whether the next number is in use still after the numbers have wrapped.
    #[track_caller]
    pub fn lwp_create(&self, l1: &Arc<KernelLwp>, detached: bool) -> Arc<KernelLwp> {
        self.lwp_create_within(usize::MAX, l1, detached).expect("there is no limit")
    }

    /// [`System::lwp_create`] in a process that may have `most` LWPs, zombies included. The sources know no such limit; it
    /// is asked for where the LWP is counted, or two that create at once would both find room for one.
    ///
    /// # Errors
    /// EAGAIN where it has as many.
    #[track_caller]
    fn lwp_create_within(
        &self,
        most: usize,
        l1: &Arc<KernelLwp>,
        detached: bool,
    ) -> Result<Arc<KernelLwp>, Errno> {
        step(Step::LwpCreateReaps, || self.free_p_zomblwp());
        let mut p = self.proc().enter();
        if p.p_nlwps >= most && !seeded(Step::LwpCreateLimit) {
            return Err(Errno::Eagain);
        }
        p.p_ndlwps += usize::from(detached) * times(Count::LwpCreateNdlwps);
        p.p_nlwpid = p.p_nlwpid.wrapping_add(times(Count::LwpCreateNlwpid));
        if p.p_nlwpid == 0 {
            p.p_nlwpid += 1;
        }
        p.born += 1;
        let cpu = match self.revision {
            Revision::R1_62 => l1.l_cpu(),
            Revision::R1_69_2_6 => self.sched_takecpu(&p),
        };
        let l2 = self.new_lwp(p.born, p.p_nlwpid, cpu);
        p.p_lwps.insert(0, Member::new(l2.clone(), detached));
        p.p_nlwps += times(Count::LwpCreateNlwps);
        p.exit();
        step(Step::LwpCreateAlllwp, || self.alllwp.insert(&l2));
        step(Step::LwpCreateSpecific, || self.lwp_initspecific(&l2));
        step(Step::LwpCreateCreds, || self.lwp_update_creds(&l2));
        Ok(l2)
    }

    /// Frees the detached zombie that waits to be reaped, if there is one.
    ///
    /// Entry and exit: nothing held.
    #[track_caller]
    pub(crate) fn free_p_zomblwp(&self) {
        if self.proc().has_zomblwp_unlocked() {
            let mut p = self.proc().enter();
            let zombie = p.take_p_zomblwp();
            if zombie.is_some() || seeded(Step::LwpCreateSecondLook) {
                self.lwp_free(Some(p), &zombie.expect("l != NULL"));
            }
        }
    }

    /// `_lwp_create`: makes a new LWP and starts it.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// EAGAIN where the process has as many LWPs as it may.
    #[track_caller]
    pub fn sys_lwp_create(
        &self,
        l: &Arc<KernelLwp>,
        detached: bool,
        suspended: bool,
    ) -> Result<Arc<KernelLwp>, Errno> {
        let l2 = self.lwp_create_within(self.maxlwp, l, detached)?;
        self.lwp_start(l, &l2, suspended);
        Ok(l2)
    }

    /// The end of `_lwp_create`: lets a new LWP run, or leaves it suspended where that is asked for, or where the creator
    /// is itself to be suspended or to exit, or stopped where the process is.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry and exit: nothing held.
    ///
    /// As written an LWP that is created after the exit pass is suspended for ever, and one that is created while another
    /// dumps core is not told to exit ([`Repair::CreatedWhileExiting`]).
    #[track_caller]
    pub fn lwp_start(&self, l: &Arc<KernelLwp>, l2: &Arc<KernelLwp>, suspended: bool) {
        let cpu = &self.cpus[l2.l_cpu()];
        let (mut p, mut locked) = in_order(Step::LwpStartSwapped, || self.proc().enter(), || l2.lwp_lock());
        let ends = p.p_sflag & (PS_WEXIT | PS_WCORE) != 0;
        let exits = ends && self.repaired(Repair::CreatedWhileExiting);
        if exits {
            step(Step::LwpStartWexit, || locked.set_flags(LW_WEXIT));
        }
        let creator =
            l.l_flag() & (LW_WREBOOT | LW_WSUSPEND | LW_WEXIT) != 0 && !seeded(Step::LwpStartCreator);
        if !exits && (suspended || creator) {
            locked.set_stat(State::Suspended);
            drop(locked.lwp_setlock(cpu.spc_lwplock));
        } else if !exits && self.is_stopping(&p) && !seeded(Step::LwpStartStopping) {
            locked.set_stat(State::Stop);
            drop(locked.lwp_setlock(cpu.spc_lwplock));
        } else {
            p.p_nrlwps += times(Count::LwpStartNrlwps);
            step(Step::LwpStartRuns, || self.setrunqueue(locked));
        }
        p.exit();
    }
}
