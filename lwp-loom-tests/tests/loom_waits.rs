//! Waits under loom: they ask first, and no execution is lost by them.
#![cfg(loom)]

mod loom_waits_support;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex};

use loom_waits_support::{Waits, one_at_a_time, program, search};
use lwp_core::site::Site;
use lwp_core::sync::model::Model;
use lwp_core::sync::{AtomicUsize, spawn, spin_while};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::{NO_EXECUTION, explore};
use lwp_loom_tests::job::{Limits, Verdict};

/// Explores what gives an outcome: what was found, and the outcomes.
fn explored<T: Ord + Send + 'static>(threads: usize, body: fn() -> T) -> (Exploration, BTreeSet<T>) {
    let model = Model { threads, uses_try_lock: false, looks_back: true, standstills_are_ends: false };
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = outcomes.clone();
    let body = move || {
        // An execution that is dropped unwinds.
        let outcome = body();
        seen.lock().unwrap().insert(outcome);
    };
    let _alone = one_at_a_time();
    let found = explore(&Limits::default(), model, body, |found| println!("{found:?}"));
    let outcomes = std::mem::take(&mut *outcomes.lock().unwrap());
    (found, outcomes)
}

fn look(word: &AtomicUsize) -> usize {
    word.load(Site::LwpLockRelook)
}

fn set(word: &AtomicUsize) {
    word.store(1, Site::LwpSetlockPublish);
}

type Words = Arc<[AtomicUsize; 3]>;

fn words() -> Words {
    Arc::new([const { 0 }; 3].map(AtomicUsize::new))
}

/// Load, then store; the other way round in a thread that waits first.
fn crossed(words: Words, waits: impl Fn(&AtomicUsize) + 'static) -> (usize, usize) {
    let theirs = words.clone();
    let other = spawn(move || {
        waits(&theirs[2]);
        let a = look(&theirs[0]);
        set(&theirs[1]);
        a
    });
    let b = look(&words[1]);
    set(&words[0]);
    (other.join().unwrap(), b)
}

/// Each before the other, and side by side. (That each sees the other's store is load buffering, which release and
/// acquire forbid.)
fn three() -> BTreeSet<(usize, usize)> {
    BTreeSet::from([(0, 0), (1, 0), (0, 1)])
}

// A wait that lets others run before it has looked ends the search where it began.
#[test]
fn a_wait_for_nothing_before_any_look_loses_no_execution() {
    let (found, outcomes) = explored(2, || crossed(words(), |_| spin_while(|| false)));
    assert_eq!((found.verdict, outcomes), (Verdict::Complete, three()), "{found:?}");
    assert_eq!(found.distinct, 3, "{found:?}");
}

#[test]
fn a_wait_while_a_flag_is_set_that_is_not_before_any_look_loses_no_execution() {
    let (found, outcomes) = explored(2, || crossed(words(), |flag| spin_while(|| look(flag) != 0)));
    assert_eq!((found.verdict, outcomes), (Verdict::Complete, three()), "{found:?}");
    assert_eq!(found.distinct, 3, "{found:?}");
}

// The waiter runs first wherever loom prefers it, looks, and leaves: the others' order must not be lost with it.
#[test]
fn a_wait_for_a_third_threads_flag_before_any_look_loses_no_execution() {
    let (found, outcomes) = explored(3, || {
        let words = words();
        let third = words.clone();
        let third = spawn(move || set(&third[2]));
        let outcome = crossed(words, |flag| spin_while(|| look(flag) == 0));
        third.join().unwrap();
        outcome
    });
    assert_eq!((found.verdict, outcomes), (Verdict::Complete, three()), "{found:?}");
    assert_eq!(found.distinct, 3, "{found:?}");
}

// The wait is the inner loop: it does not know that the outer one takes it up again.
#[test]
fn a_lock_of_two_nested_loops_is_passed_in_two_orders() {
    let (found, outcomes) = explored(2, || {
        let lock = Arc::new(AtomicUsize::new(0));
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (its_lock, its_passed) = (lock.clone(), passed.clone());
        let section = |lock: &AtomicUsize, passed: &Mutex<Vec<usize>>, me| {
            loop {
                spin_while(|| look(lock) != 0);
                if lock.compare_exchange(0, 1, Site::SpinEnter) {
                    break;
                }
            }
            passed.lock().unwrap().push(me);
            lock.store(0, Site::SpinExit);
        };
        let other = spawn(move || section(&its_lock, &its_passed, 2));
        section(&lock, &passed, 1);
        other.join().unwrap();
        passed.lock().unwrap().clone()
    });
    assert_eq!((found.verdict, outcomes), (Verdict::Complete, [vec![1, 2], vec![2, 1]].into()), "{found:?}");
    // In each order the second looked before the first had the lock and found it free again, or found it taken and looked
    // again; or it looked once the lock was free again.
    assert_eq!(found.distinct, 6, "{found:?}");
}

/// Explores a program with a livelock: how it fails.
fn fails(threads: usize, body: fn()) -> String {
    let model = Model { threads, uses_try_lock: false, looks_back: true, standstills_are_ends: false };
    let failure = Arc::new(Mutex::new(None));
    let told = failure.clone();
    let on_failure = move |found: Exploration| {
        told.lock().unwrap().get_or_insert((found.verdict, found.message.unwrap_or_default()));
    };
    let _alone = one_at_a_time();
    let explored = catch_unwind(|| explore(&Limits::default(), model, body, on_failure));
    assert!(explored.is_err(), "{explored:?}");
    let (verdict, message) = failure.lock().unwrap().take().expect("who panics says so");
    assert_eq!(verdict, Verdict::Failed, "{message}");
    message
}

fn is_a_livelock(message: &str) {
    for words in ["livelock: nobody can go on: thread 2 waits", "(at lwp-loom-tests/tests/loom_waits.rs:"] {
        assert!(message.contains(words), "{message}");
    }
}

// loom lets a thread that spins go on for ever, and its limit on branch points names neither thread nor place.
#[test]
fn a_wait_that_nothing_ends_is_a_livelock_with_a_thread_and_a_place() {
    let message = fails(2, || {
        let words = words();
        let theirs = words.clone();
        let other = spawn(move || spin_while(|| look(&theirs[0]) == 0));
        set(&words[1]);
        other.join().unwrap();
    });
    is_a_livelock(&message);
}

// It shows only where the waiter looks before or after, and not in between.
#[test]
fn a_word_that_is_set_and_cleared_between_two_looks_is_a_livelock() {
    let message = fails(2, || {
        let words = words();
        let theirs = words.clone();
        let other = spawn(move || spin_while(|| look(&theirs[0]) == 0));
        set(&words[0]);
        words[0].store(0, Site::LwpSetlockPublish);
        other.join().unwrap();
    });
    is_a_livelock(&message);
}

// Two that wait for each other look in turns, and neither is the last to rest.
#[test]
fn two_threads_that_wait_for_each_other_are_an_end_where_standstills_are() {
    let model = Model { threads: 2, uses_try_lock: false, looks_back: true, standstills_are_ends: true };
    let body = || {
        let words = words();
        let theirs = words.clone();
        let other = spawn(move || {
            spin_while(|| look(&theirs[0]) == 0);
            set(&theirs[1]);
        });
        spin_while(|| look(&words[1]) == 0);
        set(&words[0]);
        other.join().unwrap();
    };
    let _alone = one_at_a_time();
    let found = explore(&Limits::default(), model, body, |found| println!("{found:?}"));
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 1), "{found:?}");
    assert_eq!(found.standstills, found.executions, "{found:?}");
}

// Two have looked twice in vain, between a change that lets a third go on and the change that it makes for them.
#[test]
fn who_looked_twice_in_vain_is_not_stuck_once_a_word_has_changed() {
    let model = Model { threads: 4, uses_try_lock: false, looks_back: true, standstills_are_ends: true };
    let body = || {
        let words = words();
        let waits_for = |word: usize, value| spin_while(|| look(&words[word]) != value);
        let theirs = words.clone();
        // It has waited more often than the two, so loom lets them look first.
        let third = spawn(move || {
            for n in 1..4 {
                spin_while(|| look(&theirs[0]) != n);
                theirs[1].store(n, Site::LwpSetlockPublish);
            }
            set(&theirs[2]);
        });
        for n in 1..3 {
            words[0].store(n, Site::LwpSetlockPublish);
            waits_for(1, n);
        }
        let two = [words.clone(), words.clone()].map(|w| spawn(move || spin_while(|| look(&w[2]) == 0)));
        words[0].store(3, Site::LwpSetlockPublish);
        third.join().unwrap();
        two.into_iter().for_each(|one| one.join().unwrap());
    };
    let _alone = one_at_a_time();
    let found = explore(&Limits::default(), model, body, |found| println!("{found:?}"));
    assert_eq!((found.verdict, found.standstills), (Verdict::Complete, 0), "{found:?}");
}

// A condition must say the same where it sees the same. This one does not, so the only execution there is is left for
// another that never comes.
#[test]
fn a_search_that_leaves_every_execution_for_another_is_not_complete() {
    let (found, _) = explored(1, || {
        let first = Cell::new(true);
        spin_while(|| first.replace(false));
    });
    assert_eq!((found.distinct, found.verdict), (0, Verdict::Bounded), "{found:?}");
    assert_eq!(found.bound.as_deref(), Some(NO_EXECUTION));
}

// What a wait leaves out must be covered by another execution, whatever comes before it and after it.
#[test]
fn a_wait_ends_wherever_a_turn_of_its_loop_would_end_it() {
    let (mut compared, mut ended, mut several, mut outcomes) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for seed in 0..500 {
        let program = program(seed);
        let turns = search(&program, Waits::OneTurn, 5_000);
        if turns.exploration.verdict != Verdict::Complete {
            continue;
        }
        let steps = search(&program, Waits::Steps, 5_000);
        compared += 1;
        ended += usize::from(!turns.outcomes.is_empty());
        outcomes += turns.outcomes.len();
        several += usize::from(turns.outcomes.len() > 1);
        let verdict = steps.exploration.verdict;
        if (verdict, &steps.outcomes) != (Verdict::Complete, &turns.outcomes) {
            println!("seed {seed}, {program:?}: {verdict:?}");
            println!("  {:?} and not {:?}", steps.outcomes, turns.outcomes);
            wrong.push(seed);
        }
    }
    println!("{compared} programs, {ended} of which can end, {several} in several ways, {outcomes} in all");
    assert_eq!(wrong, [0; 0]);
    assert!(
        compared > 450 && several > 120,
        "only {compared} programs, {several} of which end in several ways"
    );
}
