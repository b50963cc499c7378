//! `cargo ci triage` from outside, with a worker that it builds.

use std::process::Command;

/// The rows of a part of a suite, each without the numbers of programs.
fn rows(suite: &str, shard: &str) -> Vec<String> {
    let ci =
        Command::new(env!("CARGO_BIN_EXE_ci")).args(["triage", suite, "--shard", shard]).output().unwrap();
    assert_eq!(ci.status.code(), Some(0), "{}", String::from_utf8_lossy(&ci.stderr));
    let printed = String::from_utf8(ci.stdout).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [_, revision, _, _, due, smallest] = cells[..] else { panic!("{line}") };
        let (due, _) = due.rsplit_once(": ").unwrap();
        format!("{revision} | {due} | {smallest}")
    };
    printed.lines().skip(2).map(row).collect()
}

/// A failure put down to the wrong defect would hide one that nobody has named yet.
#[test]
fn a_failure_is_due_to_what_alone_makes_it_go_away_or_to_all_that_it_takes() {
    let found = rows("2x2", "11/33");
    for row in [
        "1.62 | `detached-count` | `2x2/000010-f61273`: detached: one nothing; two (detached) wait one",
        "1.62 | `lost-continue` and `suspended-exit` | `2x2/000043-33ec22`: core: one nothing; two suspend one, exit-process",
        "1.69.2.6 | `detached-count` | `2x2/000010-f61273`: detached: one nothing; two (detached) wait one",
    ] {
        assert!(found.iter().any(|found| found == row), "{row} is not in {found:#?}");
    }
}

/// Where a repair is needed and does not do alone, but each other one can be missing, the row must not read as if it did.
#[test]
fn a_failure_that_needs_a_repair_and_any_of_several_is_not_put_down_to_that_repair_alone() {
    let program = "`2x3/044576-4e19e9`: core: one suspend two, wait any, detach two; two suspend one, wait any, exit-process";
    let due = "`suspended-exit` and another";
    assert_eq!(
        rows("2x3", "44577/113269"),
        ["1.62", "1.69.2.6"].map(|system| format!("{system} | {due} | {program}"))
    );
}

/// A failure that no repair explains is a defect without a name, or a fault of the model: whoever reads only the exit
/// status must hear of it.
#[test]
fn a_failure_that_no_repair_makes_go_away_has_no_name_and_status_1() {
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
    let ci = Command::new(env!("CARGO_BIN_EXE_ci"))
        .args(["triage", "2x2", "--shard", "1/4859", "--worker", worker])
        .env("FAKE_WORKER", "survives")
        .output()
        .unwrap();
    let printed = String::from_utf8(ci.stdout).unwrap();
    assert_eq!(
        (ci.status.code(), printed.matches("nothing that has a name: 1").count()),
        (Some(1), 2),
        "{printed}"
    );
}
