//! Two engines on the same program: what the complete search sees under sequential consistency, loom must see too,
//! and where loom is bounded it must see nothing else.

use std::collections::BTreeMap;

use lwp_loom_tests::job::{Finding, Mode, Verdict};
use lwp_loom_tests::reach::Bound;
use lwp_loom_tests::report::{Bounded, Difference};

use crate::backend::Engine;

/// The outcomes of every program that was explored as far as is declared, by engine.
#[derive(Debug, Default)]
pub struct Agreement {
    programs: BTreeMap<String, Seen>,
}

/// What the engines saw of a program.
#[derive(Debug, Default)]
struct Seen {
    loom: Option<Vec<String>>,
    complete: Option<Vec<String>>,
    /// Whether loom left something out, as was declared.
    bounded: bool,
}

impl Seen {
    /// What loom and the complete search saw, where both have explored the program.
    fn both(&self) -> Option<(&[String], &[String])> {
        Some((self.loom.as_deref()?, self.complete.as_deref()?))
    }
}

/// Those of these outcomes that are not among the others.
fn missing<'a>(these: &'a [String], others: &[String]) -> impl Iterator<Item = &'a String> {
    these.iter().filter(|outcome| !others.contains(outcome))
}

impl Agreement {
    /// Adds what an engine found; `declared` is what was to bound its search.
    pub fn add(&mut self, engine: Engine, mode: &Mode, declared: Option<Bound>, finding: &Finding) {
        let bounded = match (finding.verdict, declared, &finding.bound) {
            (Verdict::Complete, ..) => false,
            (Verdict::Bounded, Some(declared), Some(bound)) if declared.covers(bound) => true,
            _ => return,
        };
        if *mode != Mode::Search {
            return;
        }
        let seen = self.programs.entry(finding.program.clone()).or_default();
        seen.bounded |= bounded;
        let outcomes = match engine {
            Engine::Loom => &mut seen.loom,
            Engine::Complete => &mut seen.complete,
        };
        *outcomes = Some(finding.outcomes.clone());
    }

    /// Where the engines differ, over the programs that both explored completely.
    pub fn differences(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (program, seen) in self.programs.iter().filter(|(_, seen)| !seen.bounded) {
            let Some((loom, complete)) = seen.both() else { continue };
            for (these, others, weak_memory) in [(complete, loom, false), (loom, complete, true)] {
                differences.extend(missing(these, others).map(|outcome| Difference {
                    program: program.clone(),
                    outcome: outcome.clone(),
                    weak_memory,
                }));
            }
        }
        differences
    }

    /// The programs that loom explored as far as is declared and the other engine completely.
    pub fn bounded(&self) -> Vec<Bounded> {
        let bounded = self.programs.iter().filter(|(_, seen)| seen.bounded);
        let compared = bounded.filter_map(|(program, seen)| {
            let (loom, complete) = seen.both()?;
            Some(Bounded {
                program: program.clone(),
                seen: complete.len() - missing(complete, loom).count(),
                of: complete.len(),
                alone: missing(loom, complete).cloned().collect(),
            })
        });
        compared.collect()
    }

    /// How many programs both engines explored completely.
    pub fn programs(&self) -> usize {
        self.programs.values().filter(|seen| !seen.bounded && seen.both().is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::reach::{self, Loom};

    fn found(agreement: &mut Agreement, engine: Engine, verdict: Verdict, outcomes: &[&str]) {
        found_within(agreement, engine, None, verdict, outcomes);
    }

    fn found_within(
        agreement: &mut Agreement,
        engine: Engine,
        declared: Option<Bound>,
        verdict: Verdict,
        outcomes: &[&str],
    ) {
        let finding = Finding {
            bound: (verdict == Verdict::Bounded).then(|| reach::preemptions(1)),
            executions: 1,
            distinct: 1,
            outcomes: outcomes.iter().map(ToString::to_string).collect(),
            ..Finding::of("p", engine.name(), verdict)
        };
        agreement.add(engine, &Mode::Search, declared, &finding);
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
        assert_eq!(agreement.bounded(), []);
    }

    /// What `loom` and the complete search saw, where loom has done all that is declared and no more.
    fn bounded(loom: &[&str], complete: &[&str]) -> Bounded {
        let mut agreement = Agreement::default();
        found_within(&mut agreement, Engine::Loom, Loom::at_most(1).bound(), Verdict::Bounded, loom);
        found(&mut agreement, Engine::Complete, Verdict::Complete, complete);
        assert_eq!((agreement.differences(), agreement.programs()), (Vec::new(), 0));
        agreement.bounded().remove(0)
    }

    #[test]
    fn a_program_that_is_bounded_as_declared_may_see_less_but_nothing_else() {
        let (equal, fewer, other) =
            (bounded(&["a", "b"], &["b", "a"]), bounded(&["a"], &["a", "b"]), bounded(&["c"], &["a"]));
        assert_eq!((equal.seen, equal.of, equal.alone), (2, 2, vec![]));
        assert_eq!((fewer.seen, fewer.of, fewer.alone), (1, 2, vec![]));
        assert_eq!((other.seen, other.of, other.alone), (0, 1, vec!["c".into()]));
    }

    #[test]
    fn a_program_that_is_bounded_by_something_else_is_not_compared() {
        let mut agreement = Agreement::default();
        found_within(&mut agreement, Engine::Loom, Loom::at_most(2).bound(), Verdict::Bounded, &["a"]);
        found(&mut agreement, Engine::Complete, Verdict::Complete, &["b"]);
        assert_eq!(agreement.bounded(), []);
    }
}
