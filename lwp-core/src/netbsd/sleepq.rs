//! Sleep queues: where LWPs wait, and how they get there and away. Their lock covers every LWP on them.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on.

use std::sync::Arc;

use super::flag::{LW_WCORE, LW_WEXIT};
use super::lwp::Wchan;
use super::{Errno, KernelLwp, LwpLocked, State, System};
use crate::covered::Covered;
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
use crate::site::Site;
use crate::sync::AtomicUsize;

/// A sleep queue, with the condition variable whose waiters sleep on it.
#[derive(Debug)]
pub struct SleepQueue {
    pub(super) sleepers: Covered<Vec<Arc<KernelLwp>>>,
    /// `cv_waiters`: changed under the queue's lock, looked at under the condition variable's interlock alone.
    cv_waiters: AtomicUsize,
}

impl SleepQueue {
    /// An empty queue.
    #[track_caller]
    pub(super) fn new(locks: &Locks, lock: LockId) -> SleepQueue {
        SleepQueue {
            sleepers: Covered::new(locks.clone(), lock, Vec::new()),
            cv_waiters: AtomicUsize::new(0),
        }
    }

    /// Whether anybody waits, by a look without the queue's lock.
    #[track_caller]
    pub(super) fn seems_empty(&self) -> bool {
        self.cv_waiters.load(Site::CvWaitersLook) == 0
    }

    /// Counts the waiters anew. The queue's lock is held.
    #[track_caller]
    pub(super) fn count(&self, waiters: impl FnOnce(usize) -> usize) {
        self.cv_waiters.store(waiters(self.cv_waiters.load_held()), Site::CvWaitersStore);
    }
}

impl System {
    /// `sleepq_enter`: moves the current LWP under a sleep queue's lock.
    ///
    /// Entry: `sq` held, the LWP not locked. Exit: the LWP locked, by `sq`. The order sq_mutex, spc_lwplock in which that
    /// takes the locks is the reverse of the one that 1.69.2.6 L183-188 declares.
    pub(super) fn sleepq_enter<'a>(&self, l: &'a Arc<KernelLwp>, sq: MutexGuard<'a>) -> LwpLocked<'a> {
        l.lwp_lock().lwp_unlock_to_held(sq)
    }

    /// `sleepq_enqueue`: puts the current LWP on a sleep queue.
    ///
    /// Entry and exit: the LWP locked by the queue's lock. LSONPROC to LSSLEEP.
    pub(super) fn sleepq_enqueue(&self, l: &mut LwpLocked<'_>, wchan: Wchan) {
        l.fields().l_wchan = Some(wchan);
        l.set_stat(State::Sleep);
        let lwp = l.lwp().clone();
        l.covered(&self.sleepqs[wchan.0].sleepers).push(lwp);
    }

    /// `sleepq_block`: leaves the CPU until somebody wakes the LWP. With `catch` an LWP that is to exit or to be dumped
    /// does not sleep, or wakes; LW_WSUSPEND is no reason.
    ///
    /// Entry: the current LWP on a sleep queue and locked by the queue's lock. Exit: nothing held, LSONPROC.
    ///
    /// # Errors
    /// EINTR where `catch` is set and the LWP is to exit or to be dumped.
    pub(super) fn sleepq_block(&self, mut l: LwpLocked<'_>, catch: bool) -> Result<(), Errno> {
        let lwp = l.lwp().clone();
        if catch {
            l.fields().l_sintr = true;
            if l.flags() & (LW_WCORE | LW_WEXIT) != 0 {
                self.lwp_unsleep(l);
                return Err(Errno::Eintr);
            }
        }
        self.mi_switch(l);
        if catch && lwp.l_flag() & (LW_WCORE | LW_WEXIT) != 0 { Err(Errno::Eintr) } else { Ok(()) }
    }

    /// `sleepq_remove`: takes an LWP off its sleep queue. One that was halted meanwhile is left to whoever resumes it;
    /// one that has not left its CPU stays there; any other becomes runnable.
    ///
    /// Entry: the LWP locked by the queue's lock. Exit: that lock held, the LWP lent to another.
    pub(super) fn sleepq_remove<'a>(&'a self, mut l: LwpLocked<'a>) -> MutexGuard<'a> {
        let lid = l.lwp().l_lid();
        let wchan = l.fields().l_wchan.take().expect("an LWP on a sleep queue has a wait channel");
        l.fields().l_sintr = false;
        l.covered(&self.sleepqs[wchan.0].sleepers).retain(|sleeper| sleeper.l_lid() != lid);

        let cpu = &self.cpus[l.lwp().l_cpu()];
        if l.stat() != State::Sleep {
            return l.lwp_setlock(cpu.spc_lwplock);
        }
        // 1.62 asks under sched_mutex whether the LWP has left its CPU, 1.69.2.6 under the lock that it has already.
        let asks_first = cpu.spc_lwplock != cpu.spc_mutex;
        if asks_first && self.is_on_its_cpu(&l) {
            l.set_stat(State::OnProc);
            return l.lwp_setlock(cpu.spc_lwplock);
        }
        let (mut l, sq) = l.lwp_setlock_held(cpu.spc_lock());
        if !asks_first && self.is_on_its_cpu(&l) {
            l.set_stat(State::OnProc);
            l.unlock();
        } else {
            self.setrunqueue(l);
        }
        sq
    }

    /// `lwp_unsleep`, by way of the condition variable's: takes an LWP off its sleep queue before its time.
    ///
    /// Entry: the LWP locked by the queue's lock. Exit: nothing locked.
    pub(super) fn lwp_unsleep(&self, mut l: LwpLocked<'_>) {
        let wchan = l.fields().l_wchan.expect("only a sleeper is woken");
        self.sleepqs[wchan.0].count(|waiters| waiters - 1);
        drop(self.sleepq_remove(l));
    }
}
