//! What decided a failure: who acted on what was no longer so, who never came back, and who owed them something.

use std::collections::BTreeSet;

use lwp_core::netbsd::flag::PS_WEXIT;

use super::moment;
use super::step::{Step, Timeline, What};

/// What is found out about a failure. Steps are places in [`Timeline::steps`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// The steps that stand out.
    pub steps: BTreeSet<usize>,
    /// The step that decided it, where one did.
    pub decided: Option<usize>,
    /// Who acted on what was no longer so.
    pub stale: Vec<Stale>,
    /// Whoever cannot go on.
    pub stuck: Vec<Stuck>,
    /// The two accesses that nothing orders, where that is what failed.
    pub race: Option<[Access; 2]>,
    /// Who had collected an LWP that somebody else waited for.
    pub stolen: Option<Stolen>,
    /// An LWP that has no reference and is no zombie.
    pub unreferenced: Option<Unreferenced>,
    /// The last change of a counter that is not the number that it stands for.
    pub miscounted: Option<usize>,
    /// Where each of several LWPs that end the process told another to exit.
    pub exits: Vec<usize>,
    /// The LWPs that have done their last steps and are not gone, for whose end others wait.
    pub remaining: Vec<Remaining>,
}

/// An LWP that has done its last step without an exit, and another that waits for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Who remains: the number of a thread.
    pub thread: usize,
    /// The end of its last step.
    pub last: usize,
    /// Who waits: the number of a thread.
    pub waiter: usize,
}

/// An LWP whose count of references is 0 though it is no zombie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreferenced {
    /// The LWP.
    pub lid: usize,
    /// The step in which it gave its own reference back.
    pub own: Option<usize>,
    /// The step in which the count became 0.
    pub none: usize,
}

/// One of two accesses that nothing orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who: the number of a thread.
    pub thread: usize,
    /// What it does, in the engine's words.
    pub does: String,
    /// The source file.
    pub file: String,
    /// The line in it.
    pub line: u32,
    /// The step that it is, where it is one.
    pub step: Option<usize>,
}

/// An LWP that was collected from under whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stolen {
    /// The LWP.
    pub lid: usize,
    /// The step in which somebody began to wait for it.
    pub waits: usize,
    /// The step in which somebody else freed it.
    pub freed: usize,
}

/// Somebody looked, somebody else changed what was seen, and the first acted as if nothing had happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The look.
    pub look: usize,
    /// The change.
    pub change: usize,
    /// What was done nevertheless.
    pub act: usize,
}

/// Somebody who cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Stuck {
    /// Who: the number of a thread.
    pub thread: usize,
    /// The operation of the program that is not over.
    pub operation: String,
    /// The step in which it stopped.
    pub since: usize,
    /// What it waits for.
    pub waits: Waits,
}

/// What somebody who cannot go on waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Waits {
    /// For a wake-up on a condition variable.
    Asleep {
        /// The condition variable.
        on: String,
        /// The step in which it went to sleep.
        slept: usize,
        /// The last broadcast before that.
        before: Option<usize>,
        /// The first change since that nobody was told of: somebody changed what p_smutex covers and released it without
        /// a broadcast.
        untold: Option<usize>,
        /// The step since in which somebody left it a signal, where one ends the sleep.
        signalled: Option<usize>,
    },
    /// For whoever is to continue it.
    Suspended {
        /// The step in which it became so.
        became: usize,
        /// The step that asked for it.
        asked: Option<usize>,
        /// The step in which it was told to exit, if it was.
        told_to_exit: Option<usize>,
        /// The step in which the process had begun to exit, if that was before the LWP became so.
        exits: Option<usize>,
        /// The step in which it was told of a signal that it had not looked for when it became so.
        signalled: Option<usize>,
    },
    /// For whoever is to continue the process, which somebody ends.
    Stopped {
        /// The step in which it stopped.
        became: usize,
        /// The step in which it was told to exit.
        told_to_exit: usize,
    },
    /// For a CPU that does not come, in this state.
    Cpu(String),
    /// For an AST, in user mode.
    Ast,
    /// For a lock.
    Lock {
        /// Which.
        lock: String,
        /// Who holds it.
        holder: usize,
    },
    /// For a change of what it saw.
    Change {
        /// The look.
        look: Option<usize>,
    },
}

/// Finds out what decided a failure.
pub fn find(timeline: &Timeline) -> Cause {
    let hangs = hangs(timeline);
    let stuck = if hangs { stuck(timeline) } else { Vec::new() };
    let mut cause = Cause {
        decided: timeline.deciding_step(),
        stale: stale(timeline),
        stuck,
        race: race(timeline),
        stolen: stolen(timeline),
        unreferenced: unreferenced(timeline),
        miscounted: miscounted(timeline),
        exits: if hangs { exits(timeline) } else { Vec::new() },
        remaining: if hangs { remaining(timeline) } else { Vec::new() },
        ..Cause::default()
    };
    cause.steps.extend(cause.unreferenced.iter().flat_map(|it| it.own.into_iter().chain([it.none])));
    cause.steps.extend(cause.miscounted);
    cause.steps.extend(cause.exits.iter());
    cause.steps.extend(cause.remaining.iter().map(|remaining| remaining.last));
    cause.steps.extend(cause.race.iter().flatten().filter_map(|access| access.step));
    cause.steps.extend(cause.stolen.iter().flat_map(|stolen| [stolen.waits, stolen.freed]));
    cause.steps.extend(cause.decided);
    cause.steps.extend(cause.stale.iter().flat_map(|stale| [stale.look, stale.change, stale.act]));
    for stuck in &cause.stuck {
        match &stuck.waits {
            Waits::Asleep { slept, untold, signalled, .. } => {
                cause.steps.insert(*slept);
                cause.steps.extend(untold.iter().chain(signalled));
            }
            Waits::Suspended { became, asked, told_to_exit, exits, signalled } => {
                cause.steps.insert(*became);
                cause.steps.extend(asked.iter().chain(signalled));
                cause.steps.extend(*told_to_exit);
                cause.steps.extend(exits.filter(|_| told_to_exit.is_none()));
            }
            Waits::Stopped { became, told_to_exit } => cause.steps.extend([*became, *told_to_exit]),
            Waits::Change { look } => cause.steps.extend(*look),
            Waits::Cpu(_) | Waits::Ast | Waits::Lock { .. } => {}
        }
    }
    if is_about_memory(timeline) {
        cause.steps.extend(timeline.steps.iter().rposition(|step| matches!(step.what, What::Freed { .. })));
    }
    cause
}

/// Whether the failure is that memory was used by two at once, or after it was freed.
pub fn is_about_memory(timeline: &Timeline) -> bool {
    let failure = &timeline.failure;
    // loom's words for a data race come last.
    failure.contains("after it was freed")
        || failure.starts_with("data race")
        || failure.contains(": Concurrent ")
}

/// Who panicked, and where: the number of a thread, a source file and a line.
pub fn panicked(failure: &str) -> Option<(usize, Option<(String, u32)>)> {
    let (_, rest) = failure.split_once(": thread ")?;
    let (thread, what) = rest.split_once(" panicked: ")?;
    let place = what.rsplit_once(" (at ").and_then(|(_, place)| {
        let mut place = place.strip_suffix(')')?.rsplitn(3, ':').skip(1);
        let line = place.next()?.parse().ok()?;
        Some((place.next()?.to_string(), line))
    });
    Some((thread.parse().ok()?, place))
}

/// Whether the failure is that nobody can go on.
pub fn hangs(timeline: &Timeline) -> bool {
    is_standstill(&timeline.failure)
}

/// Whether an engine's message is that nobody can go on.
pub fn is_standstill(message: &str) -> bool {
    let kinds = ["lost wake-up", "deadlock", "livelock", "nobody can go on"];
    kinds.iter().any(|kind| message.starts_with(kind))
}

/// Every look at its own LW_WSUSPEND that was out of date when somebody came to suspend itself by it.
fn stale(timeline: &Timeline) -> Vec<Stale> {
    const FLAG: &str = "LW_WSUSPEND";
    let mut all = Vec::new();
    for (act, step) in timeline.steps.iter().enumerate() {
        let (me, mine) = (step.thread, timeline.lid(step.thread));
        if !matches!(&step.what, What::State { lid, to, .. } if *lid == mine && to == "LSSUSPENDED") {
            continue;
        }
        let sees = |look: &Step| {
            look.thread == me
                && matches!(&look.what, What::Sees { word, lid, value, .. }
                    if word == "l_flag" && *lid == mine && value.contains(FLAG))
        };
        let Some(look) = timeline.steps[..act].iter().rposition(sees) else { continue };
        let undoes = |change: &Step| {
            change.thread != me
                && matches!(&change.what, What::Flags { lid, cleared, .. }
                    if *lid == mine && cleared.iter().any(|flag| flag == FLAG))
        };
        if let Some(change) = timeline.steps[look..act].iter().rposition(undoes) {
            all.push(Stale { look, change: look + change, act });
        }
    }
    all
}

/// The two accesses of a data race, from the engine's message.
fn race(timeline: &Timeline) -> Option<[Access; 2]> {
    let message = timeline.failure.strip_prefix("data race: ")?;
    let (_, sides) = message.split_once("): ")?;
    let sides = sides.strip_suffix(", and nothing orders the two").unwrap_or(sides);
    let (earlier, later) = sides.split_once(" and thread ")?;
    Some([access(timeline, earlier)?, access(timeline, later)?])
}

/// One of them, as in `thread 2 stores to it at FILE:LINE:COLUMN`.
fn access(timeline: &Timeline, side: &str) -> Option<Access> {
    let (who, place) = side.rsplit_once(" at ")?;
    let mut place = place.rsplitn(3, ':').skip(1);
    let (line, file): (u32, _) = (place.next()?.parse().ok()?, place.next()?);
    let (thread, does) = who.strip_prefix("thread ").unwrap_or(who).split_once(' ')?;
    let thread: usize = thread.parse().ok()?;
    let step = timeline.steps.iter().rposition(|step| {
        step.thread == thread && step.file == file && step.line == line && step.what != What::Fails
    });
    Some(Access { thread, does: does.into(), file: file.into(), line, step })
}

/// Whether the wrong result of a wait is an LWP that somebody else waits for by its number.
fn stolen(timeline: &Timeline) -> Option<Stolen> {
    let steps = &timeline.steps;
    let ends = steps.iter().rposition(|step| matches!(step.what, What::Ends(_)))?;
    let What::Ends(taken) = &steps[ends].what else { return None };
    if !timeline.failure.contains(&format!(" gave {taken}, not ")) {
        return None;
    }
    let lid = timeline.threads.iter().find(|thread| thread.name == *taken)?.lid;
    let wants = format!("wait {taken}");
    let waits =
        (1..=timeline.threads.len()).filter(|thread| *thread != steps[ends].thread).find_map(|thread| {
            let (since, operation) = moment::operation(timeline, thread, ends)?;
            (operation == wants).then_some(since)
        });
    let freed = steps[..ends].iter().rposition(|step| step.what == What::Freed { lid })?;
    Some(Stolen { lid, waits: waits?, freed })
}

/// The change of a counter in a step.
fn counts<'t>(step: &'t Step, of: usize, name: &str) -> Option<&'t (String, usize, usize)> {
    match &step.what {
        What::Counted { lid, changes } if *lid == of => changes.iter().find(|(changed, ..)| changed == name),
        _ => None,
    }
}

/// The LWP whose missing reference the kernel's assertion is about.
fn unreferenced(timeline: &Timeline) -> Option<Unreferenced> {
    if !timeline.failure.contains("l_refcnt != 0") {
        return None;
    }
    let steps = &timeline.steps;
    let (none, lid) = steps.iter().enumerate().rev().find_map(|(n, step)| match &step.what {
        What::Counted { lid, .. } if *lid > 0 => {
            counts(step, *lid, "l_refcnt").filter(|(.., to)| *to == 0).map(|_| (n, *lid))
        }
        _ => None,
    })?;
    let gives = |step: &Step| {
        timeline.lid(step.thread) == lid && counts(step, lid, "l_refcnt").is_some_and(|(_, was, is)| is < was)
    };
    Some(Unreferenced { lid, own: steps[..=none].iter().rposition(gives), none })
}

/// The name of the counter that a failure is about.
pub fn counter_of(timeline: &Timeline) -> Option<&str> {
    let (before, _) = timeline.failure.split_once(" is not the number of ")?;
    before.rsplit(' ').next()
}

/// The last change of a counter that is not the number that it stands for.
fn miscounted(timeline: &Timeline) -> Option<usize> {
    let counter = counter_of(timeline)?;
    timeline.steps.iter().rposition(|step| counts(step, 0, counter).is_some())
}

/// Whether the process has begun to exit in a step.
fn exits_now(step: &Step) -> bool {
    counts(step, 0, "p_sflag").is_some_and(|(_, was, is)| is & !was & PS_WEXIT as usize != 0)
}

/// Where each of several LWPs that end the process told another to exit.
fn exits(timeline: &Timeline) -> Vec<usize> {
    let told_by = |thread: usize| {
        timeline.steps.iter().position(|step| {
            let exits = |flag: &String| flag == "LW_WEXIT";
            step.thread == thread
                && matches!(&step.what, What::Flags { lid, set, .. }
                    if *lid != timeline.lid(thread) && set.iter().any(exits))
        })
    };
    let all: Vec<usize> = (1..=timeline.threads.len()).filter_map(told_by).collect();
    if all.len() > 1 { all } else { Vec::new() }
}

/// The LWPs that have done their last steps without an exit, each with every thread that waits for its end and that nothing
/// else was to wake: no signal, no exit of its own, no change that was not broadcast, and no zombie where it waits for any.
fn remaining(timeline: &Timeline) -> Vec<Remaining> {
    let end = timeline.steps.len();
    let has_exited = |thread: usize| moment::state(timeline, timeline.lid(thread), end) == Some("LSZOMB");
    let zombie = (1..=timeline.threads.len()).any(has_exited);
    let told_to_exit = |thread: usize| {
        timeline.steps.iter().any(|step| {
            matches!(&step.what, What::Flags { lid, set, .. }
                if *lid == timeline.lid(thread) && set.iter().any(|flag| flag == "LW_WEXIT" || flag == "LW_WCORE"))
        })
    };
    let done = |thread: usize| {
        let last =
            timeline.steps.iter().rposition(|step| step.thread == thread && step.what != What::Fails)?;
        matches!(&timeline.steps[last].what, What::Ends(result) if result != GONE).then_some(last)
    };
    let waiting = stuck(timeline).into_iter().filter_map(|stuck| {
        let owed_nothing = matches!(stuck.waits, Waits::Asleep { untold: None, signalled: None, .. });
        let of = stuck.operation.strip_prefix("wait ")?.to_string();
        let of =
            Some(of).filter(|of| owed_nothing && !told_to_exit(stuck.thread) && !(of == ANY && zombie))?;
        Some((stuck.thread, of))
    });
    let mut all = Vec::new();
    for (waiter, of) in waiting {
        for thread in
            (1..=timeline.threads.len()).filter(|thread| *thread != waiter && timeline.lid(*thread) > 0)
        {
            let is_meant = of == ANY || of == timeline.name(thread);
            all.extend(done(thread).filter(|_| is_meant).map(|last| Remaining { thread, last, waiter }));
        }
    }
    all
}

/// What stands for whichever LWP is gone first.
const ANY: &str = "any";

/// What a step gives from which its LWP does not come back.
const GONE: &str = "gone";

fn stuck(timeline: &Timeline) -> Vec<Stuck> {
    let mut all = Vec::new();
    for thread in 1..=timeline.threads.len() {
        let mine = |step: &Step| step.thread == thread;
        let Some(since) = timeline.steps.iter().rposition(|s| mine(s) && s.what != What::Fails) else {
            continue;
        };
        let operation = moment::operation(timeline, thread, since);
        let operation = operation.map(|(_, operation)| operation.to_string()).unwrap_or_default();
        let waits = match &timeline.steps[since].what {
            What::Blocks { lid, for_cpu: true } => for_cpu(timeline, *lid, since, &operation),
            What::Blocks { for_cpu: false, .. } => Waits::Ast,
            What::Wants { lock, holder } => Waits::Lock { lock: lock.clone(), holder: *holder },
            What::Spins => {
                let look = timeline.steps[..since]
                    .iter()
                    .rposition(|step| mine(step) && matches!(step.what, What::Sees { .. }));
                Waits::Change { look }
            }
            _ => continue,
        };
        all.push(Stuck { thread, operation, since, waits });
    }
    all
}

/// Why an LWP that has left its CPU does not come back.
fn for_cpu(timeline: &Timeline, of: usize, since: usize, operation: &str) -> Waits {
    let steps = &timeline.steps;
    let flag = |step: &Step, name: &str| matches!(&step.what, What::Flags { lid, set, .. } if *lid == of && set.iter().any(|f| f == name));
    let becomes = |step: &Step| matches!(&step.what, What::State { lid, .. } if *lid == of);
    let Some(became) = steps.iter().rposition(becomes) else { return Waits::Cpu(String::new()) };
    let What::State { to, .. } = &steps[became].what else { unreachable!("it was just found") };
    match to.as_str() {
        "LSSLEEP" => {
            let sleeps = |step: &Step| matches!(&step.what, What::Sleeps { lid, .. } if *lid == of);
            let slept = steps.iter().rposition(sleeps).unwrap_or(became);
            let on = match &steps[slept].what {
                What::Sleeps { on, .. } => on.clone(),
                _ => String::new(),
            };
            let broadcasts = |step: &Step| matches!(&step.what, What::Broadcasts { on: told } if *told == on);
            let before = steps[..slept].iter().rposition(broadcasts);
            let untold = untold(steps, slept, &on);
            let interruptible = ["sleep-sig", "park", "wait"].iter().any(|word| operation.starts_with(word));
            let signalled = (slept..steps.len()).find(|n| interruptible && flag(&steps[*n], "LW_PENDSIG"));
            Waits::Asleep { on, slept, before, untold, signalled }
        }
        "LSSUSPENDED" => {
            let asked = steps[..since].iter().rposition(|step| flag(step, "LW_WSUSPEND"));
            let told_to_exit = steps.iter().rposition(|step| flag(step, "LW_WEXIT"));
            let exits = steps[..became].iter().position(exits_now);
            let tells = |step: &Step| {
                matches!(&step.what, What::Flags { lid, set, cleared, .. }
                if *lid == of && set.iter().chain(cleared).any(|f| f == "LW_PENDSIG"))
            };
            let signalled = steps[..became].iter().rposition(tells);
            let signalled = signalled.filter(|n| flag(&steps[*n], "LW_PENDSIG") && told_to_exit.is_none());
            Waits::Suspended { became, asked, told_to_exit, exits, signalled }
        }
        state => {
            let told_to_exit = steps[..became].iter().rposition(|step| flag(step, "LW_WEXIT"));
            match told_to_exit.filter(|_| state == "LSSTOP") {
                Some(told_to_exit) => Waits::Stopped { became, told_to_exit },
                None => Waits::Cpu(state.into()),
            }
        }
    }
}

/// The first change of the LWPs' number or states, made after somebody went to sleep on `on`, that ends with the release
/// of p_smutex and without a broadcast since p_smutex was taken.
fn untold(steps: &[Step], slept: usize, on: &str) -> Option<usize> {
    if on != "lwpcv" && on != "refcv" {
        return None;
    }
    let counts = |step: &Step| {
        matches!(&step.what, What::Counted { lid: 0, changes }
            if changes.iter().any(|(name, ..)| matches!(name.as_str(), "p_nlwps" | "p_nzlwps" | "p_nrlwps")))
    };
    let changes = (slept..steps.len()).filter(|n| counts(&steps[*n]));
    changes.into_iter().find(|&n| {
        let by = steps[n].thread;
        let section = |step: &&Step| {
            !(step.thread == by && matches!(&step.what, What::Takes { lock, .. } if lock == "p_smutex"))
        };
        let told = |step: &Step| step.thread == by && matches!(step.what, What::Broadcasts { .. });
        !steps[..n].iter().rev().take_while(section).any(told)
    })
}
