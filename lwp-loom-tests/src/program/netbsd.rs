//! Movers and lockers of a NetBSD LWP.

use std::fmt;

use lwp_core::locks::{LockId, Locks};
use lwp_core::mutex::Class;
use lwp_core::netbsd::{Kernel, Lwp, LwpGuard, Multiprocessor, Uniprocessor};
use lwp_core::site::Site;

use super::work::{self, Fields, Occupant, Seen, work};
use super::{Operation, Outcome, Threads};

/// What a thread does to the LWP. Each starts and ends with nothing held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetbsdOp {
    /// Locks the LWP, works, unlocks it.
    Lock,
    /// The same if the lock is free.
    Trylock,
    /// Locks the LWP, works, relocks it to another lock, works, unlocks it.
    Relock(usize),
    /// Locks the LWP, works, and unlocks it to another lock, which is held or only lent.
    UnlockTo(usize, New),
    /// Locks the LWP, works, and gives it another lock, which is held or only lent, while the old one stays held.
    Setlock(usize, New),
}

/// Whether the mover holds the lock to which it moves the LWP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum New {
    /// It does, and works under it before it unlocks. The lock is taken in lock order: lower numbers first.
    Held,
    /// It does not.
    Lent,
}

impl Operation for NetbsdOp {
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<NetbsdOp> {
        let new = if held { New::Held } else { New::Lent };
        match (name, to) {
            ("lock", None) if !held => Some(NetbsdOp::Lock),
            ("trylock", None) if !held => Some(NetbsdOp::Trylock),
            ("relock", Some(to)) if !held => Some(NetbsdOp::Relock(to)),
            ("unlock_to", Some(to)) => Some(NetbsdOp::UnlockTo(to, new)),
            ("setlock", Some(to)) => Some(NetbsdOp::Setlock(to, new)),
            _ => None,
        }
    }

    fn to(self) -> Option<usize> {
        match self {
            NetbsdOp::Lock | NetbsdOp::Trylock => None,
            NetbsdOp::Relock(to) | NetbsdOp::UnlockTo(to, _) | NetbsdOp::Setlock(to, _) => Some(to),
        }
    }
}

impl fmt::Display for NetbsdOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetbsdOp::Lock => write!(f, "lock"),
            NetbsdOp::Trylock => write!(f, "trylock"),
            NetbsdOp::Relock(to) => write!(f, "relock:{to}"),
            NetbsdOp::UnlockTo(to, new) => write!(f, "unlock_to:{to}{new}"),
            NetbsdOp::Setlock(to, new) => write!(f, "setlock:{to}{new}"),
        }
    }
}

impl fmt::Display for New {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            New::Held => ":held",
            New::Lent => "",
        })
    }
}

/// Where the LWP can be when `thread` starts its `n`th operation: where the thread left it, or where another thread
/// has put it since.
pub fn places(threads: &Threads<NetbsdOp>, thread: usize, n: usize) -> Vec<usize> {
    let own = threads.threads[thread][..n].iter().rev().find_map(|op| op.to()).unwrap_or(threads.start);
    let others = threads.threads.iter().enumerate().filter(|(t, _)| *t != thread);
    let mut places: Vec<usize> = others.flat_map(|(_, ops)| ops.iter().filter_map(|op| op.to())).collect();
    places.push(own);
    places.sort_unstable();
    places.dedup();
    places
}

/// Whether `thread`'s `n`th operation takes a lock while another is held that does not come before it, wherever the
/// LWP may be.
pub fn is_out_of_order(threads: &Threads<NetbsdOp>, thread: usize, n: usize) -> bool {
    let places = places(threads, thread, n);
    match threads.threads[thread][n] {
        NetbsdOp::Relock(to) => places.iter().any(|from| *from > to),
        NetbsdOp::UnlockTo(to, New::Held) | NetbsdOp::Setlock(to, New::Held) => {
            places.iter().any(|from| *from >= to) && places.iter().any(|from| *from <= to)
        }
        _ => false,
    }
}

impl Threads<NetbsdOp> {
    /// Whether nobody takes a lock to move to it: a uniprocessor has no other.
    pub fn moves_are_lent(&self) -> bool {
        let takes =
            |op: &NetbsdOp| matches!(op, NetbsdOp::UnlockTo(_, New::Held) | NetbsdOp::Setlock(_, New::Held));
        !self.threads.iter().flatten().any(takes)
    }
}

struct Shared<K: Kernel> {
    lwp: Lwp<Fields, K>,
    occupant: Occupant,
    program: Threads<NetbsdOp>,
}

/// Runs a program once on a multiprocessor.
pub fn run(program: &Threads<NetbsdOp>) -> Vec<Vec<Seen>> {
    let classes = vec![Class::SpcLwplock; program.locks()];
    let body: fn(&Shared<Multiprocessor>, usize) -> (Vec<Seen>, usize) = |shared, n| {
        Thread { shared, program: &shared.program, thread: n, works: 0 }.run(Thread::multiprocessor)
    };
    work::run(shared(&classes, program), program.threads.len(), body, |shared| shared.lwp.get_mut())
}

/// Runs a program once on a uniprocessor: the same threads, but every lock is `sched_mutex`.
pub fn run_uniprocessor(program: &Threads<NetbsdOp>) -> Vec<Vec<Seen>> {
    let body: fn(&Shared<Uniprocessor>, usize) -> (Vec<Seen>, usize) = |shared, n| {
        Thread { shared, program: &shared.program, thread: n, works: 0 }.run(|_, _| unreachable!())
    };
    let shared = shared(&[Class::SchedMutex], program);
    work::run(shared, program.threads.len(), body, |shared| shared.lwp.get_mut())
}

fn shared<K: Kernel>(classes: &[Class], program: &Threads<NetbsdOp>) -> Shared<K> {
    let locks = Locks::new(classes);
    let start = locks.id(program.start);
    Shared {
        lwp: Lwp::new(locks, start, Fields::default()),
        occupant: Occupant::default(),
        program: program.clone(),
    }
}

/// One thread of a running program.
struct Thread<'a, K: Kernel> {
    shared: &'a Shared<K>,
    program: &'a Threads<NetbsdOp>,
    thread: usize,
    works: usize,
}

impl<'a, K: Kernel> Thread<'a, K> {
    /// Does what the thread has to do; `held` does what only a multiprocessor can.
    fn run(mut self, held: fn(&mut Self, usize) -> usize) -> (Vec<Seen>, usize) {
        let mut saw = Vec::new();
        for (n, op) in self.program.threads[self.thread].iter().enumerate() {
            saw.push(self.operation(*op, n, held).map_or(Seen::Busy, Seen::Works));
        }
        (saw, self.works)
    }

    /// Does one operation, and gives back how often somebody had worked before; `None` where a try fails.
    fn operation(&mut self, op: NetbsdOp, n: usize, held: fn(&mut Self, usize) -> usize) -> Option<usize> {
        let mut lwp = match op {
            NetbsdOp::UnlockTo(_, New::Held) | NetbsdOp::Setlock(_, New::Held) => return Some(held(self, n)),
            NetbsdOp::Trylock => {
                let lwp = self.shared.lwp.lwp_trylock()?;
                self.shared.occupant.enter();
                lwp
            }
            NetbsdOp::Lock
            | NetbsdOp::Relock(_)
            | NetbsdOp::UnlockTo(_, New::Lent)
            | NetbsdOp::Setlock(_, New::Lent) => self.lock(),
        };
        let before = self.work(&mut lwp);
        match op {
            NetbsdOp::Lock | NetbsdOp::Trylock => {
                self.shared.occupant.leave();
                lwp.lwp_unlock();
            }
            NetbsdOp::Relock(to) => {
                let mut lwp = lwp.lwp_relock(self.id(to));
                assert_eq!(lwp.held(), self.id(to), "the LWP is not under the lock that lwp_relock gives it");
                self.work(&mut lwp);
                self.shared.occupant.leave();
                lwp.lwp_unlock();
            }
            NetbsdOp::UnlockTo(to, _) => {
                self.shared.occupant.leave();
                lwp.lwp_unlock_to(self.id(to));
            }
            NetbsdOp::Setlock(to, _) => {
                self.shared.occupant.leave();
                drop(lwp.lwp_setlock(self.id(to)));
            }
        }
        Some(before)
    }

    fn lock(&self) -> LwpGuard<'a, Fields, K> {
        let lwp = self.shared.lwp.lwp_lock();
        self.shared.occupant.enter();
        lwp
    }

    fn work(&mut self, lwp: &mut LwpGuard<'_, Fields, K>) -> usize {
        self.works += 1;
        lwp.covering();
        work(lwp)
    }

    fn id(&self, n: usize) -> LockId {
        self.shared.lwp.locks().id(n)
    }
}

impl Thread<'_, Multiprocessor> {
    /// A move to a lock that is held, taken before the LWP's or after it, as their order demands. Gives back how often
    /// somebody had worked before.
    fn multiprocessor(&mut self, n: usize) -> usize {
        let op = self.program.threads[self.thread][n];
        let to = op.to().expect("a move has a target");
        let mutex = self.shared.lwp.locks().get(self.id(to));
        let first = places(self.program, self.thread, n).iter().all(|from| *from > to);
        let new = first.then(|| mutex.mutex_spin_enter());
        let mut lwp = self.lock();
        let before = self.work(&mut lwp);
        let new = new.unwrap_or_else(|| mutex.mutex_spin_enter());
        let mut lwp = match op {
            NetbsdOp::UnlockTo(..) => lwp.lwp_unlock_to_held(new),
            _ => {
                let (lwp, old) = lwp.lwp_setlock_held(new);
                drop(old);
                lwp
            }
        };
        self.work(&mut lwp);
        self.shared.occupant.leave();
        lwp.lwp_unlock();
        before
    }
}

/// With one mover and one locker, a lock must be had both before and after everything that the mover does, and a
/// try must also find it busy.
pub fn must_see(program: &Threads<NetbsdOp>) -> Vec<Outcome> {
    let [mover, locker] = &program.threads[..] else { return Vec::new() };
    let ([NetbsdOp::Lock | NetbsdOp::Trylock], true) =
        (&locker[..], mover.iter().all(|op| op.to().is_some()))
    else {
        return Vec::new();
    };
    let last: usize = mover.iter().map(|op| works(*op)).sum();
    let mut seen = vec![format!("{}=0", locker[0]), format!("{}={last}", locker[0])];
    if locker[0] == NetbsdOp::Trylock {
        seen.push("trylock=busy".into());
    }
    seen
}

fn works(op: NetbsdOp) -> usize {
    match op {
        NetbsdOp::Relock(_) | NetbsdOp::UnlockTo(_, New::Held) | NetbsdOp::Setlock(_, New::Held) => 2,
        _ => 1,
    }
}

/// Whether a program's threads come by `site`.
pub fn reaches(program: &Threads<NetbsdOp>, site: Site) -> bool {
    let any = |wanted: fn(&NetbsdOp) -> bool| program.threads.iter().flatten().any(wanted);
    match site {
        Site::LwpLockLook | Site::LwpLockRelook | Site::LwpLockRetryLook | Site::LwpLockRetryRelook => {
            any(|op| *op != NetbsdOp::Trylock)
        }
        Site::LwpTrylockLook | Site::LwpTrylockRelook => any(|op| *op == NetbsdOp::Trylock),
        Site::LwpSetlockPublish => any(|op| matches!(op, NetbsdOp::Setlock(..))),
        Site::LwpUnlockToPublish => any(|op| matches!(op, NetbsdOp::UnlockTo(..))),
        Site::LwpRelockPublish => any(|op| matches!(op, NetbsdOp::Relock(_))),
        _ => false,
    }
}
