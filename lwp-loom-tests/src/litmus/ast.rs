//! A litmus program, as it means: what a program's text stands for, and what the generator makes.

use std::fmt;

use lwp_core::mutex::Class;
use lwp_core::netbsd::{Errno, Lid, Repair, Revision, Signal, State};

use super::locks::Locks;
use crate::program::{Layer, LockOp};
use crate::reach::{Bound, LOOM_THREADS, Loom};

/// A program over NetBSD's protocol, or over a lock layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name: the file's, without what follows the dot.
    pub name: String,
    /// The scenario, in prose.
    pub about: String,
    /// The lock layer that it is over; `None`: the protocol.
    pub locks: Option<Locks>,
    /// The revisions that it is for. None over a lock layer, which has no such thing.
    pub revisions: Vec<Revision>,
    /// The numbers of CPUs that it runs with. None over a lock layer.
    pub cpus: Vec<usize>,
    /// How many LWPs the process may have; `None`: any number.
    pub maxlwp: Option<usize>,
    /// Who takes part. LWP `n` is the `n`th; those that are no LWPs come last.
    pub lines: Vec<Line>,
    /// What must, must not or may be seen.
    pub conditions: Vec<Condition>,
    /// Whether an execution in which an LWP waits for ever is one like any other, where the reference has it so too.
    pub may_hang: bool,
    /// What goes wrong as written. Empty: the program holds in every variant.
    pub defects: Vec<Defect>,
    /// How far loom goes through it.
    pub loom: Loom,
}

/// Somebody who takes part in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// A name of its own.
    pub name: String,
    /// Who it is and how it starts.
    pub start: Start,
    /// What it does.
    pub steps: Vec<Step>,
}

/// Who somebody is, and how an LWP starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// An LWP that the machine starts with.
    Born {
        /// Whether nobody is to wait for it.
        detached: bool,
        /// What it does.
        doing: Doing,
    },
    /// An LWP that another creates. Such lines come after those of the first kind, in the order of creation.
    Unborn {
        /// LWP_DETACHED.
        detached: bool,
        /// LWP_SUSPENDED.
        suspended: bool,
    },
    /// Not an LWP but another process or an interrupt. Such lines come last.
    Outside,
}

/// What an LWP does when the machine starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doing {
    /// LSONPROC, or LSRUN where an LWP before it has its CPU: LWP `n` belongs to CPU `(n - 1) % cpus`.
    Running,
    /// LSSUSPENDED.
    Suspended,
    /// LSIDL: to be started by [`Op::Start`].
    Idle,
    /// LSSTOP, in a process that is about to stop: every other LWP stops on its next trip through `lwp_userret`.
    Stopped,
    /// LSSLEEP, in its first step: [`Op::Sleep`].
    Sleeping,
    /// The same, where signals and suspension end the sleep: its first step is [`Op::SleepSig`].
    SleepingSig,
}

/// One thing that somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What its result is called.
    pub name: Option<String>,
    /// What is done.
    pub op: Op,
    /// The results that it may have; none listed means any.
    pub may: Vec<Value>,
}

/// The most CPUs that a machine has.
pub const CPUS: usize = 16;

/// The number of an LWP that is not there: [`Op::Wait`] for it gives ESRCH.
pub const NOBODY: Lid = 99;

/// Stands for any LWP in [`Op::Wait`].
pub const ANY: Lid = 0;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// `_lwp_suspend`.
    Suspend(Lid),
    /// `lwp_suspend` as callers other than the system call make it, without a test of their own.
    LwpSuspend(Lid),
    /// `_lwp_continue`.
    Continue(Lid),
    /// `_lwp_wait`; [`ANY`] for any.
    Wait(Lid),
    /// `_lwp_detach`.
    Detach(Lid),
    /// Finds an LWP, takes a reference to it and gives it back.
    Reference(Lid),
    /// `_lwp_create`, of the unborn LWP with this number.
    Create(Lid),
    /// Starts an LWP that is LSIDL: the end of `_lwp_create`.
    Start(Lid),
    /// Gives up an LWP that is LSIDL.
    Abandon(Lid),
    /// `kill`: a signal for the process.
    Signal(Sig),
    /// `_lwp_kill`: a signal for one LWP, or a question whether it could be sent.
    Kill(Lid, Option<Sig>),
    /// `proc_stop`, by a tracer.
    Stop,
    /// A fault that dumps core.
    Dump,
    /// `_lwp_park`, without a limit.
    Park,
    /// `_lwp_park`, with one.
    ParkTimed,
    /// `_lwp_unpark`.
    Unpark(Lid),
    /// `_lwp_wakeup`.
    Wakeup(Lid),
    /// The time that an LWP may sleep has come.
    Timeout(Lid),
    /// Sleeps uninterruptibly until what everybody sleeps for has happened.
    Sleep,
    /// The same, interruptibly.
    SleepSig,
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
    /// `lwp_specific_key_create`; gives the key.
    KeyCreate,
    /// `lwp_specific_key_delete`.
    KeyDelete(usize),
    /// `lwp_setspecific`, to a datum that knows whose it is.
    Set(usize),
    /// `lwp_getspecific`; gives whose datum it is.
    Get(usize),
    /// `_lwp_getspecific_by_lwp`, of key 0 of an LWP that the machine started with.
    GetOf(Lid),
    /// `setuid`.
    Setuid(usize),
    /// `getuid`.
    Getuid,
    /// `lwp_ctl_alloc`; gives the block.
    LwpctlAlloc,
    /// Reads the LWP's own `lc_curcpu`.
    Curcpu,
    /// `lwp_ctl_exit`, as exec calls it.
    LwpctlExit,
    /// What is done in a program over a lock layer.
    Locks(LockOp),
}

/// A signal, in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sig {
    /// Ends the process.
    Kill,
    /// Has the process dump core.
    Quit,
    /// Stops the process.
    Stop,
    /// Continues the process.
    Cont,
    /// Has a handler.
    Usr1,
}

impl Sig {
    /// The kernel's.
    pub fn signal(self) -> Signal {
        match self {
            Sig::Kill => Signal::Kill,
            Sig::Quit => Signal::Quit,
            Sig::Stop => Signal::Stop,
            Sig::Cont => Signal::Cont,
            Sig::Usr1 => Signal::Usr1,
        }
    }

    /// Every signal.
    pub const ALL: [Sig; 5] = [Sig::Kill, Sig::Quit, Sig::Stop, Sig::Cont, Sig::Usr1];
}

/// What an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// It worked.
    Ok,
    /// It failed.
    Errno(Errno),
    /// An LWP: the one that was waited for, or whose datum it is.
    Lwp(Lid),
    /// A key, a user or a block.
    Number(usize),
    /// The LWP has exited in it: it does not return.
    Gone,
    /// There is no datum, or no CPU.
    None,
    /// The CPU with this number, from 0.
    Cpu(usize),
    /// The LWP has no block.
    NoBlock,
    /// The block's LWP has exited.
    Exited,
    /// The process has ended and is freed.
    Reaped,
    /// The process has not ended.
    NotYet,
    /// Somebody else has the lock.
    Busy,
}

/// What is claimed of a program's executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Of how many.
    pub quantifier: Quantifier,
    /// Of which moments.
    pub when: When,
    /// What.
    pub claim: Claim,
}

/// Of how many executions something is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Each.
    Always,
    /// None.
    Never,
    /// At least one.
    Sometimes,
}

/// Of which moments of an execution something is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Its end.
    AtTheEnd,
    /// Each moment at which a state, a lock pointer or a counter has just changed.
    AlongTheWay,
}

/// Something that holds at a moment, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// All of these.
    All(Vec<Claim>),
    /// One of these.
    Any(Vec<Claim>),
    /// Not this.
    Not(Box<Claim>),
    /// An LWP waits for ever, or any.
    Hang(Option<Lid>),
    /// A result is one of these.
    Result {
        /// The line, from 0.
        line: usize,
        /// The step, from 0.
        step: usize,
        /// Any of these.
        is: Vec<Value>,
    },
    /// Two results are the same.
    SameResult((usize, usize), (usize, usize)),
    /// A counter compares so with a number.
    Counter(Counter, Relation, usize),
    /// An LWP is in a state.
    Is(Lid, State),
    /// An LWP has gone from one state, or any, to another.
    Passed(Lid, Option<State>, State),
    /// An LWP's lock pointer points to a lock of a class.
    Under(Lid, Class),
}

impl Claim {
    /// Whether this is so of the claim, or of a part of it.
    pub fn contains(&self, is: &dyn Fn(&Claim) -> bool) -> bool {
        is(self)
            || match self {
                Claim::All(parts) | Claim::Any(parts) => parts.iter().any(|part| part.contains(is)),
                Claim::Not(part) => part.contains(is),
                _ => false,
            }
    }

    /// Its parts that have no parts.
    pub fn atoms(&self) -> Vec<Claim> {
        match self {
            Claim::All(parts) | Claim::Any(parts) => parts.iter().flat_map(Claim::atoms).collect(),
            Claim::Not(part) => part.atoms(),
            atom => vec![atom.clone()],
        }
    }

    /// What of the machine a claim without parts is about: things of one name change in one order. Counters all change
    /// together.
    pub fn thing(&self) -> Option<(Lid, Thing)> {
        match *self {
            Claim::Is(lid, _) | Claim::Passed(lid, ..) => Some((lid, Thing::State)),
            Claim::Under(lid, _) => Some((lid, Thing::Lock)),
            Claim::Counter(..) => Some((0, Thing::Counters)),
            _ => None,
        }
    }

    /// Whether a hang can be what makes the claim hold.
    fn admits_a_hang(&self, if_so: bool) -> bool {
        match self {
            Claim::All(parts) | Claim::Any(parts) => parts.iter().any(|part| part.admits_a_hang(if_so)),
            Claim::Not(part) => part.admits_a_hang(!if_so),
            Claim::Hang(_) => if_so,
            _ => false,
        }
    }

    /// Whether it speaks of the machine, and not only of results.
    pub fn is_about_the_machine(&self) -> bool {
        self.contains(&|claim| {
            matches!(claim, Claim::Counter(..) | Claim::Is(..) | Claim::Passed(..) | Claim::Under(..))
        })
    }
}

/// Something of the machine that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// An LWP's state.
    State,
    /// An LWP's lock pointer.
    Lock,
    /// The counters of the process.
    Counters,
}

/// A counter of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// `p_nlwps`.
    Nlwps,
    /// `p_nrlwps`.
    Nrlwps,
    /// `p_nzlwps`.
    Nzlwps,
    /// `p_ndlwps`.
    Ndlwps,
    /// `p_nlwpwait`.
    Nlwpwait,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Counter; 5] =
        [Counter::Nlwps, Counter::Nrlwps, Counter::Nzlwps, Counter::Ndlwps, Counter::Nlwpwait];

    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Counter::Nlwps => "p_nlwps",
            Counter::Nrlwps => "p_nrlwps",
            Counter::Nzlwps => "p_nzlwps",
            Counter::Ndlwps => "p_ndlwps",
            Counter::Nlwpwait => "p_nlwpwait",
        }
    }
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Relation {
    /// Whether two numbers compare so.
    pub fn holds(self, left: usize, right: usize) -> bool {
        match self {
            Relation::Equal => left == right,
            Relation::NotEqual => left != right,
            Relation::Less => left < right,
            Relation::AtMost => left <= right,
            Relation::More => left > right,
            Relation::AtLeast => left >= right,
        }
    }
}

/// How a program fails where a repair is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The revisions that have the defect.
    pub revisions: Vec<Revision>,
    /// What mends it.
    pub repair: Repair,
    /// How it shows; any of these.
    pub shows: Vec<Symptom>,
    /// The fewest CPUs that it takes.
    pub cpus: usize,
    /// Whether it shows without this repair alone, and not only as written.
    pub alone: bool,
}

/// How a defect shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// Nobody can go on.
    Hang,
    /// Two accesses that nothing orders.
    Race,
    /// Memory is used after it was freed, or is at the same time.
    UseAfterFree,
    /// The program comes to what the reference does not allow.
    Outcome,
    /// Words of the failure.
    Words(String),
}

/// What a failure says where the reference does not allow what the program came to.
pub const NOT_ALLOWED: &str = "the reference does not allow";

impl Symptom {
    /// The words of the engines' failures that mean it.
    pub fn words(&self) -> Vec<&str> {
        const RACE: [&str; 2] = ["data race", "Concurrent"];
        match self {
            Symptom::Hang => vec!["nobody can go on", "deadlock", "lost wake-up"],
            Symptom::Race => RACE.to_vec(),
            Symptom::UseAfterFree => vec!["used after it was freed", RACE[0], RACE[1]],
            Symptom::Outcome => vec![NOT_ALLOWED],
            Symptom::Words(words) => vec![words],
        }
    }
}

impl Line {
    /// Whether the line is an LWP's.
    pub fn is_lwp(&self) -> bool {
        self.start != Start::Outside
    }
}

impl Program {
    /// How far loom goes through a program of so many lines that does not say so itself. What takes loom a second with
    /// one preemption takes it minutes with three; a lock layer by itself is smaller.
    pub fn reach_of(lines: usize, locks: Option<&Locks>) -> Loom {
        let exchanges = |locks: &Locks| matches!(locks.layer, Layer::Spin | Layer::Parker);
        match lines {
            ..3 => Loom::Complete,
            3 if locks.is_some_and(exchanges) => Loom::Bounded(Bound { looks_back: true, ..Bound::NONE }),
            3 if locks.is_some() => Loom::Complete,
            3..=LOOM_THREADS => Loom::at_most(1),
            _ => Loom::NotAtAll("loom has room for five threads"),
        }
    }

    /// Whether an LWP may wait for ever: because the program says so, or since that can be what makes a claim hold.
    pub fn admits_a_hang(&self) -> bool {
        let admits =
            |condition: &Condition| condition.claim.admits_a_hang(condition.quantifier != Quantifier::Never);
        self.may_hang || self.conditions.iter().any(admits)
    }

    /// How many steps there are, over all lines.
    pub fn steps(&self) -> usize {
        self.lines.iter().map(|line| line.steps.len()).sum()
    }

    /// What an LWP is called.
    pub fn lwp_name(&self, lid: Lid) -> &str {
        match lid {
            ANY => "any",
            NOBODY => "nobody",
            lid => &self.lines[lid - 1].name,
        }
    }

    /// The operation, in the program's words.
    pub fn op(&self, op: Op) -> String {
        match (op, &self.locks) {
            (Op::Locks(op), Some(locks)) => super::locks::write(op, |n| &locks.names[n]),
            (op, _) => super::verb::write(op, |lid| self.lwp_name(lid)),
        }
    }

    /// Holds a step's result against those that it may have.
    ///
    /// # Panics
    /// Where it is none of them.
    pub fn refuse_unless_allowed(&self, line: &Line, Step { op, may, .. }: &Step, result: Value) {
        assert!(
            may.is_empty() || may.contains(&result),
            "{}: {} gave {}, not {}",
            line.name,
            self.op(*op),
            self.value(result),
            may.iter().map(|value| self.value(*value)).collect::<Vec<_>>().join(" or ")
        );
    }

    /// The value, in the program's words.
    pub fn value(&self, value: Value) -> String {
        match value {
            Value::Lwp(lid) if lid >= 1 && lid <= self.lines.len() => self.lwp_name(lid).into(),
            value => value.to_string(),
        }
    }

    /// What an execution came to: each result of each line, in order; where no line can go on, the states of the LWPs too,
    /// and in which step who waits for ever. An LWP that never came to be is left out.
    pub fn outcome(&self, ends: &Ends) -> String {
        let stands = ends.is_standstill();
        let line = |(n, (line, end)): (usize, (&Line, &Option<End>))| {
            let end = end.as_ref()?;
            let results: Vec<_> = end.results.iter().map(|value| self.value(*value)).collect();
            let mut text = format!("{}: {}", line.name, results.join(", "));
            if stands {
                let stuck = line.steps.get(end.results.len()).filter(|_| ends.is_stuck(n));
                let stuck = stuck.map(|step| format!("in {}", self.op(step.op)));
                let standing = end.standing.as_ref().map(Standing::to_string);
                let stands: Vec<_> = standing.into_iter().chain(stuck).collect();
                if !stands.is_empty() {
                    text = format!("{} [{}]", text.trim_end(), stands.join(", "));
                }
            }
            Some(text)
        };
        let lines: Vec<_> = self.lines.iter().zip(&ends.lines).enumerate().filter_map(line).collect();
        format!("{}{}", if stands { "hang: " } else { "" }, lines.join("; "))
    }
}

/// How an execution ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// An end a line; `None` for an LWP that never came to be.
    pub lines: Vec<Option<End>>,
    /// Which of them wait for ever.
    pub stuck: Vec<bool>,
}

/// How a line of a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// What it came by, in order.
    pub results: Vec<Value>,
    /// Of an LWP, where no line can go on.
    pub standing: Option<Standing>,
}

/// What has become of an LWP where no line can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in this state.
    Is {
        /// `l_stat`.
        state: State,
        /// LW_WSUSPEND: it is to be suspended, or is.
        suspend: bool,
    },
    /// It is LSZOMB.
    Zombie,
    /// Its memory is free.
    Freed,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Is { state, suspend } => {
                f.write_str(state.name())?;
                if *suspend { f.write_str(" LW_WSUSPEND") } else { Ok(()) }
            }
            Standing::Zombie => f.write_str("LSZOMB"),
            Standing::Freed => f.write_str("freed"),
        }
    }
}

impl Ends {
    /// Whether a line waits for ever.
    pub fn is_stuck(&self, line: usize) -> bool {
        self.stuck.get(line).copied().unwrap_or(false)
    }

    /// Whether any does.
    pub fn is_standstill(&self) -> bool {
        self.stuck.contains(&true)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Ok => f.write_str("ok"),
            Value::Errno(errno) => f.write_str(errno.name()),
            Value::Lwp(n) | Value::Number(n) => write!(f, "{n}"),
            Value::Gone => f.write_str("gone"),
            Value::None => f.write_str("none"),
            Value::Cpu(n) => write!(f, "cpu{n}"),
            Value::NoBlock => f.write_str("no-block"),
            Value::Exited => f.write_str("exited"),
            Value::Reaped => f.write_str("reaped"),
            Value::NotYet => f.write_str("not-yet"),
            Value::Busy => f.write_str("busy"),
        }
    }
}
