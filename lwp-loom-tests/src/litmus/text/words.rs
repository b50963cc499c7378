//! Words that stand for the same thing wherever they are.

use std::ops::RangeInclusive;

use lwp_core::mutex::Class;
use lwp_core::netbsd::{Errno, Repair, Revision, State};

use super::cursor::{Cursor, Parsed};
use super::diagnostic::Diagnostic;
use crate::litmus::ast::{Counter, NOBODY, Value};
use crate::litmus::locks;
use crate::program::Layer;

/// What a revision's kernel is called in a program.
pub fn system(revision: Revision) -> &'static str {
    match revision {
        Revision::R1_62 => "netbsd-1.62",
        Revision::R1_69_2_6 => "netbsd-1.69.2.6",
    }
}

/// The lock layer that a program names as its system.
pub fn layer(word: &str) -> Option<Layer> {
    Layer::ALL.into_iter().find(|layer| locks::system(*layer) == word)
}

/// Every word that is a system.
pub fn systems() -> impl Iterator<Item = &'static str> {
    Revision::ALL.map(system).into_iter().chain(Layer::ALL.map(locks::system))
}

/// One of a few things that have names.
fn one_of<T: Copy>(cursor: &mut Cursor<'_, '_>, what: &str, all: &[(&str, T)]) -> Parsed<T> {
    let token = cursor.word(&format!("a {what}"))?;
    let found = all.iter().find(|(name, _)| *name == token.text);
    found.map(|(_, thing)| *thing).ok_or_else(|| {
        Diagnostic::unknown(token.span.clone(), what, token.text, all.iter().map(|(name, _)| *name))
    })
}

pub fn revision(cursor: &mut Cursor<'_, '_>) -> Parsed<Revision> {
    let token = cursor.word("a system")?;
    let found = Revision::ALL.into_iter().find(|revision| system(*revision) == token.text);
    found.ok_or_else(|| match layer(token.text) {
        Some(layer) => {
            let message = format!("{} is not one of several systems", locks::system(layer));
            Diagnostic::new(token.span.clone(), message, "a program over a lock layer has no other system")
        }
        None => Diagnostic::unknown(token.span.clone(), "system", token.text, systems()),
    })
}

pub fn repair(cursor: &mut Cursor<'_, '_>) -> Parsed<Repair> {
    one_of(cursor, "repair", &Repair::ALL.map(|repair| (repair.name(), repair)))
}

pub fn state(cursor: &mut Cursor<'_, '_>) -> Parsed<State> {
    one_of(cursor, "state", &State::ALL.map(|state| (state.name(), state)))
}

pub fn class(cursor: &mut Cursor<'_, '_>) -> Parsed<Class> {
    one_of(cursor, "lock", &LOCKS.map(|class| (class.name(), class)))
}

/// The locks that an LWP's pointer can point to.
const LOCKS: [Class; 5] =
    [Class::SchedMutex, Class::SpcLwplock, Class::SpcMutex, Class::SleepQueue, Class::TurnstileChain];

/// Results that are words of the language.
pub const RESULTS: [(&str, Value); 8] = [
    ("ok", Value::Ok),
    ("gone", Value::Gone),
    ("none", Value::None),
    ("no-block", Value::NoBlock),
    ("exited", Value::Exited),
    ("reaped", Value::Reaped),
    ("not-yet", Value::NotYet),
    ("busy", Value::Busy),
];

/// Every error that an operation can have.
pub const ERRORS: [Errno; 11] = [
    Errno::Esrch,
    Errno::Eintr,
    Errno::Edeadlk,
    Errno::Einval,
    Errno::Eagain,
    Errno::Ealready,
    Errno::Etimedout,
    Errno::Enodev,
    Errno::Ebusy,
    Errno::Enomem,
    Errno::Enosys,
];

/// A result that is no LWP.
pub fn result(word: &str) -> Option<Value> {
    let fixed = RESULTS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    let errno = || ERRORS.into_iter().find(|errno| errno.name() == word).map(Value::Errno);
    let cpu = || word.strip_prefix("cpu")?.parse().ok().map(Value::Cpu);
    fixed.or_else(errno).or_else(cpu).or_else(|| word.parse().ok().map(Value::Number))
}

/// Every word that is a result.
pub fn results<'a>() -> impl Iterator<Item = &'a str> {
    RESULTS.into_iter().map(|(name, _)| name).chain(ERRORS.map(Errno::name))
}

/// Numbers that a program may name.
pub const NUMBERS: RangeInclusive<usize> = 0..=65_535;

/// Words that nobody and nothing can be called by.
pub fn reserved(word: &str) -> bool {
    const OTHERS: [&str; 11] =
        ["any", "nobody", "and", "or", "not", "hang", "hangs", "is", "passed", "under", "along"];
    let counter = Counter::ALL.into_iter().any(|counter| counter.name() == word);
    let number = word.starts_with(|c: char| c.is_numeric() || c == '-');
    OTHERS.contains(&word) || counter || number || result(word).is_some()
}

const _: () = assert!(NOBODY > 16, "no program has so many LWPs");
