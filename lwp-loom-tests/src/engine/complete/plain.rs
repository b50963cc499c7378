//! A search of all schedules without any reduction: what the complete search is checked against.

use super::clock::Threads;
use super::schedule::Step;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;

#[derive(Debug)]
struct Node {
    remaining: Threads,
    thread: usize,
    choice: usize,
    choices: Option<usize>,
}

/// Depth first over every thread and every choice at every step.
#[derive(Debug, Default)]
pub struct Plain {
    stack: Vec<Node>,
    depth: usize,
    started: bool,
}

impl Plain {
    fn backtrack(&mut self) -> bool {
        while let Some(node) = self.stack.last_mut() {
            if node.choices.is_some_and(|n| node.choice + 1 < n) {
                node.choice += 1;
                return true;
            }
            if let Some(next) = node.remaining.first() {
                node.remaining = node.remaining.without(Threads::one(next));
                (node.thread, node.choice) = (next, 0);
                return true;
            }
            self.stack.pop();
        }
        false
    }
}

impl Strategy for Plain {
    fn begin(&mut self) -> bool {
        self.depth = 0;
        let more = !self.started || self.backtrack();
        self.started = true;
        more
    }

    fn decide(&mut self, world: &World, enabled: Threads, _: usize) -> Decision {
        if self.depth == self.stack.len() {
            let Some(thread) = enabled.first() else { return Decision::GiveUp(Ending::Cut) };
            let remaining = enabled.without(Threads::one(thread));
            self.stack.push(Node { remaining, thread, choice: 0, choices: None });
        }
        let node = &mut self.stack[self.depth];
        node.choices = choices(world, node.thread);
        self.depth += 1;
        Decision::Run(Step { thread: node.thread, choice: node.choices.map(|_| node.choice) })
    }

    fn bound(&self) -> Option<String> {
        None
    }
}
