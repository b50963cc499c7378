//! How far loom goes through a program's executions: what is declared before a search, and held against what it says
//! after it.

use std::fmt::{self, Display};

/// loom's limit on threads.
pub const LOOM_THREADS: usize = 5;

/// What is said of a program with more threads than that.
pub fn no_room(threads: usize) -> String {
    format!("loom has room for {LOOM_THREADS} threads, and here are {threads}")
}

/// loom's limit on the stores of a word that it remembers.
pub const REMEMBERED_STORES: usize = 7;

/// How far loom goes through a program's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loom {
    /// To their end.
    Complete,
    /// To a bound that is set or known beforehand.
    Bounded(Bound),
    /// Not at all, and why.
    NotAtAll(&'static str),
}

/// What a search of loom's leaves out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    /// Executions with more preemptions than this.
    pub preemptions: Option<usize>,
    /// Stale values of words that are stored to more often than loom remembers.
    pub forgets_stores: bool,
    /// What a search may miss that looks back where three threads exchange words.
    pub looks_back: bool,
}

impl Loom {
    /// To a bound of so many preemptions.
    pub const fn at_most(preemptions: usize) -> Loom {
        Loom::Bounded(Bound { preemptions: Some(preemptions), ..Bound::NONE })
    }

    /// The bound, where there is one.
    pub fn bound(self) -> Option<Bound> {
        match self {
            Loom::Bounded(bound) => Some(bound),
            Loom::Complete | Loom::NotAtAll(_) => None,
        }
    }
}

impl Bound {
    /// Nothing is left out.
    pub const NONE: Bound = Bound { preemptions: None, forgets_stores: false, looks_back: false };

    /// Whether a search that says it was bounded by `bound` left out no more than this.
    pub fn covers(self, bound: &str) -> bool {
        let declared = [
            self.preemptions.map(preemptions),
            self.forgets_stores.then(stores),
            self.looks_back.then(looking_back),
        ];
        bound.split(", ").all(|part| declared.iter().flatten().any(|declared| declared == part))
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.preemptions.map(|n| format!("at most {}", so_many_preemptions(n))),
            self.forgets_stores.then(|| format!("at most {REMEMBERED_STORES} stores to a word remembered")),
            self.looks_back.then(looking_back),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// What a search says that a limit on preemptions bounded.
pub fn preemptions(limit: usize) -> String {
    format!("{} in an execution", so_many_preemptions(limit))
}

/// So many preemptions, in words.
pub fn so_many_preemptions(n: usize) -> String {
    format!("{n} preemption{}", if n == 1 { "" } else { "s" })
}

/// What a search says that met more stores to a word than loom remembers.
pub fn stores() -> String {
    format!("{REMEMBERED_STORES} stores to a word that loom remembers")
}

/// What a search says that looked back where three threads exchange words: `docs/checking.md` has a program of which it loses an
/// outcome.
pub fn looking_back() -> String {
    "looking back where three threads exchange words".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_covers_what_it_declares_and_nothing_else() {
        let bound = Bound { preemptions: Some(1), forgets_stores: true, looks_back: false };
        let both = format!("{}, {}", preemptions(1), stores());
        for declared in [preemptions(1), stores(), both.clone()] {
            assert!(bound.covers(&declared), "{declared}");
        }
        for other in [preemptions(2), "20 seconds".into(), format!("{both}, 20 seconds"), String::new()] {
            assert!(!bound.covers(&other), "{other}");
        }
        assert!(!Bound { forgets_stores: false, ..bound }.covers(&both));
        assert!(!Bound { preemptions: None, ..bound }.covers(&both));
        assert!(!bound.covers(&looking_back()));
        assert!(Bound { looks_back: true, ..Bound::NONE }.covers(&looking_back()));
    }
}
