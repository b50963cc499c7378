//! Threads that contend for one spin lock.

use std::fmt;

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Cell, SpinLock};

use super::work::{self, Fields, Occupant, Seen, work};
use super::{Operation, Outcome, Threads};

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpinOp {
    /// Takes the lock, works, releases it.
    Enter,
    /// The same if the lock is free.
    Tryenter,
    /// Tries the lock and waits for it as long as it is wanted, as illumos does.
    EnterWanted,
    /// Says that the lock is wanted no more.
    CallOff,
}

impl Operation for SpinOp {
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<SpinOp> {
        match (name, to, held) {
            ("enter", None, false) => Some(SpinOp::Enter),
            ("tryenter", None, false) => Some(SpinOp::Tryenter),
            ("enter_wanted", None, false) => Some(SpinOp::EnterWanted),
            ("call_off", None, false) => Some(SpinOp::CallOff),
            _ => None,
        }
    }

    fn to(self) -> Option<usize> {
        None
    }
}

impl fmt::Display for SpinOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SpinOp::Enter => "enter",
            SpinOp::Tryenter => "tryenter",
            SpinOp::EnterWanted => "enter_wanted",
            SpinOp::CallOff => "call_off",
        })
    }
}

struct Shared {
    lock: SpinLock,
    fields: Cell<Fields>,
    occupant: Occupant,
    /// Whether the lock is wanted: what `t_lockp` says in illumos.
    wanted: AtomicUsize,
    program: Threads<SpinOp>,
}

// SAFETY: the fields are accessed only between taking and releasing `lock`.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Runs a program once.
pub fn run(program: &Threads<SpinOp>) -> Vec<Vec<Seen>> {
    let shared = Shared {
        lock: SpinLock::new(),
        fields: Cell::new(Fields::default()),
        occupant: Occupant::default(),
        wanted: AtomicUsize::new(1),
        program: program.clone(),
    };
    // SAFETY: every thread has ended, so the caller of the last closure is alone.
    work::run(shared, program.threads.len(), body, |shared| shared.fields.with_mut(|f| unsafe { &mut *f }))
}

fn body(shared: &Shared, thread: usize) -> (Vec<Seen>, usize) {
    let (mut saw, mut works) = (Vec::new(), 0);
    for op in &shared.program.threads[thread] {
        let taken = match op {
            SpinOp::Enter => shared.lock.lock().is_ok(),
            SpinOp::Tryenter => shared.lock.try_lock(),
            SpinOp::EnterWanted => enter_wanted(shared),
            SpinOp::CallOff => {
                shared.wanted.store(0, Site::ThreadSetStatePublish);
                saw.push(Seen::Works(0));
                continue;
            }
        };
        if !taken {
            saw.push(Seen::Busy);
            continue;
        }
        shared.occupant.enter();
        // SAFETY: `lock` is held.
        let before = shared.fields.with_mut(|f| work(unsafe { &mut *f }));
        saw.push(Seen::Works(before));
        works += 1;
        shared.occupant.leave();
        shared.lock.unlock().expect("this thread took the lock");
    }
    (saw, works)
}

/// Takes the lock, unless it is busy and not wanted any more.
fn enter_wanted(shared: &Shared) -> bool {
    let is_wanted = || shared.wanted.load(Site::ThreadLockSpin) == 1;
    while !shared.lock.try_lock_or_wait(is_wanted).expect("this thread does not hold the lock") {
        if shared.wanted.load(Site::ThreadLockLook) == 0 {
            return false;
        }
    }
    true
}

/// Two threads of one operation each: either may be first, and a try may find the lock busy.
pub fn must_see(program: &Threads<SpinOp>) -> Vec<Outcome> {
    let [a, b] = &program.threads[..] else { return Vec::new() };
    let ([a], [b]) = (&a[..], &b[..]) else { return Vec::new() };
    if *b == SpinOp::CallOff {
        return vec![format!("{a}=0 {b}=0")];
    }
    let mut seen = vec![format!("{a}=0 {b}=1"), format!("{a}=1 {b}=0")];
    if *a == SpinOp::Tryenter {
        seen.push(format!("{a}=busy {b}=0"));
    }
    if *b == SpinOp::Tryenter {
        seen.push(format!("{a}=0 {b}=busy"));
    }
    seen
}

/// Whether a program's threads come by `site`.
pub fn reaches(program: &Threads<SpinOp>, site: Site) -> bool {
    let any = |wanted: SpinOp| program.threads.iter().flatten().any(|op| *op == wanted);
    match site {
        Site::SpinEnter | Site::SpinLook => any(SpinOp::Enter),
        Site::SpinTryenter => any(SpinOp::Tryenter) || any(SpinOp::EnterWanted),
        Site::SpinExit => true,
        _ => false,
    }
}
