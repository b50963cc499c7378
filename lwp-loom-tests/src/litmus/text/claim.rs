//! What a program claims.

use super::cursor::{Cursor, Parsed};
use super::diagnostic::{Diagnostic, Span};
use super::parse::Names;
use super::step;
use super::words::{self, NUMBERS};
use crate::litmus::ast::{Claim, Condition, Counter, Quantifier, Relation, When};

/// `always|never|sometimes CLAIM [along the way]`
pub fn read(begin: &Cursor<'_, '_>, names: &Names) -> Parsed<(Condition, Span)> {
    let mut cursor = begin.clone();
    let quantifier = match cursor.word("a claim")?.text {
        "always" => Quantifier::Always,
        "never" => Quantifier::Never,
        _ => Quantifier::Sometimes,
    };
    let claimed = cursor.clone();
    let claim = any(&mut cursor, names, 0)?;
    let span = cursor.since(&claimed);
    let when = if cursor.eat_all(&["along", "the", "way"]) { When::AlongTheWay } else { When::AtTheEnd };
    cursor.done()?;
    let about_a_hang = claim.contains(&|claim| matches!(claim, Claim::Hang(_)));
    if about_a_hang && when == When::AlongTheWay {
        let message = "that an LWP waits for ever is known at the end, and not along the way";
        return Err(Diagnostic::new(span, message, "about a hang"));
    }
    let about_results_alone = !about_a_hang && !claim.is_about_the_machine();
    if names.locks.is_some() && (when == When::AlongTheWay || !about_results_alone) {
        let message = "a program over a lock layer comes to results, and claims are about those";
        return Err(Diagnostic::new(span, message, "not about a result at the end"));
    }
    let about_results = |claim: &Claim| matches!(claim, Claim::Result { .. } | Claim::SameResult(..));
    if when == When::AlongTheWay && claim.contains(&about_results) {
        let message = "results are known at the end, and not along the way";
        return Err(Diagnostic::new(span, message, "about a result"));
    }
    Ok((Condition { quantifier, when, claim }, span))
}

/// Claims within claims: more than anybody reads.
const DEEPEST: usize = 64;

fn any(cursor: &mut Cursor<'_, '_>, names: &Names, depth: usize) -> Parsed<Claim> {
    let mut parts = cursor.list("or", |cursor| all(cursor, names, depth))?;
    Ok(if parts.len() == 1 { parts.remove(0) } else { Claim::Any(parts) })
}

fn all(cursor: &mut Cursor<'_, '_>, names: &Names, depth: usize) -> Parsed<Claim> {
    let mut parts = cursor.list("and", |cursor| one(cursor, names, depth))?;
    Ok(if parts.len() == 1 { parts.remove(0) } else { Claim::All(parts) })
}

fn one(cursor: &mut Cursor<'_, '_>, names: &Names, depth: usize) -> Parsed<Claim> {
    if depth == DEEPEST {
        return Err(cursor.expected(&format!("no more than {DEEPEST} claims within each other")));
    }
    if cursor.eat("not") {
        return Ok(Claim::Not(Box::new(one(cursor, names, depth + 1)?)));
    }
    if cursor.eat("(") {
        let claim = any(cursor, names, depth + 1)?;
        cursor.expect(")")?;
        return Ok(claim);
    }
    if cursor.eat("hang") {
        return Ok(Claim::Hang(None));
    }
    let token = cursor.word("a result, an LWP or a counter")?;
    let name = token.text;
    if let Some(counter) = Counter::ALL.into_iter().find(|counter| counter.name() == name) {
        let relation = relation(cursor)?;
        return Ok(Claim::Counter(counter, relation, cursor.number("a number", NUMBERS)?));
    }
    if let Some(lid) = names.lwp(name) {
        return about_an_lwp(cursor, lid);
    }
    let Some((line, step)) = names.result(name) else {
        if names.locks.is_some() {
            return Err(Diagnostic::unknown(token.span.clone(), "result", name, names.results()));
        }
        let known = names.results().chain(names.lwps()).chain(Counter::ALL.map(Counter::name));
        let unknown = Diagnostic::unknown(token.span.clone(), "result, LWP or counter", name, known);
        let lwp = name.split_once('.').map(|(lwp, _)| lwp).filter(|lwp| names.lwp(lwp).is_some());
        return Err(match lwp {
            Some(lwp) => unknown.help(format!(
                "of an LWP one says `{lwp} is LSRUN`, `{lwp} passed LSRUN`, `{lwp} under sched_mutex` or `{lwp} hangs`"
            )),
            None => unknown,
        });
    };
    let equal = match relation(&mut cursor.clone())? {
        Relation::Equal => true,
        Relation::NotEqual => false,
        _ => return Err(cursor.expected("`==` or `!=`: results are not ordered")),
    };
    cursor.next();
    let other = cursor.peek().and_then(|token| names.result(token.text));
    let claim = match other {
        Some(other) => {
            cursor.next();
            Claim::SameResult((line, step), other)
        }
        None => Claim::Result { line, step, is: cursor.list("|", |cursor| step::result(cursor, names))? },
    };
    Ok(if equal { claim } else { Claim::Not(Box::new(claim)) })
}

fn about_an_lwp(cursor: &mut Cursor<'_, '_>, lid: usize) -> Parsed<Claim> {
    if cursor.eat("hangs") {
        Ok(Claim::Hang(Some(lid)))
    } else if cursor.eat("is") {
        Ok(Claim::Is(lid, words::state(cursor)?))
    } else if cursor.eat("passed") {
        let first = words::state(cursor)?;
        Ok(if cursor.eat("->") {
            Claim::Passed(lid, Some(first), words::state(cursor)?)
        } else {
            Claim::Passed(lid, None, first)
        })
    } else if cursor.eat("under") {
        Ok(Claim::Under(lid, words::class(cursor)?))
    } else {
        Err(cursor.expected("`is`, `passed`, `under` or `hangs`"))
    }
}

/// How a relation is written.
pub const RELATIONS: [(&str, Relation); 6] = [
    ("==", Relation::Equal),
    ("!=", Relation::NotEqual),
    ("<", Relation::Less),
    ("<=", Relation::AtMost),
    (">", Relation::More),
    (">=", Relation::AtLeast),
];

fn relation(cursor: &mut Cursor<'_, '_>) -> Parsed<Relation> {
    let found = RELATIONS.iter().find(|(text, _)| cursor.eat(text));
    found.map(|(_, relation)| *relation).ok_or_else(|| cursor.expected("`==`, `!=`, `<`, `<=`, `>` or `>=`"))
}
