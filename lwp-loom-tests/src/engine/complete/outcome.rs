//! What came of a part of the search.

use super::execution::Tally;

/// What came of a part of the search.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its executions.
    pub tally: Tally,
    /// Whether a bound on preemptions kept anything from being explored.
    pub cut: bool,
}

impl Outcome {
    /// Whether one of its executions failed.
    pub fn fails(&self) -> bool {
        self.tally.failure.is_some()
    }

    /// What came of the part that is explored next, if one worker explores all.
    pub fn add(&mut self, next: Outcome) {
        self.tally.add(next.tally);
        self.cut |= next.cut;
    }
}
