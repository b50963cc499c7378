//! `cargo ci check`, end to end: it is green, its JSON is what machines expect, and the documentation says what it
//! measures.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use lwp_loom_tests::explored::explored_page;
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::report::{Report, Run, orderings_page};

/// A page that was written down once is believed for ever; what it says must be what is measured now. Run with
/// `UPDATE_PAGES=1` to write it anew.
#[test]
fn the_check_is_green_the_engines_agree_and_the_orderings_page_is_what_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("check.json");
    let status =
        Command::new(env!("CARGO_BIN_EXE_ci")).args(["check", "--json"]).arg(&json).status().unwrap();
    assert!(status.success(), "{status}");

    let report: Report = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    // No bound is set for the lock layer; the protocol's are declared, and nothing else cuts a program short.
    for run in &report.runs {
        let complete = matches!(run.verdict, Verdict::Complete | Verdict::Defect) && run.bound.is_none();
        let as_declared = run.engine == "loom" && run.name.starts_with("lwp-") && run.declared.is_some();
        assert!(complete || as_declared, "{run:?}");
    }
    assert!(!report.bounded.is_empty() && report.bounded.iter().all(|program| program.seen == program.of));
    assert!(!report.incomplete && report.undecided.is_empty());

    // Nothing but a lost or doubled execution can make the engines count differently: no program has an outcome that
    // only weak memory brings about, and turns of a wait that change nothing are no part of an execution to either.
    assert!(report.compared > 0 && report.differences.is_empty(), "{:?}", report.differences);
    let is_of_locks = |run: &&Run| ["netbsd", "illumos", "spin"].iter().any(|of| run.name.starts_with(of));
    for run in report.runs.iter().filter(is_of_locks).filter(|run| run.engine == "loom") {
        let other = report.runs.iter().find(|other| other.engine == "complete" && other.name == run.name);
        assert_eq!(other.map(|other| other.distinct), Some(run.distinct), "{}", run.name);
    }

    for (name, measured) in
        [("orderings.md", orderings_page(&report.orderings)), ("explored.md", explored_page(&report.runs))]
    {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        if env::var_os("UPDATE_PAGES").is_some() {
            fs::write(page, measured).unwrap();
        } else {
            assert_eq!(fs::read_to_string(page).unwrap(), measured, "run this test with UPDATE_PAGES=1");
        }
    }
}
