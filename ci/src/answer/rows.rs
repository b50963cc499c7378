//! Each question, with what a report answers.

use indicatif::HumanCount;
use lwp_loom_tests::audit::{Keeps, Order};
use lwp_loom_tests::defects;
use lwp_loom_tests::orderings;
use lwp_loom_tests::report::Report;

use super::programs::{Programs, Subject};
use super::{Row, Standing};
use crate::command;
use crate::summary::{amiss, is_whole};

/// The answers, in the order in which each stands on those before it.
pub fn all(report: &Report) -> Vec<Row> {
    let mut rows = vec![
        lock_pointer(report),
        repaired(report),
        as_written(report),
        barriers(report),
        lock_order(report),
        engines(report),
    ];
    rows.extend(transitions(report));
    rows
}

fn lock_pointer(report: &Report) -> Row {
    let programs = Programs::of(report, Subject::LockPointer);
    let more = failing(report, Subject::LockPointer);
    Row {
        about: "the lock pointer",
        standing: holding(&programs),
        counts: programs.counts(),
        more: more.unwrap_or_else(|| "cargo ci check --system netbsd-locks --verbose".into()),
    }
}

fn repaired(report: &Report) -> Row {
    let programs = Programs::of(report, Subject::Repaired);
    let more = failing(report, Subject::Repaired);
    Row {
        about: "the protocol, repaired",
        standing: holding(&programs),
        counts: programs.counts(),
        more: more.unwrap_or_else(|| "cargo ci check --variant repaired --verbose".into()),
    }
}

/// What programs that are to hold come to.
fn holding(programs: &Programs) -> Standing {
    if programs.fail() {
        Standing::Fails
    } else if programs.explored() == 0 {
        Standing::NotExplored
    } else if programs.are_all && !programs.are_cut() && programs.are_complete_under_sc() {
        Standing::Holds
    } else {
        Standing::InPart
    }
}

fn as_written(report: &Report) -> Row {
    let programs = Programs::of(report, Subject::AsWritten);
    let shown = report.defects.len();
    let standing = if programs.fail() {
        Standing::Fails
    } else if programs.explored() == 0 {
        Standing::NotExplored
    } else if shown > 0 {
        Standing::FailsAsRecorded
    } else {
        Standing::InPart
    };
    let defects = format!("{shown} of {} recorded defects shown; ", defects::COUNT);
    let more = failing(report, Subject::AsWritten);
    Row {
        about: "the protocol, as written",
        standing,
        counts: if programs.explored() == 0 { programs.counts() } else { defects + &programs.counts() },
        more: more.unwrap_or_else(|| "cargo ci defects".into()),
    }
}

fn barriers(report: &Report) -> Row {
    let weak: Vec<&str> =
        report.orderings.iter().filter(|row| row.is_too_weak()).map(|row| row.site.as_str()).collect();
    let decided = report.orderings.len();
    let missing = orderings::count().saturating_sub(decided);
    let standing = if !weak.is_empty() {
        Standing::TooWeak
    } else if report.skipped.is_some() || decided == 0 {
        Standing::NotExplored
    } else if missing == 0 && report.undecided.is_empty() && is_whole(report) {
        Standing::StrongEnough
    } else {
        Standing::InPart
    };
    let mut counts = match &report.skipped {
        Some(why) => format!("not explored, because {why}"),
        None if decided == 0 => "not explored".into(),
        None if weak.is_empty() => format!("none of {decided} places too weak"),
        None => format!("for C11 in {} of {decided} places: {}", weak.len(), weak.join(", ")),
    };
    if decided > 0 && missing > 0 {
        counts += &format!("; {missing} not explored");
    }
    if !report.undecided.is_empty() {
        counts += &format!("; {} undecided", report.undecided.len());
    }
    Row { about: "the sources' barriers", standing, counts, more: "cargo ci check --verbose".into() }
}

fn lock_order(report: &Report) -> Row {
    let orders: Vec<Order> =
        report.lock_order.orders().into_iter().filter(|order| order.keeps != Keeps::Unknown).collect();
    let any = |keeps| orders.iter().any(|order| order.keeps == keeps);
    let protocol = [Subject::Repaired, Subject::AsWritten].map(|subject| Programs::of(report, subject));
    let standing = if any(Keeps::NotKept) {
        Standing::NotKept
    } else if any(Keeps::NotKeptAsRecorded) {
        Standing::NotKeptAsRecorded
    } else if orders.is_empty() {
        Standing::NotExplored
    } else if protocol.iter().all(|programs| programs.are_all) {
        Standing::Kept
    } else {
        Standing::InPart
    };
    let mut counts: Vec<String> = orders.iter().map(Order::in_short).collect();
    let mut excepted = orders.iter().flat_map(Order::excepted).peekable();
    if excepted.peek().is_some() {
        let contracts = excepted.all(|exception| exception.is_contract);
        let stands = if contracts { ", and it stands in contracts, not in listings" } else { "" };
        counts.push(format!("no thread waits for ever by what is recorded{stands}"));
    }
    let counts = if counts.is_empty() { "not explored".into() } else { counts.join("; ") };
    Row { about: "the lock order", standing, counts, more: "cargo ci audit".into() }
}

fn engines(report: &Report) -> Row {
    let canaries = Programs::of(report, Subject::Canaries);
    let lost = report.differences.iter().filter(|difference| !difference.weak_memory).count();
    let alone: usize = report.bounded.iter().map(|program| program.alone.len()).sum();
    let weak = report.differences.len() - lost;
    let compared = report.compared + report.bounded.len();
    let all = [Subject::LockPointer, Subject::Repaired, Subject::AsWritten];
    let are_all = canaries.are_all && all.iter().all(|subject| Programs::of(report, *subject).are_all);
    let standing = if lost + alone > 0 || canaries.fail() {
        Standing::Differ
    } else if compared == 0 {
        Standing::NotExplored
    } else if are_all {
        Standing::Agree
    } else {
        Standing::InPart
    };
    let mut counts = vec![match compared {
        0 => "no program was explored by both".into(),
        n => format!("{} programs compared", HumanCount(n as u64)),
    }];
    if compared > 0 {
        counts.push(format!("{} outcomes lost by C11's search, {weak} weak memory's alone", lost));
    }
    if alone > 0 {
        counts.push(format!("{alone} unexplained"));
    }
    if canaries.fail() {
        counts.push("canaries fail".into());
    } else if canaries.explored() > 0 {
        counts.push(format!("{} canaries as pinned", canaries.explored()));
    }
    let more = failing(report, Subject::Canaries).unwrap_or_else(|| "cargo ci check --verbose".into());
    Row { about: "the engines", standing, counts: counts.join("; "), more }
}

/// The states' transitions, where one is there that should not be or the other way round.
fn transitions(report: &Report) -> Option<Row> {
    let amiss: usize = report.transitions.coverage().iter().map(|it| amiss(it, is_whole(report))).sum();
    let counts = format!("{amiss} seen that are not documented, or documented and not seen");
    let more = "cargo ci check --verbose".into();
    (amiss > 0).then_some(Row { about: "the states' transitions", standing: Standing::Differ, counts, more })
}

/// The command that shows how a program on a subject fails, if one does.
fn failing(report: &Report, subject: Subject) -> Option<String> {
    let failure = report.failures.iter().filter(|it| Subject::of_program(&it.program) == subject);
    let failure = failure.min_by_key(|failure| failure.schedule.is_none())?;
    command::again(failure, &report.selection).pop().map(|(_, command)| command)
}
