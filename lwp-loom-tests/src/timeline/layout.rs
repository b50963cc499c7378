//! Which steps are shown, and how: what a timeline looks like before it is drawn.

use std::collections::BTreeMap;

use super::cause::{self, Cause};
use super::moment;
use super::source::{Function, Sources};
use super::step::{Step, Timeline, What};
use super::words;

/// Rows that a timeline has at most: of a longer one the middle is left out.
pub const ROWS: usize = 400;

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// Something happened.
    Step(Shown),
    /// So many rows are left out here.
    Gap(usize),
}

/// A step, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its number, from 1.
    pub number: usize,
    /// The last of the timeline's steps which it stands for.
    pub step: usize,
    /// Whose column it is in: the number of a thread, from 1.
    pub thread: usize,
    /// What happened.
    pub text: String,
    /// The function in which.
    pub function: Option<Function>,
    /// Our line: the file's name, a colon, and the line.
    pub place: String,
    /// Whether somebody else had the step before.
    pub switch: bool,
    /// Why it stands out.
    pub mark: Mark,
    /// What kind of thing happened.
    pub kind: Kind,
}

/// Why a step stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It does not.
    None,
    /// It is part of what went wrong.
    Decisive,
    /// Here the execution failed.
    Failure,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An operation of the program begins or ends.
    Operation,
    /// An LWP changes: its state, its flags, its lock, the counters.
    Change,
    /// A lock is taken, released, or waited for.
    Lock,
    /// Anything else.
    Other,
}

/// The steps of a timeline that are shown.
fn shown(timeline: &Timeline, cause: &Cause, sources: &Sources) -> Vec<Shown> {
    let mut rows: Vec<Shown> = Vec::new();
    let mut locking: BTreeMap<usize, usize> = BTreeMap::new();
    let steps = &timeline.steps;
    let begin = steps.iter().position(|step| matches!(step.what, What::Begins(_))).unwrap_or(0);
    for (n, step) in steps.iter().enumerate().skip(begin) {
        let decisive = cause.steps.contains(&n);
        let Some(text) = said(timeline, n, step, &mut locking, decisive) else { continue };
        let (function, place) = match step.what {
            What::Begins(_) | What::Ends(_) => (None, String::new()),
            // What a program claims is no line of the kernel's.
            What::Fails if !step.file.starts_with("lwp-core") => (None, String::new()),
            _ => whereabouts(step, sources),
        };
        let mark = match (&step.what, decisive) {
            (What::Fails, _) => Mark::Failure,
            (_, true) => Mark::Decisive,
            (_, false) => Mark::None,
        };
        let last = rows.last_mut();
        let switch = last.as_ref().is_some_and(|last| last.thread != step.thread);
        // Counters that change at once are one change.
        if let (Some(last), What::Counted { .. }) = (last, &step.what)
            && !switch
            && matches!(steps[last.step].what, What::Counted { .. })
            && mark == last.mark
        {
            last.text.push_str(", ");
            last.text.push_str(&text);
            last.step = n;
            continue;
        }
        if let Some(again) = rows.last_mut().filter(|last| !switch && last.text == text) {
            // Who looks twice and sees the same has looked once.
            (again.step, again.place) = (n, place);
            again.mark = if decisive { mark } else { again.mark };
            continue;
        }
        let kind = kind(&step.what);
        let number = rows.len() + 1;
        rows.push(Shown { number, step: n, thread: step.thread, text, function, place, switch, mark, kind });
    }
    rows
}

/// The function and the line of a step. What happens where a guard is dropped has none.
fn whereabouts(step: &Step, sources: &Sources) -> (Option<Function>, String) {
    if !step.file.starts_with("lwp-") {
        return (None, String::new());
    }
    let file = step.file.rsplit('/').next().unwrap_or_default();
    (sources.function(&step.file, step.line), format!("{file}:{}", step.line))
}

/// Leaves the middle out where there is too much.
fn cut(rows: Vec<Shown>) -> Vec<Row> {
    let all = rows.len();
    let (head, tail) = (ROWS / 2, all.saturating_sub(ROWS / 2));
    let stays = |n: usize, row: &Shown| all <= ROWS || n < head || n >= tail || row.mark != Mark::None;
    let mut shown = Vec::new();
    for (n, row) in rows.into_iter().enumerate() {
        if stays(n, &row) {
            shown.push(Row::Step(row));
        } else if let Some(Row::Gap(left_out)) = shown.last_mut() {
            *left_out += 1;
        } else {
            shown.push(Row::Gap(1));
        }
    }
    shown
}

/// What is said of a step, if anything: what only the lock pointer's own dance consists of is one step, and what a lock
/// that nobody waits for does is none.
fn said(
    timeline: &Timeline,
    n: usize,
    step: &Step,
    locking: &mut BTreeMap<usize, usize>,
    decisive: bool,
) -> Option<String> {
    let thread = step.thread;
    let text = words::of(timeline, &step.what);
    match &step.what {
        What::Sees { site, lid, value, .. } if site.starts_with("lwp_lock") => {
            if site.ends_with(".look") {
                locking.insert(thread, *lid);
                return None;
            }
            let taken = timeline.steps[..n].iter().rev().filter(|step| step.thread == thread);
            let taken = taken.map(|step| &step.what).find(|what| matches!(what, What::Takes { .. }));
            let same = matches!(taken, Some(What::Takes { lock, .. }) if lock == value);
            (!same).then(|| format!("{}, and starts over", text))
        }
        What::Takes { lock, after } => {
            if let Some(lid) = locking.remove(&thread) {
                let waited =
                    after.map(|by| format!(", which {} held", timeline.name(by))).unwrap_or_default();
                return Some(format!("locks {} by {lock}{waited}", timeline.lwp(lid)));
            }
            let matters = after.is_some() || lock == "p_smutex" || others_see_it_held(timeline, n, lock);
            (decisive || matters).then_some(text)
        }
        What::Wants { .. } => {
            // Whoever gets the lock before anybody else has a step did not wait.
            let next = timeline.steps[n + 1..].iter().find(|step| step.thread == thread);
            let waits = timeline.steps.get(n + 1).is_none_or(|step| step.thread != thread) || next.is_none();
            (decisive || waits).then_some(text)
        }
        What::Releases { lock } => {
            let matters = lock == "p_smutex" || is_waited_for(timeline, n, lock);
            (decisive || matters || others_saw_it_held(timeline, n, lock)).then_some(text)
        }
        What::Sees { word, .. } if word == "cv_waiters" => None,
        What::Broadcasts { .. } => Some(match timeline.steps.get(n + 1).map(|step| &step.what) {
            Some(What::Sees { word, value, .. }) if word == "cv_waiters" && value == "0" => {
                format!("{text}: nobody waits")
            }
            _ => text,
        }),
        // Whoever wakes an LWP asks where it is, which is of no interest.
        What::Sees { word, .. } if word == "ci_curlwp" => (decisive
            || leads_to(timeline, n, |what| matches!(what, What::Freed { .. } | What::Spins)))
        .then_some(text),
        What::Sees { from, .. } => {
            let news = from.is_some_and(|from| from != thread);
            (decisive || news).then_some(text)
        }
        What::Stores { word, .. } if matches!(word.as_str(), "lc_curcpu" | "ci_curlwp") => {
            let seen = |(later, step): (usize, &Step)| {
                matches!(step.what, What::Sees { stored: Some(stored), .. } if stored == n)
                    && leads_to(timeline, later, |what| matches!(what, What::Freed { .. } | What::Spins))
            };
            (decisive || timeline.steps.iter().enumerate().any(seen)).then_some(text)
        }
        What::Blocks { for_cpu: true, .. } => {
            let begun = |step: &Step| step.thread == thread && matches!(step.what, What::Begins(_));
            Some(if timeline.steps[..n].iter().any(begun) { text } else { "waits for its first CPU".into() })
        }
        What::Fails => Some(format!("{text}: {}", super::story::in_short(timeline))),
        _ => Some(text),
    }
}

/// Whether a look is for the sake of something that its thread does soon after.
fn leads_to(timeline: &Timeline, look: usize, what: impl Fn(&What) -> bool) -> bool {
    const SOON: usize = 12;
    let thread = timeline.steps[look].thread;
    let mut mine = timeline.steps[look + 1..].iter().filter(|step| step.thread == thread).take(SOON);
    mine.any(|step| what(&step.what))
}

/// Whether somebody else goes on before the lock is released that is taken in a step.
fn others_see_it_held(timeline: &Timeline, n: usize, lock: &str) -> bool {
    let by = timeline.steps[n].thread;
    let releases = |step: &&Step| {
        step.thread == by && matches!(&step.what, What::Releases { lock: released } if released == lock)
    };
    timeline.steps[n + 1..].iter().take_while(|step| !releases(step)).any(|step| step.thread != by)
}

/// Whether somebody else has gone on since the lock was taken that is released in a step.
fn others_saw_it_held(timeline: &Timeline, n: usize, lock: &str) -> bool {
    let by = timeline.steps[n].thread;
    let takes = |step: &&Step| {
        step.thread == by && matches!(&step.what, What::Takes { lock: taken, .. } if taken == lock)
    };
    timeline.steps[..n].iter().rev().take_while(|step| !takes(step)).any(|step| step.thread != by)
}

/// Whether somebody waits for the lock that is released in a step.
fn is_waited_for(timeline: &Timeline, n: usize, lock: &str) -> bool {
    let by = timeline.steps[n].thread;
    let waits =
        |what: &What| matches!(what, What::Wants { lock: wanted, holder } if wanted == lock && *holder == by);
    let taken = |what: &What| matches!(what, What::Takes { lock: taken, .. } if taken == lock);
    timeline.steps[..n]
        .iter()
        .rev()
        .take_while(|s| !(s.thread == by && taken(&s.what)))
        .any(|s| waits(&s.what))
}

fn kind(what: &What) -> Kind {
    match what {
        What::Begins(_) | What::Ends(_) => Kind::Operation,
        What::State { .. } | What::Pointer { .. } | What::Flags { .. } | What::Counted { .. } => Kind::Change,
        What::Stores { .. } | What::Freed { .. } | What::Born { .. } => Kind::Change,
        What::Takes { .. } | What::Releases { .. } | What::Wants { .. } => Kind::Lock,
        _ => Kind::Other,
    }
}

/// What is known of a timeline before it is drawn.
#[derive(Debug)]
pub struct Layout {
    /// The paragraph on top.
    pub story: String,
    /// How each LWP began.
    pub beginning: String,
    /// What a reader has to know about the rest.
    pub legend: Vec<String>,
    /// The columns, one for each thread.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Lays a timeline out.
pub fn lay_out(timeline: &Timeline) -> Layout {
    let revision = timeline.program.split('/').nth(1).unwrap_or_default().to_string();
    let sources = Sources::of_this_workspace(&revision);
    let cause = cause::find(timeline);
    let rows = shown(timeline, &cause, &sources);
    let story = super::story::tell(timeline, &cause, &rows, &sources);
    let columns = (1..=timeline.threads.len()).map(|thread| column(timeline, thread)).collect();
    Layout {
        story,
        beginning: beginning(timeline),
        legend: legend(timeline, &revision),
        columns,
        rows: cut(rows),
    }
}

fn column(timeline: &Timeline, thread: usize) -> String {
    match timeline.lid(thread) {
        0 => format!("{} (no LWP)", timeline.name(thread)),
        lid => format!("{} (LWP {lid})", timeline.name(thread)),
    }
}

fn beginning(timeline: &Timeline) -> String {
    let begin = timeline.steps.iter().position(|step| matches!(step.what, What::Begins(_))).unwrap_or(0);
    let born = timeline.steps[..begin].iter().filter_map(|step| match &step.what {
        What::Born { lid, state, lock, cpu } => {
            let detached = if moment::is_detached(timeline, *lid, begin) { ", detached" } else { "" };
            Some(format!("{} is {state} on cpu{cpu}, under {lock}{detached}", timeline.lwp(*lid)))
        }
        _ => None,
    });
    born.collect::<Vec<_>>().join("; ")
}

fn legend(timeline: &Timeline, revision: &str) -> Vec<String> {
    let mut legend =
        vec!["A lock that is not said to be released is released before anybody else goes on.".into()];
    if timeline.program.starts_with("lwp/") {
        legend.push(format!(
            "In: the kernel's function, L and the line of kern_lwp.c {revision} at which it begins, and our line."
        ));
    }
    if let Some(safe) = timeline.safe_preemptions {
        legend.push(match safe {
            0 => "No search without a preemption has found this failure.".into(),
            1 => "No search with 1 preemption has found this failure.".into(),
            _ => format!("No search with {safe} preemptions has found this failure."),
        });
    }
    legend
}
