//! `cargo ci test`: everything that must hold before a change is merged.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::backend::Backend;
use crate::error::Error;
use crate::say;

/// A cargo command that must succeed.
#[derive(Debug)]
struct Step {
    title: &'static str,
    backend: Backend,
    args: &'static [&'static str],
    env: Option<(&'static str, &'static str)>,
}

impl Step {
    fn new(title: &'static str, backend: Backend, args: &'static [&'static str]) -> Step {
        Step { title, backend, args, env: None }
    }

    /// What a user types to run it alone.
    fn command(&self) -> String {
        let env = self.env.map(|(name, value)| format!("{name}=\"{value}\" ")).unwrap_or_default();
        format!("{}{env}cargo {}", self.backend.prefix(), self.args.join(" "))
    }

    fn headline(&self) -> String {
        format!("{} ({})", self.title, self.backend.name())
    }

    fn run(&self) -> Result<(), Error> {
        say::line(format_args!("\n==> {}: {}", self.headline(), self.command()));
        let failed = |how: String| {
            Err(Error::Failed(format!("{}: {how}\nrepeat: {}", self.headline(), self.command())))
        };
        match self.backend.cargo().args(self.args).envs(self.env).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => failed(status.to_string()),
            Err(e) => failed(format!("cannot run cargo: {e}")),
        }
    }
}

/// The steps, what is cheap first.
fn steps() -> Vec<Step> {
    let mut steps = vec![Step::new("format", Backend::Std, &["fmt", "--all", "--check"])];
    for &backend in Backend::ALL {
        let args = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        steps.push(Step::new("clippy", backend, args));
    }
    steps.extend([
        Step {
            env: Some(("RUSTDOCFLAGS", "-D warnings")),
            ..Step::new("doc", Backend::Std, &["doc", "--workspace", "--no-deps"])
        },
        Step::new("test", Backend::Std, &["test", "--workspace"]),
        Step::new(
            "stress",
            Backend::Std,
            &["test", "--release", "-p", "lwp-core", "--test", "stress", "--test", "lwp_stress"],
        ),
    ]);
    for &backend in Backend::ALL.iter().filter(|backend| **backend != Backend::Std) {
        steps.push(Step::new("gate", backend, &["test", "--release", "-p", "lwp-loom-tests"]));
    }
    let suites =
        &["ci", "check", "--suite", "2x2", "--suite", "3x1", "--engine", "complete", "--variant", "repaired"];
    steps.push(Step::new("suites", Backend::Std, suites));
    // libFuzzer is C++: where nothing compiles that, the seeds' replay among the tests above must do.
    if has_cxx_compiler() {
        let seeds =
            &["run", "--manifest-path", "fuzz/Cargo.toml", "--", "-runs=0", "fuzz/seeds/lock_pointer"];
        steps.push(Step::new("fuzz target on its seeds", Backend::Std, seeds));
    } else {
        say::line("left out: fuzz targets, which need a C++ compiler for libFuzzer");
    }
    steps
}

fn has_cxx_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    Command::new(compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs every step until one fails, and says how long each took.
pub fn test() -> Result<(), Error> {
    components()?;
    let mut times: Vec<(Step, Duration)> = Vec::new();
    let mut result = Ok(());
    for step in steps() {
        let start = Instant::now();
        result = step.run();
        times.push((step, start.elapsed()));
        if result.is_err() {
            break;
        }
    }
    say::line("\n==> times");
    for (step, time) in &times {
        say::line(format_args!("{:8.1} s  {}", time.as_secs_f64(), step.headline()));
    }
    result
}

/// Fails if the toolchain lacks a component that a step needs: a minimal one does.
fn components() -> Result<(), Error> {
    let has = |subcommand: &str| {
        let mut cargo = Backend::Std.cargo();
        cargo.args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        cargo.status().is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(subcommand, _)| !has(subcommand))
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        let components = missing.join(" ");
        Err(Error::Input(format!("the toolchain lacks a component; run: rustup component add {components}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_back_end_is_linted() {
        for backend in Backend::ALL {
            assert!(
                steps().iter().any(|step| step.title == "clippy" && step.backend == *backend),
                "{backend:?}"
            );
        }
    }

    #[test]
    fn a_step_says_how_to_repeat_it() {
        let gate = Step::new("gate", Backend::Loom, &["test", "--release"]);
        let command = gate.command();
        assert!(command.starts_with("RUSTFLAGS=\"--cfg loom\" "), "{command}");
        assert!(command.ends_with(" cargo test --release"), "{command}");
    }
}
