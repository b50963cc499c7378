//! Which thread the facade says that the caller is, after each operation in which others may have run. A lock's owner, an
//! execution's trace and what a load may be due all hang on it.

use std::sync::Arc;

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Parker, RawLock, ThreadId, current, spawn};

struct Shared {
    word: AtomicUsize,
    lock: RawLock,
    parker: Parker,
    back: Parker,
}

/// Does every operation, and is the same thread after each.
fn every_operation(shared: &Shared, mine: &Parker, theirs: &Parker) -> ThreadId {
    let me = current();
    let still = || assert_eq!(current(), me, "the caller is another thread than before");
    shared.word.store(me.get(), Site::LwpUnlockToPublish);
    still();
    shared.word.load(Site::LwpLockLook);
    still();
    shared.word.compare_exchange(me.get(), 0, Site::SpinEnter);
    still();
    assert_eq!(shared.lock.lock(), Ok(()));
    still();
    assert_eq!(shared.lock.unlock(), Ok(()));
    still();
    theirs.unpark();
    still();
    mine.park();
    still();
    me
}

fn two_threads() {
    let shared = Arc::new(Shared {
        word: AtomicUsize::new(0),
        lock: RawLock::new(),
        parker: Parker::new(),
        back: Parker::new(),
    });
    let first = current();
    let theirs = shared.clone();
    let other = spawn(move || every_operation(&theirs, &theirs.parker, &theirs.back));
    assert_eq!(current(), first);
    assert_eq!(every_operation(&shared, &shared.back, &shared.parker), first);
    assert_ne!(other.join().unwrap(), first);
    assert_eq!(current(), first);
}

#[cfg(not(any(loom, shuttle)))]
#[test]
fn on_real_threads() {
    (0..100).for_each(|_| two_threads());
}

#[cfg(loom)]
#[test]
fn on_loom() {
    use lwp_core::sync::model::Model;
    use lwp_loom_tests::engine::loom::explore;
    use lwp_loom_tests::job::{Limits, Verdict};

    let model = Model { threads: 2, uses_try_lock: false, looks_back: true, standstills_are_ends: true };
    let found = explore(&Limits::default(), model, two_threads, |found| eprintln!("{found:?}"));
    assert_eq!((found.verdict, found.standstills), (Verdict::Complete, 0));
    assert!(found.distinct > 1);
}

#[cfg(shuttle)]
#[test]
fn under_the_complete_search() {
    use lwp_loom_tests::engine::complete::explore;
    use lwp_loom_tests::job::{Limits, Verdict};

    let found = explore("every operation", &Limits::default(), two_threads);
    assert_eq!(found.verdict, Verdict::Complete, "{:?}", found.message);
    assert!(found.distinct > 1);
}
