//! Changes that claims are about: each is told right before it is made, and is a step of its own where its order among the
//! others matters.
//!
//! A search that leaves out orders of independent steps would else leave out moments: of two LWPs that change their states
//! under different locks it runs one order, and a claim about both can tell the two apart. A step *before* the change is
//! sound, since nothing can keep the thread from making the change right then: what is claimed of that moment is claimed
//! of a state that an execution comes to. (After the change it would not be: another thread may have seen it by then, and
//! gone on.)
//!
//! Under the checkers, and off by default: a change that nothing watches pays for one look at a flag.

use crate::observe::Event;

#[cfg(any(loom, shuttle))]
mod watching {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use crate::observe::Event;
    use crate::sync::{Moments, asks_in_silence};

    /// Sees the changes of one execution.
    pub trait Watch {
        /// Whether it can tell in which order this change and others like it come.
        fn orders(&self, change: &Event) -> bool;

        /// The change comes now.
        fn sees(&self, change: &Event);
    }

    struct Watching {
        watch: Rc<dyn Watch>,
        moments: Rc<Moments>,
    }

    // All threads of an execution run on one thread of the operating system.
    thread_local! {
        static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
        static WATCHING: RefCell<Option<Watching>> = const { RefCell::new(None) };
    }

    /// An execution is watched until this is dropped.
    #[must_use]
    #[derive(Debug)]
    pub struct Watched(());

    /// Has `watch` see the changes of the running execution.
    #[track_caller]
    pub fn watch(watch: Rc<dyn Watch>) -> Watched {
        let moments = Rc::new(Moments::new());
        WATCHING.set(Some(Watching { watch, moments }));
        IS_WATCHED.set(true);
        Watched(())
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            IS_WATCHED.set(false);
            WATCHING.set(None);
        }
    }

    /// Whether the running execution is watched.
    #[inline(always)]
    pub fn is_watched() -> bool {
        IS_WATCHED.get()
    }

    #[cold]
    #[track_caller]
    pub(super) fn tell(change: &Event) {
        if std::thread::panicking() || asks_in_silence() {
            return;
        }
        let watching = WATCHING.with_borrow(|w| w.as_ref().map(|w| (w.watch.clone(), w.moments.clone())));
        let Some((watch, moments)) = watching else { return };
        if watch.orders(change) {
            moments.next();
        }
        watch.sees(change);
    }
}

#[cfg(any(loom, shuttle))]
pub use watching::{Watch, Watched, is_watched, watch};

/// The thread is about to make a change.
#[inline(always)]
#[track_caller]
pub fn about_to(change: impl FnOnce() -> Event) {
    #[cfg(any(loom, shuttle))]
    if is_watched() {
        watching::tell(&change());
    }
    #[cfg(not(any(loom, shuttle)))]
    let _ = change;
}
