//! What a report does not claim.

use indicatif::HumanCount;
use lwp_loom_tests::report::Report;

use super::programs::{Programs, Subject};
use crate::summary::is_whole;

/// What is not claimed, most of all what was not explored.
pub fn of(report: &Report) -> Vec<String> {
    let mut limits = Vec::new();
    if report.incomplete {
        limits.push("anything of what was left when the check was stopped".into());
    } else if !is_whole(report) {
        limits.push("anything of programs that were not asked for here".into());
    }
    limits
        .push("larger programs: these have at most 4 LWPs, 3 locks and a handful of operations each".into());
    let [loom, _] = Programs::of(report, Subject::Repaired).under;
    if loom.declared + loom.missing > 0 {
        limits.push(format!(
            "C11 where its search is bounded or left out: {} of the repaired protocol's programs",
            HumanCount((loom.declared + loom.missing) as u64)
        ));
    }
    limits.push("what kern_lwp.c calls and does not contain: it follows contracts, not listings".into());
    limits.push("fairness, priorities, load buffering, and the total order of SeqCst accesses".into());
    limits
}
