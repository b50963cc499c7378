//! What is wrong with a file that should be a program, shown where it stands.
//!
//! A file may hold anything. Whatever it is, what is shown of it is short, and does nothing to a terminal.

use std::ops::Range;
use std::path::Path;

use ariadne::{Config, IndexType, Label, Report, ReportKind, Source};
use lwp_loom_tests::litmus::collection::Unreadable;
use lwp_loom_tests::litmus::text::Diagnostic;

use crate::say::{self, harmless};

/// Mistakes of one file that are shown.
const SHOWN: usize = 20;

/// Bytes of a line that is shown as a whole, and characters of a message.
const LONG: usize = 200;

/// Characters of a longer line that are shown before the place, and after.
const AROUND: usize = 40;

/// Prints why a file is no program.
pub fn complain(file: &Path, why: &Unreadable) {
    match why {
        Unreadable::File(why) => say::aside(format_args!("error: {}", harmless(why))),
        Unreadable::Text { text, wrong } => {
            let (name, text) = (harmless(&file.display().to_string()), harmless(text));
            for one in wrong.iter().take(SHOWN) {
                say::aside(shown(&name, &text, one).trim_end());
            }
            if let more @ 1.. = wrong.len().saturating_sub(SHOWN) {
                say::aside(format_args!("error: {name}: and {more} more"));
            }
        }
    }
}

/// A diagnostic with the place that it is about, of a text that is harmless.
fn shown(file: &str, text: &str, diagnostic: &Diagnostic) -> String {
    let [message, label] = [&diagnostic.message, &diagnostic.label].map(|words| short(words));
    let help = diagnostic.help.as_deref().map(short);
    let lines = lines_of(text, &diagnostic.span);
    if text[lines.clone()].lines().any(|line| line.len() > LONG) {
        let place = around(text, &lines, diagnostic.span.start);
        let help = help.map(|help| format!("\n  help: {help}")).unwrap_or_default();
        let (line, column) = position(text, &lines, diagnostic.span.start);
        return format!("error: {file}:{line}:{column}: {message}\n  {place}: {label}{help}\n");
    }
    let span = (file.to_owned(), diagnostic.span.clone());
    let report = Report::build(ReportKind::Error, span.clone())
        .with_config(Config::default().with_index_type(IndexType::Byte))
        .with_message(&message)
        .with_label(Label::new(span).with_message(label));
    let report = help.into_iter().fold(report, |report, help| report.with_help(help));
    let mut out = Vec::new();
    match report.finish().write((file.to_owned(), Source::from(text)), &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => format!("error: {file}: {message}\n"),
    }
}

/// The bytes of the lines that a span touches.
fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |length| span.end + length);
    start..end
}

/// The number of a place's line, and of the character in it.
fn position(text: &str, lines: &Range<usize>, place: usize) -> (usize, usize) {
    (text[..place].matches('\n').count() + 1, text[lines.start..place].chars().count() + 1)
}

/// A long line's part around a place, which comes after the mark.
fn around(text: &str, lines: &Range<usize>, place: usize) -> String {
    let before: Vec<char> = text[lines.start..place].chars().rev().take(AROUND + 1).collect();
    let begins = if before.len() > AROUND { "..." } else { "" };
    let before: String = before.iter().take(AROUND).rev().collect();
    let line = text[place..lines.end].lines().next().unwrap_or_default();
    let after: String = line.chars().take(AROUND).collect();
    let ends = if after.len() < line.len() { "..." } else { "" };
    format!("{begins}{before} >>> {after}{ends}")
}

/// Words that may hold as much of a file as it likes.
fn short(words: &str) -> String {
    let words = harmless(words);
    match words.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use lwp_loom_tests::litmus::text::parse;

    use super::*;

    /// What is shown of the first mistake of a text.
    fn first(text: &str) -> String {
        let wrong = parse("p", text).unwrap_err();
        anstream::adapter::strip_str(&shown("p.litmus", &harmless(text), &wrong[0])).to_string()
    }

    // What a user sees first of the language, when something is wrong.
    #[test]
    fn a_mistake_is_shown_where_it_stands_with_what_was_meant() {
        let shown = first("lwp a { wiat b }\nlwp b { exit }\n");
        for part in
            ["p.litmus:1:9", "there is no operation `wiat`", "unknown operation", "did you mean `wait`?"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    // Thousands of mistakes on a line that is shown with each of them are gigabytes.
    #[test]
    fn of_a_long_line_only_the_part_around_a_mistake_is_shown() {
        let many = format!(
            "lwp b {{ exit }}\nlwp a {{ {}wiat b; {}}}\n",
            "exit; ".repeat(1000),
            "exit; ".repeat(1000)
        );
        let shown = first(&many);
        assert!(shown.len() < 1000, "{shown}");
        for part in
            ["p.litmus:2:6009: ", "there is no operation `wiat`", ">>> wiat b; ", "did you mean `wait`?"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let shown = first(&format!("lwp a {{ {} }}", "x".repeat(60_000)));
        assert!(shown.len() < 2000, "{}", shown.len());
    }

    // A file from somebody else could say that all is well, or change what the terminal does from then on.
    #[test]
    fn what_would_do_something_to_a_terminal_is_not_shown_and_moves_nothing() {
        let shown = first("lwp a { \x1b[31mwiat\x07 b }\n");
        assert!(!shown.contains(['\x1b', '\x07']), "{shown:?}");
        assert!(shown.contains("p.litmus:1:9") && shown.contains("?[31mwiat? b"), "{shown}");
    }
}
