//! What the runner asks of a worker process, and what the worker answers: one JSON line each. In the meantime the runner
//! may lend it cores.
//!
//! A worker explores one program at a time in a process of its own, because several models in one process contend
//! for the address space, and because a model that fails may take its process with it.

use serde::{Deserialize, Serialize};

use crate::litmus::ast::NOT_ALLOWED;
use crate::timeline::{Timeline, cause};

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
    /// Whether to name the faults at whose places the program comes by.
    #[serde(default)]
    pub places: bool,
    /// How to go through the program's executions.
    #[serde(default)]
    pub mode: Mode,
    /// When to stop before the search is done.
    #[serde(default)]
    pub limits: Limits,
    /// Enter no state twice, and keep at most so many for that; the complete search only.
    #[serde(default)]
    pub states: Option<usize>,
    /// Whether loom is to go on from states that it has reached before: far slower, to check that leaving them out
    /// loses nothing.
    #[serde(default)]
    pub redundantly: bool,
    /// Whether to record the failing execution, if there is one, and to send its timeline.
    #[serde(default)]
    pub explain: bool,
    /// Whether to go on after a failure, for every way in which the program fails; the complete search only.
    #[serde(default)]
    pub every_way: bool,
}

/// What a runner may write to a worker that has a job: more cores for it. A job that has no use for them, or is done,
/// takes no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lend {
    /// How many.
    pub lend: usize,
}

/// How to go through a program's executions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All of them, as the engine does it.
    #[default]
    Search,
    /// So many random ones; the complete search's back end only.
    Random {
        /// What the choices follow from.
        seed: u64,
        /// How many.
        executions: u64,
    },
    /// So many by probabilistic concurrency testing; the complete search's back end only.
    Pct {
        /// What the choices follow from.
        seed: u64,
        /// For bugs that so many ordering constraints bring about.
        depth: usize,
        /// How many.
        executions: u64,
    },
    /// The one that a replay string stands for; the complete search's back end only.
    Replay {
        /// The string.
        schedule: String,
    },
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

/// A line that a worker writes: any number of [`Answer::Working`], and then one of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// The job is done.
    Done(Box<Finding>),
    /// The job is under way.
    Working {
        /// How far it is.
        working: Working,
    },
    /// The job cannot be done.
    Refused {
        /// Why.
        refused: String,
    },
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Working {
    /// Executions so far.
    pub executions: u64,
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
    /// Distinct executions among them: equal up to the order of independent steps counts once. Where no state is entered twice,
    /// those that ran to their end.
    pub distinct: u64,
    /// Executions that were given up because others cover them.
    #[serde(default)]
    pub blocked: u64,
    /// Executions that were given up because they came to a state from which everything had been seen.
    #[serde(default)]
    pub known: u64,
    /// How many states were kept, where none was to be entered twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<usize>,
    /// Whether there were more states than could be kept: some may have been entered twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overflowed: bool,
    /// Visible operations over all executions, where the engine counts them.
    #[serde(default)]
    pub steps: u64,
    /// A string that replays the failing execution, where the engine has one.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Every outcome that was observed, sorted.
    pub outcomes: Vec<String>,
    /// Outcomes that the reference allows, and no execution came to: known after a complete search only.
    #[serde(default)]
    pub unreached: Vec<String>,
    /// Why the program was not held against the reference, where that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreferenced: Option<String>,
    /// Every lock that was taken while another was held, by class.
    #[serde(default)]
    pub lock_edges: Vec<LockEdge>,
    /// Every transition of `l_stat` that was made.
    #[serde(default)]
    pub transitions: Vec<Transition>,
    /// The faults at whose places the program has been, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// The repairs that the program has asked for, in force or not: with or without any other it runs the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// Every way in which the program fails, the shortest execution first, where all were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// How the failing execution went, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Box<Timeline>>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl Finding {
    /// What is known before anything was explored.
    pub fn of(program: impl Into<String>, engine: impl Into<String>, verdict: Verdict) -> Finding {
        Finding {
            program: program.into(),
            engine: engine.into(),
            verdict,
            bound: None,
            message: None,
            executions: 0,
            distinct: 0,
            blocked: 0,
            known: 0,
            states: None,
            overflowed: false,
            steps: 0,
            schedule: None,
            outcomes: Vec::new(),
            unreached: Vec::new(),
            unreferenced: None,
            passed: Vec::new(),
            asked: Vec::new(),
            ways: Vec::new(),
            timeline: None,
            lock_edges: Vec::new(),
            transitions: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Whether an execution failed, in whatever way.
    pub fn fails(&self) -> bool {
        matches!(self.verdict, Verdict::Failed | Verdict::Defect)
    }

    /// Whether the worker that found this does no other job: loom does not outlive a failure, and what the complete
    /// search does not control may be left behind in its process.
    pub fn ends_its_worker(&self) -> bool {
        let lost = self.message.as_deref().is_some_and(|how| how.starts_with("nondeterministic"));
        self.fails() && (self.engine != "complete" || lost)
    }

    /// The way in which the first failing execution failed.
    pub fn way(&self) -> Option<&str> {
        self.message.as_deref().map(way)
    }
}

/// A way in which a program fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How an execution failed.
    pub message: String,
    /// A string that replays it.
    pub schedule: String,
}

/// What two failures have in common that are the same way to fail: what the engine calls them, and what is said of whom, but
/// not where, or which thread said it. All standstills are one way.
pub fn way(message: &str) -> &str {
    if cause::is_standstill(message) {
        return "nobody can go on";
    }
    match message.split_once(" panicked: ") {
        Some((_, what)) if what.starts_with(NOT_ALLOWED) => NOT_ALLOWED,
        Some((_, what)) => what.split(" (at ").next().unwrap_or(what),
        // What is claimed of an end at which no thread runs any more is no thread's panic.
        None => message.strip_prefix("assertion: ").or(message.split(':').next()).unwrap_or(message),
    }
}

/// A lock of one class was taken while one of another was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockEdge {
    /// The kernels' name of what was held.
    pub held: String,
    /// The kernels' name of what was taken.
    pub taken: String,
    /// Where that happened, as `file:line`: of several places the first one by file and line.
    pub place: String,
}

/// An LWP went from one state to another; the kernel's names of both.
pub type Transition = (String, String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_fail_is_what_is_said_and_not_of_which_thread_or_where() {
        let wait = way("assertion: thread 1 panicked: a: wait b gave EDEADLK, not b");
        assert_eq!(wait, way("assertion: thread 2 panicked: a: wait b gave EDEADLK, not b (at x.rs:1:1)"));
        assert_ne!(wait, way("assertion: thread 1 panicked: a: suspend b gave ok, not ESRCH"));
        assert_eq!(way("deadlock: thread 1 waits"), way("lost wake-up: thread 2 waits"));
        assert_ne!(way("data race: cell 0"), way("deadlock: thread 1 waits"));
        assert_ne!(
            way("assertion: `always hang` does not hold"),
            way("assertion: `never hang` does not hold")
        );
    }
}
