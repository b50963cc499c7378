//! What a job names: a program over a lock layer or over the whole protocol, or a canary over an engine.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::canary::{self, Canary};
use crate::litmus::{Case, LockCase};
use crate::program::{Outcome, Program};
use crate::reach::Bound;

/// Something that a worker can run.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A program over a lock layer, by all that it is.
    Program(Program),
    /// A litmus program over a lock layer.
    Locks(LockCase),
    /// A litmus program over the protocol.
    Litmus(Case),
    /// A litmus program with a known set of outcomes.
    Canary(&'static Canary),
}

impl Subject {
    /// The subject with this name.
    pub fn parse(name: &str) -> Option<Subject> {
        Program::parse(name)
            .map(Subject::Program)
            .or_else(|| LockCase::parse(name).map(Subject::Locks))
            .or_else(|| Case::parse(name).map(Subject::Litmus))
            .or_else(|| canary::find(name).map(Subject::Canary))
    }

    /// Finds out what is asked of every execution, as far as that is known before `until`.
    pub fn settle(&self, until: Option<Instant>) {
        if let Subject::Litmus(case) = self {
            case.settle(until);
        }
    }

    /// Why it is not held against the reference, where that was begun and given up.
    pub fn reference_given_up(&self) -> Option<String> {
        if let Subject::Litmus(case) = self { case.reference_given_up() } else { None }
    }

    /// Runs it once.
    pub fn run(&self) -> Outcome {
        match self {
            Subject::Program(program) => program.run(),
            Subject::Locks(case) => case.run(),
            Subject::Litmus(case) => case.run(),
            Subject::Canary(canary) => canary.run(),
        }
    }

    /// How many threads it has, the first included.
    pub fn threads(&self) -> usize {
        match self {
            Subject::Program(program) => program.lwps(),
            Subject::Locks(case) => case.program.lwps(),
            Subject::Litmus(case) => case.lwps(),
            Subject::Canary(canary) => canary.threads,
        }
    }

    /// What its threads are called, where they do not say so while they run.
    pub fn thread_names(&self) -> impl Iterator<Item = &String> {
        let locks = if let Subject::Locks(case) = self { Some(case) } else { None };
        locks.into_iter().flat_map(|case| case.litmus.lines.iter().map(|line| &line.name))
    }

    /// Whether it takes locks by trying.
    pub fn uses_try_lock(&self) -> bool {
        match self {
            Subject::Program(program) => program.uses_try_lock(),
            Subject::Locks(case) => case.program.uses_try_lock(),
            Subject::Litmus(_) => false,
            Subject::Canary(canary) => canary.uses_try_lock,
        }
    }

    /// Holds the outcomes of a complete search against what is known of the subject.
    ///
    /// # Errors
    /// Says what is missing or what should not be there.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<(), String> {
        match self {
            Subject::Program(program) => {
                let missing = |wanted: &Outcome| !outcomes.contains(wanted);
                match program.must_see().into_iter().find(missing) {
                    Some(lost) => {
                        Err(format!("{lost:?} was never seen, though it can happen: executions were lost"))
                    }
                    None => Ok(()),
                }
            }
            Subject::Locks(case) => all_seen(&case.unseen(), outcomes),
            Subject::Litmus(case) => all_seen(&case.unseen(), outcomes),
            Subject::Canary(canary) => canary.judge(outcomes),
        }
    }

    /// The outcomes of executions so far in which no thread could go on.
    pub fn standstills(&self) -> BTreeSet<Outcome> {
        match self {
            Subject::Litmus(case) => case.standstills(),
            _ => BTreeSet::new(),
        }
    }

    /// The outcomes that the reference allows and that are not among these.
    pub fn unreached(&self, outcomes: &[Outcome]) -> Vec<Outcome> {
        if let Subject::Litmus(case) = self { case.unreached(outcomes) } else { Vec::new() }
    }

    /// Why what a complete search has not reached is a failure, where it is: executions were lost, or the program has lost a way
    /// to end.
    pub fn loses(&self, unreached: &[Outcome]) -> Option<String> {
        let Subject::Litmus(case) = self else { return None };
        let lost = unreached.first().filter(|_| case.must_reach_all())?;
        Some(format!("no execution comes to `{lost}`, which the reference allows"))
    }

    /// Whether an execution in which no thread can go on is an end to be judged, and no failure by itself.
    pub fn may_hang(&self) -> bool {
        matches!(self, Subject::Litmus(case) if case.may_hang())
    }

    /// Whether what is claimed depends on the way to a state, and not on the state alone.
    pub fn depends_on_the_way(&self) -> bool {
        match self {
            Subject::Locks(case) => case.litmus.is_watched(),
            Subject::Litmus(case) => case.litmus.is_watched(),
            Subject::Program(_) | Subject::Canary(_) => false,
        }
    }

    /// What is declared to bound loom's search, where anything is.
    pub fn loom_bound(&self) -> Option<Bound> {
        match self {
            Subject::Locks(case) => case.litmus.loom.bound(),
            Subject::Litmus(case) => case.litmus.loom.bound(),
            Subject::Program(program) => program.loom().bound(),
            Subject::Canary(_) => None,
        }
    }

    /// The words in one of which it must fail; empty where it must not fail.
    pub fn must_show(&self) -> Vec<&str> {
        match self {
            Subject::Litmus(case) => case.must_show(),
            Subject::Program(_) | Subject::Locks(_) | Subject::Canary(_) => Vec::new(),
        }
    }

    /// The statements of the program that say how it must fail.
    pub fn expected(&self) -> String {
        match self {
            Subject::Litmus(case) => case.expected(),
            Subject::Program(_) | Subject::Locks(_) | Subject::Canary(_) => String::new(),
        }
    }
}

fn all_seen(unseen: &[String], outcomes: &[Outcome]) -> Result<(), String> {
    match unseen.first() {
        Some(never) => Err(format!("never seen: `{never}`; only {outcomes:?}")),
        None => Ok(()),
    }
}
