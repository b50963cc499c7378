//! Nightly cargo, for what stable cargo cannot do.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::backend::workspace;
use crate::error::Error;

/// rustup's cargo, which knows what `+nightly` is. `$CARGO` is a toolchain's own, which does not.
pub fn nightly() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg("+nightly").current_dir(workspace());
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    cargo
}

/// Fails with what to install if nightly cargo cannot do this.
pub fn needs(args: &[&str], install: &str) -> Result<(), Error> {
    let status = nightly().args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err(Error::Input(format!("`cargo +nightly {}` does not run; run: {install}", args.join(" "))))
    }
}

/// Fails with what to install if nightly has no source of the standard library.
pub fn needs_source() -> Result<(), Error> {
    let sysroot = Command::new("rustc").args(["+nightly", "--print", "sysroot"]).output();
    let sysroot = sysroot.map(|rustc| String::from_utf8_lossy(&rustc.stdout).trim().to_string());
    let library = "lib/rustlib/src/rust/library/Cargo.toml";
    if sysroot.is_ok_and(|sysroot| Path::new(&sysroot).join(library).is_file()) {
        Ok(())
    } else {
        let install = "rustup component add rust-src --toolchain nightly";
        Err(Error::Input(format!("nightly has no source of the standard library; run: {install}")))
    }
}
