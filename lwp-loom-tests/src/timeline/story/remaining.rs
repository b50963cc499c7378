//! An LWP that has done its last step and is not gone, while another waits for its end: no wake-up is lost, for none is due.

use super::super::cause::{self, Cause};
use super::super::step::Timeline;
use super::{Teller, list};

impl Teller<'_> {
    /// Who has not exited, and who waits for that.
    pub(super) fn remaining(&self, cause: &Cause) -> Vec<String> {
        let told = cause.remaining.iter().map(|remaining| {
            format!(
                "{} waits for the end of {}, which has done its last step ({}) and does not exit. An LWP that is to be gone \
                 says `exit`.",
                self.name(remaining.waiter),
                self.name(remaining.thread),
                self.number(remaining.last)
            )
        });
        told.collect()
    }
}

/// The same in a few words, where that is all that is wrong.
pub fn in_short(timeline: &Timeline) -> Option<String> {
    let cause = cause::find(timeline);
    let waits = |thread| cause.remaining.iter().any(|remaining| remaining.waiter == thread);
    let is_all = !cause.stuck.is_empty() && cause.stuck.iter().all(|stuck| waits(stuck.thread));
    let mut names: Vec<&str> =
        cause.remaining.iter().map(|remaining| timeline.name(remaining.thread)).collect();
    names.dedup();
    let verb = if names.len() == 1 { "ends its steps" } else { "end their steps" };
    is_all.then(|| format!("{} {verb} without `exit`, and another waits for that", list(&names)))
}
