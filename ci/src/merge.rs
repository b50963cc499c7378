//! `cargo ci merge`: the reports of all shards as one.

use std::collections::{BTreeMap, BTreeSet};

use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::report::{Report, Run};
use lwp_loom_tests::suite::{Scope, families};

use crate::cli::MergeArgs;
use crate::error::Error;
use crate::input::read_json;
use crate::output::Outputs;
use crate::revision::UNKNOWN;
use crate::summary::{self, Files};
use crate::{contradiction, revision};

/// Missing shards that are named.
const NAMED: usize = 10;

/// Joins the reports, or says why they are not the whole of one check.
pub fn merge(args: &MergeArgs) -> Result<(), Error> {
    let mut outputs = Outputs::apart_from(args.files.iter().chain(&args.page.faults));
    let files = Files::claim(&mut outputs, args.json.as_deref(), &args.page)?;
    let mut reports: Vec<Report> = Vec::new();
    for path in &args.files {
        let report = read_json(path)?;
        if let Some(why) = contradiction::of(&report) {
            let path = path.display();
            return Err(Error::Input(format!(
                "{path} contradicts itself: {why}; expected what a check has written"
            )));
        }
        reports.push(report);
    }
    let report = join(reports).map_err(Error::Input)?;
    summary::finish(&report, files, None, args.verbose)
}

/// One report of all shards. An error says which shards do not fit together, and why.
fn join(mut reports: Vec<Report>) -> Result<Report, String> {
    let mut seen = BTreeSet::new();
    for report in &reports {
        let shard = report.shard.ok_or("a report is not of a shard: it was made without --shard")?;
        if !seen.insert((shard.count, shard.index)) {
            return Err(format!("shard {}/{} is there twice", shard.index, shard.count));
        }
    }
    let counts: BTreeSet<usize> = seen.iter().map(|(count, _)| *count).collect();
    let [count] = counts.iter().copied().collect::<Vec<_>>()[..] else {
        return Err(format!("the reports are of checks in {counts:?} shards"));
    };
    if seen.len() < count {
        let missing = (1..=count).filter(|i| !seen.contains(&(count, *i))).map(|i| format!("{i}/{count}"));
        let named: Vec<String> = missing.take(NAMED).collect();
        let more = if count - seen.len() > NAMED {
            format!(", {} in all", count - seen.len())
        } else {
            String::new()
        };
        return Err(format!("missing: shard {}{more}", named.join(", ")));
    }
    reports.sort_by_key(|report| report.shard.map(|shard| shard.index));

    let mut reports = reports.into_iter();
    let Some(mut all) = reports.next() else { return Err("there is no report".into()) };
    if all.commit == UNKNOWN {
        return Err("the reports do not say which commit they are of".into());
    }
    if !revision::is_certain(&all.commit) {
        return Err(format!(
            "the reports are of {}, and do not say what was changed: expected one tree",
            all.commit
        ));
    }
    for report in reports {
        if report.commit != all.commit {
            return Err(format!(
                "the reports are of different commits: {} and {}",
                all.commit, report.commit
            ));
        }
        if report.selection != all.selection {
            return Err(format!(
                "the reports are of different checks: {:?} and {:?}",
                all.selection, report.selection
            ));
        }
        if let Some(file) = differing(&all.files, &report.files) {
            return Err(format!(
                "the reports are of different files of the name {file}: expected the same in each"
            ));
        }
        if let Some(twice) = explored_twice(&all, &report) {
            return Err(format!("{twice} is in two shards: expected each program in one"));
        }
        for run in report.runs {
            match all.runs.iter_mut().find(|r| (&r.name, &r.engine) == (&run.name, &run.engine)) {
                Some(sum) => add(sum, run),
                None => all.runs.push(run),
            }
        }
        all.orderings.extend(report.orderings);
        all.undecided.extend(report.undecided);
        all.failures.extend(report.failures);
        all.slowest = [all.slowest.take(), report.slowest]
            .into_iter()
            .flatten()
            .max_by(|(.., a), (.., b)| a.total_cmp(b));
        all.differences.extend(report.differences);
        all.outcomes.extend(report.outcomes);
        all.unreached.extend(report.unreached);
        all.unreferenced.extend(report.unreferenced);
        all.transitions.join(report.transitions);
        all.lock_order.join(report.lock_order);
        all.defects.join(report.defects);
        all.environments.extend(report.environments);
        all.compared += report.compared;
        all.bounded.extend(report.bounded);
        for family in report.left_out {
            match all.left_out.iter_mut().find(|other| other.name == family.name) {
                Some(sum) => sum.programs += family.programs,
                None => all.left_out.push(family),
            }
        }
        all.incomplete |= report.incomplete;
    }
    all.shard = None;
    let all_families = families(Scope::Full);
    let family = |run: &Run| all_families.iter().position(|family| family.name == run.name);
    all.runs.sort_by_key(|run| (run.engine != "loom", family(run)));
    let all_sites = sites(Scope::Default);
    let site = |name: &str| all_sites.iter().position(|site| site.name == name);
    all.orderings.sort_by_key(|row| site(&row.site));
    Ok(all)
}

/// A file that held one thing in one report, and another or nothing in another.
fn differing<'a>(
    one: &'a BTreeMap<String, String>,
    other: &'a BTreeMap<String, String>,
) -> Option<&'a String> {
    one.keys().chain(other.keys()).find(|file| one.get(*file) != other.get(*file))
}

/// A program that two reports tell of under one engine.
fn explored_twice(one: &Report, other: &Report) -> Option<String> {
    let told = |report: &Report| -> BTreeSet<(String, String)> {
        let failures = report.failures.iter().map(|failure| (&failure.program, &failure.engine));
        let outcomes = report.outcomes.iter().map(|outcomes| (&outcomes.program, &outcomes.engine));
        failures.chain(outcomes).map(|(program, engine)| (program.clone(), engine.clone())).collect()
    };
    let (program, engine) = told(one).intersection(&told(other)).next()?.clone();
    Some(format!("{program} ({engine})"))
}

/// Adds a family's run in one shard to its sum.
fn add(sum: &mut Run, run: Run) {
    let rank = |verdict| {
        [Verdict::Complete, Verdict::Defect, Verdict::Bounded, Verdict::Failed]
            .iter()
            .position(|v| *v == verdict)
    };
    let undeclared = |run: &Run| run.verdict == Verdict::Bounded && run.declared.is_none();
    let declared =
        if undeclared(sum) || undeclared(&run) { None } else { sum.declared.take().or(run.declared) };
    if rank(run.verdict) > rank(sum.verdict) {
        sum.verdict = run.verdict;
    }
    sum.declared = declared.filter(|_| sum.verdict == Verdict::Bounded);
    sum.lwps = sum.lwps.max(run.lwps);
    sum.programs += run.programs;
    sum.executions += run.executions;
    sum.distinct += run.distinct;
    sum.digest = sum.digest.wrapping_add(run.digest);
    sum.unreached += run.unreached;
    sum.blocked += run.blocked;
    sum.known += run.known;
    sum.overflowed += run.overflowed;
    sum.states = sum.states.zip(run.states).map(|(sum, states)| sum + states);
    sum.steps += run.steps;
    sum.seconds += run.seconds;
    sum.bound = match (sum.bound.take(), run.bound) {
        (Some(a), Some(b)) if a != b => Some(format!("{a}, {b}")),
        (a, b) => a.or(b),
    };
}

#[cfg(test)]
pub mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::clock::Elapsed;
    use crate::environment;
    use lwp_loom_tests::job::Finding;
    use lwp_loom_tests::report::{Bounded, LeftOut, Phase, Shard, Spent};

    /// A part of a check, which explored one program.
    pub fn shard(index: usize, count: usize, commit: &str) -> Report {
        let run = Run {
            name: "spin".into(),
            system: "lwp-core".into(),
            variant: "repaired".into(),
            engine: "loom".into(),
            lwps: 2,
            programs: 1,
            executions: 3,
            distinct: 2,
            digest: 0,
            unreached: 0,
            verdict: Verdict::Complete,
            blocked: 1,
            known: 0,
            states: None,
            overflowed: 0,
            steps: 0,
            bound: None,
            declared: None,
            seconds: 0.5,
        };
        let shard = Some(Shard { index, count });
        let phases = vec![Spent { phase: Phase::Orderings, seconds: index as f64 }];
        let elapsed = Elapsed { seconds: 0.5 + index as f64, phases };
        let environments = vec![environment::here(shard, NonZeroUsize::MIN, elapsed)];
        Report { commit: commit.into(), shard, runs: vec![run], environments, ..Report::default() }
    }

    #[test]
    fn all_shards_make_the_whole() {
        let mut cut = shard(2, 2, "a");
        cut.runs[0].verdict = Verdict::Bounded;
        cut.runs[0].bound = Some("1 seconds".into());
        let all = join(vec![cut, shard(1, 2, "a")]).unwrap();
        assert_eq!(all.shard, None);
        let parts: Vec<_> = all.environments.iter().map(|on| on.shard.map(|shard| shard.index)).collect();
        assert_eq!(parts, [Some(1), Some(2)], "where each part ran is known");
        let spent: Vec<_> = all.environments.iter().map(|on| (on.seconds, on.phases[0].seconds)).collect();
        assert_eq!(spent, [(1.5, 1.0), (2.5, 2.0)], "and what it took there, apart from the others");
        assert_eq!((all.runs.len(), all.runs[0].programs, all.runs[0].executions), (1, 2, 6));
        assert_eq!(
            (all.runs[0].verdict, all.runs[0].bound.as_deref()),
            (Verdict::Bounded, Some("1 seconds"))
        );
    }

    // Which shard is empty depends on the number of machines alone.
    #[test]
    fn a_shard_with_nothing_to_explore_is_part_of_the_whole() {
        let empty = |index| Report { runs: Vec::new(), ..shard(index, 3, "a") };
        for reports in
            [vec![empty(1), shard(2, 3, "a"), empty(3)], vec![shard(1, 3, "a"), empty(2), empty(3)]]
        {
            let all = join(reports).unwrap();
            assert!(all.runs.len() == 1 && summary::is_green(&all));
        }
        assert!(!summary::is_green(&join(vec![empty(1), empty(2), empty(3)]).unwrap()));
    }

    #[test]
    fn a_family_is_bounded_as_declared_if_each_shards_part_is() {
        let bounded = |index, declared: Option<&str>| {
            let mut part = shard(index, 2, "a");
            part.runs[0].verdict = Verdict::Bounded;
            part.runs[0].bound = Some("1 preemption in an execution".into());
            part.runs[0].declared = declared.map(String::from);
            part.bounded = vec![Bounded { program: "p".into(), seen: 1, of: 2, alone: vec![] }];
            part.left_out = vec![LeftOut { name: "f".into(), programs: 1, why: "too large".into() }];
            part
        };
        let declared = Some("at most 1 preemption");
        let all = join(vec![bounded(1, declared), bounded(2, declared)]).unwrap();
        assert_eq!((all.runs[0].verdict, all.runs[0].declared.as_deref()), (Verdict::Bounded, declared));
        assert_eq!((all.bounded.len(), all.left_out.len(), all.left_out[0].programs), (2, 1, 2));

        let all = join(vec![bounded(1, declared), shard(2, 2, "a")]).unwrap();
        assert_eq!((all.runs[0].verdict, all.runs[0].declared.as_deref()), (Verdict::Bounded, declared));
        for reports in [[bounded(1, declared), bounded(2, None)], [bounded(1, None), bounded(2, declared)]] {
            assert_eq!(join(reports.into()).unwrap().runs[0].declared, None);
        }
        let mut failed = shard(2, 2, "a");
        failed.runs[0].verdict = Verdict::Failed;
        assert_eq!(join(vec![bounded(1, declared), failed]).unwrap().runs[0].declared, None);
    }

    // One file here and another there are two programs, of which each shard has explored a half.
    #[test]
    fn shards_of_different_files_or_of_one_program_are_refused() {
        let of = |index, held: &[&str]| {
            let files = held.iter().map(|held| ("p.litmus".to_string(), held.to_string())).collect();
            Report { files, ..shard(index, 2, "a") }
        };
        assert!(join(vec![of(1, &["x"]), of(2, &["x"])]).is_ok());
        for other in [&["y"][..], &[]] {
            let why = join(vec![of(1, &["x"]), of(2, other)]).unwrap_err();
            assert!(why.contains("different files of the name p.litmus"), "{why}");
        }
        let fails = |index| {
            let mut part = shard(index, 2, "a");
            part.failures = vec![Finding::of("p", "loom", Verdict::Failed)];
            part
        };
        assert!(join(vec![fails(1), fails(2)]).unwrap_err().contains("p (loom) is in two shards"));
    }

    #[test]
    fn shards_that_overlap_are_missing_or_differ_are_refused() {
        let why = |reports| join(reports).unwrap_err();
        assert!(why(vec![shard(1, 2, "a"), shard(1, 2, "a")]).contains("twice"));
        assert!(why(vec![shard(1, 3, "a"), shard(3, 3, "a")]).contains("missing: shard 2/3"));
        assert!(why(vec![shard(1, 2, "a"), shard(2, 3, "a")]).contains("in {2, 3} shards"));
        assert!(why(vec![shard(1, 2, "a"), shard(2, 2, "b")]).contains("different commits: a and b"));
        assert!(why(vec![shard(1, 2, UNKNOWN), shard(2, 2, UNKNOWN)]).contains("which commit"));
        assert!(why(vec![Report::default()]).contains("--shard"));
        assert!(
            why(vec![shard(1, 2, "a-dirty"), shard(2, 2, "a-dirty")]).contains("do not say what was changed")
        );
        let (one, other) = ("a-dirty-b", "a-dirty-c");
        assert!(why(vec![shard(1, 2, one), shard(2, 2, other)]).contains("a-dirty-b and a-dirty-c"));
        assert!(join(vec![shard(1, 2, one), shard(2, 2, one)]).is_ok());
        let mut other = shard(2, 2, "a");
        other.selection = vec!["--full".into()];
        assert!(why(vec![shard(1, 2, "a"), other]).contains("different checks"));
        // A list of all that are missing would have no end.
        let missing = why(vec![shard(1, usize::MAX, "a")]);
        assert!(missing.contains("11/18446744073709551615, 18446744073709551614 in all"), "{missing}");
    }
}
