//! What the reference knows of a process: everybody in it, and what is asked of them.

use lwp_core::netbsd::State;

use crate::litmus::ast::{Doing, End, Ends, Program, Sig, Standing, Start, Value};

/// A process and its LWPs, and whoever is outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Somebody a line.
    pub all: Vec<One>,
    /// The process exits.
    pub exits: bool,
    /// The process dumps core.
    pub dumps: bool,
    /// The process is stopped, or about to be.
    pub stop: Stop,
    /// The process is dead.
    pub dead: bool,
    /// Signals for whoever takes them.
    pub pending: Signals,
    /// The detached zombie that is to be freed by whoever comes by.
    pub zombie: Option<usize>,
    /// What everybody sleeps for has happened.
    pub happened: bool,
    /// Who has the mutex.
    pub mutex: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    No,
    /// Those who run have been told.
    Pending,
    Stopped,
}

/// An LWP, or somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct One {
    pub life: Life,
    pub detached: bool,
    pub halt: Option<Halt>,
    /// What it sleeps for, and whether it can be interrupted.
    pub sleep: Option<(Bed, bool)>,
    pub asked: Asked,
    /// Signals for this LWP alone.
    pub pending: Signals,
    /// Somebody has sent it into the kernel.
    pub ast: bool,
    /// Whom it waits for: an LWP's number, or 0 for any.
    pub waits_for: Option<usize>,
    /// The first LWP that waits for this one alone.
    pub waiter: Option<usize>,
    /// Whether it may time out, and whether it has.
    pub timer: Timer,
    pub place: Place,
    /// The next step of its line.
    pub pc: usize,
    pub results: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    Unborn,
    /// LSIDL.
    Idle,
    Alive,
    /// It exits, and cannot be collected yet.
    Dying,
    Zombie,
    Freed,
    /// No LWP at all.
    Outside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Halt {
    Suspended,
    Stopped,
}

/// What somebody sleeps for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bed {
    /// A change among the LWPs.
    Lwps,
    Happening,
    Parked,
    Mutex,
}

/// What is asked of an LWP: the flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asked {
    pub suspend: bool,
    pub core: bool,
    pub exit: bool,
    pub signal: bool,
    pub cancelled: bool,
    pub unparked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    Off,
    Armed,
    Fired,
}

/// How far somebody is within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Before it.
    Before,
    /// In a wait, and to look whether it is over.
    Waits(usize),
    /// In a wait, asleep or just woken.
    WaitSleeps(usize),
    /// It was seen to wait, and does not.
    Interrupted(usize),
    /// In a sleep, asleep or just woken.
    Sleeps,
    /// Parked, or just woken.
    Parked,
    /// Asleep until the mutex may be free, or just woken.
    Locks,
    /// In `lwp_userret`, on the way to something.
    Userret(Way),
    /// In user mode.
    User,
    /// Taking signals, to go on with something.
    Signals(Way),
    /// It has halted those who slept, and asks the others to stop next; as one of its process on the way to something.
    Tells(Option<Way>),
    /// It has seen to it that its process stops, and stops next.
    Stops(Way),
    /// It has a reference to this LWP, and gives it back next.
    Holds(usize),
    /// It has made this LWP, and lets it run next.
    Starts(usize),
    /// It has begun to give this LWP up.
    Abandons(usize),
    /// It exits, and is to become a zombie.
    Exits,
    /// It ends the process, and collects the others.
    Collects,
    /// It dumps core, has all others suspended and waits for that.
    Dumps,
    /// It has come to the end of its line.
    Done,
}

/// What comes after `lwp_userret` or signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// The next step.
    On,
    /// User mode.
    ToUser,
    /// The end of an interruptible sleep, in a wait.
    WakeFromWait(usize),
    /// The end of another.
    Wake,
}

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signals(u8);

impl Signals {
    pub fn add(&mut self, sig: Sig) {
        self.0 |= 1 << sig as u8;
    }

    /// Removes a signal, and gives whether it was there.
    pub fn take(&mut self, sig: Sig) -> bool {
        let was = self.0;
        self.0 &= !(1 << sig as u8);
        self.0 != was
    }

    /// The signals, the one to take first in front.
    pub fn iter(self) -> impl Iterator<Item = Sig> {
        Sig::ALL.into_iter().filter(move |sig| self.0 & (1 << *sig as u8) != 0)
    }

    /// The one to take first.
    pub fn first(self) -> Option<Sig> {
        self.iter().next()
    }
}

impl World {
    /// The process before the first step.
    pub fn new(program: &Program) -> World {
        let stopped = |start| matches!(start, Start::Born { doing: Doing::Stopped, .. });
        let stops = program.lines.iter().any(|line| stopped(line.start));
        let one = |start: Start, steps: usize| {
            let (life, detached, halt, sleep) = match start {
                Start::Outside => (Life::Outside, false, None, None),
                Start::Unborn { detached, suspended: _ } => (Life::Unborn, detached, None, None),
                Start::Born { detached, doing } => match doing {
                    Doing::Running => (Life::Alive, detached, None, None),
                    Doing::Suspended => (Life::Alive, detached, Some(Halt::Suspended), None),
                    Doing::Stopped => (Life::Alive, detached, Some(Halt::Stopped), None),
                    Doing::Idle => (Life::Idle, detached, None, None),
                    Doing::Sleeping => (Life::Alive, detached, None, Some((Bed::Happening, false))),
                    Doing::SleepingSig => (Life::Alive, detached, None, Some((Bed::Happening, true))),
                },
            };
            let runs = life == Life::Alive && halt.is_none() && sleep.is_none();
            One {
                life,
                detached,
                halt,
                sleep,
                asked: Asked { signal: stops && runs, ..Asked::default() },
                pending: Signals::default(),
                ast: false,
                waits_for: None,
                waiter: None,
                timer: Timer::Off,
                place: if steps == 0 { Place::Done } else { Place::Before },
                pc: 0,
                results: Vec::new(),
            }
        };
        World {
            all: program.lines.iter().map(|line| one(line.start, line.steps.len())).collect(),
            exits: false,
            dumps: false,
            stop: if stops { Stop::Pending } else { Stop::No },
            dead: false,
            pending: Signals::default(),
            zombie: None,
            happened: false,
            mutex: None,
        }
    }

    /// Whether nobody has anything left to do.
    pub fn all_are_done(&self) -> bool {
        (0..self.all.len()).all(|n| self.is_done(n))
    }

    /// Whether somebody has nothing left to do, or never came to be.
    pub fn is_done(&self, n: usize) -> bool {
        self.all[n].place == Place::Done || matches!(self.all[n].life, Life::Unborn | Life::Idle)
    }

    /// How everybody ended.
    pub fn ends(&self) -> Ends {
        let came_to_be = |one: &One| !matches!(one.life, Life::Unborn | Life::Idle) && one.has_run();
        let end = |one: &One| End { results: one.results.clone(), standing: one.standing() };
        Ends {
            lines: self.all.iter().map(|one| came_to_be(one).then(|| end(one))).collect(),
            stuck: (0..self.all.len()).map(|n| !self.is_done(n)).collect(),
        }
    }

    /// The LWPs of the process, the newest first.
    pub fn lwps(&self) -> impl Iterator<Item = usize> + use<> {
        let there: Vec<usize> = (0..self.all.len()).filter(|n| self.all[*n].is_there()).collect();
        there.into_iter().rev()
    }

    /// How many LWPs the process has, zombies among them.
    pub fn count(&self) -> usize {
        self.lwps().count()
    }

    /// How many run or will soon: also those that sleep.
    pub fn running(&self) -> usize {
        self.lwps().filter(|n| self.all[*n].runs_or_sleeps()).count()
    }

    /// How many are dead or dying.
    pub fn dead_or_dying(&self) -> usize {
        self.lwps().filter(|n| matches!(self.all[*n].life, Life::Dying | Life::Zombie)).count()
    }

    /// The LWP with this number, if somebody may name it.
    pub fn find(&self, lid: usize) -> Option<usize> {
        let n = lid.checked_sub(1)?;
        let one = self.all.get(n)?;
        // One that never ran can be given up, and is not found then.
        (one.life == Life::Alive || one.life == Life::Dying && one.place == Place::Exits).then_some(n)
    }

    /// Wakes all who sleep so.
    pub fn wake(&mut self, bed: Bed) {
        for one in &mut self.all {
            if one.sleep.is_some_and(|(of, _)| of == bed) {
                one.sleep = None;
            }
        }
    }

    /// Takes an LWP off the process.
    pub fn free(&mut self, n: usize) {
        self.all[n].life = Life::Freed;
        self.wake(Bed::Lwps);
    }

    /// Frees the detached zombie, and gives whether there was one.
    pub fn free_zombie(&mut self) -> bool {
        let zombie = self.zombie.take();
        zombie.into_iter().for_each(|zombie| self.free(zombie));
        zombie.is_some()
    }

    /// Whether somebody has a reference to it.
    pub fn is_held(&self, n: usize) -> bool {
        self.all.iter().any(|one| one.place == Place::Holds(n))
    }
}

impl One {
    /// Whether the process has it.
    pub fn is_there(&self) -> bool {
        matches!(self.life, Life::Idle | Life::Alive | Life::Dying | Life::Zombie)
    }

    /// Whether it runs, sleeps, or is about to run.
    pub fn runs_or_sleeps(&self) -> bool {
        matches!(self.life, Life::Alive | Life::Dying) && self.halt.is_none()
    }

    /// Whether it sleeps, and is not halted.
    pub fn sleeps(&self) -> bool {
        self.runs_or_sleeps() && self.sleep.is_some()
    }

    /// Whether it sleeps so that it can be interrupted.
    pub fn sleeps_lightly(&self) -> bool {
        self.sleeps() && self.sleep.is_some_and(|(_, lightly)| lightly)
    }

    /// Has it run, whatever it does.
    pub fn set_running(&mut self) {
        if self.halt == Some(Halt::Suspended) {
            self.asked.suspend = false;
        }
        self.halt = None;
        self.sleep = None;
    }

    /// The state that an LWP is in. Whoever runs has a CPU: the reference knows of none.
    fn standing(&self) -> Option<Standing> {
        let state = match (self.life, self.halt) {
            (Life::Outside | Life::Unborn, _) => return None,
            (Life::Freed, _) => return Some(Standing::Freed),
            (Life::Idle, _) => State::Idl,
            (Life::Zombie, _) => return Some(Standing::Zombie),
            (_, Some(Halt::Suspended)) => State::Suspended,
            (_, Some(Halt::Stopped)) => State::Stop,
            (_, None) if self.sleep.is_some() => State::Sleep,
            (_, None) => State::OnProc,
        };
        Some(Standing::Is { state, suspend: self.asked.suspend })
    }

    /// Whether it has come as far as its first step.
    fn has_run(&self) -> bool {
        self.life != Life::Zombie && self.life != Life::Freed
            || self.place == Place::Done && !self.results.is_empty()
    }
}
