//! `_lwp_park`, `_lwp_unpark` and `_lwp_wakeup`: sleeping by order of user mode.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on. All LWPs of the process park on one sleep queue, where the
//! kernel hashes them over several.

use std::sync::Arc;

use super::flag::{LW_CANCELLED, LW_UNPARKED};
use super::lwp::Wchan;
use super::sleepq::Sleep;
use super::{Errno, KernelLwp, Lid, State, System};
use crate::fault::{Step, seeded, step};
use crate::sync::Deadline;

/// Where LWPs park.
pub(super) const PARK: Wchan = Wchan(2);

impl System {
    /// `_lwp_park`: sleeps until somebody unparks the LWP or, where it is `timed`, its time has come.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// EALREADY where that has happened already, EINTR where a signal came, ETIMEDOUT.
    pub fn sys_lwp_park(&self, l: &Arc<KernelLwp>, timed: bool) -> Result<(), Errno> {
        self.park(l, Sleep { timed, ..Sleep::interruptible() })
    }

    /// [`System::sys_lwp_park`] with the time that is to come.
    ///
    /// # Errors
    /// Those of [`System::sys_lwp_park`].
    pub fn sys_lwp_park_until(&self, l: &Arc<KernelLwp>, until: Option<Deadline>) -> Result<(), Errno> {
        self.park(l, Sleep { timed: until.is_some(), catch: true, until })
    }

    fn park(&self, l: &Arc<KernelLwp>, sleep: Sleep) -> Result<(), Errno> {
        let sq = self.sleepqs[PARK.0].sleepers.enter();
        let (mut locked, sq) = self.lwp_lock_under(l, sq);
        if locked.flags() & (LW_CANCELLED | LW_UNPARKED) != 0 && !seeded(Step::LwpParkUnparked) {
            step(Step::LwpParkClear, || locked.clear_flags(LW_CANCELLED | LW_UNPARKED));
            locked.unlock();
            return Err(Errno::Ealready);
        }
        let mut locked = locked.unlock_to_queue(sq);
        self.sleepq_enqueue(&mut locked, PARK);
        self.sleepq_block(locked, sleep)
    }

    /// `_lwp_unpark`: wakes an LWP that is parked, or has its next park return at once.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such live LWP.
    pub fn sys_lwp_unpark(&self, target: Lid) -> Result<(), Errno> {
        let queue = &self.sleepqs[PARK.0].sleepers;
        let sq = queue.enter();
        let sleeper = queue.get(&sq).iter().find(|t| t.l_lid() == target).cloned();
        if let Some(t) = &sleeper {
            step(Step::LwpUnparkWakes, || drop(self.sleepq_remove(t.queued_under(sq))));
            return Ok(());
        }
        drop(sq);
        let p = self.proc().enter();
        let t = self.lwp_find(&p, target).ok_or(Errno::Esrch)?;
        let mut t = t.lwp_lock();
        // It may have parked meanwhile.
        if t.fields().l_wchan == Some(PARK) && !seeded(Step::LwpUnparkSecondLook) {
            self.lwp_unsleep(t);
        } else {
            step(Step::LwpUnparkFlag, || t.set_flags(LW_UNPARKED));
            t.unlock();
        }
        Ok(())
    }

    /// `_lwp_wakeup`: ends an LWP's sleep, wherever it sleeps.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such live LWP, ENODEV where it does not sleep (its next sleep ends at once), EBUSY where it
    /// sleeps uninterruptibly.
    pub fn sys_lwp_wakeup(&self, target: Lid) -> Result<(), Errno> {
        let p = self.proc().enter();
        let t = self.lwp_find(&p, target).ok_or(Errno::Esrch)?;
        let mut t = t.lwp_lock();
        step(Step::LwpWakeupFlags, || t.set_flags(LW_CANCELLED | LW_UNPARKED));
        t = t.without_gap(Step::LwpWakeupGap);
        let result = match t.stat() {
            State::Sleep if t.fields().l_sintr => {
                step(Step::LwpWakeupWakes, || self.lwp_unsleep(t));
                return Ok(());
            }
            State::Sleep => Errno::Ebusy,
            _ => Errno::Enodev,
        };
        t.unlock();
        Err(result)
    }
}
