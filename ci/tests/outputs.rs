//! What the options that name a file to write must leave alone, from outside, with a fake worker.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

const PROGRAM: &str = "lwp a { exit }\n";

/// A folder with a program and a file that somebody keeps.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("p.litmus"), PROGRAM).unwrap();
    fs::write(folder.path().join("keep.litmus"), "kept").unwrap();
    folder
}

/// Runs a command there, with a worker of the complete search that does what `worker` says.
fn ci(folder: &Path, worker: &str, args: &[&str]) -> (Option<i32>, String) {
    let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
    let fake = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
    ci.args(args).args(["--engine", "complete", "--worker", fake]);
    ci.env("FAKE_WORKER", format!("touch=ran engine=complete {worker}")).current_dir(folder);
    let Output { status, stderr, .. } = ci.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

// Whoever gives the same name twice by mistake would lose the program that took a day to write.
#[test]
fn what_is_read_or_is_another_output_is_refused_and_nothing_runs_or_is_lost() {
    let folder = folder();
    fs::write(folder.path().join("bad.litmus"), "lwp a { wiat b }").unwrap();
    let read = "names a file that is read, and would be overwritten";
    for (args, says) in [
        (&["explain", "p.litmus", "--smallest", "./p.litmus"][..], read),
        (&["explain", "p.litmus", "--svg", "p.litmus"], read),
        (&["explain", "p.litmus", "--html", "p.litmus"], read),
        (&["explain", "p.litmus", "--smallest", "s.litmus", "--svg", "s.litmus"], "name the same file"),
        (&["explain", "p.litmus", "--smallest", "keep.litmus", "--svg", "no/such/folder"], "cannot write"),
        (&["check", "p.litmus", "--json", "p.litmus"], read),
        (&["check", ".", "--diagram", "p.litmus"], read),
        (&["check", ".", "--json", "bad.litmus"], read),
        (&["check", "p.litmus", "--json", "new", "--html", "./new"], "name the same file"),
        (&["check", "p.litmus", "--json", "new", "--diagram", "./new"], "name the same file"),
    ] {
        let (status, stderr) = ci(folder.path(), "complete", args);
        assert_eq!(status, Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(says), "{args:?}: {stderr}");
        assert!(!folder.path().join("ran").exists() && !folder.path().join("new").exists(), "{args:?}");
        assert_eq!(text(folder.path(), "p.litmus"), PROGRAM, "{args:?}");
        assert_eq!(text(folder.path(), "keep.litmus"), "kept", "{args:?}");
        assert_eq!(text(folder.path(), "bad.litmus"), "lwp a { wiat b }", "{args:?}");
    }
}

// A program that does not fail has nothing smaller, and no picture: what was there is somebody else's.
#[cfg(unix)]
#[test]
fn where_there_is_nothing_to_write_what_was_there_stays_and_nothing_else_appears() {
    let folder = folder();
    std::os::unix::fs::symlink("keep.litmus", folder.path().join("link.litmus")).unwrap();
    let args = ["explain", "p.litmus", "--smallest", "link.litmus", "--svg", "new.svg"];
    for (worker, status) in [("complete", 0), ("abort", 1)] {
        let explained = ci(folder.path(), worker, &args);
        assert_eq!(explained.0, Some(status), "{}", explained.1);
        assert!(fs::symlink_metadata(folder.path().join("link.litmus")).unwrap().is_symlink());
        assert_eq!(text(folder.path(), "keep.litmus"), "kept");
        assert!(!folder.path().join("new.svg").exists());
    }
    let (status, stderr) = ci(folder.path(), "survives", &args);
    assert_eq!(status, Some(1), "{stderr}");
    assert!(text(folder.path(), "keep.litmus").contains("lwp a {"), "{stderr}");
}

// The shards' reports are all that is left of hours on several machines.
#[test]
fn a_report_that_is_joined_is_not_overwritten() {
    let folder = folder();
    fs::write(folder.path().join("shard.json"), "{}").unwrap();
    for option in ["--json", "--html"] {
        let mut merge = Command::new(env!("CARGO_BIN_EXE_ci"));
        merge.args(["merge", "shard.json", option, "./shard.json"]).current_dir(folder.path());
        let Output { status, stderr, .. } = merge.output().unwrap();
        assert_eq!(status.code(), Some(2));
        assert!(String::from_utf8_lossy(&stderr).contains("is read, and would be overwritten"));
        assert_eq!(text(folder.path(), "shard.json"), "{}");
    }
}
