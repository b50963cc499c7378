//! A report as a page: one file that refers to nothing outside itself, for light, dark, narrow and paper.
//!
//! A page is made of a [`Report`] and of what is known [`Besides`], so that `check` and `merge` write the same. What neither
//! holds is not on it: the page says then what measures it.

mod agreement;
mod answer;
mod defects;
mod environment;
mod failures;
mod fault_score;
mod locks;
mod orderings;
mod outcomes;
mod parts;
mod states;
mod verdicts;

use lwp_loom_tests::defects::Defect;
use lwp_loom_tests::faults::FaultReport;
use lwp_loom_tests::report::Report;
use lwp_loom_tests::timeline::html;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer::Answer;
use crate::command;
use crate::summary;
use parts::command;

const STYLE: &str = include_str!("style.css");

/// What is on a page and in no report.
#[derive(Debug)]
pub struct Besides {
    /// What is written of the defects.
    pub defects: Vec<Defect>,
    /// What another command measured.
    pub faults: Option<FaultReport>,
}

/// The report as the text of an HTML file. `stopped` says what stopped the check, if anything did.
pub fn page(report: &Report, besides: &Besides, stopped: Option<&str>) -> String {
    let sections = [
        ("verdicts", "Verdicts", Some(verdicts::section(report))),
        ("failures", "Failures", failures::section(report)),
        ("outcomes", "Outcomes", outcomes::section(report)),
        ("defects", "Defects of the sources", Some(defects::section(report, &besides.defects))),
        ("engines", "The engines held against each other", Some(agreement::section(report))),
        ("transitions", "Transitions of l_stat", Some(states::section(report))),
        ("orderings", "Orderings", Some(orderings::section(report))),
        ("lock-order", "Lock order", Some(locks::section(report))),
        ("faults", "Fault score", Some(fault_score::section(report, besides.faults.as_ref()))),
        ("environment", "Environment", Some(environment::section(report))),
    ];
    let sections = sections.into_iter().filter_map(|(id, title, body)| Some((id, title, body?)));
    let sections: Vec<(&str, &str, Markup)> = sections.collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Check of lwp-core, " (short(&report.commit)) }
                style { (PreEscaped(html::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Check of lwp-core" }
                    (sum(report, stopped))
                    nav aria-label="Parts of the report" {
                        ul { @for (id, title, _) in &sections { li { a href={ "#" (id) } { (title) } } } }
                    }
                }
                main {
                    @for (id, title, body) in &sections {
                        section id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { (title) }
                            (body)
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// What is known, in a line and then question by question, of what, and how to come to know it again.
fn sum(report: &Report, stopped: Option<&str>) -> Markup {
    let green = summary::is_green(report);
    html! {
        div id="sum" class=(if green { "sum good" } else { "sum bad" }) {
            strong { (if green { "✓ " } else { "✗ " }) (summary::sum(report, stopped)) }
            (answer::answers(&Answer::of(report)))
        }
        p {
            "Commit " code { (report.commit) } ". "
            @if report.incomplete {
                "It was stopped before its end: this is not the whole."
            } @else if summary::is_whole(report) {
                "All programs that are always there."
            } @else if let Some(shard) = report.shard {
                "Part " (shard.index) " of " (shard.count) " of what was asked for: this is not the whole."
            } @else {
                "Only what was asked for: this is not the whole."
            }
        }
        (command("Again", &command::check(&report.selection)))
    }
}

/// As much of a commit as tells it from others.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
