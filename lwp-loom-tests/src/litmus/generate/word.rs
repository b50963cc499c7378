//! The words that generated programs are made of.

use lwp_core::netbsd::Lid;

use super::super::ast::{ANY, Op, Sig};
use super::super::verb;

/// An operation that an LWP may do, before it is known which LWP does it.
#[derive(Clone, Copy, Debug)]
pub enum Word {
    /// It concerns no LWP by its number.
    Plain(Op),
    /// It is done to one of the others, to each in turn.
    ToOther(fn(Lid) -> Op),
    /// It is done to oneself.
    ToSelf(fn(Lid) -> Op),
}

use Word::{Plain, ToOther, ToSelf};

pub(super) const SUSPEND: Word = ToOther(Op::Suspend);
pub(super) const SUSPEND_SELF: Word = ToSelf(Op::Suspend);
pub(super) const CONTINUE: Word = ToOther(Op::Continue);
pub(super) const WAIT: Word = ToOther(Op::Wait);
pub(super) const WAIT_ANY: Word = Plain(Op::Wait(ANY));
pub(super) const DETACH: Word = ToOther(Op::Detach);
pub(super) const EXIT_PROCESS: Word = Plain(Op::ExitProcess);
pub(super) const DUMP: Word = Plain(Op::Dump);
pub(super) const REFERENCE: Word = ToOther(Op::Reference);
pub(super) const CREATE: Word = ToOther(Op::Create);
pub(super) const START: Word = ToOther(Op::Start);
pub(super) const ABANDON: Word = ToOther(Op::Abandon);
pub(super) const SLEEP_SIG: Word = Plain(Op::SleepSig);
pub(super) const HAPPEN: Word = Plain(Op::Happen);
pub(super) const WAKEUP: Word = ToOther(Op::Wakeup);
pub(super) const PARK: Word = Plain(Op::Park);
pub(super) const UNPARK: Word = ToOther(Op::Unpark);
pub(super) const STOP: Word = Plain(Op::Stop);
pub(super) const SIGNAL_STOP: Word = Plain(Op::Signal(Sig::Stop));
pub(super) const SIGNAL_CONT: Word = Plain(Op::Signal(Sig::Cont));
pub(super) const SIGNAL_USR1: Word = Plain(Op::Signal(Sig::Usr1));
pub(super) const SIGNAL_KILL: Word = Plain(Op::Signal(Sig::Kill));
pub(super) const KILL_USR1: Word = ToOther(|lid| Op::Kill(lid, Some(Sig::Usr1)));

impl Word {
    /// How it is written, where `OTHER` and `SELF` stand for LWPs.
    pub fn text(self) -> String {
        let any_or = |name| move |lid| if lid == ANY { "any" } else { name };
        match self {
            Plain(op) => verb::write(op, any_or("")),
            ToOther(op) => verb::write(op(1), any_or("OTHER")),
            ToSelf(op) => verb::write(op(1), any_or("SELF")),
        }
    }

    /// The operations that it stands for where LWP `lid` of so many says it.
    pub fn operations(self, lid: Lid, lwps: usize) -> Vec<Op> {
        match self {
            Plain(op) => vec![op],
            ToOther(op) => (1..=lwps).filter(|other| *other != lid).map(op).collect(),
            ToSelf(op) => vec![op(lid)],
        }
    }
}

/// Whether an LWP that does this does nothing after it.
pub fn ends_its_lwp(op: Op) -> bool {
    matches!(op, Op::ExitProcess | Op::Dump)
}

/// Whether an operation ends the process, and so every interruptible sleep, suspension and stop in it.
pub fn ends_the_process(op: Op) -> bool {
    let ends = |sig| matches!(sig, Sig::Kill | Sig::Quit);
    matches!(op, Op::ExitProcess | Op::Dump)
        || matches!(op, Op::Signal(sig) | Op::Kill(_, Some(sig)) if ends(sig))
}

/// The operation where LWPs have other numbers: the LWP `lid` has the number `renamed[lid - 1]`.
pub fn renamed(op: Op, renamed: &[Lid]) -> Op {
    let to = |lid: Lid| renamed[lid - 1];
    match op {
        Op::Wait(ANY) => op,
        Op::Suspend(lid) => Op::Suspend(to(lid)),
        Op::LwpSuspend(lid) => Op::LwpSuspend(to(lid)),
        Op::Continue(lid) => Op::Continue(to(lid)),
        Op::Wait(lid) => Op::Wait(to(lid)),
        Op::Detach(lid) => Op::Detach(to(lid)),
        Op::Reference(lid) => Op::Reference(to(lid)),
        Op::Create(lid) => Op::Create(to(lid)),
        Op::Start(lid) => Op::Start(to(lid)),
        Op::Abandon(lid) => Op::Abandon(to(lid)),
        Op::Kill(lid, sig) => Op::Kill(to(lid), sig),
        Op::Unpark(lid) => Op::Unpark(to(lid)),
        Op::Wakeup(lid) => Op::Wakeup(to(lid)),
        Op::Timeout(lid) => Op::Timeout(to(lid)),
        Op::GetOf(lid) => Op::GetOf(to(lid)),
        _ => op,
    }
}

/// The LWP, if any, that the operation names.
pub fn target(op: Op) -> Option<Lid> {
    match op {
        Op::Wait(ANY) => None,
        Op::Suspend(lid)
        | Op::LwpSuspend(lid)
        | Op::Continue(lid)
        | Op::Wait(lid)
        | Op::Detach(lid)
        | Op::Reference(lid)
        | Op::Create(lid)
        | Op::Start(lid)
        | Op::Abandon(lid)
        | Op::Kill(lid, _)
        | Op::Unpark(lid)
        | Op::Wakeup(lid)
        | Op::Timeout(lid)
        | Op::GetOf(lid) => Some(lid),
        _ => None,
    }
}
