//! Threads that let another go on by one parker.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Plain, Ordering};

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Cell, Parker, TokenParker};

use super::work::{Seen, run_threads};
use super::{Operation, Outcome, Threads};

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParkerOp {
    /// Waits for the token and takes it.
    Park,
    /// The same until a time that has come already.
    ParkUntil,
    /// Writes, gives the token, and then says that it has.
    Unpark,
}

impl Operation for ParkerOp {
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<ParkerOp> {
        match (name, to, held) {
            ("park", None, false) => Some(ParkerOp::Park),
            ("park_until", None, false) => Some(ParkerOp::ParkUntil),
            ("unpark", None, false) => Some(ParkerOp::Unpark),
            _ => None,
        }
    }

    fn to(self) -> Option<usize> {
        None
    }
}

impl fmt::Display for ParkerOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParkerOp::Park => "park",
            ParkerOp::ParkUntil => "park_until",
            ParkerOp::Unpark => "unpark",
        })
    }
}

/// Whether an operation is in the wrong place: the first thread alone parks, and the others let it go on. Two tokens may be one,
/// so there may be none for a second park, nor for one after another that took it.
pub fn is_out_of_place(program: &Threads<ParkerOp>, thread: usize, n: usize) -> bool {
    match program.threads[thread][n] {
        ParkerOp::Unpark => thread == 0,
        ParkerOp::Park => thread != 0 || n != 0,
        ParkerOp::ParkUntil => thread != 0,
    }
}

/// A let-go.
struct LetGo {
    /// What precedes it.
    data: Cell<usize>,
    /// Whether it has happened, which orders nothing.
    happened: AtomicUsize,
}

struct Shared {
    parker: TokenParker<Arc<Parker>>,
    /// By thread, from the second on.
    let_gos: Vec<Vec<LetGo>>,
    /// Tokens that were taken. No engine sees it.
    taken: Plain,
    program: Threads<ParkerOp>,
}

// SAFETY: the data is written before a let-go and read after it, which the checkers verify.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Runs a program once.
pub fn run(program: &Threads<ParkerOp>) -> Vec<Vec<Seen>> {
    let let_go = |_: &ParkerOp| LetGo { data: Cell::new(0), happened: AtomicUsize::new(0) };
    let shared = Shared {
        parker: TokenParker::new(),
        let_gos: program.threads[1..].iter().map(|ops| ops.iter().map(let_go).collect()).collect(),
        taken: Plain::new(0),
        program: program.clone(),
    };
    let (shared, all) = run_threads(shared, program.threads.len(), body);
    let given = program.threads.iter().flatten().filter(|op| **op == ParkerOp::Unpark).count();
    let left = shared.parker.park(|| Arc::new(Parker::new()), || false);
    let taken = shared.taken.into_inner() + usize::from(left);
    assert!(taken <= given, "{given} tokens were given and {taken} taken");
    assert!(taken > 0 || given == 0, "the token was lost");
    all
}

fn body(shared: &Shared, thread: usize) -> Vec<Seen> {
    let me = Arc::new(Parker::new());
    let each = |(n, op): (usize, &ParkerOp)| match op {
        ParkerOp::Unpark => {
            let let_go = &shared.let_gos[thread - 1][n];
            // SAFETY: the first thread does not read it before it knows of the let-go.
            let_go.data.with_mut(|data| unsafe { *data = 1 });
            shared.parker.unpark(|thread| thread.unpark());
            let_go.happened.store(1, Site::LcCurcpuStore);
            Seen::Works(0)
        }
        ParkerOp::Park | ParkerOp::ParkUntil => park(shared, &me, *op),
    };
    shared.program.threads[thread].iter().enumerate().map(each).collect()
}

/// Parks, and reads what precedes each let-go that came before. Gives how many of these it knew of.
fn park(shared: &Shared, me: &Arc<Parker>, op: ParkerOp) -> Seen {
    let all: Vec<&LetGo> = shared.let_gos.iter().flatten().collect();
    let mut before: Vec<_> =
        all.iter().filter(|let_go| let_go.happened.load(Site::LcCurcpuLook) == 1).collect();
    let sleep = || {
        let sleeps = op == ParkerOp::Park;
        if sleeps {
            me.park();
        }
        sleeps
    };
    if !shared.parker.park(|| me.clone(), sleep) {
        assert_eq!(op, ParkerOp::ParkUntil, "it has not slept until there was a token");
        return Seen::Busy;
    }
    // ORDERING: none needed. It is read when all threads have ended.
    shared.taken.fetch_add(1, Ordering::Relaxed);
    let known = before.len();
    if let [only] = &all[..] {
        before = vec![only];
    }
    for let_go in before {
        // SAFETY: the let-go came before the token was taken.
        assert_eq!(let_go.data.with(|data| unsafe { *data }), 1, "what precedes a let-go is not seen");
    }
    Seen::Works(known)
}

/// One that parks and one that lets it go on: the first may have known of the second or not.
pub fn must_see(program: &Threads<ParkerOp>) -> Vec<Outcome> {
    let [a, b] = &program.threads[..] else { return Vec::new() };
    let ([a], [b]) = (&a[..], &b[..]) else { return Vec::new() };
    let mut seen = vec![format!("{a}=0 {b}=0"), format!("{a}=1 {b}=0")];
    if *a == ParkerOp::ParkUntil {
        seen.push(format!("{a}=busy {b}=0"));
    }
    seen
}

/// Whether a program's threads come by `site`.
pub fn reaches(site: Site) -> bool {
    matches!(site, Site::ParkerPark | Site::ParkerUnpark)
}
