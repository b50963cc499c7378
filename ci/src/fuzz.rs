//! `cargo ci fuzz`: cargo-fuzz on the targets of `fuzz/`.

use std::fs;

use crate::backend::workspace;
use crate::cli::FuzzArgs;
use crate::error::Error;
use crate::nightly::{needs, nightly};
use crate::say;
use crate::select::unknown;

/// Fuzzes one target or each in turn, until one fails.
pub fn fuzz(args: &FuzzArgs) -> Result<(), Error> {
    let mut targets = targets()?;
    if let Some(target) = &args.target {
        if !targets.contains(target) {
            return Err(unknown("fuzz target", target, "targets", targets.into_iter()));
        }
        targets.retain(|existing| existing == target);
    }
    needs(&["--version"], "rustup toolchain install nightly")?;
    needs(&["fuzz", "--version"], "cargo install cargo-fuzz")?;
    for target in targets {
        let time = format!("-max_total_time={}", args.seconds);
        say::line(format_args!("\n==> {target}: cargo +nightly fuzz run {target} -- {time}"));
        match nightly().args(["fuzz", "run", &target, "--", &time]).status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(Error::Failed(format!("{target}: {status}"))),
            Err(e) => return Err(Error::Failed(format!("cannot run cargo: {e}"))),
        }
    }
    Ok(())
}

/// The targets that exist, sorted.
fn targets() -> Result<Vec<String>, Error> {
    let dir = workspace().join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&dir).map_err(|e| Error::Input(format!("no fuzz targets: fuzz/fuzz_targets: {e}")))?;
    let mut targets: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".rs")?.to_string()))
        .collect();
    targets.sort();
    if targets.is_empty() {
        Err(Error::Input("no fuzz targets in fuzz/fuzz_targets".into()))
    } else {
        Ok(targets)
    }
}
