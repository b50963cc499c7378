//! The page of the faults: it names what there is, no more and no less.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use lwp_loom_tests::faults::{FaultReport, Mistake, caught_on, names_on};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::pages;
use lwp_loom_tests::suite::Scope;

/// A fault that is not on the page has never been caught, and one that is gone was caught by nobody. Run with
/// `UPDATE_PAGES=1` to measure the page anew, which takes a while, or with `UPDATE_PAGES=FILE` to write it from what
/// `cargo ci faults --json FILE` has measured.
#[test]
fn the_page_of_the_faults_names_each_of_them_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = fs::read_to_string(&path).unwrap();
    let (table, by_hand) = page.split_at(page.find(BY_HAND).expect("the page tells of mutants"));
    if let Some(how) = env::var_os(pages::UPDATE) {
        let measured = Path::new(&how);
        let report = if measured.is_file() { fs::read_to_string(measured).unwrap() } else { measure() };
        let report: FaultReport = serde_json::from_str(&report).unwrap();
        assert!(!report.incomplete, "the run was stopped before its end");
        pages::hold(&path, &(report.page() + by_hand));
    }
    let mut on_page = names_on(table);
    let all = Mistake::all(&sites(Scope::Default));
    let mut there: Vec<String> = all.iter().map(Mistake::name).collect();
    on_page.sort();
    there.sort();
    assert_eq!(on_page, there, "run this test with UPDATE_PAGES=1");
    // What is declared is a sentence of the code's; the page must not keep an older one.
    for why in all.iter().filter_map(Mistake::equivalent) {
        assert!(table.contains(why), "run this test with UPDATE_PAGES=1: {why}");
    }
    // The rows of the second table have no engine.
    let (equivalent, caught) = (all.iter().filter_map(Mistake::equivalent).count(), caught_on(table).len());
    let score =
        format!("Score: {caught} of {} caught; {equivalent} more are equivalent.", all.len() - equivalent);
    assert!(caught > 0 && table.contains(&score), "the page does not say: {score}");
}

/// What begins the part of the page that nobody measures.
const BY_HAND: &str = "\n## Mutants\n";

/// A report, of a run of the command.
fn measure() -> String {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("faults.json");
    let status =
        Command::new(env!("CARGO_BIN_EXE_ci")).args(["faults", "--json"]).arg(&json).status().unwrap();
    // 1 where a mistake is open: the page says so.
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    fs::read_to_string(&json).unwrap()
}
