//! What can be wrong with an execution, in words.

use std::fmt::{self, Write};
use std::panic::Location;

use lwp_core::sync::model::{Announcement, Kind, Misuse, Object, Operation};

use super::world::World;

/// The names of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Threads wait for one another.
    Deadlock,
    /// Threads wait, and one of them for a token that nobody is left to give.
    LostWakeUp,
    /// All threads that are left spin.
    Livelock,
    /// Threads take steps for ever, and nothing that they see changes.
    EndlessLoop,
    /// Two accesses to protected data, one of them a write, that nothing orders.
    DataRace,
    /// The program panicked.
    Assertion,
    /// A thread releases a lock that it does not hold.
    UnlockByStranger,
    /// Memory is used after it was freed, or at the same time.
    UseAfterFree,
    /// A thread waits for a condition that does more than look, or looks at nothing, or changes its mind.
    MisusedWait,
    /// The program does not do the same thing twice.
    Nondeterministic,
}

impl FailureKind {
    /// Whether it is that nobody can go on.
    pub fn is_standstill(self) -> bool {
        matches!(self, FailureKind::Deadlock | FailureKind::LostWakeUp | FailureKind::Livelock)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FailureKind::Deadlock => "deadlock",
            FailureKind::LostWakeUp => "lost wake-up",
            FailureKind::Livelock => "livelock",
            FailureKind::EndlessLoop => "endless loop",
            FailureKind::DataRace => "data race",
            FailureKind::Assertion => "assertion",
            FailureKind::UnlockByStranger => "unlock by a stranger",
            FailureKind::UseAfterFree => "use after free",
            FailureKind::MisusedWait => "misused wait",
            FailureKind::Nondeterministic => "nondeterministic",
        })
    }
}

/// What is wrong with an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub kind: FailureKind,
    /// What happened, where and to whom.
    pub description: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.description)
    }
}

/// A thread's name: they count from 1, in the order in which they started, as in a `lwp_core::sync::ThreadId`'s name.
pub fn thread_name(thread: usize) -> String {
    format!("thread {}", thread + 1)
}

/// An object's name.
pub fn object_name(world: &World, object: Object) -> String {
    let thing = world.thing(object);
    let kind = match thing.kind {
        Kind::Atomic => "atomic",
        Kind::Lock => "lock",
        Kind::Parker => "parker",
        Kind::Cell => "cell",
        Kind::Allocation => "allocation",
        Kind::Moments => "what is watched",
    };
    format!("{kind} {} (made at {})", thing.ordinal, thing.place)
}

/// An operation, as in "is about to ...".
pub fn operation_name(world: &World, announcement: &Announcement) -> String {
    let what = match announcement.operation {
        Operation::Start => "start".into(),
        Operation::Finish => "wait for the end of all other threads".into(),
        Operation::Load { site, .. } => format!("load ({})", site.name()),
        Operation::Store { value, site, .. } => format!("store {value} ({})", site.name()),
        Operation::CompareExchange { old, new, site, .. } => {
            format!("exchange {old} for {new} ({})", site.name())
        }
        Operation::Lock => "take".into(),
        Operation::TryLock => "try to take".into(),
        Operation::Unlock => "release".into(),
        Operation::IsHeld => "look whether anybody holds".into(),
        Operation::Park => "park on".into(),
        Operation::Unpark => "let go on".into(),
        Operation::Spawn => "start a thread".into(),
        Operation::Join(other) => format!("join {}", thread_name(other)),
        Operation::Choose(n) => format!("choose one of {n}"),
        Operation::Moment => "change".into(),
    };
    match announcement.object {
        Some(object) => format!("{what} {} at {}", object_name(world, object), announcement.place),
        None => format!("{what} at {}", announcement.place),
    }
}

/// Nobody can take a step: the name of that.
pub fn standstill(world: &World) -> FailureKind {
    let (mut parked, mut spinning, mut others) = (false, false, false);
    for thread in world.threads() {
        match thread.pending.map(|announcement| announcement.operation) {
            None | Some(Operation::Finish) => {}
            Some(_) if thread.waits_at.is_some() => spinning = true,
            Some(Operation::Join(_)) => {}
            Some(Operation::Park) => parked = true,
            Some(_) => others = true,
        }
    }
    match (parked, spinning, others) {
        (true, _, _) => FailureKind::LostWakeUp,
        (false, true, false) => FailureKind::Livelock,
        _ => FailureKind::Deadlock,
    }
}

/// Nobody can take a step: who waits for what, and who holds it.
pub fn describe_standstill(world: &World, kind: FailureKind) -> String {
    let mut description = String::new();
    for (t, thread) in world.threads().iter().enumerate() {
        let Some(announcement) = &thread.pending else { continue };
        if announcement.operation == Operation::Finish {
            continue;
        }
        if !description.is_empty() {
            description.push_str("; ");
        }
        let _ = write!(description, "{} ", thread_name(t));
        if let Some(place) = thread.waits_at {
            let looks = thread.looks.iter().map(|look| look.object);
            let names: Vec<String> =
                looks.chain(announcement.object).map(|object| object_name(world, object)).collect();
            let _ =
                write!(description, "spins at {place}, waiting for a change of {}", names.join(" or of "));
            continue;
        }
        let what = || announcement.object.map(|o| object_name(world, o)).unwrap_or_default();
        let place = announcement.place;
        let _ = match announcement.operation {
            Operation::Park => {
                write!(description, "is parked on {} at {place}, and nobody is left to let it go on", what())
            }
            Operation::Join(other) => {
                let other = thread_name(other);
                write!(description, "waits at {place} for the end of {other}")
            }
            _ => {
                let holder = announcement.object.and_then(|o| world.numbered(world.thing(o).value));
                let holder = holder.map_or("nobody".into(), thread_name);
                write!(description, "waits at {place} for {}, which {holder} holds", what())
            }
        };
    }
    if kind == FailureKind::LostWakeUp {
        description.insert_str(0, "a deadlock in which ");
    }
    description
}

/// What is wrong with a condition that waits and has looked at nothing.
pub const LOOKS_AT_NOTHING: &str = "goes on waiting, and has looked at nothing that could change";

/// What is wrong with a condition that reads protected data in a turn that is not run.
pub const READS_LAST: &str = "goes on waiting after it has read protected data since its last look (it may read such data only on the way to a look)";

/// What is wrong with a condition that does not say the same where it sees the same.
pub const CHANGES_ITS_MIND: &str =
    "changes its mind, and nothing that it looked at has changed (it may depend on nothing else)";

/// A thread waits for a condition that is none.
pub fn misused_wait(thread: usize, place: &'static Location<'static>, what: &str) -> Failure {
    let description = format!("the condition that {} waits for at {place} {what}", thread_name(thread));
    Failure { kind: FailureKind::MisusedWait, description }
}

/// The program panicked.
pub fn panicked(
    thread: usize,
    misuse: Option<(Object, Misuse)>,
    message: &str,
    place: Option<&str>,
) -> Failure {
    let kind = match misuse {
        Some((_, Misuse::UnlockByStranger)) => FailureKind::UnlockByStranger,
        Some((_, Misuse::WaitsForEver)) => FailureKind::Deadlock,
        None => FailureKind::Assertion,
    };
    let place = place.map(|p| format!(" (at {p})")).unwrap_or_default();
    Failure { kind, description: format!("{} panicked: {message}{place}", thread_name(thread)) }
}

/// Two accesses that nothing orders.
pub fn race(
    world: &World,
    object: Object,
    earlier: (&str, usize, &'static Location<'static>),
    later: (&str, usize, &'static Location<'static>),
) -> Failure {
    let freed = world.thing(object).kind == Kind::Allocation;
    let kind = if freed { FailureKind::UseAfterFree } else { FailureKind::DataRace };
    let side = |(what, thread, place): (&str, usize, _)| format!("{} {what} at {place}", thread_name(thread));
    let description = format!(
        "{}: {} and {}, and nothing orders the two",
        object_name(world, object),
        side(earlier),
        side(later)
    );
    Failure { kind, description }
}

/// Memory is touched that is freed already.
pub fn used_after_free(
    world: &World,
    object: Object,
    freed: Option<(usize, &'static Location<'static>)>,
    user: (usize, &'static Location<'static>),
) -> Failure {
    let mut description = object_name(world, object);
    let _ = write!(description, " is used by {} at {}", thread_name(user.0), user.1);
    if let Some((thread, place)) = freed {
        let _ = write!(description, " after {} freed it at {place}", thread_name(thread));
    }
    Failure { kind: FailureKind::UseAfterFree, description }
}

/// After the same steps a thread is about to do something else than what it did `before`.
#[cold]
pub fn does_something_else(
    world: &World,
    steps: usize,
    thread: usize,
    before: Option<&Announcement>,
) -> Failure {
    let name = |a: Option<&Announcement>| a.map_or("not to go on".into(), |a| operation_name(world, a));
    let (before, now) = (name(before), name(world.thread(thread).pending.as_ref()));
    diverges(steps, &format!("{} was to {before} before, and now is to {now}", thread_name(thread)))
}

/// After the same steps a thread waits that did not before, or the other way round.
#[cold]
pub fn others_go_on(steps: usize) -> Failure {
    diverges(steps, "other threads can go on than before")
}

/// The program did something else than the last time.
pub fn diverges(step: usize, description: &str) -> Failure {
    let description = format!(
        "after the same {step} steps {description}: the program does something that the engine does not control (a \
         real lock, a real thread, the time, randomness, a static)"
    );
    Failure { kind: FailureKind::Nondeterministic, description }
}
