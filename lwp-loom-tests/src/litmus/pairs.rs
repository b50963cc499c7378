//! Generated programs: suspend, continue, wait and exit in every pair, from every starting state of the target.
//!
//! With two LWPs the first does something to the second, which does something to the first once it has left the state
//! it starts in. With three the first two do something to the third. In the end everybody exits, so whoever is left
//! behind is noticed.

use std::sync::{Arc, LazyLock};

use lwp_core::netbsd::{Repair, Revision};

use super::ast::{Defect, Program, Symptom};
use super::text;
use crate::reach::Loom;

/// What the names of programs with two LWPs begin with.
pub const TWO: &str = "pairs";
/// What the names of programs with three LWPs begin with.
pub const THREE: &str = "triples";

/// What one LWP does to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Suspend,
    Continue,
    Wait,
    WaitAny,
    Exit,
}

const VERBS: [Verb; 5] = [Verb::Suspend, Verb::Continue, Verb::Wait, Verb::WaitAny, Verb::Exit];

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Suspend => "suspend",
            Verb::Continue => "continue",
            Verb::Wait => "wait",
            Verb::WaitAny => "wait-any",
            Verb::Exit => "exit",
        }
    }

    fn waits(self) -> bool {
        matches!(self, Verb::Wait | Verb::WaitAny)
    }

    /// The operations, of an LWP that gets `target` going by `release` where that is needed.
    fn operations(self, target: &str, release: &str) -> String {
        match self {
            Verb::Suspend => format!("suspend {target}; {release}; continue {target}"),
            Verb::Continue => format!("continue {target}; {release}"),
            // The first wait finds the target in its state, the second finds it gone or going.
            Verb::Wait if !release.is_empty() => format!("wait {target}; {release}; wait {target}"),
            Verb::WaitAny if !release.is_empty() => format!("wait any; {release}; wait any"),
            Verb::Wait => format!("wait {target}"),
            Verb::WaitAny => "wait any".into(),
            Verb::Exit => release.into(),
        }
    }
}

/// The state that the target starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// LSONPROC, or LSRUN where its CPU is taken.
    Running,
    Detached,
    SleepingInterruptibly,
    Sleeping,
    Suspended,
    Stopped,
    Idle,
}

const STATES: [From; 7] = [
    From::Running,
    From::Detached,
    From::SleepingInterruptibly,
    From::Sleeping,
    From::Suspended,
    From::Stopped,
    From::Idle,
];

impl From {
    fn name(self) -> &'static str {
        match self {
            From::Running => "running",
            From::Detached => "detached",
            From::SleepingInterruptibly => "sleeping-sig",
            From::Sleeping => "sleeping",
            From::Suspended => "suspended",
            From::Stopped => "stopped",
            From::Idle => "idle",
        }
    }

    /// The target's head.
    fn start(self) -> &'static str {
        match self {
            From::Running => "",
            From::Detached => "detached",
            From::SleepingInterruptibly => "sleeping-sig",
            From::Sleeping => "sleeping",
            From::Suspended => "suspended",
            From::Stopped => "stopped",
            From::Idle => "idle",
        }
    }

    /// What the target does first.
    fn first(self) -> &'static str {
        match self {
            From::SleepingInterruptibly => "sleep-sig",
            From::Sleeping => "sleep",
            From::Stopped => "userret",
            From::Running | From::Detached | From::Suspended | From::Idle => "",
        }
    }

    /// What gets the target going.
    fn release(self, target: &str) -> String {
        match self {
            From::Running | From::Detached => String::new(),
            From::SleepingInterruptibly | From::Sleeping => "happen".into(),
            From::Suspended => format!("continue {target}"),
            From::Stopped => "signal CONT".into(),
            From::Idle => format!("start {target}"),
        }
    }

    /// Whether a wait for the target does not end before somebody else gets it going.
    fn blocks_waiters(self) -> bool {
        matches!(self, From::SleepingInterruptibly | From::Sleeping)
    }
}

/// All generated programs.
pub fn all() -> impl Iterator<Item = &'static Arc<Program>> {
    static ALL: LazyLock<Vec<Arc<Program>>> = LazyLock::new(|| {
        let firsts = VERBS.into_iter().flat_map(|a| VERBS.map(|b| (a, b)));
        let both = firsts.flat_map(|(a, b)| STATES.map(|from| (a, b, from)));
        let threes = both.clone().flat_map(|(a, b, from)| Sharing::ALL.map(|sharing| (a, b, from, sharing)));
        let threes = threes.filter_map(|(a, b, from, sharing)| three(a, b, from, sharing));
        both.map(|(a, b, from)| two(a, b, from)).chain(threes).map(Arc::new).collect()
    });
    ALL.iter()
}

fn block(head: &str, steps: &[&str]) -> String {
    format!("{head} {{ {} }}\n", steps.join("; "))
}

/// Two LWPs that do something to each other.
fn two(a: Verb, b: Verb, from: From) -> Program {
    let outside = a.waits() && from.blocks_waiters();
    let release = from.release("b");
    let mut text =
        block("lwp a", &[&a.operations("b", if outside { "" } else { &release }), "userret; exit"]);
    text +=
        &block(&format!("lwp b {}", from.start()), &[from.first(), &b.operations("a", ""), "userret; exit"]);
    if outside {
        text += &block("outside", &[&release]);
    }
    let name = format!("{TWO}/{}-{}-{}", a.name(), b.name(), from.name());
    let about = format!("{} of one that is {}, which answers by {}", a.name(), from.name(), b.name());
    program(name, about, &text, &[1, 2])
}

/// Who shares a CPU with whom, where two LWPs do something to a third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Somebody does, and all leave in the end.
    Some,
    /// The first and the third. Only where two wait: with a third exit these are too many executions for a second.
    Two,
    Nobody,
}

impl Sharing {
    const ALL: [Sharing; 3] = [Sharing::Some, Sharing::Two, Sharing::Nobody];

    fn cpus(self, two_wait: bool) -> Option<&'static [usize]> {
        match (self, two_wait) {
            (Sharing::Some, true) => Some(&[1]),
            (Sharing::Some, false) => Some(&[1, 2]),
            (Sharing::Two, true) => Some(&[2]),
            (Sharing::Two, false) => None,
            (Sharing::Nobody, _) => Some(&[3]),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Sharing::Some => "-sharing",
            Sharing::Two => "-on-two",
            Sharing::Nobody => "",
        }
    }
}

/// Two LWPs that do something to a third. Which of the two comes first in the list is all the same, and a wait for any is
/// left to two. Where they share CPUs everybody has to leave in the end; where each has its own, only whoever exits does.
fn three(a: Verb, b: Verb, from: From, sharing: Sharing) -> Option<Program> {
    let place = |verb| VERBS.iter().position(|v| *v == verb);
    let wanted = place(a) <= place(b) && a != Verb::WaitAny && b != Verb::WaitAny;
    if !wanted {
        return None;
    }
    let release = from.release("c");
    // One that waits first would get nobody going.
    let (first, second) = if a.waits() && !b.waits() { (b, a) } else { (a, b) };
    let opening = if first.waits() && !release.is_empty() {
        format!("{release}; {}", first.operations("c", ""))
    } else {
        first.operations("c", &release)
    };
    let two_wait = a.waits() && b.waits();
    let cpus = sharing.cpus(two_wait)?;
    let share = sharing != Sharing::Nobody;
    let ending = |verb| if share || verb == Verb::Exit { "exit" } else { "" };
    let target_exits = share || a != Verb::Exit || b != Verb::Exit;
    let text = block("lwp a", &[&opening, ending(first)])
        // With two CPUs the second has one of its own.
        + &block(
            "lwp b",
            &[&second.operations("c", ""), if sharing == Sharing::Two { "" } else { ending(second) }],
        )
        + &block(
            &format!("lwp c {}", from.start()),
            &[from.first(), if target_exits { "userret; exit" } else { "userret" }],
        );
    let name = format!("{THREE}/{}-and-{}-{}{}", a.name(), b.name(), from.name(), sharing.suffix());
    let about = format!("{} and {} of one that is {}", a.name(), b.name(), from.name());
    Some(program(name, about, &text, cpus))
}

/// What is known of the programs, a line each: the program, the repairs of the defects that it shows as written, and
/// whether it takes two preemptions, or needs several defects at once. A check holds each line against what it sees, and
/// every program that is not here against nothing.
const KNOWN: &str = include_str!("pairs.txt");
const NEEDS_TWO: &str = "two-preemptions";
/// The program shows the defect before it as written, where others help, and not for want of that one repair.
const NOT_ALONE: &str = "not-alone";

fn known(name: &str) -> impl Iterator<Item = &'static str> {
    let line = KNOWN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_default().split(' ').filter(|word| !word.is_empty())
}

/// How a defect that a pair can have shows.
fn defect(repair: Repair, alone: bool) -> Defect {
    let (revisions, shows, cpus) = match repair {
        Repair::LostContinue => (Revision::ALL.to_vec(), Symptom::Hang, 2),
        Repair::UnlockedRunning => (vec![Revision::R1_69_2_6], Symptom::Race, 2),
        Repair::StoppedWait => (Revision::ALL.to_vec(), Symptom::Outcome, 1),
        Repair::DetachedCount => (Revision::ALL.to_vec(), Symptom::Outcome, 2),
        other => panic!("pairs.txt: no pair is known to need {}", other.name()),
    };
    Defect { revisions, repair, shows: vec![shows], cpus, alone }
}

fn shown(name: &str) -> Vec<Defect> {
    let words: Vec<&str> = known(name).collect();
    let repairs = words.iter().enumerate().filter(|(_, word)| ![NEEDS_TWO, NOT_ALONE].contains(word));
    let repair = |word: &str| Repair::ALL.into_iter().find(|repair| repair.name() == word);
    let repair = |word| repair(word).unwrap_or_else(|| panic!("pairs.txt: {name}: {word} is no repair"));
    repairs.map(|(n, word)| defect(repair(word), words.get(n + 1) != Some(&NOT_ALONE))).collect()
}

fn program(name: String, about: String, text: &str, cpus: &[usize]) -> Program {
    let program = text::parse(&name, text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    let loom = match program.lines.iter().filter(|line| line.is_lwp()).count() {
        // Whoever is outside takes one step.
        2 => Loom::Complete,
        // Some defect or outcome shows itself with two and not with one.
        _ if known(&name).any(|word| word == NEEDS_TWO) => Loom::at_most(2),
        _ => Loom::at_most(1),
    };
    Program { about, cpus: cpus.to_vec(), defects: shown(&name), loom, ..program }
}
