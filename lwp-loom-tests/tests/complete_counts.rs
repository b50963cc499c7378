//! The complete search visits each distinct execution of a program with a known number of them exactly once.
#![cfg(shuttle)]

mod complete_support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use complete_support::sections;
use lwp_core::sync::{current, spawn};
use lwp_loom_tests::cores::Cores;
use lwp_loom_tests::engine::complete::{Options, explore_plainly, explore_with, explore_with_progress};
use lwp_loom_tests::job::Verdict;

#[test]
fn lock_litmus_programs_have_known_counts() {
    // (nk)! / (k!)^n
    let counts = [(2, 2, 6), (3, 1, 6), (3, 2, 90), (3, 3, 1680), (4, 1, 24), (4, 2, 2520)];
    for ((threads, k, expected), workers) in counts.into_iter().flat_map(|count| [(count, 1), (count, 2)]) {
        let options = Options { traces: true, cores: Cores::new(workers), ..Options::default() };
        let (exploration, traces) = explore_with("sections", &options, sections(threads, k));
        let name = format!("{threads}x{k} on {workers}");
        assert_eq!(exploration.verdict, Verdict::Complete, "{name}: {:?}", exploration.message);
        assert_eq!(exploration.executions - exploration.blocked, expected, "{name}");
        assert_eq!(traces.hashes.len() as u64, expected, "{name}: distinct");
        assert_eq!(traces.repeated, 0, "{name}: visited twice");
        assert_eq!(exploration.blocked, 0, "{name}: blocked");
    }
}

#[test]
fn a_running_search_says_how_far_it_is() {
    let mut seen = Vec::new();
    let found =
        explore_with_progress("sections", &Options::default(), sections(3, 4), &mut |p| seen.push(*p));
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 34_650));
    assert!(seen.is_sorted_by_key(|p| p.executions));
    assert!(seen.iter().all(|p| p.executions <= found.executions && p.blocked <= p.executions));
}

/// `n` threads that each start one that does nothing.
fn parents(n: usize) -> impl Fn() + Send + Sync + 'static {
    move || {
        let parents: Vec<_> = (0..n).map(|_| spawn(|| spawn(|| ()).join().unwrap())).collect();
        parents.into_iter().for_each(|parent| parent.join().unwrap());
    }
}

// Whose thread comes first can be told by nothing but its number, if that says so.
#[test]
fn threads_that_are_started_by_different_threads_commute() {
    for n in 1..5 {
        let options = Options { traces: true, ..Options::default() };
        let (found, traces) = explore_with("parents", &options, parents(n));
        let seen = (found.verdict, found.executions, found.distinct, traces.repeated);
        assert_eq!(seen, (Verdict::Complete, 1, 1, 0), "{n}");
    }
    let (all, traces) =
        explore_plainly("parents", &Options { traces: true, ..Options::default() }, parents(2));
    assert_eq!((all.verdict, traces.hashes.len()), (Verdict::Complete, 1));
    assert!(all.executions > 10, "{}", all.executions);
}

// What a program sees of its threads' numbers would else depend on an order that is not explored.
#[test]
fn a_thread_has_the_same_number_in_all_schedules() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let numbers = seen.clone();
    let body = move || {
        let number = || current().get();
        let parents = [(); 2].map(|()| spawn(move || (number(), spawn(number).join().unwrap())));
        let parents = parents.map(|parent| parent.join().unwrap());
        numbers.lock().unwrap().insert(parents);
    };
    let found = explore_plainly("numbers", &Options::default(), body).0;
    assert!(found.verdict == Verdict::Complete && found.executions > 10, "{found:?}");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let different: BTreeSet<usize> = seen.iter().flatten().flat_map(|&(one, other)| [one, other]).collect();
    assert_eq!(different.len(), 4, "{seen:?}");
}
