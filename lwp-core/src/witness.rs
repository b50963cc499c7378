//! The lock order that is observed: every acquisition that waited, or could have, while another lock was held.
//!
//! Records under the checkers and in debug builds. A release build has nothing of it.

use std::collections::BTreeMap;
use std::panic::Location;

use crate::mutex::{Class, Mutex};

/// What was seen: the class that was held and the one that was taken, and where: of several places the first one by file
/// and line, which is the same in whichever order executions run.
pub type Observed = BTreeMap<(Class, Class), &'static Location<'static>>;

#[cfg(any(loom, shuttle, debug_assertions))]
mod record {
    use std::cell::RefCell;
    use std::panic::Location;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};

    use super::Observed;
    use crate::locks::LockId;
    use crate::mutex::{Class, Mutex};
    use crate::sync::{self, ThreadId};

    /// Plain memory of the process: no model sees it.
    static OBSERVED: StdMutex<Observed> = StdMutex::new(Observed::new());

    /// How often it was forgotten.
    static FORGOTTEN: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        /// What this thread of the process has seen since it was last forgotten: threads that explore at the same time do
        /// not wait for one another to say again what is known.
        static SEEN: RefCell<(u64, Observed)> = const { RefCell::new((0, Observed::new())) };
        /// What is held, and by whom: the threads of a model share one thread of the process.
        static HELD: RefCell<Vec<(ThreadId, LockId, Class)>> = const { RefCell::new(Vec::new()) };
    }

    pub fn observed() -> MutexGuard<'static, Observed> {
        OBSERVED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn new_machine() {
        HELD.with_borrow_mut(Vec::clear);
    }

    #[track_caller]
    pub fn waits(mutex: &Mutex) {
        let (me, place) = (sync::current(), Location::caller());
        HELD.with_borrow(|held| {
            let mine = held.iter().filter(|(thread, ..)| *thread == me);
            for (.., class) in mine {
                sees((*class, mutex.class()), place);
            }
        });
    }

    fn sees(pair: (Class, Class), place: &'static Location<'static>) {
        SEEN.with_borrow_mut(|(forgotten, seen)| {
            // ORDERING: nothing is explored while it is forgotten.
            let now = FORGOTTEN.load(Ordering::Relaxed);
            if std::mem::replace(forgotten, now) != now {
                seen.clear();
            }
            if seen.get(&pair).is_none_or(|known| place < *known) {
                seen.insert(pair, place);
                let mut observed = observed();
                let known = observed.entry(pair).or_insert(place);
                *known = place.min(known);
            }
        });
    }

    pub fn forget() {
        observed().clear();
        // ORDERING: as above.
        FORGOTTEN.fetch_add(1, Ordering::Relaxed);
    }

    pub fn has(mutex: &Mutex) {
        HELD.with_borrow_mut(|held| held.push((sync::current(), mutex.id(), mutex.class())));
    }

    #[track_caller]
    pub fn barrier(but: Option<Class>) {
        let me = sync::current();
        HELD.with_borrow(|held| {
            let held = held.iter().find(|(thread, _, class)| *thread == me && Some(*class) != but);
            if let Some((.., class)) = held {
                panic!("{me} holds {} where nobody may hold a lock", class.name());
            }
        });
    }

    pub fn gives_up(mutex: &Mutex) {
        let me = sync::current();
        HELD.with_borrow_mut(|held| {
            let this = |(thread, id, _): &(ThreadId, LockId, Class)| *thread == me && *id == mutex.id();
            if let Some(n) = held.iter().rposition(this) {
                held.swap_remove(n);
            }
        });
    }
}

/// What this process has seen since it started or was told to forget. Empty in a release build.
pub fn observed() -> Observed {
    #[cfg(any(loom, shuttle, debug_assertions))]
    return record::observed().clone();
    #[cfg(not(any(loom, shuttle, debug_assertions)))]
    Observed::new()
}

/// Forgets what this process has seen.
pub fn forget() {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::forget();
}

/// A new machine: whatever an execution that was given up still seemed to hold is gone.
#[inline(always)]
pub(crate) fn new_machine() {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::new_machine();
}

/// The caller is about to wait for `mutex`.
#[inline(always)]
#[track_caller]
pub(crate) fn waits(mutex: &Mutex) {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::waits(mutex);
    let _ = mutex;
}

/// The caller has taken `mutex`.
#[inline(always)]
pub(crate) fn has(mutex: &Mutex) {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::has(mutex);
    let _ = mutex;
}

/// `LOCKDEBUG_BARRIER`: the caller holds no lock, but for one of the class `but`.
///
/// # Panics
/// Where it does.
#[inline(always)]
#[track_caller]
pub(crate) fn barrier(but: Option<Class>) {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::barrier(but);
    let _ = but;
}

/// The caller is about to release `mutex`.
#[inline(always)]
pub(crate) fn gives_up(mutex: &Mutex) {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::gives_up(mutex);
    let _ = mutex;
}
