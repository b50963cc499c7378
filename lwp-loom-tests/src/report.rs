//! What `cargo ci check` prints as tables and writes as JSON.

use serde::{Deserialize, Serialize};

use crate::job::Verdict;

/// The whole of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// A row for each family of programs under each engine.
    pub runs: Vec<Run>,
    /// A row for each ordering site.
    pub orderings: Vec<OrderingRow>,
    /// Orderings of which it is not known whether they are sound, and why.
    pub undecided: Vec<String>,
    /// Whether the check was stopped before its end.
    pub incomplete: bool,
}

/// A family of programs under one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The family.
    pub name: String,
    /// The kernel and revision whose functions run.
    pub system: String,
    /// `as-written` or `repaired`.
    pub variant: String,
    /// The engine.
    pub engine: String,
    /// LWPs in each program.
    pub lwps: usize,
    /// Programs that were explored.
    pub programs: usize,
    /// Executions over all programs.
    pub executions: u64,
    /// Distinct executions over all programs.
    pub distinct: u64,
    /// The worst verdict of a program.
    pub verdict: Verdict,
    /// What cut the search short, where the verdict is bounded.
    pub bound: Option<String>,
    /// Seconds of exploration, summed over the programs (not wall-clock: programs run in parallel).
    pub seconds: f64,
}

/// An ordering site: what it declares, and the weakest ordering that is sound over the programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderingRow {
    /// The site's name.
    pub site: String,
    /// The ordering that lwp-core uses.
    pub declared: String,
    /// The weakest ordering under which every program stayed complete.
    pub weakest: String,
    /// What the kernel's source has here, and whether that is enough.
    pub source: String,
    /// For each weaker ordering the smallest program that breaks under it.
    pub breaks: Vec<Break>,
}

/// A program that breaks under a weakened ordering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Break {
    /// The weakened ordering.
    pub ordering: String,
    /// The smallest program that breaks.
    pub program: String,
    /// How it breaks.
    pub how: String,
}
