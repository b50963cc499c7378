//! A report as a user gets it: printed, written, and summed up in an exit status.

use std::collections::BTreeMap;
use std::path::Path;

use lwp_loom_tests::audit::Keeps;
use lwp_loom_tests::coverage::Coverage;
use lwp_loom_tests::defects;
use lwp_loom_tests::faults::FaultReport;
use lwp_loom_tests::job::{Finding, Verdict};
use lwp_loom_tests::report::{Outcomes, Report, Run, Unreferenced};
use serde::Serialize;

use crate::answer::{self, Answer, Tone};
use crate::breakdown::Breakdown;
use crate::cli::PageArgs;
use crate::command::again;
use crate::error::Error;
use crate::explain;
use crate::input::read_json;
use crate::output::{Output, Outputs};
use crate::page::{self, Besides};
use crate::say;
use crate::table;

/// The files that a report goes to.
#[derive(Debug)]
pub struct Files {
    /// The report for machines.
    json: Option<Output>,
    /// The report as a page, and what else is to be on it.
    html: Option<(Output, Besides)>,
}

impl Files {
    /// Claims the files that are asked for, and reads what is to be on the page.
    pub fn claim(outputs: &mut Outputs, json: Option<&Path>, page: &PageArgs) -> Result<Files, Error> {
        let json = outputs.claim("--json", json)?;
        let Some(html) = outputs.claim("--html", page.html.as_deref())? else {
            return Ok(Files { json, html: None });
        };
        let faults: Option<FaultReport> = page.faults.as_deref().map(read_json).transpose()?;
        let defects = defects::all().map_err(Error::Failed)?;
        Ok(Files { json, html: Some((html, Besides { defects, faults })) })
    }

    /// Whether anybody is to read the report later.
    pub fn any(&self) -> bool {
        self.json.is_some() || self.html.is_some()
    }

    /// Those that a run writes which was stopped.
    fn of_what_was_stopped(self) -> Files {
        let html = self.html.and_then(|(html, besides)| Some((html.of_what_was_stopped()?, besides)));
        Files { json: self.json.and_then(Output::of_what_was_stopped), html }
    }

    fn write(self, report: &Report, stopped: Option<&str>) -> Result<(), Error> {
        let json =
            self.json.map_or(Ok(()), |json| json.write_json(&Written { answer: Answer::of(report), report }));
        let page = |(html, besides): (Output, _)| html.write(&page::page(report, &besides, stopped));
        json.and(self.html.map_or(Ok(()), page))
    }
}

/// A report as it is written for machines: what it comes to, and all of it.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    answer: Answer,
    #[serde(flatten)]
    report: &'a Report,
}

/// Prints the report, writes it, and fails unless it is green. `stopped` says what stopped the check, if anything did; all of
/// it is printed where that is wanted, and the answers alone where it is not.
pub fn finish(report: &Report, files: Files, stopped: Option<&str>, verbose: bool) -> Result<(), Error> {
    say::text(text(report, stopped, verbose, explain::width()));
    let files = if stopped.is_some() { files.of_what_was_stopped() } else { files };
    files.write(report, stopped)?;
    if is_green(report) { Ok(()) } else { Err(Error::Failed("the check is not green".into())) }
}

/// Whether everything was explored as far as is declared and nothing failed. A shard may have nothing to explore: the whole
/// must have something.
pub fn is_green(report: &Report) -> bool {
    let as_declared = report.runs.iter().all(is_as_declared);
    let nothing_lost = report.differences.iter().all(|difference| difference.weak_memory);
    let nothing_alone = report.bounded.iter().all(|program| program.alone.is_empty());
    let whole = is_whole(report);
    let coverages = report.transitions.coverage();
    let covered = coverages.iter().all(|c| c.is_sound() && (c.unseen.is_empty() || !whole));
    !report.incomplete
        && (!report.runs.is_empty() || report.shard.is_some())
        && as_declared
        && nothing_lost
        && nothing_alone
        && covered
        && report.undecided.is_empty()
}

/// Whether the report is of everything: only then is it amiss that a transition was not seen.
pub fn is_whole(report: &Report) -> bool {
    report.shard.is_none() && report.selection.iter().all(|option| option == "--full")
}

/// Whether a family was explored as far as is declared, and did not fail.
pub fn is_as_declared(run: &Run) -> bool {
    is_complete(run) || run.declared.is_some()
}

fn is_complete(run: &Run) -> bool {
    matches!(run.verdict, Verdict::Complete | Verdict::Defect)
}

/// The report as text: what failed, then what it comes to, and a last line that says what the exit status does. With `verbose`
/// everything stands before that.
fn text(report: &Report, stopped: Option<&str>, verbose: bool, width: usize) -> String {
    let mut text = String::new();
    if verbose {
        text += &(table::runs(&report.runs) + "\n");
    }
    text += &table::outcomes(&report.outcomes, &report.unreached);
    text += &table::failures(&report.failures, |failure| {
        let again = again(failure, &report.selection).into_iter();
        let again = again.map(|(does, command)| format!("{does}: {command}"));
        again.chain(holds_repaired(failure, &report.outcomes)).collect()
    });
    text += &table::differences(&report.differences, verbose);
    text += &table::bounded(&report.bounded, verbose);
    text += &unreferenced(&report.unreferenced);
    text += &table::transitions(&report.transitions.coverage(), verbose, is_whole(report));
    for undecided in &report.undecided {
        text += &format!("undecided: {undecided}\n");
    }
    if verbose {
        text += &details(report);
    }
    text += &answer::text::text(&Answer::of(report), width);
    if let Some(shard) = report.shard {
        text += &format!("shard {} of {}\n", shard.index, shard.count);
    }
    text + &sum(report, stopped) + "\n"
}

/// What nothing is wrong with, and is not printed unless it is asked for.
fn details(report: &Report) -> String {
    let mut text = table::left_out(&report.left_out);
    if report.compared > 0 {
        text += &format!("engines: {} programs explored by both\n\n", report.compared);
    }
    if !report.unreached.is_empty() {
        let outcomes: usize = report.unreached.iter().map(|program| program.outcomes.len()).sum();
        let programs = report.unreached.len();
        text += &format!(
            "reference: {outcomes} outcomes of {programs} programs are allowed, and no execution comes to them\n\n"
        );
    }
    if let Some(why) = &report.skipped {
        text += &format!("orderings: not searched, because {why}\n\n");
    } else if !report.orderings.is_empty() {
        text += &(table::orderings(&report.orderings) + "\n");
    }
    if let Some((program, engine, seconds)) = &report.slowest {
        text += &format!("slowest: {program} ({engine}), {seconds:.1} s\n");
    }
    if let Some(breakdown) = Breakdown::of(&report.environments) {
        text += &(table::phases(&breakdown) + "\n");
    }
    if is_green(report) {
        text += &(families(&report.runs) + &blocked(report) + "\n\n");
    }
    text
}

/// Programs that are named of those that were not held against the reference.
const NAMED: usize = 10;

/// The programs that were not held against the reference, though it knows all that they use.
fn unreferenced(programs: &[Unreferenced]) -> String {
    if programs.is_empty() {
        return String::new();
    }
    let count = programs.len();
    let mut text =
        format!("reference: given up for {count} programs, which are held against their own claims alone\n");
    for Unreferenced { program, engine, why } in programs.iter().take(NAMED) {
        text += &format!("  {program} ({engine}): {why}\n");
    }
    if count > NAMED {
        text += &format!("  and {} more\n", count - NAMED);
    }
    text + "\n"
}

/// The report in a line.
pub fn sum(report: &Report, stopped: Option<&str>) -> String {
    let runs = &report.runs;
    let count = |verdict| runs.iter().filter(|run| run.verdict == verdict).count();
    let declared = runs.iter().filter(|run| run.declared.is_some()).count();
    let alone: usize = report.bounded.iter().map(|program| program.alone.len()).sum();
    let families = runs.len();
    match stopped {
        Some(why) => format!("incomplete: {why}"),
        None if report.incomplete => "incomplete: a shard was stopped".into(),
        None if let (true, Some(shard)) = (runs.is_empty(), report.shard) => {
            format!("complete: shard {} of {} has nothing to explore", shard.index, shard.count)
        }
        None if runs.is_empty() => "nothing was explored".into(),
        None if is_green(report) => {
            let answers = Answer::of(report).answers;
            let all = answers.iter().all(|row| row.standing.tone() != Tone::Open);
            let what = if all { "everything" } else { "all that was explored" };
            format!("green: {what} is as recorded{}{}", not_judged(report), entered_once(report))
        }
        None => format!(
            "not green: of {families} families {} failed, {} bounded, {declared} bounded as declared; {alone} outcomes under a \
             bound are loom's alone; {} orderings undecided; {} transitions amiss",
            count(Verdict::Failed),
            count(Verdict::Bounded) - declared,
            report.undecided.len(),
            report.transitions.coverage().iter().map(|c| amiss(c, is_whole(report))).sum::<usize>(),
        ),
    }
}

/// What a check shows and leaves to another command to judge.
fn not_judged(report: &Report) -> &'static str {
    let unexplained = report.lock_order.orders().iter().any(|order| order.keeps == Keeps::NotKept);
    if unexplained { "; but nothing explains the lock order, which `cargo ci audit` judges" } else { "" }
}

/// How many transitions should have been seen and were not, or the other way round.
pub fn amiss(coverage: &Coverage, whole: bool) -> usize {
    let missed = if whole { coverage.unseen.len() } else { 0 };
    coverage.undocumented.len() + coverage.contradicted.len() + missed
}

/// How many families are complete, and apart from them how many are bounded as declared, and by what.
fn families(runs: &[Run]) -> String {
    let complete = runs.iter().filter(|run| is_complete(run)).count();
    let mut bounds: BTreeMap<&str, usize> = BTreeMap::new();
    for declared in runs.iter().filter_map(|run| run.declared.as_deref()) {
        *bounds.entry(declared).or_default() += 1;
    }
    if bounds.is_empty() {
        return format!("complete: all of {complete} families");
    }
    let bounds: Vec<String> =
        bounds.into_iter().map(|(declared, families)| format!("{declared} ({families} families)")).collect();
    format!("complete: {complete} families; bounded: {}", bounds.join("; "))
}

/// How much of the complete search's work sleep sets cut off: what it started and need not have.
fn blocked(report: &Report) -> String {
    let complete = || report.runs.iter().filter(|run| run.engine == "complete");
    let (blocked, all): (u64, u64) =
        (complete().map(|run| run.blocked).sum(), complete().map(|run| run.executions).sum());
    if all == 0 {
        return String::new();
    }
    let share = 100.0 * blocked as f64 / all as f64;
    format!("; {share:.1} % of the complete search's executions were sleep-set blocked")
}

/// How much was spared where no state was to be entered twice, and where that was not so.
fn entered_once(report: &Report) -> String {
    if !report.selection.iter().any(|option| option.starts_with("--states")) {
        return String::new();
    }
    let runs = || report.runs.iter().filter(|run| run.engine == "complete");
    let (known, states): (u64, u64) =
        (runs().map(|run| run.known).sum(), runs().filter_map(|run| run.states).sum());
    let mut text = format!("; {known} executions turned back at one of {states} states");
    let overflowed: usize = runs().map(|run| run.overflowed).sum();
    if overflowed > 0 {
        text += &format!("; {overflowed} programs had more states than were to be kept");
    }
    let without = runs().filter(|run| run.states.is_none()).count();
    if without > 0 {
        text += &format!(
            "; {without} families have programs that claim something of the way to a state, and were explored without"
        );
    }
    text
}

/// What is said of a program that fails as written only, to whoever asks about a program of his own.
pub fn holds_repaired(failure: &Finding, explored: &[Outcomes]) -> Option<String> {
    let repaired = failure.program.replacen("/as-written/", "/repaired/", 1);
    let holds = |other: &&Outcomes| (&other.program, &other.engine) == (&repaired, &failure.engine);
    let holds = repaired != failure.program && explored.iter().find(holds)?.verdict == "complete";
    let what = "with every repair it holds: a defect of the source. `defect` in the program declares it";
    holds.then(|| what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breakdown::tests::part;
    use lwp_loom_tests::report::{Bounded, Phase, Shard};

    #[test]
    fn who_meets_a_defect_of_the_source_is_told_so_and_whose_program_fails_repaired_too_is_not() {
        let failure = Finding::of("lwp/1.62/as-written/2-cpus/p", "loom", Verdict::Failed);
        let explored = |verdict: &str| Outcomes {
            program: "lwp/1.62/repaired/2-cpus/p".into(),
            engine: "loom".into(),
            verdict: verdict.into(),
            executions: 1,
            states: None,
            outcomes: Vec::new(),
        };
        assert!(holds_repaired(&failure, &[explored("complete")]).is_some());
        assert!(holds_repaired(&failure, &[explored("failed")]).is_none());
        assert!(holds_repaired(&failure, &[]).is_none());
    }

    fn run(name: &str, verdict: Verdict, declared: Option<&str>) -> Run {
        Run {
            name: name.into(),
            system: "netbsd-1.62".into(),
            variant: "repaired".into(),
            engine: "loom".into(),
            lwps: 3,
            programs: 1,
            executions: 1,
            distinct: 1,
            digest: 0,
            unreached: 0,
            verdict,
            blocked: 0,
            known: 0,
            states: None,
            overflowed: 0,
            steps: 0,
            bound: (verdict == Verdict::Bounded).then(|| "1 preemption in an execution".into()),
            declared: declared.map(String::from),
            seconds: 0.0,
        }
    }

    fn verbose(report: &Report) -> String {
        text(report, None, true, 120)
    }

    #[test]
    fn what_is_bounded_as_declared_is_green_and_not_called_complete() {
        let complete = run("a", Verdict::Complete, None);
        let declared = run("b", Verdict::Bounded, Some("at most 1 preemption"));
        let report = Report { runs: vec![complete.clone(), declared], ..Report::default() };
        assert!(is_green(&report));
        let text = verbose(&report);
        assert!(text.contains("  bounded: at most 1 preemption  "), "{text}");
        assert!(
            text.contains("\ncomplete: 1 families; bounded: at most 1 preemption (1 families)\n"),
            "{text}"
        );

        let undeclared = run("b", Verdict::Bounded, None);
        assert!(!is_green(&Report { runs: vec![complete, undeclared], ..Report::default() }));
    }

    // A user who waits wants to know what for; and one who reads on past the verdict would take that for more of it.
    #[test]
    fn where_the_time_went_is_said_after_the_verdicts_and_the_last_line_stays_the_sum() {
        let phases = [
            (Phase::Build, 3.44),
            (Phase::Engine("loom".into()), 2.0),
            (Phase::Engine("complete".into()), 0.5),
        ];
        let runs = vec![run("a", Verdict::Complete, None)];
        let report = Report { runs, environments: vec![part(None, 12.75, &phases)], ..Report::default() };
        let table = " phase                    seconds\n \
                     programs under loom          2.0\n \
                     programs under complete      0.5\n \
                     other                       10.3\n \
                     total                       12.8\n \
                     build, before that           3.4\n\n\
                     complete: all of 1 families\n";
        let said = verbose(&report);
        assert!(said.contains(table), "{said}");
        assert!(said.ends_with("\ngreen: all that was explored is as recorded\n"), "{said}");
        assert!(!text(&report, None, false, 120).contains("phase"), "nobody asked");
        let shard = |index| part(Some(Shard { index, count: 2 }), index as f64, &phases[1..2]);
        let merged = Report { environments: vec![shard(1), shard(2)], ..report.clone() };
        let table = " phase, seconds of part  1 of 2  2 of 2\n \
                     programs under loom        2.0     2.0\n";
        let said = verbose(&merged);
        assert!(said.contains(table), "{said}");
        let unmeasured = Report { environments: vec![part(None, 12.75, &[])], ..report };
        assert!(!verbose(&unmeasured).contains("phase"));
    }

    #[test]
    fn fewer_outcomes_under_a_bound_are_reported_and_others_are_not_green() {
        let report = |seen, alone: &[&str]| {
            let alone = alone.iter().map(ToString::to_string).collect();
            let declared = run("b", Verdict::Bounded, Some("at most 1 preemption"));
            let bounded = vec![Bounded { program: "p".into(), seen, of: 4, alone }];
            Report { runs: vec![declared], bounded, ..Report::default() }
        };
        let (equal, fewer, other) = (report(4, &[]), report(3, &[]), report(4, &["x"]));
        assert!(is_green(&equal) && is_green(&fewer) && !is_green(&other));
        assert!(verbose(&equal).contains("and in 1 of them loom saw exactly the outcomes"));
        assert!(verbose(&fewer).contains("  bounded: saw 3 of 4 outcomes: p\n"));
        assert!(!text(&fewer, None, false, 120).contains("3 of 4"), "nothing is wrong with that");
        assert!(text(&other, None, false, 120).contains("  bounded, but seen by loom alone: p: x\n"));
    }

    // Who reads that a program is complete takes it for held against the reference, as all others are.
    #[test]
    fn programs_that_were_not_held_against_the_reference_are_named_with_the_reason() {
        let program = |n: usize| {
            let (program, engine) = (format!("p{n}"), "loom".into());
            Unreferenced { program, engine, why: "too many".into() }
        };
        let report = Report { unreferenced: (0..11).map(program).collect(), ..Report::default() };
        let text = text(&report, None, false, 120);
        assert!(
            text.contains("reference: given up for 11 programs") && text.contains("  p9 (loom): too many\n")
        );
        assert!(text.contains("  and 1 more\n") && !text.contains("p10"), "{text}");
        assert!(!self::text(&Report::default(), None, false, 120).contains("reference:"));
    }

    // More machines than programs are no mistake; a check of nothing is one.
    #[test]
    fn nothing_is_not_green_unless_it_is_all_that_a_shard_has() {
        assert!(!is_green(&Report::default()));
        let shard = Report { shard: Some(Shard { index: 4, count: 4 }), ..Report::default() };
        assert!(is_green(&shard));
        assert!(text(&shard, None, false, 120).ends_with("shard 4 of 4 has nothing to explore\n"));
        assert!(!is_green(&Report { incomplete: true, ..shard }));
    }
}
