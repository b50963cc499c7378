//! Movements of the lock pointer against a sequential model: see `lwp_loom_tests::fuzzing::lock_pointer`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lwp_loom_tests::fuzzing::lock_pointer::{Program, run};

fuzz_target!(|program: Program| {
    if let Err(mismatch) = run(&program) {
        panic!("{mismatch}");
    }
});
