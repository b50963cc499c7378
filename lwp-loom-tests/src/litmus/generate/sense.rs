//! Which programs are worth running.

use lwp_core::netbsd::Lid;

use super::super::ast::{ANY, Doing, Op, Sig, Start};
use super::book::Shape;
use super::word::{ends_the_process, target};

/// Whether a program makes sense: something happens in it, to or by each of its LWPs, and each can come to its end.
///
/// The test is of the text alone, and generous: a program that passes may have executions in which somebody waits for
/// ever, and even no others.
pub fn makes_sense(shape: &Shape) -> bool {
    shape.lines.iter().any(|line| !line.is_empty())
        && nobody_stands_by(shape)
        && newcomers_come_once(shape)
        && all_may_end(shape)
}

/// An operation that may concern LWPs that it does not name.
fn concerns_all(op: Op) -> bool {
    matches!(op, Op::Wait(ANY) | Op::ExitProcess | Op::Dump | Op::Happen | Op::Stop | Op::Signal(_))
        || matches!(op, Op::Kill(_, Some(sig)) if sig != Sig::Usr1)
}

/// Whether each LWP does something, or has something done to it.
fn nobody_stands_by(shape: &Shape) -> bool {
    let ops = |by: usize| shape.lines.iter().enumerate().filter(move |(n, _)| *n != by).flat_map(|(_, l)| l);
    (0..shape.lines.len()).all(|n| {
        !shape.lines[n].is_empty() || ops(n).any(|op| concerns_all(*op) || target(*op) == Some(n + 1))
    })
}

/// Whether each LWP that is created, started or given up is so once, and does nothing if it is given up.
fn newcomers_come_once(shape: &Shape) -> bool {
    (1..=shape.lines.len()).all(|lid| {
        let ops = shape.lines.iter().flatten();
        let brings = |op: &&Op| matches!(op, Op::Create(l) | Op::Start(l) | Op::Abandon(l) if *l == lid);
        let gives_up = shape.lines.iter().flatten().any(|op| *op == Op::Abandon(lid));
        ops.filter(brings).count() <= 1 && (!gives_up || shape.lines[lid - 1].is_empty())
    })
}

/// Whether each LWP may come to its end, as far as what it starts in and sleeps for goes: whatever an LWP can reach may
/// have been done at any time. Waits for LWPs always may end, by an error if not otherwise.
fn all_may_end(shape: &Shape) -> bool {
    let lines = &shape.lines;
    // How many operations each is through with; nobody has begun yet.
    let mut through: Vec<Option<usize>> = vec![None; lines.len()];
    let mut done = Vec::new();
    loop {
        let before = through.clone();
        for (n, line) in lines.iter().enumerate() {
            let lid = n + 1;
            through[n] = match through[n] {
                None => begins(shape.starts[n], lid, &done).then_some(0),
                Some(k) if k < line.len() && returns(line[k], lid, &done) => {
                    done.push(line[k]);
                    Some(k + 1)
                }
                same => same,
            };
        }
        if through == before {
            break;
        }
    }
    through.iter().zip(lines).all(|(through, line)| *through == Some(line.len()))
}

/// Whether an LWP leaves the state that it starts in, where all this may have been done.
fn begins(start: Start, lid: Lid, done: &[Op]) -> bool {
    let goes_on = || done.iter().any(|op| *op == Op::Continue(lid) || ends_the_process(*op));
    match start {
        Start::Outside => true,
        Start::Unborn { suspended, .. } => done.contains(&Op::Create(lid)) && (!suspended || goes_on()),
        Start::Born { doing, .. } => match doing {
            Doing::Running => true,
            Doing::Suspended => goes_on(),
            Doing::Idle => done.contains(&Op::Start(lid)) || done.contains(&Op::Abandon(lid)),
            Doing::Stopped => done.iter().any(|op| {
                let continues = matches!(op, Op::Signal(Sig::Cont) | Op::Kill(_, Some(Sig::Cont)));
                continues || *op == Op::Suspend(lid) || ends_the_process(*op)
            }),
            Doing::Sleeping => returns(Op::Sleep, lid, done),
            Doing::SleepingSig => returns(Op::SleepSig, lid, done),
        },
    }
}

/// Whether an LWP's operation may return, where all this may have been done: always, unless it is a sleep.
fn returns(op: Op, lid: Lid, done: &[Op]) -> bool {
    let ends = |end: Op| done.iter().any(|op| *op == end || interrupts(*op, lid));
    match op {
        Op::Sleep => done.contains(&Op::Happen),
        Op::SleepSig => ends(Op::Happen),
        Op::Park => ends(Op::Unpark(lid)),
        _ => true,
    }
}

/// Whether an operation ends every interruptible sleep of the LWP.
fn interrupts(op: Op, lid: Lid) -> bool {
    match op {
        Op::Wakeup(l) | Op::Suspend(l) | Op::Kill(l, Some(Sig::Usr1)) => l == lid,
        Op::Signal(Sig::Usr1) => true,
        op => ends_the_process(op),
    }
}
