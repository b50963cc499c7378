//! From tokens to a program: statement by statement, so that one mistake does not hide the next.

use std::collections::HashMap;

use lwp_core::netbsd::{Lid, Revision};

use super::claim;
use super::cursor::{Cursor, Parsed};
use super::diagnostic::{Diagnostic, Span};
use super::locks;
use super::sense;
use super::step;
use super::token::{Kind, Token, tokens};
use super::words::{self, NUMBERS};
use crate::litmus::ast::{CPUS, Condition, Defect, Doing, Line, Program, Start, Step, Symptom};
use crate::litmus::locks::Locks;
use crate::reach::{Bound, Loom};

/// Reads a program.
///
/// # Errors
/// All that is wrong with it, in the order of the text.
pub fn parse(name: &str, text: &str) -> Result<Program, Vec<Diagnostic>> {
    read(name, text).map(|(program, _)| program)
}

/// Reads a program that is to be run: one that can never end is a mistake too.
///
/// # Errors
/// As [`parse`].
pub fn parse_to_run(name: &str, text: &str) -> Result<Program, Vec<Diagnostic>> {
    parse_but(name, text, sense::never_ends)
}

/// Reads a program that is to be run under loom: one with more threads than loom has room for is a mistake too.
///
/// # Errors
/// As [`parse`].
pub fn parse_for_loom(name: &str, text: &str) -> Result<Program, Vec<Diagnostic>> {
    parse_but(name, text, |program, lines| {
        sense::too_many_for_loom(lines).or_else(|| sense::never_ends(program, lines))
    })
}

fn parse_but(
    name: &str,
    text: &str,
    wrong: impl FnOnce(&Program, &[Placed]) -> Option<Diagnostic>,
) -> Result<Program, Vec<Diagnostic>> {
    let (program, lines) = read(name, text)?;
    match wrong(&program, &lines) {
        Some(wrong) => Err(vec![wrong]),
        None => Ok(program),
    }
}

fn read(name: &str, text: &str) -> Result<(Program, Vec<Placed>), Vec<Diagnostic>> {
    let (tokens, mut wrong) = tokens(text);
    let about = about(&tokens);
    let statements = statements(&tokens, &mut wrong);
    let mut names = Names::default();
    names.locks = locks::read(&statements, &names, &mut wrong);
    let mut heads = Vec::new();
    for statement in &statements {
        if matches!(statement.keyword(), "lwp" | "outside") {
            let head = head(statement, &mut names).unwrap_or_else(|error| {
                wrong.push(error);
                stand_in(statement, &mut names)
            });
            heads.push((head, statement));
        }
    }
    let mut lines = Vec::new();
    for (n, ((start, span), statement)) in heads.into_iter().enumerate() {
        let steps = steps(statement, n, start, &mut names, &mut wrong);
        lines.push(Placed {
            line: Line { name: names.lines[n].0.clone(), start, steps: steps.0 },
            span,
            steps: steps.1,
        });
    }
    let mut rest = Rest::default();
    for statement in statements.iter().filter(|s| !matches!(s.keyword(), "lwp" | "outside")) {
        if let Err(error) = rest.read(statement, &names) {
            wrong.push(error);
        }
    }
    // What does not make sense may be so for what could not be read.
    if wrong.is_empty() {
        let program =
            rest.program(name, about, names.locks, lines.iter().map(|placed| placed.line.clone()).collect());
        wrong = sense::check(&program, &lines, &rest.places());
        if wrong.is_empty() {
            return Ok((program, lines));
        }
    }
    wrong.sort_by_key(|error| error.span.start);
    Err(wrong)
}

/// The prose at the top.
fn about(tokens: &[Token<'_>]) -> String {
    let prose = tokens.iter().take_while(|token| matches!(token.kind, Kind::Comment | Kind::Newline));
    let lines = prose.filter(|token| token.kind == Kind::Comment);
    let words = lines.flat_map(|line| line.text.trim_start_matches('#').split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

/// A statement: its line, and what is between braces.
pub struct Statement<'t> {
    pub head: Vec<Token<'t>>,
    block: Option<Vec<Vec<Token<'t>>>>,
}

impl Statement<'_> {
    pub fn keyword(&self) -> &str {
        self.head[0].text
    }
}

/// What a statement begins with.
const KEYWORDS: [&str; 12] = [
    "system",
    "locks",
    "cpus",
    "maxlwp",
    "lwp",
    "outside",
    "always",
    "never",
    "sometimes",
    "may",
    "defect",
    "loom",
];

fn statements<'t>(tokens: &[Token<'t>], wrong: &mut Vec<Diagnostic>) -> Vec<Statement<'t>> {
    let mut statements: Vec<Statement<'t>> = Vec::new();
    let mut head: Vec<Token<'t>> = Vec::new();
    let mut rest = tokens.iter().filter(|token| token.kind != Kind::Comment).cloned().peekable();
    while let Some(token) = rest.next() {
        match (token.kind, token.text) {
            (Kind::Newline, _) => {
                // What is missing at the end of a line is not the next statement.
                let begins = rest.peek().is_some_and(|token| begins(token));
                let goes_on =
                    head.last().is_some_and(continues) && !begins || rest.peek().is_some_and(goes_on);
                if !goes_on && !head.is_empty() {
                    statements.push(Statement { head: std::mem::take(&mut head), block: None });
                }
            }
            (Kind::Symbol, "{") => {
                if head.is_empty() {
                    wrong.push(Diagnostic::new(
                        token.span.clone(),
                        "a block belongs to an LWP",
                        "expected `lwp NAME` before it",
                    ));
                    head.push(Token { kind: Kind::Word, text: "", span: 0..0 });
                }
                let mut steps = vec![Vec::new()];
                let mut ended = false;
                while let Some(token) = rest.next_if(|t| !begins_a_statement(t, &steps)) {
                    match (token.kind, token.text) {
                        (Kind::Symbol, "}") => {
                            ended = true;
                            break;
                        }
                        (Kind::Newline, _)
                            if steps.last().and_then(|step| step.last()).is_some_and(continues)
                                && !rest.peek().is_some_and(|next| begins(next)) => {}
                        (Kind::Newline, _) | (Kind::Symbol, ";") => steps.push(Vec::new()),
                        _ => steps.last_mut().expect("there is a step").push(token),
                    }
                }
                if !ended {
                    wrong.push(Diagnostic::new(token.span, "a block does not end", "no `}` for this"));
                }
                steps.retain(|step| !step.is_empty());
                let head = std::mem::take(&mut head);
                if !head[0].text.is_empty() {
                    statements.push(Statement { head, block: Some(steps) });
                }
            }
            _ => head.push(token),
        }
    }
    if !head.is_empty() {
        statements.push(Statement { head, block: None });
    }
    statements
}

/// Whether a statement goes on behind this token, on the next line.
fn continues(token: &Token<'_>) -> bool {
    matches!(token.text, "," | "|" | "->" | "and" | "or" | "not" | "(" | "=" | "==" | "!=")
        && token.kind != Kind::Quoted
}

/// Whether a line that begins so goes on with the statement before it.
fn goes_on(token: &Token<'_>) -> bool {
    matches!(token.text, "and" | "or" | "|" | ")") && token.kind != Kind::Quoted
}

/// Whether a block that has not ended has been left: a line begins as only statements do.
fn begins_a_statement(token: &Token<'_>, steps: &[Vec<Token<'_>>]) -> bool {
    steps.last().is_some_and(Vec::is_empty) && begins(token)
}

/// Whether only a statement begins so.
fn begins(token: &Token<'_>) -> bool {
    token.kind == Kind::Word && KEYWORDS.contains(&token.text)
}

/// The names that a program gives.
#[derive(Default)]
pub struct Names {
    /// Of locks, where the program is over a lock layer.
    pub locks: Option<Locks>,
    /// Of lines.
    lines: Vec<(String, Start)>,
    /// Of results: the line and the step, each from 0.
    results: HashMap<String, (usize, usize)>,
}

impl Names {
    /// The LWP with this name.
    pub fn lwp(&self, name: &str) -> Option<Lid> {
        let lwp = self.lines.iter().position(|(known, start)| known == name && *start != Start::Outside)?;
        Some(lwp + 1)
    }

    /// The LWPs' names.
    pub fn lwps(&self) -> impl Iterator<Item = &str> {
        let lwps = self.lines.iter().filter(|(name, start)| *start != Start::Outside && !name.is_empty());
        lwps.map(|(name, _)| name.as_str())
    }

    /// The result with this name.
    pub fn result(&self, name: &str) -> Option<(usize, usize)> {
        self.results.get(name).copied()
    }

    /// The results' names.
    pub fn results(&self) -> impl Iterator<Item = &str> {
        self.results.keys().map(String::as_str)
    }

    fn is_taken(&self, name: &str) -> bool {
        let lock = || self.locks.as_ref().is_some_and(|locks| locks.names.iter().any(|known| known == name));
        self.results.contains_key(name) || self.lines.iter().any(|(known, _)| known == name) || lock()
    }

    /// Takes a name that must be free.
    pub fn free(&self, token: &Token<'_>) -> Parsed<String> {
        let (name, span) = (token.text, token.span.clone());
        if words::reserved(name) {
            let message = format!("`{name}` is a word of the language");
            return Err(Diagnostic::new(span, message, "nothing can be called that"));
        }
        if self.is_taken(name) {
            let message = format!("the name `{name}` is given twice");
            return Err(Diagnostic::new(span, message, "something else is called that already"));
        }
        Ok(name.to_owned())
    }
}

/// A line with the places of its parts.
pub struct Placed {
    pub line: Line,
    /// Its head.
    pub span: Span,
    /// Its steps.
    pub steps: Vec<Span>,
}

const STARTS: [&str; 9] =
    ["running", "detached", "suspended", "idle", "stopped", "sleeping", "sleeping-sig", "unborn", "outside"];

/// The head of a line.
fn head(statement: &Statement<'_>, names: &mut Names) -> Parsed<(Start, Span)> {
    let mut cursor = Cursor::new(&statement.head);
    let begin = cursor.clone();
    let outside = cursor.eat("outside");
    if outside && names.locks.is_some() {
        let message = "nobody is outside of a lock layer";
        return Err(Diagnostic::new(cursor.last(), message, "say `lwp NAME`: each is a thread of its own"));
    }
    if outside && cursor.peek().is_none() {
        if names.is_taken("outside") {
            let message = "the name `outside` is given twice";
            return Err(
                Diagnostic::new(cursor.last(), message, "give this one a name").help("outside NAME { ... }")
            );
        }
        names.lines.push(("outside".into(), Start::Outside));
        return Ok((Start::Outside, cursor.last()));
    }
    if !outside {
        cursor.expect("lwp")?;
    }
    let name = names.free(cursor.word("a name")?)?;
    let start = if outside {
        Start::Outside
    } else {
        let (mut detached, mut unborn, mut doing) = (false, false, None);
        while let Some(token) = cursor.next() {
            let span = token.span.clone();
            let flag = match token.text {
                "detached" => Some(&mut detached),
                "unborn" => Some(&mut unborn),
                _ => None,
            };
            if let Some(flag) = flag {
                if std::mem::replace(flag, true) {
                    let message = format!("{} is said twice", token.text);
                    return Err(Diagnostic::new(span, message, "it is said already"));
                }
                continue;
            }
            let now = match token.text {
                "running" => Doing::Running,
                "suspended" => Doing::Suspended,
                "idle" => Doing::Idle,
                "stopped" => Doing::Stopped,
                "sleeping" => Doing::Sleeping,
                "sleeping-sig" => Doing::SleepingSig,
                other => {
                    return Err(Diagnostic::unknown(
                        span,
                        "starting state",
                        other,
                        STARTS.into_iter().take(8),
                    ));
                }
            };
            if doing.replace(now).is_some() {
                return Err(Diagnostic::new(span, "an LWP starts in one state", "it has one already"));
            }
        }
        let doing = doing.unwrap_or(Doing::Running);
        match (unborn, doing) {
            (false, doing) => Start::Born { detached, doing },
            (true, Doing::Running | Doing::Suspended) => {
                Start::Unborn { detached, suspended: doing == Doing::Suspended }
            }
            (true, _) => {
                let span = cursor.since(&begin);
                let message = "an LWP that is created cannot start so";
                return Err(Diagnostic::new(span, message, "`unborn` goes with `detached` and `suspended`"));
            }
        }
    };
    if names.locks.is_some() && start != (Start::Born { detached: false, doing: Doing::Running }) {
        let message = "whoever moves or locks an LWP has no starting state";
        return Err(Diagnostic::new(cursor.since(&begin), message, "expected a name and no more"));
    }
    if statement.block.is_none() {
        return Err(cursor.expected("`{` and what it does"));
    }
    names.lines.push((name, start));
    Ok((start, cursor.since(&begin)))
}

/// What stands in for a head that could not be read, so that its block is, and what it names is known.
fn stand_in(statement: &Statement<'_>, names: &mut Names) -> (Start, Span) {
    let outside = statement.keyword() == "outside";
    let start = if outside { Start::Outside } else { Start::Born { detached: false, doing: Doing::Running } };
    let name = statement.head.get(1).filter(|token| token.kind == Kind::Word).map_or("", |token| token.text);
    names.lines.push((name.into(), start));
    (start, statement.head[0].span.clone())
}

/// What somebody does, and where each step stands.
fn steps(
    statement: &Statement<'_>,
    line: usize,
    start: Start,
    names: &mut Names,
    wrong: &mut Vec<Diagnostic>,
) -> (Vec<Step>, Vec<Span>) {
    let (mut steps, mut spans) = (Vec::new(), Vec::new());
    for tokens in statement.block.iter().flatten() {
        let Some((name, step)) = step::read(tokens, names, start, wrong) else {
            // What it names is known all the same.
            if let [name, equals, ..] = &tokens[..]
                && equals.text == "="
            {
                names.results.entry(name.text.into()).or_insert((line, steps.len()));
            }
            continue;
        };
        let name = match name.map(|name| names.free(name)).transpose() {
            Ok(name) => name,
            Err(error) => {
                wrong.push(error);
                continue;
            }
        };
        if let Some(name) = &name {
            names.results.insert(name.clone(), (line, steps.len()));
        }
        steps.push(Step { name, ..step });
        spans.push(tokens[0].span.start..tokens[tokens.len() - 1].span.end);
    }
    (steps, spans)
}

/// The statements that are no lines.
#[derive(Default)]
struct Rest {
    locks: Option<((), Span)>,
    systems: Option<(Vec<Revision>, Span)>,
    cpus: Option<(Vec<usize>, Span)>,
    maxlwp: Option<(usize, Span)>,
    loom: Option<(Loom, Span)>,
    may_hang: Option<((), Span)>,
    conditions: Vec<(Condition, Span)>,
    defects: Vec<(Defect, Span)>,
}

/// Where things stand of which a program has one, if it says them.
pub struct Places {
    pub systems: Option<Span>,
    pub maxlwp: Option<Span>,
    pub loom: Option<Span>,
    pub conditions: Vec<Span>,
    pub defects: Vec<Span>,
}

impl Rest {
    fn read(&mut self, statement: &Statement<'_>, names: &Names) -> Parsed<()> {
        let mut cursor = Cursor::new(&statement.head);
        let begin = cursor.clone();
        if let Some(block) = &statement.block
            && let Some(first) = block.first().and_then(|step| step.first())
        {
            return Err(Diagnostic::new(
                first.span.clone(),
                "only an LWP has a block",
                "expected no `{` before this",
            ));
        }
        let keyword = cursor.word("a statement")?;
        match keyword.text {
            "cpus" | "maxlwp" | "may" | "defect" if names.locks.is_some() => {
                let message = format!("`{}` goes with the protocol", keyword.text);
                return Err(Diagnostic::new(keyword.span.clone(), message, "a lock layer has none"));
            }
            "system" => {
                let systems = match names.locks {
                    Some(_) => cursor.next().map(|_| Vec::new()).unwrap_or_default(),
                    None => distinct(&mut cursor, "a system", words::revision)?,
                };
                once(&mut self.systems, systems, cursor.since(&begin))?;
            }
            // Read before the steps, which speak of locks.
            "locks" => return once(&mut self.locks, (), keyword.span.clone()),
            "cpus" => {
                let number = |cursor: &mut Cursor<'_, '_>| cursor.number("a number of CPUs", 1..=CPUS);
                let cpus = distinct(&mut cursor, "a number of CPUs", number)?;
                once(&mut self.cpus, cpus, cursor.since(&begin))?;
            }
            "maxlwp" => {
                let maxlwp = cursor.number("a number of LWPs", NUMBERS)?;
                once(&mut self.maxlwp, maxlwp, cursor.since(&begin))?;
            }
            "loom" => {
                let loom = loom(&mut cursor)?;
                once(&mut self.loom, loom, cursor.since(&begin))?;
            }
            "always" | "never" | "sometimes" => self.conditions.push(claim::read(&begin, names)?),
            "may" => {
                cursor.expect("hang")?;
                once(&mut self.may_hang, (), cursor.since(&begin))?;
            }
            "defect" => {
                let defect = defect(&mut cursor)?;
                self.defects.push((defect, cursor.since(&begin)));
            }
            other => return Err(Diagnostic::unknown(keyword.span.clone(), "statement", other, KEYWORDS)),
        }
        if matches!(keyword.text, "always" | "never" | "sometimes") { Ok(()) } else { cursor.done() }
    }

    fn program(&self, name: &str, about: String, locks: Option<Locks>, lines: Vec<Line>) -> Program {
        let lwps = lines.iter().filter(|line| line.is_lwp()).count();
        let default = Program::reach_of(lines.len(), locks.as_ref());
        let cpus = if locks.is_some() { Vec::new() } else { vec![lwps] };
        Program {
            name: name.into(),
            about,
            revisions: self.systems.as_ref().map_or(Revision::ALL.to_vec(), |(systems, _)| systems.clone()),
            cpus: self.cpus.as_ref().map_or(cpus, |(cpus, _)| cpus.clone()),
            maxlwp: self.maxlwp.as_ref().map(|(maxlwp, _)| *maxlwp),
            locks,
            lines,
            conditions: self.conditions.iter().map(|(condition, _)| condition.clone()).collect(),
            may_hang: self.may_hang.is_some(),
            defects: self.defects.iter().map(|(defect, _)| defect.clone()).collect(),
            loom: self.loom.as_ref().map_or(default, |(loom, _)| *loom),
        }
    }

    fn places(&self) -> Places {
        Places {
            systems: self.systems.as_ref().map(|(_, span)| span.clone()),
            maxlwp: self.maxlwp.as_ref().map(|(_, span)| span.clone()),
            loom: self.loom.as_ref().map(|(_, span)| span.clone()),
            conditions: self.conditions.iter().map(|(_, span)| span.clone()).collect(),
            defects: self.defects.iter().map(|(_, span)| span.clone()).collect(),
        }
    }
}

fn once<T>(place: &mut Option<(T, Span)>, thing: T, span: Span) -> Parsed<()> {
    if place.is_some() {
        return Err(Diagnostic::new(span, "a program says this once", "it is said above already"));
    }
    *place = Some((thing, span));
    Ok(())
}

/// A list of which each is run once.
fn distinct<T: PartialEq>(
    cursor: &mut Cursor<'_, '_>,
    what: &str,
    mut item: impl FnMut(&mut Cursor<'_, '_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    let mut all = Vec::new();
    cursor.list(",", |cursor| {
        let item = item(cursor)?;
        if all.contains(&item) {
            return Err(Diagnostic::new(cursor.last(), format!("{what} is given twice"), "each is run once"));
        }
        all.push(item);
        Ok(())
    })?;
    Ok(all)
}

fn defect(cursor: &mut Cursor<'_, '_>) -> Parsed<Defect> {
    let repair = words::repair(cursor)?;
    cursor.expect("shows")?;
    let shows =
        cursor.list("|", |cursor| match cursor.peek() {
            Some(token) if token.kind == Kind::Quoted && token.text.trim_matches('"').trim().is_empty() => {
                Err(cursor.expected("words of the failure between the quotes"))
            }
            Some(token) if token.kind == Kind::Quoted => {
                cursor.next();
                Ok(Symptom::Words(token.text.trim_matches('"').into()))
            }
            _ if cursor.eat("hang") => Ok(Symptom::Hang),
            _ if cursor.eat("race") => Ok(Symptom::Race),
            _ if cursor.eat("use-after-free") => Ok(Symptom::UseAfterFree),
            _ if cursor.eat("outcome") => Ok(Symptom::Outcome),
            _ => Err(cursor
                .expected("`hang`, `race`, `use-after-free`, `outcome` or words of the failure in quotes")),
        })?;
    let revisions =
        if cursor.eat("in") { cursor.list(",", words::revision)? } else { Revision::ALL.to_vec() };
    let mut cpus = 1;
    if cursor.eat("from") {
        cpus = cursor.number("a number of CPUs", 1..=CPUS)?;
        cursor.expect("cpus")?;
    }
    let alone = !cursor.eat_all(&["among", "others"]);
    Ok(Defect { revisions, repair, shows, cpus, alone })
}

fn loom(cursor: &mut Cursor<'_, '_>) -> Parsed<Loom> {
    if cursor.eat("complete") {
        return Ok(Loom::Complete);
    }
    if cursor.eat_all(&["not", "at", "all"]) {
        return match cursor.next() {
            Some(token) if token.kind == Kind::Quoted => {
                Ok(Loom::NotAtAll(token.text.trim_matches('"').to_owned().leak()))
            }
            _ => Err(cursor.expected("the reason, in quotes")),
        };
    }
    let mut bound = Bound::NONE;
    if cursor.eat_all(&["at", "most"]) {
        bound.preemptions = Some(cursor.number("a number of preemptions", NUMBERS)?);
        if !cursor.eat("preemption") {
            cursor.expect("preemptions")?;
        }
        bound.forgets_stores = cursor.eat(",") && cursor.eat_all(&["forgets", "stores"]);
    } else if cursor.eat_all(&["forgets", "stores"]) {
        bound.forgets_stores = true;
    } else if cursor.eat_all(&["looks", "back"]) {
        bound.looks_back = true;
    } else {
        let what =
            "`complete`, `at most N preemptions`, `forgets stores`, `looks back` or `not at all \"why\"`";
        return Err(cursor.expected(what));
    }
    Ok(Loom::Bounded(bound))
}
