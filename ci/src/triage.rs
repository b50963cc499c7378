//! `cargo ci triage`: which defect of the sources each failure of a suite is due to.

use std::collections::BTreeMap;
use std::sync::Arc;

use lwp_loom_tests::job::{Finding, Job, Verdict};
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{Case, Variant};
use lwp_loom_tests::report::Shard;

use crate::backend::Engine;
use crate::cli::TriageArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::pool::{self, Pool, Stopped};
use crate::progress::Progress;
use crate::say;

/// What a failure is due to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A defect: with its repair alone the program holds.
    One(String),
    /// Several: with every repair but one of these it fails. Where it is a single one, that one alone does not do, and of
    /// the others each can be missing.
    Several(Vec<String>),
    /// Nothing that is known: a defect without a name, or a fault of the model.
    Unknown,
}

/// Runs the suite as written, and asks of each failure which repair makes it go away.
pub fn triage(args: &TriageArgs) -> Result<(), Error> {
    let engine = Engine::Complete;
    let worker = args.worker.clone().map_or_else(|| engine.build_worker(), Ok)?;
    let interrupt = Interrupt::install()?;
    let pool = Pool::new(worker, engine.name(), pool::size(args.jobs), interrupt);
    let mut unknown = 0;
    say::line(
        "| suite | revision | programs | fail as written | due to | smallest |\n|---|---|---|---|---|---|",
    );
    for suite in &args.suite {
        let part = match args.shard {
            Some(Shard { index, count }) => format!("{}, {index}/{count}", suite.name()),
            None => suite.name(),
        };
        for system in ["1.62", "1.69.2.6"] {
            let found = of(&pool, *suite, args.shard, system).map_err(|stopped| match stopped {
                Stopped::Interrupted => Error::Interrupted,
                Stopped::NoWorker(why) => Error::Failed(why),
            })?;
            found.print(&part, system);
            unknown += found.due.get(&Due::Unknown).map_or(0, Vec::len);
        }
    }
    if unknown == 0 {
        Ok(())
    } else {
        Err(Error::Failed(format!("{unknown} failures are due to nothing that has a name")))
    }
}

/// The failures of a suite under a revision, by what they are due to; each by the program's place.
struct Triage {
    programs: usize,
    due: BTreeMap<Due, Vec<Case>>,
}

fn of(pool: &Pool, suite: Suite, shard: Option<Shard>, revision: &str) -> Result<Triage, Stopped> {
    let of_program = |program| Case::all_of(&Arc::new(program));
    let is_wanted = |case: &Case| case.revision.name() == revision && case.variant == Variant::AsWritten;
    let here = (0..suite.len()).filter(|n| shard.is_none_or(|shard| shard.has(*n)));
    let cases: Vec<Case> = here.map(|n| suite.program(n)).flat_map(of_program).filter(is_wanted).collect();
    let programs = cases.len();
    let found = explore(pool, &cases, Variant::AsWritten)?;
    let mut left: Vec<Explored> = found.into_iter().filter(|found| found.fails).collect();
    let mut due: BTreeMap<Due, Vec<Case>> = BTreeMap::new();
    for (only, name) in variants("only-") {
        let (asking, others): (Vec<Explored>, Vec<Explored>) =
            left.into_iter().partition(|explored| explored.asked.contains(&name));
        let cases: Vec<Case> = asking.iter().map(|explored| explored.case.clone()).collect();
        let fails = explore(pool, &cases, only)?.into_iter().map(|explored| explored.fails);
        let (still, gone): (Vec<_>, Vec<_>) = asking.into_iter().zip(fails).partition(|(_, fails)| *fails);
        if !gone.is_empty() {
            due.insert(Due::One(name), gone.into_iter().map(|(explored, _)| explored.case).collect());
        }
        left = others.into_iter().chain(still.into_iter().map(|(explored, _)| explored)).collect();
    }
    let cases: Vec<Case> = left.into_iter().map(|explored| explored.case).collect();
    let repaired = explore(pool, &cases, Variant::Repaired)?;
    let mut needed: Vec<Vec<String>> = vec![Vec::new(); repaired.len()];
    for (without, name) in variants("without-") {
        let asks = |n: &usize| !repaired[*n].fails && repaired[*n].asked.contains(&name);
        let asking: Vec<usize> = (0..repaired.len()).filter(asks).collect();
        let cases: Vec<Case> = asking.iter().map(|n| repaired[*n].case.clone()).collect();
        for (n, explored) in asking.into_iter().zip(explore(pool, &cases, without)?) {
            if explored.fails {
                needed[n].push(name.clone());
            }
        }
    }
    for (case, needed) in cases.into_iter().zip(needed) {
        let to = if needed.is_empty() { Due::Unknown } else { Due::Several(needed) };
        due.entry(to).or_default().push(case);
    }
    due.values_mut().for_each(|cases| cases.sort_by(|a, b| a.litmus.name.cmp(&b.litmus.name)));
    Ok(Triage { programs, due })
}

/// The variants whose names begin so, each with the repair that it is about.
fn variants(prefix: &str) -> impl Iterator<Item = (Variant, String)> {
    Variant::all().filter_map(move |variant| Some((variant, variant.name().strip_prefix(prefix)?.to_owned())))
}

/// A case, and what is known of it in a variant.
struct Explored {
    case: Case,
    fails: bool,
    /// The repairs that it asks for. It does the same with or without any other, which need not be tried.
    asked: Vec<String>,
}

/// Explores the cases in a variant.
fn explore(pool: &Pool, cases: &[Case], variant: Variant) -> Result<Vec<Explored>, Stopped> {
    let name = |case: &Case| Case::new(case.litmus.clone(), case.revision, variant, case.cpus).name();
    let jobs = cases.iter().map(|case| Job { program: name(case), ..Job::default() }).collect();
    let mut progress = Progress::new(&variant.name(), cases.len());
    pool.watch(progress.watcher());
    let findings = pool.run(jobs, |_, finding| {
        progress.explored(finding);
        progress.step();
    })?;
    let explored = |(case, finding): (&Case, Finding)| Explored {
        case: case.clone(),
        fails: finding.verdict == Verdict::Failed,
        asked: finding.asked,
    };
    Ok(cases.iter().zip(findings).map(explored).collect())
}

impl Triage {
    fn print(&self, suite: &str, revision: &str) {
        let all: usize = self.due.values().map(Vec::len).sum();
        let head = format!("| {suite} | {revision} | {} | {all} |", self.programs);
        if self.due.is_empty() {
            say::line(format_args!("{head} | |"));
        }
        for (due, cases) in &self.due {
            let due = match due {
                Due::One(repair) => format!("`{repair}`"),
                Due::Several(repairs) if repairs.len() == 1 => format!("`{}` and another", repairs[0]),
                Due::Several(repairs) => {
                    repairs.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(" and ")
                }
                Due::Unknown => "nothing that has a name".into(),
            };
            let smallest = &cases[0].litmus;
            say::line(format_args!(
                "{head} {due}: {} | `{}`: {} |",
                cases.len(),
                smallest.name,
                smallest.about
            ));
        }
    }
}
