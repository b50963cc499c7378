//! Which word loom speaks of when it says that two accesses are not ordered: it names none.

use std::cell::Cell;

use crate::site::Site;

thread_local!(static LAST: Cell<Option<Site>> = const { Cell::new(None) });

/// A word is about to be accessed that this site stored to last.
pub fn word(stored: Option<Site>) {
    LAST.set(stored);
}

/// What was done to the word that was accessed last, which is named by the site that stored to it.
pub fn about() -> String {
    match LAST.get() {
        Some(site) if site.name().ends_with(".publish") => "the lock pointer is moved".into(),
        Some(site) => format!("the word of `{}` is stored to", site.name()),
        None => "a word is stored to".into(),
    }
}
