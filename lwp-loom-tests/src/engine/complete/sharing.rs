//! The complete search of one of several workers.

use std::sync::Arc;

use super::clock::Threads;
use super::dependency::Dependencies;
use super::failure::Failure;
use super::fork::Place;
use super::outcome::Outcome;
use super::path::Path;
use super::search::Search;
use super::share::{Call, Share};
use super::strategy::{Decision, Ending, Strategy};
use super::world::World;

/// A search through one part of the tree after another, which shares each with those who have nothing to do.
#[derive(Debug)]
pub struct Sharing {
    search: Search,
    share: Arc<Share>,
    place: Option<Place>,
}

impl Sharing {
    /// A worker's search, which has no part yet.
    pub fn new(search: Search, share: Arc<Share>) -> Sharing {
        Sharing { search, share, place: None }
    }

    /// Goes on with a part.
    pub fn take_up(&mut self, place: Option<Place>, path: Path, base: usize, explored: bool) {
        self.place = place;
        self.search.take_up(path, base, explored);
    }

    /// The search is to end before it is done.
    pub fn stop(&self) {
        self.share.stop();
    }

    /// The part is explored, or as much of it as will be; so far it came to `outcome`.
    pub fn put_down(&self, mut outcome: Outcome) {
        outcome.cut |= self.search.is_cut();
        self.share.finish(self.place, outcome);
    }
}

impl Strategy for Sharing {
    fn begin(&mut self) -> bool {
        let call = self.share.call(self.place);
        if call == Call::Leave {
            return false;
        }
        self.share.ask(self.place, self.search.requests());
        if !self.search.begin() {
            return false;
        }
        if call == Call::Divide {
            self.divide();
        }
        true
    }

    #[inline]
    fn repeats(&self) -> usize {
        self.search.repeats()
    }

    #[inline]
    fn decide(&mut self, world: &World, enabled: Threads, last: usize) -> Decision {
        self.search.decide(world, enabled, last)
    }

    #[inline]
    fn step(&mut self, world: &World, thread: usize, dependencies: &Dependencies) {
        self.search.step(world, thread, dependencies);
    }

    #[inline]
    fn stuck(&mut self, world: &World, thread: usize, dependencies: &Dependencies) {
        self.search.stuck(world, thread, dependencies);
    }

    fn end(&mut self, ending: Ending, steps: usize) -> Option<Failure> {
        self.search.end(ending, steps)
    }

    fn bound(&self) -> Option<String> {
        self.search.bound()
    }
}

impl Sharing {
    fn divide(&mut self) {
        while let Some((path, base)) = self.search.divide() {
            self.place = self.share.divide(self.place, path, base);
            if self.share.call(self.place) != Call::Divide {
                break;
            }
        }
    }
}
