//! A timeline as a picture: a lifeline for each LWP, time going down, an arrow for each context switch.

use maud::{Markup, PreEscaped, html};

use super::html::whereabouts;
use super::layout::{Kind, Layout, Mark, Row, Shown};
use super::step::Timeline;

/// A character, and a line of them, in the font that the picture asks for.
const CHARACTER: f64 = 7.3;
const LINE: f64 = 17.0;
/// What a column holds, in characters.
const COLUMN: usize = 42;
/// Room on the left, for the numbers, and on the right, for where a step is in the sources.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 430.0;
const MARGIN: f64 = 16.0;
/// Between the lifeline and what is written beside it.
const INDENT: f64 = 10.0;

const STYLE: &str = "
text { font: 12px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1b1b1b; white-space: pre; }
.head, .decisive, .failure, .operation { font-weight: bold; }
.faint { fill: #767676; }
.operation { fill: #00696b; }
.lock { fill: #2458a6; }
.failure { fill: #b00020; }
.paper { fill: #ffffff; }
.marked { fill: #fff2c2; }
.bad { fill: #fbdcdc; }
.life { stroke: #c4c4c4; }
.runs { stroke: #1b1b1b; stroke-width: 3; }
.switch { stroke: #767676; stroke-dasharray: 4 3; }
.arrow { fill: #767676; }
@media (prefers-color-scheme: dark) {
text { fill: #e4e4e4; }
.faint { fill: #9a9a9a; }
.operation { fill: #5fd0d2; }
.lock { fill: #8ab4f8; }
.failure { fill: #ff8a80; }
.paper { fill: #161616; }
.marked { fill: #4d4215; }
.bad { fill: #5a2222; }
.life { stroke: #444444; }
.runs { stroke: #e4e4e4; }
}
";

/// Draws a timeline.
pub fn draw(timeline: &Timeline, layout: &Layout) -> String {
    let columns = layout.columns.len().max(1);
    let width = LEFT + columns as f64 * width_of(COLUMN + 2) + RIGHT;
    let across = ((width - 2.0 * MARGIN) / CHARACTER) as usize;
    let mut pen = Pen { y: MARGIN, marks: Vec::new(), drawn: Vec::new() };

    pen.paragraph(&timeline.program, across, "head");
    pen.paragraph(&layout.story, across, "story");
    if !layout.beginning.is_empty() {
        pen.paragraph(&format!("In the beginning {}.", layout.beginning), across, "faint");
    }
    pen.y += LINE;
    for (n, name) in layout.columns.iter().enumerate() {
        pen.text(life(n + 1) - 4.0, name, "head");
    }
    pen.y += 1.5 * LINE;
    let top = pen.y;
    let mut last = None;
    for row in &layout.rows {
        match row {
            Row::Gap(rows) => {
                pen.text(life(1) + INDENT, &format!("… {rows} steps are left out here …"), "faint");
                last = None;
            }
            Row::Step(step) => {
                if let Some(last) = last.filter(|last| *last != step.thread) {
                    pen.switch(last, step.thread);
                }
                pen.step(step, columns);
                last = Some(step.thread);
            }
        }
    }
    let bottom = pen.y + LINE / 2.0;
    pen.y = bottom + LINE / 2.0;
    for line in &layout.legend {
        pen.paragraph(line, across, "faint");
    }
    if let Some(again) = timeline.again() {
        pen.paragraph(&format!("again: {again}"), across, "faint");
    }
    let height = pen.y + MARGIN;
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
            title { (timeline.program) }
            style { (PreEscaped(STYLE)) }
            rect.paper width=(width) height=(height) {}
            @for mark in &pen.marks { (mark) }
            @for n in 1..=columns {
                line.life x1=(life(n)) x2=(life(n)) y1=(top) y2=(bottom) {}
            }
            @for drawn in &pen.drawn { (drawn) }
        }
    };
    picture.into_string()
}

/// Where a thread's lifeline is.
fn life(thread: usize) -> f64 {
    LEFT + (thread - 1) as f64 * width_of(COLUMN + 2) + CHARACTER
}

fn width_of(characters: usize) -> f64 {
    characters as f64 * CHARACTER
}

/// What is drawn, from the top down.
struct Pen {
    y: f64,
    /// What lies behind everything else.
    marks: Vec<Markup>,
    drawn: Vec<Markup>,
}

impl Pen {
    /// A line of text, and a line further down.
    fn text(&mut self, x: f64, text: &str, class: &str) {
        self.text_at(x, self.y + LINE - 4.0, text, class);
    }

    fn text_at(&mut self, x: f64, y: f64, text: &str, class: &str) {
        self.drawn.push(html! { text x=(round(x)) y=(round(y)) class=(class) { (text) } });
    }

    fn paragraph(&mut self, text: &str, across: usize, class: &str) {
        for line in textwrap::wrap(text, across) {
            self.text(MARGIN, &line, class);
            self.y += LINE;
        }
        self.y += LINE / 2.0;
    }

    fn switch(&mut self, from: usize, to: usize) {
        let (y, from, to) = (self.y + LINE / 2.0 - 2.0, life(from), life(to));
        let back = if from < to { to - 7.0 } else { to + 7.0 };
        let head = format!("{to},{y} {back},{} {back},{}", y - 4.0, y + 4.0);
        self.drawn.push(html! {
            line.switch x1=(round(from)) x2=(round(back)) y1=(round(y)) y2=(round(y)) {}
            polygon.arrow points=(head) {}
        });
        self.y += LINE - 3.0;
    }

    fn step(&mut self, step: &Shown, columns: usize) {
        let class = match (step.mark, step.kind) {
            (Mark::Failure, _) => "failure",
            (Mark::Decisive, _) => "decisive",
            (Mark::None, Kind::Operation) => "operation",
            (Mark::None, Kind::Lock) => "lock",
            (Mark::None, _) => "other",
        };
        let lines = textwrap::wrap(&step.text, COLUMN);
        let (x, height) = (life(step.thread), lines.len() as f64 * LINE);
        if step.mark != Mark::None {
            let behind = if step.mark == Mark::Failure { "bad" } else { "marked" };
            let (y, width) = (self.y, width_of(COLUMN) + INDENT);
            self.marks.push(html! { rect class=(behind) x=(round(x)) y=(round(y)) width=(round(width)) height=(round(height)) {} });
        }
        let (top, bottom) = (self.y, self.y + height);
        self.drawn
            .push(html! { line.runs x1=(round(x)) x2=(round(x)) y1=(round(top)) y2=(round(bottom)) {} });
        let number = format!("{:>4}{}", step.number, if step.mark == Mark::Decisive { "!" } else { "" });
        self.text(MARGIN, &number, "faint");
        self.text(life(columns) + width_of(COLUMN) + 2.0 * INDENT, &whereabouts(step), "faint");
        for line in lines {
            self.text(x + INDENT, &line, class);
            self.y += LINE;
        }
    }
}

/// A tenth of a pixel is near enough.
fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}
