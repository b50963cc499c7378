//! Sets of what threads do to objects, small and fast to join.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use lwp_core::sync::state::Fold;

use super::event::Effect;
use super::world::Name;

/// A thread does something to an object, whose name is the same in all executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// The thread.
    pub thread: usize,
    /// The object.
    pub object: Name,
    /// What it does.
    pub effect: Effect,
}

/// Gives each item a number.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    numbers: HashMap<Item, usize, BuildHasherDefault<Fold>>,
    items: Vec<Item>,
}

impl Numbering {
    /// The item's number.
    pub fn number(&mut self, item: Item) -> usize {
        *self.numbers.entry(item).or_insert_with(|| {
            self.items.push(item);
            self.items.len() - 1
        })
    }

    /// The items of a set.
    pub fn items<'a>(&'a self, set: &'a [u64]) -> impl Iterator<Item = &'a Item> {
        self.items
            .iter()
            .enumerate()
            .filter(|(n, _)| set.get(n / 64).is_some_and(|word| word >> (n % 64) & 1 != 0))
            .map(|(_, item)| item)
    }
}

/// A set of numbered items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items(Vec<u64>);

impl Items {
    /// Adds an item.
    pub fn add(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Adds all of another set.
    pub fn join(&mut self, other: &[u64]) {
        if self.0.len() < other.len() {
            self.0.resize(other.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(other) {
            *mine |= theirs;
        }
    }

    /// The set as words of bits.
    pub fn words(&self) -> &[u64] {
        &self.0
    }
}
