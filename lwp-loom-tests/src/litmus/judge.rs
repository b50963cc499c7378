//! What a program claims, held against its executions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::ast::{Claim, Condition, Program, Quantifier, Relation, When};
use super::machine::All;
use super::text;
use super::world::{self, World};

/// The claims of a program, and those of the third kind that were seen so far.
#[derive(Debug)]
pub struct Claims {
    program: Arc<Program>,
    seen: Arc<Mutex<BTreeSet<usize>>>,
}

/// One execution, from its beginning to its end.
pub struct Run<'c> {
    claims: &'c Claims,
    watched: Option<world::Watch>,
}

impl Claims {
    pub fn new(program: Arc<Program>) -> Claims {
        Claims { program, seen: Arc::default() }
    }

    /// An execution begins.
    pub fn begin(&self) -> Run<'_> {
        let along = |condition: &Condition| condition.when == When::AlongTheWay;
        let watched = self.program.is_watched().then(|| {
            let (program, seen) = (self.program.clone(), self.seen.clone());
            world::watch(move |world| {
                for (n, condition) in program.conditions.iter().enumerate().filter(|(_, c)| along(c)) {
                    judge(&program, n, condition, &seen, &|claim| holds(claim, world, None));
                }
            })
        });
        Run { claims: self, watched: watched.flatten() }
    }

    /// What is claimed to happen sometimes and has not been seen.
    pub fn unseen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = self.program.conditions.iter().enumerate();
        let unseen = claimed.filter(|(n, condition)| {
            condition.quantifier == Quantifier::Sometimes
                && condition.claim != Claim::Hang
                && !seen.contains(n)
        });
        unseen.map(|(_, condition)| text::condition_text(&self.program, condition)).collect()
    }
}

impl Program {
    /// Whether a claim is about the machine, or about what happens on the way: it then depends on more than the state that an
    /// execution comes to.
    pub fn is_watched(&self) -> bool {
        let watched = |condition: &Condition| {
            condition.when == When::AlongTheWay || condition.claim.is_about_the_machine()
        };
        self.conditions.iter().any(watched)
    }
}

impl Run<'_> {
    /// The execution has come to its end.
    ///
    /// # Panics
    /// Where a claim does not hold.
    pub fn end(self, results: &All) {
        let Claims { program, seen } = self.claims;
        // On real threads nobody sees the machine, and nothing that is claimed of it can be judged.
        let is_seen = self.watched.is_some();
        let world = self.watched.map(world::Watch::end).unwrap_or_default();
        let judged = |condition: &Condition| {
            condition.when == When::AtTheEnd && (is_seen || !condition.claim.is_about_the_machine())
        };
        for (n, condition) in program.conditions.iter().enumerate().filter(|(_, c)| judged(c)) {
            judge(program, n, condition, seen, &|claim| holds(claim, &world, Some(results)));
        }
    }
}

fn judge(
    program: &Program,
    n: usize,
    condition: &Condition,
    seen: &Mutex<BTreeSet<usize>>,
    holds: &dyn Fn(&Claim) -> bool,
) {
    let holds = condition.claim != Claim::Hang && holds(&condition.claim);
    match condition.quantifier {
        Quantifier::Sometimes if holds => {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(n);
        }
        Quantifier::Sometimes => {}
        Quantifier::Always | Quantifier::Never => {
            let claimed = condition.quantifier == Quantifier::Always;
            assert!(holds == claimed, "`{}` does not hold", text::condition_text(program, condition));
        }
    }
}

/// Whether a claim holds. What nobody came by is nothing, and no two nothings are the same.
fn holds(claim: &Claim, world: &World, results: Option<&All>) -> bool {
    let result = |(line, step): (usize, usize)| results?[line].as_ref()?.get(step).copied();
    match claim {
        Claim::All(parts) => parts.iter().all(|part| holds(part, world, results)),
        Claim::Any(parts) => parts.iter().any(|part| holds(part, world, results)),
        Claim::Not(part) => !holds(part, world, results),
        Claim::Hang => false,
        Claim::Result { line, step, is } => result((*line, *step)).is_some_and(|value| is.contains(&value)),
        Claim::SameResult(a, b) => result(*a).is_some_and(|value| result(*b) == Some(value)),
        Claim::Counter(counter, relation, n) => {
            let count = world.counter(*counter);
            match relation {
                Relation::Equal => count == *n,
                Relation::NotEqual => count != *n,
                Relation::Less => count < *n,
                Relation::AtMost => count <= *n,
                Relation::More => count > *n,
                Relation::AtLeast => count >= *n,
            }
        }
        Claim::Is(lid, state) => world.state(*lid) == Some(*state),
        Claim::Passed(lid, from, to) => world.passed(*lid, *from, *to),
        Claim::Under(lid, class) => world.lock(*lid) == Some(*class),
    }
}
