//! What happens in an execution, told step by step to whoever listens.
//!
//! Under the checkers, and off by default: a search that nobody listens to pays one relaxed load an event. No engine sees
//! any of it, so an execution is the same whether somebody listens or not. With real threads there is nothing of it.

#[cfg(any(loom, shuttle))]
use std::panic::Location;

use crate::locks::LockId;
use crate::mutex::Class;
use crate::netbsd::{Lid, State};
use crate::site::Site;
use crate::sync::ThreadId;

/// Something that has happened, or, of what may have to wait, is about to.
///
/// A `lid` of 0 is that of an LWP that has no number, or of no LWP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A machine starts: whatever was heard before is of another execution, or of no account.
    Machine {
        /// Its locks: a lock's number is its place here.
        locks: Vec<Class>,
    },
    /// There is a new LWP.
    Born {
        /// The LWP.
        lid: Lid,
        /// `l_stat`.
        state: State,
        /// Where `l_mutex` points.
        lock: LockId,
        /// What that lock is.
        class: Class,
        /// `l_cpu`.
        cpu: usize,
    },
    /// `l_stat` was stored.
    State {
        /// Whose.
        lid: Lid,
        /// What it was.
        from: State,
        /// What it is.
        to: State,
    },
    /// `l_mutex` was stored.
    Pointer {
        /// Whose.
        lid: Lid,
        /// Where it points.
        lock: LockId,
        /// What that lock is.
        class: Class,
    },
    /// `l_flag` was stored; [`crate::netbsd::flag::names`] reads it.
    Flag {
        /// Whose.
        lid: Lid,
        /// What it was.
        from: usize,
        /// What it is.
        to: usize,
    },
    /// The counters of the process have changed, all that did at once: p_smutex is about to be released.
    Counters {
        /// What they were at the release before.
        from: Counters,
        /// What they are.
        to: Counters,
    },
    /// Something else has changed: what p_smutex covers when it is about to be released, and what is the LWP's own at once.
    Field {
        /// Whose, or 0 for the process.
        lid: Lid,
        /// The kernel's name of it.
        name: &'static str,
        /// What it was at the release before.
        from: usize,
        /// What it is.
        to: usize,
    },
    /// The thread is about to take a lock.
    Wants {
        /// The lock.
        lock: LockId,
        /// What it is.
        class: Class,
        /// Who holds it, if anybody does.
        holder: Option<ThreadId>,
    },
    /// The thread has taken a lock.
    Taken {
        /// The lock.
        lock: LockId,
        /// What it is.
        class: Class,
    },
    /// The thread has released a lock.
    Released {
        /// The lock.
        lock: LockId,
        /// What it is.
        class: Class,
    },
    /// A word was loaded that anybody may store to meanwhile.
    Look {
        /// Whose word it is.
        lid: Lid,
        /// Which load of which word.
        site: Site,
        /// The word, by a number that no other of the execution has.
        word: u32,
        /// What it held.
        value: usize,
        /// Whose store that was, where memory is weak. Elsewhere it was the last.
        from: Option<ThreadId>,
    },
    /// Such a word was stored to.
    Stored {
        /// Whose word it is.
        lid: Lid,
        /// Which store to which word.
        site: Site,
        /// The word.
        word: u32,
        /// What it holds.
        value: usize,
    },
    /// The thread, which is the LWP's, is about to wait.
    Blocks {
        /// The LWP.
        lid: Lid,
        /// For what.
        until: Until,
    },
    /// The LWP's thread waits no longer.
    GoesOn {
        /// The LWP.
        lid: Lid,
        /// What it waited for.
        until: Until,
    },
    /// The thread lets an LWP's go on, now or when it comes to wait.
    LetsGo {
        /// The LWP.
        lid: Lid,
        /// What it waits for.
        until: Until,
    },
    /// The thread waits in a loop until something that it looked at changes.
    Spins,
    /// The LWP went on a sleep queue.
    Sleeps {
        /// The LWP.
        lid: Lid,
        /// What for: `l_wmesg`.
        on: &'static str,
    },
    /// The LWP was taken off its sleep queue.
    Woken {
        /// The LWP.
        lid: Lid,
        /// What it slept for.
        on: &'static str,
    },
    /// The thread wakes everybody who waits on a condition variable.
    Broadcasts {
        /// Which.
        on: &'static str,
    },
    /// The LWP's memory is about to be freed.
    Freed {
        /// The LWP.
        lid: Lid,
    },
    /// The thread does a line of a program.
    Does {
        /// The line's name.
        name: String,
        /// The LWP that it is, or 0.
        lid: Lid,
    },
    /// The thread begins an operation of a program.
    Begins {
        /// The operation, in the program's words.
        operation: String,
    },
    /// The operation that the thread began last is over.
    Ends {
        /// What came of it, in the program's words.
        result: String,
    },
}

/// What an LWP's thread can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A CPU that takes the LWP.
    Dispatched,
    /// An AST that sends it from user mode into the kernel.
    Notified,
}

/// The counters of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// LWPs.
    pub p_nlwps: usize,
    /// LWPs that run or will soon.
    pub p_nrlwps: usize,
    /// Zombies, and LWPs that are about to be.
    pub p_nzlwps: usize,
    /// Detached LWPs.
    pub p_ndlwps: usize,
    /// LWPs that wait for others.
    pub p_nlwpwait: usize,
}

impl Counters {
    /// Each with the kernel's name of it.
    pub fn named(&self) -> [(&'static str, usize); 5] {
        [
            ("p_nlwps", self.p_nlwps),
            ("p_nrlwps", self.p_nrlwps),
            ("p_nzlwps", self.p_nzlwps),
            ("p_ndlwps", self.p_ndlwps),
            ("p_nlwpwait", self.p_nlwpwait),
        ]
    }
}

#[cfg(any(loom, shuttle))]
mod listening {
    use std::panic::Location;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::{Event, Origin};
    use crate::sync;

    /// Whoever listens. It is called between two steps of an execution, and must not take one itself.
    pub type Listener = Arc<dyn Fn(&Event, Origin) + Send + Sync>;

    // Plain memory of the process: no model sees it.
    static LISTENING: AtomicBool = AtomicBool::new(false);
    static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

    // ORDERING: none needed anywhere here. Whoever listens says so before the model runs, and the mutex orders the rest.

    /// Has `listener` hear what happens in this process from now on; `None` ends that.
    pub fn listen(listener: Option<Listener>) {
        LISTENING.store(listener.is_some(), Ordering::Relaxed);
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    /// Who listens now, for somebody else who wants to listen and has to pass on what it hears.
    pub fn listener() -> Option<Listener> {
        LISTENER.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anybody listens. Built with `--cfg unheard` nobody ever does, and nothing of all this is left: what a
    /// search is compared with to see what it costs.
    #[inline(always)]
    pub fn is_listened_to() -> bool {
        cfg!(not(unheard)) && LISTENING.load(Ordering::Relaxed)
    }

    /// What an execution does while it is given up happens to nobody, and what a condition does while it is asked in
    /// advance has not happened.
    #[cold]
    pub fn said(event: &Event, place: &'static Location<'static>) {
        if std::thread::panicking() || sync::asks_in_silence() {
            return;
        }
        if let Some(listener) = listener() {
            listener(event, Origin { thread: sync::current(), place });
        }
    }
}

#[cfg(any(loom, shuttle))]
pub use listening::{Listener, is_listened_to, listen, listener};

/// Who did something, and where.
#[cfg(any(loom, shuttle))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The thread.
    pub thread: ThreadId,
    /// The line of this crate's source, or of the program's.
    pub place: &'static Location<'static>,
}

/// Tells whoever listens of an event, which is not even made where nobody does.
#[inline(always)]
#[track_caller]
pub fn tell(event: impl FnOnce() -> Event) {
    #[cfg(any(loom, shuttle))]
    if is_listened_to() {
        listening::said(&event(), Location::caller());
    }
    #[cfg(not(any(loom, shuttle)))]
    let _ = event;
}
