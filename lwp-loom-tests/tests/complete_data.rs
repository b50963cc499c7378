//! Per-LWP data is not interlocked: what the callers must see to themselves is reported where they do not.
#![cfg(shuttle)]

use lwp_core::netbsd::Revision;
use lwp_loom_tests::engine::complete;
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::{Case, Group, Litmus, Variant};
use lwp_loom_tests::reach::Loom;

#[track_caller]
fn is_a_data_race(lwps: &'static [&'static str]) {
    let litmus = Box::leak(Box::new(Litmus {
        revisions: &Revision::ALL,
        name: "misuse",
        group: Group::Written,
        about: "",
        lwps,
        cpus: &[2],
        defects: &[],
        loom: Loom::NotAtAll("it is to fail"),
        sometimes: &[],
    }));
    let case = Case { litmus, revision: Revision::R1_69_2_6, variant: Variant::Repaired, cpus: 2 };
    let exploration = complete::explore(&case.name(), &Limits::default(), move || drop(case.run()));
    assert_eq!(exploration.verdict, Verdict::Failed);
    let message = exploration.message.expect("a failure says how");
    assert!(message.contains("data race"), "{message}");
}

#[test]
fn deleting_a_key_that_its_owner_uses_is_a_data_race() {
    is_a_data_race(&["key-create set:0 continue:2 get:0", "suspended key-delete:0"]);
    is_a_data_race(&["key-create set:0 continue:2 set:0", "suspended key-delete:0"]);
}

#[test]
fn looking_at_data_that_its_owner_changes_is_a_data_race() {
    is_a_data_race(&["key-create set:0 continue:2 set:0", "suspended get-of:1"]);
    is_a_data_race(&["key-create continue:2 set:0", "suspended get-of:1"]);
    is_a_data_race(&["key-create set:0 continue:2 exit", "suspended get-of:1"]);
}
