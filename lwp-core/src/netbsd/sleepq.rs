//! Sleep queues: where LWPs wait, and how they get there and away. Their lock covers every LWP on them.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on.

use std::sync::Arc;

use super::flag::{LW_CANCELLED, LW_PENDSIG, LW_WCORE, LW_WEXIT};
use super::lwp::{Callout, Wchan};
use super::{Errno, KernelLwp, Lid, LwpLocked, State, System};
use crate::covered::Covered;
use crate::fault::{Count, Step, keep, seeded, step, times};
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
use crate::observe::{self, Event};
use crate::site::Site;
use crate::sync::{AtomicUsize, Deadline};

/// How an LWP sleeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleep {
    /// Whether its time may come.
    pub timed: bool,
    /// Whether signals and the like end it.
    pub catch: bool,
    /// When its time comes, if it is timed. Under the checkers that is anybody's guess.
    pub until: Option<Deadline>,
}

impl Sleep {
    /// A sleep that signals and the like end.
    pub fn interruptible() -> Sleep {
        Sleep { catch: true, ..Sleep::default() }
    }
}

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

    /// Makes sure that no LWP is on the queue or counted, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn check_empty(&self) {
        self.sleepers.at_rest(|sleepers| assert!(sleepers.is_empty(), "LWPs sleep: {sleepers:?}"));
        assert_eq!(self.cv_waiters.load_held(), 0, "cv_waiters counts somebody, and nobody waits");
    }

    /// Counts the waiters anew: 0 for ever where nobody asks, as for those who park. The queue's lock is held.
    #[track_caller]
    pub(super) fn count(&self, waiters: impl FnOnce(usize) -> usize) {
        self.cv_waiters.store(waiters(self.cv_waiters.load_held()), Site::CvWaitersStore);
    }
}

impl System {
    /// Locks the current LWP beside a sleep queue, for which a uniprocessor has no other lock: it gives the queue's lock
    /// back where it is another.
    ///
    /// Entry: `sq` held, the LWP not locked. Exit: both held.
    pub(super) fn lwp_lock_under<'a>(
        &self,
        l: &'a Arc<KernelLwp>,
        sq: MutexGuard<'a>,
    ) -> (LwpLocked<'a>, Option<MutexGuard<'a>>) {
        if self.uniprocessor {
            return (l.queued_under(sq), None);
        }
        let queue = sq.mutex();
        let sq = keep(sq, Step::SleepqEnterSwapped);
        let locked = l.lwp_lock();
        (locked, Some(sq.unwrap_or_else(|| queue.mutex_spin_enter())))
    }

    /// `sleepq_enter`: moves the current LWP under a sleep queue's lock.
    ///
    /// Entry: `sq` held, the LWP not locked. Exit: the LWP locked, by `sq`. The order sq_mutex, spc_lwplock in which that
    /// takes the locks is the reverse of the one that 1.69.2.6 L183-188 declares.
    pub(super) fn sleepq_enter<'a>(&self, l: &'a Arc<KernelLwp>, sq: MutexGuard<'a>) -> LwpLocked<'a> {
        let (l, sq) = self.lwp_lock_under(l, sq);
        l.unlock_to_queue(sq)
    }

    /// `sleepq_enqueue`: puts the current LWP on a sleep queue.
    ///
    /// Entry and exit: the LWP locked by the queue's lock. LSONPROC to LSSLEEP.
    pub(super) fn sleepq_enqueue(&self, l: &mut LwpLocked<'_>, wchan: Wchan) {
        step(Step::SleepqEnqueueWchan, || l.fields().l_wchan = Some(wchan));
        l.set_stat(State::Sleep);
        let lwp = l.lwp().clone();
        observe::tell(|| Event::Sleeps { lid: lwp.l_lid(), on: wchan.name() });
        step(Step::SleepqEnqueuePush, || l.covered(&self.sleepqs[wchan.0].sleepers).push(lwp));
    }

    /// `sleepq_block`: leaves the CPU until somebody wakes the LWP. With `catch` an LWP that has a signal, was cancelled, or
    /// is to exit or to be dumped does not sleep, or wakes; LW_WSUSPEND is no reason.
    ///
    /// Entry: the current LWP on a sleep queue and locked by the queue's lock. Exit: nothing held, LSONPROC.
    ///
    /// # Errors
    /// EINTR where `catch` is set and there was such a reason, ETIMEDOUT (the kernel's EWOULDBLOCK) where the callout fired:
    /// it may have done so after somebody else woke the LWP.
    pub(super) fn sleepq_block(&self, mut l: LwpLocked<'_>, sleep: Sleep) -> Result<(), Errno> {
        const EXITS: usize = LW_WCORE | LW_WEXIT;
        let lwp = l.lwp();
        if sleep.timed && seeded(Step::SleepqBlockCalloutEarly) {
            l.fields().callout = Callout::Armed;
        }
        if sleep.catch {
            step(Step::SleepqBlockSintr, || l.fields().l_sintr = true);
            let called = l.flags() & (EXITS | LW_CANCELLED | LW_PENDSIG) != 0;
            if called && !seeded(Step::SleepqBlockBefore) {
                step(Step::SleepqBlockCancelled, || l.clear_flags(LW_CANCELLED));
                self.lwp_unsleep(l);
                return Err(Errno::Eintr);
            }
        }
        if sleep.timed {
            step(Step::SleepqBlockCallout, || l.fields().callout = Callout::Armed);
            l.fields().until = sleep.until;
        }
        self.mi_switch(l);
        let result = if sleep.timed && !seeded(Step::CalloutStop) { self.callout_stop(lwp) } else { Ok(()) };
        if sleep.catch {
            let flags = lwp.l_flag();
            if flags & (EXITS | LW_CANCELLED) != 0 && !seeded(Step::SleepqBlockAfter) {
                return Err(Errno::Eintr);
            }
            if flags & LW_PENDSIG != 0
                && !seeded(Step::SleepqBlockSignal)
                && self.issignal(self.proc().enter(), lwp).1.is_some()
            {
                return Err(Errno::Eintr);
            }
        }
        result
    }

    /// `callout_stop`: the LWP's time is not to come any more.
    ///
    /// # Errors
    /// ETIMEDOUT where it has come.
    fn callout_stop(&self, l: &Arc<KernelLwp>) -> Result<(), Errno> {
        let mut l = l.lwp_lock();
        let callout = std::mem::take(&mut l.fields().callout);
        l.unlock();
        if callout == Callout::Fired { Err(Errno::Etimedout) } else { Ok(()) }
    }

    /// `sleepq_timeout`, called by an interrupt: the LWP's time has come, if it sleeps with a limit.
    ///
    /// Entry and exit: nothing held.
    pub fn sleepq_timeout(&self, lid: Lid) {
        self.callout_fires(self.lwp(lid));
    }

    /// [`System::sleepq_timeout`] of an LWP that cannot go meanwhile.
    pub(super) fn callout_fires(&self, l: &Arc<KernelLwp>) {
        let mut locked = l.lwp_lock();
        if locked.fields().callout == Callout::Armed || seeded(Step::SleepqTimeoutArmed) {
            locked.fields().callout = Callout::Fired;
            // Whoever is off the queue has been woken by somebody else.
            if locked.fields().l_wchan.is_some() || seeded(Step::SleepqTimeoutWchan) {
                return self.lwp_unsleep(locked);
            }
        }
        locked.unlock();
    }

    /// `sleepq_remove`: takes an LWP off its sleep queue. One that was halted meanwhile is left to whoever resumes it;
    /// one that has not left its CPU stays there; any other becomes runnable.
    ///
    /// Entry: the LWP locked by the queue's lock. Exit: that lock held, the LWP lent to another.
    pub(super) fn sleepq_remove<'a>(&'a self, mut l: LwpLocked<'a>) -> MutexGuard<'a> {
        let lwp = l.lwp();
        let wchan = l.fields().l_wchan.expect("an LWP on a sleep queue has a wait channel");
        step(Step::SleepqRemoveWchan, || l.fields().l_wchan = None);
        step(Step::SleepqRemoveSintr, || l.fields().l_sintr = false);
        let sleepers = l.covered(&self.sleepqs[wchan.0].sleepers);
        step(Step::SleepqRemoveQueue, || {
            let place = sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, lwp));
            sleepers.remove(place.expect("an LWP is on the queue that its wait channel names"));
        });
        observe::tell(|| Event::Woken { lid: lwp.l_lid(), on: wchan.name() });

        let cpu = &self.cpus[lwp.l_cpu()];
        if l.stat() != State::Sleep && !seeded(Step::SleepqRemoveHalted) {
            return l.lwp_setlock(cpu.spc_lwplock);
        }
        if self.uniprocessor {
            return self.wake_on_uniprocessor(l);
        }
        // 1.62 asks under sched_mutex whether the LWP has left its CPU, 1.69.2.6 under the lock that it has already.
        let asks_first = cpu.spc_lwplock != cpu.spc_mutex;
        let asks_first = asks_first || seeded(Step::SleepqRemoveAsksEarly);
        if asks_first && self.is_on_its_cpu(&l) && !seeded(Step::SleepqRemoveOnCpu) {
            l.set_stat(State::OnProc);
            return l.lwp_setlock(cpu.spc_lwplock);
        }
        let (mut l, sq) = l.lwp_setlock_held(cpu.spc_lock());
        if !asks_first && self.is_on_its_cpu(&l) && !seeded(Step::SleepqRemoveOnCpuOld) {
            l.set_stat(State::OnProc);
            l.unlock();
        } else {
            step(Step::SleepqRemoveRuns, || self.setrunqueue(l));
        }
        sq
    }

    /// The end of [`System::sleepq_remove`] where the sleep queue's lock is the run queue's too.
    fn wake_on_uniprocessor<'a>(&self, mut l: LwpLocked<'a>) -> MutexGuard<'a> {
        if self.is_on_its_cpu(&l) && !seeded(Step::WakeUniprocessorOnCpu) {
            l.set_stat(State::OnProc);
            return l.into_mutex();
        }
        let (sched_mutex, next) = self.enqueue(l);
        if let Some(next) = next
            && !seeded(Step::WakeUniprocessorDispatch)
        {
            next.dispatch();
        }
        sched_mutex
    }

    /// `lwp_unsleep`, by way of the condition variable's: takes an LWP off its sleep queue before its time.
    ///
    /// Entry: the LWP locked by the queue's lock. Exit: nothing locked.
    pub(super) fn lwp_unsleep(&self, mut l: LwpLocked<'_>) {
        let wchan = l.fields().l_wchan.expect("only a sleeper is woken");
        self.sleepqs[wchan.0].count(|waiters| waiters.saturating_sub(times(Count::LwpUnsleepWaiters)));
        drop(self.sleepq_remove(l));
    }
}
