//! Each kind of failure is reported with its right name and a replay string, and replay reproduces it at the first
//! execution; strings that are not this program's are refused with the reason.
#![cfg(shuttle)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lwp_core::locks::Locks;
use lwp_core::mutex::Class;
use lwp_core::site::Site;
use lwp_core::sync::model::Allocation;
use lwp_core::sync::{AtomicUsize, Cell, Parker, RawLock, choose, spawn, spin_while};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::complete::{
    Options, ReplayError, explore, explore_pct, explore_random, explore_with, replay,
};
use lwp_loom_tests::job::{Limits, Verdict};

struct Shared<T>(T);

// SAFETY: the engine runs one thread at a time, and the cells in it are what the engine is to check.
unsafe impl<T> Sync for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Shared<T> {}

/// Explores a program that is to fail, and replays its failure.
#[track_caller]
fn fails(name: &str, body: impl Fn() + Clone + Send + Sync + 'static) -> Exploration {
    let found = explore("seeded", &Limits::default(), body.clone());
    let message = found.message.clone().unwrap_or_default();
    println!(
        "{message}\n  {} after {} executions",
        found.schedule.clone().unwrap_or_default(),
        found.executions
    );
    assert_eq!(found.verdict, Verdict::Failed);
    assert!(message.starts_with(&format!("{name}: ")), "{message} is not a {name}");
    let schedule = found.schedule.as_deref().expect("a failure can be replayed");
    let again = replay("seeded", &Options::default(), schedule, body).expect("the string is this program's");
    assert_eq!(
        (again.message, again.schedule, again.executions),
        (found.message.clone(), found.schedule.clone(), 1)
    );
    found
}

#[track_caller]
fn says(found: &Exploration, parts: &[&str]) {
    let message = found.message.as_deref().unwrap_or_default();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn deadlock() {
    let found = fails("deadlock", || {
        let locks = Arc::new((RawLock::new(), RawLock::new()));
        let theirs = locks.clone();
        let other = spawn(move || {
            theirs.1.lock().unwrap();
            theirs.0.lock().unwrap();
            theirs.0.unlock().unwrap();
            theirs.1.unlock().unwrap();
        });
        locks.0.lock().unwrap();
        locks.1.lock().unwrap();
        locks.1.unlock().unwrap();
        locks.0.unlock().unwrap();
        other.join().unwrap();
    });
    says(
        &found,
        &["thread 1 waits", "for lock 1", "which thread 2 holds", "thread 2 waits", "which thread 1 holds"],
    );
    assert!(found.executions > 1, "the first execution takes the locks one after the other");
}

#[test]
fn waiting_for_oneself() {
    let found = fails("deadlock", || {
        let locks = Locks::new(&[Class::SpcLwplock]);
        let lock = locks.get(locks.id(0));
        let _held = lock.mutex_spin_enter();
        let _again = lock.mutex_spin_enter();
    });
    says(&found, &["lock 0 (spc_lwplock) is held by thread 1"]);
}

#[test]
fn lost_wake_up() {
    let found = fails("lost wake-up", || {
        let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), Parker::new()));
        let theirs = shared.clone();
        let other = spawn(move || {
            theirs.0.store(1, Site::LwpSetlockPublish);
            // Nobody waits yet, as far as can be seen: the let-go is spared.
            if theirs.1.load(Site::LwpLockRelook) == 1 {
                theirs.2.unpark();
            }
        });
        if shared.0.load(Site::LwpLockRelook) == 0 {
            shared.1.store(1, Site::LwpSetlockPublish);
            shared.2.park();
        }
        other.join().unwrap();
    });
    says(&found, &["a deadlock in which thread 1 is parked on parker 0", "nobody is left to let it go on"]);
}

#[test]
fn livelock() {
    let found = fails("livelock", || {
        let word = AtomicUsize::new(0);
        spin_while(|| word.load(Site::LwpLockLook) == 0);
    });
    says(&found, &["thread 1 spins at", "waiting for a change of atomic 0"]);
}

/// A program in which a thread waits for this condition, of a word that another sets to 1, and of a lock.
fn waits_for(
    condition: impl Fn(&AtomicUsize, &RawLock, &Cell<usize>) -> bool + Clone + Send + Sync + 'static,
) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        let shared = Arc::new(Shared((AtomicUsize::new(0), RawLock::new(), Cell::new(0))));
        let theirs = shared.clone();
        let other = spawn(move || theirs.0.0.store(1, Site::LwpSetlockPublish));
        let Shared((word, lock, cell)) = &*shared;
        spin_while(|| condition(word, lock, cell));
        other.join().unwrap();
    }
}

fn is_0(word: &AtomicUsize) -> bool {
    word.load(Site::LwpLockRelook) == 0
}

// A search that asks a condition in advance would take an effect of its own for one of the program.
#[test]
fn a_condition_that_does_more_than_look_is_named() {
    let found = fails(
        "misused wait",
        waits_for(|word, lock, _| {
            let tried = lock.try_lock();
            if tried {
                lock.unlock().unwrap();
            }
            is_0(word)
        }),
    );
    says(&found, &["thread 1 waits for at", "complete_failures.rs", "is to try to take lock 0", "only look"]);
    let found = fails(
        "misused wait",
        waits_for(|word, _, _| {
            word.store(2, Site::LwpSetlockPublish);
            false
        }),
    );
    says(&found, &["is to store 2", "only look"]);
    let found = fails(
        "misused wait",
        waits_for(|word, _, cell| {
            cell.with_mut(|_| ());
            is_0(word)
        }),
    );
    says(&found, &["changes cell 0", "only look"]);
    let found = fails(
        "misused wait",
        waits_for(|word, _, _| {
            spin_while(|| is_0(word));
            is_0(word)
        }),
    );
    says(&found, &["waits at", "within the condition"]);
    let found = fails(
        "misused wait",
        waits_for(|word, _, _| AtomicUsize::new(0).load(Site::LwpLockLook) == 0 && is_0(word)),
    );
    says(&found, &["makes an object"]);
}

// Nothing that happens could end such a wait, so the search would never ask again.
#[test]
fn a_condition_that_waits_and_looks_at_nothing_is_named() {
    let found = fails("misused wait", waits_for(|_, _, _| true));
    says(&found, &["thread 1 waits for at", "has looked at nothing"]);
    let found = explore("never", &Limits::default(), waits_for(|_, _, _| false));
    assert_eq!((found.verdict, found.executions), (Verdict::Complete, 1));
}

// The turns that go on waiting are not run: what they do after their last look, no execution would show.
#[test]
fn a_condition_that_reads_protected_data_in_a_turn_that_is_not_run_is_named() {
    let last = |word: &AtomicUsize, cell: &Cell<usize>| is_0(word) && cell.with(|_| true);
    let found = fails("misused wait", waits_for(move |word, _, cell| last(word, cell)));
    says(&found, &["read protected data since its last look"]);
    let on_the_way = |word: &AtomicUsize, cell: &Cell<usize>| cell.with(|_| true) && is_0(word);
    let found = explore("first", &Limits::default(), waits_for(move |word, _, cell| on_the_way(word, cell)));
    assert_eq!((found.verdict, found.executions), (Verdict::Complete, 1));
}

// An answer that is remembered though the next one would be another hides executions.
#[test]
fn a_condition_that_changes_its_mind_without_a_store_is_named() {
    for patience in 2..8 {
        let asked = AtomicU64::new(0);
        let found = explore("fickle", &Limits::default(), move || {
            let word = AtomicUsize::new(0);
            // ORDERING: one operating-system thread runs all of this.
            spin_while(|| is_0(&word) && asked.fetch_add(1, Ordering::Relaxed) % patience != patience - 1);
        });
        says(&found, &["misused wait", "changes its mind"]);
    }
}

struct WaitsAtTheEnd(Arc<AtomicUsize>);

impl Drop for WaitsAtTheEnd {
    fn drop(&mut self) {
        spin_while(|| is_0(&self.0));
    }
}

// An execution that is given up unwinds its threads, and a wait that nothing ends must not unwind a second time.
#[test]
fn a_wait_in_a_destructor_does_not_abort_what_unwinds() {
    let found = fails("lost wake-up", || {
        let _waits = WaitsAtTheEnd(Arc::new(AtomicUsize::new(0)));
        Parker::new().park();
    });
    says(&found, &["thread 1 is parked"]);
    let found = fails("assertion", || {
        let _waits = WaitsAtTheEnd(Arc::new(AtomicUsize::new(0)));
        panic!("of its own");
    });
    says(&found, &["of its own"]);
}

// A turn of two looks may see what was never so at once; and one that saw what is not so any more begins again.
#[test]
fn a_wait_on_two_words_is_over_where_each_look_led_on_in_its_turn() {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = outcomes.clone();
    let options = Options { standstills_are_outcomes: true, ..Options::default() };
    let (found, _) = explore_with("two words", &options, move || {
        let words = Arc::new([0, 1].map(AtomicUsize::new));
        let theirs = words.clone();
        let other = spawn(move || {
            theirs[0].store(1, Site::LwpSetlockPublish);
            theirs[0].store(0, Site::LwpSetlockPublish);
            theirs[1].store(0, Site::LwpSetlockPublish);
        });
        // The first is not 0 only while the second is not 0 either.
        spin_while(|| is_0(&words[0]) || !is_0(&words[1]));
        let now: Vec<usize> = words.iter().map(|word| word.load(Site::LwpLockRelook)).collect();
        seen.lock().unwrap().insert(now);
        other.join().unwrap();
    });
    // The thread sees the first word in time, or it never goes on.
    assert_eq!((found.verdict, found.distinct, found.standstills), (Verdict::Complete, 2, 1));
    assert_eq!(*outcomes.lock().unwrap(), BTreeSet::from([vec![0, 0]]));
}

#[test]
fn data_race() {
    let found = fails("data race", || {
        let shared = Arc::new(Shared((RawLock::new(), Cell::new(0))));
        let theirs = shared.clone();
        let other = spawn(move || {
            let Shared((lock, cell)) = &*theirs;
            lock.lock().unwrap();
            cell.with_mut(|_| ());
            lock.unlock().unwrap();
        });
        // Without the lock.
        shared.0.1.with(|_| ());
        other.join().unwrap();
    });
    says(&found, &["cell 0", "thread 1 reads it at", "thread 2 writes it at", "complete_failures.rs"]);
}

#[test]
fn a_store_to_a_word_that_is_read_as_if_it_were_protected() {
    let found = fails("data race", || {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let other = spawn(move || theirs.store(1, Site::LwpSetlockPublish));
        word.load_held();
        other.join().unwrap();
    });
    says(&found, &["atomic 0", "as if a lock protected it", "stores to it"]);
}

/// Message passing: the flag's ordering is all that orders the data.
fn message_passing(publish: Site, look: Site) -> impl Fn() + Send + Sync + 'static {
    move || {
        let shared = Arc::new(Shared((AtomicUsize::new(0), Cell::new(0))));
        let theirs = shared.clone();
        let other = spawn(move || {
            let Shared((flag, data)) = &*theirs;
            data.with_mut(|_| ());
            flag.store(1, publish);
        });
        if shared.0.0.load(look) == 1 {
            shared.0.1.with(|_| ());
        }
        other.join().unwrap();
    }
}

#[test]
fn a_relaxed_site_orders_nothing() {
    let run = |publish, look| explore("mp", &Limits::default(), message_passing(publish, look));
    let found = run(Site::LwpSetlockPublish, Site::LwpLockRelook);
    assert_eq!((found.verdict, found.executions), (Verdict::Complete, 2));
    for (publish, look) in
        [(Site::LwpRelockPublish, Site::LwpLockRelook), (Site::LwpSetlockPublish, Site::LwpLockLook)]
    {
        let found = run(publish, look);
        assert_eq!(found.verdict, Verdict::Failed, "{publish:?} {look:?}");
        says(&found, &["data race: cell 0"]);
    }
}

#[test]
fn assertion() {
    let found = fails("assertion", || {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let other = spawn(move || {
            for value in 1..=choose(3) {
                theirs.store(value, Site::LwpSetlockPublish);
            }
        });
        assert_ne!(word.load(Site::LwpLockRelook), 2, "twice is too often");
        other.join().unwrap();
    });
    says(&found, &["thread 1 panicked", "twice is too often", "(at ", "complete_failures.rs:"]);
}

#[test]
fn unlock_by_a_stranger() {
    let found = fails("unlock by a stranger", || {
        let locks = Locks::new(&[Class::SpcLwplock]);
        let theirs = locks.clone();
        let other = spawn(move || {
            std::mem::forget(theirs.get(theirs.id(0)).mutex_spin_enter());
        });
        other.join().unwrap();
        // SAFETY: there is no guard any more.
        unsafe { locks.get(locks.id(0)).mutex_spin_exit() };
    });
    says(&found, &["thread 1 releases lock 0 (spc_lwplock), which is held by thread 2"]);
}

#[test]
fn use_after_free() {
    let found = fails("use after free", || {
        let shared = Arc::new((RawLock::new(), Allocation::new()));
        let theirs = shared.clone();
        let other = spawn(move || {
            theirs.0.lock().unwrap();
            theirs.1.touch();
            theirs.0.unlock().unwrap();
        });
        shared.0.lock().unwrap();
        shared.1.free();
        shared.0.unlock().unwrap();
        other.join().unwrap();
    });
    says(&found, &["allocation 0", "used by thread 2", "after thread 1 freed it"]);
    assert!(found.executions > 1, "the first execution frees last");
}

#[test]
fn use_while_it_is_freed() {
    let found = fails("use after free", || {
        let memory = Arc::new(Allocation::new());
        let theirs = memory.clone();
        let other = spawn(move || theirs.free());
        memory.touch();
        other.join().unwrap();
    });
    says(&found, &["nothing orders the two"]);
}

#[test]
fn destructors_of_a_failing_execution_run() {
    // The guard's release during the unwinding must neither block nor panic.
    let found = fails("assertion", || {
        let locks = Locks::new(&[Class::SpcLwplock]);
        let theirs = locks.clone();
        let other = spawn(move || drop(theirs.get(theirs.id(0)).mutex_spin_enter()));
        let _guard = locks.get(locks.id(0)).mutex_spin_enter();
        assert!(locks.count() == 2, "no second lock");
        other.join().unwrap();
    });
    says(&found, &["no second lock"]);
}

#[test]
fn random_and_pct_schedules_fail_alike_and_replay() {
    let lost_update = || {
        let word = Arc::new(AtomicUsize::new(0));
        let add = |word: &AtomicUsize| {
            let old = word.load(Site::LwpLockRelook);
            word.store(old + 1, Site::LwpSetlockPublish);
        };
        let theirs = word.clone();
        let other = spawn(move || add(&theirs));
        add(&word);
        other.join().unwrap();
        assert_eq!(word.load(Site::LwpLockRelook), 2);
    };
    let random = explore_random("seeded", &Options::default(), 1, 1000, lost_update);
    let pct = explore_pct("seeded", &Options::default(), 1, 2, 1000, lost_update);
    for found in [random, pct] {
        assert_eq!(found.verdict, Verdict::Failed);
        let again =
            replay("seeded", &Options::default(), found.schedule.as_deref().unwrap(), lost_update).unwrap();
        assert_eq!((again.message, again.executions), (found.message, 1));
    }
    let passes = explore_random("seeded", &Options::default(), 1, 50, || _ = choose(2));
    assert_eq!((passes.verdict, passes.executions, passes.distinct), (Verdict::Bounded, 50, 2));
}

// A hang that a program admits would be reported by whoever asks another way than by the search.
#[test]
fn a_hang_that_is_an_outcome_is_none_but_for_who_does_not_admit_it_in_every_mode() {
    let hangs = || {
        drop(spawn(|| Parker::new().park()).join());
    };
    let found = explore("seeded", &Limits::default(), hangs);
    let schedule = found.schedule.expect("a failure can be replayed");
    for (admits, verdict) in [(true, Verdict::Bounded), (false, Verdict::Failed)] {
        let options = Options { standstills_are_outcomes: admits, ..Options::default() };
        assert_eq!(explore_random("seeded", &options, 1, 10, hangs).verdict, verdict);
        assert_eq!(explore_pct("seeded", &options, 1, 2, 10, hangs).verdict, verdict);
        let replayed = replay("seeded", &options, &schedule, hangs).unwrap();
        assert_eq!(replayed.message.is_none(), admits);
    }
}

#[test]
fn strings_of_other_programs_are_refused() {
    let body = || assert_eq!(choose(2), 0);
    let found = explore("one", &Limits::default(), body);
    let schedule = found.schedule.unwrap();
    assert!(matches!(
        replay("other", &Options::default(), &schedule, body),
        Err(ReplayError::Program { .. })
    ));
    let newer = schedule.replacen("lwp1", "lwp2", 1);
    assert!(matches!(replay("one", &Options::default(), &newer, body), Err(ReplayError::Version { .. })));
    let damaged = schedule.replacen(".1", ".0", 1);
    assert!(matches!(replay("one", &Options::default(), &damaged, body), Err(ReplayError::Damaged(_))));
    // The right name, but the program has changed.
    let changed = || drop(spawn(|| ()).join());
    assert!(matches!(
        replay("one", &Options::default(), &schedule, changed),
        Err(ReplayError::DoesNotFit { .. })
    ));
    let ends = || ();
    assert!(matches!(
        replay("one", &Options::default(), &schedule, ends),
        Err(ReplayError::DoesNotFit { .. })
    ));
}

#[track_caller]
fn is_nondeterministic(body: impl Fn() + Send + Sync + 'static) -> Exploration {
    is_nondeterministic_with(&Options::default(), body)
}

/// A program in which a thread does not come back, for which no test waits long.
#[track_caller]
fn is_given_up_for_lost(body: impl Fn() + Send + Sync + 'static) -> Exploration {
    let options = Options { away: Some(Duration::from_millis(500)), ..Options::default() };
    is_nondeterministic_with(&options, body)
}

#[track_caller]
fn is_nondeterministic_with(options: &Options, body: impl Fn() + Send + Sync + 'static) -> Exploration {
    let (found, _) = explore_with("seeded", options, body);
    println!("{:?}", found.message);
    assert_eq!(found.verdict, Verdict::Failed);
    says(&found, &["nondeterministic: "]);
    found
}

#[test]
fn a_program_that_does_not_do_the_same_twice() {
    let runs = AtomicU64::new(0);
    let found = is_nondeterministic(move || {
        // Stands for anything that the engine does not control: the time, randomness, a static.
        let odd = runs.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        let words = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let theirs = words.clone();
        let other = spawn(move || {
            theirs.0.store(1, Site::LwpSetlockPublish);
            theirs.1.store(1, Site::LwpSetlockPublish);
        });
        let word = if odd { &words.0 } else { &words.1 };
        word.load(Site::LwpLockRelook);
        words.0.load(Site::LwpLockRelook);
        other.join().unwrap();
    });
    says(&found, &["after the same", "steps", "was to load", "and now is to load"]);
}

#[test]
fn a_program_that_ends_early_the_second_time() {
    let runs = AtomicU64::new(0);
    is_nondeterministic(move || {
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            choose(2);
        }
    });
}

#[test]
fn a_program_that_fails_only_the_second_time() {
    let runs = AtomicU64::new(0);
    is_nondeterministic(move || {
        assert_eq!(runs.fetch_add(1, Ordering::Relaxed), 0);
        choose(2);
    });
}

#[test]
fn a_real_lock() {
    let found = is_given_up_for_lost(|| {
        let lock = Arc::new(std::sync::Mutex::new(()));
        let theirs = lock.clone();
        let other = spawn(move || {
            let _held = theirs.lock();
            choose(2);
            let parker = Parker::new();
            parker.unpark();
            parker.park();
        });
        let word = AtomicUsize::new(0);
        for _ in 0..5 {
            let _held = lock.lock();
            word.load(Site::LwpLockRelook);
        }
        other.join().unwrap();
    });
    says(&found, &["a real lock"]);
}

#[test]
fn a_real_thread() {
    let found = is_nondeterministic(|| {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let _ = std::thread::spawn(move || theirs.store(1, Site::LwpSetlockPublish)).join();
        word.load(Site::LwpLockRelook);
    });
    says(&found, &["a real one"]);
}

#[test]
fn a_thread_that_does_not_come_back() {
    let found = is_given_up_for_lost(|| {
        choose(1);
        loop {
            std::thread::yield_now();
        }
    });
    says(&found, &["thread 1 has not come back"]);
}

#[test]
fn limits_make_a_search_bounded() {
    let body = || {
        let lock = Arc::new(RawLock::new());
        let pass = |lock: &RawLock| {
            for _ in 0..4 {
                lock.lock().unwrap();
                lock.unlock().unwrap();
            }
        };
        let theirs = lock.clone();
        let other = spawn(move || pass(&theirs));
        pass(&lock);
        other.join().unwrap();
    };
    let run = |limits: Limits| explore("limited", &limits, body);
    let all = run(Limits::default());
    assert_eq!((all.verdict, all.distinct, all.bound), (Verdict::Complete, 70, None));

    let some = run(Limits { executions: Some(20), ..Limits::default() });
    assert_eq!(
        (some.verdict, some.executions, some.bound.as_deref()),
        (Verdict::Bounded, 20, Some("20 executions"))
    );
    let just = run(Limits { executions: Some(70), ..Limits::default() });
    assert_eq!((just.verdict, just.executions), (Verdict::Complete, 70));

    let short = run(Limits { branches: Some(5), ..Limits::default() });
    let bound = short.bound.unwrap();
    assert_eq!(short.verdict, Verdict::Bounded);
    assert!(bound.starts_with("5 steps in an execution (first where thread "), "{bound}");

    let quick = run(Limits { seconds: Some(0.0), ..Limits::default() });
    assert_eq!((quick.verdict, quick.bound.as_deref()), (Verdict::Bounded, Some("0 seconds")));

    let few = run(Limits { preemptions: Some(1), ..Limits::default() });
    assert_eq!(few.verdict, Verdict::Bounded);
    assert!(few.bound.unwrap().starts_with("1 preemption in an execution"));
    assert!(few.executions < 70);
    let many = run(Limits { preemptions: Some(100), ..Limits::default() });
    assert_eq!((many.verdict, many.distinct), (Verdict::Complete, 70));
}
