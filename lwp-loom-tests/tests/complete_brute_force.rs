//! The complete search against a search of all schedules: on small programs of every kind of operation both see the same
//! outcomes and the same distinct executions, and the complete search sees none twice. A search with a mistake in it
//! is caught by the same comparison.
#![cfg(shuttle)]

mod complete_support;

use std::collections::BTreeSet;
use std::ops::Range;

use complete_support::{Op, Outcomes, Program, Waits, body, program};
use lwp_loom_tests::engine::complete::{Flaw, Options, Traces, explore_plainly, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};

struct Seen {
    outcomes: BTreeSet<String>,
    traces: Traces,
    executions: u64,
    blocked: u64,
}

fn options(flaw: Flaw, executions: u64) -> Options {
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    Options { limits, traces: true, standstills_are_outcomes: true, flaw, ..Options::default() }
}

/// What a search of all schedules sees, if there are no more than `schedules`.
fn plainly(program: &Program, waits: Waits, schedules: u64) -> Option<Seen> {
    let outcomes = Outcomes::default();
    let (exploration, traces) = explore_plainly(
        "generated",
        &options(Flaw::None, schedules),
        body(program.clone(), waits, outcomes.clone()),
    );
    match exploration.verdict {
        Verdict::Complete => Some(seen(&outcomes, traces, exploration.executions, 0)),
        Verdict::Bounded => None,
        Verdict::Failed | Verdict::Defect => panic!("{program:?}: {:?}", exploration.message),
    }
}

/// A search may take no more executions than this, in case its mistake is to find no end.
const FLAWED: u64 = 100_000;

fn completely(program: &Program, flaw: Flaw) -> Result<Seen, String> {
    let outcomes = Outcomes::default();
    let (exploration, traces) = explore_with(
        "generated",
        &options(flaw, FLAWED),
        body(program.clone(), Waits::Steps, outcomes.clone()),
    );
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

/// Generated programs of no more than `schedules` schedules, with what a search of all of them sees.
fn programs(seeds: Range<u64>, schedules: u64) -> impl Iterator<Item = (u64, Program, Seen)> {
    seeds.filter_map(move |seed| {
        let program = program(seed);
        let all = plainly(&program, Waits::Steps, schedules)?;
        Some((seed, program, all))
    })
}

/// Compares the searches on generated programs, and gives how many that was.
fn compare(seeds: Range<u64>, schedules: u64) -> u64 {
    let (mut compared, mut all_schedules, mut distinct, mut executions, mut blocked) = (0, 0, 0, 0, 0);
    let mut wrong = 0;
    for (seed, program, all) in programs(seeds, schedules) {
        let found = completely(&program, Flaw::None);
        if let Some(difference) = difference(&all, &found) {
            println!("seed {seed}, {program:?}: {difference}");
            wrong += 1;
            continue;
        }
        let found = found.unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(found.executions - found.blocked, found.traces.hashes.len() as u64, "seed {seed}");
        compared += 1;
        all_schedules += all.executions;
        distinct += all.traces.hashes.len();
        executions += found.executions;
        blocked += found.blocked;
    }
    println!("{compared} programs, {all_schedules} schedules, {distinct} distinct executions");
    println!("the search ran {executions} executions, {blocked} of them blocked");
    assert_eq!(wrong, 0, "the search is wrong about that many programs");
    compared
}

#[test]
fn the_search_sees_what_a_search_of_all_schedules_sees() {
    let compared = compare(0..600, 10_000);
    assert!(compared > 400, "only {compared} programs were small enough");
}

// A wait that is a step could lead on where its loop would not, or not where it would, in both searches alike.
#[test]
fn a_wait_ends_where_a_turn_of_its_loop_would_end_it() {
    let waits = |op: &Op| format!("{op:?}").contains("Wait");
    let (mut compared, mut ended) = (0, 0);
    for seed in 0..1500 {
        let program = program(seed);
        if !program.iter().flatten().any(waits) {
            continue;
        }
        let Some(turns) = plainly(&program, Waits::OneTurn, 5_000) else { continue };
        let found = completely(&program, Flaw::None).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert_eq!(found.outcomes, turns.outcomes, "seed {seed}, {program:?}");
        compared += 1;
        ended += usize::from(!found.outcomes.is_empty());
    }
    println!("{compared} programs, {ended} of which can end");
    assert!(compared > 500 && ended > 250, "only {compared} programs, {ended} of which can end");
}

#[test]
#[ignore = "takes many minutes; for whoever changes what depends on what"]
fn the_search_sees_what_a_search_of_all_schedules_sees_in_larger_programs() {
    compare(600..5000, 200_000);
}

#[test]
fn a_search_with_a_mistake_is_caught() {
    let mut programs: Vec<_> = programs(0..240, 5_000).collect();
    // A look, asleep, is all that can go on while the others wait for each other: no deadlock, and they race still.
    let waiters = vec![
        vec![Op::IsHeld(1), Op::IsHeld(0)],
        vec![Op::Nested(0, 1)],
        vec![Op::Nested(1, 0), Op::Nested(1, 0)],
    ];
    let all = plainly(&waiters, Waits::Steps, 100_000).expect("small enough");
    assert_eq!(difference(&all, &completely(&waiters, Flaw::None)), None);
    programs.push((u64::MAX, waiters, all));
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
