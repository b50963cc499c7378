//! The litmus programs themselves.

mod data;
mod signals;
mod sleeping;
mod upstream;

use lwp_core::netbsd::Repair::{
    self, CreatedWhileExiting, DeadGuard, DetachedCount, DrainedReferences, IdleExit, LostContinue,
    StillOnCpu, StuckWait, SuspendedExit, UnlockedRunning,
};
use lwp_core::netbsd::Revision::{self, R1_62, R1_69_2_6};

use super::pairs;
use crate::reach::{Bound, Loom};

/// A program over the protocol.
#[derive(Debug)]
pub struct Litmus {
    /// Its name, unique.
    pub name: &'static str,
    /// Where it comes from.
    pub group: Group,
    /// What it is about.
    pub about: &'static str,
    /// A line an LWP: how it starts, and what it does.
    pub lwps: &'static [&'static str],
    /// The numbers of CPUs that it runs with.
    pub cpus: &'static [usize],
    /// The revisions that it is for.
    pub revisions: &'static [Revision],
    /// What goes wrong as written. Empty: the program holds in every variant.
    pub defects: &'static [Defect],
    /// How far loom goes through it: three LWPs are too many for it to complete, and so are eight stores to one word.
    pub loom: Loom,
    /// What must have been seen in the outcomes of a search that holds.
    pub sometimes: &'static [&'static str],
}

/// Where a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Somebody had it in mind.
    Written,
    /// Generated, with two LWPs.
    Pairs,
    /// Generated, with three.
    Triples,
}

/// How a program fails where a repair is missing.
#[derive(Debug)]
pub struct Defect {
    /// The revisions that have the defect.
    pub revisions: &'static [Revision],
    /// What mends it.
    pub repair: Repair,
    /// Words of the failure; any of these.
    pub shows: &'static [&'static str],
    /// The fewest CPUs that it takes.
    pub cpus: usize,
    /// Whether it shows without this repair alone, and not only as written.
    pub alone: bool,
}

const fn defect(revisions: &'static [Revision], repair: Repair, shows: &'static [&'static str]) -> Defect {
    Defect { revisions, repair, shows, cpus: 1, alone: true }
}

/// The engines' words for an execution in which somebody can never go on.
pub(super) const STUCK: &[&str] = &["nobody can go on", "deadlock", "lost wake-up"];
/// The engines' words for a word that one stores to while another takes it for its own.
const RACE: &[&str] = &["data race", "Concurrent"];
/// `l_flag` of an LWP that exits, changed without its lock; every exit pass after another's exit may show it.
pub(super) const EXIT_RACE: Defect = Defect { cpus: 2, ..defect(&[R1_69_2_6], UnlockedRunning, RACE) };
/// The engines' words for a use of an LWP that was freed, or is at the same time.
const USE_AFTER_FREE: &[&str] = &["used after it was freed", "data race", "Concurrent"];
pub(super) const BOTH: &[Revision] = &[R1_62, R1_69_2_6];

/// loom has room for no more threads.
const LOOM_THREADS: usize = 5;
/// What takes loom a second with one preemption takes it minutes with three.
const ONE_PREEMPTION: Loom = Loom::at_most(1);
/// Where some word is stored to eight times.
pub(super) const MANY_STORES: Loom = Loom::Bounded(Bound { preemptions: None, forgets_stores: true });
/// Two preemptions, where some word is stored to eight times.
pub(super) const TWO_PREEMPTIONS_MANY_STORES: Loom =
    Loom::Bounded(Bound { preemptions: Some(2), forgets_stores: true });
/// One preemption, where some word is stored to eight times.
pub(super) const ONE_PREEMPTION_MANY_STORES: Loom =
    Loom::Bounded(Bound { preemptions: Some(1), forgets_stores: true });

const fn holds(
    name: &'static str,
    about: &'static str,
    lwps: &'static [&'static str],
    cpus: &'static [usize],
    sometimes: &'static [&'static str],
) -> Litmus {
    let loom = match lwps.len() {
        ..3 => Loom::Complete,
        3..=LOOM_THREADS => ONE_PREEMPTION,
        _ => Loom::NotAtAll("loom has room for five threads"),
    };
    Litmus { name, group: Group::Written, about, lwps, cpus, revisions: BOTH, defects: &[], loom, sometimes }
}

/// All programs.
pub fn all() -> impl Iterator<Item = &'static Litmus> {
    [PROGRAMS, data::PROGRAMS, signals::PROGRAMS, sleeping::PROGRAMS, upstream::PROGRAMS]
        .into_iter()
        .flatten()
        .chain(pairs::all())
}

const PROGRAMS: &[Litmus] = &[
    holds(
        "alone",
        "an LWP alone can neither wait for itself nor suspend itself, and knows nobody else",
        &["wait:1=EDEADLK suspend:1=EDEADLK wait:9=ESRCH wait:0=ESRCH continue:9=ESRCH detach:9=ESRCH exit"],
        &[1],
        &["1: EDEADLK, EDEADLK, ESRCH, ESRCH, ESRCH, ESRCH, gone"],
    ),
    holds(
        "wait-exit",
        "a wait ends when its target does",
        &["wait:2=2", "exit"],
        &[1, 2],
        &["1: 2; 2: gone"],
    ),
    holds(
        "suspend-exit",
        "an LWP that exits does not suspend itself first",
        &["suspend:2=ok|ESRCH", "exit"],
        &[2],
        &["1: ok", "1: ESRCH"],
    ),
    holds(
        "continue-exit",
        "a continue that nobody needs does nothing",
        &["continue:2=ok|ESRCH", "exit"],
        &[2],
        &["1: ok", "1: ESRCH"],
    ),
    Litmus {
        loom: MANY_STORES,
        ..holds(
            "wait-wait",
            "of two that wait for each other one is told, and the other gets what it waits for",
            &["wait:2=2|EDEADLK exit", "wait:1=1|EDEADLK exit"],
            &[2],
            &["1: EDEADLK", "2: EDEADLK", "1: 2"],
        )
    },
    holds(
        "wait-wait-in-turn",
        "on one CPU the second to wait is the one that is told",
        &["wait:2=2 exit", "wait:1=EDEADLK exit"],
        &[1],
        &["1: 2, gone; 2: EDEADLK, gone"],
    ),
    holds(
        "continue-wait",
        "a suspended LWP cannot be waited for until it is continued",
        &["wait:2=EDEADLK continue:2=ok wait:2=2", "suspended exit"],
        &[1, 2],
        &["1: EDEADLK, ok, 2; 2: gone"],
    ),
    holds(
        "detach-exit",
        "an LWP can be detached once, before or after its end",
        &["detach:2=ok detach:2=EINVAL|ESRCH", "exit"],
        &[2],
        &["1: ok, EINVAL", "1: ok, ESRCH"],
    ),
    holds(
        "reference-exit",
        "an LWP stays as long as somebody has a reference to it",
        &["reference:2=ok|ESRCH", "exit"],
        &[2],
        &["1: ok", "1: ESRCH"],
    ),
    Litmus {
        name: "lost-continue",
        group: Group::Written,
        about: "a suspension that was taken back does not happen",
        lwps: &["suspend:2=ok|ESRCH continue:2=ok|ESRCH wait:2=2", "userret exit"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(BOTH, LostContinue, &["wait 2 gave EDEADLK"])],
        loom: Loom::Complete,
        sometimes: &["1: ok, ok, 2; 2: ok, gone"],
    },
    Litmus {
        name: "suspend-each-other",
        group: Group::Written,
        about: "two LWPs that suspend and continue each other both go on",
        lwps: &["suspend:2=ok continue:2=ok userret", "suspend:1=ok continue:1=ok userret"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(BOTH, LostContinue, STUCK)],
        loom: Loom::Complete,
        sometimes: &["1: ok, ok, ok; 2: ok, ok, ok"],
    },
    Litmus {
        name: "suspended-exit",
        group: Group::Written,
        about: "a process ends though an LWP is about to suspend itself",
        lwps: &["suspend:2=ok exit-process", "user"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(BOTH, SuspendedExit, STUCK)],
        loom: Loom::Complete,
        sometimes: &["1: ok, gone; 2: gone"],
    },
    Litmus {
        name: "dead-guard",
        group: Group::Written,
        about: "an LWP that has been told to exit suspends nobody",
        lwps: &["exit-process", "lwp_suspend:3=ok|EDEADLK|ESRCH user", "user"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(BOTH, DeadGuard, STUCK)],
        loom: ONE_PREEMPTION_MANY_STORES,
        sometimes: &["1: gone; 2: EDEADLK", "1: gone; 2: ok"],
    },
    Litmus {
        name: "wait-chain",
        group: Group::Written,
        about: "an LWP that has what it waited for is no reason for another to give up",
        lwps: &["wait:3=3 exit", "wait:1=1", "exit"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(&[R1_62], StuckWait, &["wait 1 gave EDEADLK"])],
        loom: ONE_PREEMPTION_MANY_STORES,
        sometimes: &["1: 3, gone; 2: 1; 3: gone"],
    },
    Litmus {
        name: "two-detached-and-a-reference",
        group: Group::Written,
        about: "a reference to a detached LWP can be taken until it is a zombie",
        lwps: &["reference:2=ok|ESRCH", "detached exit", "detached exit"],
        cpus: &[3],
        revisions: BOTH,
        defects: &[defect(BOTH, DrainedReferences, &["l_refcnt != 0"])],
        // As written it shows its defect with two and not with one.
        loom: TWO_PREEMPTIONS_MANY_STORES,
        sometimes: &["1: ok", "1: ESRCH"],
    },
    holds(
        "create-wait",
        "an LWP that is created can be waited for",
        &["create:2=ok wait:2=2", "unborn exit"],
        &[1, 2],
        &["1: ok, 2; 2: gone"],
    ),
    holds(
        "create-suspended",
        "an LWP that is created suspended runs once it is continued",
        &["create:2=ok wait:2=EDEADLK continue:2=ok wait:2=2", "unborn suspended userret exit"],
        &[1, 2],
        &["1: ok, EDEADLK, ok, 2; 2: ok, gone"],
    ),
    holds(
        "create-after-exit",
        "whoever creates an LWP reaps the detached zombie first, or finds none",
        &["create:3=ok wait:3=3", "detached exit", "unborn exit"],
        &[2],
        &["1: ok, 3"],
    ),
    Litmus {
        name: "create-while-exiting",
        group: Group::Written,
        about: "a process ends though an LWP is being created",
        lwps: &["exit-process", "create:3=ok user", "unborn userret user"],
        cpus: &[3],
        revisions: BOTH,
        defects: &[defect(BOTH, CreatedWhileExiting, STUCK)],
        loom: ONE_PREEMPTION_MANY_STORES,
        sometimes: &["1: gone; 2: ok, gone; 3: gone"],
    },
    holds(
        "two-wait-for-one",
        "of two that wait for one LWP one gets it, and the other learns that it is gone",
        &["wait:3=3|ESRCH", "wait:3=3|ESRCH", "exit"],
        &[3],
        &["1: 3; 2: ESRCH", "1: ESRCH; 2: 3"],
    ),
    Litmus {
        name: "wait-suspend-exit",
        group: Group::Written,
        about: "a waiter that is suspended and continued gets its LWP and goes on",
        lwps: &["wait:2=2 userret", "exit", "suspend:1=ok continue:1=ok"],
        cpus: &[3],
        revisions: BOTH,
        defects: &[defect(BOTH, LostContinue, STUCK)],
        loom: ONE_PREEMPTION_MANY_STORES,
        sometimes: &["1: 2, ok"],
    },
    Litmus {
        name: "exit-exit",
        group: Group::Written,
        about: "the last of two that exit ends the process, however dead the other is",
        lwps: &["exit", "exit"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[EXIT_RACE],
        loom: Loom::Complete,
        sometimes: &["1: gone; 2: gone"],
    },
    Litmus {
        name: "stolen-wait",
        group: Group::Written,
        about: "an LWP that another waits for already is not collected by a wait for any",
        lwps: &["wait:3=3 exit", "continue:3=ok yield wait:0=1", "suspended exit"],
        cpus: &[1],
        revisions: BOTH,
        defects: &[defect(&[R1_62], StuckWait, &["wait for any gave 3", "wait 3 gave ESRCH"])],
        loom: ONE_PREEMPTION_MANY_STORES,
        sometimes: &["1: 3, gone; 2: ok, ok, 1"],
    },
    Litmus {
        name: "wait-cycle-beside-a-third",
        group: Group::Written,
        about: "of two that wait for each other the second is told, though somebody else runs still",
        lwps: &["wait:2=2 exit", "wait:1=EDEADLK exit", "exit"],
        cpus: &[1],
        revisions: BOTH,
        defects: &[defect(&[R1_62], StuckWait, &["gave EDEADLK", "gave 1"])],
        loom: ONE_PREEMPTION,
        sometimes: &["1: 2, gone; 2: EDEADLK, gone"],
    },
    Litmus {
        name: "reap-exit",
        group: Group::Written,
        about: "the last LWP of a process is freed only once it has left its CPU",
        lwps: &["exit", "outside reap"],
        cpus: &[2],
        revisions: BOTH,
        defects: &[defect(&[R1_62], StillOnCpu, USE_AFTER_FREE)],
        loom: Loom::Complete,
        sometimes: &["outside: reaped", "outside: not yet"],
    },
    Litmus {
        name: "abandon-wait",
        group: Group::Written,
        about: "an LWP that was never started can be given up and waited for",
        lwps: &["abandon:2 wait:2=2", "idle exit"],
        cpus: &[1, 2],
        revisions: &[R1_69_2_6],
        defects: &[defect(&[R1_69_2_6], IdleExit, &["p_nrlwps is not"])],
        loom: Loom::Complete,
        sometimes: &["1: ok, 2"],
    },
    Litmus {
        defects: &[defect(BOTH, DetachedCount, &["wait 3 gave EDEADLK"])],
        ..holds(
            "wait-beside-detached",
            "a detached LWP that is suspended is no reason to give up a wait for one that runs",
            &["wait:3=3 continue:2=ok", "detached suspended exit", "exit"],
            &[3],
            &["1: 3, ok"],
        )
    },
    Litmus {
        defects: &[defect(BOTH, DetachedCount, &["wait 3 gave EDEADLK"])],
        ..holds(
            "wait-beside-detached-waiter",
            "a detached LWP that waits is no reason to give up a wait for one that runs",
            &["wait:3=3|ESRCH", "detached wait:3=3|ESRCH", "exit"],
            &[3],
            &["1: 3"],
        )
    },
];
