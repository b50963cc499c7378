//! `cargo ci check`: explores the programs and says what is known of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use clap::ValueEnum;
use lwp_loom_tests::job::{Finding, Job, Verdict};
use lwp_loom_tests::orderings::{SiteInfo, sites};
use lwp_loom_tests::report::Report;
use lwp_loom_tests::suite::{Family, Scope};

use crate::backend::Engine;
use crate::cli::CheckArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::orderings::{self, Searched};
use crate::pool::{Pool, Stopped};
use crate::progress::Progress;
use crate::tally::Tally;
use crate::{select, table};

/// Runs the check. Whatever is wrong with the request is found before anything runs.
pub fn check(args: &CheckArgs) -> Result<(), Error> {
    let scope = if args.full { Scope::Full } else { Scope::Default };
    let sites = sites(scope);
    let families = select::families(&args.names, scope)?;
    let template = Job {
        program: String::new(),
        weaken: select::weakenings(&args.weaken, &sites)?,
        limits: args.limits.limits(),
        ..Job::default()
    };
    let json = args.json.as_deref().map(|path| Ok((path, create(path)?))).transpose()?;
    let engines = match &args.engine {
        Some(engine) => std::slice::from_ref(engine),
        None => Engine::value_variants(),
    };
    let mut workers = Vec::new();
    for &engine in engines {
        workers.push((engine, args.worker.clone().map_or_else(|| engine.build_worker(), Ok)?));
    }

    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let size = args.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let pools: Vec<(Engine, Pool)> = workers
        .into_iter()
        .map(|(engine, worker)| (engine, Pool::new(worker, engine.name(), size, interrupt.clone())))
        .collect();
    let mut found = Found::default();
    let stopped = found.explore(&pools, &families, &sites, &template, args).err();
    found.report.incomplete = stopped.is_some();

    print(&found.text(stopped.as_ref(), &template, args))?;
    if let Some((path, file)) = json {
        write(file, &found.report)
            .map_err(|e| Error::Failed(format!("cannot write {}: {e}", path.display())))?;
    }
    match stopped {
        Some(Stopped::Interrupted) => Err(Error::Interrupted),
        Some(Stopped::NoWorker(why)) => Err(Error::Failed(why)),
        None if found.is_green() => Ok(()),
        None => Err(Error::Failed("the check is not green".into())),
    }
}

/// What a check has found so far.
#[derive(Debug, Default)]
struct Found {
    report: Report,
    failures: Vec<Finding>,
    /// Why the orderings were not searched.
    skipped: Option<&'static str>,
}

impl Found {
    /// Explores the families under each engine, then searches the orderings.
    fn explore(
        &mut self,
        pools: &[(Engine, Pool)],
        families: &[Family],
        sites: &[SiteInfo],
        template: &Job,
        args: &CheckArgs,
    ) -> Result<(), Stopped> {
        for (engine, pool) in pools {
            self.families(*engine, pool, families, template)?;
        }
        let pool = pools.iter().find(|(engine, _)| engine.sees_orderings());
        self.skipped = if !args.names.is_empty() {
            Some("programs were named")
        } else if !args.weaken.is_empty() {
            Some("a site is weakened already")
        } else if !self.failures.is_empty() {
            // A program that fails as it is would seem to need every ordering.
            Some("programs fail without it")
        } else if pool.is_none() {
            Some("the engine does not tell orderings apart")
        } else {
            None
        };
        match pool {
            Some((_, pool)) if self.skipped.is_none() => self.orderings(pool, sites, template),
            _ => Ok(()),
        }
    }

    /// Explores every program. What was found before a stop is kept.
    fn families(
        &mut self,
        engine: Engine,
        pool: &Pool,
        families: &[Family],
        template: &Job,
    ) -> Result<(), Stopped> {
        let families = families.iter().filter(|family| family.engines.contains(&engine.name()));
        let mut tallies: Vec<Tally> =
            families.clone().map(|family| Tally::new(family, engine.name())).collect();
        let (owners, jobs): (Vec<usize>, Vec<Job>) = families
            .enumerate()
            .flat_map(|(owner, family)| family.programs.iter().map(move |program| (owner, program)))
            .map(|(owner, program)| (owner, Job { program: program.clone(), ..template.clone() }))
            .unzip();
        let mut failures = BTreeMap::new();
        let mut progress = Progress::new(engine.name(), jobs.len());
        let explored = pool.run(jobs, |index, finding| {
            let tally = &mut tallies[owners[index]];
            tally.add(finding);
            progress.explored(finding);
            progress.step();
            if tally.is_full() {
                let run = tally.run();
                progress.line(&format!(
                    "{} ({}): {}, {} programs, {} executions, {:.1} s",
                    run.name,
                    run.engine,
                    table::verdict(run.verdict, run.bound.as_deref()),
                    run.programs,
                    run.executions,
                    run.seconds,
                ));
            }
            if finding.verdict == Verdict::Failed {
                failures.insert(index, finding.clone());
            }
        });
        self.report.runs.extend(tallies.iter().map(Tally::run));
        self.failures.extend(failures.into_values());
        explored.map(drop)
    }

    /// Searches every site. What was found before a stop is kept.
    fn orderings(&mut self, pool: &Pool, sites: &[SiteInfo], template: &Job) -> Result<(), Stopped> {
        let mut progress = Progress::new("orderings", sites.len());
        for site in sites {
            let searched =
                orderings::search(pool, site, &template.limits, |finding| progress.explored(finding));
            let Searched { row, undecided } = searched.inspect_err(|_| {
                self.report.undecided.push(format!("{} and what follows it: incomplete", site.name));
            })?;
            progress.step();
            progress.line(&format!("{}: {} may be {}", row.site, row.declared, row.weakest));
            self.report.orderings.push(row);
            self.report
                .undecided
                .extend(undecided.into_iter().map(|(o, why)| format!("{} = {o}: {why}", site.name)));
        }
        Ok(())
    }

    /// Whether everything was explored to its end and nothing failed.
    fn is_green(&self) -> bool {
        let complete =
            self.report.runs.iter().all(|run| matches!(run.verdict, Verdict::Complete | Verdict::Defect));
        !self.report.runs.is_empty() && complete && self.report.undecided.is_empty()
    }

    /// The report as text, with a last line that sums it up.
    fn text(&self, stopped: Option<&Stopped>, template: &Job, args: &CheckArgs) -> String {
        let runs = &self.report.runs;
        let mut text = table::runs(runs) + "\n";
        text += &table::failures(&self.failures, |failure| repeat(failure, template, args.full));
        if let Some(why) = self.skipped {
            text += &format!("orderings: not searched, because {why}\n\n");
        } else if !self.report.orderings.is_empty() {
            text += &(table::orderings(&self.report.orderings) + "\n");
        }
        for undecided in &self.report.undecided {
            text += &format!("undecided: {undecided}\n");
        }
        let count = |verdict| runs.iter().filter(|run| run.verdict == verdict).count();
        let families = runs.len();
        text += &match stopped {
            Some(Stopped::Interrupted) => "incomplete: interrupted\n".into(),
            Some(Stopped::NoWorker(_)) => "incomplete: the worker does not start\n".into(),
            None if runs.is_empty() => "nothing was explored\n".into(),
            None if self.is_green() => {
                let defects = count(Verdict::Defect);
                format!(
                    "complete: all of {families} families, {defects} of them of defects that were shown\n"
                )
            }
            None => format!(
                "of {families} families {} failed, {} bounded; {} orderings undecided\n",
                count(Verdict::Failed),
                count(Verdict::Bounded),
                self.report.undecided.len(),
            ),
        };
        text
    }
}

/// The command that explores a failing program again.
fn repeat(failure: &Finding, job: &Job, full: bool) -> String {
    let mut command = format!("cargo ci check {} --engine {}", quoted(&failure.program), failure.engine);
    if full && !job.weaken.is_empty() {
        command += " --full";
    }
    for (site, ordering) in &job.weaken {
        command += &format!(" --weaken {}", quoted(&format!("{site}={ordering}")));
    }
    let limits = &job.limits;
    let limits = [
        ("seconds", limits.seconds.map(|n| n.to_string())),
        ("executions", limits.executions.map(|n| n.to_string())),
        ("preemptions", limits.preemptions.map(|n| n.to_string())),
        ("branches", limits.branches.map(|n| n.to_string())),
    ];
    for (name, limit) in limits {
        if let Some(limit) = limit {
            command += &format!(" --{name} {limit}");
        }
    }
    command
}

/// The text as one word of a shell's.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Opens the report file, empty: a stopped check leaves no older report behind that could be taken for its own.
fn create(path: &Path) -> Result<File, Error> {
    File::create(path).map_err(|e| Error::Input(format!("cannot write {}: {e}", path.display())))
}

fn write(mut file: File, report: &Report) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n")
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|e| Error::Failed(format!("cannot print the report: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(quoted("suspend/continue-2"), "suspend/continue-2");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn nothing_is_not_green() {
        assert!(!Found::default().is_green());
    }
}
