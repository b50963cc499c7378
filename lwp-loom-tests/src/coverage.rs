//! Which of the documented transitions of `l_stat` the programs made, and which others.

use std::collections::{BTreeMap, BTreeSet};

use lwp_core::netbsd::{Revision, State};
use serde::{Deserialize, Serialize};

use crate::job::{Finding, Transition};
use crate::litmus::Case;

/// The transitions that were made, by revision. A revision is there once one of its programs was explored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transitions(BTreeMap<String, BTreeSet<Transition>>);

impl Transitions {
    /// Adds what a program showed. Programs over the lock layer have no states.
    pub fn add(&mut self, finding: &Finding) {
        if let Some(case) = Case::parse(&finding.program) {
            self.0
                .entry(case.revision.name().into())
                .or_default()
                .extend(finding.transitions.iter().cloned());
        }
    }

    /// Adds what another part of a check has seen.
    pub fn join(&mut self, others: Transitions) {
        for (revision, transitions) in others.0 {
            self.0.entry(revision).or_default().extend(transitions);
        }
    }

    /// The transitions of each revision whose programs were explored, held against its documentation.
    pub fn coverage(&self) -> Vec<Coverage> {
        let revisions = Revision::ALL.into_iter();
        revisions.filter_map(|r| self.0.get(r.name()).map(|made| Coverage::of(r, made))).collect()
    }
}

/// The transitions of one revision: each is in exactly one list, but for a contradicted one, which is seen too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The revision.
    pub revision: &'static str,
    /// Documented, and made.
    pub seen: Vec<Transition>,
    /// Documented, and made by no program.
    pub unseen: Vec<Transition>,
    /// Documented, and made by no function, with the reason.
    pub never: Vec<(Transition, &'static str)>,
    /// Made, though no function is said to make it.
    pub contradicted: Vec<Transition>,
    /// Made, and not documented.
    pub undocumented: Vec<Transition>,
}

impl Coverage {
    fn of(revision: Revision, made: &BTreeSet<Transition>) -> Coverage {
        let named = |(from, to): &(State, State)| (from.name().to_owned(), to.name().to_owned());
        let documented: Vec<Transition> = State::transitions(revision).iter().map(named).collect();
        let undocumented =
            made.iter().filter(|transition| !documented.contains(transition)).cloned().collect();
        let reasons = State::never_made().iter().map(|(transition, why)| (named(transition), *why));
        let (contradicted, never): (Vec<_>, Vec<_>) =
            reasons.partition(|(transition, _)| made.contains(transition));
        let made_by_some = documented.into_iter().filter(|t| never.iter().all(|(never, _)| never != t));
        let (seen, unseen) = made_by_some.partition(|transition| made.contains(transition));
        let contradicted = contradicted.into_iter().map(|(transition, _)| transition).collect();
        Coverage { revision: revision.name(), seen, unseen, never, contradicted, undocumented }
    }

    /// How many of the documented transitions some function makes.
    pub fn made_by_some(&self) -> usize {
        self.seen.len() + self.unseen.len()
    }

    /// Whether nothing was seen that should not be.
    pub fn is_sound(&self) -> bool {
        self.undocumented.is_empty() && self.contradicted.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn coverage(made: &[(&str, &str)]) -> Coverage {
        let made = made.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        Coverage::of(Revision::R1_62, &made)
    }

    #[test]
    fn a_transition_is_seen_or_unseen_or_undocumented() {
        let nothing = coverage(&[]);
        assert_eq!((nothing.seen.len(), nothing.undocumented.len()), (0, 0));

        let coverage = coverage(&[("LSRUN", "LSONPROC"), ("LSZOMB", "LSRUN")]);
        assert_eq!(coverage.seen, [("LSRUN".into(), "LSONPROC".into())]);
        assert_eq!(coverage.undocumented, [("LSZOMB".into(), "LSRUN".into())]);
        assert_eq!(coverage.unseen.len(), nothing.unseen.len() - 1);
        let all = coverage.made_by_some() + coverage.never.len();
        assert_eq!(all, State::transitions(Revision::R1_62).len());
        assert!(!coverage.is_sound() && nothing.is_sound());
    }

    #[test]
    fn a_transition_that_no_function_is_said_to_make_is_not_missed_but_must_not_be_made() {
        let ((from, to), _) = State::never_made()[0];
        let unmade = coverage(&[]);
        assert!(unmade.never.iter().any(|((f, t), _)| (f.as_str(), t.as_str()) == (from.name(), to.name())));
        let made = coverage(&[(from.name(), to.name())]);
        assert_eq!(made.contradicted, made.seen);
        assert!(!made.is_sound());
    }

    #[test]
    fn parts_of_a_check_see_what_any_of_them_sees() {
        let part = |revision: &str, to: &str| {
            let made = BTreeSet::from([("LSONPROC".into(), to.into())]);
            Transitions(BTreeMap::from([(revision.into(), made)]))
        };
        let mut all = part("1.62", "LSRUN");
        all.join(part("1.62", "LSSLEEP"));
        all.join(part("1.69.2.6", "LSZOMB"));
        let seen: Vec<usize> = all.coverage().iter().map(|coverage| coverage.seen.len()).collect();
        assert_eq!(seen, [2, 1]);
        assert!(Transitions::default().coverage().is_empty());
    }
}
