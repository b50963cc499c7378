//! Lays out what somebody wrote: a statement or a step a line, the steps of a block indented, comments where they were.

use super::diagnostic::Diagnostic;
use super::parse::parse;
use super::token::{Kind, Token, tokens};

/// The text, laid out.
///
/// # Errors
/// All that is wrong with the program: what cannot be read is left alone.
pub fn format(name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    parse(name, text)?;
    let (tokens, _) = tokens(text);
    let mut out = Layout::default();
    for (n, token) in tokens.iter().enumerate() {
        let next = tokens[n + 1..].first();
        out.add(token, next);
    }
    Ok(out.finish())
}

#[derive(Default)]
struct Layout {
    text: String,
    line: String,
    /// The depth of blocks.
    depth: usize,
    /// Whether the last line that was laid out goes on in the text.
    goes_on: bool,
    /// Whether the text has an empty line here.
    gap: bool,
}

impl Layout {
    fn add(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) {
        match (token.kind, token.text) {
            (Kind::Newline, _) if self.line.is_empty() => self.gap |= !std::mem::take(&mut self.goes_on),
            (Kind::Newline, _) => self.break_line(),
            (Kind::Symbol, ";") => self.split_line(),
            (Kind::Symbol, "{") => {
                self.push("{");
                self.split_line();
                self.depth += 1;
            }
            (Kind::Symbol, "}") => {
                self.break_line();
                self.depth = self.depth.saturating_sub(1);
                self.line.push('}');
                // What follows on the same line is a statement of its own.
                if next.is_some_and(|next| !matches!(next.kind, Kind::Newline | Kind::Comment)) {
                    self.split_line();
                }
            }
            (Kind::Symbol, "," | ")") => self.line.push_str(token.text),
            (Kind::Comment, text) => {
                let prose = text.trim_start_matches('#').trim();
                self.push(format!("# {prose}").trim_end());
            }
            (_, text) => self.push(text),
        }
    }

    fn push(&mut self, text: &str) {
        if !self.line.is_empty() && !self.line.ends_with('(') {
            self.line.push(' ');
        }
        self.line.push_str(text);
    }

    /// Ends a line that goes on in the text.
    fn split_line(&mut self) {
        self.break_line();
        self.goes_on = true;
    }

    /// Ends a line. An empty one before it is kept, but not where a block begins or ends.
    fn break_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        if self.gap && !self.text.is_empty() && self.line != "}" && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
        (self.gap, self.goes_on) = (false, false);
        self.text += &"    ".repeat(self.depth);
        self.text += self.line.trim_end();
        self.text.push('\n');
        self.line.clear();
    }

    fn finish(mut self) -> String {
        self.break_line();
        self.text
    }
}
