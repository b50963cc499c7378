//! The complete search visits each distinct execution of a program with a known number of them exactly once.
#![cfg(shuttle)]

mod complete_support;

use complete_support::sections;
use lwp_loom_tests::cores::Cores;
use lwp_loom_tests::engine::complete::{Options, explore_with, explore_with_progress};
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
