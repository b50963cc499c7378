//! A step of a line.

use super::cursor::{Cursor, Parsed};
use super::diagnostic::Diagnostic;
use super::locks;
use super::parse::Names;
use super::token::Token;
use super::words::{self, NUMBERS};
use crate::litmus::ast::{ANY, NOBODY, Op, Sig, Start, Step, Value};
use crate::litmus::locks as lock_layer;
use crate::litmus::verb::{self, Takes, VERBS};

/// `[NAME =] OPERATION [-> RESULT { | RESULT }]`; gives the name apart.
pub fn read<'t, 's>(
    tokens: &'s [Token<'t>],
    names: &Names,
    start: Start,
    wrong: &mut Vec<Diagnostic>,
) -> Option<(Option<&'s Token<'t>>, Step)> {
    let (doing, may) = match tokens.iter().position(|token| token.text == "->") {
        Some(arrow) => (&tokens[..arrow], Some(&tokens[arrow..])),
        None => (tokens, None),
    };
    let may = may.map_or(Ok(Vec::new()), |tokens| results(tokens, names));
    let read = named(doing, names, start);
    match (read, may) {
        (Ok((name, op)), Ok(may)) => Some((name, Step { name: None, op, may })),
        (read, may) => {
            wrong.extend(read.err());
            wrong.extend(may.err().into_iter().flatten());
            None
        }
    }
}

/// `[NAME =] OPERATION`
fn named<'t, 's>(
    tokens: &'s [Token<'t>],
    names: &Names,
    start: Start,
) -> Parsed<(Option<&'s Token<'t>>, Op)> {
    let mut cursor = Cursor::new(tokens);
    let mut ahead = cursor.clone();
    let name = ahead.next().filter(|_| ahead.eat("="));
    if name.is_some() {
        cursor = ahead;
    }
    let op = match &names.locks {
        Some(locks) => locks::operation(&mut cursor, locks)?,
        None => operation(&mut cursor, names, start)?,
    };
    cursor.done()?;
    Ok((name, op))
}

/// `-> RESULT { | RESULT }`
fn results(tokens: &[Token<'_>], names: &Names) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut cursor = Cursor::new(tokens);
    cursor.next();
    let read = cursor.list("|", |cursor| {
        let read = result(cursor, names);
        // An unknown word does not hide the next one; a piece that is none ends the statement.
        match read {
            Err(error) if cursor.peek().is_none_or(|token| token.text == "|") => {
                wrong.push(error);
                Ok(Value::Ok)
            }
            read => read,
        }
    });
    match read.and_then(|may| cursor.done().map(|()| may)) {
        Ok(may) if wrong.is_empty() => Ok(may),
        read => {
            wrong.extend(read.err());
            Err(wrong)
        }
    }
}

/// An operation of the protocol.
fn operation(cursor: &mut Cursor<'_, '_>, names: &Names, start: Start) -> Parsed<Op> {
    let word = cursor.word("an operation")?;
    let verb = VERBS.iter().find(|verb| verb.word == word.text).ok_or_else(|| {
        let (what, span) = ("operation", word.span.clone());
        let unknown = Diagnostic::unknown(span, what, word.text, VERBS.iter().map(|verb| verb.word));
        match lock_layer::VERBS.iter().find(|verb| verb.word == word.text) {
            Some(verb) => {
                let system = lock_layer::system(verb.layers[0]);
                unknown.help(format!("a program over the lock layer has it: `system {system}`"))
            }
            None => unknown,
        }
    })?;
    if verb.by_an_lwp && start == Start::Outside {
        let message = format!("`{}` is done by an LWP, and this is none", verb.word);
        return Err(Diagnostic::new(word.span.clone(), message, "nobody outside can do this"));
    }
    match verb.takes {
        // What takes nothing is its own example.
        Takes::Nothing => Ok(verb.example),
        Takes::Lwp(op) => lwp(cursor, names).map(op),
        Takes::LwpOrAny(op) => if cursor.eat("any") { Ok(ANY) } else { lwp(cursor, names) }.map(op),
        Takes::LwpAndSignal(op) => {
            let lwp = lwp(cursor, names)?;
            let ends = cursor.peek().is_none_or(|token| token.text == "->");
            Ok(op(lwp, if ends { None } else { Some(signal(cursor)?) }))
        }
        Takes::Signal(op) => signal(cursor).map(op),
        Takes::Number(op) => cursor.number("a number", NUMBERS).map(op),
    }
}

/// An LWP that takes part, or nobody.
pub fn lwp(cursor: &mut Cursor<'_, '_>, names: &Names) -> Parsed<usize> {
    if cursor.eat("nobody") {
        return Ok(NOBODY);
    }
    let token = cursor.word("the name of an LWP")?;
    names
        .lwp(token.text)
        .ok_or_else(|| Diagnostic::unknown(token.span.clone(), "LWP", token.text, names.lwps()))
}

fn signal(cursor: &mut Cursor<'_, '_>) -> Parsed<Sig> {
    let token = cursor.word("a signal")?;
    Sig::ALL.into_iter().find(|sig| verb::signal(*sig) == token.text).ok_or_else(|| {
        Diagnostic::unknown(token.span.clone(), "signal", token.text, Sig::ALL.map(verb::signal))
    })
}

/// A result: a word, an error, a number or an LWP.
pub fn result(cursor: &mut Cursor<'_, '_>, names: &Names) -> Parsed<Value> {
    let token = cursor.word("a result")?;
    let value = words::result(token.text).or_else(|| names.lwp(token.text).map(Value::Lwp));
    value.ok_or_else(|| {
        let known = words::results().chain(names.lwps());
        Diagnostic::unknown(token.span.clone(), "result", token.text, known)
    })
}
