//! What a report comes to: an answer to each question that a user has, and what is not claimed. Text, page and JSON show the same.

mod limits;
mod programs;
mod rows;
pub mod text;

use lwp_loom_tests::report::Report;
use serde::Serialize;

/// The answers, and what they do not say.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// An answer to each question.
    pub answers: Vec<Row>,
    /// What is not claimed.
    pub not_claimed: Vec<String>,
}

/// The answer to one question.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What is asked.
    pub about: &'static str,
    /// The answer.
    pub standing: Standing,
    /// The counts behind it.
    pub counts: String,
    /// The command that shows more.
    pub more: String,
}

/// An answer, in the words of its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// So it is, over everything that there is to explore.
    Holds,
    /// The engines agree, over everything that there is to explore.
    Agree,
    /// The declared order is kept, over everything that there is to explore.
    Kept,
    /// The orderings are strong enough, each of them.
    StrongEnough,
    /// Nothing speaks against it in what was explored, and that is not all.
    InPart,
    /// Nothing of it was explored.
    NotExplored,
    /// It fails, and in the ways that are recorded.
    FailsAsRecorded,
    /// The orderings are too weak in places.
    TooWeak,
    /// The declared order is not kept, as is recorded.
    NotKeptAsRecorded,
    /// It fails.
    Fails,
    /// The engines do not agree.
    Differ,
    /// The declared order is not kept, and nothing explains it.
    NotKept,
}

/// How good an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A finding about the sources, which is recorded.
    Finding,
    /// Not known, or not wholly.
    Open,
    /// Wrong.
    Bad,
}

impl Standing {
    /// The answer in words.
    pub fn words(self) -> &'static str {
        match self {
            Standing::Holds => "holds",
            Standing::Agree => "agree",
            Standing::Kept => "kept",
            Standing::StrongEnough => "strong enough",
            Standing::InPart => "in part",
            Standing::NotExplored => "not explored",
            Standing::FailsAsRecorded | Standing::Fails => "fails",
            Standing::TooWeak => "too weak",
            Standing::NotKeptAsRecorded | Standing::NotKept => "not kept",
            Standing::Differ => "differ",
        }
    }

    /// How good it is.
    pub fn tone(self) -> Tone {
        match self {
            Standing::Holds | Standing::Agree | Standing::Kept | Standing::StrongEnough => Tone::Good,
            Standing::FailsAsRecorded | Standing::TooWeak | Standing::NotKeptAsRecorded => Tone::Finding,
            Standing::InPart | Standing::NotExplored => Tone::Open,
            Standing::Fails | Standing::Differ | Standing::NotKept => Tone::Bad,
        }
    }
}

impl Tone {
    /// A sign that tells it from the others without colours.
    pub fn sign(self) -> &'static str {
        match self {
            Tone::Good => "✓",
            Tone::Finding => "⚑",
            Tone::Open => "◐",
            Tone::Bad => "✗",
        }
    }
}

impl Answer {
    /// What a report comes to.
    pub fn of(report: &Report) -> Answer {
        Answer { answers: rows::all(report), not_claimed: limits::of(report) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::job::{Finding, LockEdge, Verdict};
    use lwp_loom_tests::orderings;
    use lwp_loom_tests::report::{Bounded, Difference, OrderingRow, Run, Shard, TOO_WEAK};
    use lwp_loom_tests::suite::{Scope, families};

    const EXCEPTED: (&str, &str) = ("sq_mutex", "spc_lwplock");

    fn ordering(source: &str) -> OrderingRow {
        OrderingRow {
            site: "a.site".into(),
            declared: "acquire".into(),
            weakest: "acquire".into(),
            source: source.into(),
            breaks: Vec::new(),
        }
    }

    fn observes(report: &mut Report, revision: &str, (held, taken): (&str, &str)) {
        let edge = LockEdge { held: held.into(), taken: taken.into(), place: "x.rs:1".into() };
        let program = format!("lwp/{revision}/repaired/2-cpus/wait-exit");
        let finding =
            Finding { lock_edges: vec![edge], ..Finding::of(program, "complete", Verdict::Complete) };
        report.lock_order.add(&finding);
    }

    /// A check of everything, in which nothing is wrong anywhere.
    fn whole() -> Report {
        let runs = families(Scope::Default).into_iter().flat_map(|family| {
            family
                .engines
                .iter()
                .map(move |engine| Run {
                    name: family.name.clone(),
                    system: family.system.into(),
                    variant: family.variant.into(),
                    engine: engine.to_string(),
                    lwps: family.lwps,
                    programs: family.programs.len(),
                    executions: 1,
                    distinct: 1,
                    digest: 0,
                    unreached: 0,
                    verdict: Verdict::Complete,
                    blocked: 0,
                    known: 0,
                    states: None,
                    overflowed: 0,
                    steps: 0,
                    bound: None,
                    declared: None,
                    seconds: 0.0,
                })
                .collect::<Vec<_>>()
        });
        let mut report = Report {
            runs: runs.collect(),
            compared: 1,
            orderings: vec![ordering("a barrier"); orderings::count()],
            ..Report::default()
        };
        for revision in ["1.62", "1.69.2.6"] {
            observes(&mut report, revision, ("p_smutex", "sq_mutex"));
        }
        report
    }

    /// The standings of the lock pointer, the protocol repaired and as written, the barriers, the lock order and the engines.
    fn standings(report: &Report) -> Vec<Standing> {
        Answer::of(report).answers.iter().map(|row| row.standing).collect()
    }

    fn change(of: impl FnOnce(&mut Report)) -> Vec<Standing> {
        let mut report = whole();
        of(&mut report);
        standings(&report)
    }

    fn runs_of<'a>(report: &'a mut Report, of: &'a str) -> impl Iterator<Item = &'a mut Run> {
        report.runs.iter_mut().filter(move |run| run.name.starts_with(of))
    }

    #[test]
    fn where_everything_was_explored_and_nothing_is_wrong_everything_holds() {
        use Standing::{Agree, Holds, InPart, Kept, StrongEnough};
        // As written it fails: where no defect is shown, something is missing.
        assert_eq!(standings(&whole()), [Holds, Holds, InPart, StrongEnough, Kept, Agree]);
    }

    #[test]
    fn what_was_not_explored_is_said_not_to_be() {
        let none = standings(&Report::default());
        assert_eq!(none, [Standing::NotExplored; 6]);
        assert!(Answer::of(&Report::default()).answers.iter().all(
            |row| row.counts.contains("not explored") || row.counts == "no program was explored by both"
        ));
    }

    // Whoever reads that a thing holds takes it for all of it.
    #[test]
    fn nothing_holds_where_a_part_was_left_out_whatever_left_it_out() {
        let shard = Shard { index: 1, count: 2 };
        type LeaveOut = Box<dyn FnOnce(&mut Report)>;
        let parts: [(&str, LeaveOut); 6] = [
            ("a selection", Box::new(|report| report.selection = vec!["--cpus 2".into()])),
            ("a weaker ordering", Box::new(|report| report.selection = vec!["--weaken a=b".into()])),
            ("a shard", Box::new(move |report| report.shard = Some(shard))),
            ("an interrupt", Box::new(|report| report.incomplete = true)),
            ("one engine", Box::new(|report| report.runs.retain(|run| run.engine == "complete"))),
            (
                "a program of each family",
                Box::new(|report| report.runs.iter_mut().for_each(|run| run.programs -= 1)),
            ),
        ];
        for (what, part) in parts {
            let mut report = whole();
            part(&mut report);
            report.orderings.pop();
            for row in Answer::of(&report).answers {
                assert_ne!(row.standing.tone(), Tone::Good, "{what}: {row:?}");
            }
        }
    }

    #[test]
    fn one_family_that_is_missing_cut_short_or_fails_is_seen_in_the_answer_that_rests_on_it_and_in_no_other()
    {
        use Standing::{Agree, Differ, Fails, Holds, InPart};
        for (family, place) in
            [("spin", 0), ("lwp-1.62-repaired", 1), ("lwp-1.62-defects", 2), ("canaries", 5)]
        {
            let others = |standings: &[Standing]| {
                let good = [Holds, Holds, InPart, Standing::StrongEnough, Standing::Kept, Agree];
                (0..5).all(|n| n == place || standings[n] == good[n] || n == 4)
            };
            let missing = change(|report| report.runs.retain(|run| !run.name.starts_with(family)));
            assert!(
                missing[place] != Holds && missing[5] == InPart && others(&missing),
                "{family}: {missing:?}"
            );
            let failed =
                change(|report| runs_of(report, family).for_each(|run| run.verdict = Verdict::Failed));
            let fails = if family == "canaries" { Differ } else { Fails };
            assert!(failed[place] == fails && others(&failed), "{family}: {failed:?}");
        }
        let cut = change(|report| runs_of(report, "spin").for_each(|run| run.verdict = Verdict::Bounded));
        assert_eq!(cut[0], InPart);
        let declared = |engine: &str| {
            change(|report| {
                runs_of(report, "lwp-1.62-repaired").filter(|run| run.engine == engine).for_each(|run| {
                    run.verdict = Verdict::Bounded;
                    run.declared = Some("at most 1 preemption".into());
                });
            })
        };
        assert_eq!(declared("loom")[1], Holds, "it is complete under the other engine");
        assert_eq!(declared("complete")[1], InPart);
    }

    #[test]
    fn a_weak_barrier_an_order_that_is_not_kept_and_engines_that_differ_are_named() {
        let weak = change(|report| report.orderings[0] = ordering(&format!("{TOO_WEAK}a barrier")));
        assert_eq!(weak[3], Standing::TooWeak);
        let undecided = change(|report| report.undecided.push("a.site".into()));
        assert_eq!(undecided[3], Standing::InPart);
        let recorded = change(|report| observes(report, "1.69.2.6", EXCEPTED));
        assert_eq!(recorded[4], Standing::NotKeptAsRecorded);
        let not_recorded = change(|report| observes(report, "1.62", EXCEPTED));
        assert_eq!(not_recorded[4], Standing::NotKept);
        let lost = |weak_memory| Difference { program: "p".into(), outcome: "o".into(), weak_memory };
        assert_eq!(change(|report| report.differences.push(lost(true)))[5], Standing::Agree);
        assert_eq!(change(|report| report.differences.push(lost(false)))[5], Standing::Differ);
        let alone = Bounded { program: "p".into(), seen: 0, of: 1, alone: vec!["o".into()] };
        assert_eq!(change(|report| report.bounded.push(alone))[5], Standing::Differ);
    }
}
