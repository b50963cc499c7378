//! One search on several workers finds what it finds on one, to the last number: the parts into which it is divided, who
//! explores them, and in which order, make no difference. A mistake in putting the parts together is noticed.
#![cfg(shuttle)]

mod complete_support;

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use complete_support::{Outcomes, Program, Waits, body, program, sections};
use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, RawLock, spawn};
use lwp_loom_tests::cores::Cores;
use lwp_loom_tests::engine::complete::{Handing, Options, Slip, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};

/// All that a search says, but for the time that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    verdict: Verdict,
    message: Option<String>,
    schedule: Option<String>,
    executions: u64,
    distinct: u64,
    blocked: u64,
    steps: u64,
    standstills: u64,
    bound: Option<String>,
    traces: HashSet<u64>,
    repeated: u64,
    outcomes: BTreeSet<String>,
}

/// How a search is shared.
#[derive(Clone, Copy, Debug)]
struct Shared {
    workers: usize,
    handing: Handing,
    slip: Slip,
}

/// One worker, which shares with no other.
const ALONE: Shared = Shared { workers: 1, handing: Handing::WhenAsked, slip: Slip::None };

/// Every way to share that the tests compare: with parts as small as they can be, and explored out of order.
fn ways(slip: Slip) -> impl Iterator<Item = Shared> {
    let ways = [
        (1, Handing::Always),
        (1, Handing::LastFirst),
        (2, Handing::WhenAsked),
        (2, Handing::Always),
        (3, Handing::LastFirst),
        (4, Handing::Always),
    ];
    ways.into_iter().map(move |(workers, handing)| Shared { workers, handing, slip })
}

fn options(Shared { workers, handing, slip }: Shared) -> Options {
    Options { cores: Cores::new(workers), handing, slip, traces: true, ..Options::default() }
}

fn found(options: &Options, outcomes: &Outcomes, body: impl Fn() + Send + Sync + 'static) -> Found {
    let (found, traces) = explore_with("shared", options, body);
    Found {
        verdict: found.verdict,
        message: found.message,
        schedule: found.schedule,
        executions: found.executions,
        distinct: found.distinct,
        blocked: found.blocked,
        steps: found.steps,
        standstills: found.standstills,
        bound: found.bound,
        traces: traces.hashes,
        repeated: traces.repeated,
        // What is explored behind a failure does not count, but it may have been explored.
        outcomes: if found.verdict == Verdict::Failed {
            BTreeSet::new()
        } else {
            outcomes.lock().unwrap().clone()
        },
    }
}

fn finds(program: &Program, shared: Shared, standstills_are_outcomes: bool) -> Found {
    let outcomes = Outcomes::default();
    let options = Options { standstills_are_outcomes, ..options(shared) };
    found(&options, &outcomes, body(program.clone(), Waits::Steps, outcomes.clone()))
}

/// The program, of which an execution fails where its outcome is one of those that the number stands for.
fn fails_now_and_then(program: Program, number: u64) -> impl Fn() + Send + Sync + 'static {
    move || {
        let outcome = Outcomes::default();
        body(program.clone(), Waits::Steps, outcome.clone())();
        let mut hasher = DefaultHasher::new();
        (number, &*outcome.lock().unwrap()).hash(&mut hasher);
        assert!(!hasher.finish().is_multiple_of(3), "{:?} fails", outcome.lock().unwrap());
    }
}

/// A search, which can be shared in any way.
type Search = Box<dyn Fn(Shared) -> Found>;

/// Searches that are neither trivial nor long, of generated programs, with what one worker finds.
fn searches(seeds: Range<u64>, most: u64) -> impl Iterator<Item = (String, Found, Search)> {
    let all = seeds.map(|seed| {
        let program = program(seed);
        let search: Search = Box::new(move |shared| finds(&program, shared, true));
        (format!("seed {seed}"), search)
    });
    alone(all, move |found| (2..most).contains(&found.executions))
}

/// Searches that end with a failure, but for those that fail at once.
fn failing_searches(seeds: Range<u64>, most: u64) -> impl Iterator<Item = (String, Found, Search)> {
    let all = seeds.flat_map(|seed| {
        let (stands_still, now_and_then) = (program(seed), program(seed));
        let stands_still: Search = Box::new(move |shared| finds(&stands_still, shared, false));
        let now_and_then: Search = Box::new(move |shared| {
            let options = Options { standstills_are_outcomes: true, ..options(shared) };
            found(&options, &Outcomes::default(), fails_now_and_then(now_and_then.clone(), seed))
        });
        [
            (format!("seed {seed}, standstills"), stands_still),
            (format!("seed {seed}, outcomes"), now_and_then),
        ]
    });
    alone(all, move |found| found.verdict == Verdict::Failed && (2..most).contains(&found.executions))
}

/// Searches of programs with more threads: only there it matters which request comes first.
fn larger_searches(seeds: Range<u64>) -> impl Iterator<Item = (String, Found, Search)> {
    let all = seeds.filter_map(|seed| {
        let program = [program(2 * seed), program(2 * seed + 1)].concat();
        let limits = Limits { executions: Some(2_000), ..Limits::default() };
        let small = Options { limits, standstills_are_outcomes: true, ..options(ALONE) };
        let tried = explore_with("shared", &small, body(program.clone(), Waits::Steps, Outcomes::default()));
        let search: Search = Box::new(move |shared| finds(&program, shared, true));
        (tried.0.verdict == Verdict::Complete).then_some((format!("larger seed {seed}"), search))
    });
    alone(all, move |found| found.executions > 100)
}

fn alone(
    searches: impl Iterator<Item = (String, Search)>,
    wanted: impl Fn(&Found) -> bool,
) -> impl Iterator<Item = (String, Found, Search)> {
    searches.filter_map(move |(name, search)| {
        let found = search(ALONE);
        wanted(&found).then_some((name, found, search))
    })
}

/// Holds every way to share against one worker alone, and gives how many searches that were.
fn compare(searches: impl Iterator<Item = (String, Found, Search)>) -> usize {
    let mut compared = 0;
    for (name, alone, search) in searches {
        for shared in ways(Slip::None) {
            assert_eq!(search(shared), alone, "{name}, {shared:?}");
        }
        compared += 1;
    }
    println!("{compared} searches");
    compared
}

// Which threads a node explores, and what sleeps below them, could depend on what was done first.
#[test]
fn any_number_of_workers_finds_the_same_whatever_the_parts() {
    let complete = |(_, alone, _): &(String, Found, Search)| {
        assert_eq!((alone.verdict, alone.repeated), (Verdict::Complete, 0));
    };
    let compared = compare(searches(0..500, 500).chain(larger_searches(0..200)).inspect(complete));
    assert!(compared > 250, "only {compared}");
}

// Of several executions that fail another one could be reported, and other counts.
#[test]
fn any_number_of_workers_reports_the_failure_that_one_worker_meets_first() {
    let compared = compare(failing_searches(0..500, 500));
    assert!(compared > 50, "only {compared}");
}

/// Two threads pass two words by each other; they see different things in different executions, and say which.
fn fails_in_many_ways() {
    let words = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), RawLock::new()));
    let theirs = words.clone();
    let other = spawn(move || {
        for n in 1..=3 {
            theirs.0.store(n, Site::LwpSetlockPublish);
            let seen = theirs.1.load(Site::LwpLockRelook);
            assert!(seen < 2, "the other thread saw {seen} after {n}");
        }
    });
    for n in 1..=3 {
        words.1.store(n, Site::LwpSetlockPublish);
        let seen = words.0.load(Site::LwpLockRelook);
        assert!(seen < 3 || n > 1, "the first thread saw {seen} after {n}");
        words.2.lock().unwrap();
        words.2.unlock().unwrap();
    }
    other.join().unwrap();
}

#[test]
fn of_many_failures_any_number_of_workers_reports_the_same_with_its_replay_string() {
    let outcomes = Outcomes::default();
    let alone = found(&options(ALONE), &outcomes, fails_in_many_ways);
    assert_eq!(alone.verdict, Verdict::Failed);
    assert!(alone.schedule.is_some());
    for shared in ways(Slip::None) {
        assert_eq!(found(&options(shared), &outcomes, fails_in_many_ways), alone, "{shared:?}");
    }
}

// A bound leaves out threads that would be explored, and each part has to say so for all.
#[test]
fn a_search_with_a_bound_on_preemptions_finds_the_same_on_any_number_of_workers() {
    let outcomes = Outcomes::default();
    for preemptions in 0..3 {
        let limits = Limits { preemptions: Some(preemptions), ..Limits::default() };
        let options = |shared| Options { limits: limits.clone(), ..options(shared) };
        let alone = found(&options(ALONE), &outcomes, sections(3, 2));
        assert_eq!(alone.verdict, Verdict::Bounded);
        for shared in ways(Slip::None) {
            assert_eq!(found(&options(shared), &outcomes, sections(3, 2)), alone, "{shared:?}");
        }
    }
}

#[test]
fn a_mistake_in_putting_the_parts_together_is_noticed() {
    let searches: Vec<_> =
        searches(0..200, 400).chain(failing_searches(0..300, 400)).chain(larger_searches(0..200)).collect();
    for slip in Slip::ALL {
        let notices =
            |(_, alone, search): &&(String, Found, Search)| ways(slip).any(|shared| search(shared) != *alone);
        let noticed = searches.iter().find(notices).map(|(name, ..)| name);
        println!("{slip:?} is noticed by {noticed:?}");
        assert!(noticed.is_some(), "{slip:?} is not noticed");
    }
}

// A part that is longer than the time there is could keep its worker, and the search, for ever.
#[test]
fn time_that_is_up_ends_all_workers() {
    let limits = Limits { seconds: Some(0.3), ..Limits::default() };
    let running = Arc::new(());
    let held = running.clone();
    let long = sections(4, 6);
    let options = Options { limits, cores: Cores::new(3), ..Options::default() };
    let started = Instant::now();
    let (found, _) = explore_with("shared", &options, move || {
        let _held = &held;
        long();
    });
    assert_eq!((found.verdict, found.bound.as_deref()), (Verdict::Bounded, Some("0.3 seconds")));
    assert!(found.executions > 100 && found.steps > found.executions, "{found:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(Arc::strong_count(&running), 1, "a worker still has the program");
}

// The worker that is lost never comes back; the others must not wait for it, nor it for them.
#[test]
fn a_thread_that_does_not_come_back_ends_all_workers() {
    let (gate, held) = (Arc::new(std::sync::Mutex::new(())), Arc::new(()));
    let (theirs, theirs_held) = (gate.clone(), held.clone());
    let long = sections(3, 4);
    let executions = std::sync::atomic::AtomicUsize::new(0);
    let closed = gate.lock().unwrap();
    let options =
        Options { cores: Cores::new(3), away: Some(Duration::from_millis(500)), ..Options::default() };
    let (found, _) = explore_with("shared", &options, move || {
        let _held = &theirs_held;
        long();
        // ORDERING: one execution gets the number, whichever.
        if executions.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1000 {
            drop(theirs.lock());
        }
    });
    assert!(found.message.is_some_and(|how| how.starts_with("nondeterministic")));
    drop(closed);
    let started = Instant::now();
    while Arc::strong_count(&held) > 1 {
        assert!(started.elapsed() < Duration::from_secs(10), "a worker goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

// A core that is lent to a search under way could change what it finds, or never be used.
#[test]
fn cores_that_are_lent_to_a_running_search_change_no_count() {
    let cores = Cores::new(1);
    let options = Options { cores: cores.clone(), ..Options::default() };
    let lender = std::thread::spawn(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(100));
            cores.lend(1);
        }
    });
    let (found, _) = explore_with("shared", &options, sections(3, 4));
    lender.join().unwrap();
    assert_eq!((found.verdict, found.distinct, found.blocked), (Verdict::Complete, 34_650, 0));
}
