//! `cargo ci bench`: how fast lwp-core is on real threads, and how fast the complete search is.

use std::fs;

use tempfile::NamedTempFile;

use crate::backend::Backend;
use crate::cli::BenchArgs;
use crate::error::Error;
use crate::listening;
use crate::output::Output;
use crate::yardstick;

/// Runs the benchmarks; one that misses a promise fails the command, but not before the others have run.
pub fn bench(args: &BenchArgs) -> Result<(), Error> {
    let plot = args.plot.as_deref().map(Output::open).transpose()?;
    let cannot = |e| Error::Failed(format!("cannot make a file for the picture: {e}"));
    let drawn = NamedTempFile::new().map_err(cannot)?;
    let suites = [(Backend::Std, "lwp-core"), (Backend::Shuttle, "lwp-loom-tests")];
    let mut missed: Vec<String> = suites
        .into_iter()
        .filter_map(|(backend, package)| {
            let mut cargo = backend.cargo();
            cargo.args(["bench", "-p", package, "--benches", "--"]).args(&args.filter);
            cargo.envs(plot.iter().map(|_| ("LWP_BENCH_PLOT", drawn.path())));
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
    if args.filter.as_ref().is_none_or(|filter| yardstick::NAME.contains(filter)) {
        missed.extend(yardstick::measure().err().map(|e| e.to_string()));
    }
    // With a filter there may be nothing to draw.
    let picture = fs::read_to_string(drawn.path()).map_err(cannot)?;
    if let Some(plot) = plot.filter(|_| !picture.is_empty()) {
        missed.extend(plot.write(&picture).err().map(|e| e.to_string()));
    }
    if missed.is_empty() { Ok(()) } else { Err(Error::Failed(missed.join("; "))) }
}
