//! `docs/mapping.md` says nothing that is not so.

use std::fs;
use std::path::{Path, PathBuf};

use lwp_loom_tests::litmus;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of all sources in a folder.
fn sources(folder: &str) -> String {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let files =
        entries.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "rs"));
    files.map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// The words between back quotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_row_of_the_mapping_is_carried() {
    let page = fs::read_to_string(workspace().join("docs/mapping.md")).unwrap();
    let functions = sources("lwp-core/src/netbsd");
    let tests = sources("lwp-core/tests") + &sources("lwp-loom-tests/tests");
    let (table, rest) = page.split_once("## Transitions").unwrap();
    let (differences, defects) = rest.split_once("## Defects").unwrap();
    let exists = |name: &str| litmus::all().any(|l| l.name == name) || tests.contains(&format!("fn {name}("));
    let mut lines = [0, 0];
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [.., ours, carried] = cells[..] else { panic!("{row}") };
        if let [_, r1_62, r1_69_2_6, ..] = cells[..]
            && cells.len() == 5
        {
            for (line, count) in [r1_62, r1_69_2_6].into_iter().zip(&mut lines) {
                assert!(line == "-" || line.starts_with('L'), "{row}");
                *count += usize::from(line != "-");
            }
        }
        for function in quoted(ours) {
            assert!(functions.contains(&format!("fn {function}")), "{row}: there is no {function}");
        }
        assert!(!quoted(ours).is_empty() && !quoted(carried).is_empty(), "{row}");
        for name in quoted(carried) {
            assert!(exists(name), "{row}: there is no {name}");
        }
    }
    assert_eq!(lines, [29, 33], "1.62 has 29 functions, 1.69.2.6 has 33");
    for row in differences.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let told_by = row.trim_matches('|').rsplit(" | ").next().unwrap();
        let programs: Vec<&str> = quoted(told_by).into_iter().filter(|name| exists(name)).collect();
        assert!(!programs.is_empty() || told_by.contains("nobody: "), "{row}");
    }
    for repair in lwp_core::netbsd::Repair::ALL {
        assert!(defects.contains(&format!("| `{}` |", repair.name())), "{} has no row", repair.name());
    }
}
