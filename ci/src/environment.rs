//! What a check runs on.

use std::env;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::thread;

use lwp_loom_tests::report::{Environment, Shard};

use crate::backend::workspace;
use crate::clock::Elapsed;
use crate::revision::UNKNOWN;

/// The versions that this workspace builds with.
const LOCK_FILE: &str = include_str!("../../Cargo.lock");

/// What this machine is, for a check that took what has `elapsed` and ran `jobs` programs at a time.
pub fn here(shard: Option<Shard>, jobs: NonZeroUsize, elapsed: Elapsed) -> Environment {
    Environment {
        shard,
        machine: format!("{} {}", env::consts::OS, env::consts::ARCH),
        cores: thread::available_parallelism().map_or(0, NonZeroUsize::get),
        jobs: jobs.get(),
        compiler: compiler().unwrap_or_else(|| UNKNOWN.into()),
        loom: locked("loom"),
        shuttle: locked("shuttle"),
        seconds: elapsed.seconds,
        phases: elapsed.phases,
    }
}

/// What the workers are compiled with.
fn compiler() -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut rustc = Command::new(rustc);
    let output = rustc.arg("--version").current_dir(workspace()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The version of a package in the lock file.
fn locked(package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK_FILE.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    version.map_or(UNKNOWN, |version| version.trim_end_matches('"')).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_versions_are_those_that_the_workspace_builds_with() {
        assert!(["loom", "shuttle"].map(locked).iter().all(|version| version.starts_with("0.")));
        assert_eq!(locked("no such package"), UNKNOWN);
    }
}
