//! What comes of a command where nobody reads what it prints, or there is no room for it.
#![cfg(unix)]

use std::fs::{self, File};
use std::io;
use std::process::{Command, Stdio};

use tempfile::{TempDir, tempdir};

/// Where nobody reads any more.
fn gone() -> Stdio {
    let (_, writer) = io::pipe().unwrap();
    writer.into()
}

/// Where there is no room.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("p.litmus"), "lwp a { exit }\n").unwrap();
    fs::write(folder.path().join("untidy.litmus"), "lwp   a { exit }\n").unwrap();
    fs::write(folder.path().join("bad.litmus"), "lwp a { wiat a }\n").unwrap();
    folder
}

/// A command in the folder, with a fake worker where it takes one.
fn ci(folder: &TempDir, args: &[&str]) -> Command {
    let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
    ci.args(args).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    if args[0] == "check" {
        let fake = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
        ci.args(["--engine", "complete", "--worker", fake]).env("FAKE_WORKER", "engine=complete complete");
    }
    ci
}

// Whoever pipes a list into `head` has seen enough, and nothing is wrong; where a disk is full something is.
#[test]
fn a_list_ends_quietly_where_its_reader_goes_away_and_fails_where_there_is_no_room() {
    let folder = folder();
    for args in [&["list"][..], &["list", "p.litmus"], &["generate"], &["generate", "2x2"], &["defects"]] {
        let out = ci(&folder, args).stdout(gone()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((out.status.code(), out.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
        let out = ci(&folder, args).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.starts_with("error: cannot print: ") && said.lines().count() == 1, "{said}");
    }
}

// A report is worth the hours that it took, whoever reads what is printed beside it.
#[test]
fn a_report_is_written_and_the_status_is_the_checks_where_nobody_reads() {
    let folder = folder();
    let report = folder.path().join("report.json");
    let lost: [fn() -> Stdio; 2] = [gone, full];
    for lost in lost {
        let args = ["check", "p.litmus", "--json", "report.json"];
        assert_eq!(ci(&folder, &args).stderr(lost()).status().unwrap().code(), Some(0));
        assert!(fs::read_to_string(&report).unwrap().ends_with("}\n"));
        fs::remove_file(&report).unwrap();
        let mut failing = ci(&folder, &args);
        failing.env("FAKE_WORKER", "abort").stdout(lost()).stderr(lost());
        assert_eq!(failing.status().unwrap().code(), Some(1));
        assert!(fs::read_to_string(&report).unwrap().ends_with("}\n"));
        fs::remove_file(&report).unwrap();
    }
    let args = ["check", "p.litmus", "--json", "report.json"];
    assert_eq!(ci(&folder, &args).stdout(gone()).status().unwrap().code(), Some(0));
    assert!(report.exists());
}

// A script that asks for the status alone must get the one that it would have got.
#[test]
fn what_is_wrong_gives_its_status_where_nobody_reads_that_it_is() {
    let folder = folder();
    let lost: [fn() -> Stdio; 2] = [gone, full];
    for lost in lost {
        for (args, status) in [
            (&["list", "bad.litmus"][..], 2),
            (&["list", "no-such-program"], 2),
            (&["check", "bad.litmus"], 2),
            (&["check", "--sample", "0"], 2),
            (&["fmt-programs", "--check", "untidy.litmus"], 1),
        ] {
            let ended = ci(&folder, args).stdout(lost()).stderr(lost()).status().unwrap();
            assert_eq!(ended.code(), Some(status), "{args:?}");
        }
    }
}
