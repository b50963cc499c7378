//! What a search cannot go through to its end is told as that, with thread, place and schedule; and a loop without an end is a
//! failure and no limit.
#![cfg(shuttle)]

mod complete_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use complete_support::condition::Condition;
use complete_support::{Op, Outcomes, Waits, body, program};
use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Cell, Parker, RawLock, choose, spawn};
use lwp_loom_tests::cores::Cores;
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::complete::{
    Flaw, Options, explore, explore_plainly, explore_random, explore_with, replay,
};
use lwp_loom_tests::job::{Limits, Verdict};

/// Steps enough to go round a loop of some steps a hundred times.
const STEPS: usize = 2_000;

fn short() -> Options {
    let limits = Limits { branches: Some(STEPS), executions: Some(500), ..Limits::default() };
    Options { limits, ..Options::default() }
}

fn is_0(word: &AtomicUsize) -> bool {
    word.load(Site::LwpLockRelook) == 0
}

/// A loop that no thread can end: the same failure in every mode, and once more from its replay string.
#[track_caller]
fn never_ends(body: impl Fn() + Clone + Send + Sync + 'static) -> String {
    let found = explore_with("loop", &short(), body.clone()).0;
    let message = found.message.clone().unwrap_or_default();
    println!("{message}\n  {:?}", found.schedule);
    assert_eq!(found.verdict, Verdict::Failed);
    assert!(message.starts_with("endless loop: "), "{message}");
    let schedule = found.schedule.clone().expect("a failure can be replayed");
    assert!(schedule.len() < 100, "{schedule}");
    // With the limit that there is by itself as well: the string says all.
    for options in [short(), Options::default()] {
        let again = replay("loop", &options, &schedule, body.clone()).unwrap();
        assert_eq!((&again.message, &again.schedule), (&found.message, &found.schedule));
    }
    let states = Options { states: Some(1_000), ..short() };
    let shared =
        Options { cores: Cores::new(2), limits: Limits { executions: None, ..short().limits }, ..short() };
    for options in [states, shared] {
        assert_eq!(explore_with("loop", &options, body.clone()).0.message, found.message);
    }
    for found in [
        explore_plainly("loop", &short(), body.clone()).0,
        explore_random("loop", &short(), 1, 10, body.clone()),
    ] {
        assert_eq!(found.verdict, Verdict::Failed, "{found:?}");
    }
    message
}

// It would pass for a program that is only too large.
#[test]
fn a_loop_that_no_other_thread_can_end_is_a_failure() {
    let message = never_ends(|| {
        let word = AtomicUsize::new(0);
        while is_0(&word) {}
    });
    assert!(message.contains("thread 1 goes round at"), "{message}");
    assert!(message.contains("complete_limits.rs"), "{message}");
    // Not one of its results ends it, and all that others could do is done.
    never_ends(|| {
        let lock = Arc::new(RawLock::new());
        let theirs = lock.clone();
        let other = spawn(move || {
            theirs.lock().unwrap();
            Parker::new().park();
        });
        while !lock.is_held() || !lock.try_lock() {}
        other.join().unwrap();
    });
}

#[test]
fn two_loops_each_of_which_waits_for_the_other_are_a_failure() {
    let message = never_ends(|| {
        let words = Arc::new([0, 1].map(AtomicUsize::new));
        let theirs = words.clone();
        let other = spawn(move || {
            while is_0(&theirs[0]) {}
            theirs[1].store(2, Site::LwpSetlockPublish);
        });
        while words[1].load(Site::LwpLockRelook) != 2 {}
        words[0].store(1, Site::LwpSetlockPublish);
        other.join().unwrap();
    });
    assert!(message.contains("thread 1 goes round at") && message.contains("thread 2 goes round at"));
}

/// A loop that only the schedule keeps from its end.
#[track_caller]
fn is_cut_short(body: impl Fn() + Clone + Send + Sync + 'static) -> Exploration {
    let found = explore_with("loop", &short(), body).0;
    assert_eq!(found.verdict, Verdict::Bounded, "{found:?}");
    assert_eq!(found.message, None);
    found
}

/// The replay string that a bound names.
fn schedule_of(bound: &str) -> &str {
    bound.split_once("replay ").and_then(|(_, rest)| rest.split_once(')')).expect("a replay string").0
}

#[test]
fn a_loop_that_another_thread_ends_is_bounded_with_thread_place_and_schedule() {
    let body = || {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let other = spawn(move || theirs.store(1, Site::LwpSetlockPublish));
        while is_0(&word) {}
        other.join().unwrap();
    };
    let bound = is_cut_short(body).bound.unwrap();
    println!("{bound}");
    assert!(
        bound.starts_with("2000 steps in an execution (first where thread 1 is about to load"),
        "{bound}"
    );
    assert!(bound.contains("complete_limits.rs:"), "{bound}");
    let again = replay("loop", &short(), schedule_of(&bound), body).unwrap();
    assert_eq!((again.verdict, again.bound.as_deref()), (Verdict::Bounded, Some(&*bound)));
}

// A thread that could not go on for long, and then could, has had no turn.
#[test]
fn a_loop_that_a_waiting_thread_ends_once_it_gets_its_turn_is_no_failure() {
    is_cut_short(|| {
        let shared = Arc::new((RawLock::new(), AtomicUsize::new(0)));
        let theirs = shared.clone();
        let other = spawn(move || {
            theirs.0.lock().unwrap();
            theirs.1.store(1, Site::LwpSetlockPublish);
            theirs.0.unlock().unwrap();
        });
        loop {
            shared.0.lock().unwrap();
            let ends = !is_0(&shared.1);
            shared.0.unlock().unwrap();
            if ends {
                break;
            }
        }
        other.join().unwrap();
    });
}

// Neither what a thread stores nor what is chosen need be the same for ever.
#[test]
fn a_loop_that_counts_or_chooses_is_no_failure() {
    is_cut_short(|| {
        let word = AtomicUsize::new(0);
        (1..).take_while(|&n| n < 10 * STEPS).for_each(|n| word.store(n, Site::LwpSetlockPublish));
    });
    is_cut_short(|| while choose(2) == 0 {});
}

fn threads(n: usize) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        let others: Vec<_> = (1..n).map(|_| spawn(|| ())).collect();
        others.into_iter().for_each(|other| other.join().unwrap());
    }
}

#[test]
fn more_threads_than_there_can_be_are_a_limit_with_a_verdict() {
    let most = explore("threads", &Limits::default(), threads(16));
    assert_eq!((most.verdict, most.distinct), (Verdict::Complete, 1));
    let shared = Options { cores: Cores::new(2), ..Options::default() };
    for options in [Options::default(), Options { states: Some(100), ..Options::default() }, shared] {
        let found = explore_with("threads", &options, threads(17)).0;
        let bound = found.bound.unwrap();
        assert_eq!(found.verdict, Verdict::Bounded);
        let start = "16 threads in an execution (first where thread 1 is about to start a thread at";
        assert!(bound.starts_with(start), "{bound}");
        assert!(bound.contains("complete_limits.rs:"), "{bound}");
        let again = replay("threads", &options, schedule_of(&bound), threads(17)).unwrap();
        assert_eq!((again.verdict, again.bound), (Verdict::Bounded, Some(bound)));
    }
    // A failure is none the less one.
    let found = explore("threads", &Limits::default(), || {
        assert_eq!(choose(2), 0, "of its own");
        threads(17)();
    });
    assert_eq!(found.verdict, Verdict::Failed);
}

fn panics_and_goes_on(panics: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
}

// A program may do with its panics what it likes.
#[test]
fn a_caught_panic_is_no_failure() {
    let found = explore("caught", &Limits::default(), || {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let other = spawn(move || {
            panics_and_goes_on(|| panic!("of its own"));
            theirs.store(1, Site::LwpSetlockPublish);
        });
        panics_and_goes_on(|| assert!(!is_0(&word) && is_0(&word), "of its own"));
        other.join().unwrap();
    });
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 2), "{found:?}");
}

struct Unlocks(Arc<RawLock>);

impl Drop for Unlocks {
    fn drop(&mut self) {
        self.0.unlock().unwrap();
    }
}

// No other thread can run while a panic unwinds one: what destructors do then is done at once, and in no other order.
#[test]
fn what_a_caught_panic_does_on_its_way_bounds_the_search() {
    let body = |ends: bool| {
        move || {
            let lock = Arc::new(RawLock::new());
            let theirs = lock.clone();
            let other = spawn(move || {
                panics_and_goes_on(|| {
                    theirs.lock().unwrap();
                    let _unlocks = Unlocks(theirs.clone());
                    panic!("of its own");
                });
                if !ends {
                    theirs.is_held();
                }
            });
            lock.is_held();
            other.join().unwrap();
        }
    };
    for ends in [false, true] {
        let found = explore("caught", &Limits::default(), body(ends));
        assert_eq!(found.verdict, Verdict::Bounded, "{found:?}");
        let bound = found.bound.unwrap();
        assert!(bound.starts_with("a caught panic that did something at "), "{bound}");
        assert!(bound.contains("complete_limits.rs:"), "{bound}");
    }
}

#[test]
fn a_panic_that_is_not_caught_is_its_own_failure_though_another_was() {
    let found = explore("caught", &Limits::default(), || {
        let cell = Cell::new(0);
        panics_and_goes_on(|| panic!("the first"));
        cell.with(|_| ());
        panic!("the second");
    });
    assert_eq!(found.verdict, Verdict::Failed);
    assert!(found.message.unwrap().contains("the second"));
}

// A search whose every execution gives way to another has lost the one that does not.
#[test]
fn no_search_is_complete_with_nothing_explored() {
    let (mut nothing, mut complete) = (0, 0);
    // What the first look of the wait has seen is not so any more when it is stuck, and that it could come later is overlooked.
    let never = Condition::Both(Box::new(Condition::Is(0, 0)), Box::new(Condition::Is(1, 2)));
    let late = vec![vec![Op::Store(0, 1)], vec![Op::Wait(never)]];
    let programs = (0..400).map(program).chain([late]);
    for (seed, (program, flaw)) in
        programs.flat_map(|p| [(p.clone(), Flaw::None), (p, Flaw::DroppedRace)]).enumerate()
    {
        let options = Options { standstills_are_outcomes: true, flaw, ..short() };
        let (found, _) =
            explore_with("generated", &options, body(program, Waits::Steps, Outcomes::default()));
        assert!(found.verdict != Verdict::Complete || found.distinct > 0, "seed {seed}: {found:?}");
        complete += u64::from(found.verdict == Verdict::Complete);
        if found.bound.as_deref() == Some("having brought no execution to its end") {
            assert_ne!(flaw, Flaw::None, "seed {seed}");
            nothing += 1;
        }
    }
    println!("{complete} searches are complete, {nothing} explored nothing");
    assert!(nothing > 0 && complete > 500, "{nothing} {complete}");
}
