//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use lwp_loom_tests::job::{Limits, Mode};
use lwp_loom_tests::report::Shard;

use crate::backend::Engine;

/// Builds, tests, checks, fuzzes and measures this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo ci", bin_name = "cargo ci", arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explore the programs, and find the weakest sound ordering of each site.
    ///
    /// Exit status: 0 if everything is complete or bounded as declared, 1 if something failed or was cut short, 2 for bad input,
    /// 130 after Ctrl-C.
    Check(CheckArgs),
    /// Hold the lock order that the protocol's programs show against the one that each revision declares.
    ///
    /// Exit status: 0 if every program is complete and every observed edge is declared or a recorded exception, 1 if not,
    /// 2 for bad input, 130 after Ctrl-C.
    Audit(AuditArgs),
    /// Show how the executions of programs that loom does not complete grow with the preemptions, as a table for a page
    /// of the documentation.
    Growth(GrowthArgs),
    /// Join the reports of all shards of a check.
    Merge(MergeArgs),
    /// Run the one execution that a failure's replay string stands for.
    ///
    /// Exit status: 1 if it fails again, 0 if it does not, 2 if the string is refused.
    Replay(ReplayArgs),
    /// Run everything that must hold before a change is merged.
    Test,
    /// Run the tests on real threads under ThreadSanitizer, which wants a nightly toolchain and its rust-src.
    ///
    /// Exit status: 0 if the one race that is meant is reported and no other, 1 if not, 2 if something is not installed.
    Races,
    /// Run cargo-fuzz.
    Fuzz(FuzzArgs),
    /// Measure lwp-core on real threads.
    Bench(BenchArgs),
}

/// The arguments of `cargo ci check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Families or programs to explore, instead of all.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Explore every program of every family.
    #[arg(long)]
    pub full: bool,
    /// Explore under this engine only.
    #[arg(long, value_name = "E")]
    pub engine: Option<Engine>,
    /// Run so many random executions of each program under the complete search's back end instead of searching.
    #[arg(long, value_name = "N", conflicts_with = "pct")]
    pub random: Option<NonZeroU64>,
    /// Run so many executions of each program by probabilistic concurrency testing instead of searching.
    #[arg(long, value_name = "N")]
    pub pct: Option<NonZeroU64>,
    /// What random executions follow from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The depth of the bugs that probabilistic concurrency testing looks for.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub depth: usize,
    /// Explore the Ith of N parts, for a machine each; join their reports with `cargo ci merge`.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Weaken an ordering site.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Write the report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draw the transitions of l_stat that were seen, as SVG, into this file.
    #[arg(long, value_name = "FILE")]
    pub diagram: Option<PathBuf>,
    /// Use this executable as every engine's worker, instead of building them.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    /// When to stop early. Last, because its heading in the help covers all that follows.
    #[command(flatten)]
    pub limits: LimitArgs,
}

impl CheckArgs {
    /// How to go through each program's executions.
    pub fn mode(&self) -> Mode {
        match (self.random, self.pct) {
            (Some(executions), _) => Mode::Random { seed: self.seed, executions: executions.get() },
            (None, Some(executions)) => {
                Mode::Pct { seed: self.seed, depth: self.depth, executions: executions.get() }
            }
            (None, None) => Mode::Search,
        }
    }

    /// Everything that decides which programs run and how, as it stands on the command line.
    pub fn selection(&self) -> Vec<String> {
        let Limits { seconds, executions, preemptions, branches } = self.limits.limits();
        let number = |name: &str, n: Option<String>| n.map(|n| format!("--{name} {n}"));
        let options = [
            self.full.then(|| "--full".into()),
            number("engine", self.engine.map(|engine| engine.name().into())),
            number("random", self.random.map(|n| n.to_string())),
            number("pct", self.pct.map(|n| n.to_string())),
            number("depth", self.pct.map(|_| self.depth.to_string())),
            number("seed", self.random.or(self.pct).map(|_| self.seed.to_string())),
            number("seconds", seconds.map(|n| n.to_string())),
            number("executions", executions.map(|n| n.to_string())),
            number("preemptions", preemptions.map(|n| n.to_string())),
            number("branches", branches.map(|n| n.to_string())),
        ];
        let weaken = self.weaken.iter().map(|w| format!("--weaken {}={}", w.site, w.ordering));
        self.names.iter().cloned().chain(options.into_iter().flatten()).chain(weaken).collect()
    }
}

/// The arguments of `cargo ci audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Explore under this engine.
    #[arg(long, value_name = "E", default_value = "complete")]
    pub engine: Engine,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Write the audit to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Use this executable as the engine's worker, instead of building it.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
}

/// The arguments of `cargo ci growth`.
#[derive(Debug, Args)]
pub struct GrowthArgs {
    /// Seconds for each program under each bound.
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "20")]
    pub seconds: f64,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// The arguments of `cargo ci merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The shards' JSON reports.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the joined report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The arguments of `cargo ci replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The program.
    pub program: String,
    /// The replay string that its failure printed.
    pub schedule: String,
    /// Weaken an ordering site, as the failing check did.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
}

/// When to stop exploring a program early. What stops early is bounded, not complete.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits for each program (what they cut short is bounded, not complete)")]
pub struct LimitArgs {
    /// Seconds.
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<f64>,
    /// Executions.
    #[arg(long, value_name = "N")]
    pub executions: Option<NonZeroU64>,
    /// Preemptions within one execution.
    #[arg(long, value_name = "N")]
    pub preemptions: Option<usize>,
    /// Branch points within one execution.
    #[arg(long, value_name = "N")]
    pub branches: Option<NonZeroUsize>,
}

impl LimitArgs {
    /// The same, for a job.
    pub fn limits(&self) -> Limits {
        Limits {
            seconds: self.seconds,
            executions: self.executions.map(NonZeroU64::get),
            preemptions: self.preemptions,
            branches: self.branches.map(NonZeroUsize::get),
        }
    }
}

/// A site and the ordering to run it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakening {
    /// The site's name.
    pub site: String,
    /// The ordering's name.
    pub ordering: String,
}

impl FromStr for Weakening {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Weakening, Self::Err> {
        let (site, ordering) = text.split_once('=').ok_or("expected SITE=ORDERING")?;
        Ok(Weakening { site: site.into(), ordering: ordering.into() })
    }
}

/// The arguments of `cargo ci fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// The target, instead of all.
    pub target: Option<String>,
    /// Seconds for each target.
    #[arg(long, value_name = "N", default_value = "60")]
    pub seconds: NonZeroU64,
}

/// The arguments of `cargo ci bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Run the benchmarks whose name contains this.
    pub filter: Option<String>,
}

fn shard(text: &str) -> Result<Shard, &'static str> {
    let wrong = "expected I/N, with I from 1 to N";
    let (index, count) = text.split_once('/').ok_or(wrong)?;
    let (index, count) = (index.parse().map_err(|_| wrong)?, count.parse().map_err(|_| wrong)?);
    if (1..=count).contains(&index) { Ok(Shard { index, count }) } else { Err(wrong) }
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err("expected a number of seconds above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(shard("2/3"), Ok(Shard { index: 2, count: 3 }));
        for text in ["3/2", "0/4", "0/0", "1", "1/", "/2", "-1/2", "a/b"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_limit_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "nan", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
