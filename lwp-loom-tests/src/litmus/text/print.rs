//! A program as text, as [`super::format`] leaves it.

use lwp_core::netbsd::Revision;

use super::claim::RELATIONS;
use super::words;
use crate::litmus::ast::{
    Claim, Condition, Defect, Doing, Line, Program, Quantifier, Start, Step, Symptom, Value, When,
};
use crate::litmus::locks::{Locks, system};
use crate::reach::{Loom, so_many_preemptions};

/// Writes a program.
pub fn print(program: &Program) -> String {
    let mut text = String::new();
    for line in wrap(&program.about, 98) {
        text += &format!("# {line}\n");
    }
    if !text.is_empty() {
        text += "\n";
    }
    if let Some(locks) = &program.locks {
        text += &lock_layer(locks);
    } else if program.revisions != Revision::ALL {
        text += &format!("system {}\n", systems(&program.revisions));
    }
    let lwps = program.lines.iter().filter(|line| line.is_lwp()).count();
    if program.locks.is_none() && program.cpus != [lwps] {
        text += &format!("cpus {}\n", join(program.cpus.iter().map(usize::to_string), ", "));
    }
    if let Some(maxlwp) = program.maxlwp {
        text += &format!("maxlwp {maxlwp}\n");
    }
    if program.loom != Program::reach_of(program.lines.len(), program.locks.as_ref()) {
        text += &format!("loom {}\n", loom(&program.loom));
    }
    if !text.is_empty() && !text.ends_with("\n\n") {
        text += "\n";
    }
    text += &join(program.lines.iter().map(|line| block(program, line)), "\n");
    if !program.conditions.is_empty() || program.may_hang {
        text += "\n";
    }
    for condition in &program.conditions {
        text += &condition_text(program, condition);
        text += "\n";
    }
    if program.may_hang {
        text += "may hang\n";
    }
    if !program.defects.is_empty() {
        text += "\n";
    }
    for one in &program.defects {
        text += &defect_text(one);
        text += "\n";
    }
    text
}

/// A claim, as it is written.
pub fn condition_text(program: &Program, condition: &Condition) -> String {
    let quantifier = match condition.quantifier {
        Quantifier::Always => "always",
        Quantifier::Never => "never",
        Quantifier::Sometimes => "sometimes",
    };
    let way = if condition.when == When::AlongTheWay { " along the way" } else { "" };
    format!("{quantifier} {}{way}", claim(program, &condition.claim, false))
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn join(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    parts.into_iter().collect::<Vec<_>>().join(between)
}

fn systems(revisions: &[Revision]) -> String {
    join(revisions.iter().map(|revision| words::system(*revision).to_owned()), ", ")
}

fn lock_layer(locks: &Locks) -> String {
    let mut text = format!("system {}\n", system(locks.layer));
    let names = &locks.names[Locks::built_in(locks.layer).len()..];
    if !names.is_empty() {
        text += &format!("locks {}", names.join(", "));
        if locks.start != Locks::first(locks.layer) {
            text += &format!(" under {}", locks.names[locks.start]);
        }
        text += "\n";
    }
    text
}

fn loom(loom: &Loom) -> String {
    match loom {
        Loom::Complete => "complete".into(),
        Loom::NotAtAll(why) => format!("not at all \"{why}\""),
        Loom::Bounded(bound) => match (bound.preemptions, bound.forgets_stores) {
            (Some(n), forgets) => {
                let forgets = if forgets { ", forgets stores" } else { "" };
                format!("at most {}{forgets}", so_many_preemptions(n))
            }
            (None, _) if bound.looks_back => "looks back".into(),
            (None, _) => "forgets stores".into(),
        },
    }
}

fn block(program: &Program, line: &Line) -> String {
    let head = match line.start {
        Start::Outside if line.name == "outside" => "outside".to_owned(),
        Start::Outside => format!("outside {}", line.name),
        Start::Born { detached, doing } => {
            let doing = match doing {
                Doing::Running => None,
                Doing::Suspended => Some("suspended"),
                Doing::Idle => Some("idle"),
                Doing::Stopped => Some("stopped"),
                Doing::Sleeping => Some("sleeping"),
                Doing::SleepingSig => Some("sleeping-sig"),
            };
            lwp(&line.name, [detached.then_some("detached"), doing])
        }
        Start::Unborn { detached, suspended } => {
            let states = [detached.then_some("detached"), suspended.then_some("suspended")];
            lwp(&format!("{} unborn", line.name), states)
        }
    };
    let steps = join(line.steps.iter().map(|one| format!("    {}\n", step(program, one))), "");
    format!("{head} {{\n{steps}}}\n")
}

fn lwp(name: &str, states: [Option<&str>; 2]) -> String {
    let states = states.into_iter().flatten();
    join(["lwp".to_owned(), name.to_owned()].into_iter().chain(states.map(str::to_owned)), " ")
}

fn step(program: &Program, step: &Step) -> String {
    let name = step.name.as_ref().map(|name| format!("{name} = ")).unwrap_or_default();
    let may = if step.may.is_empty() { String::new() } else { format!(" -> {}", values(program, &step.may)) };
    format!("{name}{}{may}", program.op(step.op))
}

fn values(program: &Program, values: &[Value]) -> String {
    join(values.iter().map(|value| program.value(*value)), " | ")
}

fn result_name(program: &Program, line: usize, step: usize) -> &str {
    program.lines[line].steps[step].name.as_deref().unwrap_or("?")
}

fn claim(program: &Program, what: &Claim, inner: bool) -> String {
    let part = |part: &Claim| claim(program, part, true);
    let result = |at: (usize, usize)| result_name(program, at.0, at.1);
    match what {
        Claim::All(parts) => wrapped(join(parts.iter().map(part), " and "), inner),
        Claim::Any(parts) => wrapped(join(parts.iter().map(part), " or "), inner),
        Claim::Not(not) => match &**not {
            Claim::Result { line, step, is } => {
                format!("{} != {}", result((*line, *step)), values(program, is))
            }
            Claim::SameResult(a, b) => format!("{} != {}", result(*a), result(*b)),
            other => format!("not {}", part(other)),
        },
        Claim::Hang(None) => "hang".into(),
        Claim::Hang(Some(lid)) => format!("{} hangs", program.lwp_name(*lid)),
        Claim::Result { line, step, is } => format!("{} == {}", result((*line, *step)), values(program, is)),
        Claim::SameResult(a, b) => format!("{} == {}", result(*a), result(*b)),
        Claim::Counter(counter, relation, n) => {
            let relation = RELATIONS.iter().find(|(_, r)| r == relation).map_or("", |(text, _)| text);
            format!("{} {relation} {n}", counter.name())
        }
        Claim::Is(lid, state) => format!("{} is {}", program.lwp_name(*lid), state.name()),
        Claim::Passed(lid, None, to) => format!("{} passed {}", program.lwp_name(*lid), to.name()),
        Claim::Passed(lid, Some(from), to) => {
            format!("{} passed {} -> {}", program.lwp_name(*lid), from.name(), to.name())
        }
        Claim::Under(lid, class) => format!("{} under {}", program.lwp_name(*lid), class.name()),
    }
}

fn wrapped(text: String, inner: bool) -> String {
    if inner { format!("({text})") } else { text }
}

/// A defect as it is declared.
pub fn defect_text(defect: &Defect) -> String {
    let shows = defect.shows.iter().map(|symptom| match symptom {
        Symptom::Hang => "hang".to_owned(),
        Symptom::Race => "race".into(),
        Symptom::UseAfterFree => "use-after-free".into(),
        Symptom::Outcome => "outcome".into(),
        Symptom::Words(words) => format!("\"{words}\""),
    });
    let mut text = format!("defect {} shows {}", defect.repair.name(), join(shows, " | "));
    if defect.revisions != Revision::ALL {
        text += &format!(" in {}", systems(&defect.revisions));
    }
    if defect.cpus > 1 {
        text += &format!(" from {} cpus", defect.cpus);
    }
    if !defect.alone {
        text += " among others";
    }
    text
}
