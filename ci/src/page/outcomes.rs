//! What programs that were asked for by name came to.

use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{number, table};

/// The section, if programs were named.
pub fn section(report: &Report) -> Option<Markup> {
    let head = ["program", "engine", "verdict", "#executions", "outcomes"];
    let rows = html! {
        tbody {
            @for program in &report.outcomes {
                tr {
                    th scope="row" { code { (program.program) } }
                    td { (program.engine) }
                    td { (program.verdict) }
                    (number(program.executions))
                    td { @for outcome in &program.outcomes { div { code { (outcome) } } } }
                }
            }
        }
    };
    (!report.outcomes.is_empty()).then(|| table("Each outcome that some execution came to", &head, rows))
}
