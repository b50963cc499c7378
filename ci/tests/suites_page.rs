//! The page of the suites: what it says of the small ones is what is counted now.

mod table_support;

use std::fs;
use std::path::Path;
use std::process::Command;

use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::pages;
use lwp_loom_tests::report::{Report, Run};
use table_support::{in_thousands, with_cells};

/// The suites that are explored here. The page says of the others when they were.
const SUITES: [&str; 2] = ["2x2", "3x1"];

// A suite that holds is the claim that most rests on; how much was explored for it must not be last year's.
#[test]
fn the_small_suites_hold_and_the_page_says_what_was_explored() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("suites.json");
    let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
    ci.args(["check", "--engine", "complete", "--variant", "repaired", "--json"]).arg(&json);
    ci.args(SUITES.iter().flat_map(|suite| ["--suite", suite]));
    assert!(ci.status().unwrap().success());
    let report: Report = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/suites.md");
    let page = fs::read_to_string(&path).unwrap();
    // What is told of the sources has rows that begin so too.
    let (known, of_the_sources) =
        page.split_at(page.find("\n## What the sources do").expect("the page tells"));
    let mut known = known.to_owned();
    let mut held = 0;
    for suite in SUITES {
        for revision in ["1.62", "1.69.2.6"] {
            let of = |run: &&Run| run.system == format!("netbsd-{revision}") && run.name.contains(suite);
            let runs: Vec<_> = report.runs.iter().filter(of).collect();
            let [run] = runs[..] else { panic!("{suite} of {revision}: {runs:?}") };
            assert_eq!((run.verdict, &run.bound), (Verdict::Complete, &None), "{run:?}");
            let counts = [(2, in_thousands(run.programs)), (3, in_thousands(run.executions))];
            known = with_cells(&known, &format!("{suite} | {revision}"), &counts);
            held += 1;
        }
    }
    assert_eq!(held, 2 * SUITES.len());
    pages::hold(&path, &(known + of_the_sources));
}

// A cell of another row would be written over, and the page held against what it says itself.
#[test]
fn the_cells_of_one_row_are_replaced_and_nothing_else() {
    let table = "| a | b | c |\n|---|---|---|\n| x | 1 | one |\n| y | 2 | two |\n";
    let other = "| a | b | c |\n|---|---|---|\n| x | 1 | one |\n| y | 1,000 | two |\n";
    assert_eq!(with_cells(table, "y", &[(1, in_thousands(1000u64))]), other);
    assert_eq!(with_cells(table, "x", &[]), table);
    let written = [0u64, 999, 314_623, 1_000_000].map(in_thousands);
    assert_eq!(written, ["0", "999", "314,623", "1,000,000"]);
}
