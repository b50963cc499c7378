//! Programs: what is checked, as data. A program's name says everything about it and is all that is stored.
//!
//! A name is a list of fields between slashes: the system, where the LWP starts, and one field a thread, which lists
//! that thread's operations between commas. The first thread is the model's main thread.
//!
//! ```text
//! netbsd/0/relock:1,unlock_to:0/trylock
//! ```

mod illumos;
mod layer;
mod netbsd;
mod parker;
mod spin;
mod work;

use std::fmt;

use lwp_core::site::Site;

use crate::reach::{Bound, Loom};

pub use illumos::IllumosOp;
pub use layer::{Layer, LockOp};
pub use netbsd::{NetbsdOp, New};
pub use parker::ParkerOp;
pub use spin::SpinOp;
pub use work::Seen;

/// A program over one of the lock layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// NetBSD's lock pointer on a multiprocessor.
    Netbsd(Threads<NetbsdOp>),
    /// NetBSD 1.62's on a uniprocessor, where it never moves.
    Uniprocessor(Threads<NetbsdOp>),
    /// illumos' lock pointer.
    Illumos(Threads<IllumosOp>),
    /// The spin lock that a kernel mutex is made of.
    Spin(Threads<SpinOp>),
    /// The parker that an LWP's thread blocks on.
    Parker(Threads<ParkerOp>),
}

/// What each thread does, and the lock on which the LWP starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads<Op> {
    /// The number of the lock that covers the LWP at first.
    pub start: usize,
    /// One list of operations a thread; the first is the model's main thread.
    pub threads: Vec<Vec<Op>>,
}

/// An operation as it stands in a program's name.
pub trait Operation: Copy + fmt::Display {
    /// The operation with this name and these arguments, if there is one.
    fn parse(name: &str, to: Option<usize>, held: bool) -> Option<Self>;

    /// The number of the lock that the operation moves the LWP to.
    fn to(self) -> Option<usize>;
}

impl<Op: Operation> Threads<Op> {
    /// How many operations there are over all threads: a program's size.
    pub fn operations(&self) -> usize {
        self.threads.iter().map(Vec::len).sum()
    }

    /// How many locks the program names: the highest number plus one.
    pub fn locks(&self) -> usize {
        let moved_to = self.threads.iter().flatten().filter_map(|op| op.to());
        moved_to.chain([self.start]).max().unwrap_or(0) + 1
    }

    /// What those saw that only lock, in words.
    fn outcome(&self, seen: &[Vec<Seen>]) -> Outcome {
        let of_all = self.threads.iter().flatten().zip(seen.iter().flatten());
        let lockers = of_all.filter(|(op, _)| op.to().is_none());
        lockers.map(|(op, seen)| format!("{op}={seen}")).collect::<Vec<_>>().join(" ")
    }

    /// The operations, by thread and place, of which this is so.
    fn those(&self, is: fn(&Self, usize, usize) -> bool) -> Vec<(usize, usize)> {
        let threads = self.threads.iter().enumerate();
        let all = threads.flat_map(|(thread, ops)| (0..ops.len()).map(move |n| (thread, n)));
        all.filter(|(thread, n)| is(self, *thread, *n)).collect()
    }

    fn parse<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Threads<Op>> {
        let start = fields.next()?.parse().ok()?;
        let threads: Option<Vec<Vec<Op>>> = fields.map(|f| f.split(',').map(parse_op).collect()).collect();
        threads.filter(|t| !t.is_empty()).map(|threads| Threads { start, threads })
    }
}

fn parse_op<Op: Operation>(text: &str) -> Option<Op> {
    let mut parts = text.split(':');
    let name = parts.next()?;
    let to = parts.next().map(str::parse).transpose().ok()?;
    let held = match parts.next() {
        None => false,
        Some("held") => true,
        Some(_) => return None,
    };
    parts.next().is_none().then(|| Op::parse(name, to, held)).flatten()
}

impl<Op: Operation> fmt::Display for Threads<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start)?;
        for thread in &self.threads {
            for (n, op) in thread.iter().enumerate() {
                write!(f, "{}{op}", if n == 0 { '/' } else { ',' })?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program::Netbsd(threads) => write!(f, "netbsd/{threads}"),
            Program::Uniprocessor(threads) => write!(f, "netbsd-up/{threads}"),
            Program::Illumos(threads) => write!(f, "illumos/{threads}"),
            Program::Spin(threads) => write!(f, "spin/{threads}"),
            Program::Parker(threads) => write!(f, "parker/{threads}"),
        }
    }
}

impl Program {
    /// The program with this name; `None` where the name is not one of a program.
    ///
    /// # Example
    /// ```
    /// use lwp_loom_tests::program::Program;
    /// let program = Program::parse("netbsd/0/relock:1,setlock:0:held/lock").unwrap();
    /// assert_eq!(program.to_string(), "netbsd/0/relock:1,setlock:0:held/lock");
    /// assert!(Program::parse("netbsd/0/rellock:1").is_none());
    /// ```
    pub fn parse(name: &str) -> Option<Program> {
        let mut fields = name.split('/');
        let program = match fields.next()? {
            "netbsd" => Program::Netbsd(Threads::parse(fields)?),
            "netbsd-up" => Program::Uniprocessor(Threads::parse(fields)?),
            "illumos" => Program::Illumos(Threads::parse(fields)?),
            "spin" => Program::Spin(Threads::parse(fields)?),
            "parker" => Program::Parker(Threads::parse(fields)?),
            _ => return None,
        };
        program.is_sound().then_some(program)
    }

    /// The lock layer that the program is over.
    pub const fn layer(&self) -> Layer {
        match self {
            Program::Netbsd(_) => Layer::Netbsd,
            Program::Uniprocessor(_) => Layer::Uniprocessor,
            Program::Illumos(_) => Layer::Illumos,
            Program::Spin(_) => Layer::Spin,
            Program::Parker(_) => Layer::Parker,
        }
    }

    /// The kernel whose functions the program runs.
    pub const fn system(&self) -> &'static str {
        self.layer().kernel()
    }

    /// How many threads the program has.
    pub fn lwps(&self) -> usize {
        match self {
            Program::Netbsd(t) | Program::Uniprocessor(t) => t.threads.len(),
            Program::Illumos(t) => t.threads.len(),
            Program::Spin(t) => t.threads.len(),
            Program::Parker(t) => t.threads.len(),
        }
    }

    /// How many operations the program has.
    pub fn operations(&self) -> usize {
        match self {
            Program::Netbsd(t) | Program::Uniprocessor(t) => t.operations(),
            Program::Illumos(t) => t.operations(),
            Program::Spin(t) => t.operations(),
            Program::Parker(t) => t.operations(),
        }
    }

    /// How far loom goes through it: where three threads exchange words, not for certain to the end.
    pub fn loom(&self) -> Loom {
        let exchanges = matches!(self.layer(), Layer::Spin | Layer::Parker);
        if exchanges && self.lwps() > 2 {
            Loom::Bounded(Bound { looks_back: true, ..Bound::NONE })
        } else {
            Loom::Complete
        }
    }

    /// Whether no execution can take two locks against their order, or one twice, or park for ever: the program itself
    /// would be at fault and not the layer.
    pub fn is_sound(&self) -> bool {
        let one_lock = match self {
            Program::Uniprocessor(t) => t.start == 0 && t.locks() == 1 && t.moves_are_lent(),
            Program::Spin(t) => t.start == 0,
            Program::Parker(t) => t.start == 0,
            Program::Netbsd(_) | Program::Illumos(_) => true,
        };
        one_lock && self.out_of_order().is_empty()
    }

    /// The operations, by thread and place, in which some execution takes a lock against the order, or twice, or may park for
    /// ever.
    pub fn out_of_order(&self) -> Vec<(usize, usize)> {
        match self {
            Program::Netbsd(t) => t.those(netbsd::is_out_of_order),
            Program::Illumos(t) => t.those(illumos::is_out_of_order),
            Program::Parker(t) => t.those(parker::is_out_of_place),
            Program::Uniprocessor(_) | Program::Spin(_) => Vec::new(),
        }
    }

    /// Whether the program takes locks by trying.
    pub fn uses_try_lock(&self) -> bool {
        match self {
            Program::Netbsd(t) | Program::Uniprocessor(t) => {
                t.threads.iter().flatten().any(|op| *op == NetbsdOp::Trylock)
            }
            Program::Illumos(_) | Program::Spin(_) | Program::Parker(_) => false,
        }
    }

    /// Runs the program once on whichever back end this is, and gives back what its lockers saw.
    ///
    /// # Panics
    /// Where exclusion, visibility or the covering lock is violated.
    pub fn run(&self) -> Outcome {
        let seen = self.seen();
        match self {
            Program::Netbsd(t) | Program::Uniprocessor(t) => t.outcome(&seen),
            Program::Illumos(t) => t.outcome(&seen),
            Program::Spin(t) => t.outcome(&seen),
            Program::Parker(t) => t.outcome(&seen),
        }
    }

    /// The same, but gives back what each operation of each thread saw.
    ///
    /// # Panics
    /// As [`Program::run`].
    pub fn seen(&self) -> Vec<Vec<Seen>> {
        match self {
            Program::Netbsd(t) => netbsd::run(t),
            Program::Uniprocessor(t) => netbsd::run_uniprocessor(t),
            Program::Illumos(t) => illumos::run(t),
            Program::Spin(t) => spin::run(t),
            Program::Parker(t) => parker::run(t),
        }
    }

    /// Whether weakening `site` can make a difference to this program.
    pub fn reaches(&self, site: Site) -> bool {
        match self {
            Program::Netbsd(t) => netbsd::reaches(t, site),
            Program::Uniprocessor(_) => false,
            Program::Illumos(t) => illumos::reaches(t, site),
            Program::Spin(t) => spin::reaches(t, site),
            Program::Parker(_) => parker::reaches(site),
        }
    }

    /// Outcomes that the program's author expects to be reachable. A search that misses one has lost executions.
    pub fn must_see(&self) -> Vec<Outcome> {
        match self {
            Program::Netbsd(t) | Program::Uniprocessor(t) => netbsd::must_see(t),
            Program::Illumos(t) => illumos::must_see(t),
            Program::Spin(t) => spin::must_see(t),
            Program::Parker(t) => parker::must_see(t),
        }
    }
}

/// What the threads of one execution saw, in words that compare.
pub type Outcome = String;
