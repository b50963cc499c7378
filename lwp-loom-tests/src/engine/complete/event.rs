//! What happened in one execution: its events, and for each the events that happen before it.

use std::hash::{DefaultHasher, Hash, Hasher};

use lwp_core::sync::model::Object;

use super::clock::{Clock, THREADS};

/// What an operation does to its object: all that matters for which operations commute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing that another thread can notice, now or later.
    Local,
    /// Looks at a word or at a lock: a load, a failing exchange or try, a question whether a lock is held.
    Look,
    /// Changes a word.
    Change,
    /// Takes a lock; is disabled while somebody holds it.
    Acquire,
    /// Takes a lock by trying; never disabled.
    TryAcquire,
    /// Releases a lock.
    Release,
    /// Takes a token; is disabled while there is none.
    Park,
    /// Gives a token.
    Unpark,
}

impl Effect {
    /// Whether a spinning thread that has looked at the object could see something new after this.
    pub fn changes(self) -> bool {
        matches!(self, Effect::Change | Effect::Acquire | Effect::TryAcquire | Effect::Release)
    }

    /// Whether two effects on one object do not commute.
    pub fn conflicts_with(self, other: Effect) -> bool {
        !matches!(
            (self, other),
            (Effect::Local, _)
                | (_, Effect::Local)
                | (Effect::Look, Effect::Look)
                | (Effect::Unpark, Effect::Unpark)
        )
    }
}

/// An event's place in its execution, from 0.
pub type Index = u32;

/// A visible operation that has happened.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Who did it.
    pub thread: usize,
    /// The how-manieth event of its thread it is, from 1.
    pub number: u32,
    /// What it did.
    pub effect: Effect,
    /// The events that happen before it, and itself.
    pub clock: Clock,
}

/// What has happened to one object.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The changes, in order; of a parker, when the token was taken.
    pub changes: Vec<Index>,
    /// The looks since the last change; of a parker, the givings of the token since it was last taken.
    pub looks: Vec<Index>,
    /// The last acquisition of a lock.
    pub acquired: Option<Index>,
}

impl Trail {
    fn clear(&mut self) {
        self.changes.clear();
        self.looks.clear();
        self.acquired = None;
    }
}

/// The events of one execution so far.
#[derive(Debug, Default)]
pub struct History {
    events: Vec<Event>,
    /// What each thread knows, its own last event included.
    clocks: [Clock; THREADS],
    /// A trail for each object; those of earlier executions are kept for their memory.
    trails: Vec<Trail>,
    objects: usize,
    /// The sum over all events of a hash of each, where somebody wants to know.
    hash: Option<u64>,
}

impl History {
    /// Forgets everything.
    pub fn clear(&mut self, hashed: bool) {
        self.events.clear();
        self.clocks = Default::default();
        for trail in &mut self.trails[..self.objects] {
            trail.clear();
        }
        self.objects = 0;
        self.hash = hashed.then_some(0);
    }

    /// The next object exists.
    pub fn add_object(&mut self) {
        self.objects += 1;
        if self.trails.len() < self.objects {
            self.trails.push(Trail::default());
        }
    }

    /// `child` exists, and knows what `parent` knows.
    pub fn add_thread(&mut self, child: usize, parent: usize) {
        self.clocks[child] = self.clocks[parent];
    }

    /// All events, in the order in which they happened.
    #[inline]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// One event.
    #[inline]
    pub fn event(&self, index: Index) -> &Event {
        &self.events[index as usize]
    }

    /// What a thread knows.
    #[inline]
    pub fn clock(&self, thread: usize) -> &Clock {
        &self.clocks[thread]
    }

    /// What has happened to an object.
    #[inline]
    pub fn trail(&self, object: Object) -> &Trail {
        &self.trails[object as usize]
    }

    /// Whether `earlier` happens before `later`.
    #[inline]
    pub fn before(&self, earlier: Index, later: Index) -> bool {
        let event = self.event(earlier);
        self.event(later).clock.knows(event.thread, event.number)
    }

    /// The changes that threads other than `thread` have made to `object` from event `since` on, latest first.
    pub fn changes_by_others(
        &self,
        thread: usize,
        object: Object,
        since: Index,
    ) -> impl Iterator<Item = Index> {
        let changes = self.trail(object).changes.iter().rev().copied();
        changes.take_while(move |&c| c >= since).filter(move |&c| self.event(c).thread != thread)
    }

    /// The next event. `clock` is what happens before it, `gate` what else it looked at, `name` what tells it from
    /// other events of its thread in other executions.
    pub fn push(
        &mut self,
        thread: usize,
        effect: Effect,
        object: Option<Object>,
        mut clock: Clock,
        gate: impl Iterator<Item = Object>,
        name: impl Hash,
    ) {
        let index = self.events.len() as Index;
        let number = self.clocks[thread].of(thread) + 1;
        clock.set(thread, number);
        self.clocks[thread] = clock;
        self.events.push(Event { thread, number, effect, clock });
        for object in gate {
            self.trails[object as usize].looks.push(index);
        }
        if let Some(object) = object {
            let trail = &mut self.trails[object as usize];
            match effect {
                Effect::Local => {}
                Effect::Look | Effect::Unpark => trail.looks.push(index),
                Effect::Change | Effect::Acquire | Effect::TryAcquire | Effect::Release | Effect::Park => {
                    trail.changes.push(index);
                    trail.looks.clear();
                    if matches!(effect, Effect::Acquire | Effect::TryAcquire) {
                        trail.acquired = Some(index);
                    }
                }
            }
        }
        if let Some(sum) = &mut self.hash {
            let mut hasher = DefaultHasher::new();
            (thread, number, effect, clock, name).hash(&mut hasher);
            *sum = sum.wrapping_add(hasher.finish());
        }
    }

    /// A hash of the happens-before order: the same for two executions that differ only in the order of events that
    /// commute. Nothing where [`History::clear`] was told not to keep one.
    pub fn hash(&self) -> Option<u64> {
        self.hash
    }
}
