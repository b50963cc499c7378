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
    let lwps = shape.lines.len();
    // How many operations each has begun with; none has been dispatched to begin with.
    let mut reached: Vec<Option<usize>> = vec![None; lwps];
    loop {
        let before = reached.clone();
        for n in 0..lwps {
            let done = |op: &dyn Fn(usize, Op) -> bool| {
                let line = |(by, line): (usize, &Vec<Op>)| {
                    line[..reached[by].unwrap_or(0)].iter().any(|o| op(by, *o))
                };
                shape.lines.iter().enumerate().any(line)
            };
            let next = match reached[n] {
                None => begins(shape.starts[n], n + 1, &done).then_some(0),
                Some(k) if k == shape.lines[n].len() => Some(k),
                Some(k) => Some(k + usize::from(returns(shape.lines[n][k], n + 1, &done))),
            };
            reached[n] = next;
        }
        if reached == before {
            break;
        }
    }
    reached.iter().zip(&shape.lines).all(|(reached, line)| *reached == Some(line.len()))
}

/// Whether something was done, by which LWP (from 0).
type Done<'a> = &'a dyn Fn(&dyn Fn(usize, Op) -> bool) -> bool;

fn begins(start: Start, lid: Lid, done: Done<'_>) -> bool {
    match start {
        Start::Outside => true,
        Start::Unborn { suspended, .. } => {
            done(&|_, op| op == Op::Create(lid))
                && (!suspended || done(&|_, op| op == Op::Continue(lid) || ends_the_process(op)))
        }
        Start::Born { doing, .. } => match doing {
            Doing::Running => true,
            Doing::Suspended => done(&|_, op| op == Op::Continue(lid) || ends_the_process(op)),
            Doing::Idle => done(&|_, op| op == Op::Start(lid) || op == Op::Abandon(lid)),
            Doing::Stopped => done(&|_, op| {
                matches!(op, Op::Signal(Sig::Cont) | Op::Kill(_, Some(Sig::Cont)))
                    || op == Op::Suspend(lid)
                    || ends_the_process(op)
            }),
            Doing::Sleeping => returns(Op::Sleep, lid, done),
            Doing::SleepingSig => returns(Op::SleepSig, lid, done),
        },
    }
}

/// Whether an LWP's operation may return: always, unless it is a sleep.
fn returns(op: Op, lid: Lid, done: Done<'_>) -> bool {
    match op {
        Op::Sleep => done(&|_, op| op == Op::Happen),
        Op::SleepSig => done(&|_, op| op == Op::Happen || interrupts(op, lid)),
        Op::Park => done(&|_, op| op == Op::Unpark(lid) || interrupts(op, lid)),
        _ => true,
    }
}

/// Whether an operation ends an interruptible sleep of the LWP.
fn interrupts(op: Op, lid: Lid) -> bool {
    let signals = |sig: Sig| matches!(sig, Sig::Usr1);
    let at_it = matches!(op, Op::Wakeup(l) | Op::Suspend(l) if l == lid)
        || matches!(op, Op::Kill(l, Some(sig)) if l == lid && signals(sig));
    at_it || matches!(op, Op::Signal(sig) if signals(sig)) || ends_the_process(op)
}
