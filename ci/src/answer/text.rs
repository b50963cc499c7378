//! The answers on a terminal.

use anstyle::{AnsiColor, Style};

use super::{Answer, Tone};

/// What the names of the memory models stand for.
pub const MODELS: &str =
    "C11: the weak memory that loom explores. SC: sequential consistency, the other engine's.";

/// Where what is said of a row begins.
const INDENT: &str = "                ";

/// The answers as text that is so wide.
pub fn text(answer: &Answer, width: usize) -> String {
    let mut text = String::new();
    for row in &answer.answers {
        let tone = row.standing.tone();
        let style = style(tone);
        let words = format!("{:<13}", row.standing.words());
        let says = format!("{}: {}", row.about, row.counts);
        let one = textwrap::wrap(&says, width.saturating_sub(INDENT.len()).max(20)).into_iter();
        let more = textwrap::core::display_width(&row.more);
        let mut lines: Vec<String> = one.map(|line| line.into_owned()).collect();
        match lines.last_mut() {
            Some(last) if INDENT.len() + textwrap::core::display_width(last) + 3 + more <= width => {
                *last += &format!("   {}", row.more);
            }
            _ => lines.push(row.more.clone()),
        }
        text += &format!("{style}{} {words}{style:#} {}\n", tone.sign(), lines.remove(0));
        lines.iter().for_each(|line| text += &format!("{INDENT}{line}\n"));
    }
    text += "\nnot claimed:\n";
    for limit in &answer.not_claimed {
        let options = textwrap::Options::new(width.max(20)).initial_indent("  ").subsequent_indent("    ");
        text += &(textwrap::fill(limit, options) + "\n");
    }
    text + &textwrap::fill(MODELS, width.max(20)) + "\n\n"
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Finding => AnsiColor::Blue.on_default(),
        Tone::Open => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
    }
}
