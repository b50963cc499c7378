//! The themes: of which words, and from which starting states, programs are made.

use super::super::ast::{Doing, Start};
use super::word::{
    ABANDON, CONTINUE, CREATE, DETACH, DUMP, EXIT_PROCESS, HAPPEN, KILL_USR1, PARK, REFERENCE, SIGNAL_CONT,
    SIGNAL_KILL, SIGNAL_STOP, SIGNAL_USR1, SLEEP_SIG, START, STOP, SUSPEND, SUSPEND_SELF, UNPARK, WAIT,
    WAIT_ANY, WAKEUP, Word,
};

/// What programs of a kind are made of.
///
/// Every program of a theme says one of its own words, or has an LWP that starts in one of its own states. No theme has
/// another's own words or states, but for companions, so a program is of one theme only.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub own: &'static [Word],
    /// What else its programs may do.
    pub with: &'static [Word],
    /// The starting states that it is about.
    pub own_states: &'static [Start],
    /// In which other states LWPs may start, besides running.
    pub with_states: &'static [Start],
}

/// On a CPU, or about to be.
pub const RUNNING: Start = born(Doing::Running);
const DETACHED: Start = Start::Born { detached: true, doing: Doing::Running };
const SUSPENDED: Start = born(Doing::Suspended);
const STOPPED: Start = born(Doing::Stopped);
const SLEEPING: Start = born(Doing::Sleeping);
const SLEEPING_SIG: Start = born(Doing::SleepingSig);
const IDLE: Start = born(Doing::Idle);
const UNBORN: Start = Start::Unborn { detached: false, suspended: false };
const UNBORN_DETACHED: Start = Start::Unborn { detached: true, suspended: false };
const UNBORN_SUSPENDED: Start = Start::Unborn { detached: false, suspended: true };

const fn born(doing: Doing) -> Start {
    Start::Born { detached: false, doing }
}

const fn theme(name: &'static str, own: &'static [Word], with: &'static [Word]) -> Theme {
    Theme { name, own, with, own_states: &[], with_states: &[] }
}

/// The themes of three LWPs that do one thing.
pub const THREE: &[Theme] = &[
    Theme {
        own_states: &[SUSPENDED],
        ..theme("core", &[SUSPEND, SUSPEND_SELF, CONTINUE, WAIT, WAIT_ANY, DETACH, EXIT_PROCESS], &[])
    },
    Theme {
        own_states: &[DETACHED],
        ..theme("detached", &[], &[SUSPEND, CONTINUE, WAIT, WAIT_ANY, EXIT_PROCESS])
    },
    Theme {
        own_states: &[SLEEPING, SLEEPING_SIG],
        ..theme("sleeping", &[SLEEP_SIG, HAPPEN, WAKEUP], &[SUSPEND, WAIT, EXIT_PROCESS])
    },
    theme("parking", &[PARK, UNPARK], &[SUSPEND, CONTINUE, WAKEUP, EXIT_PROCESS]),
    Theme {
        own_states: &[STOPPED],
        ..theme("job-control", &[STOP, SIGNAL_STOP, SIGNAL_CONT], &[SUSPEND, WAIT])
    },
    Theme {
        with_states: &[SLEEPING_SIG],
        ..theme("interrupts", &[SIGNAL_USR1, KILL_USR1], &[SUSPEND, WAIT])
    },
    Theme { with_states: &[SUSPENDED], ..theme("killing", &[SIGNAL_KILL], &[SUSPEND]) },
    Theme { with_states: &[SUSPENDED], ..theme("dump", &[DUMP], &[SUSPEND, CONTINUE, WAIT, EXIT_PROCESS]) },
    Theme {
        own_states: &[IDLE, UNBORN, UNBORN_DETACHED, UNBORN_SUSPENDED],
        ..theme("creation", &[CREATE, START, ABANDON], &[SUSPEND, CONTINUE, WAIT, DETACH, EXIT_PROCESS])
    },
    theme("references", &[REFERENCE], &[WAIT, DETACH, EXIT_PROCESS]),
];

/// The themes of two LWPs.
pub const TWO: &[Theme] = &[
    Theme {
        own_states: &[SUSPENDED],
        ..theme("core", &[SUSPEND, CONTINUE, WAIT, WAIT_ANY, DETACH, EXIT_PROCESS], &[])
    },
    theme("suspend-self", &[SUSPEND_SELF], &[CONTINUE, WAIT]),
    Theme { own_states: &[DETACHED], ..theme("detached", &[], &[SUSPEND, CONTINUE, WAIT, EXIT_PROCESS]) },
    Theme {
        own_states: &[SLEEPING, SLEEPING_SIG],
        ..theme("sleeping", &[SLEEP_SIG, HAPPEN], &[SUSPEND, CONTINUE, WAIT])
    },
    theme("parking", &[PARK, UNPARK], &[SUSPEND, CONTINUE, WAKEUP]),
    Theme { own_states: &[STOPPED], ..theme("job-control", &[SIGNAL_STOP, SIGNAL_CONT], &[SUSPEND, WAIT]) },
    Theme { with_states: &[SLEEPING_SIG], ..theme("interrupts", &[KILL_USR1, WAKEUP], &[SUSPEND, WAIT]) },
    Theme { with_states: &[SUSPENDED], ..theme("killing", &[SIGNAL_KILL], &[SUSPEND]) },
    Theme { with_states: &[SUSPENDED], ..theme("dump", &[DUMP], &[SUSPEND, CONTINUE, WAIT]) },
    Theme {
        own_states: &[IDLE, UNBORN, UNBORN_DETACHED, UNBORN_SUSPENDED],
        ..theme("creation", &[CREATE, START, ABANDON], &[SUSPEND, CONTINUE, WAIT, EXIT_PROCESS])
    },
    theme("references", &[REFERENCE], &[WAIT, DETACH, EXIT_PROCESS]),
];

/// The themes of many LWPs: four that do one thing, and three that do two.
pub const MANY: &[Theme] = &[
    Theme { own_states: &[SUSPENDED], ..theme("core", &[SUSPEND, CONTINUE, WAIT], &[]) },
    Theme { own_states: &[DETACHED], ..theme("detached", &[], &[WAIT, EXIT_PROCESS]) },
    theme("wait-any", &[WAIT_ANY], &[WAIT, SUSPEND]),
    theme("detach", &[DETACH], &[WAIT]),
    Theme { with_states: &[SUSPENDED], ..theme("exit-process", &[EXIT_PROCESS], &[SUSPEND, CONTINUE]) },
    Theme { own_states: &[SLEEPING_SIG], ..theme("sleeping", &[HAPPEN], &[WAIT]) },
    theme("parking", &[PARK, UNPARK], &[SUSPEND]),
    Theme { own_states: &[STOPPED], ..theme("job-control", &[SIGNAL_CONT], &[SUSPEND]) },
    theme("interrupts", &[SIGNAL_USR1], &[WAIT]),
    Theme { with_states: &[SUSPENDED], ..theme("killing", &[SIGNAL_KILL], &[SUSPEND]) },
    theme("dump", &[DUMP], &[SUSPEND, WAIT]),
    Theme { own_states: &[IDLE, UNBORN], ..theme("creation", &[CREATE, START], &[WAIT]) },
    theme("references", &[REFERENCE], &[WAIT]),
];
