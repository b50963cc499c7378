//! The facade's parker, on every back end: a token that comes first is not lost, two count once, and what precedes a
//! let-go is seen by whoever goes on.

use std::sync::Arc;

use lwp_core::sync::{Cell, Parker, spawn};

struct Shared {
    parker: Parker,
    back: Parker,
    data: Cell<u32>,
}

// SAFETY: the parkers order every access to the data, which the checkers verify.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Two threads hand the data to and fro.
fn ping_pong(rounds: u32) {
    let shared = Arc::new(Shared { parker: Parker::new(), back: Parker::new(), data: Cell::new(0) });
    let theirs = shared.clone();
    let add = |shared: &Shared| {
        // SAFETY: the other thread is parked, or about to be.
        shared.data.with_mut(|data| unsafe { *data += 1 });
    };
    let other = spawn(move || {
        for _ in 0..rounds {
            theirs.parker.park();
            add(&theirs);
            theirs.back.unpark();
        }
    });
    for _ in 0..rounds {
        add(&shared);
        shared.parker.unpark();
        shared.back.park();
    }
    other.join().unwrap();
    // SAFETY: the other thread has ended.
    assert_eq!(shared.data.with(|data| unsafe { *data }), 2 * rounds);
}

/// The token may come before, between and after; the second one of two in a row is none.
fn one_token() {
    let parker = Arc::new(Parker::new());
    parker.unpark();
    parker.unpark();
    parker.park();
    let theirs = parker.clone();
    let other = spawn(move || theirs.unpark());
    parker.park();
    other.join().unwrap();
}

#[cfg(not(any(loom, shuttle)))]
#[test]
fn on_real_threads() {
    ping_pong(20_000);
    (0..1000).for_each(|_| one_token());
}

#[cfg(loom)]
#[test]
fn on_loom() {
    use lwp_core::sync::model::Model;
    use lwp_loom_tests::engine::loom::explore;
    use lwp_loom_tests::job::{Limits, Verdict};

    let model = Model { threads: 2, uses_try_lock: false, looks_back: false, standstills_are_ends: false };
    for body in [|| ping_pong(2), one_token] {
        let found = explore(&Limits::default(), model, body, |found| eprintln!("{found:?}"));
        assert_eq!(found.verdict, Verdict::Complete);
        assert!(found.executions > 1);
    }
}

#[cfg(shuttle)]
#[test]
fn under_the_complete_search() {
    use lwp_loom_tests::engine::complete::explore;
    use lwp_loom_tests::job::{Limits, Verdict};

    // Each let-go comes before or after its park, but nothing can tell: one distinct execution.
    let found = explore("ping-pong", &Limits::default(), || ping_pong(3));
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 1), "{:?}", found.message);
    let found = explore("one token", &Limits::default(), one_token);
    assert_eq!((found.verdict, found.distinct), (Verdict::Complete, 1), "{:?}", found.message);
}
