//! The page of the faults: it names what there is, no more and no less.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use lwp_loom_tests::faults::{FaultReport, Mistake, names_on};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::suite::Scope;

/// A fault that is not on the page has never been caught, and one that is gone was caught by nobody. Run with
/// `UPDATE_PAGES=1` to measure the page anew, which takes a while.
#[test]
fn the_page_of_the_faults_names_each_of_them_once() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    if env::var_os("UPDATE_PAGES").is_some() {
        let dir = tempfile::tempdir().unwrap();
        let json = dir.path().join("faults.json");
        let status =
            Command::new(env!("CARGO_BIN_EXE_ci")).args(["faults", "--json"]).arg(&json).status().unwrap();
        // 1 where a mistake is open: the page says so.
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        let report: FaultReport = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        fs::write(&page, report.page()).unwrap();
    }
    let page = fs::read_to_string(page).unwrap();
    let mut on_page = names_on(&page);
    let all = Mistake::all(&sites(Scope::Default));
    let mut there: Vec<String> = all.iter().map(Mistake::name).collect();
    on_page.sort();
    there.sort();
    assert_eq!(on_page, there, "run this test with UPDATE_PAGES=1");
    // What is declared is a sentence of the code's; the page must not keep an older one.
    for why in all.iter().filter_map(Mistake::equivalent) {
        assert!(page.contains(why), "run this test with UPDATE_PAGES=1: {why}");
    }
}
