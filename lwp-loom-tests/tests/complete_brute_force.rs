//! The complete search against a search of all schedules: on small programs of every kind of operation both see the same
//! outcomes and the same distinct executions, and the complete search sees none twice. A search with a mistake in it
//! is caught by the same comparison.
#![cfg(shuttle)]

mod complete_support;

use std::collections::BTreeSet;

use complete_support::{Outcomes, Program, body, program};
use lwp_loom_tests::engine::complete::{Flaw, Options, Traces, explore_plainly, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};

/// Programs with more schedules than this are left out.
const SCHEDULES: u64 = 60_000;

struct Seen {
    outcomes: BTreeSet<String>,
    traces: Traces,
    executions: u64,
    blocked: u64,
}

fn options(flaw: Flaw) -> Options {
    let limits = Limits { executions: Some(SCHEDULES), ..Limits::default() };
    Options { limits, traces: true, standstills_are_outcomes: true, flaw, ..Options::default() }
}

/// What a search of all schedules sees, if there are not too many.
fn plainly(program: &Program) -> Option<Seen> {
    let outcomes = Outcomes::default();
    let (exploration, traces) =
        explore_plainly("generated", &options(Flaw::None), body(program.clone(), outcomes.clone()));
    match exploration.verdict {
        Verdict::Complete => Some(seen(&outcomes, traces, exploration.executions, 0)),
        Verdict::Bounded => None,
        Verdict::Failed => panic!("{program:?}: {:?}", exploration.message),
    }
}

fn completely(program: &Program, flaw: Flaw) -> Result<Seen, String> {
    let outcomes = Outcomes::default();
    let (exploration, traces) =
        explore_with("generated", &options(flaw), body(program.clone(), outcomes.clone()));
    match exploration.verdict {
        Verdict::Complete => Ok(seen(&outcomes, traces, exploration.executions, exploration.blocked)),
        _ => Err(format!("{:?} {:?}", exploration.message, exploration.bound)),
    }
}

fn seen(outcomes: &Outcomes, traces: Traces, executions: u64, blocked: u64) -> Seen {
    let outcomes = std::mem::take(&mut *outcomes.lock().unwrap());
    Seen { outcomes, traces, executions, blocked }
}

/// How the complete search's findings are wrong, if they are.
fn difference(all: &Seen, found: &Result<Seen, String>) -> Option<String> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return Some(error.clone()),
    };
    if found.outcomes != all.outcomes {
        return Some(format!("outcomes {:?} and not {:?}", found.outcomes, all.outcomes));
    }
    if found.traces.hashes != all.traces.hashes {
        let (found, all) = (found.traces.hashes.len(), all.traces.hashes.len());
        return Some(format!("{found} distinct executions and not {all}"));
    }
    (found.traces.repeated > 0).then(|| format!("{} executions seen twice", found.traces.repeated))
}

/// Generated programs that are small enough, with what a search of all schedules sees.
fn programs(seeds: std::ops::Range<u64>) -> impl Iterator<Item = (u64, Program, Seen)> {
    seeds.filter_map(|seed| {
        let program = program(seed);
        let all = plainly(&program)?;
        Some((seed, program, all))
    })
}

#[test]
fn the_search_sees_what_a_search_of_all_schedules_sees() {
    let (mut compared, mut schedules, mut distinct, mut executions, mut blocked) = (0, 0, 0, 0, 0);
    for (seed, program, all) in programs(0..600) {
        let found = completely(&program, Flaw::None);
        if let Some(difference) = difference(&all, &found) {
            panic!("seed {seed}, {program:?}: {difference}");
        }
        let found = found.unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(found.executions - found.blocked, found.traces.hashes.len() as u64, "seed {seed}");
        compared += 1;
        schedules += all.executions;
        distinct += all.traces.hashes.len();
        executions += found.executions;
        blocked += found.blocked;
    }
    println!("{compared} programs, {schedules} schedules, {distinct} distinct executions");
    println!("the search ran {executions} executions, {blocked} of them blocked");
    assert!(compared > 300, "only {compared} programs were small enough");
}

#[test]
fn a_search_with_a_mistake_is_caught() {
    let programs: Vec<_> = programs(0..150).collect();
    for flaw in Flaw::ALL {
        let caught: Vec<u64> = programs
            .iter()
            .filter(|(_, program, all)| difference(all, &completely(program, flaw)).is_some())
            .map(|(seed, ..)| *seed)
            .collect();
        println!("{flaw:?} is caught by {} of {} programs", caught.len(), programs.len());
        assert!(!caught.is_empty(), "{flaw:?} is not caught");
    }
}
