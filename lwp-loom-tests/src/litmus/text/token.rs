//! A text as tokens.

use super::diagnostic::{Diagnostic, Span};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    pub kind: Kind,
    /// As it stands in the text.
    pub text: &'t str,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name, a number, or a word of the language.
    Word,
    /// Something between quotes.
    Quoted,
    /// One of [`SYMBOLS`].
    Symbol,
    /// From `#` to the end of the line.
    Comment,
    /// The end of a line.
    Newline,
}

/// The longest first.
const SYMBOLS: [&str; 15] = ["->", "==", "!=", "<=", ">=", "{", "}", "(", ")", ";", ",", "|", "=", "<", ">"];

/// The tokens of a text, and what in it is none.
pub fn tokens(text: &str) -> (Vec<Token<'_>>, Vec<Diagnostic>) {
    let (mut tokens, mut wrong) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = match first {
            '\n' => (Some(Kind::Newline), 1),
            // A byte order mark is no word of anybody's.
            first if first.is_whitespace() || first == '\u{feff}' => (None, first.len_utf8()),
            '#' => (Some(Kind::Comment), rest.find('\n').unwrap_or(rest.len())),
            '"' => match rest[1..].find(['"', '\n']) {
                Some(end) if rest[1 + end..].starts_with('"') => (Some(Kind::Quoted), end + 2),
                end => {
                    let len = end.map_or(rest.len(), |end| end + 1);
                    wrong.push(Diagnostic::new(at..at + len, "a quotation does not end", "no closing quote"));
                    (None, len)
                }
            },
            _ => match (word(rest), SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol))) {
                (0, Some(symbol)) => (Some(Kind::Symbol), symbol.len()),
                (0, None) => {
                    let len = first.len_utf8();
                    let message = format!("the language has no character {first:?}");
                    match wrong.last_mut().filter(|last| last.span.end == at && last.message == message) {
                        Some(last) => last.span.end += len,
                        None => wrong.push(Diagnostic::new(at..at + len, message, "not understood")),
                    }
                    (None, len)
                }
                (len, _) => (Some(Kind::Word), len),
            },
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: &rest[..len], span: at..at + len });
        }
        at += len;
    }
    (tokens, wrong)
}

/// The length of the word that a text begins with: letters, digits and underscores, and between them dots and hyphens. A
/// number below 0 is a word too, and a wrong one wherever it stands.
fn word(text: &str) -> usize {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    let below = text.strip_prefix('-').is_some_and(|text| text.starts_with(|c: char| c.is_numeric()));
    let mut len = 0;
    for (at, c) in text.char_indices() {
        let joins = matches!(c, '.' | '-') && (at > 0 || below) && text[at + 1..].starts_with(inner);
        if !inner(c) && !joins {
            break;
        }
        len = at + c.len_utf8();
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).0.iter().map(|token| token.text).collect()
    }

    // An arrow after a name must not be taken for a part of it, as a hyphen is.
    #[test]
    fn a_word_may_have_hyphens_and_dots_inside_and_not_at_its_end() {
        assert_eq!(texts("park-timed->ok"), ["park-timed", "->", "ok"]);
        assert_eq!(texts("netbsd-1.69.2.6, x"), ["netbsd-1.69.2.6", ",", "x"]);
        assert_eq!(texts("a==b # c\n d"), ["a", "==", "b", "# c", "\n", "d"]);
    }

    #[test]
    fn what_is_no_token_is_reported_and_the_rest_goes_on() {
        let (tokens, wrong) = tokens("a ? \"b\n é c");
        assert_eq!(tokens.iter().map(|t| t.text).collect::<Vec<_>>(), ["a", "\n", "é", "c"]);
        assert_eq!(wrong.iter().map(|d| d.span.clone()).collect::<Vec<_>>(), [2..3, 4..6]);
    }
}
