//! What accesses rely on, for the race detector in a search that enters no state twice.
//!
//! A state's key does not say who knows of which access; the search turns back at a state all the same. So with the state goes
//! what the accesses from there on rely on. An access races with an earlier one of its cell unless its thread knows of
//! that, and what a thread knows is a union: of what threads knew in the state, and of what could be learnt from objects
//! there. That union is followed backwards, step by step. At the state, come to on another way, it says for each access
//! whether it would race with what has happened on that way: just as if all had run again.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use lwp_core::sync::model::{Announcement, Operation, Order};
use lwp_core::sync::state::{Fold, mix};

use super::clock::Clock;
use super::world::Name;

/// What a step does to what threads and objects know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Nothing.
    #[default]
    Nothing,
    /// Its thread learns what there is to learn from an object.
    Acquire,
    /// The object has what its thread knows, beside what it had.
    Release,
    /// The object has what its thread knows, and nothing else.
    Publish,
    /// The object has nothing any more.
    Silence,
    /// Its thread has seen what an acquire fence would have it learn.
    See,
    /// Its thread learns what it has seen, and sees what the object has.
    FenceAndSee,
    /// A new thread knows what its parent knows.
    Spawn(usize),
    /// Its thread learns what another knew at its end.
    Join(usize),
}

impl Sync {
    /// What an operation with this result does.
    pub fn of(announcement: &Announcement, result: usize) -> Sync {
        match announcement.operation {
            Operation::Spawn => Sync::Spawn(result),
            Operation::Join(other) => Sync::Join(other),
            Operation::Lock | Operation::Park => Sync::Acquire,
            Operation::TryLock if result != 0 => Sync::Acquire,
            Operation::Unlock | Operation::Unpark => Sync::Release,
            Operation::Load { order, .. } => Sync::of_load(order),
            Operation::Store { order: Order::Release | Order::MembarProducer, .. } => Sync::Publish,
            // It ends what earlier stores have released.
            Operation::Store { .. } => Sync::Silence,
            // An exchange goes on with what earlier stores have released.
            Operation::CompareExchange { order: Order::Release, .. } if result != 0 => Sync::Release,
            Operation::CompareExchange { order, .. } if result != 0 => Sync::of_load(order),
            Operation::CompareExchange { .. } => Sync::See,
            Operation::Start
            | Operation::Finish
            | Operation::TryLock
            | Operation::IsHeld
            | Operation::Choose(_)
            | Operation::Moment => Sync::Nothing,
        }
    }

    fn of_load(order: Order) -> Sync {
        match order {
            Order::Acquire => Sync::Acquire,
            // The barrier comes before the load: it orders what was loaded earlier.
            Order::EnterBarrier => Sync::FenceAndSee,
            Order::Relaxed | Order::Release | Order::MembarProducer => Sync::See,
        }
    }
}

/// Objects that threads learn from, as a set of numbers.
const WORDS: usize = 4;

/// The most objects that can be told apart.
pub const OBJECTS: usize = WORDS * 64;

/// Where a thread has what it knows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sources {
    threads: u16,
    seen: u16,
    objects: [u64; WORDS],
}

/// An access, of all those from a state on, and where its thread has what it knows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    thread: u8,
    cell: Name,
    writes: bool,
    sources: Sources,
}

impl Hash for Need {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Need { thread, cell, writes, sources: Sources { threads, seen, objects } } = self;
        state.write_u64((cell.0 as u64) << 32 | u64::from(cell.1));
        let who = u64::from(*thread) << 1 | u64::from(*writes);
        state.write_u64(who << 32 | u64::from(*threads) << 16 | u64::from(*seen));
        objects.iter().for_each(|word| state.write_u64(*word));
    }
}

impl Need {
    /// An access that is made now.
    pub fn of(thread: usize, cell: Name, writes: bool) -> Need {
        let sources = Sources { threads: 1 << thread, seen: 0, objects: [0; WORDS] };
        Need { thread: thread as u8, cell, writes, sources }
    }

    /// What it relies on in front of a step that a thread takes, to an object with this number.
    #[must_use]
    pub fn before(mut self, step: Step) -> Need {
        let Step { thread, sync, object } = step;
        let me = 1_u16 << thread;
        let Sources { threads, seen, objects } = &mut self.sources;
        let (word, bit) = (object / 64, 1_u64 << (object % 64));
        let has = |objects: &[u64; WORDS]| objects[word] & bit != 0;
        match sync {
            Sync::Nothing => {}
            Sync::Acquire if *threads & me != 0 => objects[word] |= bit,
            Sync::Release if has(objects) => *threads |= me,
            Sync::Publish if has(objects) => {
                objects[word] &= !bit;
                *threads |= me;
            }
            Sync::Silence => objects[word] &= !bit,
            Sync::See if *seen & me != 0 => objects[word] |= bit,
            Sync::FenceAndSee => {
                if *seen & me != 0 {
                    objects[word] |= bit;
                }
                if *threads & me != 0 {
                    *seen |= me;
                }
            }
            Sync::Spawn(child) if *threads & 1 << child != 0 => {
                *threads = *threads & !(1 << child) | me;
            }
            Sync::Join(other) if *threads & me != 0 => *threads |= 1 << other,
            Sync::Acquire | Sync::Release | Sync::Publish | Sync::See | Sync::Spawn(_) | Sync::Join(_) => {}
        }
        self
    }

    /// The cell that is accessed.
    pub fn cell(&self) -> Name {
        self.cell
    }

    /// Whether it writes.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// The thread that accesses.
    pub fn thread(&self) -> usize {
        self.thread.into()
    }

    /// Whether its thread knows of the `epoch` of another. `threads` and `seen` are what threads know and have seen now,
    /// `object` is what there is to learn from an object with a number.
    pub fn knows<'a>(
        &self,
        (thread, epoch): (usize, u32),
        threads: &[Clock],
        seen: &[Clock],
        object: impl Fn(usize) -> Option<&'a Clock>,
    ) -> bool {
        let has = |set: u16, clocks: &[Clock]| {
            clocks.iter().enumerate().any(|(t, clock)| set & 1 << t != 0 && clock.knows(thread, epoch))
        };
        has(self.sources.threads, threads)
            || has(self.sources.seen, seen)
            || self.sources.objects.iter().enumerate().any(|(word, bits)| {
                bits_of(*bits)
                    .any(|bit| object(word * 64 + bit).is_some_and(|clock| clock.knows(thread, epoch)))
            })
    }
}

fn bits_of(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(first)
    })
}

/// A step, as far as it changes what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Who takes it.
    pub thread: usize,
    /// What it does.
    pub sync: Sync,
    /// The object's number, if it is about one.
    pub object: usize,
}

/// All that accesses from a state on rely on.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    set: HashSet<Need, BuildHasherDefault<Fold>>,
    /// A sum over a hash of each.
    sum: u128,
}

impl Needs {
    /// Adds one.
    pub fn add(&mut self, need: Need) {
        if self.set.insert(need) {
            self.sum = self.sum.wrapping_add(weight(&need));
        }
    }

    fn remove(&mut self, need: &Need) {
        if self.set.remove(need) {
            self.sum = self.sum.wrapping_sub(weight(need));
        }
    }

    /// What they rely on in front of a step. Most steps change few of them.
    #[must_use]
    pub fn before(mut self, step: Step) -> Needs {
        let moved = |need: &Need| Some((*need, need.before(step))).filter(|(after, before)| after != before);
        let changed: Vec<(Need, Need)> = self.set.iter().filter_map(moved).collect();
        changed.iter().for_each(|(after, _)| self.remove(after));
        changed.into_iter().for_each(|(_, before)| self.add(before));
        self
    }

    /// Adds all of another set.
    pub fn join(&mut self, mut other: Needs) {
        if other.set.len() > self.set.len() {
            std::mem::swap(self, &mut other);
        }
        other.set.into_iter().for_each(|need| self.add(need));
    }

    /// What tells the set from all others.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// All, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Need> {
        self.set.iter()
    }
}

fn weight(need: &Need) -> u128 {
    let one = BuildHasherDefault::<Fold>::default().hash_one(need);
    u128::from(one) << 64 | u128::from(mix(one, 2))
}
