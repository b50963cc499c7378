//! Random schedules: at each step any enabled thread is as likely as any other.

use super::clock::Threads;
use super::schedule::Step;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;
use crate::numbers::Numbers;

/// Random schedules.
#[derive(Debug)]
pub struct Random {
    numbers: Numbers,
    seed: u64,
    executions: u64,
    begun: u64,
}

impl Random {
    /// So many schedules from a seed.
    pub fn new(seed: u64, executions: u64) -> Random {
        Random { numbers: Numbers::new(seed), seed, executions, begun: 0 }
    }
}

impl Strategy for Random {
    fn begin(&mut self) -> bool {
        self.begun += 1;
        self.begun <= self.executions
    }

    fn decide(&mut self, world: &World, enabled: Threads, _: usize) -> Decision {
        let Some(thread) = enabled.iter().nth(self.numbers.below(enabled.len())) else {
            return Decision::GiveUp(Ending::Cut);
        };
        let choice = choices(world, thread).map(|n| self.numbers.below(n));
        Decision::Run(Step { thread, choice })
    }

    fn bound(&self) -> Option<String> {
        Some(format!("{} random executions, seed {}", self.executions, self.seed))
    }
}
