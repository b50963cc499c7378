//! What was explored, as a page of the documentation: a change of any number or outcome shows in review.

use std::fmt::Write;

use crate::job::Verdict;
use crate::report::Run;

/// A row for each family under each engine.
pub fn explored_page(runs: &[Run]) -> String {
    let mut page = String::from(
        "# What was explored\n\n\
         Measured by `cargo ci check`; a test compares this page with what is measured now, so that a change that loses an \
         execution or an outcome, or adds one, shows in review. *Distinct* executions are equal up to the order of independent \
         steps. The *digest* is of each program's verdict, distinct executions, outcomes and ends that the reference allows and no \
         execution came to; the last column counts these (where each LWP has a CPU of its own there are none, or the check \
         fails: [why](checking.md#the-reference)).\n\n\
         | family | engine | programs | distinct | digest | not reached |\n|---|---|---|---|---|---|\n",
    );
    for run in runs {
        let Run { name, engine, programs, distinct, digest, unreached, .. } = run;
        // What else a search has seen when it comes to a failure may depend on how many cores it had.
        let digest = if run.verdict == Verdict::Defect { "-".into() } else { format!("`{digest:016x}`") };
        let _ = writeln!(page, "| `{name}` | {engine} | {programs} | {distinct} | {digest} | {unreached} |");
    }
    page
}
