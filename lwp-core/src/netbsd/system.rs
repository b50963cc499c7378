//! The machine: one process, its LWPs, and the CPUs and queues that they move among.

use std::sync::Arc;

use super::cpu::Cpu;
use super::creds::ProcCred;
use super::lwpctl::ProcLwpctl;
use super::proc::{Member, Proc};
use super::sleepq::SleepQueue;
use super::specific::Domain;
use super::{KernelLwp, Lid, Repair, Repairs, Revision, State};
use crate::covered::Covered;
use crate::locks::Locks;
use crate::mutex::Class;

/// What a machine is like when it starts.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The revision of its functions.
    pub revision: Revision,
    /// The repairs in them.
    pub repairs: Repairs,
    /// How many CPUs it has.
    pub cpus: usize,
    /// Its LWPs, numbered from 1. Number `n` belongs to CPU `(n - 1) % cpus`; the first of a CPU that can run is on it.
    pub lwps: Vec<BootLwp>,
}

/// What an LWP is like when the machine starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootLwp {
    /// Whether nobody is to wait for it.
    pub detached: bool,
    /// Whether it is LSSUSPENDED, and not LSONPROC or LSRUN.
    pub suspended: bool,
}

/// A machine with one process.
#[derive(Debug)]
pub struct System {
    pub(super) revision: Revision,
    pub(super) repairs: Repairs,
    pub(super) cpus: Vec<Cpu>,
    pub(super) sleepqs: [SleepQueue; 2],
    pub(super) specificdata: Covered<Domain>,
    pub(super) creds: Option<ProcCred>,
    pub(super) lwpctl: ProcLwpctl,
    proc: Proc,
    lwps: Vec<Arc<KernelLwp>>,
    pub(super) locks: Locks,
}

/// p_smutex comes first among the machine's locks, then the sleep queues, then the CPUs' locks; what else
/// there is follows.
const P_SMUTEX: usize = 0;
const SLEEPQS: usize = 1;
const CPUS: usize = 3;

impl System {
    /// Starts a machine.
    ///
    /// # Panics
    /// Where it has no CPU or no LWP.
    #[track_caller]
    pub fn boot(boot: &Boot) -> System {
        assert!(boot.cpus > 0 && !boot.lwps.is_empty(), "a machine has a CPU and an LWP");
        let revision = boot.revision;
        let mut classes = vec![Class::ProcSmutex, Class::SleepQueue, Class::SleepQueue];
        match revision {
            Revision::R1_62 => classes.push(Class::SchedMutex),
            Revision::R1_69_2_6 => {
                classes.extend((0..boot.cpus).flat_map(|_| [Class::SpcLwplock, Class::SpcMutex]));
            }
        }
        classes.extend([Class::SpecificdataLock, Class::ProcMutex, Class::LwpctlLock]);
        let locks = Locks::new(&classes);
        let cpu_locks = |cpu: usize| match revision {
            Revision::R1_62 => (locks.id(CPUS), locks.id(CPUS)),
            Revision::R1_69_2_6 => (locks.id(CPUS + 2 * cpu), locks.id(CPUS + 2 * cpu + 1)),
        };

        let proc = Proc::new(locks.clone(), locks.id(P_SMUTEX));
        let mut p = proc.enter();
        let mut lwps = Vec::new();
        let mut cpus: Vec<(Option<Lid>, Vec<Arc<KernelLwp>>)> = vec![Default::default(); boot.cpus];
        for (n, start) in boot.lwps.iter().enumerate() {
            let (lid, cpu) = (n + 1, n % boot.cpus);
            let (spc_lwplock, spc_mutex) = cpu_locks(cpu);
            let (current, waiting) = &mut cpus[cpu];
            let (state, lock) = match (start.suspended, &current) {
                (true, _) => (State::Suspended, spc_lwplock),
                (false, None) => (State::OnProc, spc_lwplock),
                (false, Some(_)) => (State::Run, spc_mutex),
            };
            let lwp = Arc::new(KernelLwp::new(lid, cpu, revision, state, locks.clone(), lock));
            match state {
                State::OnProc => *current = Some(lid),
                State::Run => waiting.push(lwp.clone()),
                _ => {}
            }
            p.p_nlwps += 1;
            p.p_nrlwps += usize::from(state.is_running_or_soon());
            p.p_ndlwps += usize::from(start.detached);
            p.p_nlwpid = lid;
            p.p_lwps.insert(0, Member::new(lwp.clone(), start.detached));
            lwps.push(lwp);
        }
        p.exit();

        let cpus = cpus.into_iter().enumerate().map(|(n, (current, waiting))| {
            let (spc_lwplock, spc_mutex) = cpu_locks(n);
            Cpu::new(&locks, spc_lwplock, spc_mutex, current, waiting.into())
        });
        let sleepqs = [0, 1].map(|n| SleepQueue::new(&locks, locks.id(SLEEPQS + n)));
        System {
            revision,
            repairs: boot.repairs,
            cpus: cpus.collect(),
            sleepqs,
            specificdata: Covered::new(locks.clone(), locks.only(Class::SpecificdataLock), Domain::default()),
            creds: None,
            lwpctl: ProcLwpctl::new(),
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

    /// An LWP that is LSIDL, for a creator that runs on CPU `creator`.
    #[track_caller]
    pub(super) fn new_lwp(&self, lid: Lid, creator: usize) -> Arc<KernelLwp> {
        let cpu = match self.revision {
            Revision::R1_62 => creator,
            Revision::R1_69_2_6 => (lid - 1) % self.cpus.len(),
        };
        let spc_mutex = self.cpus[cpu].spc_mutex;
        Arc::new(KernelLwp::new(lid, cpu, self.revision, State::Idl, self.locks.clone(), spc_mutex))
    }

    /// Waits until a CPU has taken the LWP for the first time: the beginning of every LWP's thread but those that the
    /// machine starts with on a CPU.
    pub fn first_dispatch(&self, l: &Arc<KernelLwp>) {
        if l.booted_off_cpu() {
            l.wait_for_dispatch();
        }
    }

    /// Whether a repair is in force.
    pub(super) fn repaired(&self, repair: Repair) -> bool {
        self.repairs.has(repair)
    }
}
