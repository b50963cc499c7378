//! What is said of a lock layer: `system LAYER`, `locks NAME { "," NAME } [ "under" NAME ]`, and its operations.

use super::cursor::{Cursor, Parsed};
use super::diagnostic::Diagnostic;
use super::parse::{Names, Placed, Statement};
use super::words;
use crate::litmus::ast::{Op, Program};
use crate::litmus::locks::{self, Locks, Takes, VERBS};
use crate::program::{IllumosOp, Layer, LockOp, NetbsdOp};

/// The locks of a program over a lock layer; `None` where it is over the protocol.
pub fn read(statements: &[Statement<'_>], names: &Names, wrong: &mut Vec<Diagnostic>) -> Option<Locks> {
    let of = |keyword: &str| statements.iter().find(|statement| statement.keyword() == keyword);
    let system = of("system").and_then(|statement| statement.head.get(1));
    let layer = system.and_then(|token| Some((words::layer(token.text)?, token.span.clone())));
    let said = of("locks").map(|statement| Cursor::new(&statement.head));
    let (layer, place) = match (layer, said.clone()) {
        (Some(layer), _) => layer,
        (None, None) => return None,
        (None, Some(mut cursor)) => {
            cursor.next();
            let message = "only a program over a lock layer has locks of its own";
            let wrong_here = Diagnostic::new(cursor.last(), message, "the protocol has its locks");
            wrong.push(wrong_here.help("say `system netbsd-locks` or `system illumos-locks`"));
            return None;
        }
    };
    let mut all: Vec<String> = Locks::built_in(layer).iter().map(ToString::to_string).collect();
    let name = locks::system(layer);
    let (names, start) = match said {
        Some(mut cursor) if !Locks::has_others(layer) => {
            cursor.next();
            let message = format!("{name} has one lock, and no other");
            wrong.push(Diagnostic::new(cursor.last(), message, "nothing to be named"));
            (all, 0)
        }
        Some(cursor) => {
            let start = named(cursor, layer, &mut all, names);
            let start = start.unwrap_or_else(|error| {
                wrong.push(error);
                0
            });
            (all, start)
        }
        None if Locks::has_others(layer) => {
            let message = format!("{name} moves among locks that have names, and here are none");
            wrong.push(Diagnostic::new(place, message, "say `locks NAME, NAME` too"));
            all.push("?".into());
            (all, 0)
        }
        None => (all, 0),
    };
    Some(Locks { layer, names, start })
}

/// Adds the locks' names to those of the layer's own, and gives the lock that covers the LWP at first.
fn named(mut cursor: Cursor<'_, '_>, layer: Layer, all: &mut Vec<String>, names: &Names) -> Parsed<usize> {
    cursor.next();
    cursor.list(",", |cursor| {
        let token = cursor.word("the name of a lock")?;
        let name = names.free(token)?;
        if all.contains(&name) {
            let message = format!("the name `{name}` is given twice");
            return Err(Diagnostic::new(token.span.clone(), message, "another lock is called that already"));
        }
        all.push(name);
        Ok(())
    })?;
    let start = if cursor.eat("under") { lock(&mut cursor, all)? } else { Locks::first(layer) };
    cursor.done()?;
    Ok(start)
}

fn lock(cursor: &mut Cursor<'_, '_>, names: &[String]) -> Parsed<usize> {
    let token = cursor.word("the name of a lock")?;
    let found = names.iter().position(|name| name == token.text);
    found.ok_or_else(|| {
        Diagnostic::unknown(token.span.clone(), "lock", token.text, names.iter().map(String::as_str))
    })
}

/// `OPERATION [LOCK ["held"]]`
pub fn operation(cursor: &mut Cursor<'_, '_>, locks: &Locks) -> Parsed<Op> {
    let word = cursor.word("an operation")?;
    let verbs = || VERBS.iter().filter(|verb| verb.layers.contains(&locks.layer));
    let verb = verbs().find(|verb| verb.word == word.text).ok_or_else(|| {
        let what = format!("operation of {}", locks::system(locks.layer));
        let unknown = Diagnostic::unknown(word.span.clone(), &what, word.text, verbs().map(|verb| verb.word));
        match word.text {
            "unlock" | "exit" => {
                unknown.help("each operation ends with nothing held: there is nothing to release")
            }
            _ => unknown,
        }
    })?;
    let to = if verb.takes == Takes::Nothing { None } else { Some(lock(cursor, &locks.names)?) };
    let held = verb.takes == Takes::LockOrHeld && cursor.eat("held");
    if held && locks.layer == Layer::Uniprocessor {
        let message = "a uniprocessor's mover holds the one lock already";
        return Err(Diagnostic::new(cursor.last(), message, "nothing else to hold"));
    }
    match verb.op(locks.layer, to, held) {
        Some(op) => Ok(Op::Locks(op)),
        None => Err(cursor.expected("an operation")),
    }
}

/// Each operation that would take a lock against the order, or park for ever.
pub fn out_of_order(program: &Program, lines: &[Placed]) -> Vec<Diagnostic> {
    let (Some(locks), Some(lowered)) = (&program.locks, locks::lowered(program)) else { return Vec::new() };
    let order = locks.names.join(" before ");
    let wrong = |(line, n): (usize, usize)| {
        let op = program.lines[line].steps[n].op;
        let does = program.op(op);
        let label = match locks.layer {
            Layer::Parker => "two tokens may be one, so this may wait for ever".into(),
            _ => format!("the order is {order}"),
        };
        let message = match op {
            Op::Locks(LockOp::Netbsd(NetbsdOp::Relock(_)) | LockOp::Illumos(IllumosOp::Sleep(_))) => {
                format!("`{does}` takes a lock that may come before the one that it holds")
            }
            Op::Locks(LockOp::Illumos(_)) => format!("`{does}`: only `stop` leaves a thread to it"),
            Op::Locks(LockOp::Parker(_)) => {
                format!(
                    "`{does}`: the first thread parks, `park` first if at all, and the others let it go on"
                )
            }
            _ => format!("`{does}` needs a lock before all that the LWP may be under, or after all of them"),
        };
        Diagnostic::new(lines[line].steps[n].clone(), message, label)
    };
    lowered.out_of_order().into_iter().map(wrong).collect()
}
