//! The complete search: every execution of a program under sequential consistency, each equivalence class once.
//!
//! Programs run on `lwp_core`'s facade with `--cfg shuttle`. The facade's back end announces every visible operation
//! before it happens; [`search`] decides from the announcements who runs, by dynamic partial-order reduction with
//! source sets and sleep sets; shuttle switches the stacks. Nothing here knows what an LWP is.
//!
//! | module | what it holds |
//! |---|---|
//! | [`world`] | threads, objects, and what operations mean: who can go on, with which result |
//! | [`event`], [`clock`] | what has happened, and happens-before |
//! | [`dependency`] | which operations depend on each other, and which pairs are races |
//! | [`data_race`], [`oversight`] | accesses to protected data that nothing orders, and mistakes in finding them |
//! | [`search`] | the complete search |
//! | [`node`], [`path`] | where it is in the tree of schedules |
//! | `share`, `fork`, `requests`, `sharing` | one search on several workers |
//! | `once`, `states`, `items` | a search that enters no state twice: the states that it has left, and what is done below them |
//! | [`memory`], [`needs`] | what tells states apart, and what their accesses rely on |
//! | [`plain`], [`random`], [`pct`], [`mod@replay`] | other ways to run the same program |
//! | [`schedule`], [`failure`], [`monitor`] | replay strings, failures in words, how far a search is |
//! | [`hope`] | whether an execution can still end well |
//! | [`endless`] | whether an execution that came to its limit would go on for ever |
//! | [`execution`], `runner` | the engine's side of the back end, and shuttle's |
//! | `crew` | the operating-system threads that explore |
//!
//! # What is complete
//! [`Verdict::Complete`] means that every execution of the program under sequential consistency is equivalent to one
//! that ran, up to the order of operations that commute, and none failed. It presupposes what the facade asks for:
//! a program that does the same thing again when the same threads run in the same order (which is checked as far as
//! prefixes are run again), and conditions of waits that do nothing but look
//! ([`ask`](lwp_core::sync::model::ask) says what is checked of that). With [`Options::states`] it presupposes besides that
//! threads [remember](lwp_core::sync::state::remember) what they say and no more. Weak memory is loom's part.

pub mod clock;
mod crew;
pub mod data_race;
pub mod dependency;
pub mod endless;
pub mod event;
pub mod execution;
pub mod failure;
mod fork;
pub mod hope;
mod items;
pub mod memory;
pub mod monitor;
pub mod needs;
pub mod node;
mod once;
mod outcome;
pub mod oversight;
pub mod path;
pub mod pct;
pub mod plain;
pub mod random;
pub mod replay;
mod requests;
mod runner;
pub mod schedule;
pub mod search;
mod share;
mod sharing;
mod states;
pub mod strategy;
pub mod world;

use std::panic::Location;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::Exploration;
use crate::cores::Cores;
use crate::job::{Limits, Verdict, Way};

pub use execution::{TAKEN, Traces};
pub use monitor::Progress;
pub use oversight::Oversight;
pub use runner::Body;
pub use schedule::ReplayError;
pub use search::Flaw;
pub use share::{Handing, Slip};

use execution::{Bounds, Setting, Tally};
use failure::Failure;
use runner::Setup;
use schedule::Step;
use strategy::Strategy;

/// Steps that one execution may have unless a limit says otherwise.
const STEPS: usize = 100_000;

/// How to explore, beyond the limits of a job. The defaults are what [`explore`] does.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// When to stop before the search is done.
    pub limits: Limits,
    /// Collect the distinct executions: memory then grows with them.
    pub traces: bool,
    /// Take an execution in which nobody can go on for one like any other, and go on.
    pub standstills_are_outcomes: bool,
    /// Go on after a failure, until an execution ends well.
    pub until_one_ends_well: bool,
    /// Go on after a failure, and keep the shortest execution of each way to fail.
    pub every_way: bool,
    /// Enter no state twice, as far as so many can be kept. Executions turn back then, distinct ones are not counted, and one
    /// core explores. Not under a bound on preemptions: what follows from a state depends on those that are left.
    pub states: Option<usize>,
    /// A mistake in the search, for those who check it.
    pub flaw: Flaw,
    /// A mistake in the race detector, for those who check it.
    pub oversight: Oversight,
    /// How long a thread may be away between two visible operations before it is given up for lost.
    pub away: Option<Duration>,
    /// How many workers the complete search may have. What it finds does not depend on that, unless time runs out.
    pub cores: Cores,
    /// When its workers hand work on, for those who check that it makes no difference.
    pub handing: Handing,
    /// A mistake in that, for those who check it.
    pub slip: Slip,
}

/// Explores every execution of `body`, which makes the model, runs its threads and joins them. `program` is the name
/// that goes into the replay string of a failure.
///
/// Distinct executions are counted as those that were not blocked: the search runs no two equivalent ones to the end
/// (the tests prove that with a set of all of them). Memory does not grow with executions.
#[track_caller]
pub fn explore(program: &str, limits: &Limits, body: impl Fn() + Send + Sync + 'static) -> Exploration {
    let options = Options { limits: limits.clone(), ..Options::default() };
    explore_with_progress(program, &options, body, &mut |_| {})
}

/// [`explore`] that says now and then how far it is, on the caller's thread.
#[track_caller]
pub fn explore_with_progress(
    program: &str,
    options: &Options,
    body: impl Fn() + Send + Sync + 'static,
    progress: &mut dyn FnMut(&Progress),
) -> Exploration {
    search(program, options, body, progress).0
}

/// [`explore`] with everything that can be asked for.
#[track_caller]
pub fn explore_with(
    program: &str,
    options: &Options,
    body: impl Fn() + Send + Sync + 'static,
) -> (Exploration, Traces) {
    search(program, options, body, &mut |_| {})
}

/// Runs every schedule of `body`, without any reduction: for very small programs, to check the search.
#[track_caller]
pub fn explore_plainly(
    program: &str,
    options: &Options,
    body: impl Fn() + Send + Sync + 'static,
) -> (Exploration, Traces) {
    run(program, options, plain::Plain::default(), body, &mut |_| {})
}

/// Runs `executions` random schedules of `body`. The verdict is bounded unless one fails.
#[track_caller]
pub fn explore_random(
    program: &str,
    options: &Options,
    seed: u64,
    executions: u64,
    body: impl Fn() + Send + Sync + 'static,
) -> Exploration {
    let options = Options { traces: true, ..options.clone() };
    run(program, &options, random::Random::new(seed, executions), body, &mut |_| {}).0
}

/// Runs `executions` schedules of `body` by probabilistic concurrency testing, for bugs of depth `depth`. The verdict is
/// bounded unless one fails.
#[track_caller]
pub fn explore_pct(
    program: &str,
    options: &Options,
    seed: u64,
    depth: usize,
    executions: u64,
    body: impl Fn() + Send + Sync + 'static,
) -> Exploration {
    let options = Options { traces: true, ..options.clone() };
    run(program, &options, pct::Pct::new(seed, depth, executions), body, &mut |_| {}).0
}

/// Runs the one execution that a replay string stands for.
///
/// # Errors
/// Says why the string is refused: it is damaged, of another version, of another program, or the program does not do
/// any more what it says.
#[track_caller]
pub fn replay(
    program: &str,
    options: &Options,
    schedule: &str,
    body: impl Fn() + Send + Sync + 'static,
) -> Result<Exploration, ReplayError> {
    let steps = schedule::decode(program, schedule)?;
    let misfit = replay::Misfit::default();
    let strategy = replay::Replay::new(steps, misfit.clone());
    let exploration = run(program, options, strategy, body, &mut |_| {}).0;
    match misfit.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(exploration),
    }
}

/// The complete search: shared where it is to go through all executions, so that their order does not matter.
#[track_caller]
fn search(
    program: &str,
    options: &Options,
    body: impl Fn() + Send + Sync + 'static,
    progress: &mut dyn FnMut(&Progress),
) -> (Exploration, Traces) {
    let search = search::Search::new(options.limits.preemptions, options.flaw);
    // What follows from a state depends on the preemptions that are left.
    if let Some(limit) = options.states.filter(|_| options.limits.preemptions.is_none()) {
        return run(program, options, search.once(limit), body, progress);
    }
    let some_will_do = options.limits.executions.is_some() || options.until_one_ends_well;
    // A listener hears one execution at a time.
    if some_will_do || options.every_way || lwp_core::observe::is_listened_to() {
        return run(program, options, search, body, progress);
    }
    let started = Instant::now();
    let share = share::Share::new(options.limits.preemptions, options.handing, options.slip);
    let setup = setup(options, progress);
    found(program, started, runner::search(setup, search, share, &options.cores, Arc::new(body)))
}

#[track_caller]
fn run<S: Strategy + Send + 'static>(
    program: &str,
    options: &Options,
    strategy: S,
    body: impl Fn() + Send + Sync + 'static,
    progress: &mut dyn FnMut(&Progress),
) -> (Exploration, Traces) {
    let started = Instant::now();
    found(program, started, tally(options, strategy, body, progress))
}

fn found(program: &str, started: Instant, mut tally: Tally) -> (Exploration, Traces) {
    let traces = tally.traces.take();
    (exploration(program, started, tally, traces.as_ref()), traces.unwrap_or_default())
}

#[track_caller]
fn tally<S: Strategy + Send + 'static>(
    options: &Options,
    strategy: S,
    body: impl Fn() + Send + Sync + 'static,
    progress: &mut dyn FnMut(&Progress),
) -> Tally {
    runner::run(setup(options, progress), strategy, Arc::new(body))
}

#[track_caller]
fn setup<'a>(options: &Options, progress: &'a mut dyn FnMut(&Progress)) -> Setup<'a> {
    let limits = &options.limits;
    let bounds = Bounds {
        time: limits.seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX)),
        executions: limits.executions,
        steps: limits.branches.unwrap_or(STEPS),
        standstills_are_outcomes: options.standstills_are_outcomes,
        until_one_ends_well: options.until_one_ends_well,
        every_way: options.every_way,
    };
    let Options { traces, oversight, away, .. } = *options;
    let setting = Setting { bounds, traces, oversight, place: Location::caller(), started: Instant::now() };
    Setup { setting, away, progress }
}

/// A bound, and of the first execution that it cut short what was to come next, and its schedule.
fn with_place(program: &str, bound: String, cut_at: Option<(String, Vec<Step>)>) -> String {
    match cut_at {
        Some((next, steps)) => {
            format!("{bound} (first where {next}; replay {})", schedule::encode(program, &steps))
        }
        None => bound,
    }
}

fn exploration(program: &str, started: Instant, tally: Tally, traces: Option<&Traces>) -> Exploration {
    let Tally {
        executions,
        blocked,
        known,
        states,
        cut,
        standstills,
        steps,
        mut failure,
        mut ways,
        bound,
        cut_at,
        ..
    } = tally;
    ways.sort_by_key(|(_, steps)| steps.len());
    failure = failure.or(ways.first().cloned());
    let way = |(failure, steps): &(Failure, Vec<Step>)| Way {
        message: failure.to_string(),
        schedule: schedule::encode(program, steps),
    };
    let distinct = traces.map_or(executions - blocked - known - cut, |t| t.hashes.len() as u64);
    // That all were covered by others is said by each of them, and none of them can have been right.
    let bound = bound.or_else(|| (distinct == 0).then(|| "having brought no execution to its end".into()));
    let (verdict, bound) = match (&failure, bound) {
        (Some(_), _) => (Verdict::Failed, None),
        (None, Some(bound)) => (Verdict::Bounded, Some(with_place(program, bound, cut_at))),
        (None, None) => (Verdict::Complete, None),
    };
    let schedule = failure.as_ref().filter(|(_, steps)| !steps.is_empty());
    Exploration {
        verdict,
        bound,
        message: failure.as_ref().map(|(failure, _)| failure.to_string()),
        schedule: schedule.map(|(_, steps)| schedule::encode(program, steps)),
        executions,
        distinct,
        blocked,
        known,
        states: states.map(|kept| kept.states),
        overflowed: states.is_some_and(|kept| kept.overflowed),
        standstills,
        steps,
        ways: ways.iter().map(way).collect(),
        seconds: started.elapsed().as_secs_f64(),
    }
}
