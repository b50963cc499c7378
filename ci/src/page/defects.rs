//! The defects of the sources, each with one of its failing executions.

use lwp_loom_tests::defects::Defect;
use lwp_loom_tests::report::Report;
use lwp_loom_tests::shown::Showing;
use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::parts::{command, failure, table};

/// The section.
pub fn section(report: &Report, known: &[Defect]) -> Markup {
    let head = ["defect", "timeline", "programs that showed it", "what is wrong", "revisions"];
    let rows = html! {
        tbody { @for defect in known { (row(defect, report.defects.get(defect.name()))) } }
    };
    html! {
        p {
            "What the sources get wrong as they are written. A program that shows a defect fails as written, holds with every \
             repair, and fails again without the one. " (report.defects.len()) " of " (known.len())
            " were shown in this run. A program that declares two defects which show alike counts for both."
        }
        (table("The defects, by the names of their repairs", &head, rows))
        @for defect in known { (article(defect, report)) }
    }
}

fn row(defect: &Defect, showing: Option<&Showing>) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "#defect-" (defect.name()) } { (defect.name()) } }
            td {
                @if showing.is_some() {
                    a href={ "#timeline-" (defect.name()) } { "how it goes wrong" }
                }
            }
            td {
                @match showing {
                    Some(Showing { programs, .. }) => {
                        @for (engine, programs) in programs { div { (programs) " under " (engine) } }
                    }
                    None => (if defect.programs.is_empty() { "no program can" } else { "none in this run" }),
                }
            }
            td.prose { (prose(&defect.title)) }
            td { @for revision in defect.revisions() { div { (revision.name()) } } }
        }
    }
}

fn article(defect: &Defect, report: &Report) -> Markup {
    let showing = report.defects.get(defect.name());
    html! {
        article id={ "defect-" (defect.name()) } {
            h3 { @if showing.is_some() { "⚑ " } (defect.name()) ": " (prose(&defect.title)) }
            (prose(&defect.summary))
            @for section in &defect.sections {
                h4 { (section.heading) }
                (prose(&section.text))
            }
            div id={ "timeline-" (defect.name()) } {
                h4 { "An execution that fails" }
                @if let Some(Showing { example, .. }) = showing {
                    (failure(example, &report.selection))
                } @else {
                    p { "No program showed it in this run." }
                    (shown_by(defect))
                }
            }
            p { a href="#defects" { "All defects" } }
        }
    }
}

/// What would show a defect.
fn shown_by(defect: &Defect) -> Markup {
    html! {
        @if let Some(evidence) = defect.programs.first() {
            (command("Shown by", &format!("cargo ci check {}", evidence.program.name)))
        }
        @for test in &defect.tests { (command("Shown by", &test.command())) }
    }
}

/// Prose of the documentation. Its links lead to other pages of it, which are not here: what they say stays.
fn prose(markdown: &str) -> Markup {
    let link = |event: &Event<'_>| {
        matches!(
            event,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image)
        )
    };
    let mut text = String::new();
    pulldown_cmark::html::push_html(&mut text, Parser::new(markdown).filter(|event| !link(event)));
    PreEscaped(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_keeps_what_its_links_say_and_leads_nowhere() {
        let said = prose("see [`l_flag`](../orderings.md) and ![a picture](x.svg)").into_string();
        assert_eq!(said, "<p>see <code>l_flag</code> and a picture</p>\n");
    }
}
