//! Whether an execution that has come to its limit of steps would go on for ever.
//!
//! A thread that loops and does not wait takes one step after the other, and a search may let it: no other thread gets its
//! turn, and nothing that it looks at changes. So from the limit on the execution is continued *fairly*: of the threads that
//! can take a step, the one goes that has taken none for longest. Where then each thread that still takes steps goes
//! round, doing the same and seeing the same each time, the loop has no end: others had their turn, or could not have one.
//!
//! What a thread counts where no engine sees it, it could count to a number that ends its loop. So it has to go round a
//! [hundred times](ROUNDS) before that is said of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::Location;

use lwp_core::sync::model::{Announcement, Operation};

use super::clock::Threads;
use super::failure::{Failure, FailureKind, thread_name};

/// How often a thread has to go round the same steps.
const ROUNDS: usize = 100;

/// A step, as far as one can be like another.
#[derive(Clone, Copy, Debug)]
struct Done {
    /// What was done to what, where, and what came of it.
    hash: u64,
    place: &'static Location<'static>,
}

/// What a thread has done.
#[derive(Clone, Debug, Default)]
struct Line {
    steps: Vec<Done>,
    /// How many of them are of the first half.
    early: usize,
    /// When it took the last one.
    last: usize,
}

/// A fair continuation of an execution.
#[derive(Clone, Debug)]
pub struct Fair {
    /// From this step on it is fair.
    pub from: usize,
    lines: Vec<Line>,
    taken: usize,
    limit: usize,
    /// Whether something else than the threads decided how it goes on.
    chose: bool,
}

/// A thread that goes round: how many steps that takes, and where they are.
#[derive(Clone, Debug)]
pub struct Round {
    /// The thread.
    pub thread: usize,
    /// The steps of one round.
    pub steps: usize,
    places: BTreeSet<String>,
}

impl Fair {
    /// A continuation, of at most so many steps, of an execution that has had `from`.
    pub fn new(from: usize, limit: usize) -> Fair {
        Fair { from, lines: Vec::new(), taken: 0, limit, chose: false }
    }

    /// The thread whose turn it is.
    pub fn next(&self, enabled: Threads) -> Option<usize> {
        enabled.iter().min_by_key(|&thread| self.lines.get(thread).map_or(0, |line| line.last))
    }

    /// A thread has taken a step.
    pub fn took(&mut self, thread: usize, announcement: &Announcement, result: usize) {
        self.taken += 1;
        if self.lines.len() <= thread {
            self.lines.resize(thread + 1, Line::default());
        }
        let Announcement { operation, object, place } = *announcement;
        self.chose |= matches!(operation, Operation::Choose(_));
        let mut hasher = DefaultHasher::new();
        (operation, object, place, result).hash(&mut hasher);
        let line = &mut self.lines[thread];
        line.steps.push(Done { hash: hasher.finish(), place });
        line.last = self.taken;
        if self.taken <= self.limit / 2 {
            line.early = line.steps.len();
        }
    }

    /// Whether it is long enough.
    pub fn is_over(&self) -> bool {
        self.taken >= self.limit
    }

    /// The threads that go round, where each thread does that still takes steps.
    pub fn rounds(&self) -> Option<Vec<Round>> {
        let late = self.lines.iter().map(|line| &line.steps[line.early..]).enumerate();
        let rounds = late.filter(|(_, steps)| !steps.is_empty()).map(|(thread, steps)| round(thread, steps));
        let rounds: Vec<Round> = rounds.collect::<Option<_>>()?;
        (!self.chose && !rounds.is_empty()).then_some(rounds)
    }
}

/// The round that a thread's steps consist of, if they do.
fn round(thread: usize, steps: &[Done]) -> Option<Round> {
    let length = period(steps);
    // Where a guard is dropped, the place is the standard library's: it says nothing.
    let own =
        steps[..length.min(steps.len())].iter().filter(|step| !step.place.file().starts_with("/rustc/"));
    let places = || own.map(|step| step.place.to_string()).collect();
    (length * ROUNDS <= steps.len()).then(|| Round { thread, steps: length, places: places() })
}

/// The smallest number of steps after which each step comes again.
fn period(steps: &[Done]) -> usize {
    // Of each beginning, the length of the longest that it also ends with, itself excepted.
    let mut borders = vec![0_usize; steps.len()];
    for at in 1..steps.len() {
        let mut border = borders[at - 1];
        while border > 0 && steps[border].hash != steps[at].hash {
            border = borders[border - 1];
        }
        borders[at] = border + usize::from(steps[border].hash == steps[at].hash);
    }
    steps.len() - borders.last().copied().unwrap_or(0)
}

/// Threads go round for ever.
pub fn failure(rounds: &[Round]) -> Failure {
    let mut description = String::new();
    for Round { thread, places, .. } in rounds {
        let first = places.first().map_or("", String::as_str);
        let more = places.len().saturating_sub(1);
        let _ =
            write!(description, "{} goes round at {first} and {more} places more; ", thread_name(*thread));
    }
    description.push_str("it sees the same each time, and no other thread can change that");
    Failure { kind: FailureKind::EndlessLoop, description }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(hashes: &[u64]) -> Vec<Done> {
        hashes.iter().map(|&hash| Done { hash, place: Location::caller() }).collect()
    }

    #[test]
    fn a_period_is_the_smallest_number_of_steps_after_which_all_come_again() {
        assert_eq!(period(&steps(&[1, 2, 1, 2, 1])), 2);
        assert_eq!(period(&steps(&[1, 1, 2, 1, 1, 2])), 3);
        assert_eq!(period(&steps(&[1, 1, 1])), 1);
        assert_eq!(period(&steps(&[1, 2, 3])), 3);
    }

    // A hundred times is a loop without an end, ninety-nine times is not.
    #[test]
    fn a_thread_goes_round_once_it_has_done_so_often_enough() {
        let rounds = |n: usize| round(0, &steps(&[1, 2, 3].repeat(n))).map(|round| round.steps);
        assert_eq!((rounds(ROUNDS), rounds(ROUNDS - 1)), (Some(3), None));
    }
}
