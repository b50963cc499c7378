//! The lock order that the programs show, held against the declared one.

use lwp_loom_tests::audit::{Order, Sight, Standing};
use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{command, table};
use crate::table::{NOT_OBSERVED, place, standing};

/// The section.
pub fn section(report: &Report) -> Markup {
    let orders = report.lock_order.orders();
    html! {
        @if orders.is_empty() {
            p { "None of the programs of this run is over the protocol, whose locks have an order." }
        }
        @for order in &orders { (of(order)) }
        (command("Judged by", "cargo ci audit"))
    }
}

fn of(order: &Order) -> Markup {
    let others = |wanted: Standing| order.others.iter().filter(move |other| other.standing == wanted);
    let unseen = || order.declared.iter().filter(|edge| edge.seen.is_none());
    let differing = html! {
        @for wanted in [Standing::Undeclared, Standing::Exception] {
            @for other in others(wanted) {
                @let sign = if wanted == Standing::Undeclared { "✗ " } else { "" };
                (row(&[&other.held, &other.taken], &format!("{sign}{}", standing(wanted)), Some(&other.seen), ""))
            }
        }
        @for edge in unseen() { (row(&[&edge.held, &edge.taken], NOT_OBSERVED, None, &edge.source)) }
    };
    let agreeing = html! {
        @for edge in order.declared.iter().filter(|edge| edge.seen.is_some()) {
            (row(&[&edge.held, &edge.taken], "declared, observed", edge.seen.as_ref(), &edge.source))
        }
        @for other in others(Standing::Implied) {
            (row(&[&other.held, &other.taken], standing(Standing::Implied), Some(&other.seen), ""))
        }
    };
    let head = ["held", "taken", "standing", "seen at", "in", "declared by"];
    html! {
        p {
            "NetBSD " (order.revision) ": " (others(Standing::Undeclared).count()) " edges were observed against the declared order, "
            (others(Standing::Exception).count()) " are recorded exceptions, and " (unseen().count()) " of "
            (order.declared.len()) " declared ones were observed in no program of this run."
        }
        (table(
            &format!("Lock order of {}: where it differs first", order.revision),
            &head,
            html! { tbody { (differing) } tbody { (agreeing) } },
        ))
        @for exception in &order.exceptions {
            p {
                "Exception: " code { (exception.taken) } " is taken while " code { (exception.held) } " is held. " (exception.source)
                ". " (exception.why)
            }
        }
    }
}

fn row(locks: &[&String; 2], standing: &str, seen: Option<&Sight>, source: &str) -> Markup {
    html! {
        tr {
            td { code { (locks[0]) } }
            td { code { (locks[1]) } }
            td { (standing) }
            td { (seen.map_or("", place)) }
            td { @if let Some(seen) = seen { code { (seen.program) } } }
            td.prose { (source) }
        }
    }
}
