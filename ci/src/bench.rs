//! `cargo ci bench`: how fast lwp-core is on real threads, and how fast the complete search is.

use crate::backend::Backend;
use crate::cli::BenchArgs;
use crate::error::Error;

/// Runs the benchmarks; one that misses a promise fails the command, but not before the others have run.
pub fn bench(args: &BenchArgs) -> Result<(), Error> {
    let suites = [(Backend::Std, "lwp-core"), (Backend::Shuttle, "lwp-loom-tests")];
    let missed: Vec<String> = suites
        .into_iter()
        .filter_map(|(backend, package)| {
            let mut cargo = backend.cargo();
            cargo.args(["bench", "-p", package, "--benches", "--"]).args(&args.filter);
            match cargo.status() {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("{package}: {status}")),
                Err(e) => Some(format!("cannot run cargo: {e}")),
            }
        })
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(Error::Failed(missed.join("; "))) }
}
