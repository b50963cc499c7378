//! What several parts of the page are made of.

use std::fmt::Display;

use lwp_loom_tests::job::Finding;
use lwp_loom_tests::litmus::Case;
use lwp_loom_tests::litmus::text::print;
use lwp_loom_tests::timeline::{html as timeline, layout};
use maud::{Markup, html};

use crate::command;

/// A table that scrolls inside itself where it is too wide. Its caption is its name for those who cannot see it.
pub fn table(caption: &str, head: &[&str], rows: Markup) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for name in head { (heading(name)) } } }
                (rows)
            }
        }
    }
}

/// A column's head; that of numbers begins with `#`.
fn heading(name: &str) -> Markup {
    match name.strip_prefix('#') {
        Some(name) => html! { th.n scope="col" { (name) } },
        None => html! { th scope="col" { (name) } },
    }
}

/// A cell with a number.
pub fn number(n: impl Display) -> Markup {
    let digits = n.to_string();
    let whole = digits.chars().all(|c| c.is_ascii_digit());
    let separated = |digits: &str| {
        let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
        groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
    };
    html! { td.n { (if whole { separated(&digits) } else { digits }) } }
}

/// A command, after a word on what it does.
pub fn command(does: &str, command: &str) -> Markup {
    html! { p.command { (does) ": " code { (command) } } }
}

/// How a program failed: what failed, the program, how it went, and how to see it again.
pub fn failure(finding: &Finding, selection: &[String]) -> Markup {
    html! {
        p { code { (finding.program) } ", under " (finding.engine) ":" }
        @if let Some(case) = Case::parse(&finding.program) { pre.program { (print(&case.litmus)) } }
        @if let Some(message) = &finding.message { pre.message { (message) } }
        @match &finding.timeline {
            Some(how) => (timeline::fragment(how, &layout::lay_out(how))),
            None => p.faint { "There is no timeline of it in this report." },
        }
        @for (does, again) in command::again(finding, selection) { (command(does, &again)) }
    }
}
