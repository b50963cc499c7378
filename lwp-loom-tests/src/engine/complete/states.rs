//! The states from which a search has seen everything.
//!
//! Where a search comes to such a state again it turns back. What follows would be as before; but what precedes it is not,
//! and races with it. So with each state goes what is done [below](Below::items) it: of each of that, the search assumes that
//! it races with all that precedes the state, that it depends on, and that its thread does not know of.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use lwp_core::sync::state::Fold;

use super::clock::Threads;
use super::items::{Item, Items, Numbering};
use super::memory::StateKey;
use super::needs::{self, Need, Needs};
use super::world::Name;

type Quick = BuildHasherDefault<Fold>;

/// What is known of the executions from a state on.
#[derive(Clone, Debug)]
pub struct Below {
    /// The threads that slept there: what begins with one of them was seen elsewhere.
    slept: Threads,
    /// All that threads do there, or would do if they could.
    pub items: Arc<[u64]>,
    /// What the accesses there rely on.
    pub needs: Arc<[Need]>,
}

/// How far states could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many are.
    pub states: usize,
    /// Whether there were more: some may have been entered twice.
    pub overflowed: bool,
}

/// The states that have been left for good.
#[derive(Clone, Debug)]
pub struct States {
    numbering: Numbering,
    /// Sets that are the same are kept once.
    sets: HashSet<Arc<[u64]>, Quick>,
    needs: HashMap<u128, Arc<[Need]>, Quick>,
    /// The objects that threads learn from, by number.
    names: Vec<Name>,
    numbers: HashMap<Name, usize, Quick>,
    below: HashMap<StateKey, Vec<Below>, Quick>,
    kept: usize,
    limit: usize,
    overflowed: bool,
}

impl States {
    /// No state, of at most so many.
    pub fn new(limit: usize) -> States {
        States {
            numbering: Numbering::default(),
            sets: HashSet::default(),
            needs: HashMap::default(),
            names: Vec::new(),
            numbers: HashMap::default(),
            below: HashMap::default(),
            kept: 0,
            limit,
            overflowed: false,
        }
    }

    /// The number of an object that threads learn from. Where there are too many, no state is kept any more.
    pub fn number(&mut self, name: Name) -> usize {
        let new = self.names.len();
        let number = *self.numbers.entry(name).or_insert(new);
        if number == new {
            self.names.push(name);
        }
        if number >= needs::OBJECTS {
            self.below.clear();
            (self.kept, self.limit, self.overflowed) = (0, 0, true);
        }
        number % needs::OBJECTS
    }

    /// The object with a number.
    pub fn name(&self, number: usize) -> Name {
        self.names[number]
    }

    /// How far states could be kept.
    pub fn kept(&self) -> Kept {
        Kept { states: self.kept, overflowed: self.overflowed }
    }

    /// Adds an item to a set.
    pub fn add(&mut self, set: &mut Items, item: Item) {
        set.add(self.numbering.number(item));
    }

    /// The items of a set.
    pub fn items(&self, set: &[u64]) -> Vec<Item> {
        self.numbering.items(set).copied().collect()
    }

    /// What is below a state, where all was seen that does not begin with a thread that is `asleep`.
    pub fn below(&self, state: StateKey, asleep: Threads) -> Option<Below> {
        let all = self.below.get(&state)?;
        all.iter().find(|below| below.slept.without(asleep).is_empty()).cloned()
    }

    /// A state has been left for good.
    pub fn leave(&mut self, state: StateKey, slept: Threads, items: &Items, needs: &Needs) {
        if self.kept >= self.limit {
            self.overflowed = true;
            return;
        }
        let items = match self.sets.get(items.words()) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<[u64]> = items.words().into();
                self.sets.insert(new.clone());
                new
            }
        };
        let needs = self.needs.entry(needs.sum()).or_insert_with(|| needs.iter().copied().collect()).clone();
        let all = self.below.entry(state).or_default();
        // What was seen where more threads slept is part of what was seen now.
        self.kept -= all.len();
        all.retain(|below| !slept.without(below.slept).is_empty());
        all.push(Below { slept, items, needs });
        self.kept += all.len();
    }
}
