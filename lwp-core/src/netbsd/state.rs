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
const R1_62: &[(State, State)] = &DOCUMENTED;

/// The same, and what 1.69.2.6 documents elsewhere: `lwp_exit` asserts (L683) that it is called for the current LWP, or
/// for one that is LSIDL.
const R1_69_2_6: &[(State, State)] = &{
    let mut all = [(Idl, Zomb); DOCUMENTED.len() + 1];
    let mut n = 0;
    while n < DOCUMENTED.len() {
        all[n] = DOCUMENTED[n];
        n += 1;
    }
    all
};

const DOCUMENTED: [(State, State); 19] = [
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

/// NetBSD 2022 documents none of these any more: the list shrank, the functions did not.
const NEVER_MADE: &[((State, State), &str)] = &[
    (
        (Run, Stop),
        "only LWPs that sleep interruptibly are stopped by others; one that is LSRUN stops itself, on a CPU",
    ),
    ((Run, Suspended), "lwp_suspend leaves one that is LSRUN to lwp_userret, where it is LSONPROC"),
    ((Sleep, Suspended), "lwp_suspend wakes one that sleeps interruptibly, and leaves any other asleep"),
    (
        (Suspended, Sleep),
        "setrunnable does so for one on a sleep queue, and nobody is suspended there: see the line above",
    ),
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
            Revision::R1_62 => R1_62,
            Revision::R1_69_2_6 => R1_69_2_6,
        }
    }

    /// The documented transitions that no function makes, with the reason.
    pub const fn never_made() -> &'static [((State, State), &'static str)] {
        NEVER_MADE
    }

    /// Whether `revision` documents the transition.
    pub fn may_become(self, to: State, revision: Revision) -> bool {
        State::transitions(revision).contains(&(self, to))
    }

    /// The class of the lock that covers an LWP in this state: 1.62 L160-182, 1.69.2.6 L159-181. An LWP that is on a
    /// sleep queue, asleep or halted there, has that queue's lock, whose class is `queue`. (On a uniprocessor all of 1.62's
    /// locks are sched_mutex, L152-155.)
    pub const fn covering_lock(self, queue: Option<Class>, revision: Revision) -> Class {
        match (self, queue, revision) {
            (Sleep | Stop | Suspended, Some(queue), _) => queue,
            (Sleep, None, _) => Class::SleepQueue,
            (_, _, Revision::R1_62) => Class::SchedMutex,
            (Idl | Run, _, Revision::R1_69_2_6) => Class::SpcMutex,
            (_, _, Revision::R1_69_2_6) => Class::SpcLwplock,
        }
    }
}
