//! Per-LWP data is not interlocked: what the callers must see to themselves is reported where they do not.
#![cfg(shuttle)]

use lwp_loom_tests::engine::complete;
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::Case;

#[track_caller]
fn is_a_data_race(text: &str) {
    let case =
        Case::of_text("lwp/1.69.2.6/repaired/2-cpus/misuse", text).expect("the name is a case's").unwrap();
    let exploration = complete::explore(&case.name(), &Limits::default(), move || drop(case.run()));
    assert_eq!(exploration.verdict, Verdict::Failed);
    let message = exploration.message.expect("a failure says how");
    assert!(message.contains("data race"), "{message}");
}

#[test]
fn deleting_a_key_that_its_owner_uses_is_a_data_race() {
    is_a_data_race("lwp a { key-create; set 0; continue b; get 0 }\nlwp b suspended { key-delete 0 }");
    is_a_data_race("lwp a { key-create; set 0; continue b; set 0 }\nlwp b suspended { key-delete 0 }");
}

#[test]
fn looking_at_data_that_its_owner_changes_is_a_data_race() {
    is_a_data_race("lwp a { key-create; set 0; continue b; set 0 }\nlwp b suspended { get-of a }");
    is_a_data_race("lwp a { key-create; continue b; set 0 }\nlwp b suspended { get-of a }");
    is_a_data_race("lwp a { key-create; set 0; continue b; exit }\nlwp b suspended { get-of a }");
}
