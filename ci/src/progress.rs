//! What a user sees on stderr while programs are explored.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lwp_loom_tests::job::Finding;

use crate::pool::Watcher;
use crate::say;

/// A bar on a terminal, and lines that stay. Without a terminal only the lines are printed.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    executions: u64,
}

impl Progress {
    /// Starts a phase of so many steps.
    pub fn new(phase: &str, steps: usize) -> Progress {
        let bar = ProgressBar::new(steps as u64).with_prefix(phase.to_string());
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len}  {msg}  {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress { bar, executions: 0 }
    }

    /// A program was explored.
    pub fn explored(&mut self, finding: &Finding) {
        self.executions += finding.executions;
        self.bar.set_message(format!("{} executions", HumanCount(self.executions)));
    }

    /// What shows how far a long exploration is.
    pub fn watcher(&self) -> Watcher {
        let bar = self.bar.clone();
        Box::new(move |program, working| {
            bar.set_message(format!("{program}: {} executions", HumanCount(working.executions)));
        })
    }

    /// A step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// Prints a line that stays.
    pub fn line(&self, line: &str) {
        self.bar.suspend(|| say::aside(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
