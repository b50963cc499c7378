//! `cargo ci`: builds, tests, checks, fuzzes and measures this workspace.

// They panic where nobody reads: see `say`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod agreement;
mod alike;
mod answer;
mod audit;
mod backend;
mod bench;
mod breakdown;
mod check;
mod cli;
mod clock;
mod command;
mod contradiction;
mod defects;
mod environment;
mod error;
mod explain;
mod faults;
mod fmt_programs;
mod fuzz;
mod generate;
mod growth;
mod input;
mod interrupt;
mod lending;
mod list;
mod listening;
mod merge;
mod mistakes;
mod nightly;
mod orderings;
mod output;
mod page;
mod pool;
mod programs;
mod progress;
mod races;
mod replay;
mod revision;
mod say;
mod select;
mod smaller;
mod start;
mod summary;
mod table;
mod tally;
mod test;
mod times;
mod triage;
mod worker;
mod yardstick;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Check(args) => check::check(&args),
        Command::Audit(args) => audit::audit(&args),
        Command::Faults(args) => faults::faults(&args),
        Command::Growth(args) => growth::growth(&args),
        Command::List(args) => list::list(&args),
        Command::Generate(args) => generate::generate(&args),
        Command::FmtPrograms(args) => fmt_programs::fmt_programs(&args),
        Command::Triage(args) => triage::triage(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Defects(args) => defects::defects(&args),
        Command::Test => test::test(),
        Command::Races => races::races(),
        Command::Fuzz(args) => fuzz::fuzz(&args),
        Command::Bench(args) => bench::bench(&args),
    };
    match done.and_then(|()| say::all()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::aside(format_args!("error: {error}"));
            error.status().into()
        }
    }
}
