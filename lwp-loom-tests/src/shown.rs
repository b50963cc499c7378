//! The defects of the sources that the programs of a check showed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::job::{Finding, Verdict};
use crate::litmus::ast::Symptom;
use crate::litmus::{Case, Origin, Variant};

/// The defects, by the names of the repairs that mend them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(BTreeMap<String, Showing>);

/// How a defect of the sources was shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Showing {
    /// How many programs that declare it failed as it shows, by engine. One that declares two defects which show alike counts
    /// for both.
    pub programs: BTreeMap<String, usize>,
    /// That one of them which is easiest to read.
    pub example: Finding,
}

impl Shown {
    /// Adds what a program showed.
    pub fn add(&mut self, finding: &Finding) {
        let (Verdict::Defect, Some(message)) = (finding.verdict, &finding.message) else { return };
        let Some(case) = Case::parse(&finding.program) else { return };
        let shows = |symptom: &Symptom| symptom.words().iter().any(|words| message.contains(words));
        for defect in case.defects().filter(|defect| defect.shows.iter().any(shows)) {
            let programs = BTreeMap::from([(finding.engine.clone(), 1)]);
            self.join_one(defect.repair.name(), Showing { programs, example: finding.clone() });
        }
    }

    /// Adds what another part of a check has seen.
    pub fn join(&mut self, others: Shown) {
        for (repair, defect) in others.0 {
            self.join_one(&repair, defect);
        }
    }

    fn join_one(&mut self, repair: &str, other: Showing) {
        let Some(ours) = self.0.get_mut(repair) else {
            self.0.insert(repair.into(), other);
            return;
        };
        for (engine, programs) in other.programs {
            *ours.programs.entry(engine).or_default() += programs;
        }
        if difficulty(&other.example) < difficulty(&ours.example) {
            ours.example = other.example;
        }
    }

    /// How the defect was shown that a repair mends, if it was.
    pub fn get(&self, repair: &str) -> Option<&Showing> {
        self.0.get(repair)
    }

    /// An example of each defect.
    pub fn examples_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.0.values_mut().map(|defect| &mut defect.example)
    }

    /// How many defects were shown.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What makes one failure harder to read than another, the worst first: that it cannot be replayed, that other defects are
/// declared beside this one, that somebody has to know of repairs, that nobody had the program in mind, its length.
fn difficulty(example: &Finding) -> impl Ord {
    let of_program = Case::parse(&example.program).map(|case| {
        let (as_written, written) = (case.variant == Variant::AsWritten, case.origin() == Origin::Written);
        (case.defects().count(), !as_written, !written, case.lwps(), case.litmus.steps(), case.cpus)
    });
    (example.schedule.is_none(), of_program, example.program.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(program: &str, engine: &str, schedule: Option<&str>) -> Finding {
        Finding {
            message: Some("wait b gave EDEADLK, for nobody can go on".into()),
            schedule: schedule.map(String::from),
            ..Finding::of(program, engine, Verdict::Defect)
        }
    }

    const LOST: &str = "lwp/1.62/as-written/2-cpus/lost-continue";

    #[test]
    fn a_defect_counts_the_programs_that_failed_by_it_and_shows_the_one_that_is_easiest_to_read() {
        let findings = [
            finding(LOST, "loom", None),
            finding("lwp/1.62/as-written/3-cpus/wait-suspend-exit", "complete", Some("s")),
            finding(LOST, "complete", Some("t")),
        ];
        let mut shown = Shown::default();
        findings.iter().for_each(|finding| shown.add(finding));
        let defect = shown.get("lost-continue").unwrap();
        assert_eq!(defect.programs, BTreeMap::from([("complete".into(), 2), ("loom".into(), 1)]));
        assert_eq!((defect.example.program.as_str(), defect.example.engine.as_str()), (LOST, "complete"));

        let mut parts = [Shown::default(), Shown::default()];
        findings.iter().enumerate().for_each(|(n, finding)| parts[n % 2].add(finding));
        let [mut joined, other] = parts;
        joined.join(other);
        assert_eq!(joined, shown);
    }

    // A program that fails in another way than the defect does proves nothing of it.
    #[test]
    fn a_defect_is_shown_only_by_a_failure_like_its_own() {
        let mut shown = Shown::default();
        shown.add(&Finding { message: Some("a data race".into()), ..finding(LOST, "complete", None) });
        shown.add(&Finding { verdict: Verdict::Failed, ..finding(LOST, "complete", None) });
        shown.add(&finding("lwp/1.62/repaired/2-cpus/lost-continue", "complete", None));
        assert!(shown.is_empty());
    }
}
