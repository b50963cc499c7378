//! The lock layers, and an operation of any of them.

use std::fmt;

use super::{IllumosOp, NetbsdOp, Operation, ParkerOp, Program, SpinOp, Threads};

/// A lock layer: what a program's operations are done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// NetBSD's lock pointer on a multiprocessor.
    Netbsd,
    /// NetBSD 1.62's on a uniprocessor.
    Uniprocessor,
    /// illumos' lock pointer.
    Illumos,
    /// The spin lock that a kernel mutex is made of.
    Spin,
    /// The parker that an LWP's thread blocks on.
    Parker,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Layer; 5] =
        [Layer::Netbsd, Layer::Uniprocessor, Layer::Illumos, Layer::Spin, Layer::Parker];

    /// The kernel whose functions it is made of.
    pub const fn kernel(self) -> &'static str {
        match self {
            Layer::Netbsd => "netbsd",
            Layer::Uniprocessor => "netbsd-1.62-up",
            Layer::Illumos => "illumos",
            Layer::Spin | Layer::Parker => "lwp-core",
        }
    }
}

/// An operation of one of the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LockOp {
    /// Of either of NetBSD's.
    Netbsd(NetbsdOp),
    /// Of illumos'.
    Illumos(IllumosOp),
    /// Of the spin lock.
    Spin(SpinOp),
    /// Of the parker.
    Parker(ParkerOp),
}

impl LockOp {
    /// The operation with this name and these arguments, if the layer has it.
    pub fn parse(layer: Layer, name: &str, to: Option<usize>, held: bool) -> Option<LockOp> {
        match layer {
            Layer::Netbsd | Layer::Uniprocessor => NetbsdOp::parse(name, to, held).map(LockOp::Netbsd),
            Layer::Illumos => IllumosOp::parse(name, to, held).map(LockOp::Illumos),
            Layer::Spin => SpinOp::parse(name, to, held).map(LockOp::Spin),
            Layer::Parker => ParkerOp::parse(name, to, held).map(LockOp::Parker),
        }
    }

    fn netbsd(self) -> Option<NetbsdOp> {
        if let LockOp::Netbsd(op) = self { Some(op) } else { None }
    }

    fn illumos(self) -> Option<IllumosOp> {
        if let LockOp::Illumos(op) = self { Some(op) } else { None }
    }

    fn spin(self) -> Option<SpinOp> {
        if let LockOp::Spin(op) = self { Some(op) } else { None }
    }

    fn parker(self) -> Option<ParkerOp> {
        if let LockOp::Parker(op) = self { Some(op) } else { None }
    }
}

/// As it stands in a program's name: `relock:1`.
impl fmt::Display for LockOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockOp::Netbsd(op) => op.fmt(f),
            LockOp::Illumos(op) => op.fmt(f),
            LockOp::Spin(op) => op.fmt(f),
            LockOp::Parker(op) => op.fmt(f),
        }
    }
}

impl Program {
    /// The program over a layer in which the LWP starts under the lock `start`, and these are the threads'
    /// operations; `None` where one is not of the layer.
    pub fn over(layer: Layer, start: usize, threads: &[Vec<LockOp>]) -> Option<Program> {
        Some(match layer {
            Layer::Netbsd => Program::Netbsd(of(start, threads, LockOp::netbsd)?),
            Layer::Uniprocessor => Program::Uniprocessor(of(start, threads, LockOp::netbsd)?),
            Layer::Illumos => Program::Illumos(of(start, threads, LockOp::illumos)?),
            Layer::Spin => Program::Spin(of(start, threads, LockOp::spin)?),
            Layer::Parker => Program::Parker(of(start, threads, LockOp::parker)?),
        })
    }
}

fn of<Op>(start: usize, threads: &[Vec<LockOp>], op: fn(LockOp) -> Option<Op>) -> Option<Threads<Op>> {
    let thread = |ops: &Vec<LockOp>| ops.iter().map(|each| op(*each)).collect();
    Some(Threads { start, threads: threads.iter().map(thread).collect::<Option<_>>()? })
}
