//! What the engines saw of the same programs.

use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{command, number, table};

/// The section.
pub fn section(report: &Report) -> Markup {
    html! {
        @if report.compared == 0 {
            p { "No program was explored by both engines to where they could be compared." }
        } @else {
            @let weak = report.differences.iter().filter(|difference| difference.weak_memory).count();
            p {
                (report.compared) " programs were explored by both. Of the outcomes of the complete search loom lost "
                (report.differences.len() - weak) "; " (weak) " are weak memory's alone."
            }
        }
        @if !report.differences.is_empty() { (differences(report)) }
        (bounded(report))
        @if !report.unreached.is_empty() {
            p {
                (report.unreached.iter().map(|program| program.outcomes.len()).sum::<usize>()) " outcomes of "
                (report.unreached.len()) " programs are allowed by the reference, and no execution comes to them."
            }
        }
        (command("One program under both", "cargo ci check PROGRAM"))
    }
}

fn differences(report: &Report) -> Markup {
    let rows = html! {
        tbody {
            @for difference in &report.differences {
                tr {
                    td { (if difference.weak_memory { "weak memory" } else { "✗ lost by loom" }) }
                    td { code { (difference.program) } }
                    td { code { (difference.outcome) } }
                }
            }
        }
    };
    table("Outcomes that one engine alone saw", &["whose", "program", "outcome"], rows)
}

/// How much loom saw of the programs that it does not complete.
fn bounded(report: &Report) -> Markup {
    let differs = || report.bounded.iter().filter(|p| p.seen < p.of || !p.alone.is_empty());
    let rows = html! {
        tbody {
            @for program in differs() {
                tr {
                    td { code { (program.program) } }
                    (number(program.seen))
                    (number(program.of))
                    td { @for outcome in &program.alone { div { "✗ " code { (outcome) } } } }
                }
            }
        }
    };
    let head = ["program", "#outcomes loom saw", "#of the complete search's", "loom's alone"];
    let left_out = html! {
        tbody {
            @for family in &report.left_out {
                tr { td { (family.name) } (number(family.programs)) td { (family.why) } }
            }
        }
    };
    html! {
        @if !report.bounded.is_empty() {
            p {
                "loom explored " (report.bounded.len()) " programs up to a bound that they declare, and saw exactly the outcomes \
                 of the complete search in " (report.bounded.len() - differs().count()) " of them."
            }
        }
        @if differs().next().is_some() { (table("Bounded programs of which loom saw other outcomes", &head, rows)) }
        @if !report.left_out.is_empty() {
            (table("Families that loom does not explore", &["family", "#programs", "why"], left_out))
        }
    }
}
