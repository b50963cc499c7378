//! `cargo ci bench`: how fast lwp-core is on real threads.

use crate::backend::Backend;
use crate::cli::BenchArgs;
use crate::error::Error;

/// Runs the benchmarks.
pub fn bench(args: &BenchArgs) -> Result<(), Error> {
    let mut cargo = Backend::Std.cargo();
    cargo.args(["bench", "-p", "lwp-core", "--"]).args(&args.filter);
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::Failed(format!("cargo bench: {status}"))),
        Err(e) => Err(Error::Failed(format!("cannot run cargo: {e}"))),
    }
}
