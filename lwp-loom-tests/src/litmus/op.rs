//! What an LWP of a litmus program does: its operations, and how one runs.

use std::fmt;
use std::sync::Arc;

use lwp_core::netbsd::exit::Exited;
use lwp_core::netbsd::{BootLwp, Doing, Errno, KernelLwp, Lid, Signal, System};

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
    /// Starts an LWP that is LSIDL: the end of `_lwp_create`.
    StartIdle(Lid),
    /// Gives up an LWP that is LSIDL.
    Abandon(Lid),
    /// `kill`.
    Signal(Signal),
    /// `_lwp_kill`, or a question whether it could be.
    LwpKill(Lid, Option<Signal>),
    /// `proc_stop`, by a tracer.
    Stop,
    /// A fault that dumps core.
    Dump,
    /// `_lwp_park`, with a limit or without.
    Park { timed: bool },
    /// `_lwp_unpark`.
    Unpark(Lid),
    /// `_lwp_wakeup`.
    Wakeup(Lid),
    /// The time that an LWP may sleep has come.
    Timeout(Lid),
    /// A sleep until what somebody else has happen.
    Sleep { catch: bool },
    /// What LWPs sleep for happens.
    Happen,
    /// `mutex_enter` of an adaptive mutex.
    MutexEnter,
    /// `mutex_exit`.
    MutexExit,
    /// `sched_yield`.
    Yield,
    /// The parent's wait: whether the process has ended, and if so it is freed.
    Reap,
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
        let mut words = what.split(':');
        let name = words.next()?;
        let arguments: Vec<&str> = words.collect();
        let signal = |name: &str| Signal::ALL.into_iter().find(|signal| signal.name() == name);
        let number = |word: &str| word.parse().ok();
        let kind = match arguments[..] {
            [] => Kind::without_argument(name).or_else(|| DataOp::parse(name, None).map(Kind::Data))?,
            [one] if name == "signal" => Kind::Signal(signal(one)?),
            [one] => {
                let number = number(one)?;
                Kind::of_lwp(name, number).or_else(|| DataOp::parse(name, Some(number)).map(Kind::Data))?
            }
            [lid, two] if name == "lwp_kill" => Kind::LwpKill(number(lid)?, Some(signal(two)?)),
            _ => return None,
        };
        let may = may.split('|').filter(|result| !result.is_empty()).map(str::to_owned).collect();
        Some(Op { kind, may })
    }

    /// Runs the operation for the LWP `l`, or for whoever is outside, and gives what came of it.
    ///
    /// # Errors
    /// [`Exited`] where the LWP is gone.
    ///
    /// # Panics
    /// Where that is none of the results that it may have.
    pub fn run(
        &self,
        sys: &System,
        l: Option<&Arc<KernelLwp>>,
        threads: &dyn Threads,
    ) -> Result<String, Exited> {
        let result = match (self.kind, l) {
            (kind, Some(l)) => match kind.run_in_lwp(sys, l, threads)? {
                Some(result) => result,
                None => kind.run_anywhere(sys).expect("every operation runs somewhere"),
            },
            (kind, None) => kind.run_anywhere(sys).expect("only an LWP does what is done to the current one"),
        };
        let allowed = self.may.is_empty() || self.may.contains(&result);
        let who = l.map_or_else(|| "somebody outside".into(), |l| format!("LWP {}", l.l_lid()));
        assert!(allowed, "{who}: {self} gave {result}, not {}", self.may.join(" or "));
        Ok(result)
    }
}

/// What starts the threads of LWPs that the machine does not start with.
pub trait Threads {
    /// `_lwp_create` by `l`, of the LWP `lid`.
    fn create(&self, l: &Arc<KernelLwp>, lid: Lid) -> Result<(), Errno>;
    /// Starts the idle LWP `lid` for `l`.
    fn start(&self, l: &Arc<KernelLwp>, lid: Lid);
}

impl Kind {
    fn without_argument(name: &str) -> Option<Kind> {
        Some(match name {
            "userret" => Kind::Userret,
            "user" => Kind::User,
            "exit" => Kind::Exit,
            "exit-process" => Kind::ExitProcess,
            "stop" => Kind::Stop,
            "dump" => Kind::Dump,
            "park" => Kind::Park { timed: false },
            "park-timed" => Kind::Park { timed: true },
            "sleep" => Kind::Sleep { catch: false },
            "sleep-sig" => Kind::Sleep { catch: true },
            "happen" => Kind::Happen,
            "mutex-enter" => Kind::MutexEnter,
            "mutex-exit" => Kind::MutexExit,
            "yield" => Kind::Yield,
            "reap" => Kind::Reap,
            _ => return None,
        })
    }

    fn of_lwp(name: &str, lid: Lid) -> Option<Kind> {
        Some(match name {
            "suspend" => Kind::Suspend(lid),
            "lwp_suspend" => Kind::LwpSuspend(lid),
            "continue" => Kind::Continue(lid),
            "wait" => Kind::Wait(lid),
            "detach" => Kind::Detach(lid),
            "reference" => Kind::Reference(lid),
            "create" => Kind::Create(lid),
            "start" => Kind::StartIdle(lid),
            "abandon" => Kind::Abandon(lid),
            "lwp_kill" => Kind::LwpKill(lid, None),
            "unpark" => Kind::Unpark(lid),
            "wakeup" => Kind::Wakeup(lid),
            "timeout" => Kind::Timeout(lid),
            _ => return None,
        })
    }

    /// What is done by, or to, the current LWP; `None` where that is of no account.
    fn run_in_lwp(
        self,
        sys: &System,
        l: &Arc<KernelLwp>,
        threads: &dyn Threads,
    ) -> Result<Option<String>, Exited> {
        Ok(Some(match self {
            Kind::Suspend(lid) => unit(sys.sys_lwp_suspend(l, lid)),
            Kind::LwpSuspend(lid) => unit(lwp_suspend(sys, l, lid)),
            Kind::Wait(lid) => match sys.sys_lwp_wait(l, lid)? {
                Ok(departed) => departed.to_string(),
                Err(errno) => errno.name().into(),
            },
            Kind::Create(lid) => unit(threads.create(l, lid)),
            Kind::StartIdle(lid) => done(|| threads.start(l, lid)),
            Kind::Abandon(lid) => done(|| sys.lwp_exit_idle(l, sys.lwp(lid))),
            Kind::Dump => return Err(sys.dump_core(l)),
            Kind::Park { timed } => unit(sys.sys_lwp_park(l, timed)),
            Kind::Sleep { catch } => unit(sys.sleep(l, catch)),
            Kind::MutexEnter => done(|| sys.mutex_enter(l)),
            Kind::MutexExit => done(|| sys.mutex_exit(l)),
            Kind::Yield => done(|| sys.sys_sched_yield(l)),
            Kind::Userret => unit(sys.lwp_userret(l).map(Ok)?),
            Kind::User => unit(sys.user_mode(l).map(Ok)?),
            Kind::Data(op) => op.run(sys, l),
            Kind::Exit => return Err(sys.lwp_exit(l)),
            Kind::ExitProcess => return Err(sys.sys_exit(l)),
            _ => return Ok(None),
        }))
    }

    /// What can be done by others than LWPs of the process too; `None` where only they can.
    fn run_anywhere(self, sys: &System) -> Option<String> {
        Some(match self {
            Kind::Continue(lid) => unit(sys.sys_lwp_continue(lid)),
            Kind::Detach(lid) => unit(sys.sys_lwp_detach(lid)),
            Kind::Reference(lid) => reference(sys, lid),
            Kind::Signal(signal) => done(|| sys.kill(signal)),
            Kind::LwpKill(lid, signal) => unit(sys.sys_lwp_kill(lid, signal)),
            Kind::Stop => done(|| sys.stop()),
            Kind::Unpark(lid) => unit(sys.sys_lwp_unpark(lid)),
            Kind::Wakeup(lid) => unit(sys.sys_lwp_wakeup(lid)),
            Kind::Timeout(lid) => done(|| sys.sleepq_timeout(lid)),
            Kind::Happen => done(|| sys.happen()),
            Kind::Reap => if sys.proc_free() { "reaped" } else { "not yet" }.into(),
            _ => return None,
        })
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
            Kind::StartIdle(lid) => write!(f, "start {lid}"),
            Kind::Abandon(lid) => write!(f, "abandon {lid}"),
            Kind::Signal(signal) => write!(f, "signal {}", signal.name()),
            Kind::LwpKill(lid, Some(signal)) => write!(f, "lwp_kill {lid} {}", signal.name()),
            Kind::LwpKill(lid, None) => write!(f, "lwp_kill {lid}"),
            Kind::Stop => write!(f, "stop"),
            Kind::Dump => write!(f, "dump"),
            Kind::Park { timed: false } => write!(f, "park"),
            Kind::Park { timed: true } => write!(f, "park-timed"),
            Kind::Unpark(lid) => write!(f, "unpark {lid}"),
            Kind::Wakeup(lid) => write!(f, "wakeup {lid}"),
            Kind::Timeout(lid) => write!(f, "timeout {lid}"),
            Kind::Sleep { catch: false } => write!(f, "sleep"),
            Kind::Sleep { catch: true } => write!(f, "sleep-sig"),
            Kind::Happen => write!(f, "happen"),
            Kind::MutexEnter => write!(f, "mutex-enter"),
            Kind::MutexExit => write!(f, "mutex-exit"),
            Kind::Yield => write!(f, "yield"),
            Kind::Reap => write!(f, "reap"),
            Kind::Userret => write!(f, "userret"),
            Kind::User => write!(f, "user"),
            Kind::Exit => write!(f, "exit"),
            Kind::ExitProcess => write!(f, "exit-process"),
            Kind::Data(op) => op.fmt(f),
        }
    }
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// An LWP's that the machine starts with.
    Boot(BootLwp),
    /// An LWP's that is created; such lines come after those of the first kind.
    Unborn { detached: bool, suspended: bool },
    /// Not an LWP's but another process' or an interrupt's; such lines come last.
    Outside,
}

/// The LWP that a line such as `suspended exit` stands for: how it starts, and what it does.
///
/// # Panics
/// Where the line makes no sense: the programs are constants, and a test parses them all.
pub fn parse(line: &str) -> (Start, Vec<Op>) {
    let mut boot = BootLwp::default();
    let (mut born, mut outside) = (true, false);
    let mut ops = Vec::new();
    for word in line.split_whitespace() {
        match word {
            "detached" if ops.is_empty() => boot.detached = true,
            "unborn" if ops.is_empty() => born = false,
            "outside" if ops.is_empty() => outside = true,
            "suspended" if ops.is_empty() => boot.doing = Doing::Suspended,
            "idle" if ops.is_empty() => boot.doing = Doing::Idle,
            "stopped" if ops.is_empty() => boot.doing = Doing::Stopped,
            "sleeping" if ops.is_empty() => boot.doing = Doing::Sleeping { interruptibly: false },
            "sleeping-sig" if ops.is_empty() => boot.doing = Doing::Sleeping { interruptibly: true },
            _ => ops.push(Op::parse(word).unwrap_or_else(|| panic!("{word:?} in {line:?} is no operation"))),
        }
    }
    let start = match (outside, born) {
        (true, _) => Start::Outside,
        (false, true) => Start::Boot(boot),
        (false, false) => {
            Start::Unborn { detached: boot.detached, suspended: boot.doing == Doing::Suspended }
        }
    };
    (start, ops)
}

fn done(operation: impl FnOnce()) -> String {
    operation();
    "ok".into()
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
