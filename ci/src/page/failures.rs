//! What failed and should not have.

use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::failure;
use crate::alike::{self, Alike};
use crate::summary::holds_repaired;

/// The section, if anything failed.
pub fn section(report: &Report) -> Option<Markup> {
    let section = html! {
        p { (report.failures.len()) " programs failed, or did not fail as they are there to." }
        @for Alike { told: finding, others } in alike::groups(&report.failures) {
            article id={ "failure-" (finding.engine) "-" (finding.program.replace(' ', "-")) } {
                h3 { "✗ " (finding.program) ", " (finding.engine) }
                @if !others.is_empty() {
                    p { "Alike:" }
                    ul { @for other in others { li { code { (other.program) } ", " (other.engine) } } }
                }
                @if let Some(why) = holds_repaired(finding, &report.outcomes) { p { (why) } }
                (failure(finding, &report.selection))
            }
        }
    };
    (!report.failures.is_empty()).then_some(section)
}
