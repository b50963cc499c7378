//! A timeline as a page, or as a part of one.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::layout::{Kind, Layout, Mark, Row, Shown};
use super::step::Timeline;

/// What it looks like, by light and by dark, and on paper.
pub const STYLE: &str = "
.timeline { --ink: #1b1b1b; --faint: #767676; --line: #d4d4d4; --mark: #fff2c2; --bad: #fbdcdc; --lock: #2458a6;
  --operation: #00696b; --paper: #ffffff; color: var(--ink); background: var(--paper);
  font: 14px/1.45 system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) { .timeline { --ink: #e4e4e4; --faint: #9a9a9a; --line: #444444; --mark: #4d4215;
  --bad: #5a2222; --lock: #8ab4f8; --operation: #5fd0d2; --paper: #161616; } }
.timeline .story { max-width: 60em; font-size: 1.1em; }
.timeline .beginning, .timeline footer { color: var(--faint); max-width: 60em; }
.timeline table { border-collapse: collapse; }
.timeline th { position: sticky; top: 0; background: var(--paper); text-align: left; border-bottom: 2px solid var(--line); }
.timeline th, .timeline td { padding: 1px 10px; vertical-align: top; }
.timeline td.lwp { border-left: 1px solid var(--line); min-width: 14em; max-width: 26em; }
.timeline .number, .timeline .where { color: var(--faint); white-space: nowrap; }
.timeline .number { text-align: right; }
.timeline .where { font-size: .85em; }
.timeline tr.switch td { border-top: 1px dashed var(--faint); }
.timeline tr.operation td.does { color: var(--operation); font-weight: 600; }
.timeline tr.lock td.does { color: var(--lock); }
.timeline tr.decisive td.does { background: var(--mark); font-weight: 600; }
.timeline tr.failure td.does { background: var(--bad); font-weight: 600; }
.timeline code { overflow-wrap: anywhere; }
";

/// What is around it on a page of its own.
const PAGE: &str =
    ":root { color-scheme: light dark; } body.timeline { margin: 0; min-height: 100vh; padding: 1em; }";

/// A page of its own.
pub fn page(timeline: &Timeline, layout: &Layout) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (timeline.program) }
                style { (PreEscaped(STYLE)) (PreEscaped(PAGE)) }
            }
            body.timeline {
                h1 { (timeline.program) }
                (fragment(timeline, layout))
            }
        }
    };
    page.into_string()
}

/// A part of a page that has [`STYLE`] and its own heading.
pub fn fragment(timeline: &Timeline, layout: &Layout) -> Markup {
    html! {
        div.timeline {
            p.story { (layout.story) }
            @if !layout.beginning.is_empty() {
                p.beginning { "In the beginning " (layout.beginning) "." }
            }
            div.steps role="region" tabindex="0" aria-label=(format!("Steps of {}", timeline.program)) {
                table {
                    thead {
                        tr {
                            th.number scope="col" { "step" }
                            @for column in &layout.columns { th scope="col" { (column) } }
                            th scope="col" { "in" }
                        }
                    }
                    tbody {
                        @for row in &layout.rows { (row_of(row, layout.columns.len())) }
                    }
                }
            }
            footer {
                p { "Decisive steps are marked. A dashed line is a context switch: somebody else goes on." }
                @for line in &layout.legend { p { (line) } }
                @if let Some(again) = timeline.again() {
                    p { "Again: " code { (again) } }
                }
            }
        }
    }
}

fn row_of(row: &Row, columns: usize) -> Markup {
    match row {
        Row::Gap(rows) => html! {
            tr { td.number { "…" } td colspan=(columns + 1) { (rows) " steps are left out here" } }
        },
        Row::Step(step) => html! {
            tr class=(classes(step)) {
                td.number { (step.number) @if step.mark == Mark::Decisive { " !" } }
                @for column in 1..=columns {
                    @if column == step.thread {
                        td.lwp.does { (step.text) }
                    } @else {
                        td.lwp {}
                    }
                }
                td.where { (whereabouts(step)) }
            }
        },
    }
}

fn classes(step: &Shown) -> String {
    let kind = match step.kind {
        Kind::Operation => "operation",
        Kind::Lock => "lock",
        Kind::Change => "change",
        Kind::Other => "other",
    };
    let mark = match step.mark {
        Mark::None => "",
        Mark::Decisive => " decisive",
        Mark::Failure => " failure",
    };
    let switch = if step.switch { " switch" } else { "" };
    format!("{kind}{mark}{switch}")
}

/// Where a step is in the kernel's source and in ours.
pub fn whereabouts(step: &Shown) -> String {
    let function = step.function.as_ref().map_or(String::new(), |function| match function.kernel_line {
        Some(line) => format!("{} (kern_lwp.c L{line})", function.name),
        None => function.name.clone(),
    });
    [function, step.place.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
