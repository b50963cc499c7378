//! Two engines on the same program: what the complete search sees under sequential consistency, loom must see too.

use std::collections::BTreeMap;

use lwp_loom_tests::job::{Finding, Mode, Verdict};
use lwp_loom_tests::report::Difference;

use crate::backend::Engine;

/// The outcomes of every program that was explored completely, by engine.
#[derive(Debug, Default)]
pub struct Agreement {
    outcomes: BTreeMap<String, [Option<Vec<String>>; 2]>,
}

impl Agreement {
    /// Adds what an engine found.
    pub fn add(&mut self, engine: Engine, mode: &Mode, finding: &Finding) {
        if finding.verdict == Verdict::Complete && *mode == Mode::Search {
            let both = self.outcomes.entry(finding.program.clone()).or_default();
            both[usize::from(engine == Engine::Complete)] = Some(finding.outcomes.clone());
        }
    }

    /// Where the engines differ, over the programs that both explored.
    pub fn differences(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (program, both) in &self.outcomes {
            let [Some(loom), Some(complete)] = both else { continue };
            let mut only = |these: &[String], others: &[String], weak_memory| {
                let missing = these.iter().filter(|outcome| !others.contains(outcome));
                differences.extend(missing.map(|outcome| Difference {
                    program: program.clone(),
                    outcome: outcome.clone(),
                    weak_memory,
                }));
            };
            only(complete, loom, false);
            only(loom, complete, true);
        }
        differences
    }

    /// How many programs both engines explored completely.
    pub fn programs(&self) -> usize {
        self.outcomes.values().filter(|both| both.iter().all(Option::is_some)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(agreement: &mut Agreement, engine: Engine, verdict: Verdict, outcomes: &[&str]) {
        let finding = Finding {
            program: "p".into(),
            engine: engine.name().into(),
            verdict,
            bound: None,
            message: None,
            executions: 1,
            distinct: 1,
            blocked: 0,
            steps: 0,
            schedule: None,
            outcomes: outcomes.iter().map(ToString::to_string).collect(),
            lock_edges: Vec::new(),
            transitions: Vec::new(),
            seconds: 0.0,
        };
        agreement.add(engine, &Mode::Search, &finding);
    }

    #[test]
    fn an_outcome_that_only_the_complete_search_saw_is_lost_and_one_that_only_loom_saw_is_weak_memorys() {
        let mut agreement = Agreement::default();
        found(&mut agreement, Engine::Loom, Verdict::Complete, &["a", "b"]);
        found(&mut agreement, Engine::Complete, Verdict::Complete, &["b", "c"]);
        let differences = agreement.differences();
        let seen: Vec<_> = differences.iter().map(|d| (d.outcome.as_str(), d.weak_memory)).collect();
        assert_eq!((seen, agreement.programs()), (vec![("c", false), ("a", true)], 1));
    }

    #[test]
    fn a_program_that_one_engine_did_not_finish_is_not_compared() {
        let mut agreement = Agreement::default();
        found(&mut agreement, Engine::Loom, Verdict::Bounded, &["a"]);
        found(&mut agreement, Engine::Complete, Verdict::Complete, &["b"]);
        assert_eq!((agreement.differences(), agreement.programs()), (Vec::new(), 0));
    }
}
