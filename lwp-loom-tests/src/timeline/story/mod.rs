//! The paragraph on top of a timeline: what went wrong, what decided it, and who owed what to whom.

mod access;
mod count;
mod halted;
mod remaining;
mod wait;

use super::cause::{Cause, hangs};
use super::layout::Shown;
use super::source::{Function, Sources};
use super::step::{Step, Timeline, What};
use super::words;

/// Tells what went wrong, in plain words. Steps are named by the numbers of `rows`.
pub fn tell(timeline: &Timeline, cause: &Cause, rows: &[Shown], sources: &Sources) -> String {
    let teller = Teller { timeline, rows, sources };
    let mut story = vec![teller.failure(cause)];
    story.extend(cause.stuck.iter().map(|stuck| teller.stuck(stuck, cause)));
    story.extend(teller.remaining(cause));
    story.extend(teller.only_who_is_stuck_too(cause));
    story.extend(teller.two_exits(cause));
    story.extend(teller.edeadlk());
    story.extend(teller.unreferenced(cause));
    story.extend(teller.miscounted(cause));
    story.extend(teller.taken_from_its_waiter(cause));
    story.extend(teller.stale(cause));
    story.extend(teller.owed_lock(cause));
    story.extend(teller.freed(cause));
    story.extend(teller.stale_page());
    story.extend(teller.decided(cause));
    story.join(" ")
}

/// What went wrong, as short as can be.
pub fn in_short(timeline: &Timeline) -> String {
    if hangs(timeline) {
        return remaining(timeline).unwrap_or_else(|| "nobody can go on".into());
    }
    match timeline.failure.split_once(": ") {
        Some((kind, _)) if kind != "assertion" => kind.into(),
        _ => message(timeline),
    }
}

/// The LWPs that end their steps without an exit, where all that is wrong is that others wait for that.
pub fn remaining(timeline: &Timeline) -> Option<String> {
    hangs(timeline).then(|| remaining::in_short(timeline)).flatten()
}

struct Teller<'t> {
    timeline: &'t Timeline,
    rows: &'t [Shown],
    sources: &'t Sources,
}

impl Teller<'_> {
    /// What a reader finds a step by.
    fn number(&self, step: usize) -> String {
        let row = self.rows.iter().find(|row| row.step >= step).or(self.rows.last());
        row.map_or("before the first step".into(), |row| format!("step {}", row.number))
    }

    /// The function in which a step was taken. What happens where p_smutex is given up happens in the function that took it.
    fn function(&self, step: usize) -> String {
        let steps = &self.timeline.steps;
        let takes = |s: &Step| {
            s.thread == steps[step].thread
                && matches!(&s.what, What::Takes { lock, .. } if lock == "p_smutex")
        };
        let of = |step: &Step| self.sources.function(&step.file, step.line);
        let function =
            of(&steps[step]).or_else(|| steps[..step].iter().rev().find(|s| takes(s)).and_then(of));
        function.map_or("its last function".into(), |function| named(&function))
    }

    fn name(&self, thread: usize) -> &str {
        self.timeline.name(thread)
    }

    /// Who did something in a step.
    fn doer(&self, step: usize) -> &str {
        self.name(self.timeline.steps[step].thread)
    }

    /// What was done in a step.
    fn deed(&self, step: usize) -> String {
        words::of(self.timeline, &self.timeline.steps[step].what)
    }

    fn failure(&self, cause: &Cause) -> String {
        if hangs(self.timeline) {
            let names: Vec<&str> = cause.stuck.iter().map(|stuck| self.name(stuck.thread)).collect();
            return format!("The program hangs: {} cannot go on, and nobody else is left.", list(&names));
        }
        self.race(cause).unwrap_or_else(|| format!("It fails: {}.", message(self.timeline)))
    }

    /// Who acted on what was no longer so.
    fn stale(&self, cause: &Cause) -> Vec<String> {
        let timeline = self.timeline;
        let told = cause.stale.iter().filter_map(|stale| {
            let look = &timeline.steps[stale.look];
            let What::Sees { word, value, .. } = &look.what else { return None };
            let (me, by) = (self.doer(stale.look), self.doer(stale.change));
            let p_smutex = timeline.steps[..stale.act].iter().any(|step| {
                step.thread == look.thread && matches!(&step.what, What::Takes { lock, .. } if lock == "p_smutex")
            });
            let once = if p_smutex { " once it has p_smutex" } else { "" };
            Some(format!(
                "{me} acts on what is no longer so: at {} it saw {word} = {value} without a lock; at {} {by} {} in {}, and \
                 finds nothing else to undo; at {} {me} goes on regardless ({}). {me} owed the re-check: {} has to look at \
                 {word} again{once}.",
                self.number(stale.look),
                self.number(stale.change),
                self.deed(stale.change),
                self.function(stale.change),
                self.number(stale.act),
                self.deed(stale.act),
                self.function(stale.act),
            ))
        });
        told.collect()
    }

    fn decided(&self, cause: &Cause) -> Option<String> {
        let decided = self.timeline.decided?;
        if decided.taken == 0 {
            return Some("No execution of the program ends well.".into());
        }
        let step = cause.decided?;
        let known =
            if decided.known { "every execution fails" } else { "every execution that was tried fails" };
        Some(format!(
            "It is decided at {} ({} {}): until then there were ways to go on that end well, and after it {known}.",
            self.number(step),
            self.doer(step),
            self.deed(step)
        ))
    }
}

/// The failure's message without what is the engine's, and with the program's names.
fn message(timeline: &Timeline) -> String {
    let failure = &timeline.failure;
    let place = failure.rfind(" (at ").filter(|_| failure.ends_with(')'));
    let message = place.map_or(failure.as_str(), |place| &failure[..place]);
    let message = message.strip_prefix("assertion: ").unwrap_or(message);
    let message = match message.split_once(" panicked: ") {
        Some((thread, what)) if thread.starts_with("thread ") => what,
        _ => message,
    };
    let mut message = compared(message).unwrap_or_else(|| message.to_string());
    for (n, thread) in timeline.threads.iter().enumerate().rev().filter(|(_, thread)| !thread.name.is_empty())
    {
        message = message.replace(&format!("thread {} ", n + 1), &format!("{} ", thread.name));
        if thread.lid > 0 {
            message = message.replace(&format!("LWP {} ", thread.lid), &format!("{} ", thread.name));
        }
    }
    message
}

/// What Rust says of two values that are the same and should not be, or are not and should, in plain words.
fn compared(message: &str) -> Option<String> {
    let (rule, rest) = message.strip_prefix("assertion `left ")?.split_once(" right` failed: ")?;
    let (what, values) = rest.split_once("; left: ")?;
    let (left, right) = values.split_once("; right: ")?;
    Some(match (rule, what.split_once(": ")) {
        ("!=", Some((function, asserts))) => format!("{function} asserts {asserts}, and it is {left}"),
        ("==", _) => format!("{what}: it is {left}, not {right}"),
        _ => format!("{what}: {left}"),
    })
}

/// A function, with its line in the kernel's source.
fn named(function: &Function) -> String {
    match function.kernel_line {
        Some(line) => format!("{} (kern_lwp.c L{line})", function.name),
        None => function.name.clone(),
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "somebody".into(),
        [one] => (*one).into(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
