//! Which mistakes in lwp-core the programs notice.

use lwp_loom_tests::faults::{FaultReport, FaultRow, Mistake, Standing};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::report::Report;
use lwp_loom_tests::suite::Scope;
use maud::{Markup, html};

use super::parts::{command, number, table};
use crate::revision;

/// The section: the score that was measured, or what would measure it.
pub fn section(report: &Report, faults: Option<&FaultReport>) -> Markup {
    let Some(faults) = faults else {
        return html! {
            p { "Not measured in this run." }
            (command("Measured by", "cargo ci faults --json faults.json"))
            (command("Put here by", "cargo ci check --html FILE --faults faults.json"))
        };
    };
    let all = Mistake::all(&sites(Scope::Default)).len();
    let head = ["mistake", "the function", "standing", "program", "engine", "#executions", "how, or why not"];
    let order = [Standing::Survives, Standing::WronglyEquivalent, Standing::Caught, Standing::Equivalent];
    let rows = html! {
        @for wanted in order {
            tbody { @for row in faults.rows.iter().filter(|row| row.standing() == wanted) { (row_of(row)) } }
        }
    };
    html! {
        p {
            (faults.score()) "; " (faults.count(Standing::Survives)) " survive. One mistake at a time was made in lwp-core, "
            (faults.rows.len()) " of the " (all) " that there are, and the programs that hold without it were explored until one failed."
            @if faults.incomplete { " ! It was stopped before its end." }
        }
        @if faults.commit == report.commit && revision::is_certain(&report.commit) {
            p { "Measured at the same commit." }
        } @else if faults.commit == report.commit {
            p { "! Whether the sources were the same is not known: " code { (faults.commit) } }
        } @else {
            p { "! Measured at another commit: " code { (faults.commit) } }
        }
        (table("Mistakes", &head, rows))
        (command("One row again", "cargo ci faults NAME"))
    }
}

fn row_of(row: &FaultRow) -> Markup {
    let standing = match row.standing() {
        Standing::Caught => "✓ caught",
        Standing::Equivalent => "= equivalent",
        Standing::Survives => "✗ survives",
        Standing::WronglyEquivalent => "✗ caught, though declared equivalent",
    };
    html! {
        tr {
            th scope="row" { code { (row.name) } }
            td.prose { (row.what) }
            td { (standing) }
            @match (&row.caught, &row.equivalent) {
                (Some(catch), _) => {
                    td { code { (catch.program) } }
                    td { (catch.engine) }
                    (number(catch.executions))
                    td.prose { (catch.how) }
                }
                (None, why) => {
                    td colspan="3" { "none of " (row.explored()) }
                    td.prose { (why.as_deref().unwrap_or_default()) }
                }
            }
        }
    }
}
