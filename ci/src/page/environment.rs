//! What the check ran on.

use lwp_loom_tests::report::Report;
use maud::{Markup, html};

use super::parts::{number, table};
use crate::breakdown::{Breakdown, Tenths};

/// The section.
pub fn section(report: &Report) -> Markup {
    let head = [
        "part",
        "machine",
        "#cores",
        "#programs at a time",
        "compiler",
        "loom",
        "shuttle",
        "#seconds, wall-clock",
    ];
    let rows = html! {
        tbody {
            @for on in &report.environments {
                tr {
                    td { @match on.shard {
                        Some(shard) => { (shard.index) " of " (shard.count) },
                        None => "all",
                    } }
                    td { (on.machine) }
                    (number(on.cores))
                    (number(on.jobs))
                    td { (on.compiler) }
                    td { (on.loom) }
                    td { (on.shuttle) }
                    (number(format!("{:.1}", on.seconds)))
                }
            }
        }
    };
    html! {
        p { "lwp-core " (env!("CARGO_PKG_VERSION")) ", commit " code { (report.commit) } "." }
        (table("What each part ran on; the time is without the build", &head, rows))
        @if let Some(breakdown) = Breakdown::of(&report.environments) { (phases(&breakdown)) }
    }
}

fn phases(breakdown: &Breakdown) -> Markup {
    let Breakdown { parts, rows, total, build } = breakdown;
    let parts: Vec<String> = parts.iter().map(|part| format!("#{part}")).collect();
    let head: Vec<&str> = ["phase"].into_iter().chain(parts.iter().map(String::as_str)).collect();
    let row = |name: &str, cells: &[Tenths]| {
        html! { tr { th scope="row" { (name) } @for cell in cells { (number(cell)) } } }
    };
    let rows = html! {
        tbody {
            @for (name, cells) in rows { (row(name, cells)) }
            (row("total", total))
        }
        @if let Some(build) = build { tbody { (row("build, before that", build)) } }
    };
    table("Where the time of each part went, in seconds, wall-clock", &head, rows)
}
