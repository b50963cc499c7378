//! What the README says that there is: counted, and nothing explored. What it says was explored is held by the check's test.

mod table_support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lwp_loom_tests::generate::{Shape, programs};
use lwp_loom_tests::litmus::{Case, Origin, Variant};
use lwp_loom_tests::pages;
use lwp_loom_tests::reach::Loom;
use lwp_loom_tests::suite::Scope;
use table_support::{PAIRS, SHAPES, TRIPLES, WRITTEN, in_thousands, with_cells};

// A number in a sentence stays when programs come and go.
#[test]
fn the_readme_counts_the_programs_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut counted = readme.clone();
    for (shape, label) in Shape::ALL.into_iter().zip(SHAPES) {
        let all = in_thousands(programs(shape, Scope::Full).len());
        counted = with_cells(&counted, label, &[(2, all)]);
    }

    let all = Case::all();
    let of = |origin, variant: fn(&Case) -> bool| -> Vec<&Case> {
        all.iter().filter(|case| case.origin() == origin && variant(case)).collect()
    };
    let repaired: fn(&Case) -> bool = |case| case.variant == Variant::Repaired;
    let written = of(Origin::Written, repaired);
    let under_loom =
        |reaches: fn(&Loom) -> bool| written.iter().filter(|case| reaches(&case.litmus.loom)).count();
    let [complete, bounded, left_out] = [
        under_loom(|loom| *loom == Loom::Complete),
        under_loom(|loom| matches!(loom, Loom::Bounded(_))),
        under_loom(|loom| matches!(loom, Loom::NotAtAll(_))),
    ];
    let how_far = format!("{complete} complete, {bounded} bounded, {left_out} left out, each as it declares");
    let row = [(1, in_thousands(written.len())), (4, how_far)];
    counted = with_cells(&counted, WRITTEN, &row);
    let (pairs, triples) = (of(Origin::Pairs, repaired), of(Origin::Triples, repaired));
    for (label, cases) in [(PAIRS, &pairs), (TRIPLES, &triples)] {
        assert!(!cases.is_empty(), "{label}");
        counted = with_cells(&counted, label, &[(1, in_thousands(cases.len()))]);
    }
    pages::hold(&path, &counted);

    let fails: fn(&Case) -> bool = |case| case.variant == Variant::AsWritten && !case.must_show().is_empty();
    let failing = [of(Origin::Pairs, fails), of(Origin::Triples, fails)].concat();
    let defects: BTreeSet<&str> =
        failing.iter().flat_map(|case| case.defects().map(|defect| defect.repair.name())).collect();
    let (failing, of_all) = (failing.len(), in_thousands(pairs.len() + triples.len()));
    let says = format!("As written {failing} of the {of_all} pairs and triples fail, by four of the defects");
    assert!(failing > 0 && defects.len() == 4, "{defects:?}");
    assert!(
        readme.split_whitespace().collect::<Vec<_>>().join(" ").contains(&says),
        "it does not say: {says}"
    );
}
