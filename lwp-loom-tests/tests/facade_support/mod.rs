//! Runs one body on whichever back end this is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use lwp_core::sync::spawn;

/// What a program does, and what may come of it.
pub struct Body {
    pub name: &'static str,
    /// Its threads, the first included.
    #[cfg_attr(not(loom), expect(dead_code, reason = "loom alone wants to know"))]
    pub threads: usize,
    /// Whether it tries locks.
    #[cfg_attr(not(loom), expect(dead_code, reason = "loom alone wants to know"))]
    pub tries: bool,
    /// Runs it once.
    pub run: fn() -> String,
    /// What comes of it under sequential consistency: a checker finds just this.
    pub outcomes: &'static [&'static str],
    /// What may come of it besides, where memory is weaker.
    pub weak: &'static [&'static str],
}

/// Shares what no lock of Rust's protects. The checkers verify that the facade orders every access.
pub struct Unprotected<T>(pub T);

// SAFETY: see above.
unsafe impl<T> Sync for Unprotected<T> {}
// SAFETY: see above.
unsafe impl<T> Send for Unprotected<T> {}

/// Runs one closure in a thread of its own and one in this, and gives what both give.
pub fn side_by_side<S: Send + Sync + 'static, A: Send + 'static, B>(
    shared: S,
    other: fn(&S) -> A,
    this: fn(&S) -> B,
) -> (A, B) {
    let shared = Arc::new(shared);
    let theirs = shared.clone();
    let other = spawn(move || other(&theirs));
    let this = this(&shared);
    (other.join().expect("the other thread ends"), this)
}

/// Holds what comes of a body on this back end against what may.
pub fn is_as_expected(body: &Body) {
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (theirs, run) = (seen.clone(), body.run);
    explores(body, move || {
        let outcome = run();
        theirs.lock().unwrap_or_else(PoisonError::into_inner).insert(outcome);
    });
    let seen = seen.lock().unwrap();
    let known = |of: &[&'static str]| of.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (outcomes, weak) = (known(body.outcomes), known(body.weak));
    let all = &outcomes | &weak;
    assert!(!seen.is_empty() && seen.is_subset(&all), "{}: {seen:?}", body.name);
    if cfg!(loom) {
        assert_eq!(*seen, all, "{}", body.name);
    }
    if cfg!(shuttle) {
        assert_eq!(*seen, outcomes, "{}", body.name);
    }
}

#[cfg(not(any(loom, shuttle)))]
fn explores(_: &Body, run: impl Fn() + Send + Sync + 'static) {
    (0..1000).for_each(|_| run());
}

#[cfg(loom)]
fn explores(body: &Body, run: impl Fn() + Send + Sync + 'static) {
    use lwp_core::sync::model::Model;
    use lwp_loom_tests::engine::loom::explore;
    use lwp_loom_tests::job::{Limits, Verdict};
    use lwp_loom_tests::reach::looking_back;

    let model = Model {
        threads: body.threads,
        uses_try_lock: body.tries,
        looks_back: true,
        standstills_are_ends: false,
    };
    let found = explore(&Limits::default(), model, run, |found| eprintln!("{found:?}"));
    // A bound that is told beforehand: some bodies have three threads that exchange words.
    let is_bounded = body.threads > 2 && found.bound == Some(looking_back());
    let verdict = if is_bounded { Verdict::Bounded } else { Verdict::Complete };
    assert_eq!((found.verdict, found.message), (verdict, None), "{}: {:?}", body.name, found.bound);
}

#[cfg(shuttle)]
fn explores(body: &Body, run: impl Fn() + Send + Sync + 'static) {
    use lwp_loom_tests::engine::complete::explore;
    use lwp_loom_tests::job::{Limits, Verdict};

    let found = explore(body.name, &Limits::default(), run);
    assert_eq!((found.verdict, found.message), (Verdict::Complete, None), "{}: {:?}", body.name, found.bound);
}
