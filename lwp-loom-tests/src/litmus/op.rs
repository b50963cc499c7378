//! What an LWP of a litmus program does: its operations, and how one runs.

use std::fmt;
use std::sync::Arc;

use lwp_core::netbsd::exit::Exited;
use lwp_core::netbsd::{BootLwp, Errno, KernelLwp, Lid, System};

use super::data::DataOp;

/// An operation and the results that it may have; none listed means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    kind: Kind,
    may: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `_lwp_suspend`.
    Suspend(Lid),
    /// `lwp_suspend` as callers other than the system call make it, without a test of their own.
    LwpSuspend(Lid),
    /// `_lwp_continue`.
    Continue(Lid),
    /// `_lwp_wait`; 0 for any.
    Wait(Lid),
    /// `_lwp_detach`.
    Detach(Lid),
    /// Finds an LWP, takes a reference to it and gives it back.
    Reference(Lid),
    /// `_lwp_create`, of the LWP that the program has at this place.
    Create(Lid),
    /// A trip through `lwp_userret`.
    Userret,
    /// User mode until an AST comes, and then a trip through `lwp_userret`.
    User,
    /// `_lwp_exit`.
    Exit,
    /// `exit`.
    ExitProcess,
    /// What [`DataOp`] has.
    Data(DataOp),
}

impl Op {
    /// The operation that a word such as `wait:2=ok|ESRCH` stands for.
    fn parse(word: &str) -> Option<Op> {
        let (what, may) = word.split_once('=').unwrap_or((word, ""));
        let (name, lid) = what.split_once(':').map_or((what, None), |(name, lid)| (name, lid.parse().ok()));
        let kind = match (name, lid) {
            ("suspend", Some(lid)) => Kind::Suspend(lid),
            ("lwp_suspend", Some(lid)) => Kind::LwpSuspend(lid),
            ("continue", Some(lid)) => Kind::Continue(lid),
            ("wait", Some(lid)) => Kind::Wait(lid),
            ("detach", Some(lid)) => Kind::Detach(lid),
            ("reference", Some(lid)) => Kind::Reference(lid),
            ("create", Some(lid)) => Kind::Create(lid),
            ("userret", None) => Kind::Userret,
            ("user", None) => Kind::User,
            ("exit", None) => Kind::Exit,
            ("exit-process", None) => Kind::ExitProcess,
            (name, number) => Kind::Data(DataOp::parse(name, number)?),
        };
        let may = may.split('|').filter(|result| !result.is_empty()).map(str::to_owned).collect();
        Some(Op { kind, may })
    }

    /// Runs the operation for the LWP `l`, and gives what came of it. `start` starts the thread of an LWP to be.
    ///
    /// # Errors
    /// [`Exited`] where the LWP is gone.
    ///
    /// # Panics
    /// Where that is none of the results that it may have.
    pub fn run(&self, sys: &System, l: &Arc<KernelLwp>, start: impl Fn(Lid)) -> Result<String, Exited> {
        let result = match self.kind {
            Kind::Suspend(lid) => unit(sys.sys_lwp_suspend(l, lid)),
            Kind::LwpSuspend(lid) => unit(lwp_suspend(sys, l, lid)),
            Kind::Continue(lid) => unit(sys.sys_lwp_continue(lid)),
            Kind::Wait(lid) => match sys.sys_lwp_wait(l, lid)? {
                Ok(departed) => departed.to_string(),
                Err(errno) => errno.name().into(),
            },
            Kind::Detach(lid) => unit(sys.sys_lwp_detach(lid)),
            Kind::Reference(lid) => reference(sys, lid),
            Kind::Create(lid) => {
                start(lid);
                "ok".into()
            }
            Kind::Userret => unit(sys.lwp_userret(l).map(Ok)?),
            Kind::User => unit(sys.user_mode(l).map(Ok)?),
            Kind::Data(op) => op.run(sys, l),
            Kind::Exit => return Err(sys.lwp_exit(l)),
            Kind::ExitProcess => return Err(sys.sys_exit(l)),
        };
        let allowed = self.may.is_empty() || self.may.contains(&result);
        assert!(allowed, "LWP {}: {self} gave {result}, not {}", l.l_lid(), self.may.join(" or "));
        Ok(result)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Suspend(lid) => write!(f, "suspend {lid}"),
            Kind::LwpSuspend(lid) => write!(f, "lwp_suspend {lid}"),
            Kind::Continue(lid) => write!(f, "continue {lid}"),
            Kind::Wait(0) => write!(f, "wait for any"),
            Kind::Wait(lid) => write!(f, "wait {lid}"),
            Kind::Detach(lid) => write!(f, "detach {lid}"),
            Kind::Reference(lid) => write!(f, "reference {lid}"),
            Kind::Create(lid) => write!(f, "create {lid}"),
            Kind::Userret => write!(f, "userret"),
            Kind::User => write!(f, "user"),
            Kind::Exit => write!(f, "exit"),
            Kind::ExitProcess => write!(f, "exit-process"),
            Kind::Data(op) => op.fmt(f),
        }
    }
}

/// How an LWP comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// What it is like then.
    pub boot: BootLwp,
    /// Whether the machine starts with it; it is created otherwise, and its line comes after all that are not.
    pub born: bool,
}

/// The LWP that a line such as `suspended exit` stands for: how it starts, and what it does.
///
/// # Panics
/// Where the line makes no sense: the programs are constants, and a test parses them all.
pub fn parse(line: &str) -> (Start, Vec<Op>) {
    let mut boot = BootLwp::default();
    let mut born = true;
    let mut ops = Vec::new();
    for word in line.split_whitespace() {
        match word {
            "detached" if ops.is_empty() => boot.detached = true,
            "unborn" if ops.is_empty() => born = false,
            "suspended" if ops.is_empty() => boot.suspended = true,
            _ => ops.push(Op::parse(word).unwrap_or_else(|| panic!("{word:?} in {line:?} is no operation"))),
        }
    }
    (Start { boot, born }, ops)
}

fn unit(result: Result<(), Errno>) -> String {
    result.map_or_else(Errno::name, |()| "ok").into()
}

fn lwp_suspend(sys: &System, l: &Arc<KernelLwp>, target: Lid) -> Result<(), Errno> {
    let mut p = sys.proc().enter();
    let t = sys.lwp_find(&p, target).ok_or(Errno::Esrch)?;
    sys.lwp_suspend(&mut p, l, t.lwp_lock())
}

fn reference(sys: &System, target: Lid) -> String {
    let mut p = sys.proc().enter();
    let Some(t) = sys.lwp_find(&p, target) else { return Errno::Esrch.name().into() };
    sys.lwp_addref(&mut p, &t);
    p.exit();
    sys.lwp_delref(&t);
    "ok".into()
}
