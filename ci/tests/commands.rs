//! The other commands from outside, where they need no build.

use std::process::{Command, Output};

fn ci(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_ci")).args(args).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn no_command_prints_the_help() {
    let (_, stderr) = ci(&[]);
    let commands =
        ["check", "audit", "growth", "merge", "replay", "explain", "test", "races", "fuzz", "bench"];
    for command in commands {
        assert!(stderr.contains(&format!("\n  {command} ")), "{command}: {stderr}");
    }
}

#[test]
fn bad_arguments_are_bad_input() {
    for args in [
        ["check", "--engine", "no-such-engine"],
        ["check", "--weaken", "no-equals-sign"],
        ["check", "--time", "-1"],
        ["check", "--jobs", "0"],
        ["check", "--jobs", "18446744073709551615"],
        ["check", "--seed", "1"],
        ["check", "--depth", "3"],
        ["generate", "--out", "no-such-folder"],
        ["check", "--shard", "3/2"],
        ["check", "--shard", "0/4"],
        ["check", "--shard", "half"],
        ["audit", "--engine", "no-such-engine"],
        ["audit", "--jobs", "0"],
        ["audit", "--json", "no/such/folder/audit.json"],
        ["growth", "--seconds", "0"],
        ["merge", "no-such-file", "nor-this"],
        ["fuzz", "--seconds", "0"],
    ] {
        assert_eq!(ci(&args).0, Some(2), "{args:?}");
    }
}

#[test]
fn an_unknown_engine_is_answered_with_what_exists() {
    let (_, stderr) = ci(&["check", "--engine", "no-such-engine"]);
    assert!(stderr.contains("possible values: loom, complete, random, pct"), "{stderr}");
}

/// Hundreds of names would hide the one that was meant.
#[test]
fn an_unknown_fault_is_answered_with_the_one_that_was_meant() {
    let (status, stderr) = ci(&["faults", "sigswich"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("there is no fault `sigswich`: did you mean `sigswitch`, `"), "{stderr}");
    assert!(stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn an_unknown_program_cannot_be_replayed() {
    let (status, stderr) = ci(&["replay", "no/such/program", "schedule"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("unknown program or family `no/such/program`"), "{stderr}");
}

/// Whatever is wrong with the request is found before anything is built or run.
#[test]
fn what_cannot_be_explained_or_written_is_bad_input_and_nothing_runs() {
    let program = "lwp/1.62/as-written/2-cpus/lost-continue";
    for (args, says) in [
        (&["no/such/program"][..], "unknown program or family `no/such/program`"),
        (&[program, "lwp1-0-a-0", "--engine", "loom"], "loom has no strings"),
        (&[program, "--svg", "no/such/folder/x.svg"], "cannot write no/such/folder/x.svg"),
        (&[program, "--html", "no/such/folder/x.html"], "cannot write no/such/folder/x.html"),
        (&[program, "--svg", "x", "--html", "x"], "name the same file"),
        (&[program, "--weaken", "no-such-site=relaxed"], "no-such-site"),
        (&[program, "--smallest", "x.txt"], "its name must end in .litmus"),
        (&["netbsd/0/relock:1/lock", "--smallest", "x.litmus"], "among those of LWPs"),
        (&[program, "--smallest", "x.litmus", "--engine", "loom"], "by the complete search"),
        (&[program, "lwp1-0-a-0", "--smallest", "x.litmus"], "cannot be used with"),
    ] {
        let (status, stderr) = ci(&[&["explain"], args].concat());
        assert_eq!(status, Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(says) && !stderr.contains("Finished"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_gate_that_would_write_its_pages_anew_is_refused_and_runs_nothing() {
    let gate = Command::new(env!("CARGO_BIN_EXE_ci")).arg("test").env("UPDATE_PAGES", "1").output().unwrap();
    assert_eq!((gate.status.code(), gate.stdout), (Some(2), Vec::new()));
    let stderr = String::from_utf8(gate.stderr).unwrap();
    assert!(stderr.contains("UPDATE_PAGES is set"), "{stderr}");
}

#[test]
fn what_is_not_installed_is_named() {
    let races = Command::new(env!("CARGO_BIN_EXE_ci")).arg("races").env("PATH", "").output().unwrap();
    assert_eq!(races.status.code(), Some(2));
    let stderr = String::from_utf8(races.stderr).unwrap();
    assert!(stderr.contains("run: rustup toolchain install nightly"), "{stderr}");
}

#[test]
fn an_unknown_fuzz_target_is_bad_input() {
    assert_eq!(ci(&["fuzz", "no-such-target"]).0, Some(2));
}
