//! The page of the faults: each of its rows, run again under this engine.
#![cfg(any(loom, shuttle))]

mod worker_support;

use std::fs;
use std::path::Path;

use lwp_loom_tests::faults::{Catch, Mistake, caught_on, notices, with_row};
use lwp_loom_tests::job::Job;
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::pages;
use lwp_loom_tests::suite::Scope;
use lwp_loom_tests::worker::ENGINE;
use worker_support::explore_all;

// A score that was measured once is believed for ever, whatever has become of the programs and of the engine since.
#[test]
fn every_row_of_the_page_of_the_faults_is_what_its_program_does_now() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = fs::read_to_string(&path).unwrap();
    let all = Mistake::all(&sites(Scope::Default));
    let of_this_engine = caught_on(&page).into_iter().filter(|(.., engine)| *engine == ENGINE);
    let rows: Vec<(&Mistake, &str)> = of_this_engine
        .map(|(name, program, _)| {
            let mistake = all.iter().find(|mistake| mistake.name() == name);
            (mistake.unwrap_or_else(|| panic!("there is no mistake {name}")), program)
        })
        .collect();
    assert!(rows.len() >= if cfg!(loom) { 20 } else { 250 }, "only {} rows are of this engine", rows.len());
    let jobs: Vec<Job> = rows.iter().map(|(mistake, program)| mistake.job(program)).collect();
    let mut measured = page.clone();
    for ((mistake, program), finding) in rows.iter().zip(explore_all(&jobs)) {
        let name = mistake.name();
        assert!(notices(&finding), "{program} does not notice {name} any more: cargo ci faults {name}");
        measured = with_row(&measured, mistake, &Catch::by(finding)).expect("the row is there");
    }
    pages::hold(&path, &measured);
}
