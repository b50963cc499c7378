//! The words that operations are written with.

use lwp_core::netbsd::Lid;

use super::ast::{Op, Sig};

/// What follows an operation's word.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// An LWP that takes part, or `nobody`.
    Lwp(fn(Lid) -> Op),
    /// The same, or `any`.
    LwpOrAny(fn(Lid) -> Op),
    /// An LWP, and a signal or nothing.
    LwpAndSignal(fn(Lid, Option<Sig>) -> Op),
    /// A signal.
    Signal(fn(Sig) -> Op),
    /// A number.
    Number(fn(usize) -> Op),
}

/// A word for an operation.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// The word.
    pub word: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// The operation, with some argument.
    pub example: Op,
    /// Whether it is done by, or to, the current LWP: whoever is outside cannot do it.
    pub by_an_lwp: bool,
    /// What it is.
    pub about: &'static str,
}

const fn verb(word: &'static str, takes: Takes, example: Op, about: &'static str) -> Verb {
    Verb { word, takes, example, by_an_lwp: true, about }
}

const fn anybody(word: &'static str, takes: Takes, example: Op, about: &'static str) -> Verb {
    Verb { by_an_lwp: false, ..verb(word, takes, example, about) }
}

use Takes::{Lwp, LwpAndSignal, LwpOrAny, Nothing, Number, Signal};

/// Every operation.
pub const VERBS: &[Verb] = &[
    verb("suspend", Lwp(Op::Suspend), Op::Suspend(1), "`_lwp_suspend`"),
    verb(
        "lwp_suspend",
        Lwp(Op::LwpSuspend),
        Op::LwpSuspend(1),
        "`lwp_suspend` as callers other than the system call make it, without a test of their own",
    ),
    anybody("continue", Lwp(Op::Continue), Op::Continue(1), "`_lwp_continue`"),
    verb("wait", LwpOrAny(Op::Wait), Op::Wait(1), "`_lwp_wait`; gives the LWP that it collected"),
    anybody("detach", Lwp(Op::Detach), Op::Detach(1), "`_lwp_detach`"),
    anybody(
        "reference",
        Lwp(Op::Reference),
        Op::Reference(1),
        "`lwp_find`, `lwp_addref` and `lwp_delref`, as whoever looks at an LWP does",
    ),
    verb("create", Lwp(Op::Create), Op::Create(1), "`_lwp_create`, of an LWP that starts `unborn`"),
    verb("start", Lwp(Op::Start), Op::Start(1), "the end of `_lwp_create`, of an LWP that starts `idle`"),
    verb("abandon", Lwp(Op::Abandon), Op::Abandon(1), "gives up an LWP that starts `idle`"),
    anybody("signal", Signal(Op::Signal), Op::Signal(Sig::Usr1), "`kill`: a signal for the process"),
    anybody(
        "kill",
        LwpAndSignal(Op::Kill),
        Op::Kill(1, None),
        "`_lwp_kill`: a signal for one LWP; without a signal, whether one could be sent",
    ),
    anybody("stop", Nothing, Op::Stop, "`proc_stop`, as a tracer calls it"),
    verb("dump", Nothing, Op::Dump, "a fault that dumps core: the LWP ends its process"),
    verb("park", Nothing, Op::Park, "`_lwp_park`, without a limit"),
    verb("park-timed", Nothing, Op::ParkTimed, "`_lwp_park`, with a limit; `timeout` says when it is over"),
    anybody("unpark", Lwp(Op::Unpark), Op::Unpark(1), "`_lwp_unpark`"),
    anybody("wakeup", Lwp(Op::Wakeup), Op::Wakeup(1), "`_lwp_wakeup`"),
    anybody(
        "timeout",
        Lwp(Op::Timeout),
        Op::Timeout(1),
        "the time that an LWP may sleep has come; nothing where it does not sleep with a limit yet, or any more",
    ),
    verb("sleep", Nothing, Op::Sleep, "sleeps uninterruptibly until `happen` (`cv_wait`)"),
    verb("sleep-sig", Nothing, Op::SleepSig, "sleeps interruptibly until `happen` (`cv_wait_sig`)"),
    anybody("happen", Nothing, Op::Happen, "what LWPs sleep for happens, once and for all"),
    verb("mutex-enter", Nothing, Op::MutexEnter, "`mutex_enter` of the machine's one adaptive mutex"),
    verb("mutex-exit", Nothing, Op::MutexExit, "`mutex_exit` of it"),
    verb("yield", Nothing, Op::Yield, "`sched_yield`"),
    anybody(
        "reap",
        Nothing,
        Op::Reap,
        "the parent's wait: `reaped` where the process has ended, and frees it; else `not-yet`",
    ),
    verb("userret", Nothing, Op::Userret, "a trip through `lwp_userret`, as at the end of every system call"),
    verb(
        "user",
        Nothing,
        Op::User,
        "user mode until the kernel wants something of the LWP, and then a trip through `lwp_userret`",
    ),
    verb("exit", Nothing, Op::Exit, "`_lwp_exit`"),
    verb("exit-process", Nothing, Op::ExitProcess, "`exit`"),
    verb("key-create", Nothing, Op::KeyCreate, "`lwp_specific_key_create`; gives the key's number, from 0"),
    verb("key-delete", Number(Op::KeyDelete), Op::KeyDelete(0), "`lwp_specific_key_delete`"),
    verb("set", Number(Op::Set), Op::Set(0), "`lwp_setspecific`, to a datum that knows whose it is"),
    verb("get", Number(Op::Get), Op::Get(0), "`lwp_getspecific`; gives whose datum it is, or `none`"),
    verb(
        "get-of",
        Lwp(Op::GetOf),
        Op::GetOf(1),
        "`_lwp_getspecific_by_lwp`, of key 0; gives whose datum it is",
    ),
    verb("setuid", Number(Op::Setuid), Op::Setuid(0), "`setuid`"),
    verb("getuid", Nothing, Op::Getuid, "`getuid`; gives the user's number, 0 to begin with"),
    verb("lwpctl-alloc", Nothing, Op::LwpctlAlloc, "`_lwp_ctl`; gives the block's number, from 0"),
    verb("curcpu", Nothing, Op::Curcpu, "the LWP's own `lc_curcpu`: `cpu0`, `none`, `exited` or `no-block`"),
    verb("lwpctl-exit", Nothing, Op::LwpctlExit, "`lwp_ctl_exit`, as exec calls it"),
];

/// The word for a signal.
pub fn signal(sig: Sig) -> &'static str {
    sig.signal().name()
}

/// The word that an operation is written with.
pub fn of(op: Op) -> &'static Verb {
    let same = |verb: &&Verb| std::mem::discriminant(&verb.example) == std::mem::discriminant(&op);
    VERBS.iter().find(same).expect("every operation has a word")
}

/// The operation as it is written, where LWPs are called by `name`.
pub fn write<'a>(op: Op, name: impl Fn(Lid) -> &'a str) -> String {
    let word = of(op).word;
    match op {
        Op::Suspend(lid)
        | Op::LwpSuspend(lid)
        | Op::Continue(lid)
        | Op::Wait(lid)
        | Op::Detach(lid)
        | Op::Reference(lid)
        | Op::Create(lid)
        | Op::Start(lid)
        | Op::Abandon(lid)
        | Op::Unpark(lid)
        | Op::Wakeup(lid)
        | Op::Timeout(lid)
        | Op::Kill(lid, None)
        | Op::GetOf(lid) => format!("{word} {}", name(lid)),
        Op::Kill(lid, Some(sig)) => format!("{word} {} {}", name(lid), signal(sig)),
        Op::Signal(sig) => format!("{word} {}", signal(sig)),
        Op::KeyDelete(n) | Op::Set(n) | Op::Get(n) | Op::Setuid(n) => format!("{word} {n}"),
        _ => word.into(),
    }
}
