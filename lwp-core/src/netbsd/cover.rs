//! Which lock covers an LWP: the table of states and locks, with the machine's locks in the place of their classes.

use super::lwp::Wchan;
use super::system::SLEEPQS;
use super::{Revision, State};
use crate::locks::LockId;
use crate::mutex::Class;

/// The locks under which an LWP comes: its own CPU's, and those of the sleep queues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Covers {
    /// The lock of the LWP that runs on the CPU: `spc_lwplock`, or `sched_mutex` in 1.62.
    pub(super) spc_lwplock: LockId,
    /// The lock of the CPU's run queue: `spc_mutex`, or `sched_mutex` in 1.62.
    pub(super) spc_mutex: LockId,
    /// The locks of the sleep queues, by wait channel.
    pub(super) sleepqs: [LockId; SLEEPQS],
}

impl Covers {
    /// The lock that covers an LWP of this CPU: [`State::covering_lock`] says of which class it is. `None` where the LWP
    /// sleeps on no queue, which no lock covers.
    pub(super) fn lock(&self, state: State, wchan: Option<Wchan>, revision: Revision) -> Option<LockId> {
        match (state.covering_lock(wchan.map(Wchan::class), revision), wchan) {
            (Class::SleepQueue | Class::TurnstileChain, wchan) => wchan.map(|w| self.sleepqs[w.number()]),
            (Class::SpcMutex, _) => Some(self.spc_mutex),
            _ => Some(self.spc_lwplock),
        }
    }
}
