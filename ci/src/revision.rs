//! Which state of the tree a report is about.

use std::process::{Command, Stdio};

use crate::backend::workspace;

/// The commit, with `-dirty` behind it where the tree has changes; `unknown` outside a git checkout.
pub fn commit() -> String {
    let git = |args: &[&str]| {
        let output =
            Command::new("git").current_dir(workspace()).args(args).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (git(&["rev-parse", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => commit + "-dirty",
        (None, _) => UNKNOWN.into(),
    }
}

/// Whether a commit says exactly what the sources were.
pub fn is_certain(commit: &str) -> bool {
    commit != UNKNOWN && !commit.ends_with("-dirty")
}

/// What [`commit`] says outside a git checkout.
pub const UNKNOWN: &str = "unknown";
