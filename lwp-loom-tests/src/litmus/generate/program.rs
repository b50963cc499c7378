//! From what LWPs do to a program that can be run.

use lwp_core::netbsd::Revision::{self, R1_62, R1_69_2_6};

use super::super::ast::{Doing, Line, Op, Program, Start, Step};
use super::book::Shape;
use super::word::ends_its_lwp;
use super::{Suite, Theme};
use crate::reach::Loom;

/// What LWPs are called.
const NAMES: [&str; super::book::MOST_LWPS] = ["one", "two", "three", "four"];

/// The program at a suite's place.
pub fn program(suite: Suite, n: usize, theme: &Theme, shape: &Shape) -> Program {
    let text = text(shape);
    let lines = shape.starts.iter().zip(&shape.lines).zip(NAMES);
    let lines = lines.map(|((start, ops), name)| Line {
        name: name.into(),
        start: *start,
        steps: steps(*start, ops).map(|op| Step { name: None, op, may: Vec::new() }).collect(),
    });
    Program {
        name: format!("{}/{n:06}-{:06x}", suite.name(), digest(&text)),
        about: format!("{}: {text}", theme.name),
        revisions: revisions(shape),
        cpus: vec![suite.lwps],
        lines: lines.collect(),
        conditions: Vec::new(),
        defects: Vec::new(),
        loom: if suite.lwps == 2 {
            Loom::Complete
        } else {
            Loom::NotAtAll("more than two LWPs are too many for loom to complete")
        },
    }
}

/// What an LWP does, from what it is in when the machine starts to its end.
fn steps(start: Start, ops: &[Op]) -> impl Iterator<Item = Op> {
    let first = match start {
        Start::Born { doing: Doing::Sleeping, .. } => Some(Op::Sleep),
        Start::Born { doing: Doing::SleepingSig, .. } => Some(Op::SleepSig),
        Start::Born { doing: Doing::Stopped, .. } => Some(Op::Userret),
        _ => None,
    };
    let ends = ops.last().is_some_and(|op| ends_its_lwp(*op));
    let tail: &[Op] = if ends { &[] } else { &[Op::Userret, Op::Exit] };
    first.into_iter().chain(ops.iter().chain(tail).copied())
}

/// 1.62 cannot give up an LWP that is idle.
fn revisions(shape: &Shape) -> Vec<Revision> {
    let gives_up = shape.lines.iter().flatten().any(|op| matches!(op, Op::Abandon(_)));
    if gives_up { vec![R1_69_2_6] } else { vec![R1_62, R1_69_2_6] }
}

/// What LWPs do, in a line: `one suspend two, wait any; two (suspended) continue one`.
pub fn text(shape: &Shape) -> String {
    let name = |lid| match lid {
        super::super::ast::ANY => "any",
        lid => NAMES[lid - 1],
    };
    let line = |((start, ops), who): ((&Start, &Vec<Op>), &str)| {
        let state = state(*start).map(|state| format!(" ({state})")).unwrap_or_default();
        let ops: Vec<_> = ops.iter().map(|op| super::super::verb::write(*op, name)).collect();
        let does = if ops.is_empty() { "nothing".into() } else { ops.join(", ") };
        format!("{who}{state} {does}")
    };
    shape.starts.iter().zip(&shape.lines).zip(NAMES).map(line).collect::<Vec<_>>().join("; ")
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
