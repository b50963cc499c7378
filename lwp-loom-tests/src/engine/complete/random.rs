//! Random schedules: at each step any enabled thread is as likely as any other.

use super::clock::Threads;
use super::schedule::Step;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;

/// A small generator of pseudo-random numbers (SplitMix64): the same seed gives the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers that a seed stands for.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// One of `0..n`.
    ///
    /// # Panics
    /// Where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // The high half of the product: even to within n / 2^64.
        ((u128::from(self.any()) * n as u128) >> 64) as usize
    }
}

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
