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

/// A change of an object.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The event that made it.
    pub event: Index,
    /// The object's value before it.
    pub before: usize,
}

/// What has happened to one object, in order.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    changes: Vec<Change>,
    looks: Vec<Index>,
    acquisitions: Vec<Index>,
}

impl Trail {
    /// The last change; of a parker, when the token was last taken.
    #[inline]
    pub fn last_change(&self) -> Option<Index> {
        self.changes.last().map(|change| change.event)
    }

    /// All changes, the last first.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.iter().rev().copied()
    }

    /// The looks since the last change; of a parker, the givings of the token since it was last taken.
    #[inline]
    pub fn looks(&self) -> &[Index] {
        let old = |&look: &Index| self.last_change().is_some_and(|change| look <= change);
        let from = self.looks.iter().rposition(old).map_or(0, |last| last + 1);
        &self.looks[from..]
    }

    /// All that ever happened to it.
    pub fn all(&self) -> impl Iterator<Item = Index> {
        self.changes.iter().map(|change| change.event).chain(self.looks.iter().copied())
    }

    /// The last acquisition of a lock.
    #[inline]
    pub fn acquired(&self) -> Option<Index> {
        self.acquisitions.last().copied()
    }

    /// Forgets what happened from event `end` on.
    fn truncate(&mut self, end: Index) {
        while self.changes.last().is_some_and(|change| change.event >= end) {
            self.changes.pop();
        }
        for events in [&mut self.looks, &mut self.acquisitions] {
            while events.last().is_some_and(|&event| event >= end) {
                events.pop();
            }
        }
    }
}

/// The events of one execution so far.
///
/// An execution that begins like the one before has those events [again](History::repeat): nothing about them has to be
/// found out a second time.
#[derive(Debug, Default)]
pub struct History {
    /// The events so far, and while they are repeated, those that are still to come.
    events: Vec<Event>,
    happened: usize,
    /// For each thread the event whose clock is what it knows: its own last one, or the one that spawned it.
    last: [Option<Index>; THREADS],
    /// A trail for each object; those of earlier executions are kept for their memory.
    trails: Vec<Trail>,
    /// What each thread is called in all equivalent executions.
    names: [usize; THREADS],
    /// For each event the sum, up to it, over a hash of each, where somebody wants to know.
    sums: Option<Vec<u64>>,
}

impl History {
    /// Begins anew: the first `repeats` events will happen again, all later ones are forgotten.
    pub fn rewind(&mut self, repeats: usize, hashed: bool) {
        self.events.truncate(repeats);
        self.happened = 0;
        self.last = Default::default();
        for trail in &mut self.trails {
            trail.truncate(repeats as Index);
        }
        match &mut self.sums {
            Some(sums) => sums.truncate(repeats),
            None => self.sums = hashed.then(Vec::new),
        }
    }

    /// An object exists.
    pub fn add_object(&mut self, object: Object) {
        if self.trails.len() <= object as usize {
            self.trails.push(Trail::default());
        }
    }

    /// A thread is called so in all equivalent executions.
    pub fn name_thread(&mut self, thread: usize, name: usize) {
        self.names[thread] = name;
    }

    /// `child` exists, and knows what `parent` knows.
    pub fn add_thread(&mut self, child: usize, parent: usize) {
        self.last[child] = self.last[parent];
    }

    /// All events, in the order in which they happened.
    #[inline]
    pub fn events(&self) -> &[Event] {
        &self.events[..self.happened]
    }

    /// One event.
    #[inline]
    pub fn event(&self, index: Index) -> &Event {
        &self.events[index as usize]
    }

    /// What a thread knows, its own last event included.
    #[inline]
    pub fn clock(&self, thread: usize) -> &Clock {
        self.last[thread].map_or(&Clock::NONE, |last| &self.event(last).clock)
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

    /// The next event, to an object that has this value before it. `clock` is what happens before it, `name` what tells
    /// it from other events of its thread in other executions.
    pub fn push(
        &mut self,
        thread: usize,
        effect: Effect,
        object: Option<(Object, usize)>,
        mut clock: Clock,
        name: impl Hash,
    ) {
        let index = self.events.len() as Index;
        let number = self.clock(thread).of(thread) + 1;
        clock.set(thread, number);
        self.events.push(Event { thread, number, effect, clock });
        self.repeat();
        if let Some((object, before)) = object {
            let trail = &mut self.trails[object as usize];
            match effect {
                Effect::Local => {}
                Effect::Look | Effect::Unpark => trail.looks.push(index),
                Effect::Change | Effect::Acquire | Effect::TryAcquire | Effect::Release | Effect::Park => {
                    trail.changes.push(Change { event: index, before });
                    if matches!(effect, Effect::Acquire | Effect::TryAcquire) {
                        trail.acquisitions.push(index);
                    }
                }
            }
        }
        if let Some(sums) = &mut self.sums {
            let hash = |part: &dyn Fn(&mut DefaultHasher)| {
                let mut hasher = DefaultHasher::new();
                part(&mut hasher);
                hasher.finish()
            };
            // Threads have other places in the clock where they were started in another order.
            let known = (0..THREADS).filter(|&t| clock.of(t) > 0);
            let past = known.map(|t| hash(&|h| (self.names[t], clock.of(t)).hash(h)));
            let past = past.fold(0, u64::wrapping_add);
            let event = hash(&|h| (self.names[thread], number, effect, past, &name).hash(h));
            sums.push(sums.last().unwrap_or(&0).wrapping_add(event));
        }
    }

    /// The next event is the one that happened here before.
    #[inline]
    pub fn repeat(&mut self) {
        let thread = self.events[self.happened].thread;
        self.last[thread] = Some(self.happened as Index);
        self.happened += 1;
    }

    /// A hash of the happens-before order: the same for two executions that differ only in the order of events that
    /// commute. Nothing where [`History::rewind`] was told not to keep one.
    pub fn hash(&self) -> Option<u64> {
        self.sums.as_ref().map(|sums| sums.last().copied().unwrap_or(0))
    }
}
