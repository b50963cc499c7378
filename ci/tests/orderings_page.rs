//! `cargo ci check`, end to end: it is green, its JSON is what machines expect, and the documentation says what it
//! measures.

mod table_support;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;

use lwp_loom_tests::explored::explored_page;
use lwp_loom_tests::generate::{Shape, programs};
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::pages;
use lwp_loom_tests::report::{Report, Run, orderings_page};
use lwp_loom_tests::suite::Scope;
use table_support::{PAIRS, SHAPES, TRIPLES, WRITTEN, in_thousands, with_cells};

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
    // For the lock layer no bound is set, but that loom may miss something where three threads exchange words; the
    // protocol's are declared, and nothing else cuts a program short.
    let may_be_bounded = |name: &str| name.starts_with("lwp-") || name.ends_with("-of-three");
    for run in &report.runs {
        let complete = matches!(run.verdict, Verdict::Complete | Verdict::Defect) && run.bound.is_none();
        let as_declared = run.engine == "loom" && may_be_bounded(&run.name) && run.declared.is_some();
        assert!(complete || as_declared, "{run:?}");
    }
    assert!(!report.bounded.is_empty() && report.bounded.iter().all(|program| program.seen == program.of));
    assert!(!report.incomplete && report.undecided.is_empty());

    // Nothing but a lost or doubled execution can make the engines count differently: no program has an outcome that
    // only weak memory brings about, and turns of a wait that change nothing are no part of an execution to either.
    assert!(report.compared > 0 && report.differences.is_empty(), "{:?}", report.differences);
    let is_of_locks = |run: &&Run| ["netbsd", "illumos", "spin"].iter().any(|of| run.name.starts_with(of));
    let of_locks: Vec<&Run> =
        report.runs.iter().filter(is_of_locks).filter(|run| run.engine == "loom").collect();
    assert!(of_locks.len() >= Shape::ALL.len(), "{of_locks:?}");
    for run in of_locks {
        let other = report.runs.iter().find(|other| other.engine == "complete" && other.name == run.name);
        assert_eq!(other.map(|other| other.distinct), Some(run.distinct), "{}", run.name);
    }

    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = docs.join("README.md");
    let explored = fs::read_to_string(&readme).unwrap();
    let explored = of_the_protocol(&report, &of_the_lock_layer(&report, &explored));
    let measured = [
        (readme, explored),
        (docs.join("docs/orderings.md"), orderings_page(&report.orderings)),
        (docs.join("docs/explored.md"), explored_page(&report.runs)),
    ];
    // Of several that are not what they should be, each is told.
    let differs =
        |(page, measured): &&(PathBuf, String)| catch_unwind(|| pages::hold(page, measured)).is_err();
    assert_eq!(measured.iter().filter(differs).count(), 0, "so many pages are not what is measured");
}

/// The README with what was explored of each shape of which this check explores all programs.
fn of_the_lock_layer(report: &Report, readme: &str) -> String {
    let mut explored = readme.to_owned();
    let mut held = 0;
    for (shape, label) in Shape::ALL.into_iter().zip(SHAPES) {
        if programs(shape, Scope::Default).len() == programs(shape, Scope::Full).len() {
            let of_three = format!("{}-of-three", shape.name());
            let of = |engine| sum(report, engine, |run| run.name == shape.name() || run.name == of_three);
            let ((executions, distinct), (_, complete)) = (of("loom"), of("complete"));
            let cells = [executions, distinct, complete].map(in_thousands);
            explored = with_cells(&explored, label, &(3..).zip(cells).collect::<Vec<_>>());
            held += 1;
        }
    }
    assert!(held > Shape::ALL.len() / 2, "only {held} shapes are explored as a whole");
    explored
}

/// The README with what was explored of the protocol, repaired. loom explores one of the programs that were written by hand,
/// and those of three LWPs, in the full check only.
fn of_the_protocol(report: &Report, readme: &str) -> String {
    let generated = |run: &Run| run.name.contains("-pairs-") || run.name.contains("-triples-");
    let repaired = |run: &Run| run.name.starts_with("lwp-") && run.variant == "repaired";
    let (_, written) = sum(report, "complete", |run| repaired(run) && !generated(run));
    let (_, pairs) = sum(report, "complete", |run| repaired(run) && run.name.contains("-pairs-"));
    let (pairs_under_loom, _) = sum(report, "loom", |run| repaired(run) && run.name.contains("-pairs-"));
    let (_, triples) = sum(report, "complete", |run| repaired(run) && run.name.contains("-triples-"));
    let explored = with_cells(readme, WRITTEN, &[(2, in_thousands(written))]);
    let cells = [(2, in_thousands(pairs)), (3, in_thousands(pairs_under_loom))];
    with_cells(&with_cells(&explored, PAIRS, &cells), TRIPLES, &[(2, in_thousands(triples))])
}

/// The executions of some families under an engine, and how many of them are distinct.
fn sum(report: &Report, engine: &str, wanted: impl Fn(&Run) -> bool) -> (u64, u64) {
    let runs: Vec<&Run> = report.runs.iter().filter(|run| run.engine == engine && wanted(run)).collect();
    assert!(!runs.is_empty(), "nothing of what is wanted ran under {engine}");
    (runs.iter().map(|run| run.executions).sum(), runs.iter().map(|run| run.distinct).sum())
}
