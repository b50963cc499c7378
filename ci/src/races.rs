//! `cargo ci races`: the tests on real threads under ThreadSanitizer.
//!
//! It judges by what happens before what in C11, not by what the processor did: an access that only x86 orders is
//! reported too. The standard library is built with it, because a mutex that it cannot see would order nothing. So there
//! are no suppressions.

use std::process::Command;

use crate::backend::Backend;
use crate::error::Error;
use crate::nightly::{needs, needs_source, nightly};
use crate::say;

/// Everything of lwp-core that runs many threads, and the bodies that run on every back end; the first has a race.
const TESTS: [&str; 7] =
    ["race_canary", "lwp", "lwp_stress", "stress", "netbsd_protocol", "examples", "facade"];

/// Runs the canary, which must be reported, and then the tests, which must not.
pub fn races() -> Result<(), Error> {
    needs(&["--version"], "rustup toolchain install nightly")?;
    needs_source()?;
    say::line("==> build, the standard library too");
    succeeds(sanitized(&TESTS).arg("--no-run"), "the tests do not build")?;

    let (canary, tests) = TESTS.split_first().expect("there are some");
    say::line(format_args!("\n==> {canary}"));
    let out = sanitized(&[canary]).args(["--", "--ignored", "--nocapture"]).output().map_err(no_cargo)?;
    if out.status.success() || !String::from_utf8_lossy(&out.stderr).contains("ThreadSanitizer: data race") {
        return Err(Error::Failed(
            "its race is not reported: silence about the tests would mean nothing".into(),
        ));
    }
    say::line("its race is reported");

    say::line(format_args!("\n==> {}", tests.join(", ")));
    succeeds(&mut sanitized(tests), "a race, or a test that fails")?;
    say::line("\nno race");
    Ok(())
}

/// A cargo that tests these under ThreadSanitizer.
fn sanitized(tests: &[&str]) -> Command {
    let mut cargo = nightly();
    let packages = ["-p", "lwp-core", "-p", "lwp-loom-tests"];
    cargo.args(["test", "-Zbuild-std", "--target", "host-tuple"]).args(packages);
    cargo.args(tests.iter().flat_map(|test| ["--test", test]));
    cargo
        .env("RUSTFLAGS", "-Zsanitizer=thread")
        .env("CARGO_TARGET_DIR", Backend::Std.target_dir().join("races"))
        .env_remove("TSAN_OPTIONS");
    cargo
}

fn succeeds(cargo: &mut Command, otherwise: &str) -> Result<(), Error> {
    let status = cargo.status().map_err(no_cargo)?;
    if status.success() { Ok(()) } else { Err(Error::Failed(format!("{otherwise}: {status}"))) }
}

fn no_cargo(e: std::io::Error) -> Error {
    Error::Failed(format!("cannot run cargo: {e}"))
}
