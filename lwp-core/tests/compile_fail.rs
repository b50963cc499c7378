//! What types can refuse does not compile. Each refused program, `ui/NAME_fails.rs`, stands beside a twin,
//! `ui/NAME_compiles.rs`, that differs in one line, compiles and runs: so it is that line which is refused.
//!
//! The messages are those of the compiler that CI uses; `TRYBUILD=overwrite` writes them anew.
#![cfg(not(any(loom, shuttle)))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Misuse that slips past the types would be found at run time at best.
#[test]
fn misuse_does_not_compile_and_its_twins_do() {
    let t = trybuild::TestCases::new();
    for name in pairs() {
        t.pass(format!("tests/ui/{name}_compiles.rs"));
        let expected = fs::read_to_string(ui().join(format!("{name}_fails.stderr"))).unwrap_or_default();
        if expected.contains("$RUST") && std_is_quoted() {
            eprintln!("{name}: not compared, the message would quote the standard library's source");
        } else {
            t.compile_fail(format!("tests/ui/{name}_fails.rs"));
        }
    }
}

/// Whether the compiler has the standard library's source (the component `rust-src`), and quotes it in messages.
fn std_is_quoted() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Command::new(rustc).args(["--print", "sysroot"]).output().unwrap();
    Path::new(String::from_utf8(out.stdout).unwrap().trim()).join("lib/rustlib/src/rust/library").exists()
}

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

/// The names of all pairs.
fn pairs() -> BTreeSet<String> {
    let (mut refused, mut twins) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(ui()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix("_fails.rs") {
            refused.insert(name.to_owned());
        } else if let Some(name) = name.strip_suffix("_compiles.rs") {
            twins.insert(name.to_owned());
        } else {
            assert!(name.ends_with("_fails.stderr"), "{name} belongs to no pair");
        }
    }
    assert!(!refused.is_empty());
    assert_eq!(refused, twins);
    refused
}

/// A refused program without a twin, or with one that differs in more, may be refused for another reason than the
/// one in its name.
#[test]
fn each_refused_program_differs_from_its_twin_in_one_line() {
    for name in pairs() {
        let read = |kind| fs::read_to_string(ui().join(format!("{name}_{kind}.rs"))).unwrap();
        let (fails, compiles) = (read("fails"), read("compiles"));
        assert_eq!(fails.lines().count(), compiles.lines().count(), "{name}");
        let differing = fails.lines().zip(compiles.lines()).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 1, "{name}");
    }
}
