//! One search on several workers: who explores which part of the tree, and what comes of all parts together.
//!
//! A worker that has nothing to do waits. One that explores sees that, once an execution, and makes a [`Fork`] of the first
//! node of its part at which something is left to explore: those branches wait for the others in a queue. Which of them comes
//! to what, and so what comes of all, does not depend on the workers: [`super::fork`] says why. An execution that fails ends
//! the search as if one worker had explored alone: what is in front of it is explored, what is behind it does not count.
//!
//! Memory: the path to each fork that is open. A worker takes the first part that waits, so forks are closed about
//! as fast as they are made.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::fork::{Done, Fork, Place, Rules};
use super::monitor::Monitor;
use super::node::Request;
use super::outcome::Outcome;
use super::path::Path;

/// When a part of the tree is divided, and which one is explored next: it makes no difference to what is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handing {
    /// Where a worker waits; the first part.
    #[default]
    WhenAsked,
    /// Wherever it is possible; the first part.
    Always,
    /// Wherever it is possible; the last part.
    LastFirst,
}

/// A mistake that is built into the sharing on purpose, to show that the cross-checks would find it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slip {
    /// None.
    #[default]
    None,
    /// A branch asks at once, though branches in front of it are not done.
    AsksEarly,
    /// What a branch has to keep is forgotten.
    ForgetsRequests,
    /// A branch is explored as if nothing were explored in front of it.
    ForgetsWhoSleeps,
    /// The failure that is found first is taken, not the first one.
    TakesAnyFailure,
}

impl Slip {
    /// Every slip.
    pub const ALL: [Slip; 4] =
        [Slip::AsksEarly, Slip::ForgetsRequests, Slip::ForgetsWhoSleeps, Slip::TakesAnyFailure];
}

/// A part of the tree that a worker explores.
#[derive(Debug)]
pub struct Part {
    /// Which one it is.
    pub place: Option<Place>,
    /// How its executions begin.
    pub path: Path,
    /// From here on the path's nodes belong to it.
    pub base: usize,
    /// Whether all is explored that begins with the path, so that it goes on from there.
    pub explored: bool,
    /// What has come of it.
    pub outcome: Outcome,
}

/// What a worker is to do before its next execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Nothing.
    GoOn,
    /// Divide its part.
    Divide,
    /// Leave its part.
    Leave,
}

/// Of [`Share::call`]: a worker waits for work.
const WANTED: u8 = 1;
/// Of [`Share::call`]: some parts are not worth exploring any more, or none is.
const IN_VAIN: u8 = 2;

/// What the workers of one search have in common.
#[derive(Debug)]
pub struct Share {
    state: Mutex<State>,
    news: Condvar,
    /// What to look for in the state.
    call: AtomicU8,
    handing: Handing,
}

#[derive(Debug)]
enum Waiting {
    Branch(Place),
    Part(Box<Part>),
}

#[derive(Debug)]
struct State {
    forks: HashMap<u64, Fork>,
    last: u64,
    /// What can be explored, in the order in which one worker alone would.
    queue: BTreeMap<Vec<usize>, Waiting>,
    /// Workers that wait.
    idle: usize,
    /// A part has failed.
    fails: bool,
    outcome: Option<Outcome>,
    stopped: bool,
    /// What had come of the parts that were being explored when the search was stopped.
    left: Vec<(Vec<usize>, Outcome)>,
    rules: Rules,
}

impl Share {
    /// A search that has not begun, with at most so many preemptions.
    pub fn new(preemptions: Option<usize>, handing: Handing, slip: Slip) -> Share {
        let all = Part {
            place: None,
            path: Path::default(),
            base: 0,
            explored: false,
            outcome: Outcome::default(),
        };
        let state = State {
            forks: HashMap::new(),
            last: 0,
            queue: BTreeMap::from([(Vec::new(), Waiting::Part(Box::new(all)))]),
            idle: 0,
            fails: false,
            outcome: None,
            stopped: false,
            left: Vec::new(),
            rules: Rules { limit: preemptions.unwrap_or(usize::MAX), slip },
        };
        Share { state: Mutex::new(state), news: Condvar::new(), call: AtomicU8::new(0), handing }
    }

    /// Something has changed.
    fn tell(&self, state: &State) {
        let wanted = self.handing != Handing::WhenAsked || state.idle > state.queue.len();
        let in_vain = state.fails || state.is_over();
        let call = if wanted { WANTED } else { 0 } | if in_vain { IN_VAIN } else { 0 };
        // ORDERING: it only says to look at the state, under its lock; a worker that sees it one execution later is
        // soon enough.
        self.call.store(call, Ordering::Relaxed);
        // Only then: workers that wait would wake each other for ever by beginning to wait again.
        if !state.queue.is_empty() || state.is_over() {
            self.news.notify_all();
        }
    }

    /// The state, which no thread leaves half-changed, even one that panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next part, when there is one; nothing where the search is over.
    pub fn take(&self, monitor: &Monitor) -> Option<Part> {
        let mut state = self.state();
        loop {
            if state.is_over() {
                return None;
            }
            if let Some(part) = state.next(self.handing) {
                self.tell(&state);
                return Some(part);
            }
            state.idle += 1;
            self.tell(&state);
            monitor.waits(true);
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            monitor.waits(false);
            state.idle -= 1;
        }
    }

    /// What a worker that explores a part is to do before its next execution.
    #[inline]
    pub fn call(&self, place: Option<Place>) -> Call {
        // ORDERING: see `tell`.
        let call = self.call.load(Ordering::Relaxed);
        if call & IN_VAIN != 0 && self.is_in_vain(place) {
            Call::Leave
        } else if call & WANTED != 0 {
            Call::Divide
        } else {
            Call::GoOn
        }
    }

    #[cold]
    fn is_in_vain(&self, place: Option<Place>) -> bool {
        let state = self.state();
        state.is_over() || state.is_in_vain(place)
    }

    /// A part is divided at the deepest node of `path`, whose nodes belong to it from `base` on. Gives the branch that is
    /// being explored: that is the part that its worker goes on with.
    pub fn divide(&self, place: Option<Place>, path: Path, base: usize) -> Option<Place> {
        let mut state = self.state();
        let place = state.divide(place, path, base);
        self.tell(&state);
        Some(place)
    }

    /// A part asks something of nodes that are not its own.
    pub fn ask(&self, place: Option<Place>, requests: impl Iterator<Item = Request>) {
        let mut requests = requests.peekable();
        if requests.peek().is_some() {
            let mut state = self.state();
            requests.for_each(|request| state.ask(place, request));
            self.tell(&state);
        }
    }

    /// A part is explored, or fails, or as much of it is explored as will be.
    pub fn finish(&self, place: Option<Place>, outcome: Outcome) {
        let mut state = self.state();
        if state.stopped {
            let key = state.key(place);
            state.left.push((key, outcome));
        } else {
            state.finish(place, outcome);
        }
        self.tell(&state);
    }

    /// The search is to end before it is done.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopped |= state.outcome.is_none();
        self.tell(&state);
    }

    /// What came of the search, whose workers have all left.
    pub fn outcome(&self) -> Outcome {
        let mut state = self.state();
        state.outcome.take().unwrap_or_else(|| state.known())
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.stopped || self.outcome.is_some()
    }

    fn next(&mut self, handing: Handing) -> Option<Part> {
        loop {
            let first = match handing {
                Handing::WhenAsked | Handing::Always => self.queue.pop_first(),
                Handing::LastFirst => self.queue.pop_last(),
            };
            let part = match first?.1 {
                Waiting::Part(part) => *part,
                Waiting::Branch(place) => match self.forks.get(&place.fork) {
                    Some(fork) => Part {
                        place: Some(place),
                        path: fork.path(place.branch),
                        base: fork.depth() + 1,
                        explored: false,
                        outcome: Outcome::default(),
                    },
                    None => continue,
                },
            };
            if !self.is_in_vain(part.place) {
                return Some(part);
            }
        }
    }

    /// Where a part is in the order in which one worker alone would explore: the branches on the way to it.
    fn key(&self, place: Option<Place>) -> Vec<usize> {
        let Some(Place { fork, branch }) = place else { return Vec::new() };
        let of = self.forks.get(&fork).map(|fork| fork.key.clone()).unwrap_or_default();
        of.into_iter().chain([branch]).collect()
    }

    /// Whether a part is behind one that fails.
    fn is_in_vain(&self, mut place: Option<Place>) -> bool {
        while let Some(Place { fork, branch }) = place {
            match self.forks.get(&fork) {
                Some(fork) if !fork.is_in_vain(branch) => place = fork.of,
                _ => return true,
            }
        }
        false
    }

    fn divide(&mut self, of: Option<Place>, path: Path, base: usize) -> Place {
        self.last += 1;
        let place = Place { fork: self.last, branch: 0 };
        let fork = Fork::new(of, self.key(of), path, base, self.rules);
        self.forks.insert(place.fork, fork);
        self.queue_from(place.fork, 1);
        place
    }

    /// The branches of a fork from `first` on can be explored.
    fn queue_from(&mut self, fork: u64, first: usize) {
        let branches = self.forks[&fork].branches();
        for branch in first..branches {
            let place = Place { fork, branch };
            self.queue.insert(self.key(Some(place)), Waiting::Branch(place));
        }
    }

    fn ask(&mut self, mut place: Option<Place>, request: Request) {
        while let Some(Place { fork: number, branch }) = place {
            // It is gone where one of its branches has failed.
            let Some(fork) = self.forks.get_mut(&number) else { return };
            let branches = fork.branches();
            if fork.ask(branch, request).is_none() {
                return self.queue_from(number, branches);
            }
            place = fork.of;
        }
    }

    fn finish(&mut self, mut place: Option<Place>, mut outcome: Outcome) {
        if outcome.fails() {
            if self.rules.slip == Slip::TakesAnyFailure {
                place = None;
            }
            self.fails(place);
        }
        while let Some(Place { fork: number, branch }) = place {
            let Some(fork) = self.forks.get_mut(&number) else { return };
            fork.finish(branch, outcome);
            while let Some((front, kept)) = self.forks.get_mut(&number).and_then(Fork::advance) {
                kept.into_iter().for_each(|r| self.ask(Some(Place { fork: number, branch: front }), r));
            }
            if !self.forks.get(&number).is_some_and(Fork::is_done) {
                return;
            }
            let Some(fork) = self.forks.remove(&number) else { return };
            place = fork.of;
            let key = fork.key.clone();
            match fork.done() {
                Done::Failed(failed) => outcome = failed,
                Done::Explored { path, base, outcome } => {
                    let part = Part { place, path, base, explored: true, outcome };
                    self.queue.insert(key, Waiting::Part(Box::new(part)));
                    return;
                }
            }
        }
        self.outcome.get_or_insert(outcome);
    }

    /// A part fails: what is behind it does not count.
    fn fails(&mut self, mut place: Option<Place>) {
        self.fails = true;
        while let Some(Place { fork, branch }) = place {
            let Some(fork) = self.forks.get_mut(&fork) else { return };
            fork.will_fail(branch);
            place = fork.of;
        }
    }

    /// What is known though not all is explored: of several failures the first.
    fn known(&mut self) -> Outcome {
        let mut known = std::mem::take(&mut self.left);
        known.extend(self.forks.drain().flat_map(|(_, fork)| fork.known()));
        known.extend(std::mem::take(&mut self.queue).into_iter().filter_map(
            |(key, waiting)| match waiting {
                Waiting::Part(part) => Some((key, part.outcome)),
                Waiting::Branch(_) => None,
            },
        ));
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut sum = Outcome::default();
        known.into_iter().for_each(|(_, outcome)| sum.add(outcome));
        sum
    }
}
