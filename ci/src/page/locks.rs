//! The lock order that the programs show, held against the declared one.

use lwp_loom_tests::audit::{Keeps, Order, Sight, Standing};
use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{command, table};
use crate::answer::Tone;
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
    let (tone, class) = match order.keeps {
        Keeps::Unknown => (Tone::Open, "declared"),
        Keeps::Kept => (Tone::Good, "complete"),
        Keeps::NotKeptAsRecorded => (Tone::Finding, "defect"),
        Keeps::NotKept => (Tone::Bad, "failed"),
    };
    let unseen = || order.declared.iter().filter(|edge| edge.seen.is_none());
    let differing = html! {
        @for wanted in [Standing::Undeclared, Standing::Exception] {
            @for other in order.with(wanted) {
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
        @for other in order.with(Standing::Implied) {
            (row(&[&other.held, &other.taken], standing(Standing::Implied), Some(&other.seen), ""))
        }
    };
    let head = ["held", "taken", "standing", "seen at", "in", "declared by"];
    html! {
        p {
            span.verdict.(class) { span aria-hidden="true" { (tone.sign()) } } (order.says)
        }
        p {
            (unseen().count()) " of " (order.declared.len()) " declared edges were observed in no program of this run."
        }
        (table(
            &format!("Lock order of {}: where it differs first", order.revision),
            &head,
            html! { tbody { (differing) } tbody { (agreeing) } },
        ))
        @for exception in &order.exceptions {
            p {
                "Recorded: " code { (exception.taken) } " is taken while " code { (exception.held) } " is held. " (exception.source)
                ". " (exception.why) "."
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
