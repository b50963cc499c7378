//! The page of the faults: each of its rows, run again under this engine.
#![cfg(any(loom, shuttle))]

mod worker_support;

use std::fs;
use std::path::Path;

use lwp_loom_tests::faults::{Catch, Mistake, caught_on, notices, with_row};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::pages;
use lwp_loom_tests::suite::Scope;
use lwp_loom_tests::worker::ENGINE;
use worker_support::explore;

// A score that was measured once is believed for ever, whatever has become of the programs and of the engine since.
#[test]
fn every_row_of_the_page_of_the_faults_is_what_its_program_does_now() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = fs::read_to_string(&path).unwrap();
    let all = Mistake::all(&sites(Scope::Default));
    let mut measured = page.clone();
    let mut rows = 0;
    for (name, program, _) in caught_on(&page).into_iter().filter(|(.., engine)| *engine == ENGINE) {
        let mistake = all.iter().find(|mistake| mistake.name() == name);
        let mistake = mistake.unwrap_or_else(|| panic!("there is no mistake {name}"));
        let finding = explore(&mistake.job(program));
        assert!(notices(&finding), "{program} does not notice {name} any more: cargo ci faults {name}");
        measured = with_row(&measured, mistake, &Catch::by(finding)).expect("the row is there");
        rows += 1;
    }
    assert!(rows >= if cfg!(loom) { 20 } else { 250 }, "only {rows} rows are of this engine");
    pages::hold(&path, &measured);
}
