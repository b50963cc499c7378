//! What cannot all be true of one report: it was not written by a check, or not all of it.

use std::collections::BTreeSet;

use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::report::{Report, Run, Shard};

/// Where a shard's report contradicts itself, if it does.
pub fn of(report: &Report) -> Option<String> {
    of_its_place(report).or_else(|| report.runs.iter().find_map(of_a_run)).or_else(|| of_the_whole(report))
}

/// Which part it is, and where that ran.
fn of_its_place(report: &Report) -> Option<String> {
    if let Some(Shard { index, count }) = report.shard
        && !(1..=count).contains(&index)
    {
        return Some(format!("there is no shard {index} of {count}"));
    }
    match &report.environments[..] {
        [on] if on.shard == report.shard => None,
        on => Some(format!("it tells of {} places where it ran, and not of one as this shard", on.len())),
    }
}

/// What a family came to.
fn of_a_run(run: &Run) -> Option<String> {
    let Run { name, engine, verdict, bound, declared, .. } = run;
    let done = matches!(verdict, Verdict::Complete | Verdict::Defect);
    let why = match verdict {
        Verdict::Bounded if bound.is_none() => "is bounded, and by nothing".into(),
        _ if done && bound.is_some() => "is complete, and bounded".into(),
        _ if declared.is_some() && *verdict != Verdict::Bounded => {
            "is bounded as declared, and not bounded".into()
        }
        _ if done && run.executions < run.programs as u64 => {
            format!("is complete, with {} executions of {} programs", run.executions, run.programs)
        }
        _ if run.distinct.saturating_add(run.blocked).saturating_add(run.known) > run.executions => {
            format!("has more executions of each kind than the {} that it has in all", run.executions)
        }
        _ if run.seconds.is_nan() || run.seconds < 0.0 => format!("took {} seconds", run.seconds),
        _ => return None,
    };
    Some(format!("{name} ({engine}) {why}"))
}

/// What its parts say of one another.
fn of_the_whole(report: &Report) -> Option<String> {
    let mut runs = BTreeSet::new();
    if let Some(run) = report.runs.iter().find(|run| !runs.insert((&run.name, &run.engine))) {
        return Some(format!("{} ({}) is there twice", run.name, run.engine));
    }
    let mut failures = BTreeSet::new();
    for failure in &report.failures {
        let (program, engine) = (&failure.program, &failure.engine);
        if failure.verdict != Verdict::Failed || failure.message.is_none() {
            return Some(format!("{program} ({engine}) is among the failures, and does not fail"));
        }
        if !failures.insert((program, engine)) {
            return Some(format!("{program} ({engine}) fails twice"));
        }
    }
    let fails = |run: &&Run| run.verdict == Verdict::Failed;
    let failed: BTreeSet<&String> = report.runs.iter().filter(fails).map(|run| &run.engine).collect();
    let told: BTreeSet<&String> = failures.iter().map(|(_, engine)| *engine).collect();
    if let Some(engine) = told.difference(&failed).next() {
        return Some(format!("programs fail under {engine}, and no family does"));
    }
    if let Some(engine) = failed.difference(&told).next() {
        return Some(format!("a family fails under {engine}, and no program does"));
    }
    if report.skipped.is_some() && !(report.orderings.is_empty() && report.undecided.is_empty()) {
        return Some("orderings were not searched, and there are some".into());
    }
    if report.compared == 0 && !report.differences.is_empty() {
        return Some("no programs were compared, and some differ".into());
    }
    let more = report.bounded.iter().find(|program| program.seen > program.of);
    more.map(|program| format!("loom saw {} of {} outcomes of {}", program.seen, program.of, program.program))
}

#[cfg(test)]
mod tests {
    use lwp_loom_tests::job::Finding;
    use lwp_loom_tests::report::{Bounded, Difference};

    use super::*;
    use crate::merge::tests::shard;

    // A report that says two things is believed in the one that is green.
    #[test]
    fn a_report_that_says_two_things_is_named_for_what_it_says() {
        assert_eq!(of(&shard(1, 2, "a")), None);
        let mut failed = shard(1, 2, "a");
        failed.runs[0].verdict = Verdict::Failed;
        failed.failures =
            vec![Finding { message: Some("it fails".into()), ..Finding::of("p", "loom", Verdict::Failed) }];
        assert_eq!(of(&failed), None);

        type Change = fn(&mut Report);
        let changes: &[(&Report, Change, &str)] = &[
            (&failed, |report| report.failures.clear(), "a family fails under loom, and no program does"),
            (
                &failed,
                |report| report.runs[0].verdict = Verdict::Complete,
                "programs fail under loom, and no family",
            ),
            (&failed, |report| report.failures[0].message = None, "is among the failures, and does not fail"),
            (&failed, |report| report.failures.push(report.failures[0].clone()), "p (loom) fails twice"),
        ];
        let whole = shard(1, 2, "a");
        let others: &[(Change, &str)] = &[
            (
                |report| report.runs[0].bound = Some("1 seconds".into()),
                "spin (loom) is complete, and bounded",
            ),
            (|report| report.runs[0].verdict = Verdict::Bounded, "is bounded, and by nothing"),
            (|report| report.runs[0].declared = Some("at most".into()), "as declared, and not bounded"),
            (|report| report.runs[0].programs = 9, "is complete, with 3 executions of 9 programs"),
            (|report| report.runs[0].distinct = 3, "has more executions of each kind than the 3"),
            (|report| report.runs[0].seconds = -1.0, "took -1 seconds"),
            (|report| report.runs.push(report.runs[0].clone()), "spin (loom) is there twice"),
            (|report| report.environments.clear(), "it tells of 0 places where it ran"),
            (
                |report| report.environments[0].shard = None,
                "it tells of 1 places where it ran, and not of one as this",
            ),
            (|report| report.shard = Some(Shard { index: 3, count: 2 }), "there is no shard 3 of 2"),
            (|report| report.shard = Some(Shard { index: 0, count: 2 }), "there is no shard 0 of 2"),
            (
                |report| (report.skipped, report.undecided) = (Some("w".into()), vec!["u".into()]),
                "orderings were not",
            ),
            (
                |report| {
                    let (program, outcome) = ("p".into(), "o".into());
                    report.differences = vec![Difference { program, outcome, weak_memory: false }];
                },
                "no programs were compared, and some differ",
            ),
            (
                |report| {
                    report.bounded = vec![Bounded { program: "p".into(), seen: 3, of: 2, alone: vec![] }]
                },
                "loom saw 3 of 2 outcomes of p",
            ),
        ];
        let others = others.iter().map(|(change, says)| (&whole, *change, *says));
        for (report, change, says) in changes.iter().copied().chain(others) {
            let mut report = report.clone();
            change(&mut report);
            let why = of(&report).unwrap_or_else(|| panic!("nobody says: {says}"));
            assert!(why.contains(says), "{says}: {why}");
        }
    }
}
