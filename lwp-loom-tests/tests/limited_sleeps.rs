//! An LWP sleeps with a limit and then sleeps again, in every way: what ended the first sleep must not end the second one. The
//! suites have no sleep with a limit.
#![cfg(shuttle)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use lwp_core::fault::{self, Fault};
use lwp_core::netbsd::Revision;
use lwp_loom_tests::engine::complete::{self, Options};
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::litmus::text::parse;
use lwp_loom_tests::litmus::{Case, Variant};

/// How the LWP sleeps the second time.
const SECOND: [&str; 4] = ["park", "park-timed", "sleep", "sleep-sig"];
/// What another does to it, twice.
const BY_ANOTHER: [&str; 4] = ["kill a USR1", "wakeup a", "unpark a", "happen"];

/// The mistakes that are about a sleep's limit.
const MISTAKES: [&str; 6] = [
    "sleepq_block.callout-early",
    "sleepq_block.no-callout",
    "sleepq_block.no-callout_stop",
    "sleepq_block.no-test-before",
    "sleepq_timeout.no-callout-test",
    "sleepq_timeout.no-l_wchan-test",
];

fn cases() -> impl Iterator<Item = Case> {
    let twice = BY_ANOTHER.into_iter().flat_map(|one| BY_ANOTHER.map(|other| (one, other)));
    let texts = twice.flat_map(|(one, other)| {
        SECOND.map(|second| {
            format!(
                "lwp a {{ park-timed; userret; {second} }}\n\
                 lwp b {{ {one}; {other} }}\n\
                 outside {{ timeout a }}\n\
                 may hang\n"
            )
        })
    });
    texts.flat_map(|text| {
        let program = Arc::new(parse("limited", &text).unwrap_or_else(|wrong| panic!("{text}\n{wrong:?}")));
        // What sleeps have to do with limits is the same in both revisions.
        [Case::new(program, Revision::R1_69_2_6, Variant::Repaired, 2)]
    })
}

/// How a case fails, if only by what it does not come to any more.
fn failure(case: &Case) -> Option<String> {
    // What it has come to is kept by the case: each search has one of its own.
    let case = Case::new(case.litmus.clone(), case.revision, case.variant, case.cpus);
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let (body, seen) = (case.clone(), outcomes.clone());
    let options = Options { standstills_are_outcomes: case.may_hang(), ..Options::default() };
    let found = complete::explore_with(&case.name(), &options, move || {
        let outcome = body.run();
        seen.lock().unwrap().insert(outcome);
    });
    if found.0.verdict != Verdict::Complete {
        return Some(found.0.message.unwrap_or_default());
    }
    let reached: Vec<_> = outcomes.lock().unwrap().iter().cloned().chain(case.standstills()).collect();
    case.unreached(&reached).first().map(|lost| format!("no execution comes to `{lost}`"))
}

// One test: a fault is seeded into the whole process.
#[test]
fn a_limit_ends_its_own_sleep_and_each_mistake_about_it_is_noticed() {
    let cases: Vec<Case> = cases().collect();
    assert_eq!(cases.len(), 64);
    assert!(cases.iter().all(|case| case.reference().is_some()));
    for case in &cases {
        assert_eq!(failure(case), None, "{:?}", case.litmus.lines);
    }
    for mistake in MISTAKES {
        fault::seed(Some(Fault::parse(mistake).expect("there is such a fault")));
        assert!(cases.iter().any(|case| failure(case).is_some()), "{mistake} goes unnoticed");
        fault::seed(None);
    }
}
