//! The path to an execution: its nodes, and what each thread was about to do at each of them.

use lwp_core::sync::model::{Announcement, Operation};

use super::clock::Threads;
use super::node::Node;
use super::world::World;

/// One way on from a node.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The thread that takes the step.
    pub thread: usize,
    /// Which result it has, where it is a choice.
    pub choice: usize,
    /// What sleeps in the node while this is explored.
    pub sleep: Threads,
}

/// The nodes from the root to where an execution is.
#[derive(Clone, Debug, Default)]
pub struct Path {
    nodes: Vec<Node>,
    /// Of each node where in `pending` its threads end.
    ends: Vec<usize>,
    /// For each node in turn what each thread was about to do there.
    pending: Vec<Option<Announcement>>,
}

impl Path {
    /// How many nodes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node in front of step `depth`.
    #[inline]
    pub fn node(&self, depth: usize) -> &Node {
        &self.nodes[depth]
    }

    /// The node in front of step `depth`, to change it.
    #[inline]
    pub fn node_mut(&mut self, depth: usize) -> &mut Node {
        &mut self.nodes[depth]
    }

    /// The deepest node.
    #[inline]
    pub fn last(&self) -> Option<&Node> {
        self.nodes.last()
    }

    /// The deepest node, to change it.
    #[inline]
    pub fn last_mut(&mut self) -> Option<&mut Node> {
        self.nodes.last_mut()
    }

    /// What each thread was about to do at a node.
    pub fn pending(&self, depth: usize) -> &[Option<Announcement>] {
        let start = depth.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.pending[start..self.ends[depth]]
    }

    /// A node below the others, in the present state.
    pub fn push(&mut self, node: Node, world: &World) {
        self.nodes.push(node);
        self.pending.extend(world.threads().iter().map(|t| t.pending));
        self.ends.push(self.pending.len());
    }

    /// Leaves the deepest node.
    pub fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    /// Leaves all but the first `len` nodes.
    pub fn truncate(&mut self, len: usize) {
        self.nodes.truncate(len);
        self.ends.truncate(len);
        self.pending.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// The first `len` nodes.
    #[must_use]
    pub fn to(&self, len: usize) -> Path {
        let ends = self.ends[..len].to_vec();
        let pending = self.pending[..ends.last().copied().unwrap_or(0)].to_vec();
        Path { nodes: self.nodes[..len].to_vec(), ends, pending }
    }

    /// The path with another way on from its deepest node.
    #[must_use]
    pub fn along(mut self, Branch { thread, choice, sleep }: Branch) -> Path {
        if let Some(node) = self.nodes.last_mut() {
            (node.thread, node.choice, node.sleep) = (thread, choice, sleep);
        }
        self
    }

    /// How many results the step of `thread` has at the node in front of step `depth`.
    pub fn results(&self, depth: usize, thread: usize) -> usize {
        match self.pending(depth).get(thread).copied().flatten().map(|a| a.operation) {
            Some(Operation::Choose(n)) => n,
            _ => 1,
        }
    }

    /// How many of the first `most` steps are those of `other`.
    pub fn common(&self, other: &Path, most: usize) -> usize {
        let steps = self.nodes.iter().zip(&other.nodes).take(most);
        steps.take_while(|(a, b)| (a.thread, a.choice) == (b.thread, b.choice)).count()
    }
}
