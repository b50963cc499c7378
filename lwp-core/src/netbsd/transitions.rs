//! The transitions of `l_stat` that were made, documented or not.
//!
//! Records under the checkers and in debug builds. A release build has nothing of it.

use super::State;

#[cfg(any(loom, shuttle, debug_assertions))]
mod record {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::State;

    /// A bit for each pair of states. Plain memory of the process: no model sees it.
    static MADE: AtomicU64 = AtomicU64::new(0);

    fn bit(from: State, to: State) -> u64 {
        let place = |state| State::ALL.iter().position(|s| *s == state).expect("every state is in ALL");
        1 << (place(from) * State::ALL.len() + place(to))
    }

    // ORDERING: none needed anywhere here. The bits stand for nothing but themselves, and are read when all is over.

    pub fn makes(from: State, to: State) {
        // A word that is only read is no news to other cores that explore.
        if !made(from, to) {
            MADE.fetch_or(bit(from, to), Ordering::Relaxed);
        }
    }

    pub fn made(from: State, to: State) -> bool {
        MADE.load(Ordering::Relaxed) & bit(from, to) != 0
    }

    pub fn forget() {
        MADE.store(0, Ordering::Relaxed);
    }
}

/// What LWPs of this process have gone through since it started or was told to forget. Empty in a release build.
pub fn made() -> Vec<(State, State)> {
    #[cfg(any(loom, shuttle, debug_assertions))]
    return State::ALL
        .into_iter()
        .flat_map(|from| State::ALL.map(|to| (from, to)))
        .filter(|(from, to)| record::made(*from, *to))
        .collect();
    #[cfg(not(any(loom, shuttle, debug_assertions)))]
    Vec::new()
}

/// Forgets what LWPs have gone through.
pub fn forget() {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::forget();
}

/// An LWP is about to go from one state to another.
#[inline(always)]
pub(super) fn makes(from: State, to: State) {
    #[cfg(any(loom, shuttle, debug_assertions))]
    record::makes(from, to);
    let _ = (from, to);
}
