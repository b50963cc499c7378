//! What a user sees: all that is printed goes through here. Nothing of it panics, and nothing of it keeps a command from
//! writing its files or from its exit status.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::error::Error;

/// Why the rest of what was to be printed is lost, once something is.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a text.
pub fn text(text: impl Display) {
    if LOST.get().is_none()
        && let Err(error) = write(anstream::stdout().lock(), &text)
    {
        // Whoever came first has said why.
        let _ = LOST.set(error);
    }
}

/// Prints a line.
pub fn line(line: impl Display) {
    text(format_args!("{line}\n"));
}

/// Says something beside what is printed: how far it is, or what is wrong.
pub fn aside(line: impl Display) {
    // Where this is lost there is nobody left to tell.
    let _ = write(anstream::stderr().lock(), &format_args!("{line}\n"));
}

/// Whether nobody gets what is printed any more.
pub fn is_over() -> bool {
    LOST.get().is_some()
}

/// Fails if something is lost that somebody wanted: a reader that goes away has seen enough.
pub fn all() -> Result<(), Error> {
    match LOST.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// The text with as many `?` as bytes for each character that would do something to a terminal, or would end a line for
/// some and not for others.
pub fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let ends_line = c == '\n' || c == '\r' && characters.peek() == Some(&'\n');
        // Ends of lines and paragraphs, and what turns the direction of writing.
        let is_odd = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() || is_odd) && !ends_line && c != '\t' {
            harmless.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            harmless.push(c);
        }
    }
    harmless
}

fn write(mut to: impl Write, text: &impl Display) -> io::Result<()> {
    write!(to, "{text}")?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    // A place in the text that is counted in bytes must stay where it is.
    #[test]
    fn what_would_do_something_to_a_terminal_becomes_as_many_question_marks_as_bytes() {
        assert_eq!(harmless("a\tb\r\nc\rd\n\x1b[31m\u{9b}é\u{202e}"), "a\tb\r\nc?d\n?[31m??é???");
    }
}
