//! What a program claims, held against its executions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::ast::{Claim, Condition, Ends, Program, Quantifier, Value, When};
use super::text;
use super::world::{self, World};

/// The claims of a program, and those of the third kind that were seen so far.
#[derive(Debug)]
pub struct Claims {
    program: Arc<Program>,
    seen: Mutex<BTreeSet<usize>>,
}

/// One execution, from its beginning to its end.
pub struct Run {
    claims: Arc<Claims>,
    watched: Option<world::Watched>,
}

impl Claims {
    pub fn new(program: Arc<Program>) -> Claims {
        Claims { program, seen: Mutex::default() }
    }

    /// An execution begins.
    #[track_caller]
    pub fn begin(self: &Arc<Claims>) -> Run {
        let watched = self.program.is_watched().then(|| {
            let claims = self.clone();
            world::watch(self.program.atoms_along_the_way(), move |world| {
                if let Err(broken) =
                    claims.judge(When::AlongTheWay, &Moment { world: Some(world), ends: None })
                {
                    panic!("{broken}");
                }
            })
        });
        Run { claims: self.clone(), watched: watched.flatten() }
    }

    /// What is claimed to happen sometimes and has not been seen.
    pub fn unseen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = self.program.conditions.iter().enumerate();
        let unseen = claimed
            .filter(|(n, condition)| condition.quantifier == Quantifier::Sometimes && !seen.contains(n));
        unseen.map(|(_, condition)| text::condition_text(&self.program, condition)).collect()
    }

    /// Holds the claims about such moments against one.
    ///
    /// # Errors
    /// Names one that does not hold.
    fn judge(&self, when: When, moment: &Moment<'_>) -> Result<(), String> {
        let judged = |condition: &Condition| {
            condition.when == when && (moment.world.is_some() || !condition.claim.is_about_the_machine())
        };
        for (n, condition) in self.program.conditions.iter().enumerate().filter(|(_, c)| judged(c)) {
            let holds = moment.holds(&condition.claim);
            match condition.quantifier {
                Quantifier::Sometimes if holds => {
                    self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(n);
                }
                Quantifier::Always if !holds => return Err(broken(&self.program, condition)),
                Quantifier::Never if holds => return Err(broken(&self.program, condition)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn broken(program: &Program, condition: &Condition) -> String {
    format!("`{}` does not hold", text::condition_text(program, condition))
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

    /// The parts of claims along the way that can tell in which order two things change: two LWPs, or an LWP and a counter.
    /// What is claimed of one thing alone changes in one order, that in which it is stored.
    fn atoms_along_the_way(&self) -> Vec<Claim> {
        let along = self.conditions.iter().filter(|condition| condition.when == When::AlongTheWay);
        let compares = along.map(|condition| condition.claim.atoms()).filter(|atoms| {
            let things: BTreeSet<_> = atoms.iter().map(Claim::thing).collect();
            things.len() > 1
        });
        compares.flatten().collect()
    }
}

impl Run {
    /// What a verdict on the execution's end is found by, whether it comes there by itself or stands still.
    pub fn judge(&self) -> Judge {
        Judge {
            claims: self.claims.clone(),
            world: self.watched.as_ref().map(|watched| watched.world.clone()),
        }
    }
}

/// Holds claims against the end of one execution.
pub struct Judge {
    claims: Arc<Claims>,
    /// On real threads nothing sees the machine, and nothing that is claimed of it can be judged.
    world: Option<world::Shared>,
}

impl Judge {
    /// The execution has come to its end.
    ///
    /// # Errors
    /// Names a claim that does not hold.
    pub fn end(&self, ends: &Ends) -> Result<(), String> {
        let world = self.world.as_ref().map(world::look);
        self.claims.judge(When::AtTheEnd, &Moment { world: world.as_ref(), ends: Some(ends) })
    }
}

/// What is known at a moment.
struct Moment<'a> {
    world: Option<&'a World>,
    /// Where it is the end of the execution.
    ends: Option<&'a Ends>,
}

impl Moment<'_> {
    /// Whether a claim holds. What an LWP never came by is nothing, and no two nothings are the same.
    fn holds(&self, claim: &Claim) -> bool {
        match claim {
            Claim::All(parts) => parts.iter().all(|part| self.holds(part)),
            Claim::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Claim::Not(part) => !self.holds(part),
            Claim::Hang(None) => self.ends.is_some_and(Ends::is_standstill),
            Claim::Hang(Some(lid)) => self.ends.is_some_and(|ends| ends.is_stuck(lid - 1)),
            Claim::Result { line, step, is } => {
                self.result((*line, *step)).is_some_and(|value| is.contains(&value))
            }
            Claim::SameResult(a, b) => self.result(*a).is_some_and(|value| self.result(*b) == Some(value)),
            Claim::Counter(..) | Claim::Is(..) | Claim::Passed(..) | Claim::Under(..) => {
                self.world.and_then(|world| world.holds(claim)).unwrap_or(false)
            }
        }
    }

    fn result(&self, (line, step): (usize, usize)) -> Option<Value> {
        self.ends?.lines[line].as_ref()?.results.get(step).copied()
    }
}
