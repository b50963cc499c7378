//! Whether an execution that is under way can still end well, and the step after which it cannot.

use lwp_core::sync::model::Operation;

use super::clock::Threads;
use super::random::Random;
use super::runner::Body;
use super::schedule::{self, ReplayError, Step};
use super::search::{Flaw, Search};
use super::strategy::{Decision, Strategy};
use super::world::World;
use super::{Options, Tally, tally};
use crate::job::Limits;

/// Random continuations that are tried before a search: where many end well, one of few does.
const TRIES: u64 = 60;

/// When a search for a continuation that ends well is given up.
const SECONDS: f64 = 2.0;

/// Steps behind the beginning after which an execution is taken not to end well.
const STEPS: usize = 10_000;

/// What is known of all executions that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hope {
    /// One of them ends well.
    Some,
    /// All of them fail.
    None,
    /// None of those that were run ends well, and not all were.
    Unknown,
}

/// The last step after which a failing execution could still end well, as so many steps of its schedule; and whether it is
/// known that no continuation ends well after the next one. `None` where no execution of the program ends well.
///
/// Every continuation of a step is one of the steps before it: so the step is found by bisection.
///
/// # Errors
/// Says why the replay string is refused.
pub fn last_hope(program: &str, schedule: &str, body: &Body) -> Result<Option<(usize, bool)>, ReplayError> {
    let steps = schedule::decode(program, schedule)?;
    if after(&steps[..0], body) != Hope::Some {
        return Ok(None);
    }
    let (mut hopeful, mut hopeless, mut known) = (0, steps.len(), true);
    while hopeless - hopeful > 1 {
        let middle = usize::midpoint(hopeful, hopeless);
        match after(&steps[..middle], body) {
            Hope::Some => hopeful = middle,
            hope => {
                hopeless = middle;
                known = hope == Hope::None;
            }
        }
    }
    Ok(Some((hopeful, known)))
}

/// What is known of all executions that begin with `prefix`.
pub fn after(prefix: &[Step], body: &Body) -> Hope {
    let steps = prefix.len() + STEPS;
    let limits = Limits { seconds: Some(SECONDS), branches: Some(steps), ..Limits::default() };
    let options = Options { limits, until_one_ends_well: true, ..Options::default() };
    let tries = Begun { prefix: prefix.to_vec(), at: 0, rest: Random::new(0, TRIES) };
    if run(&options, tries, body).ended_well {
        return Hope::Some;
    }
    let search = Search::after(prefix.to_vec(), Flaw::None);
    let Tally { ended_well, bound, failed_early, .. } = run(&options, search, body);
    match (ended_well, bound) {
        (true, _) => Hope::Some,
        // An execution that fails before it stands still hides what its threads would have done.
        (false, None) if !failed_early => Hope::None,
        (false, _) => Hope::Unknown,
    }
}

fn run<S: Strategy + Send + 'static>(options: &Options, strategy: S, body: &Body) -> Tally {
    let body = body.clone();
    tally(options, strategy, move || body(), &mut |_| {})
}

/// A strategy's executions, but for their beginning.
struct Begun<S> {
    prefix: Vec<Step>,
    at: usize,
    rest: S,
}

impl<S: Strategy> Strategy for Begun<S> {
    fn begin(&mut self) -> bool {
        self.at = 0;
        self.rest.begin()
    }

    fn decide(&mut self, world: &World, enabled: Threads, last: usize) -> Decision {
        let Some(step) = self.prefix.get(self.at) else { return self.rest.decide(world, enabled, last) };
        self.at += 1;
        debug_assert!(enabled.has(step.thread), "a schedule does not fit its own program");
        debug_assert_eq!(
            step.choice.is_some(),
            matches!(world.thread(step.thread).pending.map(|a| a.operation), Some(Operation::Choose(_)))
        );
        Decision::Run(*step)
    }

    fn bound(&self) -> Option<String> {
        self.rest.bound()
    }
}
