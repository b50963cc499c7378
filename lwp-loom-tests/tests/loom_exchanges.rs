//! Exchanges under loom: each reads all that C11 lets it read, and nothing is shown that C11 forbids.
#![cfg(loom)]

mod loom_exchanges_support;

use std::collections::BTreeSet;

use Op::{Exchange, Load, Store};
use Order::{Acquire, Relaxed, Release};
use loom_exchanges_support::{Op, Order, Outcome, program, rc11, sequential, shown};
use lwp_loom_tests::engine::loom::NO_EARLIER_EXCHANGE;
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::reach;

const X: usize = 0;
const Y: usize = 1;

/// What a complete search shows.
fn outcomes(program: &[&[Op]]) -> BTreeSet<Outcome> {
    let program = program.iter().map(|ops| ops.to_vec()).collect();
    let (found, outcomes) = shown(&program, true, 10_000);
    assert_eq!(found.verdict, Verdict::Complete, "{found:?}");
    assert_eq!(outcomes, rc11::outcomes(&program));
    outcomes
}

/// Outcomes of two threads: what the one saw and the other, and the first word in the end.
fn of_two(program: [&[Op]; 2]) -> BTreeSet<(Vec<usize>, Vec<usize>, usize)> {
    let tuple = |(saw, words): Outcome| (saw[0].clone(), saw[1].clone(), words[X]);
    outcomes(&program).into_iter().map(tuple).collect()
}

// An exchange that takes the newest store in the order of execution and no other loses the first three.
#[test]
fn two_exchanges_beside_a_store_may_both_succeed_and_leave_the_store() {
    let found = of_two([&[Store(X, 1, Relaxed), Exchange(X, 1, 2, Relaxed)], &[Exchange(X, 0, 3, Relaxed)]]);
    assert!(found.contains(&(vec![1], vec![1], 2)), "{found:?}");
}

#[test]
fn two_exchanges_in_a_row_may_both_succeed_beside_a_store() {
    let found = of_two([&[Exchange(X, 0, 3, Relaxed), Exchange(X, 1, 1, Relaxed)], &[Store(X, 1, Relaxed)]]);
    assert!(found.contains(&(vec![1, 1], vec![], 1)), "{found:?}");
}

#[test]
fn an_exchange_may_find_another_threads_store_before_its_own() {
    let found = of_two([&[Store(X, 1, Relaxed)], &[Store(X, 2, Relaxed), Exchange(X, 1, 3, Relaxed)]]);
    assert!(found.contains(&(vec![], vec![1], 3)), "{found:?}");
}

// loom lets the store come between what the exchange reads and what it writes.
#[test]
fn nothing_comes_between_what_an_exchange_reads_and_what_it_writes() {
    let found = of_two([&[Store(X, 1, Relaxed)], &[Exchange(X, 0, 3, Relaxed)]]);
    assert_eq!(found, BTreeSet::from([(vec![], vec![1], 1), (vec![], vec![0], 1)]));
}

// loom forgets that what comes before one store comes before those after it.
#[test]
fn a_store_that_another_follows_is_never_the_last() {
    let found =
        of_two([&[Store(X, 3, Relaxed), Store(X, 1, Relaxed)], &[Store(X, 2, Relaxed), Load(X, Relaxed)]]);
    assert!(found.iter().all(|(_, _, x)| *x != 3), "{found:?}");
    assert!(found.contains(&(vec![], vec![3], 1)), "{found:?}");
}

// Message passing: nothing orders the look behind the flag, and an exchange that fails is a look.
#[test]
fn an_exchange_that_fails_may_see_an_old_store() {
    let writer = [Store(X, 1, Relaxed), Store(Y, 1, Relaxed)];
    let found = of_two([&writer, &[Load(Y, Relaxed), Exchange(X, 1, 2, Relaxed)]]);
    assert!(found.contains(&(vec![], vec![1, 0], 1)), "{found:?}");
    let writer = [Store(X, 1, Relaxed), Store(Y, 1, Release)];
    let found = of_two([&writer, &[Load(Y, Acquire), Exchange(X, 1, 2, Relaxed)]]);
    assert!(!found.contains(&(vec![], vec![1, 0], 1)), "{found:?}");
}

// It goes in front of a store that it has come after: no order of execution has it there.
#[test]
fn an_exchange_that_succeeds_may_see_an_old_store() {
    let writer = [Store(X, 1, Relaxed), Store(Y, 1, Relaxed)];
    let found = of_two([&writer, &[Load(Y, Relaxed), Exchange(X, 0, 2, Relaxed)]]);
    assert!(found.contains(&(vec![], vec![1, 1], 1)), "{found:?}");
}

/// How many programs were compared, and how many of them.
#[derive(Debug, Default)]
struct Compared {
    programs: usize,
    /// Have outcomes that sequential consistency does not have.
    weak: usize,
    /// Have an exchange that loom cannot put where it may go.
    bounded: usize,
    /// Took more executions than were allowed.
    cut_short: usize,
    executions: u64,
}

/// Compares random programs of so many threads with at most so many operations each.
fn compare(programs: u64, threads: usize, at_most: usize, looks_back: bool) -> Compared {
    let (mut compared, mut wrong) = (Compared::default(), Vec::new());
    for seed in 0..programs {
        let program = program(seed, threads, at_most);
        let (found, shown) = shown(&program, looks_back, 3_000);
        compared.programs += 1;
        compared.executions += found.executions;
        let (sequential, allowed) = (sequential::outcomes(&program), rc11::outcomes(&program));
        assert!(sequential.is_subset(&allowed), "the graphs of {program:?} lack an interleaving");
        compared.weak += usize::from(allowed.len() > sequential.len());
        // What looking back may miss is missed in none of these.
        let looks_back = reach::looking_back();
        let bounds: BTreeSet<&str> = found.bound.iter().flat_map(|bound| bound.split(", ")).collect();
        let bounds: Vec<&str> = bounds.into_iter().filter(|bound| *bound != looks_back).collect();
        let is_right = match (found.verdict, &bounds[..]) {
            (Verdict::Complete | Verdict::Bounded, []) => shown == allowed,
            (Verdict::Bounded, [NO_EARLIER_EXCHANGE]) => {
                compared.bounded += 1;
                shown.is_subset(&allowed) && sequential.is_subset(&shown)
            }
            (Verdict::Bounded, ["3000 executions"]) => {
                compared.cut_short += 1;
                shown.is_subset(&allowed)
            }
            _ => false,
        };
        if !is_right {
            println!("seed {seed}, {program:?}: {:?}, {:?}", found.verdict, found.bound);
            println!("  lacks {:?}", allowed.difference(&shown).collect::<Vec<_>>());
            println!("  of which sequential {:?}", sequential.difference(&shown).collect::<Vec<_>>());
            println!("  has beyond {:?}", shown.difference(&allowed).collect::<Vec<_>>());
            wrong.push(seed);
        }
    }
    println!("{compared:?}");
    assert_eq!(wrong, [0; 0], "of {threads} threads");
    compared
}

#[test]
fn what_is_shown_of_two_threads_is_what_rc11_allows() {
    let compared = compare(2_000, 2, 3, true);
    assert!(compared.weak >= 20 && compared.bounded <= 100 && compared.cut_short == 0, "{compared:?}");
}

#[test]
fn what_is_shown_of_three_threads_is_what_rc11_allows() {
    let compared = compare(1_000, 3, 2, true);
    assert!(compared.weak >= 10 && compared.bounded <= 100 && compared.cut_short == 0, "{compared:?}");
}

// loom's own assertion failed in programs as long as these. The search does not look back: see below.
#[test]
fn what_is_shown_of_three_longer_threads_is_what_rc11_allows() {
    let compared = compare(40, 3, 3, false);
    assert!(compared.cut_short <= 30, "{compared:?}");
}

// A limit that nothing mends yet: what is left out where a state was reached before may have been due to a race with what
// came before that state on this way and not on the other. Three threads, two looks and an exchange show it.
#[test]
fn a_search_that_looks_back_where_three_threads_exchange_is_bounded_and_loses_an_outcome() {
    let program = vec![
        vec![Store(X, 2, Relaxed), Load(X, Relaxed), Load(X, Relaxed)],
        vec![Load(Y, Relaxed), Store(Y, 1, Relaxed)],
        vec![Load(Y, Relaxed), Exchange(X, 2, 1, Relaxed)],
    ];
    let allowed = rc11::outcomes(&program);
    let lost = (vec![vec![1, 1], vec![0], vec![1, 1]], vec![1, 1]);
    assert!(allowed.contains(&lost));
    assert_eq!(shown(&program, false, 10_000).1, allowed);
    let (found, back) = shown(&program, true, 10_000);
    assert!(!back.contains(&lost), "the limit is gone: say so in docs/checking.md");
    assert_eq!((found.verdict, found.bound), (Verdict::Bounded, Some(reach::looking_back())));
}
