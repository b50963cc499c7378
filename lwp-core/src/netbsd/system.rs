//! The machine: one process, its LWPs, and the CPUs and queues that they move among.

use std::sync::Arc;

use super::alllwp::AllLwp;
use super::cover::Covers;
use super::cpu::Cpu;
use super::creds::ProcCred;
use super::flag::{LW_PENDSIG, PS_STOPPING};
use super::lwp::Wchan;
use super::lwpctl::ProcLwpctl;
use super::proc::{Member, Proc, ProcGuard};
use super::sleep::HAPPENING;
use super::sleepq::SleepQueue;
use super::specific::Domain;
use super::{KernelLwp, Lid, Repair, Repairs, Revision, State};
use crate::covered::Covered;
use crate::locks::{LockId, Locks};
use crate::mutex::{Class, KernelLock};

/// What a machine is like when it starts.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The revision of its functions.
    pub revision: Revision,
    /// The repairs in them.
    pub repairs: Repairs,
    /// How many CPUs it has. 1.62 with one is a uniprocessor's kernel: every lock of an LWP is sched_mutex, and there is
    /// no big lock.
    pub cpus: usize,
    /// How many LWPs the process may have.
    pub maxlwp: usize,
    /// Its LWPs, numbered from 1. Number `n` belongs to CPU `(n - 1) % cpus`; the first of a CPU that can run is on it.
    pub lwps: Vec<BootLwp>,
}

/// What an LWP is like when the machine starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootLwp {
    /// Whether nobody is to wait for it.
    pub detached: bool,
    /// What it does.
    pub doing: Doing,
}

/// What an LWP does when the machine starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// LSONPROC, or LSRUN where its CPU is taken.
    #[default]
    Running,
    /// LSSUSPENDED.
    Suspended,
    /// LSIDL: created, and to be started by [`System::lwp_start`].
    Idle,
    /// LSSTOP: its process is about to stop, and those that run have been told.
    Stopped,
    /// LSSLEEP, in [`System::sleep`].
    Sleeping {
        /// Whether signals end its sleep.
        interruptibly: bool,
    },
}

/// A machine with one process.
#[derive(Debug)]
pub struct System {
    pub(super) revision: Revision,
    pub(super) repairs: Repairs,
    pub(super) maxlwp: usize,
    /// Whether the kernel is built for one CPU.
    pub(super) uniprocessor: bool,
    pub(super) cpus: Vec<Cpu>,
    pub(super) sleepqs: [SleepQueue; SLEEPQS],
    /// Who holds the adaptive mutex, under its turnstile chain's lock.
    pub(super) mutex_owner: Covered<Option<Arc<KernelLwp>>>,
    pub(super) alllwp: AllLwp,
    pub(super) kernel_lock: KernelLock,
    pub(super) specificdata: Covered<Domain>,
    pub(super) creds: Option<ProcCred>,
    pub(super) lwpctl: ProcLwpctl,
    /// For the check at rest. No part of the model.
    #[cfg(any(loom, shuttle))]
    freed: std::sync::atomic::AtomicUsize,
    proc: Proc,
    lwps: Vec<Arc<KernelLwp>>,
    pub(super) locks: Locks,
}

/// One for each wait channel; the last is the turnstile.
pub(super) const SLEEPQS: usize = 5;

/// The places of the machine's locks.
struct Places {
    p_smutex: LockId,
    sleepqs: [LockId; SLEEPQS],
    proclist_lock: LockId,
    proclist_mutex: LockId,
    kernel_lock: LockId,
    cpus: Vec<(LockId, LockId)>,
}

impl Boot {
    fn uniprocessor(&self) -> bool {
        self.revision == Revision::R1_62 && self.cpus == 1
    }

    #[track_caller]
    fn locks(&self) -> (Locks, Places) {
        use Class::{KernelLock, LwpctlLock, ProcMutex, ProcSmutex, ProclistLock, ProclistMutex};
        use Class::{SleepQueue, SpecificdataLock, TurnstileChain};
        let fixed =
            [ProcSmutex, ProclistLock, ProclistMutex, KernelLock, SpecificdataLock, ProcMutex, LwpctlLock];
        let queues = [SleepQueue, SleepQueue, SleepQueue, SleepQueue, TurnstileChain];
        let cpus = match self.revision {
            Revision::R1_62 => vec![Class::SchedMutex],
            Revision::R1_69_2_6 => [Class::SpcLwplock, Class::SpcMutex].repeat(self.cpus),
        };
        let locks = Locks::new(&[&fixed[..], &queues, &cpus].concat());
        let (queue, cpu) = (fixed.len(), fixed.len() + queues.len());
        let of_cpu = |n: usize| match self.revision {
            Revision::R1_62 => (locks.id(cpu), locks.id(cpu)),
            Revision::R1_69_2_6 => (locks.id(cpu + 2 * n), locks.id(cpu + 2 * n + 1)),
        };
        let of_queue = |n| if self.uniprocessor() { locks.id(cpu) } else { locks.id(queue + n) };
        let places = Places {
            p_smutex: locks.id(0),
            sleepqs: std::array::from_fn(of_queue),
            proclist_lock: locks.id(1),
            proclist_mutex: locks.id(2),
            kernel_lock: locks.id(3),
            cpus: (0..self.cpus).map(of_cpu).collect(),
        };
        (locks, places)
    }
}

#[cfg(shuttle)]
impl System {
    /// The LWPs that the machine started with.
    pub(super) fn lwps(&self) -> &[Arc<KernelLwp>] {
        &self.lwps
    }
}

impl System {
    /// Starts a machine.
    ///
    /// # Panics
    /// Where it has no CPU or no LWP.
    #[track_caller]
    pub fn boot(boot: &Boot) -> System {
        assert!(boot.cpus > 0 && !boot.lwps.is_empty(), "a machine has a CPU and an LWP");
        let (locks, places) = boot.locks();
        let sleepqs = places.sleepqs.map(|lock| SleepQueue::new(&locks, lock));
        let proc = Proc::new(locks.clone(), places.p_smutex);
        let mut p = proc.enter();
        let mut lwps = Vec::new();
        let mut cpus: Vec<(Option<usize>, Vec<Arc<KernelLwp>>)> = vec![Default::default(); boot.cpus];
        for (n, start) in boot.lwps.iter().enumerate() {
            let (lid, cpu) = (n + 1, n % boot.cpus);
            let (spc_lwplock, spc_mutex) = places.cpus[cpu];
            let covers = Covers { spc_lwplock, spc_mutex, sleepqs: places.sleepqs };
            let (current, waiting) = &mut cpus[cpu];
            let (state, lock) = match (start.doing, &current) {
                (Doing::Suspended, _) => (State::Suspended, spc_lwplock),
                (Doing::Stopped, _) => (State::Stop, spc_lwplock),
                (Doing::Idle, _) => (State::Idl, spc_mutex),
                (Doing::Sleeping { .. }, _) => (State::Sleep, places.sleepqs[HAPPENING.number()]),
                (Doing::Running, None) => (State::OnProc, spc_lwplock),
                (Doing::Running, Some(_)) => (State::Run, spc_mutex),
            };
            let build = (boot.revision, covers);
            let lwp = Arc::new(KernelLwp::new(lid, lid, cpu, build, state, locks.clone(), lock));
            match state {
                State::OnProc => *current = Some(lwp.address()),
                State::Run => waiting.push(lwp.clone()),
                _ => {}
            }
            if let Doing::Sleeping { interruptibly } = start.doing {
                put_to_sleep(&lwp, &sleepqs, HAPPENING, interruptibly);
            }
            join(&mut p, &lwp, start.detached, state);
            lwps.push(lwp);
        }
        if boot.lwps.iter().any(|start| start.doing == Doing::Stopped) {
            p.p_sflag |= PS_STOPPING;
            for l in lwps.iter().filter(|l| matches!(l.ghost(), State::OnProc | State::Run)) {
                let mut l = l.lwp_lock();
                l.set_flags(LW_PENDSIG);
                l.unlock();
            }
        }
        p.exit();

        let cpus =
            cpus.into_iter().zip(&places.cpus).map(|((current, waiting), (spc_lwplock, spc_mutex))| {
                Cpu::new(&locks, *spc_lwplock, *spc_mutex, current, waiting.into())
            });
        let kernel_lock = (!boot.uniprocessor()).then(|| (locks.clone(), places.kernel_lock));
        let proclist = (places.proclist_lock, places.proclist_mutex);
        System {
            revision: boot.revision,
            repairs: boot.repairs,
            maxlwp: boot.maxlwp,
            uniprocessor: boot.uniprocessor(),
            cpus: cpus.collect(),
            mutex_owner: Covered::new(locks.clone(), places.sleepqs[SLEEPQS - 1], None),
            sleepqs,
            alllwp: AllLwp::new(boot.revision, &locks, proclist, &lwps),
            kernel_lock: KernelLock::new(kernel_lock),
            specificdata: Covered::new(locks.clone(), locks.only(Class::SpecificdataLock), Domain::default()),
            creds: None,
            lwpctl: ProcLwpctl::new(),
            #[cfg(any(loom, shuttle))]
            freed: std::sync::atomic::AtomicUsize::new(0),
            proc,
            lwps,
            locks,
        }
    }

    /// The process.
    pub fn proc(&self) -> &Proc {
        &self.proc
    }

    /// An LWP that the machine started with.
    ///
    /// # Panics
    /// Where there is no such LWP.
    #[track_caller]
    pub fn lwp(&self, lid: Lid) -> &Arc<KernelLwp> {
        &self.lwps[lid - 1]
    }

    /// An LWP that is LSIDL and belongs to a CPU.
    #[track_caller]
    pub(super) fn new_lwp(&self, address: usize, lid: Lid, cpu: usize) -> Arc<KernelLwp> {
        let Cpu { spc_lwplock, spc_mutex, .. } = self.cpus[cpu];
        let sleepqs = std::array::from_fn(|n| self.sleepqs[n].sleepers.lock());
        let build = (self.revision, Covers { spc_lwplock, spc_mutex, sleepqs });
        Arc::new(KernelLwp::new(address, lid, cpu, build, State::Idl, self.locks.clone(), spc_mutex))
    }

    /// The beginning of an LWP's thread: waits until a CPU has taken the LWP for the first time, unless the machine started
    /// with it on one.
    ///
    /// `kern_lwp.c` 1.69.2.6 L650; 1.62 has no such function. What it does about the previous LWP, the interrupt level and
    /// the address space has nothing to be done to here: whoever dispatches an LWP is done with its own switch.
    pub fn lwp_startup(&self, l: &Arc<KernelLwp>) {
        if l.booted_off_cpu() {
            l.wait_for_dispatch();
        }
    }

    /// How many LWPs have been freed.
    #[cfg(any(loom, shuttle))]
    pub(super) fn freed(&self) -> usize {
        // ORDERING: none needed. Under the checkers one thread runs at a time.
        self.freed.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Counts an LWP that is freed.
    pub(super) fn counts_freed(&self) {
        #[cfg(any(loom, shuttle))]
        // ORDERING: as above.
        self.freed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// Whether a repair is in force.
    pub(super) fn repaired(&self, repair: Repair) -> bool {
        #[cfg(any(loom, shuttle))]
        super::repair::ask(repair);
        self.repairs.has(repair)
    }
}

fn join(p: &mut ProcGuard<'_>, lwp: &Arc<KernelLwp>, detached: bool, state: State) {
    p.p_nlwps += 1;
    p.p_nrlwps += usize::from(state.is_running_or_soon());
    p.p_ndlwps += usize::from(detached);
    p.p_nlwpid = lwp.l_lid();
    p.born = lwp.address();
    p.p_lwps.insert(0, Member::new(lwp.clone(), detached));
}

fn put_to_sleep(lwp: &Arc<KernelLwp>, sleepqs: &[SleepQueue], wchan: Wchan, interruptibly: bool) {
    let queue = &sleepqs[wchan.number()];
    let mut l = lwp.lwp_lock();
    l.fields().l_wchan = Some(wchan);
    l.fields().l_sintr = interruptibly;
    l.covered(&queue.sleepers).push(lwp.clone());
    queue.count(|waiters| waiters + 1);
    l.unlock();
}
