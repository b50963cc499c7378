//! `cargo ci check`: explores the programs and says what is known of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use indicatif::HumanCount;
use lwp_loom_tests::diagram;
use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use lwp_loom_tests::litmus::Case;
use lwp_loom_tests::orderings::{SiteInfo, sites};
use lwp_loom_tests::reach::Loom;
use lwp_loom_tests::report::{LeftOut, Outcomes, Phase, Report, Shard, Unreached, Unreferenced};
use lwp_loom_tests::suite::{Family, Scope};
use lwp_loom_tests::timeline::story;

use crate::agreement::Agreement;
use crate::alike;
use crate::backend::Engine;
use crate::cli::CheckArgs;
use crate::clock::Clock;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::orderings::{self, Searched};
use crate::output::{Output, Outputs};
use crate::pool::{self, Pool, Stopped};
use crate::progress::Progress;
use crate::select::Wanted;
use crate::start::Outlook;
use crate::summary::{self, Files};
use crate::tally::Tally;
use crate::times::Times;
use crate::{environment, explain, programs, revision, select, table};

/// Runs the check. Whatever is wrong with the request is found before anything runs.
pub fn check(args: &CheckArgs) -> Result<(), Error> {
    args.refuse_idle_options()?;
    let mut clock = Clock::start();
    let scope = if args.full { Scope::Full } else { Scope::Default };
    let engines = engines(args);
    let mut sites = sites(scope);
    let wanted = Wanted {
        names: &args.names,
        suites: &args.suite,
        system: args.system,
        engine: args.engine.map(|way| way.engine().name()),
        variant: args.variant,
        cpus: args.cpus.map(NonZeroUsize::get),
        sample: args.sample.map(|n| (n.get(), args.seed())),
    };
    let mut selected = select::families(&wanted, scope)?;
    let families = &mut selected.families;
    let template = Job {
        weaken: select::weakenings(&args.weaken, &sites)?,
        mode: args.mode(),
        limits: args.limits.limits(),
        states: args.states.map(NonZeroUsize::get),
        ..Job::default()
    };
    refuse_an_empty_diagram(args, families, &engines)?;
    if let Some(shard) = args.shard {
        take(shard, families, &mut sites);
    }
    let inputs = selected.files.iter().chain(&args.page.faults).chain(&args.worker);
    let mut outputs = Outputs::apart_from(inputs);
    let files = Files::claim(&mut outputs, args.json.as_deref(), &args.page)?;
    let diagram = outputs.claim("--diagram", args.diagram.as_deref())?;
    let workers = match &args.worker {
        Some(worker) => engines.into_iter().map(|engine| (engine, worker.clone())).collect(),
        None => clock.time(Phase::Build, || build(engines))?,
    };

    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let size = pool::size(args.jobs);
    let pools: Vec<(Engine, Pool)> = workers
        .into_iter()
        .map(|(engine, worker)| (engine, Pool::new(worker, engine.name(), size, interrupt.clone())))
        .collect();
    let mut report = Report {
        commit: revision::commit(),
        selection: args.selection(),
        files: programs::digests(&selected.files),
        shard: args.shard,
        ..Report::default()
    };
    let request = Request { families: &selected.families, sites: &sites, template: &template, args };
    // What a worker of another make takes is no time of ours.
    let mut times = args.worker.as_ref().map_or_else(Times::of_this_machine, |_| Times::default());
    let explored = explore(&mut report, &pools, &request, &mut clock, &mut times);
    if template == Job::default() {
        // Only what runs to its end tells how long that takes.
        times.keep();
    }
    let explained = explored.and_then(|()| {
        clock.time(Phase::Timelines, || {
            explain_failures(&mut report, &pools, &template, &interrupt)?;
            if files.any() { explain_defects(&mut report, &pools, &template, &interrupt) } else { Ok(()) }
        })
    });
    report.environments.push(environment::here(args.shard, size, clock.stop()));
    let stopped = explained.err();
    report.incomplete = stopped.is_some();

    let why = stopped.as_ref().map(|stopped| match stopped {
        Stopped::Interrupted => "interrupted",
        Stopped::NoWorker(_) => "the worker does not start",
    });
    let diagram = if why.is_some() { diagram.and_then(Output::of_what_was_stopped) } else { diagram };
    let drawn = diagram.map_or(Ok(()), |file| file.write(&diagram::svg(&report.transitions.coverage())));
    let finished = summary::finish(&report, files, why, args.verbose).and(drawn);
    match stopped {
        Some(Stopped::Interrupted) => Err(Error::Interrupted),
        Some(Stopped::NoWorker(why)) => Err(Error::Failed(why)),
        None => finished.and(selected.status()),
    }
}

/// What is to be explored, and how.
struct Request<'a> {
    families: &'a [Family],
    sites: &'a [SiteInfo],
    /// What every job has in common.
    template: &'a Job,
    args: &'a CheckArgs,
}

/// Builds the engines' workers.
fn build(engines: Vec<Engine>) -> Result<Vec<(Engine, PathBuf)>, Error> {
    engines.into_iter().map(|engine| Ok((engine, engine.build_worker()?))).collect()
}

/// Adds to failures how they went. Of a check in which much fails, the first ones say enough; of those that are alike, one; of
/// a program that fails under both engines, the complete search's, which knows what decided it.
fn explain_failures(
    report: &mut Report,
    pools: &[(Engine, Pool)],
    template: &Job,
    interrupt: &Interrupt,
) -> Result<(), Stopped> {
    const EXPLAINED: usize = 10;
    let failures = report.failures.clone();
    let twice = |failure: &Finding| {
        let complete = Engine::Complete.name();
        let same = |other: &Finding| other.program == failure.program && other.engine == complete;
        failure.engine != complete && failures.iter().any(same)
    };
    let told: Vec<&Finding> = alike::groups(&failures).into_iter().map(|alike| alike.told).collect();
    let told: Vec<&Finding> = told.into_iter().filter(|failure| !twice(failure)).take(EXPLAINED).collect();
    let explained = report.failures.iter_mut().filter(|failure| told.contains(&&**failure));
    explained.for_each(|failure| add_timeline(failure, pools, template));
    if interrupt.is_raised() { Err(Stopped::Interrupted) } else { Ok(()) }
}

/// Adds to an example of each defect how it went: for those who read the report, since nobody needs it to go on.
fn explain_defects(
    report: &mut Report,
    pools: &[(Engine, Pool)],
    template: &Job,
    interrupt: &Interrupt,
) -> Result<(), Stopped> {
    let progress = Progress::new("timelines", report.defects.len());
    for example in report.defects.examples_mut() {
        add_timeline(example, pools, template);
        progress.step();
    }
    if interrupt.is_raised() { Err(Stopped::Interrupted) } else { Ok(()) }
}

fn add_timeline(failure: &mut Finding, pools: &[(Engine, Pool)], template: &Job) {
    if let Some((_, pool)) = pools.iter().find(|(engine, _)| engine.name() == failure.engine) {
        let template = Job { program: failure.program.clone(), ..template.clone() };
        failure.timeline = explain::timeline(pool, &template, failure);
        if let Some(what) = failure.timeline.as_deref().and_then(story::remaining) {
            failure.message = Some(format!("deadlock: {what}"));
        }
    }
}

/// A diagram that is asked for must have something to show.
fn refuse_an_empty_diagram(args: &CheckArgs, families: &[Family], engines: &[Engine]) -> Result<(), Error> {
    let explored =
        families.iter().filter(|f| engines.iter().any(|engine| f.engines.contains(&engine.name())));
    let states = |program: &String| Case::parse(program).is_some();
    if args.diagram.is_some() && !explored.flat_map(|family| &family.programs).any(states) {
        return Err(Error::Input(
            "--diagram: none of the programs is over the protocol, which has the states".into(),
        ));
    }
    Ok(())
}

/// The engines that are asked for.
fn engines(args: &CheckArgs) -> Vec<Engine> {
    args.engine.map_or_else(|| Engine::value_variants().to_vec(), |way| vec![way.engine()])
}

/// Leaves what is this shard's. Programs are dealt out one by one, so that each shard has its share of every family.
fn take(shard: Shard, families: &mut Vec<Family>, sites: &mut Vec<SiteInfo>) {
    let deal = || {
        let mut n = 0;
        move || {
            n += 1;
            shard.has(n - 1)
        }
    };
    let mut ours = deal();
    for family in families.iter_mut() {
        family.programs.retain(|_| ours());
    }
    families.retain(|family| !family.programs.is_empty());
    let mut ours = deal();
    sites.retain(|_| ours());
}

/// Explores the families under each engine, then searches the orderings. What was found before a stop is kept.
fn explore(
    report: &mut Report,
    pools: &[(Engine, Pool)],
    request: &Request<'_>,
    clock: &mut Clock,
    times: &mut Times,
) -> Result<(), Stopped> {
    let mut agreement = Agreement::default();
    for (engine, pool) in pools {
        clock.time(Phase::Engine(engine.name().into()), || {
            explore_families(report, &mut agreement, *engine, pool, request, times)
        })?;
    }
    report.differences = agreement.differences();
    report.compared = agreement.programs();
    report.bounded = agreement.bounded();
    if pools.iter().any(|(engine, _)| *engine == Engine::Loom) {
        report.left_out = left_out(request.families);
    }
    let pool = pools.iter().find(|(engine, _)| engine.sees_orderings());
    let skipped = if request.args.chooses() {
        Some("not all programs were explored")
    } else if !request.args.weaken.is_empty() {
        Some("a site is weakened already")
    } else if !report.failures.is_empty() {
        // A program that fails as it is would seem to need every ordering.
        Some("programs fail without it")
    } else if pool.is_none() {
        Some("the engine does not tell orderings apart")
    } else {
        None
    };
    report.skipped = skipped.map(String::from);
    match pool {
        Some((_, pool)) if skipped.is_none() => {
            clock.time(Phase::Orderings, || explore_orderings(report, pool, request))
        }
        _ => Ok(()),
    }
}

/// The families that loom does not explore at all, with the reason.
fn left_out(families: &[Family]) -> Vec<LeftOut> {
    let left_out = families.iter().filter_map(|family| match family.loom {
        Loom::NotAtAll(why) => {
            Some(LeftOut { name: family.name.clone(), programs: family.programs.len(), why: why.into() })
        }
        Loom::Complete | Loom::Bounded(_) => None,
    });
    left_out.collect()
}

/// Explores every program, those first that took long when `times` were measured.
fn explore_families(
    report: &mut Report,
    agreement: &mut Agreement,
    engine: Engine,
    pool: &Pool,
    request: &Request<'_>,
    times: &mut Times,
) -> Result<(), Stopped> {
    let Request { families, template, args, .. } = *request;
    let families: Vec<&Family> =
        families.iter().filter(|family| family.engines.contains(&engine.name())).collect();
    let mut tallies: Vec<Tally> = families.iter().map(|family| Tally::new(family, engine.name())).collect();
    let (owners, jobs): (Vec<usize>, Vec<(Outlook, Job)>) = families
        .iter()
        .enumerate()
        .flat_map(|(owner, family)| family.programs.iter().map(move |program| (owner, program)))
        .map(|(owner, program)| {
            let declared = families[owner].bound(engine.name()).and_then(|bound| bound.preemptions);
            let preemptions = template.limits.preemptions.or(declared);
            let limits = Limits { preemptions, ..template.limits.clone() };
            let seconds = times.of(engine.name(), program);
            let outlook = Outlook { seconds, lwps: families[owner].lwps };
            (owner, (outlook, Job { program: program.clone(), limits, ..template.clone() }))
        })
        .unzip();
    let mut failures = BTreeMap::new();
    let mut outcomes = BTreeMap::new();
    let mut unreached = BTreeMap::new();
    let mut unreferenced = BTreeMap::new();
    let shows_outcomes = !args.names.is_empty() && jobs.len() < FEW;
    let mut slowest: Option<((f64, Reverse<usize>), String)> = None;
    let mut progress = Progress::new(engine.name(), jobs.len());
    pool.watch(progress.watcher());
    progress.line(&format!("{}: {} programs", engine.name(), HumanCount(owners.len() as u64)));
    let explored = pool.run_longest_first(jobs, |index, finding| {
        let tally = &mut tallies[owners[index]];
        tally.add(finding);
        report.transitions.add(finding);
        report.lock_order.add(finding);
        report.defects.add(finding);
        times.note(finding);
        agreement.add(engine, &template.mode, families[owners[index]].bound(engine.name()), finding);
        progress.explored(finding);
        progress.step();
        let full = tally.is_full().then(|| tally.run());
        if let Some(run) = full.filter(|run| args.verbose || !summary::is_as_declared(run)) {
            progress.line(&format!(
                "{} ({}): {}, {} programs, {} executions, {:.1} s",
                run.name,
                run.engine,
                table::verdict(&run),
                run.programs,
                run.executions,
                run.seconds,
            ));
        }
        // Of two that took the same it is the first, whichever is done first.
        let took = (finding.seconds, Reverse(index));
        if slowest.as_ref().is_none_or(|(longest, _)| took > *longest) {
            slowest = Some((took, finding.program.clone()));
        }
        if !finding.unreached.is_empty() {
            unreached.insert(
                index,
                Unreached { program: finding.program.clone(), outcomes: finding.unreached.clone() },
            );
        }
        if let Some(why) = &finding.unreferenced {
            let (program, engine) = (finding.program.clone(), finding.engine.clone());
            unreferenced.insert(index, Unreferenced { program, engine, why: why.clone() });
        }
        if shows_outcomes {
            outcomes.insert(index, outcomes_of(finding));
        }
        if finding.verdict == Verdict::Failed {
            failures.insert(index, finding.clone());
        }
    });
    if let Some(((seconds, _), program)) = slowest
        && report.slowest.as_ref().is_none_or(|(.., longest)| seconds > *longest)
    {
        report.slowest = Some((program, engine.name().into(), seconds));
    }
    report.runs.extend(tallies.iter().map(Tally::run));
    report.failures.extend(failures.into_values());
    report.outcomes.extend(outcomes.into_values());
    report.unreached.extend(unreached.into_values());
    report.unreferenced.extend(unreferenced.into_values());
    explored.map(drop)
}

/// More programs than anybody reads the outcomes of one by one.
const FEW: usize = 40;

fn outcomes_of(finding: &Finding) -> Outcomes {
    let verdict = match (finding.verdict, &finding.bound) {
        (Verdict::Complete, _) => "complete".into(),
        (Verdict::Bounded, Some(bound)) => format!("bounded by {bound}"),
        (Verdict::Bounded, None) => "bounded".into(),
        (Verdict::Defect, _) => "defect shown".into(),
        (Verdict::Failed, _) => "failed".into(),
    };
    Outcomes {
        program: finding.program.clone(),
        engine: finding.engine.clone(),
        verdict,
        executions: finding.executions,
        states: finding.states,
        outcomes: finding.outcomes.clone(),
    }
}

/// Searches every site.
fn explore_orderings(report: &mut Report, pool: &Pool, request: &Request<'_>) -> Result<(), Stopped> {
    let Request { sites, template, args, .. } = *request;
    let mut progress = Progress::new("orderings", sites.len());
    progress.line(&format!("orderings: {} sites", sites.len()));
    for site in sites {
        let searched = orderings::search(pool, site, &template.limits, |finding| progress.explored(finding));
        let Searched { row, undecided } = searched.inspect_err(|_| {
            report.undecided.push(format!("{} and what follows it: incomplete", site.name));
        })?;
        progress.step();
        if args.verbose {
            progress.line(&format!("{}: {} may be {}", row.site, row.declared, row.weakest));
        }
        report.orderings.push(row);
        report.undecided.extend(undecided.into_iter().map(|(o, why)| format!("{} = {o}: {why}", site.name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use tempfile::tempdir;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::pool::tests::fake_pool;

    fn explored(families: &[Family], times: &mut Times) -> Report {
        let Command::Check(args) = Cli::parse_from(["ci", "check", "p"]).command else { unreachable!() };
        let template = Job::default();
        let request = Request { families, sites: &[], template: &template, args: &args };
        let (mut report, mut agreement) = (Report::default(), Agreement::default());
        explore_families(&mut report, &mut agreement, Engine::Loom, &fake_pool(1), &request, times).unwrap();
        report
    }

    // What earlier checks took depends on the machine and on its load; what is reported must not.
    #[test]
    fn a_program_that_was_long_starts_first_and_the_report_is_the_same() {
        let folder = tempdir().unwrap();
        let (mark, file) = (folder.path().join("mark"), folder.path().join("times.json"));
        let waits = format!("await={} complete", mark.display());
        let ends_the_wait = format!("touch={} bounded", mark.display());
        let family = |name: &str, programs: &[&str]| Family {
            name: name.into(),
            system: "netbsd-1.62",
            variant: "repaired",
            lwps: 2,
            engines: &["loom"],
            loom: Loom::Complete,
            programs: programs.iter().map(ToString::to_string).collect(),
        };
        let families = [family("a", &[&waits, "failed"]), family("b", &["exit", &ends_the_wait])];
        fs::write(&mark, "").unwrap();
        let report = explored(&families, &mut Times::default());
        let executions: Vec<u64> = report.runs.iter().map(|run| run.executions).collect();
        assert_eq!((executions, report.failures.len(), report.outcomes.len()), (vec![4, 2], 2, 4));
        assert_eq!(report.slowest.as_ref().map(|(program, ..)| program), Some(&waits));

        fs::remove_file(&mark).unwrap();
        let long = serde_json::json!({ "loom": { ends_the_wait.as_str(): 60.0 } });
        fs::write(&file, long.to_string()).unwrap();
        let mut times = Times::kept_in(file.clone());
        assert_eq!(explored(&families, &mut times), report);

        times.keep();
        let times = Times::kept_in(file);
        let known = [&waits, "failed", "exit", &ends_the_wait].map(|program| times.of("loom", program));
        assert_eq!(known, [Some(0.5), None, None, Some(0.5)]);
    }

    #[test]
    fn a_family_that_loom_leaves_out_is_named_with_the_reason() {
        let family = |name: &str, loom| Family {
            name: name.into(),
            system: "netbsd-1.62",
            variant: "repaired",
            lwps: 6,
            engines: &["complete"],
            loom,
            programs: vec!["p".into()],
        };
        let families = [
            family("a", Loom::Complete),
            family("b", Loom::at_most(1)),
            family("c", Loom::NotAtAll("too large")),
        ];
        let left_out = left_out(&families);
        assert_eq!(table::left_out(&left_out), "not under loom: c (1 programs): too large\n\n");
    }
}
