//! Kernel condition variables, on the sleep queues. p_smutex is the interlock of both.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on.

use std::sync::Arc;

use super::lwp::Wchan;
use super::proc::ProcGuard;
use super::sleepq::Sleep;
use super::{Errno, KernelLwp, Revision, System};
use crate::fault::{Count, Step, keep, seeded, step, times};
use crate::observe::{self, Event};

/// `p_lwpcv`: LWPs that wait for LWPs.
pub(super) const P_LWPCV: Wchan = Wchan(0);
/// `p_refcv`: exiting LWPs that wait for the last reference. 1.62 only.
pub(super) const P_REFCV: Wchan = Wchan(1);

impl System {
    /// Where an exiting LWP waits for the last reference: p_refcv in 1.62, p_lwpcv in 1.69.2.6.
    pub(super) fn refcv(&self) -> Wchan {
        match self.revision {
            Revision::R1_62 => P_REFCV,
            Revision::R1_69_2_6 => P_LWPCV,
        }
    }

    /// `cv_wait`: sleeps until somebody broadcasts.
    ///
    /// Entry and exit: p_smutex held; it is released meanwhile, once the LWP is on the queue.
    pub(super) fn cv_wait<'a>(&self, l: &Arc<KernelLwp>, cv: Wchan, p: ProcGuard<'a>) -> ProcGuard<'a> {
        let proc = p.proc();
        // Without `catch` nothing interrupts the sleep.
        let _: Result<(), Errno> = self.cv_block(l, cv, p, Sleep::default());
        proc.enter()
    }

    /// `cv_wait_sig`: the same, but an LWP that has a signal, was cancelled, or is to exit or to be dumped wakes.
    ///
    /// Entry and exit: as [`System::cv_wait`].
    ///
    /// # Errors
    /// EINTR where that happened.
    pub(super) fn cv_wait_sig<'a>(
        &self,
        l: &Arc<KernelLwp>,
        cv: Wchan,
        p: ProcGuard<'a>,
    ) -> (ProcGuard<'a>, Result<(), Errno>) {
        let proc = p.proc();
        let result = self.cv_block(l, cv, p, Sleep::interruptible());
        (proc.enter(), result)
    }

    fn cv_block(
        &self,
        curl: &Arc<KernelLwp>,
        cv: Wchan,
        p: ProcGuard<'_>,
        sleep: Sleep,
    ) -> Result<(), Errno> {
        let queue = &self.sleepqs[cv.0];
        let p = keep(p, Step::CvWaitEarly);
        let sq = queue.sleepers.enter();
        queue.count(|waiters| waiters + times(Count::CvWaitWaiters));
        let mut l = self.sleepq_enter(curl, sq);
        // `sleepq_enter` gives the big lock up.
        let sleeps = || {
            self.sleepq_enqueue(&mut l, cv);
            drop(p);
            self.sleepq_block(l, sleep)
        };
        if seeded(Step::CvWaitKernelLock) { sleeps() } else { self.kernel_lock.without(sleeps) }
    }

    /// `cv_broadcast`: wakes everybody who waits. Looks whether there is anybody before it takes a lock.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn cv_broadcast(&self, cv: Wchan, _: &ProcGuard<'_>) {
        observe::tell(|| Event::Broadcasts { on: cv.name() });
        let queue = &self.sleepqs[cv.0];
        if queue.seems_empty() && !seeded(Step::CvBroadcastLook) {
            return;
        }
        // Before the guard, which passes through each of them.
        let mut sleepers = Vec::new();
        let mut sq = queue.sleepers.enter();
        sleepers.clone_from(queue.sleepers.get(&sq));
        if !sleepers.is_empty() {
            step(Step::CvBroadcastWaiters, || queue.count(|_| 0));
        }
        for sleeper in &sleepers {
            sq = self.sleepq_remove(sleeper.queued_under(sq));
            if seeded(Step::CvBroadcastAll) {
                break;
            }
        }
    }
}
