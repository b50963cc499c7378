//! loom: every execution under the C11 memory model.
//!
//! loom's own limits are silent: `Builder::check` returns `()` whether it finished or gave up. The limits here are
//! our own, and a search that one of them stops says so.

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lwp_core::sync::model::{self, HISTORY, Limits as Limited, Model, Search};

use super::Exploration;
use crate::job::{Limits, Verdict};
use crate::reach::{self, LOOM_THREADS, REMEMBERED_STORES};

const _: () = assert!(REMEMBERED_STORES == HISTORY);

/// Branch points that one execution may have unless a limit says otherwise.
const BRANCHES: usize = 10_000;

/// What bounds a search in which every execution was taken to be covered by another.
pub const NO_EXECUTION: &str = "no execution that is not left for another";

/// What bounds a search in which an exchange could have gone before a store that had come already.
pub const NO_EARLIER_EXCHANGE: &str = "exchanges that loom cannot put before a store that has come";

/// What bounds a search that loom's own assertion cut short.
pub const VERSIONS: &str = "executions in which loom takes two stores for one";

/// What bounds a search in which a thread did something while it unwound by a panic.
pub const PANICS: &str = "one order of what threads do while they unwind by a panic";

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

    if model.threads > LOOM_THREADS {
        return summary(Verdict::Bounded, Some(reach::no_room(model.threads)), None);
    }

    let on_failure = Arc::new(on_failure);
    let panicked = Arc::new(Mutex::new(String::new()));
    let (hooked, told, last) = (summary.clone(), on_failure.clone(), panicked.clone());
    panic::set_hook(Box::new(move |info| {
        // Payloads that are no text are not failures of the model: `Stop`, and how coroutines are cancelled.
        let Some(text) = info.payload_as_str() else { return };
        let file = info.location().map_or("", |place| place.file());
        if model::is_given_up(text, file) {
            return;
        }
        let bounded = |bound| hooked(Verdict::Bounded, Some(bound), None);
        if text.starts_with("Model exceeded maximum number of branches") {
            told(bounded(format!("{branches} branch points in an execution")));
        } else if is_looms(file) && text.contains("PoisonError") {
            told(bounded(PANICS.into()));
        } else {
            // A place within loom, which has an absolute path, tells a reader nothing.
            let ours = info.location().filter(|place| !place.file().starts_with('/'));
            let place = ours.map(|place| format!(" (at {place})")).unwrap_or_default();
            let message = format!("{}{}{place}", in_plain_words(text), first_lines(text));
            // A panic of the program's own is no failure where its thread catches it.
            if is_looms(file) || text.starts_with(LIVELOCK) {
                told(hooked(Verdict::Failed, None, Some(message)));
            } else if text == "panic in a destructor during cleanup" {
                told(hooked(Verdict::Failed, None, Some(format!("{text}: {}", lock(&last)))));
            } else {
                *lock(&last) = message;
            }
        }
        eprintln!("{info}");
    }));
    let hooked = summary.clone();
    let on_escape = move || {
        let message = std::mem::take(&mut *lock(&panicked));
        if !message.is_empty() {
            on_failure(hooked(Verdict::Failed, None, Some(message)));
        }
    };

    let explored = progress.clone();
    let explored_nothing = move || lock(&explored).distinct.is_empty();
    let looks_back = model.looks_back && limits.preemptions.is_none();
    let search = Arc::new(Search::begin(Model { looks_back, ..model }, on_escape));
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
            trace.run(&body);
            let mut progress = lock(&progress);
            progress.standstills += u64::from(trace.stood_still());
            match trace.finish() {
                Some(trace) => drop(progress.distinct.insert(trace)),
                None => progress.redundant += 1,
            }
        });
    }));
    drop(panic::take_hook());

    let Limited { store_may_be_missed, looked_back, exchange_may_be_missed, versions_met, panic_unwound } =
        search.limits();
    let bounds = [
        limits.preemptions.map(reach::preemptions),
        store_may_be_missed.then(reach::stores),
        looked_back.then(reach::looking_back),
        exchange_may_be_missed.then(|| NO_EARLIER_EXCHANGE.into()),
        versions_met.then(|| VERSIONS.into()),
        panic_unwound.then(|| PANICS.into()),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    match result {
        Ok(()) if !bounds.is_empty() => summary(Verdict::Bounded, Some(bounds.join(", ")), None),
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

/// How a wait fails that nothing ends.
const LIVELOCK: &str = "livelock: ";

/// Whether a file is loom's.
fn is_looms(file: &str) -> bool {
    file.contains("/loom-")
}

/// What loom's messages about unordered accesses mean for a word, or for the fields that a lock covers.
fn in_plain_words(text: &str) -> String {
    if text.contains("Concurrent `unsync_load` and atomic store") {
        format!("{} without being seen to: ", model::about())
    } else if text.contains("Concurrent atomic store and `unsync_load`") {
        format!("{} from under a holder: ", model::about())
    } else if text.contains("Concurrent write accesses to `UnsafeCell`") {
        "two write the covered fields at once: ".into()
    } else if text.contains("Concurrent read and write accesses to `UnsafeCell`") {
        "one reads the covered fields while another writes: ".into()
    } else if text.contains("deadlock") {
        "nobody can go on: ".into()
    } else {
        String::new()
    }
}

/// loom's messages go on with an explanation of loom itself; the first lines say what happened.
fn first_lines(text: &str) -> String {
    text.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("; ")
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
