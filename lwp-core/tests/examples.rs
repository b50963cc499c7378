//! The examples run, and come to what they say.
#![cfg(not(any(loom, shuttle)))]

#[path = "../examples/children.rs"]
mod children;
#[path = "../examples/join_cycle.rs"]
mod join_cycle;
#[path = "../examples/snapshot.rs"]
mod snapshot;
#[path = "../examples/supervisor.rs"]
mod supervisor;

#[test]
fn a_pool_is_suspended_for_a_snapshot() {
    snapshot::main().unwrap();
}

#[test]
fn children_are_collected_in_any_order() {
    children::main().unwrap();
}

#[test]
fn a_join_cycle_is_told() {
    join_cycle::main().unwrap();
}

#[test]
fn a_supervisor_restarts_its_worker() {
    supervisor::main().unwrap();
}
