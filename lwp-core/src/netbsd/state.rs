//! The states of an LWP, the documented ways between them, and the lock that covers each.

use super::Revision;
use crate::mutex::Class;

/// `l_stat`, with the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// LSIDL: created, not started.
    Idl = 1,
    /// LSRUN: on a run queue.
    Run = 2,
    /// LSSLEEP: on a sleep queue, and about to leave its CPU or gone.
    Sleep = 3,
    /// LSSTOP: stopped by job control.
    Stop = 4,
    /// LSZOMB: dead or dying.
    Zomb = 5,
    /// LSONPROC: on a CPU.
    OnProc = 7,
    /// LSSUSPENDED: halted by `_lwp_suspend`.
    Suspended = 8,
}

use State::{Idl, OnProc, Run, Sleep, Stop, Suspended, Zomb};

/// The transitions that the head of the file documents: 1.62 L128-142, 1.69.2.6 L128-142. The two lists are the same;
/// "only happens under tightly controlled circumstances" (1.69.2.6 L144) is for kernel threads, which are not modelled.
const DOCUMENTED: &[(State, State)] = &[
    (Run, OnProc),
    (Run, Stop),
    (Run, Suspended),
    (OnProc, Run),
    (OnProc, Sleep),
    (OnProc, Stop),
    (OnProc, Suspended),
    (OnProc, Zomb),
    (Stop, Run),
    (Stop, Sleep),
    (Suspended, Run),
    (Suspended, Sleep),
    (Sleep, OnProc),
    (Sleep, Run),
    (Sleep, Stop),
    (Sleep, Suspended),
    (Idl, Run),
    (Idl, Suspended),
    (Idl, Stop),
];

impl State {
    /// Every state.
    pub const ALL: [State; 7] = [Idl, Run, Sleep, Stop, Zomb, OnProc, Suspended];

    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Idl => "LSIDL",
            Run => "LSRUN",
            Sleep => "LSSLEEP",
            Stop => "LSSTOP",
            Zomb => "LSZOMB",
            OnProc => "LSONPROC",
            Suspended => "LSSUSPENDED",
        }
    }

    /// The state with this number.
    pub(crate) fn from_number(n: usize) -> State {
        State::ALL.into_iter().find(|s| *s as usize == n).expect("only states are stored in l_stat")
    }

    /// Whether `p_nrlwps` counts an LWP in this state: 1.62 L197-200, 1.69.2.6 L198-201.
    pub const fn is_running_or_soon(self) -> bool {
        matches!(self, Run | OnProc | Sleep)
    }

    /// The transitions that `revision` documents.
    pub const fn transitions(revision: Revision) -> &'static [(State, State)] {
        match revision {
            Revision::R1_62 | Revision::R1_69_2_6 => DOCUMENTED,
        }
    }

    /// Whether `revision` documents the transition.
    pub fn may_become(self, to: State, revision: Revision) -> bool {
        State::transitions(revision).contains(&(self, to))
    }

    /// The class of the lock that covers an LWP in this state: 1.62 L160-182, 1.69.2.6 L159-181. A halted LWP that was
    /// asleep, and is still on its sleep queue, stays with that queue's lock.
    pub const fn covering_lock(self, asleep: bool, revision: Revision) -> Class {
        match (self, revision) {
            (Sleep, _) => Class::SleepQueue,
            (Stop | Suspended, _) if asleep => Class::SleepQueue,
            (_, Revision::R1_62) => Class::SchedMutex,
            (Idl | Run, Revision::R1_69_2_6) => Class::SpcMutex,
            (_, Revision::R1_69_2_6) => Class::SpcLwplock,
        }
    }
}
