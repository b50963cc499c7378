//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010).
//!
//! Threads have random priorities, and the enabled thread of the highest runs. At `depth - 1` random steps the running
//! thread falls below all others. A bug that needs `depth` ordering constraints is hit by one execution with a
//! probability of at least `1 / (n k^(depth - 1))`, for `n` threads and `k` steps.

use super::clock::{THREADS, Threads};
use super::schedule::Step;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;
use crate::numbers::Numbers;

/// PCT schedules.
#[derive(Debug)]
pub struct Pct {
    numbers: Numbers,
    seed: u64,
    depth: usize,
    executions: u64,
    begun: u64,
    /// Each thread's priority; higher goes first. Negative ones were lowered.
    priorities: [i64; THREADS],
    /// The steps at which the running thread falls.
    falls: Vec<usize>,
    fallen: i64,
    step: usize,
    /// The longest execution so far, from which the steps are drawn.
    longest: usize,
}

impl Pct {
    /// So many schedules from a seed, for bugs of this depth.
    pub fn new(seed: u64, depth: usize, executions: u64) -> Pct {
        Pct {
            numbers: Numbers::new(seed),
            seed,
            depth,
            executions,
            begun: 0,
            priorities: [0; THREADS],
            falls: Vec::new(),
            fallen: 0,
            step: 0,
            longest: 1,
        }
    }
}

impl Strategy for Pct {
    fn begin(&mut self) -> bool {
        self.begun += 1;
        self.longest = self.longest.max(self.step);
        (self.step, self.fallen) = (0, 0);
        for (t, priority) in self.priorities.iter_mut().enumerate() {
            *priority = t as i64;
        }
        for t in (1..THREADS).rev() {
            self.priorities.swap(t, self.numbers.below(t + 1));
        }
        self.falls.clear();
        for _ in 1..self.depth {
            self.falls.push(self.numbers.below(self.longest));
        }
        self.begun <= self.executions
    }

    fn decide(&mut self, world: &World, enabled: Threads, _: usize) -> Decision {
        let highest = |priorities: &[i64; THREADS]| enabled.iter().max_by_key(|&t| priorities[t]);
        let Some(mut thread) = highest(&self.priorities) else { return Decision::GiveUp(Ending::Cut) };
        let falls = self.falls.iter().filter(|&&f| f == self.step).count();
        for _ in 0..falls {
            self.fallen += 1;
            self.priorities[thread] = -self.fallen;
            thread = highest(&self.priorities).unwrap_or(thread);
        }
        self.step += 1;
        let choice = choices(world, thread).map(|n| self.numbers.below(n));
        Decision::Run(Step { thread, choice })
    }

    fn bound(&self) -> Option<String> {
        Some(format!("{} executions of PCT, depth {}, seed {}", self.executions, self.depth, self.seed))
    }
}
