//! One schedule again.

use std::sync::{Arc, Mutex};

use super::clock::Threads;
use super::failure::{Failure, FailureKind, operation_name, thread_name};
use super::schedule::{ReplayError, Step};
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;

/// Where a replay leaves what did not fit.
pub type Misfit = Arc<Mutex<Option<ReplayError>>>;

/// A schedule that is run once.
#[derive(Debug)]
pub struct Replay {
    steps: Vec<Step>,
    at: usize,
    begun: bool,
    /// The program has gone on behind the string's end.
    ran_out: bool,
    misfit: Misfit,
}

impl Replay {
    /// The replay of a schedule.
    pub fn new(steps: Vec<Step>, misfit: Misfit) -> Replay {
        Replay { steps, at: 0, begun: false, ran_out: false, misfit }
    }

    fn does_not_fit(&mut self, reason: String) -> Failure {
        let error = ReplayError::DoesNotFit { step: self.at + 1, reason };
        let description = error.to_string();
        *self.misfit.lock().unwrap() = Some(error);
        Failure { kind: FailureKind::Nondeterministic, description }
    }
}

impl Strategy for Replay {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn decide(&mut self, world: &World, enabled: Threads, _: usize) -> Decision {
        let Some(&step) = self.steps.get(self.at) else {
            // A loop without an end is known by going on.
            self.ran_out = true;
            return Decision::GoOn;
        };
        let name = thread_name(step.thread);
        if step.thread >= world.threads().len() || !enabled.has(step.thread) {
            let next = world.threads().get(step.thread).and_then(|t| t.pending.as_ref());
            let next =
                next.map(|a| format!(", which is to {}", operation_name(world, a))).unwrap_or_default();
            return Decision::Fail(
                self.does_not_fit(format!("the string runs {name}{next}, which cannot go on")),
            );
        }
        let fits = match (choices(world, step.thread), step.choice) {
            (Some(n), Some(choice)) => choice < n,
            (None, None) => true,
            _ => false,
        };
        if !fits {
            return Decision::Fail(self.does_not_fit(format!("{name} has other choices than the string")));
        }
        self.at += 1;
        Decision::Run(step)
    }

    fn end(&mut self, ending: Ending, _: usize) -> Option<Failure> {
        if self.ran_out && ending == Ending::Cut {
            let reason = "the string ends without a failure, and the program goes on";
            return Some(self.does_not_fit(reason.into()));
        }
        let early = self.at < self.steps.len() && self.misfit.lock().unwrap().is_none();
        early.then(|| self.does_not_fit("the execution ends and the string goes on".into()))
    }

    fn bound(&self) -> Option<String> {
        Some("one replayed execution".into())
    }
}
