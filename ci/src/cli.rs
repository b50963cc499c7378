//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use lwp_loom_tests::job::Limits;

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
    /// Exit status: 0 if everything is complete, 1 if something failed or was cut short, 2 for bad input,
    /// 130 after Ctrl-C.
    Check(CheckArgs),
    /// Run everything that must hold before a change is merged.
    Test,
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
    /// Weaken an ordering site.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Write the report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Use this executable as every engine's worker, instead of building them.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    /// When to stop early. Last, because its heading in the help covers all that follows.
    #[command(flatten)]
    pub limits: LimitArgs,
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
    fn a_time_limit_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "nan", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
