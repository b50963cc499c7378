//! Movements of the lock pointer, one after another, against a sequential model.
//!
//! A [`Program`] is made of bytes by `arbitrary`, so that a fuzzer can search among programs and a seed can be
//! written by hand: first a byte for the system, then three for each step, namely its verb, its LWP and its lock,
//! each an index (of [`System::ALL`], of [`Verb::ALL`], up to [`LWPS`], up to [`LOCKS`]).
//!
//! [`run`] performs the steps that are permitted where they stand, and skips the others: a lock that is held is not
//! waited for, since one thread runs it all. After every step it compares what the model and the real machine say of
//! every lock and every LWP.

use std::fmt;

use arbitrary::{Arbitrary, Unstructured};
use lwp_core::illumos::{InTransit, Thread, ThreadGuard};
use lwp_core::locks::Locks;
use lwp_core::mutex::{Class, MutexGuard};
use lwp_core::netbsd::{Kernel, Lwp, LwpGuard, Multiprocessor, Uniprocessor};

/// LWPs of a machine. LWP `n` begins on lock `n`, or on the first where nothing moves.
pub const LWPS: usize = 2;
/// Locks of a machine.
pub const LOCKS: usize = 4;
/// illumos' `stop_lock` and `transition_lock` among the locks.
const STOP: usize = 2;
const TRANSITION: usize = 3;
/// The longest program, in steps.
const STEPS: usize = 200;

/// Whose functions a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// NetBSD, every kernel whose pointer moves.
    Netbsd,
    /// NetBSD 1.62 on a uniprocessor.
    Uniprocessor,
    /// illumos.
    Illumos,
}

impl System {
    /// Every system, by its byte in a seed.
    pub const ALL: [System; 3] = [System::Netbsd, System::Uniprocessor, System::Illumos];

    fn name(self) -> &'static str {
        match self {
            System::Netbsd => "netbsd",
            System::Uniprocessor => "uniprocessor",
            System::Illumos => "illumos",
        }
    }

    fn classes(self) -> [Class; LOCKS] {
        match self {
            System::Netbsd => [Class::SpcLwplock, Class::SleepQueue, Class::TurnstileChain, Class::SpcMutex],
            System::Uniprocessor => {
                [Class::SchedMutex, Class::SleepQueue, Class::TurnstileChain, Class::SleepQueue]
            }
            System::Illumos => {
                [Class::CpuThreadLock, Class::DispatchQueue, Class::StopLock, Class::TransitionLock]
            }
        }
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident = $name:literal, $($system:ident)|+;)*) => {
        /// What a step calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Verb { $($(#[$doc])* $verb,)* }

        impl Verb {
            /// Every verb, by its byte in a seed.
            pub const ALL: [Verb; [$(Verb::$verb),*].len()] = [$(Verb::$verb),*];

            fn name(self) -> &'static str {
                match self { $(Verb::$verb => $name,)* }
            }

            /// Whether the system has such a function.
            pub fn is_of(self, system: System) -> bool {
                match self { $(Verb::$verb => matches!(system, $(System::$system)|+),)* }
            }
        }
    };
}

verbs! {
    /// `mutex_spin_enter`, of a lock that is free.
    Enter = "enter", Netbsd | Uniprocessor | Illumos;
    /// `mutex_tryenter`.
    Tryenter = "tryenter", Netbsd | Uniprocessor | Illumos;
    /// The end of a mutex's guard.
    Exit = "exit", Netbsd | Uniprocessor | Illumos;
    /// `lwp_lock` or `thread_lock`, of an LWP whose lock is free.
    Lock = "lock", Netbsd | Uniprocessor | Illumos;
    /// `lwp_trylock`.
    Trylock = "trylock", Netbsd | Uniprocessor;
    /// `lwp_unlock` or `thread_unlock`.
    Unlock = "unlock", Netbsd | Uniprocessor | Illumos;
    /// A change of the fields that the lock covers.
    Work = "work", Netbsd | Uniprocessor | Illumos;
    /// `lwp_relock`, to a lock that is free or covers the LWP already.
    Relock = "relock", Netbsd | Uniprocessor;
    /// `lwp_unlock_to`.
    UnlockTo = "unlock_to", Netbsd | Uniprocessor;
    /// `lwp_setlock`.
    Setlock = "setlock", Netbsd | Uniprocessor;
    /// `lwp_unlock_to_held`.
    UnlockToHeld = "unlock_to_held", Netbsd;
    /// `lwp_setlock_held`.
    SetlockHeld = "setlock_held", Netbsd;
    /// `covered_by`, with a lock that is held.
    CoveredBy = "covered_by", Netbsd;
    /// `into_mutex`.
    IntoMutex = "into_mutex", Netbsd | Uniprocessor;
    /// `thread_set_state`, of a locked thread or of one in transit.
    SetState = "set_state", Illumos;
    /// `thread_transition`.
    Transition = "transition", Illumos;
    /// `thread_stop`.
    Stop = "stop", Illumos;
}

/// One call. The LWP or the lock says nothing where the verb does not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is called.
    pub verb: Verb,
    /// On which LWP.
    pub lwp: usize,
    /// With which lock.
    pub lock: usize,
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Step> {
        let verb = *u.choose(&Verb::ALL)?;
        // A byte each: wider integers would take more of the input.
        let (lwp, lock) = (u.int_in_range(0..=LWPS as u8 - 1)?, u.int_in_range(0..=LOCKS as u8 - 1)?);
        Ok(Step { verb, lwp: lwp.into(), lock: lock.into() })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { verb, lwp, lock } = self;
        match verb {
            Verb::Enter | Verb::Tryenter | Verb::Exit => write!(f, "{} lock {lock}", verb.name()),
            Verb::Relock
            | Verb::UnlockTo
            | Verb::Setlock
            | Verb::UnlockToHeld
            | Verb::SetlockHeld
            | Verb::CoveredBy
            | Verb::SetState => write!(f, "{} {lwp}, lock {lock}", verb.name()),
            _ => write!(f, "{} {lwp}", verb.name()),
        }
    }
}

/// A sequence of calls on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The machine.
    pub system: System,
    /// The calls.
    pub steps: Vec<Step>,
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Program> {
        let system = *u.choose(&System::ALL)?;
        let mut steps = Vec::new();
        while !u.is_empty() && steps.len() < STEPS {
            steps.push(u.arbitrary()?);
        }
        Ok(Program { system, steps })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.system.name())?;
        self.steps.iter().enumerate().try_for_each(|(n, step)| {
            f.write_str(if n == 0 { ": " } else { "; " })?;
            step.fmt(f)
        })
    }
}

/// A mistake to make in the model, so as to see whether the comparison notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `lwp_unlock` keeps the lock.
    UnlockKeepsTheLock,
    /// `lwp_unlock_to` leaves the LWP where it is.
    UnlockToMovesNothing,
    /// `lwp_unlock_to` moves the LWP to the lock after the one it was given.
    UnlockToMovesTooFar,
    /// `lwp_setlock` releases the old lock.
    SetlockReleasesTheOldLock,
    /// `lwp_setlock` leaves the LWP where it is.
    SetlockMovesNothing,
    /// `lwp_relock` keeps the old lock.
    RelockKeepsTheOldLock,
    /// `lwp_trylock` gets every lock.
    TrylockAlwaysSucceeds,
    /// `mutex_tryenter` gets every lock.
    TryenterAlwaysSucceeds,
    /// `lwp_unlock_to` a held lock keeps the old one.
    UnlockToHeldKeepsTheOldLock,
    /// `lwp_setlock` to a held lock releases the old one.
    SetlockHeldReleasesTheOldLock,
    /// `covered_by` does not look at the pointer.
    CoveredByAlwaysSucceeds,
    /// What is written to the fields is lost.
    WorkIsLost,
    /// The pointer moves on a uniprocessor.
    UniprocessorMoves,
    /// `thread_set_state` releases the old lock.
    SetStateReleasesTheOldLock,
    /// `thread_transition` keeps the old lock.
    TransitionKeepsTheOldLock,
    /// `thread_stop` leaves the thread where it is.
    StopMovesNothing,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 16] = [
        Fault::UnlockKeepsTheLock,
        Fault::UnlockToMovesNothing,
        Fault::UnlockToMovesTooFar,
        Fault::SetlockReleasesTheOldLock,
        Fault::SetlockMovesNothing,
        Fault::RelockKeepsTheOldLock,
        Fault::TrylockAlwaysSucceeds,
        Fault::TryenterAlwaysSucceeds,
        Fault::UnlockToHeldKeepsTheOldLock,
        Fault::SetlockHeldReleasesTheOldLock,
        Fault::CoveredByAlwaysSucceeds,
        Fault::WorkIsLost,
        Fault::UniprocessorMoves,
        Fault::SetStateReleasesTheOldLock,
        Fault::TransitionKeepsTheOldLock,
        Fault::StopMovesNothing,
    ];
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// A guard of the mutex alone.
    Guard,
    /// The guard of this LWP.
    Lwp(usize),
    /// Nobody, for ever.
    Ever,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    Unlocked,
    Locked,
    InTransit,
}

#[derive(Clone, Copy, Debug)]
struct ModelLwp {
    covering: usize,
    hold: Hold,
    payload: u64,
}

/// What must be.
struct Model {
    system: System,
    holders: [Holder; LOCKS],
    lwps: [ModelLwp; LWPS],
    fault: Option<Fault>,
}

/// What can be seen of a machine between two steps.
#[derive(Debug, PartialEq)]
struct View {
    /// Of each lock: whether somebody holds it, and whether the caller does.
    locks: [(bool, bool); LOCKS],
    /// Of each LWP that is the caller's: the lock that covers it, unless it is in transit, and its payload.
    mine: [Option<(Option<usize>, u64)>; LWPS],
    /// Of each LWP: what `lwp_locked` answers, without a lock and with each; illumos has no such function.
    locked: [Option<(bool, [bool; LOCKS])>; LWPS],
}

impl Model {
    fn new(system: System, fault: Option<Fault>) -> Model {
        let holder = |class| if class == Class::TransitionLock { Holder::Ever } else { Holder::Nobody };
        let lwp = |n| ModelLwp { covering: first(system, n), hold: Hold::Unlocked, payload: 0 };
        Model { system, holders: system.classes().map(holder), lwps: std::array::from_fn(lwp), fault }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Takes a step and says what the call answers, true where it answers nothing. `None` where the call is not
    /// permitted.
    fn step(&mut self, step: Step, work: u64) -> Option<bool> {
        let Step { verb, lwp: n, lock } = step;
        if !verb.is_of(self.system) {
            return None;
        }
        let ModelLwp { covering, hold, .. } = self.lwps[n];
        let locked = hold == Hold::Locked;
        let permitted = match verb {
            Verb::Enter => self.holders[lock] == Holder::Nobody,
            Verb::Tryenter | Verb::Trylock => true,
            Verb::Exit => self.holders[lock] == Holder::Guard,
            Verb::Lock => self.holders[covering] == Holder::Nobody,
            Verb::Work => hold != Hold::Unlocked,
            Verb::Unlock
            | Verb::UnlockTo
            | Verb::Setlock
            | Verb::IntoMutex
            | Verb::Transition
            | Verb::Stop => locked,
            Verb::Relock => locked && (self.pins(lock, covering) || self.holders[lock] == Holder::Nobody),
            Verb::UnlockToHeld | Verb::SetlockHeld => locked && self.holders[lock] == Holder::Guard,
            Verb::CoveredBy => !locked && self.holders[lock] == Holder::Guard,
            Verb::SetState => hold != Hold::Unlocked && self.holders[lock] == Holder::Guard,
        };
        if !permitted {
            return None;
        }

        match verb {
            Verb::Enter => self.holders[lock] = Holder::Guard,
            Verb::Tryenter => {
                let free = self.holders[lock] == Holder::Nobody || self.has(Fault::TryenterAlwaysSucceeds);
                if !free {
                    return Some(false);
                }
                self.holders[lock] = Holder::Guard;
            }
            Verb::Exit => self.holders[lock] = Holder::Nobody,
            Verb::Lock => self.locked(n, covering),
            Verb::Trylock => {
                let free = self.holders[covering] == Holder::Nobody || self.has(Fault::TrylockAlwaysSucceeds);
                if !free {
                    return Some(false);
                }
                self.locked(n, covering);
            }
            Verb::Unlock => {
                self.lwps[n].hold = Hold::Unlocked;
                self.leaves(covering, self.has(Fault::UnlockKeepsTheLock));
            }
            Verb::Work if self.has(Fault::WorkIsLost) => {}
            Verb::Work => self.lwps[n].payload = worked(self.lwps[n].payload, work),
            Verb::Relock if self.pins(lock, covering) => {}
            Verb::Relock => {
                self.leaves(covering, self.has(Fault::RelockKeepsTheOldLock));
                self.locked(n, lock);
            }
            Verb::UnlockTo => {
                self.lwps[n].hold = Hold::Unlocked;
                self.leaves(covering, false);
                if self.has(Fault::UnlockToMovesTooFar) {
                    self.moves(n, (lock + 1) % LOCKS);
                } else if !self.has(Fault::UnlockToMovesNothing) {
                    self.moves(n, lock);
                }
            }
            Verb::Setlock => {
                self.lwps[n].hold = Hold::Unlocked;
                self.leaves(covering, !self.has(Fault::SetlockReleasesTheOldLock));
                if !self.has(Fault::SetlockMovesNothing) {
                    self.moves(n, lock);
                }
            }
            Verb::UnlockToHeld => {
                self.leaves(covering, self.has(Fault::UnlockToHeldKeepsTheOldLock));
                self.locked(n, lock);
            }
            Verb::SetlockHeld => {
                self.leaves(covering, !self.has(Fault::SetlockHeldReleasesTheOldLock));
                self.locked(n, lock);
            }
            Verb::CoveredBy => {
                if covering != lock && !self.has(Fault::CoveredByAlwaysSucceeds) {
                    return Some(false);
                }
                self.locked(n, lock);
            }
            Verb::IntoMutex => {
                self.lwps[n].hold = Hold::Unlocked;
                self.leaves(covering, true);
            }
            Verb::SetState => {
                if locked {
                    self.leaves(covering, !self.has(Fault::SetStateReleasesTheOldLock));
                }
                self.locked(n, lock);
            }
            Verb::Transition => {
                self.leaves(covering, self.has(Fault::TransitionKeepsTheOldLock));
                self.lwps[n] = ModelLwp { covering: TRANSITION, hold: Hold::InTransit, ..self.lwps[n] };
            }
            Verb::Stop => {
                self.lwps[n].hold = Hold::Unlocked;
                self.leaves(covering, false);
                if !self.has(Fault::StopMovesNothing) {
                    self.lwps[n].covering = STOP;
                }
            }
        }
        Some(true)
    }

    /// Whether a relock has nothing to do.
    fn pins(&self, new: usize, covering: usize) -> bool {
        self.system == System::Uniprocessor || new == covering
    }

    /// LWP `n` is locked by `lock`, which covers it.
    fn locked(&mut self, n: usize, lock: usize) {
        self.holders[lock] = Holder::Lwp(n);
        self.lwps[n] = ModelLwp { covering: lock, hold: Hold::Locked, ..self.lwps[n] };
    }

    /// An LWP's guard lets go of `lock`, which its caller keeps or does not.
    fn leaves(&mut self, lock: usize, kept: bool) {
        self.holders[lock] = if kept { Holder::Guard } else { Holder::Nobody };
    }

    fn moves(&mut self, n: usize, lock: usize) {
        if self.system != System::Uniprocessor || self.has(Fault::UniprocessorMoves) {
            self.lwps[n].covering = lock;
        }
    }

    fn view(&self) -> View {
        let mine = |holder| matches!(holder, Holder::Guard | Holder::Lwp(_));
        View {
            locks: self.holders.map(|holder| (holder != Holder::Nobody, mine(holder))),
            mine: self.lwps.map(|lwp| match lwp.hold {
                Hold::Unlocked => None,
                Hold::Locked => Some((Some(lwp.covering), lwp.payload)),
                Hold::InTransit => Some((None, lwp.payload)),
            }),
            locked: self.lwps.map(|lwp| {
                let held = mine(self.holders[lwp.covering]);
                let by = |lock| held && (self.system == System::Uniprocessor || lock == lwp.covering);
                (self.system != System::Illumos).then(|| (held, std::array::from_fn(by)))
            }),
        }
    }
}

/// The lock on which LWP `n` begins.
fn first(system: System, n: usize) -> usize {
    if system == System::Uniprocessor { 0 } else { n }
}

/// What a work makes of a payload.
fn worked(payload: u64, work: u64) -> u64 {
    payload.wrapping_mul(31).wrapping_add(work)
}

/// What is: a machine of lwp-core, and everything of it that the caller holds.
trait Machine {
    fn perform(&mut self, step: Step, work: u64) -> bool;
    fn view(&self) -> View;
}

fn view_of_locks(locks: &Locks) -> [(bool, bool); LOCKS] {
    std::array::from_fn(|lock| {
        let mutex = locks.get(locks.id(lock));
        (mutex.owner().is_some(), mutex.mutex_owned())
    })
}

/// Takes what the model has said is there.
fn taken<T>(place: &mut Option<T>) -> T {
    place.take().expect("the model permits only what is possible")
}

struct Netbsd<'a, K: Kernel> {
    locks: &'a Locks,
    lwps: &'a [Lwp<u64, K>; LWPS],
    mutexes: [Option<MutexGuard<'a>>; LOCKS],
    guards: [Option<LwpGuard<'a, u64, K>>; LWPS],
}

/// The calls that only a multiprocessor has.
trait Held: Kernel {
    fn perform_held<'a>(machine: &mut Netbsd<'a, Self>, step: Step) -> bool
    where
        Self: Sized;
}

impl Held for Uniprocessor {
    fn perform_held(_: &mut Netbsd<'_, Uniprocessor>, step: Step) -> bool {
        unreachable!("a uniprocessor does not {step}")
    }
}

impl Held for Multiprocessor {
    fn perform_held<'a>(machine: &mut Netbsd<'a, Multiprocessor>, Step { verb, lwp: n, lock }: Step) -> bool {
        let new = taken(&mut machine.mutexes[lock]);
        machine.guards[n] = Some(match verb {
            Verb::UnlockToHeld => taken(&mut machine.guards[n]).lwp_unlock_to_held(new),
            Verb::SetlockHeld => {
                let (guard, old) = taken(&mut machine.guards[n]).lwp_setlock_held(new);
                machine.keep(old);
                guard
            }
            _ => match machine.lwps[n].covered_by(new) {
                Ok(guard) => guard,
                Err(mutex) => {
                    machine.keep(mutex);
                    return false;
                }
            },
        });
        true
    }
}

impl<'a, K: Kernel> Netbsd<'a, K> {
    fn keep(&mut self, mutex: MutexGuard<'a>) {
        let lock = mutex.mutex().id().number();
        self.mutexes[lock] = Some(mutex);
    }
}

impl<K: Held> Machine for Netbsd<'_, K> {
    fn perform(&mut self, step: Step, work: u64) -> bool {
        let Step { verb, lwp: n, lock } = step;
        let id = self.locks.id(lock);
        match verb {
            Verb::Enter => self.mutexes[lock] = Some(self.locks.get(id).mutex_spin_enter()),
            Verb::Tryenter => match self.locks.get(id).mutex_tryenter() {
                Some(mutex) => self.mutexes[lock] = Some(mutex),
                None => return false,
            },
            Verb::Exit => drop(taken(&mut self.mutexes[lock])),
            Verb::Lock => self.guards[n] = Some(self.lwps[n].lwp_lock()),
            Verb::Trylock => match self.lwps[n].lwp_trylock() {
                Some(guard) => self.guards[n] = Some(guard),
                None => return false,
            },
            Verb::Unlock => taken(&mut self.guards[n]).lwp_unlock(),
            Verb::Work => {
                let payload = &mut **self.guards[n].as_mut().expect("the LWP is locked");
                *payload = worked(*payload, work);
            }
            Verb::Relock => self.guards[n] = Some(taken(&mut self.guards[n]).lwp_relock(id)),
            Verb::UnlockTo => taken(&mut self.guards[n]).lwp_unlock_to(id),
            Verb::Setlock => {
                let old = taken(&mut self.guards[n]).lwp_setlock(id);
                self.keep(old);
            }
            Verb::IntoMutex => {
                let mutex = taken(&mut self.guards[n]).into_mutex();
                self.keep(mutex);
            }
            Verb::UnlockToHeld | Verb::SetlockHeld | Verb::CoveredBy => return K::perform_held(self, step),
            Verb::SetState | Verb::Transition | Verb::Stop => unreachable!("NetBSD does not {step}"),
        }
        true
    }

    fn view(&self) -> View {
        View {
            locks: view_of_locks(self.locks),
            mine: std::array::from_fn(|n| {
                self.guards[n].as_ref().map(|guard| (Some(guard.covering().number()), **guard))
            }),
            locked: std::array::from_fn(|n| {
                let by = |lock| self.lwps[n].lwp_locked(Some(self.locks.id(lock)));
                Some((self.lwps[n].lwp_locked(None), std::array::from_fn(by)))
            }),
        }
    }
}

struct Illumos<'a> {
    locks: &'a Locks,
    threads: &'a [Thread<u64>; LWPS],
    mutexes: [Option<MutexGuard<'a>>; LOCKS],
    guards: [Option<ThreadGuard<'a, u64>>; LWPS],
    transits: [Option<InTransit<'a, u64>>; LWPS],
}

impl Machine for Illumos<'_> {
    fn perform(&mut self, step: Step, work: u64) -> bool {
        let Step { verb, lwp: n, lock } = step;
        let id = self.locks.id(lock);
        match verb {
            Verb::Enter => self.mutexes[lock] = Some(self.locks.get(id).mutex_spin_enter()),
            Verb::Tryenter => match self.locks.get(id).mutex_tryenter() {
                Some(mutex) => self.mutexes[lock] = Some(mutex),
                None => return false,
            },
            Verb::Exit => drop(taken(&mut self.mutexes[lock])),
            Verb::Lock => self.guards[n] = Some(self.threads[n].thread_lock()),
            Verb::Unlock => taken(&mut self.guards[n]).thread_unlock(),
            Verb::Work => {
                let payload = match (&mut self.guards[n], &mut self.transits[n]) {
                    (Some(guard), _) => &mut **guard,
                    (None, transit) => &mut **transit.as_mut().expect("the thread is locked or in transit"),
                };
                *payload = worked(*payload, work);
            }
            Verb::SetState => {
                let new = taken(&mut self.mutexes[lock]);
                self.guards[n] = Some(match self.guards[n].take() {
                    Some(guard) => {
                        let (guard, old) = guard.thread_set_state(new);
                        let place = old.mutex().id().number();
                        self.mutexes[place] = Some(old);
                        guard
                    }
                    None => taken(&mut self.transits[n]).thread_set_state(new),
                });
            }
            Verb::Transition => self.transits[n] = Some(taken(&mut self.guards[n]).thread_transition()),
            Verb::Stop => taken(&mut self.guards[n]).thread_stop(),
            _ => unreachable!("illumos does not {step}"),
        }
        true
    }

    fn view(&self) -> View {
        View {
            locks: view_of_locks(self.locks),
            mine: std::array::from_fn(|n| match (&self.guards[n], &self.transits[n]) {
                (Some(guard), _) => Some((Some(guard.covering().number()), **guard)),
                (None, Some(transit)) => Some((None, **transit)),
                (None, None) => None,
            }),
            locked: [None; LWPS],
        }
    }
}

/// Where a machine and its model part.
#[derive(Debug)]
pub struct Mismatch {
    program: String,
    at: usize,
    step: Step,
    what: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { program, at, step, what } = self;
        writeln!(f, "after step {at}, {step}, of")?;
        writeln!(f, "    {program}")?;
        f.write_str(what)
    }
}

/// Runs a program, then releases everything, looks at every LWP, and gives the steps that were performed, each with
/// what it answered.
///
/// # Errors
/// Says where the machine and the model part.
pub fn run(program: &Program) -> Result<Vec<(Step, bool)>, Mismatch> {
    run_with(program, None)
}

/// [`run`] with a mistake in the model.
///
/// # Errors
/// As for [`run`].
pub fn run_with(program: &Program, fault: Option<Fault>) -> Result<Vec<(Step, bool)>, Mismatch> {
    let system = program.system;
    let locks = &Locks::new(&system.classes());
    let first = |n| locks.id(first(system, n));
    match system {
        System::Netbsd => {
            let lwps = &std::array::from_fn(|n| Lwp::<u64, Multiprocessor>::new(locks.clone(), first(n), 0));
            let (mutexes, guards) = Default::default();
            compare(program, fault, Netbsd { locks, lwps, mutexes, guards })
        }
        System::Uniprocessor => {
            let lwps = &std::array::from_fn(|n| Lwp::<u64, Uniprocessor>::new(locks.clone(), first(n), 0));
            let (mutexes, guards) = Default::default();
            compare(program, fault, Netbsd { locks, lwps, mutexes, guards })
        }
        System::Illumos => {
            let threads = &std::array::from_fn(|n| Thread::new(locks.clone(), first(n), 0));
            let (mutexes, guards, transits) = Default::default();
            compare(program, fault, Illumos { locks, threads, mutexes, guards, transits })
        }
    }
}

fn compare(
    program: &Program,
    fault: Option<Fault>,
    mut machine: impl Machine,
) -> Result<Vec<(Step, bool)>, Mismatch> {
    let mut model = Model::new(program.system, fault);
    let mut performed = Vec::new();
    for (at, step) in program.steps.iter().copied().chain(epilogue()).enumerate() {
        let work = at as u64 + 1;
        let Some(expected) = model.step(step, work) else { continue };
        let mismatch = |what| Mismatch { program: program.to_string(), at, step, what };
        let answer = machine.perform(step, work);
        if answer != expected {
            return Err(mismatch(format!("the model expects {expected}, but the call answers {answer}")));
        }
        let (must, is) = (model.view(), machine.view());
        if must != is {
            return Err(mismatch(format!("the model expects\n    {must:?}\nbut the machine is\n    {is:?}")));
        }
        performed.push((step, answer));
    }
    Ok(performed)
}

/// What follows every program: whatever is held is released, whatever is in transit lands, and every LWP is locked
/// once more, so that its lock and its payload are seen.
fn epilogue() -> impl Iterator<Item = Step> {
    let step = |verb, lwp, lock| Step { verb, lwp, lock };
    let unlocks = (0..LWPS).map(move |n| step(Verb::Unlock, n, 0));
    let exits = (0..LOCKS).map(move |lock| step(Verb::Exit, 0, lock));
    let lwps = (0..LWPS).flat_map(move |n| {
        [
            step(Verb::Lock, n, 0),
            step(Verb::Unlock, n, 0),
            step(Verb::Enter, n, 0),
            step(Verb::SetState, n, 0),
            step(Verb::Unlock, n, 0),
            step(Verb::Exit, n, 0),
        ]
    });
    unlocks.chain(exits).chain(lwps)
}
