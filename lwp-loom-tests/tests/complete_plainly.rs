//! The search against every schedule of the protocol's own programs, with no reduction at all.
#![cfg(shuttle)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use lwp_loom_tests::engine::complete::{Options, explore_plainly, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{self, Case};

/// More schedules than a program may have to be compared.
const MOST: u64 = 10_000;

/// What a search finds out about a program that no reduction may change.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    outcomes: BTreeSet<String>,
    standstills: BTreeSet<String>,
    unseen: Vec<String>,
    fails: bool,
}

fn found(case: &Case, plainly: bool) -> Option<Found> {
    // Claims and standstills are kept by the case: each search has one of its own.
    let case = Case::new(case.litmus.clone(), case.revision, case.variant, case.cpus);
    case.settle(None);
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let body = {
        let (case, outcomes) = (case.clone(), outcomes.clone());
        move || {
            let outcome = case.run();
            outcomes.lock().unwrap().insert(outcome);
        }
    };
    let limits = Limits { executions: plainly.then_some(MOST), ..Limits::default() };
    let options = Options { limits, standstills_are_outcomes: case.may_hang(), ..Options::default() };
    let explore = |options: &Options| match plainly {
        true => explore_plainly(&case.name(), options, body),
        false => explore_with(&case.name(), options, body),
    };
    let verdict = explore(&options).0.verdict;
    let fails = verdict == Verdict::Failed;
    // What was met before a failure depends on the order of the search.
    let of_all = |known: BTreeSet<String>| if fails { BTreeSet::new() } else { known };
    let found = Found {
        outcomes: of_all(outcomes.lock().unwrap().clone()),
        standstills: of_all(case.standstills()),
        unseen: if fails { Vec::new() } else { case.unseen() },
        fails,
    };
    (verdict != Verdict::Bounded).then_some(found)
}

/// How many of these are small enough to be compared.
///
/// # Panics
/// Where one is judged otherwise than over all schedules.
fn compare(cases: &[Case]) -> usize {
    let next = Mutex::new(cases.iter());
    let compared = Mutex::new(0);
    let work = || {
        loop {
            let Some(case) = next.lock().unwrap().next() else { break };
            let Some(all) = found(case, true) else { continue };
            assert_eq!(found(case, false), Some(all), "{}", case.name());
            *compared.lock().unwrap() += 1;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..thread::available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    compared.into_inner().unwrap()
}

/// Every case of the collection and the pairs, and of the smaller suites, that is not too large from the outset.
fn all() -> Vec<Case> {
    let suites = Suite::ALL.into_iter().take(2).flat_map(Suite::programs).map(Arc::new);
    let written = litmus::all().cloned();
    let small = written.chain(suites).filter(|program| program.steps() <= 4);
    small.flat_map(|program| Case::all_of(&program)).collect()
}

// A reduction that is wrong about what commutes loses outcomes, and so do all engines that share it.
#[test]
fn a_search_without_reduction_finds_the_same_outcomes_standstills_and_claims() {
    // Which these are changes as programs come and go.
    let cases: Vec<_> = all().into_iter().step_by(47).collect();
    let compared = compare(&cases);
    println!("{compared} of {} cases have at most {MOST} schedules", cases.len());
    assert!(compared > 10, "{compared} of {}", cases.len());
}

// The figures are in docs/checking.md.
#[test]
#[ignore = "a quarter of an hour"]
fn all_small_programs_have_the_same_outcomes_standstills_and_claims_without_reduction() {
    let cases = all();
    let compared = compare(&cases);
    println!("{compared} of {} cases have at most {MOST} schedules", cases.len());
}
