//! `cargo ci bench`: how fast lwp-core is on real threads, and how fast the complete search is.

use std::path::{self, Path, PathBuf};

use crate::backend::Backend;
use crate::cli::BenchArgs;
use crate::error::Error;
use crate::listening;
use crate::summary::Output;

/// Runs the benchmarks; one that misses a promise fails the command, but not before the others have run.
pub fn bench(args: &BenchArgs) -> Result<(), Error> {
    let plot = args.plot.as_deref().map(writable).transpose()?;
    let suites = [(Backend::Std, "lwp-core"), (Backend::Shuttle, "lwp-loom-tests")];
    let mut missed: Vec<String> = suites
        .into_iter()
        .filter_map(|(backend, package)| {
            let mut cargo = backend.cargo();
            cargo.args(["bench", "-p", package, "--benches", "--"]).args(&args.filter);
            cargo.envs(plot.iter().map(|file| ("LWP_BENCH_PLOT", file)));
            match cargo.status() {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("{package}: {status}")),
                Err(e) => Some(format!("cannot run cargo: {e}")),
            }
        })
        .collect();
    if args.filter.as_ref().is_none_or(|filter| listening::NAME.contains(filter)) {
        missed.extend(listening::compare().err().map(|e| e.to_string()));
    }
    if missed.is_empty() { Ok(()) } else { Err(Error::Failed(missed.join("; "))) }
}

/// The whole path of a file that can be written.
fn writable(file: &Path) -> Result<PathBuf, Error> {
    Output::create(file)?;
    path::absolute(file).map_err(|e| Error::Input(format!("cannot write {}: {e}", file.display())))
}
