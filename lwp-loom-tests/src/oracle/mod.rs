//! The reference: what a litmus program may come to, by a model of its own in which every operation is one step.
//!
//! It knows nothing of locks, queues, CPUs or memory. A world is what a manual speaks of: who runs, sleeps, is suspended
//! or stopped or dead, what was asked of whom, which signals are pending. A step lets one LWP do one thing, all at once;
//! [`reference()`] tries every order. What the kernel's code comes to in any execution must be among its outcomes, and nobody
//! may wait for ever unless somebody does here.
//!
//! It is the repaired protocol, and one for both revisions: with the repairs they promise the same.
//!
//! # Where an operation is more than one step
//! Only where somebody else can come in between and tell:
//!
//! * whoever has to wait falls asleep, and goes on after somebody woke it: `wait`, `park`, `sleep`, `mutex-enter`;
//! * whoever is woken from a `wait` looks first whether it was interrupted, and then whether the wait is over;
//! * a `wait` that is interrupted before it falls asleep has been seen by others as one that waits;
//! * a trip through `lwp_userret` looks at what is asked of the LWP one thing after the other, as often as there is something;
//! * whoever stops a process halts those who sleep first, and then asks the others to stop: some may fall asleep in between;
//! * whoever stops its process lets others continue it before it stops itself;
//! * a `reference` is had and then given back;
//! * an exit begins, from when the LWP counts as dying, and ends, from when it can be collected: in between it frees the
//!   detached zombie whose place it takes, and sleeps while somebody has a reference;
//! * `create` and `start` first make an LWP, which others can count but not name, and then let it run;
//! * whoever ends the process tells all others, and then collects one after the other; for a core dump it has them
//!   suspended first.
//!
//! # What it leaves open
//! CPUs: an LWP that has none comes later, which is an order like any other. So the reference allows orders that a machine
//! with few CPUs does not come to. Per-LWP data, credentials and lwpctl are not in it: [`reference()`] gives
//! [`Without::Unknown`].

mod step;
mod world;

use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use crate::litmus::ast::{Op, Program};
use step::step;
use world::World;

/// What a program may come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Each outcome of an order in which everybody comes to an end.
    pub outcomes: BTreeSet<String>,
    /// Each end of an order in which somebody waits for ever: the results so far, the states, who waits and where.
    pub standstills: BTreeSet<String>,
    /// Lines, from 0, of those who do so in every such order.
    pub stuck: Vec<usize>,
    /// How many states there are.
    pub states: usize,
}

/// More states than any program that somebody waits for has; they take two seconds.
const MOST: usize = 100_000;

/// More states than it takes any such program to show that it never ends: it is asked of each before it runs.
const MOST_STUCK: usize = 20_000;

/// The line, from 0, of somebody who waits for ever in every order; `None` where the program comes to an end in some order,
/// uses what the reference does not know, or has too many states to say.
///
/// Time and memory: those of the first order that is tried, where that ends.
pub fn stuck(program: &Program) -> Option<usize> {
    let reference = search(program, MOST_STUCK, None, |reference| !reference.outcomes.is_empty()).ok()?;
    if reference.outcomes.is_empty() { reference.stuck.first().copied() } else { None }
}

/// Why there is no reference of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// It uses what the reference does not know.
    Unknown,
    /// It has too many states.
    States,
    /// They took too long.
    Time,
}

impl Without {
    /// Why the reference was given up, in words; `None` where it was not begun.
    pub fn given_up(self) -> Option<String> {
        match self {
            Without::Unknown => None,
            Without::States => Some(format!("it has more than {MOST} states")),
            Without::Time => Some("its states took half of the time".into()),
        }
    }
}

/// Every outcome that the program may have, where that is known before `until`.
///
/// Time and memory grow with the states: with the product of how far the LWPs can be apart.
///
/// # Errors
/// Says why it is not known.
pub fn reference(program: &Program, until: Option<Instant>) -> Result<Reference, Without> {
    search(program, MOST, until, |_| false)
}

/// Tries orders until `enough` of them are known, or all.
fn search(
    program: &Program,
    most: usize,
    until: Option<Instant>,
    enough: fn(&Reference) -> bool,
) -> Result<Reference, Without> {
    if !is_known(program) {
        return Err(Without::Unknown);
    }
    let mut reference = Reference::default();
    let first = World::new(program);
    let mut seen = HashSet::from([first.clone()]);
    let mut todo = vec![first];
    while let Some(world) = todo.pop() {
        let mut stands = true;
        for who in 0..program.lines.len() {
            let mut next = world.clone();
            if step(program, &mut next, who) {
                stands = false;
                if !seen.contains(&next) {
                    seen.insert(next.clone());
                    todo.push(next);
                }
            }
        }
        if stands && world.all_are_done() {
            reference.outcomes.insert(program.outcome(&world.ends()));
        } else if stands {
            let waits = |n: &usize| !world.is_done(*n);
            if reference.standstills.is_empty() {
                reference.stuck = (0..program.lines.len()).filter(waits).collect();
            } else {
                reference.stuck.retain(waits);
            }
            reference.standstills.insert(program.outcome(&world.ends()));
        }
        if enough(&reference) {
            break;
        }
        if seen.len() > most {
            return Err(Without::States);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(Without::Time);
        }
    }
    reference.states = seen.len();
    Ok(reference)
}

/// Whether the reference knows all that the program uses.
fn is_known(program: &Program) -> bool {
    !program.lines.iter().flat_map(|line| &line.steps).any(|step| is_unknown(step.op))
}

fn is_unknown(op: Op) -> bool {
    matches!(
        op,
        Op::KeyCreate
            | Op::KeyDelete(_)
            | Op::Set(_)
            | Op::Get(_)
            | Op::GetOf(_)
            | Op::Setuid(_)
            | Op::Getuid
            | Op::LwpctlAlloc
            | Op::Curcpu
            | Op::LwpctlExit
            | Op::Locks(_)
    )
}
