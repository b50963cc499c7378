//! A node of the tree whose branches are parts of their own, to be explored by different workers.
//!
//! # Why the counts do not depend on who explores what
//! What a branch comes to depends on what sleeps in it, and that on the branches in front of it, which are known when it is
//! added: see [`super::node`]. What a branch asks of the nodes above it depends on nothing else either. But which threads a
//! node adds for a request depends on what it has added before. So the requests of a branch are kept until all that is in
//! front of it is done: every node is asked in the order in which one worker alone would ask it. The first branch that
//! is not done asks at once.

use super::node::Request;
use super::outcome::Outcome;
use super::path::{Branch, Path};
use super::requests::Requests;
use super::share::Slip;

/// Which part of the tree: the branch of a fork. The whole tree is the branch of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The fork's number.
    pub fork: u64,
    /// The branch, from 0.
    pub branch: usize,
}

/// What holds for every fork of a search.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The most preemptions.
    pub limit: usize,
    /// What goes wrong.
    pub slip: Slip,
}

/// A branch of a fork.
#[derive(Debug)]
struct Slot {
    branch: Branch,
    /// What it asks of the nodes above it, while it has to wait with that.
    requests: Requests,
    /// What came of it, once it is done.
    outcome: Option<Outcome>,
}

/// A node whose branches are explored as parts of their own, with the part of the path that is left to explore after them.
#[derive(Debug)]
pub struct Fork {
    /// The part that was divided.
    pub of: Option<Place>,
    /// Where that is in the order in which one worker alone would explore: the branches on the way to it.
    pub key: Vec<usize>,
    /// The path, up to the node.
    path: Path,
    /// From here on the path's nodes belong to the part that was divided.
    base: usize,
    slots: Vec<Slot>,
    /// The first branch whose outcome is not in the sum yet.
    front: usize,
    /// The first branch that is known to fail: what is behind it does not count.
    fails_at: Option<usize>,
    sum: Outcome,
    rules: Rules,
}

/// What a fork comes to.
#[derive(Debug)]
pub enum Done {
    /// Every branch is explored. What is left of the part begins with the path, whose way on is explored.
    Explored {
        /// The path to the last node in front of the fork.
        path: Path,
        /// From here on the path's nodes belong to the part.
        base: usize,
        /// What came of the part so far.
        outcome: Outcome,
    },
    /// A branch fails, and with it the part.
    Failed(Outcome),
}

impl Fork {
    /// The deepest node of `path` becomes a fork; its first branch is what is being explored.
    pub fn new(of: Option<Place>, key: Vec<usize>, path: Path, base: usize, rules: Rules) -> Fork {
        let sum = Outcome::default();
        let mut fork = Fork { of, key, path, base, slots: Vec::new(), front: 0, fails_at: None, sum, rules };
        let depth = fork.depth();
        let node = fork.path.node_mut(depth);
        let (thread, choice, sleep) = (node.thread, node.choice, node.sleep);
        node.sleep.add(thread);
        for choice in choice..fork.path.results(depth, thread) {
            fork.add(Branch { thread, choice, sleep });
        }
        fork.open();
        fork
    }

    fn add(&mut self, branch: Branch) {
        self.slots.push(Slot { branch, requests: Requests::default(), outcome: None });
    }

    /// Makes a branch of every thread that the node is to explore and that has none.
    fn open(&mut self) {
        let depth = self.depth();
        loop {
            let node = self.path.node_mut(depth);
            let Some((turn, thread)) = node.next(self.rules.limit, &mut self.sum.cut) else { return };
            let sleep = match self.rules.slip {
                Slip::ForgetsWhoSleeps => self.slots[0].branch.sleep,
                _ => node.sleep,
            };
            node.turn = turn;
            node.sleep.add(thread);
            let results = self.path.results(depth, thread);
            (0..results).for_each(|choice| self.add(Branch { thread, choice, sleep }));
        }
    }

    /// The depth of its node.
    pub fn depth(&self) -> usize {
        self.path.len() - 1
    }

    /// How many branches there are.
    pub fn branches(&self) -> usize {
        self.slots.len()
    }

    /// The path to a branch, the branch included.
    pub fn path(&self, branch: usize) -> Path {
        self.path.clone().along(self.slots[branch].branch)
    }

    /// A branch asks something of a node above it. Gives the request back where it is for another fork.
    pub fn ask(&mut self, branch: usize, request: Request) -> Option<Request> {
        let slip = self.rules.slip;
        if branch > self.front && slip != Slip::AsksEarly {
            if slip != Slip::ForgetsRequests {
                self.slots[branch].requests.add(request);
            }
            return None;
        }
        if request.depth < self.base {
            return Some(request);
        }
        self.path.node_mut(request.depth).ask(request);
        if request.depth == self.depth() {
            self.open();
        }
        None
    }

    /// A branch will fail, if none in front of it does.
    pub fn will_fail(&mut self, branch: usize) {
        self.fails_at = Some(self.fails_at.map_or(branch, |first| first.min(branch)));
    }

    /// Whether what becomes of a branch does not matter.
    pub fn is_in_vain(&self, branch: usize) -> bool {
        self.fails_at.is_some_and(|first| branch > first)
    }

    /// A branch is done.
    pub fn finish(&mut self, branch: usize, outcome: Outcome) {
        self.slots[branch].outcome = Some(outcome);
    }

    /// Adds the outcome of the front branch to the sum if it is done, and moves on to the next, whose number it gives and
    /// which from now on [asks](Fork::ask) at once: beginning with what it has had to keep.
    pub fn advance(&mut self) -> Option<(usize, Vec<Request>)> {
        if self.sum.fails() {
            return None;
        }
        let outcome = self.slots.get_mut(self.front)?.outcome.take()?;
        self.sum.add(outcome);
        if self.sum.fails() {
            return None;
        }
        self.front += 1;
        let kept = self.slots.get_mut(self.front).map(|slot| std::mem::take(&mut slot.requests));
        Some((self.front, kept.unwrap_or_default().take_new().collect()))
    }

    /// Whether there is nothing more to wait for.
    pub fn is_done(&self) -> bool {
        self.sum.fails() || self.front == self.slots.len()
    }

    /// What came of it.
    pub fn done(self) -> Done {
        if self.sum.fails() {
            return Done::Failed(self.sum);
        }
        let path = self.path.to(self.path.len() - 1);
        Done::Explored { path, base: self.base, outcome: self.sum }
    }

    /// What is known though not all is explored, each with its place in the order.
    pub fn known(self) -> impl Iterator<Item = (Vec<usize>, Outcome)> {
        let key = self.key;
        let branches = self.slots.into_iter().enumerate();
        let branch_key = key.clone();
        let branches = branches.filter_map(move |(branch, slot)| {
            Some((branch_key.iter().copied().chain([branch]).collect(), slot.outcome?))
        });
        [(key, self.sum)].into_iter().chain(branches)
    }
}
