//! `docs/upstream.md` leaves nothing out and names nothing that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lwp_loom_tests::litmus::collection;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap()
}

/// The words between back quotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_expectation_of_upstream_is_carried() {
    let page = read("docs/upstream.md");
    let tests = read("lwp-core/tests/upstream.rs");
    let tests =
        tests.split("#[test]\nfn ").skip(1).filter_map(|test| test.split_once('(')).map(|(name, _)| name);
    let upstream = Path::new(collection::FOLDER).join("upstream");
    let files = collection::files().into_iter().filter(|file| file.starts_with(&upstream));
    let programs: Vec<String> = files.map(|file| collection::name(&file)).collect();
    let there: BTreeSet<&str> = tests.chain(programs.iter().map(String::as_str)).collect();
    let mut carriers = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, _, _, _, _, carried] = cells[..] else { panic!("{row}") };
        assert!(quoted(carried).next().is_some(), "{row}");
        carriers.extend(quoted(carried));
    }
    assert!(there.len() > 30, "{there:?}");
    assert_eq!(carriers, there);
}
