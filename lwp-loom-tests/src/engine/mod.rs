//! The engines that explore programs.

use crate::job::{Verdict, Way};

#[cfg(shuttle)]
pub mod complete;
#[cfg(loom)]
pub mod loom;

/// What an engine found out about one program.
#[derive(Clone, Debug, PartialEq)]
pub struct Exploration {
    /// What is known now.
    pub verdict: Verdict,
    /// What cut the search short: set exactly when the verdict is [`Verdict::Bounded`].
    pub bound: Option<String>,
    /// How the first failing execution failed: set exactly when the verdict is [`Verdict::Failed`].
    pub message: Option<String>,
    /// A string that replays the failing execution, from an engine that can.
    pub schedule: Option<String>,
    /// Executions that were run.
    pub executions: u64,
    /// Distinct executions among them: equal up to the order of independent steps counts once.
    pub distinct: u64,
    /// Executions that were given up because another had covered them already.
    pub blocked: u64,
    /// Executions that came to a state from which everything had been seen.
    pub known: u64,
    /// The states that were kept, where the search enters none twice.
    pub states: Option<usize>,
    /// Whether there were more than could be kept.
    pub overflowed: bool,
    /// Executions that ended because nobody could go on, where that is no failure.
    pub standstills: u64,
    /// Visible operations over all executions.
    pub steps: u64,
    /// Every way to fail, the shortest execution first, where all were asked for.
    pub ways: Vec<Way>,
    /// Wall-clock seconds.
    pub seconds: f64,
}
