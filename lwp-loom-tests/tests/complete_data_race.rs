//! The race detector against the definition of a data race: of random programs every execution is written down by its threads,
//! and what happens before what is worked out from that by brute force. A detector with a mistake in it is caught.
#![cfg(shuttle)]

mod complete_race_support;

use std::collections::BTreeSet;
use std::ops::Range;

use complete_race_support::{Executions, Program, body, program};
use lwp_loom_tests::engine::complete::{Options, Oversight, explore_plainly, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};

/// A program with more schedules than this is left out.
const SCHEDULES: u64 = 600;

fn options(oversight: Oversight) -> Options {
    let limits = Limits { executions: Some(SCHEDULES), ..Limits::default() };
    Options { limits, standstills_are_outcomes: true, every_way: true, oversight, ..Options::default() }
}

/// Every schedule of a program, under a detector with this mistake.
struct Judged {
    /// Executions that went wrong, by the definition.
    wrong: u64,
    /// What the detector is wrong about: executions that go wrong and come to an end, or that fail and do not go wrong.
    differences: u64,
}

/// Judges every schedule of a program, if there are not too many.
fn judged(program: &Program, oversight: Oversight) -> Option<Judged> {
    let executions = Executions::default();
    let (found, _) = explore_plainly("races", &options(oversight), body(program.clone(), executions.clone()));
    if found.verdict == Verdict::Bounded {
        return None;
    }
    let executions = executions.lock().unwrap();
    assert_eq!(executions.len() as u64, found.executions);
    let count = |ended, wrong| {
        let such = executions.iter().filter(|e| e.ended == ended && e.goes_wrong() == wrong);
        such.count() as u64
    };
    // Of those that neither end nor go wrong, each is one in which nobody can go on.
    let (missed, misjudged) = (count(true, true), count(false, false).abs_diff(found.standstills));
    Some(Judged { wrong: missed + count(false, true), differences: missed + misjudged })
}

fn programs(seeds: Range<u64>) -> impl Iterator<Item = (u64, Program, Judged)> {
    seeds.filter_map(|seed| {
        let program = program(seed);
        let judged = judged(&program, Oversight::None)?;
        Some((seed, program, judged))
    })
}

// A race that is missed is a failure that no execution shows; one that is none fails a program that is right.
#[test]
fn the_detector_reports_each_execution_with_a_race_and_no_other() {
    let (mut compared, mut racy) = (0, 0);
    for (seed, program, Judged { wrong, differences }) in programs(0..600) {
        assert_eq!(differences, 0, "seed {seed}, {program:?}");
        compared += 1;
        racy += u64::from(wrong > 0);
    }
    println!("{compared} programs, {racy} of them with a race");
    assert!(compared > 300 && racy > 100 && compared - racy > 100, "{compared} {racy}");
}

// A search that leaves executions out may leave out each one with a race; one that enters no state twice has to find out which
// accesses of what it leaves out race with what it does not.
#[test]
fn a_search_fails_where_an_execution_of_its_program_has_a_race() {
    let (mut failed, mut passed) = (0, 0);
    for (seed, program, _) in programs(600..1000) {
        let all = Executions::default();
        // What a race would hide of the executions that it ends is part of them here.
        let blind = options(Oversight::Everything);
        let (plain, _) = explore_plainly("races", &blind, body(program.clone(), all.clone()));
        if plain.verdict == Verdict::Bounded {
            continue;
        }
        let wrong = all.lock().unwrap().iter().any(|execution| execution.goes_wrong());
        for states in [None, Some(10_000)] {
            let options = Options { standstills_are_outcomes: true, states, ..Options::default() };
            let (found, _) = explore_with("races", &options, body(program.clone(), Executions::default()));
            let expected = if wrong { Verdict::Failed } else { Verdict::Complete };
            assert_eq!(found.verdict, expected, "seed {seed}, {states:?}, {program:?}: {:?}", found.message);
        }
        if wrong { failed += 1 } else { passed += 1 }
    }
    println!("{failed} programs with a race and {passed} without");
    assert!(failed > 50 && passed > 100, "{failed} {passed}");
}

/// A mistake that one program alone notices, the next change may hide.
const SEVERAL: usize = 3;

#[test]
fn a_detector_with_a_mistake_is_caught_by_several_programs() {
    let (mut weak, mut large) = (Vec::new(), BTreeSet::new());
    for oversight in Oversight::ALL {
        let mut caught = Vec::new();
        let mut seeds = 0..4000;
        while caught.len() < SEVERAL
            && let Some(seed) = seeds.by_ref().find(|seed| !large.contains(seed))
        {
            match judged(&program(seed), oversight) {
                Some(judged) => caught.extend((judged.differences > 0).then_some(seed)),
                None => _ = large.insert(seed),
            }
        }
        println!("{oversight:?} is caught by the programs {caught:?}");
        weak.extend((caught.len() < SEVERAL).then_some(oversight));
    }
    assert!(weak.is_empty(), "too few programs catch {weak:?}");
}
