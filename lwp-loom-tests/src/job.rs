//! What the runner asks of a worker process, and what the worker answers: one JSON line each.
//!
//! A worker explores one program at a time in a process of its own, because several models in one process contend
//! for the address space, and because a model that fails may take its process with it.

use serde::{Deserialize, Serialize};

/// One program to explore, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The program's name; it says everything about the program.
    pub program: String,
    /// Ordering sites to weaken for this job, as `(site, ordering)`.
    #[serde(default)]
    pub weaken: Vec<(String, String)>,
    /// A fault to seed into `lwp-core` for this job.
    #[serde(default)]
    pub fault: Option<String>,
    /// When to stop before the search is done.
    #[serde(default)]
    pub limits: Limits,
    /// Whether loom is to go on from states that it has reached before: far slower, to check that leaving them out
    /// loses nothing.
    #[serde(default)]
    pub redundantly: bool,
}

/// When to stop a search before it is done. `None` everywhere means: explore everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall-clock seconds.
    pub seconds: Option<f64>,
    /// Executions.
    pub executions: Option<u64>,
    /// Preemptions within one execution.
    pub preemptions: Option<usize>,
    /// Branch points within one execution.
    pub branches: Option<usize>,
}

/// What is known of a program after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every execution of the program was explored and none failed.
    Complete,
    /// No execution failed, but not all were explored; [`Finding::bound`] says what stopped the search.
    Bounded,
    /// An execution failed in the way that the program is there to show; [`Finding::message`] says how.
    Defect,
    /// An execution failed; [`Finding::message`] says how. Or none did, of a program that is there to show a defect.
    Failed,
}

/// A worker's answer to a [`Job`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The job's program.
    pub program: String,
    /// The engine that explored it.
    pub engine: String,
    /// What is known now.
    pub verdict: Verdict,
    /// What cut the search short: set exactly when the verdict is [`Verdict::Bounded`].
    pub bound: Option<String>,
    /// How the first failing execution failed: set exactly when the verdict is [`Verdict::Failed`] or
    /// [`Verdict::Defect`].
    pub message: Option<String>,
    /// Executions that were run.
    pub executions: u64,
    /// Distinct executions among them: equal up to the order of independent steps counts once.
    pub distinct: u64,
    /// Every outcome that was observed, sorted.
    pub outcomes: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
}
