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

/// The transitions of one revision: each is in exactly one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The revision.
    pub revision: &'static str,
    /// Documented, and made.
    pub seen: Vec<Transition>,
    /// Documented, and made by no program.
    pub unseen: Vec<Transition>,
    /// Made, and not documented.
    pub undocumented: Vec<Transition>,
}

impl Coverage {
    fn of(revision: Revision, made: &BTreeSet<Transition>) -> Coverage {
        let documented = State::transitions(revision).iter();
        let documented: Vec<Transition> =
            documented.map(|(from, to)| (from.name().into(), to.name().into())).collect();
        let undocumented =
            made.iter().filter(|transition| !documented.contains(transition)).cloned().collect();
        let (seen, unseen) = documented.into_iter().partition(|transition| made.contains(transition));
        Coverage { revision: revision.name(), seen, unseen, undocumented }
    }

    /// How many transitions are documented.
    pub fn documented(&self) -> usize {
        self.seen.len() + self.unseen.len()
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
        assert_eq!(coverage.documented(), State::transitions(Revision::R1_62).len());
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
