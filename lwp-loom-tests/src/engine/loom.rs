//! loom: every execution under the C11 memory model.
//!
//! loom's own limits are silent: `Builder::check` returns `()` whether it finished or gave up. The limits here are
//! our own, and a search that one of them stops says so.

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lwp_core::sync::model::{HISTORY, Model, Search};

use super::Exploration;
use crate::job::{Limits, Verdict};
use crate::reach::{self, REMEMBERED_STORES};

const _: () = assert!(REMEMBERED_STORES == HISTORY);

/// Branch points that one execution may have unless a limit says otherwise.
const BRANCHES: usize = 10_000;

/// What bounds a search in which every execution was taken to be covered by another.
pub const NO_EXECUTION: &str = "no execution that is not left for another";

/// Unwinds out of an execution that a limit does not want to be run.
struct Stop(&'static str);

#[derive(Default)]
struct Progress {
    executions: u64,
    redundant: u64,
    standstills: u64,
    distinct: HashSet<u128>,
}

/// Explores `body`, which makes the model, runs its threads and joins them.
///
/// A failing execution panics, and loom may abort the process while that unwinds; so whoever expects a failure gives
/// `on_failure`, which is called from the panic hook and must not return if it wants to be sure to survive.
///
/// Cost: executions grow exponentially with threads and operations; 15,000 to 30,000 run in a second.
pub fn explore(
    limits: &Limits,
    model: Model,
    body: impl Fn() + Send + Sync + 'static,
    on_failure: impl Fn(Exploration) + Send + Sync + 'static,
) -> Exploration {
    let started = Instant::now();
    let branches = limits.branches.unwrap_or(BRANCHES);
    let mut builder = ::loom::model::Builder::new();
    builder.max_branches = branches;
    builder.preemption_bound = limits.preemptions;
    builder.max_duration = None;
    builder.max_permutations = None;

    let progress = Arc::new(Mutex::new(Progress::default()));
    let shared = progress.clone();
    let summary = move |verdict, bound: Option<String>, message: Option<String>| {
        let progress = lock(&shared);
        Exploration {
            verdict,
            bound,
            message,
            schedule: None,
            executions: progress.executions,
            distinct: progress.distinct.len() as u64,
            blocked: progress.redundant,
            known: 0,
            states: None,
            overflowed: false,
            standstills: progress.standstills,
            steps: 0,
            ways: Vec::new(),
            seconds: started.elapsed().as_secs_f64(),
        }
    };

    let hooked = summary.clone();
    panic::set_hook(Box::new(move |info| {
        // Payloads that are no text are not failures of the model: `Stop`, and how coroutines are cancelled.
        let Some(text) = info.payload_as_str() else { return };
        on_failure(if text.starts_with("Model exceeded maximum number of branches") {
            hooked(Verdict::Bounded, Some(format!("{branches} branch points in an execution")), None)
        } else {
            // A place within loom, which has an absolute path, tells a reader nothing.
            let ours = info.location().filter(|place| !place.file().starts_with('/'));
            let place = ours.map(|place| format!(" (at {place})")).unwrap_or_default();
            hooked(
                Verdict::Failed,
                None,
                Some(format!("{}{}{place}", in_plain_words(text), first_lines(text))),
            )
        });
        eprintln!("{info}");
    }));

    let explored = progress.clone();
    let explored_nothing = move || lock(&explored).distinct.is_empty();
    let looks_back = model.looks_back && limits.preemptions.is_none();
    let search = Arc::new(Search::begin(Model { looks_back, ..model }));
    let explored = search.clone();
    let (limit_executions, limit_seconds) = (limits.executions, limits.seconds);
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        builder.check(move || {
            {
                let mut progress = lock(&progress);
                if limit_executions.is_some_and(|limit| progress.executions >= limit) {
                    drop(progress);
                    panic::panic_any(Stop("executions"));
                }
                if limit_seconds.is_some_and(|limit| started.elapsed().as_secs_f64() >= limit) {
                    drop(progress);
                    panic::panic_any(Stop("time"));
                }
                progress.executions += 1;
            }
            let trace = explored.execution();
            let stood_still = trace.run(&body).is_none();
            let mut progress = lock(&progress);
            progress.standstills += u64::from(stood_still);
            match trace.finish() {
                Some(trace) => drop(progress.distinct.insert(trace)),
                None => progress.redundant += 1,
            }
        });
    }));
    drop(panic::take_hook());

    match result {
        Ok(()) if limits.preemptions.is_some() || search.store_may_be_missed() => {
            let preemptions = limits.preemptions.map(reach::preemptions);
            let stores = search.store_may_be_missed().then(reach::stores);
            let bounds: Vec<String> = preemptions.into_iter().chain(stores).collect();
            summary(Verdict::Bounded, Some(bounds.join(", ")), None)
        }
        // Each execution was finished on the strength of another that was not there.
        Ok(()) if explored_nothing() => summary(Verdict::Bounded, Some(NO_EXECUTION.into()), None),
        Ok(()) => summary(Verdict::Complete, None, None),
        Err(payload) => match payload.downcast::<Stop>() {
            Ok(stop) => {
                let limit = match stop.0 {
                    "time" => format!("{} seconds", limit_seconds.unwrap_or_default()),
                    _ => format!("{} executions", limit_executions.unwrap_or_default()),
                };
                summary(Verdict::Bounded, Some(limit), None)
            }
            Err(payload) => panic::resume_unwind(payload),
        },
    }
}

/// What loom's messages about unordered accesses mean for a lock pointer and the fields that it covers.
fn in_plain_words(text: &str) -> &'static str {
    let known = [
        ("Concurrent `unsync_load` and atomic store", "the lock pointer is moved without being seen to: "),
        ("Concurrent atomic store and `unsync_load`", "the lock pointer is moved from under a holder: "),
        ("Concurrent write accesses to `UnsafeCell`", "two write the covered fields at once: "),
        (
            "Concurrent read and write accesses to `UnsafeCell`",
            "one reads the covered fields while another writes: ",
        ),
        ("deadlock", "nobody can go on: "),
    ];
    known.iter().find(|(theirs, _)| text.contains(theirs)).map_or("", |(_, ours)| ours)
}

/// loom's messages go on with an explanation of loom itself; the first lines say what happened.
fn first_lines(text: &str) -> String {
    text.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("; ")
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
