//! The complete search against a search of all schedules: on small programs of every kind of operation both see the same
//! outcomes and the same distinct executions, and the complete search sees none twice. A search with a mistake in it
//! is caught by the same comparison.
#![cfg(shuttle)]

mod complete_support;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use complete_support::{Op, Outcomes, Program, Waits, body, program, racy_program};
use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, RawLock, spawn, spin_while};
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
const FLAWED: u64 = 20_000;

fn completely(program: &Program, flaw: Flaw) -> Result<Seen, String> {
    within(FLAWED, program, flaw)
}

/// What the complete search sees, if it takes no more executions than this.
fn within(executions: u64, program: &Program, flaw: Flaw) -> Result<Seen, String> {
    let outcomes = Outcomes::default();
    let (exploration, traces) = explore_with(
        "generated",
        &options(flaw, executions),
        body(program.clone(), Waits::Steps, outcomes.clone()),
    );
    match exploration.verdict {
        Verdict::Complete => Ok(seen(&outcomes, traces, exploration.executions, exploration.blocked)),
        _ => Err(exploration.message.or(exploration.bound).unwrap_or_default()),
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
fn programs(seeds: impl Iterator<Item = u64>, schedules: u64) -> impl Iterator<Item = (u64, Program, Seen)> {
    seeds.filter_map(move |seed| {
        let program = program(seed);
        let all = plainly(&program, Waits::Steps, schedules)?;
        Some((seed, program, all))
    })
}

/// Of what a comparison must have had several programs: three threads, and what can fail or wait.
#[derive(Debug, Default)]
struct Had {
    programs: u64,
    of_three_threads: u64,
    /// In which an exchange, a try-lock or a wait is one of three threads'.
    with_exchange: u64,
    with_try: u64,
    with_wait: u64,
}

impl Had {
    fn add(&mut self, program: &Program) {
        let text = format!("{program:?}");
        let three = program.len() > 2;
        let counts = |what: &str| u64::from(three && text.contains(what));
        self.programs += 1;
        self.of_three_threads += u64::from(three);
        self.with_exchange += counts("Exchange(");
        self.with_try += counts("Try(");
        self.with_wait += counts("Wait(");
    }
}

/// Compares the searches on generated programs, and says on which.
fn compare(seeds: impl Iterator<Item = u64>, schedules: u64) -> Had {
    let (mut all_schedules, mut distinct, mut executions, mut blocked) = (0, 0, 0, 0);
    let (mut had, mut wrong) = (Had::default(), 0);
    for (seed, program, all) in programs(seeds, schedules) {
        let found = completely(&program, Flaw::None);
        if let Some(difference) = difference(&all, &found) {
            println!("seed {seed}, {program:?}: {difference}");
            wrong += 1;
            continue;
        }
        let found = found.unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(found.executions - found.blocked, found.traces.hashes.len() as u64, "seed {seed}");
        had.add(&program);
        all_schedules += all.executions;
        distinct += all.traces.hashes.len();
        executions += found.executions;
        blocked += found.blocked;
    }
    println!("{had:?}: {all_schedules} schedules, {distinct} distinct executions");
    println!("the search ran {executions} executions, {blocked} of them blocked");
    assert_eq!(wrong, 0, "the search is wrong about that many programs");
    had
}

#[test]
fn the_search_sees_what_a_search_of_all_schedules_sees() {
    // Of three threads that exchange or try there are few among all.
    let fails = |seed: &u64| {
        let program = program(*seed);
        let text = format!("{program:?}");
        program.len() > 2 && ["Exchange(", "Try("].iter().any(|what| text.contains(what))
    };
    let had = compare((0..600).chain((600..4000).filter(fails)), 10_000);
    assert!(had.programs > 400 && had.of_three_threads > 200, "{had:?}");
    assert!(had.with_exchange > 60 && had.with_try > 15 && had.with_wait > 60, "{had:?}");
}

// A token that one thread takes another could have had, though it got one that was given later.
#[test]
fn each_of_two_threads_may_be_the_one_that_takes_a_token_first() {
    let takes = vec![Op::Park(0)];
    let gives = vec![Op::Unpark(0), Op::Unpark(0)];
    for program in [
        vec![gives.clone(), takes.clone(), takes.clone()],
        vec![takes.clone(), gives.clone(), takes.clone()],
        vec![takes.clone(), vec![Op::Park(0), Op::Load(0)], gives],
    ] {
        let all = plainly(&program, Waits::Steps, 100_000).expect("small enough");
        assert_eq!(difference(&all, &completely(&program, Flaw::None)), None, "{program:?}");
    }
}

// A wait that is a step could lead on where its loop would not, or not where it would, in both searches alike.
#[test]
fn a_wait_ends_where_a_turn_of_its_loop_would_end_it() {
    let waits = |op: &Op| format!("{op:?}").contains("Wait(");
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
    assert!(compared > 500 && ended > 150, "only {compared} programs, {ended} of which can end");
}

/// How many states a search may keep: more than any of these programs has.
const STATES: usize = 100_000;

/// What a search that enters no state twice sees, or how a program fails.
fn with_states(program: &Program, flaw: Flaw) -> Result<(Seen, u64), String> {
    let outcomes = Outcomes::default();
    let options = Options { states: Some(STATES), ..options(flaw, FLAWED) };
    let (found, traces) =
        explore_with("generated", &options, body(program.clone(), Waits::Steps, outcomes.clone()));
    match found.verdict {
        Verdict::Complete => Ok((seen(&outcomes, traces, found.executions, found.blocked), found.known)),
        _ => Err(found.message.or(found.bound).unwrap_or_default()),
    }
}

/// How a search of all schedules fails, if it does; nothing where there are more than so many.
fn failure(program: &Program, schedules: u64) -> Option<Result<BTreeSet<String>, String>> {
    let outcomes = Outcomes::default();
    let body = body(program.clone(), Waits::Steps, outcomes.clone());
    let (found, _) = explore_plainly("generated", &options(Flaw::None, schedules), body);
    match found.verdict {
        Verdict::Complete => Some(Ok(std::mem::take(&mut *outcomes.lock().unwrap()))),
        Verdict::Bounded => None,
        Verdict::Failed | Verdict::Defect => Some(Err(kind(&found.message.unwrap_or_default()))),
    }
}

fn kind(message: &str) -> String {
    message.split(':').next().unwrap_or_default().into()
}

/// How a search that enters no state twice is wrong about a program, if it is. Failures need not be the same ones.
fn difference_with_states(
    all: &Result<BTreeSet<String>, String>,
    program: &Program,
    flaw: Flaw,
) -> Option<String> {
    match (all, with_states(program, flaw)) {
        (Ok(all), Ok((found, _))) if *all == found.outcomes => None,
        (Err(all), Err(found)) if *all == kind(&found) => None,
        (all, found) => Some(format!("{:?} and not {all:?}", found.map(|(found, _)| found.outcomes))),
    }
}

/// Generated programs, and what a search of all schedules says of them.
fn judged(seeds: Range<u64>) -> Vec<(Program, Result<BTreeSet<String>, String>)> {
    let programs = seeds.flat_map(|seed| [program(seed), racy_program(seed)]);
    programs.filter_map(|program| failure(&program, 5_000).map(|all| (program, all))).collect()
}

// A state that is left out may lead to outcomes, to failures, or race with what came before it on another way.
#[test]
fn a_search_that_enters_no_state_twice_sees_the_same_outcomes_and_failures() {
    let (mut compared, mut failed, mut known) = (0, 0, 0);
    let mut judged = judged(0..300);
    // Whether the last of these races with the first depends on whose store it sees, and the states do not.
    let relay = [vec![Op::Write(0), Op::Publish(0)], vec![Op::Relay(0)], vec![Op::ReadPublishedLater(0, 0)]];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let program = order.map(|n| relay[n].clone()).to_vec();
        let all = failure(&program, 100_000).expect("small enough");
        assert_eq!(all, Err("data race".into()));
        judged.push((program, all));
    }
    // In these, what begins with a thread that sleeps in a state matters on another way to it, on which the thread is awake. They
    // have too many schedules for a search of all: the complete search is as good.
    let tries =
        |threads: [&[usize]; 4]| threads.map(|locks| locks.iter().map(|&l| Op::Try(l)).collect()).to_vec();
    for program in [
        tries([&[0], &[1, 0, 0], &[0, 1, 1], &[1, 1]]),
        tries([&[0], &[0, 1, 1], &[1, 0, 0], &[1, 1]]),
        tries([&[1], &[0, 1, 1], &[1, 0, 0], &[0, 0]]),
        tries([&[1], &[1, 0, 0], &[0, 1, 1], &[0, 0]]),
    ] {
        let all = completely(&program, Flaw::None).map(|found| found.outcomes);
        judged.push((program, all.map_err(|message| kind(&message))));
    }
    for (program, all) in &judged {
        assert_eq!(difference_with_states(all, program, Flaw::None), None, "{program:?}");
        compared += 1;
        failed += usize::from(all.is_err());
        known += with_states(program, Flaw::None).map_or(0, |(_, known)| known);
    }
    println!("{compared} programs, {failed} of which fail; the search turned back {known} times");
    assert!(compared > 400 && failed > 20 && known > 150, "{compared} {failed} {known}");
    for flaw in Flaw::OF_STATES {
        let wrong = |(program, all): &&(Program, _)| difference_with_states(all, program, flaw).is_some();
        let caught = judged.iter().filter(wrong).count();
        println!("{flaw:?} is caught by {caught} of {} programs", judged.len());
        assert!(caught >= SEVERAL, "{flaw:?} is caught by {caught} programs only");
    }
}

#[test]
#[ignore = "takes many minutes; for whoever changes what depends on what"]
fn the_search_sees_what_a_search_of_all_schedules_sees_in_larger_programs() {
    compare(600..5000, 200_000);
}

/// A mistake that one program alone notices, the next change may hide.
const SEVERAL: usize = 3;

#[test]
fn a_search_with_a_mistake_is_caught_by_several_programs() {
    let mut programs: Vec<_> = programs(0..600, 2_000).collect();
    // A look, asleep, is all that can go on while the others wait for each other: no deadlock, and they race still.
    let waiters = vec![
        vec![Op::IsHeld(1), Op::IsHeld(0)],
        vec![Op::Nested(0, 1)],
        vec![Op::Nested(1, 0), Op::Nested(1, 0)],
    ];
    let all = plainly(&waiters, Waits::Steps, 100_000).expect("small enough");
    assert_eq!(difference(&all, &completely(&waiters, Flaw::None)), None);
    programs.push((u64::MAX, waiters, all));
    // Who is to come first of several matters only among more threads: too many schedules for a search of all, but the complete
    // search is as good.
    programs.extend((0..80).filter_map(|seed| {
        let larger = [program(2 * seed), program(2 * seed + 1)].concat();
        let all = within(1_000, &larger, Flaw::None).ok()?;
        Some((1_000_000 + seed, larger, all))
    }));
    let mut weak = Vec::new();
    for flaw in Flaw::ALL {
        let caught = |program, all| difference(all, &completely(program, flaw)).is_some();
        let caught = programs.iter().filter(|(_, program, all)| caught(program, all)).map(|(seed, ..)| *seed);
        let first: Vec<u64> = caught.take(SEVERAL).collect();
        println!("{flaw:?} is caught by the programs {first:?}");
        weak.extend((first.len() < SEVERAL).then_some(flaw));
    }
    assert!(weak.is_empty(), "too few programs catch {weak:?}");
}

/// What a program logs in all executions that end, in a search of all schedules and in one that enters no state twice.
fn both_ways<const N: usize>(
    program: impl Fn(&[AtomicUsize; N], &RawLock) -> usize + Clone + Send + Sync + 'static,
    other: impl Fn(&[AtomicUsize; N], &RawLock) + Clone + Send + Sync + 'static,
) -> [(BTreeSet<usize>, u64); 2] {
    [None, Some(STATES)].map(|states| {
        let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
        let (seen, program, other) = (outcomes.clone(), program.clone(), other.clone());
        let body = move || {
            let shared = Arc::new((std::array::from_fn(|_| AtomicUsize::new(0)), RawLock::new()));
            let (theirs, other) = (shared.clone(), other.clone());
            let thread = spawn(move || other(&theirs.0, &theirs.1));
            let saw = program(&shared.0, &shared.1);
            thread.join().unwrap();
            seen.lock().unwrap().insert(saw);
        };
        let options = Options { states, ..options(Flaw::None, FLAWED) };
        let found = match states {
            Some(_) => explore_with("both ways", &options, body).0,
            None => explore_plainly("both ways", &options, body).0,
        };
        assert_eq!(found.verdict, Verdict::Complete, "{:?}", found.message);
        let outcomes = outcomes.lock().unwrap().clone();
        (outcomes, u64::from(found.standstills > 0))
    })
}

// A thread that has ended its wait has seen no more than before it, and yet is somewhere else.
#[test]
fn a_state_behind_a_wait_is_another_than_the_one_in_front_of_it() {
    let [all, once] = both_ways::<2>(
        |words, _| {
            spin_while(|| words[0].load(Site::LwpLockRelook) != 0);
            0
        },
        |words, _| {
            words[0].store(2, Site::LwpSetlockPublish);
            words[1].store(1, Site::LwpSetlockPublish);
        },
    );
    assert_eq!(all, (BTreeSet::from([0]), 1));
    assert_eq!(once, all);
}

// A word that is read under its lock is no cell, and what a thread does next may depend on it.
#[test]
fn what_a_thread_reads_of_a_word_under_its_lock_it_has_seen() {
    for looks_first in [true, false] {
        let look = |words: &[AtomicUsize; 1], lock: &RawLock| {
            lock.lock().unwrap();
            let value = words[0].load_held();
            lock.unlock().unwrap();
            value
        };
        let [all, once] = both_ways::<1>(
            move |words, lock| {
                if !looks_first {
                    lock.is_held();
                }
                look(words, lock)
            },
            |words, lock| {
                lock.lock().unwrap();
                words[0].store(1, Site::LwpSetlockPublish);
                lock.unlock().unwrap();
            },
        );
        assert_eq!(all, (BTreeSet::from([0, 1]), 0));
        assert_eq!(once, all);
    }
}
