//! Which documented transitions the programs made.

use lwp_loom_tests::coverage::Coverage;
use lwp_loom_tests::diagram;
use lwp_loom_tests::job::Transition;
use lwp_loom_tests::report::Report;
use maud::{Markup, PreEscaped, html};

use super::parts::{command, table};
use crate::command::check;
use crate::summary;

/// The section.
pub fn section(report: &Report) -> Markup {
    let coverages = report.transitions.coverage();
    html! {
        @if coverages.is_empty() {
            p { "None of the programs of this run is over the protocol, which has the states." }
        }
        @for coverage in &coverages {
            p {
                "NetBSD " (coverage.revision) ": " (coverage.seen.len()) " of " (coverage.made_by_some())
                " documented transitions were made. " (coverage.never.len()) " more are documented and made by no function. "
                (coverage.undocumented.len() + coverage.contradicted.len()) " were made and should not be."
                @if !summary::is_whole(report) && !coverage.unseen.is_empty() {
                    " Only some of the programs ran, so one that is missing need not be amiss."
                }
            }
            figure id={ "states-" (coverage.revision) } {
                div.scroll role="region" tabindex="0" aria-label={ "The transitions of " (coverage.revision) } {
                    (PreEscaped(diagram::svg(std::slice::from_ref(coverage))))
                }
                figcaption.faint { "The transitions of NetBSD " (coverage.revision) }
            }
            (listed(coverage))
        }
        (command("Again", &format!("{} --diagram FILE", check(&report.selection))))
    }
}

/// The transitions that a picture may hide.
fn listed(coverage: &Coverage) -> Markup {
    let rows = |what: &str, transitions: &[Transition]| {
        html! {
            @for (from, to) in transitions {
                tr { td { (what) } td { (from) } td { (to) } td {} }
            }
        }
    };
    let body = html! {
        tbody {
            (rows("✗ not documented, and made", &coverage.undocumented))
            (rows("✗ made after all", &coverage.contradicted))
            (rows("not seen", &coverage.unseen))
            @for ((from, to), why) in &coverage.never {
                tr { td { "made by no function" } td { (from) } td { (to) } td.prose { (why) } }
            }
        }
    };
    let caption = format!("Transitions of {} that stand out", coverage.revision);
    table(&caption, &["", "from", "to", "why"], body)
}
