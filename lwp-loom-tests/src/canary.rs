//! Litmus programs with known outcomes, which watch the engines themselves.

use crate::program::Outcome;

/// A litmus program with a known set of outcomes.
#[derive(Debug)]
pub struct Canary {
    /// Its name, unique.
    pub name: &'static str,
    /// How many threads it has, the first included.
    pub threads: usize,
    /// Whether it takes locks by trying.
    pub uses_try_lock: bool,
    run: fn() -> Outcome,
    expected: &'static [&'static str],
}

impl Canary {
    /// Runs it once.
    pub fn run(&self) -> Outcome {
        (self.run)()
    }

    /// Holds the outcomes of a complete search against those that are known.
    ///
    /// # Errors
    /// Says what is missing or what should not be there.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<(), String> {
        if outcomes.iter().map(String::as_str).eq(self.expected.iter().copied()) {
            return Ok(());
        }
        Err(format!("expected the outcomes {:?}, saw {outcomes:?}", self.expected))
    }
}

/// The canary with this name.
pub fn find(_name: &str) -> Option<&'static Canary> {
    None
}

/// Canaries that are reported together.
#[derive(Debug)]
pub struct Group {
    /// The family's name.
    pub name: &'static str,
    /// What the canaries run on.
    pub on: &'static str,
    /// The canaries.
    pub canaries: &'static [Canary],
}

/// All canaries.
pub const GROUPS: &[Group] = &[];
