//! The state of one execution: its threads, what each will do next, its objects, and what operations mean.

use std::panic::Location;

use lwp_core::sync::model::{Announcement, Kind, Misuse, Object, Operation};

use super::clock::{THREADS, Threads};
use super::event::{Effect, History, Index};

/// An object that a spinning thread has looked at, and the event of that look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The object.
    pub object: Object,
    /// Changes from this event on are news.
    pub since: Index,
}

/// A thread.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// What it will do next; nothing while it runs and once it has ended.
    pub pending: Option<Announcement>,
    /// The result of what it did last.
    pub result: usize,
    /// It has returned.
    pub ended: bool,
    /// It waits, besides, until another thread has changed one of these.
    pub gate: Vec<Glance>,
    /// Where it spins, if it has a gate.
    pub spins_at: Option<&'static Location<'static>>,
    /// It misused a lock since its last operation.
    pub misuse: Option<(Object, Misuse)>,
    /// What it looked at in the spin loops that it is in.
    looks: Vec<Glance>,
    /// The spin loops that it is in.
    spinning: usize,
    /// The objects that it has made.
    made: u32,
}

impl Thread {
    fn clear(&mut self) {
        let Thread { mut gate, mut looks, .. } = std::mem::take(self);
        gate.clear();
        looks.clear();
        *self = Thread { gate, looks, ..Thread::default() };
    }
}

/// An object.
#[derive(Clone, Copy, Debug)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// Its value: see [`Kind`].
    pub value: usize,
    /// Where it was made.
    pub place: &'static Location<'static>,
    /// Its number among the objects of its kind.
    pub ordinal: u32,
    /// Who made it, and its number among what that thread made: the same in all equivalent executions.
    pub name: (usize, u32),
}

/// The object that stands for the set of threads: it makes the order in which threads are spawned, and so their
/// numbers, part of the happens-before order.
pub const THREAD_TABLE: Object = 0;

/// The threads and objects of one execution, and its history.
#[derive(Debug)]
pub struct World {
    /// What has happened.
    pub history: History,
    threads: Vec<Thread>,
    alive: usize,
    things: Vec<Thing>,
    /// How many objects of each kind there are.
    kinds: [u32; KINDS],
}

const KINDS: usize = Kind::Allocation as usize + 1;

impl Default for World {
    fn default() -> World {
        let threads = vec![Thread::default(); THREADS];
        World { history: History::default(), threads, alive: 0, things: Vec::new(), kinds: [0; KINDS] }
    }
}

impl World {
    /// A new execution, which repeats so many steps of the one before: one thread, which is about to start.
    pub fn begin(&mut self, place: &'static Location<'static>, repeats: usize, hashed: bool) {
        self.history.rewind(repeats, hashed);
        for thread in &mut self.threads[..self.alive] {
            thread.clear();
        }
        self.alive = 1;
        self.things.clear();
        self.start(0, place);
        self.add_object(0, Kind::Cell, 0, place);
        self.kinds = [0; KINDS];
    }

    fn start(&mut self, thread: usize, place: &'static Location<'static>) {
        self.threads[thread].pending =
            Some(Announcement { operation: Operation::Start, object: None, place });
    }

    /// All threads that there have been.
    pub fn threads(&self) -> &[Thread] {
        &self.threads[..self.alive]
    }

    /// A thread.
    #[inline]
    pub fn thread(&self, thread: usize) -> &Thread {
        &self.threads[thread]
    }

    /// A thread, to change it.
    #[inline]
    pub fn thread_mut(&mut self, thread: usize) -> &mut Thread {
        &mut self.threads[thread]
    }

    /// An object.
    #[inline]
    pub fn thing(&self, object: Object) -> &Thing {
        &self.things[object as usize]
    }

    /// A new object.
    pub fn add_object(
        &mut self,
        maker: usize,
        kind: Kind,
        value: usize,
        place: &'static Location<'static>,
    ) -> Object {
        let object = self.things.len() as Object;
        let ordinal = self.kinds[kind as usize];
        self.kinds[kind as usize] += 1;
        self.threads[maker].made += 1;
        let name = (maker, self.threads[maker].made);
        self.things.push(Thing { kind, value, place, ordinal, name });
        self.history.add_object(object);
        object
    }

    /// Changes an object's value without an event.
    pub fn set_value(&mut self, object: Object, value: usize) {
        self.things[object as usize].value = value;
    }

    /// Adds a thread that is about to start.
    ///
    /// # Panics
    /// Where there are too many.
    pub fn add_thread(&mut self, parent: usize, place: &'static Location<'static>) -> usize {
        let child = self.alive;
        assert!(child < THREADS, "a model has at most {THREADS} threads");
        self.alive += 1;
        self.start(child, place);
        self.history.add_thread(child, parent);
        child
    }

    /// The threads that can take a step.
    #[inline]
    pub fn enabled(&self) -> Threads {
        let mut enabled = Threads::NONE;
        for (t, thread) in self.threads().iter().enumerate() {
            if let Some(announcement) = &thread.pending
                && self.permits(t, announcement)
                && (thread.gate.is_empty() || self.gate_is_open(t))
            {
                enabled.add(t);
            }
        }
        enabled
    }

    #[inline]
    fn permits(&self, thread: usize, announcement: &Announcement) -> bool {
        let value = || announcement.object.map_or(0, |o| self.thing(o).value);
        match announcement.operation {
            Operation::Lock => value() == 0,
            Operation::Park => value() == 1,
            Operation::Join(other) => self.threads[other].ended,
            Operation::Finish => {
                self.threads().iter().enumerate().all(|(t, other)| t == thread || other.ended)
            }
            _ => true,
        }
    }

    fn gate_is_open(&self, thread: usize) -> bool {
        let news = |g: &Glance| self.history.changes_by_others(thread, g.object, g.since).next().is_some();
        self.threads[thread].gate.iter().any(news)
    }

    /// What the operation that a thread is about to do would do now, and to what.
    #[inline]
    pub fn effect(&self, thread: usize) -> (Effect, Option<Object>) {
        let Some(announcement) = self.threads[thread].pending else { return (Effect::Local, None) };
        let value = || announcement.object.map_or(0, |o| self.thing(o).value);
        let effect = match announcement.operation {
            Operation::Start
            | Operation::Finish
            | Operation::Join(_)
            | Operation::Choose(_)
            | Operation::Yield => return (Effect::Local, None),
            Operation::Spawn => return (Effect::Change, Some(THREAD_TABLE)),
            Operation::Load { .. } | Operation::IsHeld => Effect::Look,
            Operation::Store { .. } => Effect::Change,
            Operation::CompareExchange { old, .. } if value() == old => Effect::Change,
            Operation::CompareExchange { .. } => Effect::Look,
            Operation::Lock => Effect::Acquire,
            Operation::TryLock if value() == 0 => Effect::TryAcquire,
            Operation::TryLock => Effect::Look,
            Operation::Unlock => Effect::Release,
            Operation::Park => Effect::Park,
            Operation::Unpark => Effect::Unpark,
        };
        (effect, announcement.object)
    }

    /// Does the announced operation, and gives its result. `choice` is the result where it is a choice.
    pub fn perform(&mut self, thread: usize, announcement: &Announcement, choice: usize) -> usize {
        let value = announcement.object.map_or(0, |o| self.thing(o).value);
        let (new, result) = match announcement.operation {
            Operation::Start | Operation::Finish | Operation::Join(_) | Operation::Yield => (value, 0),
            Operation::Choose(_) => (value, choice),
            Operation::Spawn => (value, self.add_thread(thread, announcement.place)),
            Operation::Load { .. } => (value, value),
            Operation::Store { value, .. } => (value, 0),
            Operation::CompareExchange { old, new, .. } if value == old => (new, 1),
            Operation::CompareExchange { .. } => (value, 0),
            // A holder's number is its thread's, which to the outside counts from 1.
            Operation::Lock => (thread + 1, 0),
            Operation::TryLock if value == 0 => (thread + 1, 1),
            Operation::TryLock => (value, 0),
            Operation::Unlock => (0, 0),
            Operation::IsHeld => (value, usize::from(value != 0)),
            Operation::Park => (0, 0),
            Operation::Unpark => (1, 0),
        };
        if let Some(object) = announcement.object {
            self.things[object as usize].value = new;
        }
        result
    }

    /// A thread that may have to spin has looked at an object, or changed it, by the last event.
    #[inline]
    pub fn glance(&mut self, thread: usize, effect: Effect, object: Option<Object>) {
        let thread = &mut self.threads[thread];
        if let Some(object) = object
            && thread.spinning > 0
            && object != THREAD_TABLE
            && (effect == Effect::Look || effect.changes())
        {
            thread.looks.push(Glance { object, since: self.history.events().len() as Index - 1 });
        }
    }

    /// A thread is about to ask whether it has to spin: where its looks begin.
    pub fn spin_begin(&mut self, thread: usize) -> usize {
        let thread = &mut self.threads[thread];
        thread.spinning += 1;
        thread.looks.len()
    }

    /// It has asked; if it has to spin, it waits for news of what it looked at. Whether it looked at anything.
    pub fn spin_end(
        &mut self,
        thread: usize,
        since: usize,
        waits: bool,
        place: &'static Location<'static>,
    ) -> bool {
        let thread = &mut self.threads[thread];
        let looked = thread.looks.len() > since;
        if waits {
            thread.spins_at = Some(place);
            for look in &thread.looks[since..] {
                // The first look counts: whatever came after it, the next turn's first look may see.
                if !thread.gate.iter().any(|g| g.object == look.object) {
                    thread.gate.push(*look);
                }
            }
        }
        thread.spinning -= 1;
        if thread.spinning == 0 {
            thread.looks.clear();
        }
        looked
    }
}
