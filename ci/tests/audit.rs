//! `cargo ci audit` from outside, with a fake worker that does for every program what `FAKE_WORKER` says.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use lwp_loom_tests::audit::{Audit, Standing};

fn dir(test: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("audit").join(test)
}

/// An audit in a folder of the test's own.
fn audit(test: &str, worker: &str, json: &str) -> (Option<i32>, String, String) {
    let dir = dir(test);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let fake = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
    let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
    ci.args(["audit", "--engine", "loom", "--worker", fake, "--json", json]);
    ci.env("FAKE_WORKER", worker).current_dir(dir).stdin(Stdio::null());
    let Output { status, stdout, stderr } = ci.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn json(test: &str) -> Audit {
    serde_json::from_slice(&fs::read(dir(test).join("audit.json")).unwrap()).unwrap()
}

#[test]
fn what_is_declared_is_green() {
    let (status, stdout, stderr) = audit("declared", "edge=p_smutex/sq_mutex complete", "audit.json");
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("here.rs:1") && stdout.contains("declared, not observed"), "{stdout}");
    assert!(json("declared").is_green());
}

#[test]
fn an_edge_that_nothing_explains_is_named_and_is_not_green() {
    let (status, stdout, _) =
        audit("undeclared", "edge=p_smutex/sq_mutex edge=sq_mutex/p_smutex complete", "audit.json");
    assert_eq!(status, Some(1), "{stdout}");
    assert!(stdout.contains("UNDECLARED, observed"), "{stdout}");
    let short = |revision| {
        format!("netbsd {revision} does not keep its declared order in 1 place, 1 of them not recorded")
    };
    assert!(stdout.ends_with(&format!("not green: {}; {}\n", short("1.62"), short("1.69.2.6"))), "{stdout}");
    for order in json("undeclared").orders {
        let other = order.others.iter().find(|other| other.standing == Standing::Undeclared).unwrap();
        assert_eq!((other.held.as_str(), other.taken.as_str()), ("sq_mutex", "p_smutex"));
    }
}

#[test]
fn a_worker_without_a_witness_agrees_with_nothing() {
    let (status, stdout, _) = audit("blind", "complete", "audit.json");
    assert_eq!(status, Some(1));
    assert!(stdout.contains("nothing was observed"), "{stdout}");
}

#[test]
fn what_is_cut_short_is_not_green() {
    for worker in ["edge=p_smutex/sq_mutex bounded", "edge=p_smutex/sq_mutex failed"] {
        let (status, stdout, _) = audit("cut", worker, "audit.json");
        assert_eq!(status, Some(1), "{worker}");
        assert!(stdout.contains("incomplete: ") && !stdout.contains("\ncomplete"), "{stdout}");
    }
}

#[test]
fn an_audit_that_cannot_be_written_is_found_before_anything_runs() {
    let (status, stdout, stderr) = audit("unwritable", "touch=ran complete", "no/such/folder/audit.json");
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("no/such/folder/audit.json"), "{stderr}");
    assert!(!dir("unwritable").join("ran").exists());
}
