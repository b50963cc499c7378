//! Threads that panic and may catch it.
//!
//! All of loom's threads are coroutines of one thread, which panics as long as one of them does. So no other may run
//! meanwhile: locks that it held would be poisoned.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::thread;

use super::{Guard, current, model};

thread_local!(static KEPT: RefCell<Vec<(usize, Weak<Guard>)>> = RefCell::default());

/// An execution begins.
pub fn clear() {
    KEPT.with(|kept| kept.borrow_mut().clear());
}

/// The caller is about to do what lets others run. Where it unwinds by a panic they do not, and the search is bounded by
/// that; where it has caught one, it gives up the locks that it released meanwhile.
pub fn goes_on() {
    if thread::panicking() {
        model::panic_unwound();
        ::loom::skip_branch();
        return;
    }
    let me = current().get();
    let released = KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.is_empty() { Vec::new() } else { kept.extract_if(.., |(thread, _)| *thread == me).collect() }
    });
    released.into_iter().filter_map(|(_, guard)| guard.upgrade()).for_each(|guard| drop(guard.take()));
}

/// The caller releases a lock: at once, or where it panics before it does what lets others run.
pub fn releases(guard: &Rc<Guard>) {
    if thread::panicking() {
        KEPT.with(|kept| kept.borrow_mut().push((current().get(), Rc::downgrade(guard))));
    } else {
        drop(guard.take());
    }
}
