//! Sleeping for something that is no LWP: a stand-in for whatever else a kernel waits for.

use std::sync::Arc;

use super::lwp::Wchan;
use super::sleepq::Sleep;
use super::{Errno, KernelLwp, System};
use crate::fault::{Step, step};
use crate::sync::Deadline;

/// Where LWPs sleep until it happens.
pub(super) const HAPPENING: Wchan = Wchan(3);

impl System {
    /// Sleeps until [`System::happen`], where `catch` is set interruptibly.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// EINTR where a signal came, or the LWP was cancelled or is to exit.
    pub fn sleep(&self, l: &Arc<KernelLwp>, catch: bool) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        while !p.happened {
            if catch {
                let (again, result) = self.cv_wait_sig(l, HAPPENING, p);
                p = again;
                result?;
            } else {
                p = self.cv_wait(l, HAPPENING, p);
            }
        }
        Ok(())
    }

    /// `nanosleep`: sleeps interruptibly until a time has come. A suspension wakes the LWP too.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ETIMEDOUT where the time has come, EINTR where a signal came, or the LWP was cancelled or is to exit.
    pub fn sys_nanosleep(&self, l: &Arc<KernelLwp>, until: Deadline) -> Result<(), Errno> {
        let sq = self.sleepqs[HAPPENING.0].sleepers.enter();
        let mut locked = self.sleepq_enter(l, sq);
        self.sleepq_enqueue(&mut locked, HAPPENING);
        self.sleepq_block(locked, Sleep { timed: true, catch: true, until: Some(until) })
    }

    /// Wakes those who sleep, now and from now on.
    ///
    /// Entry and exit: nothing held.
    pub fn happen(&self) {
        let mut p = self.proc().enter();
        p.happened = true;
        step(Step::HappenBroadcast, || self.cv_broadcast(HAPPENING, &p));
    }
}
