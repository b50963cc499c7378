//! What is fuzzed: generators and oracles, one module for each target in `fuzz/`, which is glue.

pub mod lock_pointer;
