//! The back ends of `lwp_core::sync`, the engines on them, and how cargo is run for each.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::error::Error;
use crate::say;

/// A back end of `lwp_core::sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Real threads.
    Std,
    /// Weak memory.
    Loom,
    /// Sequential consistency.
    Shuttle,
    /// The same, with nobody who could listen to an execution: only to measure what that costs.
    Unheard,
}

impl Backend {
    /// Every back end that programs run on; each must build without a warning.
    pub const ALL: &[Backend] = &[Backend::Std, Backend::Loom, Backend::Shuttle];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Std => "std",
            Backend::Loom => "loom",
            Backend::Shuttle => "shuttle",
            Backend::Unheard => "unheard",
        }
    }

    /// The flags that select it.
    pub fn rustflags(self) -> Option<&'static str> {
        match self {
            Backend::Std => None,
            Backend::Loom => Some("--cfg loom"),
            Backend::Shuttle => Some("--cfg shuttle"),
            Backend::Unheard => Some("--cfg shuttle --cfg unheard"),
        }
    }

    /// Its build folder. Back ends do not share one, so that switching between them rebuilds nothing; std has the
    /// folder that plain `cargo` uses.
    pub fn target_dir(self) -> PathBuf {
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let target = workspace().join(target);
        match self {
            Backend::Std => target,
            _ => target.join(self.name()),
        }
    }

    /// A cargo that builds for this back end, whatever flags the caller's environment has. rustdoc gets the same
    /// flags, because it is what builds doc tests.
    pub fn cargo(self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(workspace());
        for name in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_ENCODED_RUSTDOCFLAGS", "RUSTFLAGS", "RUSTDOCFLAGS"] {
            cargo.env_remove(name);
        }
        if let Some(flags) = self.rustflags() {
            cargo
                .env("RUSTFLAGS", flags)
                .env("RUSTDOCFLAGS", flags)
                .env("CARGO_TARGET_DIR", self.target_dir());
        }
        cargo
    }

    /// Builds its worker and returns the executable.
    pub fn build_worker(self) -> Result<PathBuf, Error> {
        let args = ["build", "--release", "-p", "lwp-loom-tests", "--bin", "worker"];
        say::aside(format_args!("building the {} worker, unless that is done already:", self.name()));
        match self.cargo().args(args).status() {
            Ok(status) if status.success() => {
                let name = format!("worker{}", env::consts::EXE_SUFFIX);
                Ok(self.target_dir().join("release").join(name))
            }
            Ok(status) => Err(Error::Failed(format!("the {} worker does not build: {status}", self.name()))),
            Err(e) => Err(Error::Failed(format!("cannot run cargo: {e}"))),
        }
    }

    /// What a user types before a cargo command to get the same.
    pub fn prefix(self) -> String {
        match self.rustflags() {
            Some(flags) => {
                let name = self.name();
                format!("RUSTFLAGS=\"{flags}\" RUSTDOCFLAGS=\"{flags}\" CARGO_TARGET_DIR=target/{name} ")
            }
            None => String::new(),
        }
    }
}

/// What explores programs: a back end that has a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Every execution that C11 allows.
    Loom,
    /// Every execution under sequential consistency, each equivalence class once.
    Complete,
}

impl Engine {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Loom => "loom",
            Engine::Complete => "complete",
        }
    }

    /// The back end that it is built on.
    pub fn backend(self) -> Backend {
        match self {
            Engine::Loom => Backend::Loom,
            Engine::Complete => Backend::Shuttle,
        }
    }

    /// Whether it tells memory orderings apart. Under sequential consistency every ordering would look sound.
    pub fn sees_orderings(self) -> bool {
        match self {
            Engine::Loom => true,
            Engine::Complete => false,
        }
    }

    /// Builds its worker and returns the executable.
    pub fn build_worker(self) -> Result<PathBuf, Error> {
        self.backend().build_worker()
    }
}

/// The workspace's top folder.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
