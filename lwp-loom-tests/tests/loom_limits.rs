//! What loom has no room for, and what it cannot do, is told as a limit of the tool and is no failure of the program; and a
//! failure says what it speaks of.
#![cfg(loom)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use lwp_core::site::Site;
use lwp_core::sync::model::Model;
use lwp_core::sync::{AtomicUsize, RawLock, spawn};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::loom::{PANICS, explore};
use lwp_loom_tests::job::{Limits, Verdict};

/// What a search finds, where it fails too.
fn explored(threads: usize, body: impl Fn() + Send + Sync + 'static) -> Exploration {
    static SEARCHES: Mutex<()> = Mutex::new(());
    let _alone = SEARCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let model = Model { threads, uses_try_lock: false, looks_back: true, standstills_are_ends: false };
    let failure = Arc::new(Mutex::new(None));
    let told = failure.clone();
    let on_failure = move |found| _ = told.lock().unwrap().get_or_insert(found);
    let found = catch_unwind(AssertUnwindSafe(|| explore(&Limits::default(), model, body, on_failure)));
    let failure = failure.lock().unwrap().take();
    found.unwrap_or_else(|_| failure.expect("who panics says so"))
}

#[test]
fn more_threads_than_loom_has_room_for_bound_the_search() {
    let found = explored(6, || panic!("no execution is run"));
    let bound = found.bound.as_deref();
    assert_eq!(
        (found.verdict, bound),
        (Verdict::Bounded, Some("loom has room for 5 threads, and here are 6"))
    );
}

/// What panics and is caught, beside a thread that takes the same lock.
fn caught(panics: fn(&RawLock)) -> Exploration {
    explored(2, move || {
        let lock = Arc::new(RawLock::new());
        let theirs = lock.clone();
        let other = spawn(move || {
            theirs.lock().unwrap();
            theirs.unlock().unwrap();
        });
        assert!(catch_unwind(AssertUnwindSafe(|| panics(&lock))).is_err());
        lock.lock().unwrap();
        lock.unlock().unwrap();
        other.join().unwrap();
    })
}

#[test]
fn a_panic_that_a_thread_catches_is_no_failure() {
    let found = caught(|_| panic!("on purpose"));
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 2), "{found:?}");
}

/// Releases its lock when it goes.
struct Held<'a>(&'a RawLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock().unwrap();
    }
}

// While one of loom's threads panics, all seem to: a lock that is released then is poisoned.
#[test]
fn a_lock_that_a_caught_panic_releases_is_not_poisoned() {
    let found = caught(|lock| {
        lock.lock().unwrap();
        let _held = Held(lock);
        panic!("on purpose");
    });
    // The other comes before both sections, between them, or after them.
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 3), "{found:?}");
}

/// Takes a lock when it goes.
struct Locks<'a>(&'a RawLock);

impl Drop for Locks<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap();
        self.0.unlock().unwrap();
    }
}

#[test]
fn what_is_done_while_a_panic_unwinds_bounds_the_search() {
    let found = caught(|lock| {
        let _locks = Locks(lock);
        panic!("on purpose");
    });
    assert_eq!((found.verdict, found.bound.as_deref()), (Verdict::Bounded, Some(PANICS)), "{found:?}");
}

#[test]
fn a_panic_that_leaves_its_thread_is_a_failure_with_its_place() {
    let found = explored(2, || spawn(|| panic!("on purpose")).join().unwrap());
    let message = found.message.unwrap_or_default();
    assert_eq!(found.verdict, Verdict::Failed, "{message}");
    assert!(message.starts_with("on purpose (at lwp-loom-tests/tests/loom_limits.rs:"), "{message}");
}

fn fails(body: impl Fn() + Send + Sync + 'static) -> String {
    let found = explored(2, body);
    assert_eq!(found.verdict, Verdict::Failed, "{found:?}");
    found.message.unwrap_or_default()
}

#[test]
fn a_message_about_a_word_names_its_site() {
    let message = fails(|| {
        let word = Arc::new(AtomicUsize::new(0));
        let theirs = word.clone();
        let other = spawn(move || theirs.store(1, Site::LStatStore));
        word.load_held();
        other.join().unwrap();
    });
    assert!(message.starts_with("the word of `l_stat.store` is stored to "), "{message}");
}
