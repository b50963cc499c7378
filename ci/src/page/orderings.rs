//! Which ordering is needed where.

use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{command, table};

/// The section.
pub fn section(report: &Report) -> Markup {
    let head = ["site", "declared", "weakest", "the source has", "what breaks with less"];
    let rows = html! {
        tbody {
            @for row in &report.orderings {
                tr id={ "ordering-" (row.site) } {
                    th scope="row" { code { (row.site) } }
                    td { (row.declared) }
                    td { (row.weakest) }
                    td.prose { (row.source) }
                    td.prose {
                        @for broken in &row.breaks {
                            div { (broken.ordering) ": " code { (broken.program) } ", " (broken.how.lines().next().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if let Some(why) = &report.skipped {
            p { "Not searched in this run, because " (why) "." }
            (command("Searched by", "cargo ci check"))
        } @else if report.orderings.is_empty() {
            p { "None was decided in this run." }
            (command("Searched by", "cargo ci check"))
        } @else {
            p {
                "The weakest ordering of each site under which every program stays complete under loom, and for each weaker \
                 one the smallest program that fails."
            }
            (table("Ordering sites", &head, rows))
            (command("One row again", "cargo ci check PROGRAM --weaken SITE=ORDERING"))
        }
        @if !report.undecided.is_empty() {
            h3 { "! Undecided" }
            ul { @for undecided in &report.undecided { li { (undecided) } } }
        }
    }
}
