//! From what LWPs do to a program that can be run.

use lwp_core::netbsd::Lid;
use lwp_core::netbsd::Revision::{self, R1_62, R1_69_2_6};

use super::super::ast::{ANY, Doing, Line, Op, Program, Start, Step};
use super::super::verb;
use super::book::{MOST_LWPS, Shape};
use super::word::{ends_its_lwp, ends_the_process};
use super::{Suite, Theme};
use crate::reach::Loom;

/// What LWPs are called.
const NAMES: [&str; MOST_LWPS] = ["one", "two", "three", "four"];

/// The program at a suite's place.
pub fn program(suite: Suite, n: usize, theme: &Theme, shape: &Shape) -> Program {
    let sharing = share(shape);
    let cpus = if sharing { 1 } else { suite.lwps };
    let steps: Vec<_> = (0..suite.lwps).map(|n| steps(shape, n, sharing)).collect();
    let digest = digest(&format!("{cpus} {}", text(&shape.starts, &steps)));
    let lines = steps.into_iter().zip(&shape.starts).zip(NAMES).map(|((steps, start), name)| Line {
        name: name.into(),
        start: *start,
        steps: steps.into_iter().map(|op| Step { name: None, op, may: Vec::new() }).collect(),
    });
    Program {
        name: format!("{}/{n:06}-{digest:06x}", suite.name()),
        about: format!("{}: {}", theme.name, text(&shape.starts, &shape.lines)),
        locks: None,
        revisions: revisions(shape),
        cpus: vec![cpus],
        lines: lines.collect(),
        conditions: Vec::new(),
        maxlwp: None,
        may_hang: true,
        defects: Vec::new(),
        loom: if suite.lwps == 2 {
            Loom::Complete
        } else {
            Loom::NotAtAll("more than two LWPs are too many for loom to complete")
        },
    }
}

/// What an LWP does, from what it is in when the machine starts to its end.
fn steps(shape: &Shape, n: usize, sharing: bool) -> Vec<Op> {
    let (start, ops) = (shape.starts[n], &shape.lines[n]);
    let first = match start {
        Start::Born { doing: Doing::Sleeping, .. } => Some(Op::Sleep),
        Start::Born { doing: Doing::SleepingSig, .. } => Some(Op::SleepSig),
        Start::Born { doing: Doing::Stopped, .. } => Some(Op::Userret),
        _ => None,
    };
    let tail: &[Op] = if ops.last().is_some_and(|op| ends_its_lwp(*op)) {
        &[]
    } else if sharing || exits(shape, n + 1) {
        &[Op::Userret, Op::Exit]
    } else {
        &[Op::Userret]
    };
    first.into_iter().chain(ops.iter().chain(tail).copied()).collect()
}

/// Whether the LWPs share one CPU, which each leaves in the end: where of more than two more than one exits. With a CPU
/// for each these are too many executions.
fn share(shape: &Shape) -> bool {
    let end = |n: &usize| exits(shape, n + 1) || shape.lines[*n].last().is_some_and(|op| ends_its_lwp(*op));
    let lwps = shape.lines.len();
    lwps > 2 && (0..lwps).filter(end).count() > 1
}

/// Whether an LWP exits in the end: where its exit concerns somebody. Exits are long, so those that concern nobody would
/// be most of what there is to explore.
fn exits(shape: &Shape, lid: Lid) -> bool {
    let concerns = |op: &Op| match *op {
        Op::Wait(ANY) => true,
        Op::Wait(l) | Op::Detach(l) | Op::Reference(l) => l == lid,
        op => ends_the_process(op),
    };
    let mut others = shape.lines.iter().enumerate().filter(|(n, _)| n + 1 != lid).flat_map(|(_, line)| line);
    // In 1.62 whom an LWP creates has its CPU.
    let creates = shape.lines[lid - 1].iter().any(|op| matches!(op, Op::Create(_)));
    let start = shape.starts[lid - 1];
    creates
        || matches!(start, Start::Born { detached: true, .. } | Start::Unborn { .. })
        || others.any(concerns)
}

/// 1.62 cannot give up an LWP that is idle.
fn revisions(shape: &Shape) -> Vec<Revision> {
    let gives_up = shape.lines.iter().flatten().any(|op| matches!(op, Op::Abandon(_)));
    if gives_up { vec![R1_69_2_6] } else { vec![R1_62, R1_69_2_6] }
}

/// What LWPs do, in a line: `one suspend two, wait any; two (suspended) continue one`.
fn text(starts: &[Start], lines: &[Vec<Op>]) -> String {
    let name = |lid| match lid {
        ANY => "any",
        lid => NAMES[lid - 1],
    };
    let line = |((start, ops), who): ((&Start, &Vec<Op>), &str)| {
        let state = state(*start).map(|state| format!(" ({state})")).unwrap_or_default();
        let ops: Vec<_> = ops.iter().map(|op| verb::write(*op, name)).collect();
        let does = if ops.is_empty() { "nothing".into() } else { ops.join(", ") };
        format!("{who}{state} {does}")
    };
    starts.iter().zip(lines).zip(NAMES).map(line).collect::<Vec<_>>().join("; ")
}

/// The word for a starting state, where it is not running.
pub fn state(start: Start) -> Option<&'static str> {
    Some(match start {
        Start::Born { detached: false, doing } => match doing {
            Doing::Running => return None,
            Doing::Suspended => "suspended",
            Doing::Idle => "idle",
            Doing::Stopped => "stopped",
            Doing::Sleeping => "sleeping",
            Doing::SleepingSig => "sleeping-sig",
        },
        Start::Born { detached: true, doing: Doing::Running } => "detached",
        Start::Unborn { detached: false, suspended: false } => "unborn",
        Start::Unborn { detached: true, suspended: false } => "unborn, detached",
        Start::Unborn { detached: false, suspended: true } => "unborn, suspended",
        start => unreachable!("no theme has {start:?}"),
    })
}

/// 24 bits that a text determines: FNV-1a.
fn digest(text: &str) -> u32 {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}
