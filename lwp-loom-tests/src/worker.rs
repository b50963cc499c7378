//! The worker process: explores one program after another and writes down what it finds.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lwp_core::netbsd::transitions;
use lwp_core::witness;

use crate::cores::Cores;
use crate::engine::Exploration;
use crate::explain::Explainer;
#[cfg(any(loom, shuttle))]
use crate::job::Mode;
use crate::job::{Answer, Finding, Job, Lend, Limits, LockEdge, Transition, Verdict};
use crate::subject::Subject;

/// Answers jobs from standard input until it ends, or until a finding [ends its worker](Finding::ends_its_worker).
pub fn serve() -> ExitCode {
    let (sender, jobs) = mpsc::channel();
    thread::spawn(move || read(&sender));
    for job in jobs {
        let (job, cores) = match job {
            Ok(job) => job,
            Err(error) => {
                eprintln!("expected a job as one line of JSON: {error}");
                return ExitCode::from(2);
            }
        };
        match answer(job, cores) {
            Ok(true) => break,
            Ok(false) => {}
            Err(refused) => write(&Answer::Refused { refused }),
        }
    }
    ExitCode::SUCCESS
}

/// Reads jobs, each with the cores that it may use. What is lent after a job is lent to it, even if that comes too late.
fn read(jobs: &Sender<Result<(Job, Cores), String>>) {
    let mut cores = Cores::default();
    for line in io::stdin().lock().lines() {
        if let Ok(Ok(Lend { lend })) = line.as_deref().map(serde_json::from_str) {
            cores.lend(lend);
            continue;
        }
        let job =
            line.map_err(|e| e.to_string()).and_then(|l| serde_json::from_str(&l).map_err(|e| e.to_string()));
        cores = Cores::default();
        let unread = job.is_err();
        if jobs.send(job.map(|job| (job, cores.clone()))).is_err() || unread {
            break;
        }
    }
}

/// Does a job, and says whether it was the last.
fn answer(job: Job, cores: Cores) -> Result<bool, String> {
    let subject =
        Subject::parse(&job.program).ok_or_else(|| format!("there is no program {}", job.program))?;
    // No part of an execution, which is not to be away for so long; but of the time for the program.
    let started = Instant::now();
    let half = job.limits.seconds.and_then(|limit| Duration::try_from_secs_f64(limit / 2.0).ok());
    subject.settle(half.and_then(|half| started.checked_add(half)));
    let settled = started.elapsed().as_secs_f64();
    restore();
    for (site, order) in &job.weaken {
        weaken(site, order)?;
    }
    if let Some(fault) = &job.fault {
        seed(fault)?;
    }
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let finding = Findings {
        program: job.program.clone(),
        outcomes: outcomes.clone(),
        subject: subject.clone(),
        places: job.places,
        settled,
        limit: job.limits.seconds,
        explains: job.explain.then(|| Arc::new(Explainer::new(&subject))),
    };
    let failed = finding.clone();
    let body = {
        let subject = subject.clone();
        move || {
            let outcome = subject.run();
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            if !outcomes.contains(&outcome) {
                outcomes.insert(outcome);
            }
        }
    };
    let seconds = job.limits.seconds.map(|limit| (limit - settled).max(0.0));
    let job = Job { limits: Limits { seconds, ..job.limits.clone() }, ..job };
    let exploration = explore(&job, &subject, cores, body, move |exploration| {
        failed.write(exploration);
        std::process::exit(0);
    })?;
    Ok(finding.write(exploration))
}

#[cfg(loom)]
fn explore(
    job: &Job,
    subject: &Subject,
    _: Cores,
    body: impl Fn() + Send + Sync + 'static,
    on_failure: impl Fn(Exploration) + Send + Sync + 'static,
) -> Result<Exploration, String> {
    if job.mode != Mode::Search {
        return Err("loom only searches".into());
    }
    let model = lwp_core::sync::model::Model {
        threads: subject.threads(),
        uses_try_lock: subject.uses_try_lock(),
        looks_back: !job.redundantly,
        standstills_are_ends: subject.may_hang(),
    };
    Ok(crate::engine::loom::explore(&job.limits, model, body, on_failure))
}

#[cfg(shuttle)]
fn explore(
    job: &Job,
    subject: &Subject,
    cores: Cores,
    body: impl Fn() + Send + Sync + 'static,
    _: impl Fn(Exploration) + Send + Sync + 'static,
) -> Result<Exploration, String> {
    use crate::engine::complete;
    use crate::job::Working;

    let mut working = |progress: &complete::Progress| {
        write(&Answer::Working { working: Working { executions: progress.executions } });
    };
    let options =
        complete::Options { standstills_are_outcomes: subject.may_hang(), ..complete::Options::default() };
    match &job.mode {
        Mode::Search => {
            // A state that is left out may have been on another way to fail, or on the way to what is claimed.
            let once = !job.every_way && !subject.depends_on_the_way();
            let options = complete::Options {
                limits: job.limits.clone(),
                every_way: job.every_way,
                states: job.states.filter(|_| once),
                cores,
                ..options
            };
            Ok(complete::explore_with_progress(&job.program, &options, body, &mut working))
        }
        Mode::Random { seed, executions } => {
            let options = complete::Options { limits: without_count(job), ..options };
            Ok(complete::explore_random(&job.program, &options, *seed, *executions, body))
        }
        Mode::Pct { seed, depth, executions } => {
            let options = complete::Options { limits: without_count(job), ..options };
            Ok(complete::explore_pct(&job.program, &options, *seed, *depth, *executions, body))
        }
        Mode::Replay { schedule } => {
            complete::replay(&job.program, &options, schedule, body).map_err(|e| e.to_string())
        }
    }
}

/// The limits of executions at random, of which so many are asked for anyhow.
#[cfg(shuttle)]
fn without_count(job: &Job) -> Limits {
    Limits { executions: None, ..job.limits.clone() }
}

#[cfg(not(any(loom, shuttle)))]
fn explore(
    _: &Job,
    _: &Subject,
    _: Cores,
    _: impl Fn() + Send + Sync + 'static,
    _: impl Fn(Exploration) + Send + Sync + 'static,
) -> Result<Exploration, String> {
    Err("this worker was built for real threads: an engine needs --cfg loom or --cfg shuttle".into())
}

fn write(answer: &Answer) {
    let line = serde_json::to_string(answer).expect("an answer is plain data");
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the runner reads until the worker ends");
}

/// What the lock order's witness has seen in this job.
fn lock_edges() -> Vec<LockEdge> {
    let edges = witness::observed().into_iter().map(|((held, taken), place)| LockEdge {
        held: held.name().into(),
        taken: taken.name().into(),
        place: format!("{}:{}", place.file(), place.line()),
    });
    edges.collect()
}

/// The transitions that LWPs have made in this job.
fn transitions() -> Vec<Transition> {
    transitions::made().into_iter().map(|(from, to)| (from.name().into(), to.name().into())).collect()
}

/// Undoes what the last job changed in `lwp-core`, and forgets what was seen in it.
fn restore() {
    witness::forget();
    transitions::forget();
    #[cfg(any(loom, shuttle))]
    {
        lwp_core::site::Site::ALL.iter().for_each(|site| lwp_core::site::weaken(*site, None));
        lwp_core::fault::seed(None);
        lwp_core::fault::forget();
        lwp_core::netbsd::repair::forget();
    }
}

#[cfg(any(loom, shuttle))]
fn weaken(site: &str, order: &str) -> Result<(), String> {
    let (site, order) = crate::orderings::parse(site, order)?;
    lwp_core::site::weaken(site, Some(order));
    Ok(())
}

#[cfg(not(any(loom, shuttle)))]
fn weaken(site: &str, order: &str) -> Result<(), String> {
    crate::orderings::parse(site, order).map(|_| ())
}

#[cfg(any(loom, shuttle))]
fn seed(fault: &str) -> Result<(), String> {
    let found = lwp_core::fault::Fault::parse(fault);
    lwp_core::fault::seed(Some(found.ok_or_else(|| format!("there is no fault {fault:?}"))?));
    Ok(())
}

#[cfg(not(any(loom, shuttle)))]
fn seed(_: &str) -> Result<(), String> {
    Ok(())
}

/// The faults at whose places this job's program has been.
#[cfg(any(loom, shuttle))]
fn passed() -> Vec<String> {
    lwp_core::fault::passed().map(lwp_core::fault::Fault::name).collect()
}

#[cfg(not(any(loom, shuttle)))]
fn passed() -> Vec<String> {
    Vec::new()
}

/// The repairs that this job's program has asked for.
#[cfg(any(loom, shuttle))]
fn asked() -> Vec<String> {
    lwp_core::netbsd::repair::asked().map(|repair| repair.name().into()).collect()
}

#[cfg(not(any(loom, shuttle)))]
fn asked() -> Vec<String> {
    Vec::new()
}

/// The engine that this process was built with.
pub const ENGINE: &str = if cfg!(loom) {
    "loom"
} else if cfg!(shuttle) {
    "complete"
} else {
    "none"
};

#[derive(Clone)]
struct Findings {
    program: String,
    outcomes: Arc<Mutex<BTreeSet<String>>>,
    subject: Subject,
    places: bool,
    /// Seconds that went into the reference.
    settled: f64,
    /// Seconds that it and the search may take.
    limit: Option<f64>,
    explains: Option<Arc<Explainer>>,
}

impl Findings {
    /// Writes down what was found, and says whether this ends the worker.
    fn write(&self, exploration: Exploration) -> bool {
        let mut outcomes: Vec<String> =
            self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        outcomes.extend(self.subject.standstills());
        let (mut verdict, mut message) = (exploration.verdict, exploration.message.clone());
        if verdict == Verdict::Complete
            && self.subject.must_show().is_empty()
            && let Err(surprise) = self.subject.judge(&outcomes)
        {
            (verdict, message) = (Verdict::Failed, Some(surprise));
        }
        let searched_all = ENGINE == "complete" && verdict == Verdict::Complete;
        let unreached = if searched_all { self.subject.unreached(&outcomes) } else { Vec::new() };
        if let Some(lost) = self.subject.loses(&unreached) {
            (verdict, message) = (Verdict::Failed, Some(lost));
        }
        let declared = self.subject.loom_bound().filter(|_| ENGINE == "loom");
        let searched = match &exploration.bound {
            Some(bound) => declared.is_some_and(|declared| declared.covers(bound)),
            None => verdict == Verdict::Complete,
        };
        (verdict, message) =
            hold_against(&self.subject.must_show(), &self.subject.expected(), searched, verdict, message);
        let failed = matches!(verdict, Verdict::Failed | Verdict::Defect);
        let explains = self.explains.as_ref().filter(|_| failed);
        let failure = exploration.message.clone().unwrap_or_default();
        let finding = Finding {
            bound: exploration
                .bound
                .clone()
                .filter(|_| verdict == Verdict::Bounded)
                .map(|b| self.as_asked(&b)),
            message,
            executions: exploration.executions,
            distinct: exploration.distinct,
            blocked: exploration.blocked,
            known: exploration.known,
            states: exploration.states,
            overflowed: exploration.overflowed,
            steps: exploration.steps,
            schedule: exploration.schedule.clone(),
            unreached,
            outcomes,
            ways: exploration.ways,
            lock_edges: lock_edges(),
            transitions: transitions(),
            passed: if self.places { passed() } else { Vec::new() },
            asked: asked(),
            unreferenced: self.subject.reference_given_up(),
            // Last: what is run to explain a failure is no part of what was found.
            timeline: explains
                .and_then(|explains| explains.explain(&self.program, failure, exploration.schedule)),
            seconds: self.settled + exploration.seconds,
            ..Finding::of(self.program.clone(), ENGINE, verdict)
        };
        let ends = finding.ends_its_worker();
        write(&Answer::Done(Box::new(finding)));
        ends
    }

    /// What bounded a search, with the seconds that were asked for and not with those that were left of them.
    fn as_asked(&self, bound: &str) -> String {
        let part = |part: &str| match self.limit {
            Some(limit) if part.ends_with(" seconds") => format!("{limit} seconds"),
            _ => part.to_owned(),
        };
        bound.split(", ").map(part).collect::<Vec<_>>().join(", ")
    }
}

/// Holds a verdict against the defect that a program is there to show, if it is: only that failure will do. Whoever
/// has `searched` as far as is declared must have met it.
fn hold_against(
    must_show: &[&str],
    expected: &str,
    searched: bool,
    verdict: Verdict,
    message: Option<String>,
) -> (Verdict, Option<String>) {
    match (verdict, message) {
        (Verdict::Failed, Some(how)) if must_show.iter().any(|words| how.contains(words)) => {
            (Verdict::Defect, Some(how))
        }
        (Verdict::Failed, Some(how)) if !must_show.is_empty() => {
            (Verdict::Failed, Some(format!("{how}\nexpected another failure: {expected}")))
        }
        (Verdict::Complete | Verdict::Bounded, _) if searched && !must_show.is_empty() => {
            (Verdict::Failed, Some(format!("never seen: {expected}")))
        }
        unchanged => unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(must_show: &[&str], verdict: Verdict, message: Option<&str>) -> Verdict {
        let searched = verdict == Verdict::Complete;
        let (verdict, message) = hold_against(must_show, "it", searched, verdict, message.map(Into::into));
        assert_eq!(message.is_some(), matches!(verdict, Verdict::Failed | Verdict::Defect));
        verdict
    }

    #[test]
    fn a_defect_is_shown_only_by_its_own_failure() {
        assert_eq!(held(&["stuck"], Verdict::Failed, Some("all are stuck")), Verdict::Defect);
        assert_eq!(held(&["stuck"], Verdict::Failed, Some("freed twice")), Verdict::Failed);
        assert_eq!(held(&["stuck"], Verdict::Complete, None), Verdict::Failed);
        assert_eq!(held(&["stuck"], Verdict::Bounded, None), Verdict::Bounded);
    }

    #[test]
    fn a_declared_bound_must_suffice_to_show_the_defect() {
        let (verdict, message) = hold_against(&["stuck"], "`sometimes hang`", true, Verdict::Bounded, None);
        assert_eq!(verdict, Verdict::Failed);
        assert_eq!(message.as_deref(), Some("never seen: `sometimes hang`"));
        assert_eq!(hold_against(&[], "", true, Verdict::Bounded, None), (Verdict::Bounded, None));
    }

    #[test]
    fn without_a_defect_to_show_a_failure_is_a_failure() {
        assert_eq!(held(&[], Verdict::Failed, Some("all are stuck")), Verdict::Failed);
        assert_eq!(held(&[], Verdict::Complete, None), Verdict::Complete);
    }
}
