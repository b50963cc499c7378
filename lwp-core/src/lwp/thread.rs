//! The thread of an LWP: what it is while it runs a closure, and how it ends.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;

use super::outcome::{Outcome, Record, discard};
use super::process::Shared;
use super::{Error, LwpId};
use crate::netbsd::KernelLwp;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Current>>> = const { RefCell::new(None) };
}

/// The LWP that the calling thread is.
pub(super) struct Current {
    pub(super) process: Arc<Shared>,
    pub(super) lwp: Arc<KernelLwp>,
}

/// What unwinds an LWP that must exit.
struct MustExit;

impl Current {
    /// The LWP that the calling thread is.
    pub(super) fn get() -> Result<Rc<Current>, Error> {
        // A thread that destroys its variables is an LWP no longer.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten().ok_or(Error::NotAnLwp)
    }

    pub(super) fn id(&self) -> LwpId {
        LwpId { process: self.process.number(), lid: self.lwp.l_lid() }
    }

    /// `lwp_userret`: suspends the LWP if it is asked to, and unwinds it if it must exit. Not where it unwinds already.
    pub(super) fn userret(&self) {
        if std::thread::panicking() {
            return;
        }
        let must_exit = self.process.sys().userret_must_exit(&self.lwp);
        if must_exit.expect("nobody here sends a signal that ends a process") {
            resume_unwind(Box::new(MustExit));
        }
    }
}

/// The life of an LWP's thread. It gives the LWP up before it says that it is over.
pub(super) fn live<T: Send + 'static>(
    process: Arc<Shared>,
    lwp: Arc<KernelLwp>,
    record: Arc<Record>,
    closure: impl FnOnce() -> T,
) {
    let sys = process.sys();
    sys.lwp_startup(&lwp);
    let current = Rc::new(Current { process: process.clone(), lwp: lwp.clone() });
    CURRENT.set(Some(current.clone()));
    let ended = catch_unwind(AssertUnwindSafe(|| {
        current.userret();
        Box::new(closure()) as Box<dyn Any + Send>
    }));
    record.leave(match ended {
        Ok(value) => Outcome::Returned(value),
        Err(payload) if payload.is::<MustExit>() => Outcome::Exited,
        Err(payload) => Outcome::Panicked(payload),
    });
    // Of a detached LWP this is the last there is.
    discard(record);
    CURRENT.set(None);
    drop(current);
    sys.lwp_exit(&lwp);
    drop(lwp);
    process.thread_ends();
}
