//! What `docs/suites.md` says that failures of the sources are due to: each row's smallest program, asked again.
#![cfg(shuttle)]

mod worker_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use lwp_core::netbsd::Repair;
use lwp_loom_tests::job::Job;
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{Case, Variant};
use worker_support::{explore_in_turn, job};

/// A row of the table.
struct Row<'a> {
    suite: &'a str,
    revision: &'a str,
    programs: usize,
    fail: usize,
    /// The repairs that the failures need, and whether they need another too.
    due: Vec<Repair>,
    and_another: bool,
    count: usize,
    smallest: &'a str,
}

impl<'a> Row<'a> {
    fn of(line: &'a str) -> Row<'a> {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [suite, revision, programs, fail, due, smallest] = cells[..] else { panic!("{line}") };
        let (due, count) = due.rsplit_once(": ").expect("a row says how many");
        let named = due.split('`').skip(1).step_by(2);
        let repair =
            |name: &str| Repair::ALL.into_iter().find(|repair| repair.name() == name).expect("a repair");
        Row {
            suite,
            revision,
            programs: programs.parse().unwrap(),
            fail: fail.parse().unwrap(),
            due: named.map(repair).collect(),
            and_another: due.ends_with("and another"),
            count: count.parse().unwrap(),
            smallest: smallest.split('`').nth(1).expect("a program"),
        }
    }

    /// What is asked of its program: a variant, and whether it must fail in that.
    fn asked(&self) -> Vec<(Variant, bool)> {
        // Where one repair does alone, others may do as well.
        let alone = self.due.len() == 1 && !self.and_another;
        let only = self.due.iter().map(|repair| (Variant::Only(*repair), !alone));
        let without = self.due.iter().filter(|_| !alone).map(|repair| (Variant::Without(*repair), true));
        [(Variant::AsWritten, true), (Variant::Repaired, false)]
            .into_iter()
            .chain(only)
            .chain(without)
            .collect()
    }

    /// Its program in a variant.
    fn job(&self, variant: Variant) -> Job {
        let program = Arc::new(Suite::find(self.smallest).unwrap_or_else(|| panic!("no {}", self.smallest)));
        let cases = Case::all_of(&program);
        let case = cases.iter().find(|case| case.revision.name() == self.revision).expect("of the revision");
        job(&Case::new(program.clone(), case.revision, variant, case.cpus).name())
    }
}

// A defect that a later repair of the model mends by the way, or that the programs show no more, would stay on the page.
#[test]
fn the_smallest_program_of_each_row_fails_as_written_and_is_due_to_what_the_row_says() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/suites.md")).unwrap();
    let (_, table) = page.split_once("\n## What the sources do").expect("the page tells of the sources");
    let lines = table.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let rows: Vec<Row<'_>> = lines.map(Row::of).collect();
    let asked: Vec<(&Row<'_>, Variant, bool)> = rows
        .iter()
        .flat_map(|row| row.asked().into_iter().map(move |(variant, fails)| (row, variant, fails)))
        .collect();
    let jobs: Vec<Job> = asked.iter().map(|(row, variant, _)| row.job(*variant)).collect();
    for ((row, variant, fails), found) in asked.iter().zip(explore_in_turn(&jobs)) {
        let what = format!("{} of {}, {}", row.smallest, row.revision, variant.name());
        assert_eq!(found.fails(), *fails, "{what}: {:?}", found.message);
    }
    let mut sums: BTreeMap<_, usize> = BTreeMap::new();
    for row in &rows {
        assert!(!row.due.is_empty(), "{} is due to nothing", row.smallest);
        *sums.entry((row.suite, row.revision, row.programs, row.fail)).or_default() += row.count;
    }
    assert!(sums.len() >= 10, "{sums:?}");
    for ((suite, revision, programs, fail), sum) in sums {
        assert_eq!(sum, fail, "{suite} of {revision}: so many failures are accounted for");
        assert!(fail < programs, "{suite} of {revision}");
    }
}
