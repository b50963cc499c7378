//! Claims that no execution can break, or none can fulfil: what is claimed follows from the words alone.

use std::collections::BTreeMap;

use lwp_core::netbsd::State;

use super::diagnostic::{Diagnostic, Span};
use crate::litmus::ast::{Claim, Condition, Program, Quantifier, Value};

/// More combinations than these are not tried: such a claim is taken to say something.
const MOST: usize = 200_000;

/// Says of each claim that is decided before anything runs that it is.
pub fn check(program: &Program, places: &[Span]) -> Vec<Diagnostic> {
    let decided = |(condition, place): (&Condition, &Span)| {
        let holds = always_the_same(program, &condition.claim)?;
        let is_kept = holds == (condition.quantifier != Quantifier::Never);
        let (message, label) = if is_kept {
            ("nothing can break this claim", "it holds whatever happens")
        } else {
            ("nothing can fulfil this claim", "it does not hold whatever happens")
        };
        Some(Diagnostic::new(place.clone(), message, label))
    };
    program.conditions.iter().zip(places).filter_map(decided).collect()
}

/// What a claim speaks of. Of two that depend on each other all combinations are tried, more than there can be: what holds in
/// all of them holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Result(usize, usize),
    State(usize),
    Counter(&'static str),
    /// Anything else, by its place among the parts.
    Bit(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Result(Option<Value>),
    State(Option<State>),
    Count(usize),
    Bit(bool),
}

/// What a claim comes to in every combination of what it speaks of; `None` where it depends, or there are too many.
fn always_the_same(program: &Program, claim: &Claim) -> Option<bool> {
    let atoms = claim.atoms();
    let mut domains: BTreeMap<Subject, Vec<Is>> = BTreeMap::new();
    for (n, atom) in atoms.iter().enumerate() {
        for subject in subjects(n, atom, &atoms) {
            let domain = domain(program, &atoms, &subject);
            domains.insert(subject, domain);
        }
    }
    let all: usize = domains.values().try_fold(1_usize, |all, domain| all.checked_mul(domain.len()))?;
    if all > MOST {
        return None;
    }
    let mut known = None;
    for combination in 0..all {
        let mut rest = combination;
        let now: BTreeMap<&Subject, Is> = domains
            .iter()
            .map(|(subject, domain)| {
                let is = domain[rest % domain.len()];
                rest /= domain.len();
                (subject, is)
            })
            .collect();
        let holds = evaluate(claim, &atoms, &now);
        if *known.get_or_insert(holds) != holds {
            return None;
        }
    }
    known
}

fn subjects(n: usize, atom: &Claim, atoms: &[Claim]) -> Vec<Subject> {
    match atom {
        Claim::Result { line, step, .. } => vec![Subject::Result(*line, *step)],
        Claim::SameResult(a, b) => vec![Subject::Result(a.0, a.1), Subject::Result(b.0, b.1)],
        Claim::Is(lid, _) => vec![Subject::State(*lid)],
        Claim::Counter(counter, ..) => vec![Subject::Counter(counter.name())],
        _ => vec![Subject::Bit(atoms.iter().position(|other| other == atom).unwrap_or(n))],
    }
}

fn domain(program: &Program, atoms: &[Claim], subject: &Subject) -> Vec<Is> {
    match subject {
        Subject::Result(line, step) => {
            let may = &program.lines[*line].steps[*step].may;
            let mut values: Vec<Value> = if may.is_empty() { mentioned(program, atoms) } else { may.clone() };
            values.dedup();
            values.into_iter().map(|value| Is::Result(Some(value))).chain([Is::Result(None)]).collect()
        }
        Subject::State(_) => {
            State::ALL.into_iter().map(|state| Is::State(Some(state))).chain([Is::State(None)]).collect()
        }
        Subject::Counter(_) => {
            let numbers = atoms.iter().filter_map(|atom| match atom {
                Claim::Counter(_, _, n) => Some(*n),
                _ => None,
            });
            let mut counts: Vec<usize> =
                numbers.flat_map(|n| [n.saturating_sub(1), n, n + 1]).chain([0]).collect();
            counts.sort_unstable();
            counts.dedup();
            counts.into_iter().map(Is::Count).collect()
        }
        Subject::Bit(_) => vec![Is::Bit(false), Is::Bit(true)],
    }
}

/// The values of which anything is said, and two that are none of them.
fn mentioned(program: &Program, atoms: &[Claim]) -> Vec<Value> {
    let mut values = vec![Value::Number(usize::MAX), Value::Number(usize::MAX - 1)];
    for atom in atoms {
        match atom {
            Claim::Result { is, .. } => values.extend(is),
            Claim::SameResult(a, b) => {
                [a, b].into_iter().for_each(|at| values.extend(&program.lines[at.0].steps[at.1].may));
            }
            _ => {}
        }
    }
    values.sort_unstable_by_key(|value| format!("{value:?}"));
    values
}

fn evaluate(claim: &Claim, atoms: &[Claim], now: &BTreeMap<&Subject, Is>) -> bool {
    let result = |at: &(usize, usize)| match now[&Subject::Result(at.0, at.1)] {
        Is::Result(value) => value,
        _ => None,
    };
    match claim {
        Claim::All(parts) => parts.iter().all(|part| evaluate(part, atoms, now)),
        Claim::Any(parts) => parts.iter().any(|part| evaluate(part, atoms, now)),
        Claim::Not(part) => !evaluate(part, atoms, now),
        Claim::Result { line, step, is } => result(&(*line, *step)).is_some_and(|value| is.contains(&value)),
        Claim::SameResult(a, b) => result(a).is_some_and(|value| result(b) == Some(value)),
        Claim::Is(lid, state) => now[&Subject::State(*lid)] == Is::State(Some(*state)),
        Claim::Counter(counter, relation, n) => match now[&Subject::Counter(counter.name())] {
            Is::Count(count) => relation.holds(count, *n),
            _ => false,
        },
        Claim::Hang(_) | Claim::Passed(..) | Claim::Under(..) => {
            let place = atoms.iter().position(|atom| atom == claim).unwrap_or_default();
            now[&Subject::Bit(place)] == Is::Bit(true)
        }
    }
}
