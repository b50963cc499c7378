//! A way through the tokens of one statement.

use std::ops::RangeInclusive;

use super::diagnostic::{Diagnostic, Span};
use super::token::{Kind, Token};

/// A place in a statement.
#[derive(Clone, Debug)]
pub struct Cursor<'s, 't> {
    tokens: &'s [Token<'t>],
    at: usize,
    /// The statement's last character, for what is missing after it.
    end: Span,
}

/// What is wrong with a statement: it is given up, and the next one is read.
pub type Parsed<T> = Result<T, Diagnostic>;

impl<'s, 't> Cursor<'s, 't> {
    /// The beginning of a statement, which has a token.
    pub fn new(tokens: &'s [Token<'t>]) -> Cursor<'s, 't> {
        let last = |token: &Token<'_>| {
            let len = token.text.chars().next_back().map_or(0, char::len_utf8);
            token.span.end - len..token.span.end
        };
        Cursor { tokens, at: 0, end: tokens.last().map_or(0..0, last) }
    }

    pub fn peek(&self) -> Option<&'s Token<'t>> {
        self.tokens.get(self.at)
    }

    pub fn next(&mut self) -> Option<&'s Token<'t>> {
        let token = self.tokens.get(self.at);
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes the next token where it is this one.
    pub fn eat(&mut self, text: &str) -> bool {
        let is = self.peek().is_some_and(|token| token.kind != Kind::Quoted && token.text == text);
        self.at += usize::from(is);
        is
    }

    /// Takes these words where they are next.
    pub fn eat_all(&mut self, words: &[&str]) -> bool {
        let rest = &self.tokens[self.at..];
        let are =
            rest.len() >= words.len() && rest.iter().zip(words).all(|(token, word)| token.text == *word);
        self.at += if are { words.len() } else { 0 };
        are
    }

    /// The next token, which has to be this one.
    pub fn expect(&mut self, text: &str) -> Parsed<Span> {
        if self.eat(text) { Ok(self.last()) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    /// The next token, which has to be a word.
    pub fn word(&mut self, what: &str) -> Parsed<&'s Token<'t>> {
        match self.peek() {
            Some(token) if token.kind == Kind::Word => {
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// The next token, which has to be a number in a range.
    pub fn number(&mut self, what: &str, range: RangeInclusive<usize>) -> Parsed<usize> {
        let here = self.clone();
        let what = format!("{what} from {} to {}", range.start(), range.end());
        let number = self.word(&what)?.text.parse().ok();
        number.filter(|number| range.contains(number)).ok_or_else(|| here.expected(&what))
    }

    /// One or more of something, with `separator` between them.
    pub fn list<T>(
        &mut self,
        separator: &str,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(separator) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// The statement has to end here.
    pub fn done(&self) -> Parsed<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.expected("the end of the statement")) }
    }

    /// Something else should stand here.
    pub fn expected(&self, what: &str) -> Diagnostic {
        match self.peek() {
            Some(token) => {
                let message = format!("expected {what}, not `{}`", token.text);
                Diagnostic::new(token.span.clone(), message, format!("expected {what}"))
            }
            None => {
                let message = format!("expected {what}, but the statement ends");
                Diagnostic::new(self.end.clone(), message, format!("expected {what} after this"))
            }
        }
    }

    /// Where the last token that was taken stands.
    pub fn last(&self) -> Span {
        self.tokens[self.at - 1].span.clone()
    }

    /// From a place to the last token that was taken.
    pub fn since(&self, from: &Cursor<'_, '_>) -> Span {
        let start = from.peek().map_or(self.end.end, |token| token.span.start);
        start..self.last().end
    }
}
