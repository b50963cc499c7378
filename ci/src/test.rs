//! `cargo ci test`: everything that must hold before a change is merged.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lwp_loom_tests::pages;

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
    let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    Command::new(compiler).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Variables of the environment that have tests take what they find for what they should find.
const UPDATES: [&str; 4] = [pages::UPDATE, "INSTA_UPDATE", "INSTA_FORCE_PASS", "TRYBUILD"];

/// Fails where a test would write down what it finds: it would hold nothing.
fn refuse_updates(value_of: impl Fn(&str) -> Option<OsString>) -> Result<(), Error> {
    let updates = |name: &&&str| value_of(name).is_some_and(|value| value != "no");
    match UPDATES.iter().find(updates) {
        Some(name) => Err(Error::Input(format!(
            "{name} is set: tests would write down what they find, and hold nothing; unset it, or run the one test"
        ))),
        None => Ok(()),
    }
}

/// Runs every step until one fails, and says how long each took.
pub fn test() -> Result<(), Error> {
    refuse_updates(|name| env::var_os(name))?;
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

    // A gate that writes down what it finds is green whatever that is.
    #[test]
    fn a_gate_that_would_write_down_what_it_finds_is_refused() {
        assert!(refuse_updates(|_| None).is_ok());
        for name in UPDATES {
            let set =
                |value: &'static str| refuse_updates(move |other| (other == name).then(|| value.into()));
            let refused = set("1").unwrap_err();
            assert!(refused.status() == 2 && refused.to_string().starts_with(name), "{refused}");
            assert!(set("no").is_ok());
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
