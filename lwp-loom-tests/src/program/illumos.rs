//! Movers and lockers of an illumos thread.

use std::fmt;

use lwp_core::illumos::Thread as Kthread;
use lwp_core::locks::Locks;
use lwp_core::mutex::Class;
use lwp_core::site::Site;

use super::work::{self, Fields, Occupant, Seen, work};
use super::{Operation, Outcome, Threads};

/// What a thread does to another. Each starts and ends with nothing held. Lock 0 is `stop_lock`, and
/// `transition_lock` has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IllumosOp {
    /// `thread_lock`, work, `thread_unlock`.
    Lock,
    /// `THREAD_SLEEP`: locks the thread, works, takes a later lock, puts the thread under it, releases the old one,
    /// works, unlocks.
    Sleep(usize),
    /// `THREAD_TRANSITION`, then `THREAD_RUN`: locks the thread, takes it off every lock, works, takes the new lock,
    /// puts the thread under it, works, unlocks.
    Run(usize),
    /// `thread_stop`: locks the thread, works, leaves it to `stop_lock`.
    Stop,
}

/// The number of `stop_lock`.
const STOP: usize = 0;

impl Operation for IllumosOp {
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<IllumosOp> {
        match (name, to) {
            _ if held => None,
            ("lock", None) => Some(IllumosOp::Lock),
            ("sleep", Some(to)) => Some(IllumosOp::Sleep(to)),
            ("run", Some(to)) => Some(IllumosOp::Run(to)),
            ("stop", None) => Some(IllumosOp::Stop),
            _ => None,
        }
    }

    fn to(self) -> Option<usize> {
        match self {
            IllumosOp::Lock => None,
            IllumosOp::Sleep(to) | IllumosOp::Run(to) => Some(to),
            IllumosOp::Stop => Some(STOP),
        }
    }
}

impl fmt::Display for IllumosOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IllumosOp::Lock => write!(f, "lock"),
            IllumosOp::Sleep(to) => write!(f, "sleep:{to}"),
            IllumosOp::Run(to) => write!(f, "run:{to}"),
            IllumosOp::Stop => write!(f, "stop"),
        }
    }
}

/// Whether `thread`'s `n`th operation takes a lock while another is held that does not come before it, wherever the
/// thread may be.
pub fn is_out_of_order(program: &Threads<IllumosOp>, thread: usize, n: usize) -> bool {
    let ops = &program.threads[thread];
    let own = ops[..n].iter().rev().find_map(|op| op.to()).unwrap_or(program.start);
    let others = program.threads.iter().enumerate().filter(|(other, _)| *other != thread);
    let mut places = others.flat_map(|(_, ops)| ops.iter().filter_map(|op| op.to())).chain([own]);
    match ops[n] {
        IllumosOp::Sleep(to) => places.any(|from| from >= to),
        IllumosOp::Run(to) => to == STOP,
        IllumosOp::Lock | IllumosOp::Stop => false,
    }
}

struct Shared {
    thread: Kthread<Fields>,
    occupant: Occupant,
    program: Threads<IllumosOp>,
}

/// Runs a program once.
pub fn run(program: &Threads<IllumosOp>) -> Vec<Vec<Seen>> {
    let mut classes = vec![Class::DispatchQueue; program.locks()];
    classes[STOP] = Class::StopLock;
    classes.push(Class::TransitionLock);
    let locks = Locks::new(&classes);
    let start = locks.id(program.start);
    let shared = Shared {
        thread: Kthread::new(locks, start, Fields::default()),
        occupant: Occupant::default(),
        program: program.clone(),
    };
    work::run(shared, program.threads.len(), body, |shared| shared.thread.get_mut())
}

fn body(shared: &Shared, thread: usize) -> (Vec<Seen>, usize) {
    let Shared { thread: kthread, occupant, .. } = shared;
    let enter = |n: usize| {
        let locks = kthread.locks();
        locks.get(locks.id(n)).mutex_spin_enter()
    };
    let (mut saw, mut works) = (Vec::new(), 0);
    for op in &shared.program.threads[thread] {
        let mut t = kthread.thread_lock();
        occupant.enter();
        t.covering();
        saw.push(Seen::Works(work(&mut t)));
        works += 1;
        match *op {
            IllumosOp::Lock => {
                occupant.leave();
                t.thread_unlock();
            }
            IllumosOp::Sleep(to) => {
                let (mut t, old) = t.thread_set_state(enter(to));
                drop(old);
                work(&mut t);
                works += 1;
                occupant.leave();
                t.thread_unlock();
            }
            IllumosOp::Run(to) => {
                let mut transit = t.thread_transition();
                work(&mut transit);
                let mut t = transit.thread_set_state(enter(to));
                work(&mut t);
                works += 2;
                occupant.leave();
                t.thread_unlock();
            }
            IllumosOp::Stop => {
                occupant.leave();
                t.thread_stop();
            }
        }
    }
    (saw, works)
}

/// With one mover and one locker, the lock must be had both before and after everything that the mover does.
pub fn must_see(program: &Threads<IllumosOp>) -> Vec<Outcome> {
    let [mover, locker] = &program.threads[..] else { return Vec::new() };
    if locker[..] != [IllumosOp::Lock] || mover.contains(&IllumosOp::Lock) {
        return Vec::new();
    }
    let last: usize = mover
        .iter()
        .map(|op| match op {
            IllumosOp::Lock | IllumosOp::Stop => 1,
            IllumosOp::Sleep(_) => 2,
            IllumosOp::Run(_) => 3,
        })
        .sum();
    vec!["lock=0".into(), format!("lock={last}")]
}

/// Whether a program's threads come by `site`.
pub fn reaches(program: &Threads<IllumosOp>, site: Site) -> bool {
    let any = |wanted: fn(&IllumosOp) -> bool| program.threads.iter().flatten().any(wanted);
    match site {
        Site::ThreadLockLook | Site::ThreadLockRelook | Site::ThreadLockSpin => true,
        Site::ThreadTransitionPublish => any(|op| matches!(op, IllumosOp::Run(_))),
        Site::ThreadSetStatePublish => any(|op| matches!(op, IllumosOp::Run(_) | IllumosOp::Sleep(_))),
        Site::ThreadStopPublish => any(|op| *op == IllumosOp::Stop),
        _ => false,
    }
}
