//! Threads that contend for one spin lock.

use std::fmt;

use lwp_core::site::Site;
use lwp_core::sync::{Cell, SpinLock};

use super::work::{self, Fields, Occupant, Seen, work};
use super::{Operation, Outcome, Threads};

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpinOp {
    /// Takes the lock, works, releases it.
    Enter,
    /// The same if the lock is free.
    Tryenter,
}

impl Operation for SpinOp {
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<SpinOp> {
        match (name, to, held) {
            ("enter", None, false) => Some(SpinOp::Enter),
            ("tryenter", None, false) => Some(SpinOp::Tryenter),
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
        })
    }
}

struct Shared {
    lock: SpinLock,
    fields: Cell<Fields>,
    occupant: Occupant,
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

/// Two threads of one operation each: either may be first, and a try may find the lock busy.
pub fn must_see(program: &Threads<SpinOp>) -> Vec<Outcome> {
    let [a, b] = &program.threads[..] else { return Vec::new() };
    let ([a], [b]) = (&a[..], &b[..]) else { return Vec::new() };
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
        Site::SpinTryenter => any(SpinOp::Tryenter),
        Site::SpinExit => true,
        _ => false,
    }
}
