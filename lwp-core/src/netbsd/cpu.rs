//! CPUs: who is on them, who wants to be, and the hand-over.

use std::collections::VecDeque;
use std::sync::Arc;

use super::flag::LW_RUNNING;
use super::proc::ProcGuard;
use super::{KernelLwp, LwpLocked, Revision, State, System};
use crate::covered::Covered;
use crate::fault::{Step, seeded, step};
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
use crate::site::Site;
use crate::sync::AtomicUsize;

/// A CPU. Its idle LWP is nobody: whoever enqueues an LWP on an idle CPU dispatches it in the idle loop's place.
#[derive(Debug)]
pub struct Cpu {
    /// The lock of the LWP that runs: `spc_lwplock`, or `sched_mutex` in 1.62.
    pub(super) spc_lwplock: LockId,
    /// The lock of the run queue: `spc_mutex`, or `sched_mutex` in 1.62.
    pub(super) spc_mutex: LockId,
    runq: Covered<RunQueue>,
    /// The address of the LWP that is on the CPU, or 0. Read without a lock by whoever waits for that LWP to leave.
    ci_curlwp: AtomicUsize,
}

/// What `spc_mutex` covers.
#[derive(Debug, Default, Hash)]
struct RunQueue {
    waiting: VecDeque<Arc<KernelLwp>>,
    idle: bool,
}

const IDLE: usize = 0;

impl Cpu {
    /// A CPU that runs `curlwp`, or nobody.
    #[track_caller]
    pub(super) fn new(
        locks: &Locks,
        spc_lwplock: LockId,
        spc_mutex: LockId,
        curlwp: Option<usize>,
        waiting: VecDeque<Arc<KernelLwp>>,
    ) -> Cpu {
        let queue = RunQueue { waiting, idle: curlwp.is_none() };
        Cpu {
            spc_lwplock,
            spc_mutex,
            runq: Covered::new(locks.clone(), spc_mutex, queue),
            ci_curlwp: AtomicUsize::new(curlwp.unwrap_or(IDLE)),
        }
    }

    /// Whether the LWP is on this CPU, for whoever holds no lock of either.
    #[track_caller]
    pub(super) fn is_current(&self, l: &KernelLwp) -> bool {
        self.ci_curlwp.load(Site::CiCurlwpLook) == l.address()
    }

    /// Puts somebody else on the CPU, for the LWP that leaves it.
    pub(super) fn set_curlwp(&self, l: Option<&KernelLwp>) {
        self.ci_curlwp.store(l.map_or(IDLE, KernelLwp::address), Site::CiCurlwpStore);
    }

    /// Takes the run queue's lock: `spc_lock`.
    #[track_caller]
    pub(super) fn spc_lock(&self) -> MutexGuard<'_> {
        self.runq.enter()
    }
}

/// For the checks once no thread runs any more.
#[cfg(any(loom, shuttle))]
impl Cpu {
    /// `ci_curlwp`.
    #[track_caller]
    pub(super) fn curlwp_at_rest(&self) -> usize {
        self.ci_curlwp.load_held()
    }

    /// Makes sure that CPU number `n` has the LWPs that are on it, one or none, and idles where it has none.
    #[track_caller]
    pub(super) fn check_at_rest(&self, n: usize, running: &[usize]) {
        assert!(running.len() <= 1, "LWPs are on CPU {n} at a time: {running:?}");
        let curlwp = running.first().copied().unwrap_or(IDLE);
        assert_eq!(self.curlwp_at_rest(), curlwp, "ci_curlwp of CPU {n} is not the LWP that is on it");
        self.runq.at_rest(|queue| {
            assert!(queue.waiting.is_empty(), "LWPs wait for CPU {n}: {:?}", queue.waiting);
            assert_eq!(
                queue.idle,
                running.is_empty(),
                "whether CPU {n} idles is not whether an LWP is on it"
            );
        });
    }
}

#[cfg(shuttle)]
impl Cpu {
    /// Says what the run queue holds.
    pub(super) fn describe(&self, tell: crate::sync::state::Tell<'_>) {
        self.runq.describe(tell);
    }
}

impl System {
    /// `sched_takecpu`: a CPU for a new LWP. It is the one with the fewest LWPs; where several have as few, the first of
    /// them from the one on that the new LWP's number, `p_nlwpid`, gives.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn sched_takecpu(&self, p: &ProcGuard<'_>) -> usize {
        let mut lwps = vec![0; self.cpus.len()];
        p.p_lwps.iter().for_each(|m| lwps[m.lwp.l_cpu()] += 1);
        let first = (p.p_nlwpid - 1) % lwps.len();
        let in_turn = (first..lwps.len()).chain(0..first);
        in_turn.min_by_key(|cpu| lwps[*cpu]).expect("a machine has a CPU")
    }

    /// Whether the LWP is still on its CPU, as the revision asks: 1.69.2.6 looks at LW_RUNNING under the LWP's lock,
    /// 1.62 at `ci_curlwp` under `sched_mutex`.
    pub(super) fn is_on_its_cpu(&self, l: &LwpLocked<'_>) -> bool {
        match self.revision {
            Revision::R1_69_2_6 => l.flags() & LW_RUNNING != 0,
            Revision::R1_62 => self.cpus[l.lwp().l_cpu()].is_current(l.lwp()),
        }
    }

    /// Makes an LWP runnable: LSRUN, and on to its CPU's run queue, or on to the CPU itself if that idles.
    ///
    /// Entry: the LWP locked by its CPU's `spc_mutex`. Exit: that lock released.
    pub(super) fn setrunqueue(&self, l: LwpLocked<'_>) {
        let (spc, next) = self.enqueue(l);
        drop(spc);
        if let Some(next) = next
            && !seeded(Step::SetrunqueueDispatch)
        {
            next.dispatch();
        }
    }

    /// [`System::setrunqueue`] up to the release of the lock and the dispatch of the LWP that it gives, if any.
    ///
    /// Entry: the LWP locked by its CPU's `spc_mutex`. Exit: that lock held.
    pub(super) fn enqueue<'a>(&self, mut l: LwpLocked<'a>) -> (MutexGuard<'a>, Option<Arc<KernelLwp>>) {
        let lwp = l.lwp().clone();
        let cpu = &self.cpus[lwp.l_cpu()];
        l.set_stat(State::Run);
        let queue = l.covered(&cpu.runq);
        if queue.idle {
            step(Step::SetrunqueueIdle, || queue.idle = false);
            let spc = self.onproc(l);
            step(Step::SetrunqueueCurlwp, || cpu.set_curlwp(Some(&lwp)));
            (spc, Some(lwp))
        } else {
            step(Step::SetrunqueuePush, || queue.waiting.push_back(lwp));
            (l.into_mutex(), None)
        }
    }

    /// Puts the next LWP on the CPU, or nobody where the run queue is empty. The caller has it dispatched once it holds
    /// no lock any more. `left`: whether the leaver has taken itself off the CPU already.
    ///
    /// Entry: `spc_mutex` held. Exit: released.
    pub(super) fn switch_to_next(
        &self,
        cpu: &Cpu,
        mut spc: MutexGuard<'_>,
        left: bool,
    ) -> Option<Arc<KernelLwp>> {
        let queue = cpu.runq.get_mut(&mut spc);
        let next = queue.waiting.pop_front();
        step(Step::SwitchIdle, || queue.idle = next.is_none());
        if let Some(next) = &next {
            let spc = self.onproc(next.queued_under(spc));
            step(Step::SwitchCurlwp, || cpu.set_curlwp(Some(next)));
            drop(spc);
        } else {
            if !left && !seeded(Step::SwitchNobody) {
                cpu.set_curlwp(None);
            }
            drop(spc);
        }
        next
    }

    /// Puts the LWP at the end of the run queue, for a leaver that wants to come back.
    ///
    /// Entry and exit: the LWP locked by its CPU's `spc_mutex`.
    pub(super) fn requeue(&self, l: &mut LwpLocked<'_>) {
        let lwp = l.lwp().clone();
        l.set_stat(State::Run);
        l.covered(&self.cpus[lwp.l_cpu()].runq).waiting.push_back(lwp);
    }

    /// From the run queue to the CPU: LSONPROC, and covered by the CPU's lock.
    ///
    /// Entry: the LWP locked by `spc_mutex`. Exit: that lock held, the LWP lent to `spc_lwplock`.
    fn onproc<'a>(&self, mut l: LwpLocked<'a>) -> MutexGuard<'a> {
        if cfg!(any(loom, shuttle, debug_assertions)) {
            assert_eq!(l.stat(), State::Run, "LWP {} was on a run queue", l.lwp().l_lid());
        }
        l.set_stat(State::OnProc);
        if self.revision == Revision::R1_69_2_6 && !seeded(Step::OnprocRunning) {
            l.set_flags(LW_RUNNING);
        }
        let other = usize::from(seeded(Step::OnprocOtherCpu));
        let cpu = &self.cpus[(l.lwp().l_cpu() + other) % self.cpus.len()];
        l.lwp_setlock(cpu.spc_lwplock)
    }
}
