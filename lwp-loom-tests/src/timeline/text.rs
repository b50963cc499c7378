//! A timeline for terminals: a column for each LWP, a line for each step, time going down.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use textwrap::core::display_width;

use super::layout::{Kind, Layout, Mark, Row, Shown};
use super::step::Timeline;

/// How wide a timeline is where nobody says how wide it may be.
pub const WIDTH: usize = 120;

/// The widths of what is beside the columns, and the least that a column has.
const NUMBER: usize = 6;
const LEAST: usize = 20;

const STORY: Style = Style::new().bold();
const FAILURE: Style = AnsiColor::Red.on_default().bold();
const DECISIVE: Style = AnsiColor::Yellow.on_default().bold();
const OPERATION: Style = AnsiColor::Cyan.on_default();
const LOCK: Style = AnsiColor::Blue.on_default();
const FAINT: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();

/// Draws a timeline `width` columns wide, or wider where that is too little for its LWPs. Its colours are escape sequences:
/// whoever prints it strips them where they are not wanted.
pub fn draw(timeline: &Timeline, layout: &Layout, width: usize) -> String {
    let sheet = Sheet::new(layout, width);
    let mut out = String::new();
    paragraph(&mut out, STORY, &layout.story, width);
    if !layout.beginning.is_empty() {
        paragraph(&mut out, FAINT, &format!("In the beginning {}.", layout.beginning), width);
    }
    out.push('\n');
    sheet.head(&mut out, layout);
    let mut last = None;
    for row in &layout.rows {
        match row {
            Row::Gap(rows) => {
                let _ = writeln!(out, "{FAINT}{:>NUMBER$} {rows} steps are left out here{FAINT:#}", "...");
                last = None;
            }
            Row::Step(step) => {
                if let Some(last) = last.filter(|last| *last != step.thread) {
                    sheet.switch(&mut out, last, step.thread);
                }
                sheet.step(&mut out, step);
                last = Some(step.thread);
            }
        }
    }
    foot(&mut out, timeline, layout, width);
    out
}

fn paragraph(out: &mut String, style: Style, text: &str, width: usize) {
    for line in textwrap::wrap(text, width) {
        let _ = writeln!(out, "{style}{line}{style:#}");
    }
}

/// What runs the execution again, and what the marks mean.
fn foot(out: &mut String, timeline: &Timeline, layout: &Layout, width: usize) {
    let decisive = |row: &Row| matches!(row, Row::Step(step) if step.mark == Mark::Decisive);
    let _ = write!(out, "\n{OPERATION}> <{OPERATION:#} an operation begins, ends");
    if layout.rows.iter().any(decisive) {
        let _ = write!(out, "   {DECISIVE}!{DECISIVE:#} decisive");
    }
    let _ = writeln!(out, "\n{FAINT}-->{FAINT:#} somebody else goes on");
    for line in &layout.legend {
        paragraph(out, FAINT, line, width);
    }
    if let Some(again) = timeline.again() {
        let _ = writeln!(out, "{FAINT}again: {again}{FAINT:#}");
    }
}

/// Where the columns are.
struct Sheet {
    columns: usize,
    column: usize,
    /// How wide the margin is that says where a step is in the sources; 0 for none.
    margin: usize,
}

impl Sheet {
    fn new(layout: &Layout, width: usize) -> Sheet {
        let columns = layout.columns.len().max(1);
        let margin = match width {
            0..80 => 0,
            80..110 => 20,
            _ => 34,
        };
        let column = (width.saturating_sub(NUMBER + margin) / columns).max(LEAST);
        Sheet { columns, column, margin }
    }

    fn head(&self, out: &mut String, layout: &Layout) {
        let mut line = " ".repeat(NUMBER);
        for name in &layout.columns {
            let name: String = name.chars().take(self.column - 1).collect();
            line += &pad(&name, self.column);
        }
        if self.margin > 0 {
            line += "in";
        }
        let _ = writeln!(out, "{STORY}{}{STORY:#}", line.trim_end());
    }

    /// A line that leads from the column of whoever went last to that of whoever goes next.
    fn switch(&self, out: &mut String, from: usize, to: usize) {
        let (from, to) = (from - 1, to - 1);
        let mut line = " ".repeat(NUMBER);
        let (left, right) = (from.min(to), from.max(to));
        for column in 0..self.columns {
            let inside = column >= left && column < right;
            let corner = match () {
                () if column == to && to < from => "<",
                () if column == to => ">",
                () if column == from => "+",
                () if inside => "-",
                () => "|",
            };
            line += corner;
            let dashes = if inside { "-" } else { " " };
            line += &dashes.repeat(self.column - 1);
        }
        let _ = writeln!(out, "{FAINT}{}{FAINT:#}", line.trim_end());
    }

    fn step(&self, out: &mut String, step: &Shown) {
        let style = match (step.mark, step.kind) {
            (Mark::Failure, _) => FAILURE,
            (Mark::Decisive, _) => DECISIVE,
            (Mark::None, Kind::Operation) => OPERATION,
            (Mark::None, Kind::Lock) => LOCK,
            (Mark::None, _) => PLAIN,
        };
        let mark = if step.mark == Mark::Decisive { "!" } else { " " };
        let mine = step.thread - 1;
        let lines = textwrap::wrap(&step.text, self.column - 3);
        let places = self.place(step);
        for n in 0..lines.len().max(1) {
            let number = if n == 0 { step.number.to_string() } else { String::new() };
            let mark = if n == 0 { mark } else { " " };
            let mut line = format!("{FAINT}{number:>4}{FAINT:#}{style}{mark}{style:#} ");
            for column in 0..self.columns {
                if column == mine {
                    let text = lines.get(n).map_or("", |line| line);
                    let _ =
                        write!(line, "{style}{text}{style:#}{}", pad("", self.column - display_width(text)));
                } else {
                    let _ = write!(line, "{FAINT}|{FAINT:#}{}", pad("", self.column - 1));
                }
            }
            if n == 0 && !places.is_empty() {
                let _ = write!(line, "{FAINT}{places}{FAINT:#}");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }

    /// Where a step is in the sources, as far as there is room for it.
    fn place(&self, step: &Shown) -> String {
        if self.margin == 0 {
            return String::new();
        }
        let function = step.function.as_ref().map_or(String::new(), |function| match function.kernel_line {
            Some(line) => format!("{} L{line}", function.name),
            None => function.name.clone(),
        });
        let both = format!("{function} {}", step.place);
        let text = if display_width(&both) < self.margin { both } else { function };
        text.trim().chars().take(self.margin).collect()
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(text))))
}
