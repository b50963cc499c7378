//! Whether a program that can be read makes sense: what is found here would else go wrong while it runs.

use lwp_core::netbsd::{Lid, Revision};

use super::diagnostic::Diagnostic;
use super::locks;
use super::parse::{Placed, Places};
use super::{vacuous, words};
use crate::litmus::ast::{ANY, Defect, Doing, Line, NOBODY, Op, Program, Sig, Start, Step};
use crate::litmus::verb::{self, Takes};
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
        let message = format!("a program has at most {LINES} participants, LWPs and others");
        say(lines[LINES].span.clone(), message, "one too many");
    }
    if let Some(loom) = &places.loom
        && program.lines.len() > LOOM_THREADS
        && !matches!(program.loom, Loom::NotAtAll(_))
    {
        say(loom.clone(), no_room(program.lines.len()), "say `loom not at all \"why\"`");
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
    let born = program.lines.iter().filter(|line| matches!(line.start, Start::Born { .. })).count();
    if let (Some(maxlwp), Some(span)) = (program.maxlwp, &places.maxlwp)
        && maxlwp < born
    {
        let message = format!("the process starts with {born} LWPs, and may have {maxlwp}");
        say(span.clone(), message, "fewer than it starts with");
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
    for (n, defect) in program.defects.iter().enumerate() {
        let same = |other: &&Defect| {
            let meets = other.revisions.iter().any(|revision| defect.revisions.contains(revision));
            other.repair == defect.repair && meets
        };
        if program.defects[..n].iter().any(|other| same(&other)) {
            let message = format!("`{}` is declared twice for one system", defect.repair.name());
            say(places.defects[n].clone(), message, "say `shows ONE | OTHER`");
        }
    }
    for placed in lines {
        line(program, placed, places, &mut say);
    }
    wrong.extend(begun_twice(program, lines));
    wrong.extend(never_created(program, lines));
    wrong.extend(vacuous::check(program, &places.conditions));
    wrong.extend(locks::out_of_order(program, lines));
    wrong
}

/// Why a program comes to no end in any order, unless it says that it does not.
pub fn never_ends(program: &Program, lines: &[Placed]) -> Option<Diagnostic> {
    if program.admits_a_hang() {
        return None;
    }
    let stuck = oracle::stuck(program)?;
    let message =
        format!("the program can never end: in every order {} waits for ever", program.lines[stuck].name);
    let diagnostic = Diagnostic::new(lines[stuck].span.clone(), message, "nobody ever lets this one go on");
    Some(match remains(program, &program.lines[stuck]) {
        Some(name) => diagnostic.help(format!("{name} ends its steps without `exit`: it is never gone")),
        None => diagnostic.help("say `sometimes hang` or `may hang` if that is the question"),
    })
}

/// The LWP whose end a line waits for, where that LWP ends its steps without an exit.
fn remains<'p>(program: &'p Program, line: &Line) -> Option<&'p str> {
    let exits = |line: &&Line| {
        matches!(line.steps.last(), Some(Step { op: Op::Exit | Op::ExitProcess | Op::Dump, .. }))
    };
    let waited_for = line.steps.iter().filter_map(|step| match step.op {
        Op::Wait(lid) => program.lines.get(lid.wrapping_sub(1)),
        _ => None,
    });
    waited_for.filter(|line| !exits(line)).map(|line| line.name.as_str()).next()
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
        if let Op::Timeout(lid) = op
            && let Some(why) = may_be_free(program, *lid, &placed.line, n)
        {
            let message = format!("{} may be gone when its time comes: {why}", program.lwp_name(*lid));
            say(span.clone(), message, "expected an LWP that stays");
        }
        if let Op::Detach(lid) = op
            && *start == Start::Outside
            && may_be_the_last(program, *lid)
        {
            let message = format!("{} may be the last LWP of its process by then", program.lwp_name(*lid));
            say(span.clone(), message, "expected another that stays: `_lwp_detach` is called by one");
        }
        if *start == Start::Outside && (*op == Op::Reap || names_an_lwp(*op)) {
            let reaps = |other: &Line| {
                let before = if other.name == *name { n } else { other.steps.len() };
                other.steps[..before].iter().any(|step| step.op == Op::Reap)
            };
            if let Some(other) = program.lines.iter().find(|other| reaps(other)) {
                let message = format!("the process may be freed by then: {} does `reap`", other.name);
                say(span.clone(), message, "nobody finds it any more");
            }
        }
        if let Some(why) = wrong_target(program, *op) {
            say(span.clone(), why, "not this one");
        }
        let old = program.revisions.contains(&Revision::R1_62);
        if old && matches!(op, Op::LwpctlAlloc | Op::LwpctlExit | Op::Curcpu | Op::Abandon(_)) {
            let (word, system) = (verb::of(*op).word, words::system(Revision::R1_62));
            let where_ = places.systems.as_ref().unwrap_or(span).clone();
            let new = words::system(Revision::R1_69_2_6);
            say(where_, format!("{system} has nothing for `{word}`"), &format!("say `system {new}`"));
        }
    }
}

/// Whether an operation sends a signal that ends the process.
fn is_fatal(op: Op) -> bool {
    matches!(op, Op::Signal(Sig::Kill | Sig::Quit) | Op::Kill(_, Some(Sig::Kill | Sig::Quit)))
}

/// Whether all others of a process may have gone before an LWP.
fn may_be_the_last(program: &Program, lid: Lid) -> bool {
    let mut ops = program.lines.iter().flat_map(|line| &line.steps).map(|step| step.op);
    let ends = ops.any(|op| matches!(op, Op::ExitProcess | Op::Dump) || is_fatal(op));
    let stays = |line: &Line| line.is_lwp() && line.steps.iter().all(|step| step.op != Op::Exit);
    let others = || program.lines.iter().enumerate().filter(|(n, _)| n + 1 != lid);
    lid != NOBODY && (ends || !others().any(|(_, line)| stays(line)))
}

/// Whether an operation looks for an LWP in the process.
fn names_an_lwp(op: Op) -> bool {
    matches!(verb::of(op).takes, Takes::Lwp(_) | Takes::LwpOrAny(_) | Takes::LwpAndSignal(_))
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

/// LWPs that are never there: what is said of them says nothing.
fn never_created(program: &Program, lines: &[Placed]) -> Vec<Diagnostic> {
    let creates =
        |lid: Lid| program.lines.iter().flat_map(|line| &line.steps).any(|step| step.op == Op::Create(lid));
    let all = lines.iter().enumerate();
    let never =
        all.filter(|(n, placed)| matches!(placed.line.start, Start::Unborn { .. }) && !creates(n + 1));
    never
        .map(|(_, placed)| {
            let message = format!("no LWP creates {}", placed.line.name);
            Diagnostic::new(placed.span.clone(), message, "it is never there")
                .help("create it, or leave it out")
        })
        .collect()
}

/// Why an LWP may be free when the `n`th step of a line lets its time come. A callout is under its LWP's lock here, and is
/// looked at though it may not be armed; the kernel has it gone before its LWP is.
fn may_be_free(program: &Program, lid: Lid, whose: &Line, n: usize) -> Option<String> {
    let freed = program.lines.get(lid.checked_sub(1)?)?;
    if matches!(freed.start, Start::Born { detached: true, .. }) {
        return Some("nobody waits for it".into());
    }
    let by_itself = |op: Op| match op {
        Op::Detach(detached) => detached == lid,
        Op::Kill(NOBODY, _) => false,
        op => is_fatal(op),
    };
    let frees = |op: Op| match op {
        Op::Wait(waited) => waited == lid || waited == ANY,
        Op::ExitProcess | Op::Dump | Op::Reap => true,
        // The last LWP to exit collects the others, and does not wait for whoever is outside.
        Op::Exit => whose.start == Start::Outside,
        op => by_itself(op),
    };
    program.lines.iter().find_map(|line| {
        let before = if line.name == whose.name { n } else { line.steps.len() };
        let ops = || line.steps[..before].iter().map(|step| step.op);
        let op = if line.name == freed.name {
            ops().find(|op| by_itself(*op))
        } else {
            ops().find(|op| frees(*op))
        };
        op.map(|op| format!("{} does `{}`", line.name, verb::of(op).word))
    })
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
        Op::Set(key) | Op::Get(key) | Op::KeyDelete(key) => {
            let keys = program.lines.iter().flat_map(|line| &line.steps);
            let keys = keys.filter(|step| step.op == Op::KeyCreate).count();
            (key >= keys).then(|| format!("there never is a key {key}: `key-create` is done {keys} times"))
        }
        _ => None,
    }
}
