//! Whether a program that can be read makes sense: what is found here would else go wrong while it runs.

use lwp_core::netbsd::{Lid, Revision};

use super::diagnostic::Diagnostic;
use super::locks;
use super::parse::{Placed, Places};
use super::words;
use crate::litmus::ast::{CPUS, Doing, Line, NOBODY, Op, Program, Start, Step};
use crate::litmus::verb;
use crate::oracle;
use crate::reach::{LOOM_THREADS, Loom, no_room};

/// More than the machine has room for.
const LINES: usize = 16;

/// All that does not make sense.
pub fn check(program: &Program, lines: &[Placed], places: &Places) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let mut say = |span, message: String, label: &str| wrong.push(Diagnostic::new(span, message, label));
    match program.lines.first() {
        None => say(0..0, "there is no LWP".into(), "expected `lwp NAME { ... }`"),
        Some(first)
            if first.start != (Start::Born { detached: false, doing: Doing::Running })
                && first.start != (Start::Born { detached: true, doing: Doing::Running }) =>
        {
            say(lines[0].span.clone(), "the first LWP runs".into(), "nobody would be on a CPU");
        }
        Some(_) => {}
    }
    if program.lines.len() > LINES {
        say(lines[LINES].span.clone(), format!("a program has at most {LINES} lines"), "one too many");
    }
    if program.lines.len() > LOOM_THREADS && !matches!(program.loom, Loom::NotAtAll(_)) {
        say(places.loom.clone(), no_room(program.lines.len()), "say `loom not at all \"why\"`");
    }
    for cpus in &program.cpus {
        if !(1..=CPUS).contains(cpus) {
            say(places.cpus.clone(), format!("a machine has 1 to {CPUS} CPUs"), "not so many");
        }
    }
    if has_one_twice(&program.cpus) {
        say(places.cpus.clone(), "a number of CPUs is given twice".into(), "each is run once");
    }
    if has_one_twice(&program.revisions) {
        say(places.systems.clone(), "a system is given twice".into(), "each is run once");
    }
    let rank = |start: Start| match start {
        Start::Born { .. } => 0,
        Start::Unborn { .. } => 1,
        Start::Outside => 2,
    };
    for pair in lines.windows(2) {
        if rank(pair[0].line.start) > rank(pair[1].line.start) {
            let message =
                "LWPs that the machine starts with come first, then those that are created, then `outside`";
            say(pair[1].span.clone(), message.into(), "out of order");
        }
    }
    if program.may_hang && program.expects_a_hang() {
        let message = "a program that has to hang once is not one that may hang".into();
        say(places.may_hang.clone(), message, "`sometimes hang` is said as well");
    }
    let most = program.cpus.iter().max().copied().unwrap_or(0);
    for (defect, span) in program.defects.iter().zip(&places.defects) {
        let shows = defect.revisions.iter().any(|revision| program.revisions.contains(revision));
        if !shows || defect.cpus > most {
            say(
                span.clone(),
                "the program never runs where it has this defect".into(),
                "no such system or CPUs",
            );
        }
    }
    for placed in lines {
        line(program, placed, places, &mut say);
    }
    wrong.extend(begun_twice(program, lines));
    wrong.extend(locks::out_of_order(program, lines));
    wrong
}

/// Why a program comes to no end in any order, unless it says that it does not.
pub fn never_ends(program: &Program, lines: &[Placed]) -> Option<Diagnostic> {
    if program.may_hang || program.expects_a_hang() {
        return None;
    }
    let stuck = oracle::stuck(program)?;
    let message =
        format!("the program can never end: in every order {} waits for ever", program.lines[stuck].name);
    let diagnostic = Diagnostic::new(lines[stuck].span.clone(), message, "nobody ever lets this one go on");
    Some(diagnostic.help("say `sometimes hang` or `may hang` if that is the question"))
}

/// Why loom cannot go through a program.
pub fn too_many_for_loom(lines: &[Placed]) -> Option<Diagnostic> {
    let beyond = lines.get(LOOM_THREADS)?;
    let message = no_room(lines.len());
    Some(Diagnostic::new(beyond.span.clone(), message, "one too many").help("the complete search has room"))
}

fn line(
    program: &Program,
    placed: &Placed,
    places: &Places,
    say: &mut impl FnMut(std::ops::Range<usize>, String, &str),
) {
    let Line { name, start, steps } = &placed.line;
    let spans = &placed.steps;
    let first = steps.first().map(|step| step.op);
    let at_first = || spans.first().unwrap_or(&placed.span).clone();
    match start {
        Start::Born { doing: Doing::Sleeping, .. } if first != Some(Op::Sleep) => {
            say(at_first(), format!("{name} starts asleep"), "its first step has to be `sleep`");
        }
        Start::Born { doing: Doing::SleepingSig, .. } if first != Some(Op::SleepSig) => {
            say(at_first(), format!("{name} starts asleep"), "its first step has to be `sleep-sig`");
        }
        Start::Born { doing: Doing::Idle, .. } => {}
        _ if steps.is_empty() => say(placed.span.clone(), format!("{name} does nothing"), "no steps"),
        _ => {}
    }
    let mut has_mutex = false;
    for (n, (Step { op, .. }, span)) in steps.iter().zip(spans).enumerate() {
        if matches!(op, Op::Exit | Op::ExitProcess | Op::Dump) && n + 1 < steps.len() {
            let message = format!("`{}` does not return", verb::of(*op).word);
            say(spans[n + 1].clone(), message, "never comes to be done");
        }
        match op {
            Op::MutexEnter if has_mutex => {
                say(span.clone(), format!("{name} has the mutex already"), "again")
            }
            Op::MutexExit if !has_mutex => {
                say(span.clone(), format!("{name} does not have the mutex"), "not its own")
            }
            _ => {}
        }
        has_mutex = *op == Op::MutexEnter || has_mutex && *op != Op::MutexExit;
        if let Some(why) = wrong_target(program, *op) {
            say(span.clone(), why, "not this one");
        }
        let old = program.revisions.contains(&Revision::R1_62);
        if old && matches!(op, Op::LwpctlAlloc | Op::LwpctlExit | Op::Curcpu | Op::Abandon(_)) {
            let (word, system) = (verb::of(*op).word, words::system(Revision::R1_62));
            let where_ = if places.systems.end > 1 { places.systems.clone() } else { span.clone() };
            let new = words::system(Revision::R1_69_2_6);
            say(where_, format!("{system} has nothing for `{word}`"), &format!("say `system {new}`"));
        }
    }
}

fn has_one_twice<T: PartialEq>(all: &[T]) -> bool {
    all.iter().enumerate().any(|(n, one)| all[..n].contains(one))
}

/// LWPs that come to be once, and are made to twice, or out of turn.
fn begun_twice(program: &Program, lines: &[Placed]) -> Vec<Diagnostic> {
    let mut begun: Vec<(Lid, usize)> = Vec::new();
    let mut wrong = Vec::new();
    for (n, placed) in lines.iter().enumerate() {
        for (step, span) in placed.line.steps.iter().zip(&placed.steps) {
            let (Op::Create(lid) | Op::Start(lid) | Op::Abandon(lid)) = step.op else { continue };
            let name = program.lwp_name(lid);
            let later = |(other, line): &(Lid, usize)| {
                let created = matches!(step.op, Op::Create(_)) && *line == n && *other > lid;
                created.then(|| program.lwp_name(*other))
            };
            if begun.iter().any(|(other, _)| *other == lid) {
                let message = format!("{name} comes to be twice");
                wrong.push(Diagnostic::new(
                    span.clone(),
                    message,
                    "it has been created, started or given up already",
                ));
            } else if let Some(other) = begun.iter().find_map(later) {
                let message = format!("{name} is created after {other}, and stands before it in the file");
                wrong.push(Diagnostic::new(span.clone(), message, "LWPs are numbered as they are created"));
            }
            begun.push((lid, n));
        }
    }
    wrong
}

/// Why an operation cannot be done to the LWP that it names.
fn wrong_target(program: &Program, op: Op) -> Option<String> {
    let start = |lid: usize| program.lines[lid - 1].start;
    let name = |lid| program.lwp_name(lid).to_owned();
    match op {
        Op::Create(NOBODY)
        | Op::Start(NOBODY)
        | Op::Abandon(NOBODY)
        | Op::GetOf(NOBODY)
        | Op::Timeout(NOBODY) => Some("nobody cannot be used here".into()),
        Op::Create(lid) if !matches!(start(lid), Start::Unborn { .. }) => {
            Some(format!("{} is there from the start; only an `unborn` LWP is created", name(lid)))
        }
        Op::Start(lid) | Op::Abandon(lid)
            if !matches!(start(lid), Start::Born { doing: Doing::Idle, .. }) =>
        {
            Some(format!("{} does not start `idle`", name(lid)))
        }
        Op::GetOf(lid) | Op::Timeout(lid) if !matches!(start(lid), Start::Born { .. }) => {
            Some(format!("{} is not there from the start", name(lid)))
        }
        Op::Set(key) => {
            let keys = program.lines.iter().flat_map(|line| &line.steps);
            let keys = keys.filter(|step| step.op == Op::KeyCreate).count();
            (key >= keys).then(|| format!("there never is a key {key}: `key-create` is done {keys} times"))
        }
        _ => None,
    }
}
