//! Which operations depend on each other, and which pairs of them are races.
//!
//! Two operations on one object depend on each other unless both look, or both give a token. What an operation is
//! (an exchange that succeeds or one that fails) is decided in the state in which it happens.
//!
//! Dependent events are ordered by happens-before. A *race* is such a pair where the later one could have happened
//! first, and nothing that happens between them in happens-before stands in the way:
//!
//! * An acquisition races with the last acquisition, not with the release that enabled it.
//! * Taking a token races with each giving of it that it could have done without, and with the last taking.
//! * A look of a thread that waits races with the last change before which it would have led on, not with those that
//!   let it lead on again.
//! * A join races with nothing.

use lwp_core::sync::model::{Object, Operation};

use super::clock::Clock;
use super::event::{Effect, History, Index};
use super::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Could have happened after the operation instead.
    Conflict,
    /// Enables the operation again, after the conflict that had disabled it: it does not stand between the two.
    Reenabler,
}

/// What the operation that a thread is about to do depends on.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// What the thread knows before the operation: its own past, and of a join, the past of who is joined.
    known: Clock,
    on: Vec<(Index, Role)>,
}

impl Dependencies {
    /// Finds what the operation that `thread` is about to do depends on, in this state.
    pub fn find(&mut self, world: &World, thread: usize) {
        let history = &world.history;
        self.on.clear();
        self.known = *history.clock(thread);
        if let Some(announcement) = &world.thread(thread).pending {
            match announcement.operation {
                Operation::Join(other) => self.known.join(history.clock(other)),
                Operation::Finish => {
                    (0..world.threads().len()).for_each(|t| self.known.join(history.clock(t)));
                }
                _ => {}
            }
        }
        match world.effect(thread) {
            (Effect::Look, Some(object)) if world.thread(thread).waits_at.is_some() => {
                self.find_wait(world, thread, object);
            }
            (effect, Some(object)) => self.find_direct(history, effect, object),
            (_, None) => {}
        }
    }

    fn find_wait(&mut self, world: &World, thread: usize, object: Object) {
        let trail = world.history.trail(object);
        let conflict = trail.changes().find(|change| world.leads_on(thread, change.before));
        let conflict = conflict.map(|change| change.event);
        self.on.extend(conflict.map(|c| (c, Role::Conflict)));
        // Asked where the look cannot happen as well: what if it had come before what disables it?
        if world.leads_on(thread, world.thing(object).value) {
            let last = trail.last_change().filter(|&last| Some(last) != conflict);
            self.on.extend(last.map(|c| (c, Role::Reenabler)));
        }
    }

    fn find_direct(&mut self, history: &History, effect: Effect, object: Object) {
        let trail = history.trail(object);
        let last_change = trail.last_change();
        let looks = || trail.looks().iter().map(|&l| (l, Role::Conflict));
        match effect {
            Effect::Local => {}
            Effect::Look => self.on.extend(last_change.map(|c| (c, Role::Conflict))),
            Effect::Change | Effect::TryAcquire | Effect::Release => {
                self.on.extend(looks());
                self.on.extend(last_change.map(|c| (c, Role::Conflict)));
            }
            // Asked only where nobody can go on: what if it had come before the acquisition that disables it?
            Effect::Acquire if last_change.is_some() && last_change == trail.acquired() => {
                self.on.extend(last_change.map(|c| (c, Role::Conflict)));
            }
            Effect::Acquire => {
                self.on.extend(looks());
                self.on.extend(last_change.map(|c| (c, Role::Reenabler)));
                self.on.extend(trail.acquired().map(|a| (a, Role::Conflict)));
            }
            Effect::Unpark => self.on.extend(last_change.map(|c| (c, Role::Conflict))),
            Effect::Park => {
                let givings = trail.looks();
                for &giving in givings {
                    let spare = |&&other: &&Index| other != giving && !history.before(giving, other);
                    let role =
                        if givings.iter().any(|o| spare(&o)) { Role::Conflict } else { Role::Reenabler };
                    self.on.push((giving, role));
                }
                self.on.extend(last_change.map(|c| (c, Role::Conflict)));
            }
        }
    }

    /// What happens before the operation.
    pub fn clock(&self, history: &History) -> Clock {
        let mut clock = self.known;
        for &(on, _) in &self.on {
            clock.join(&history.event(on).clock);
        }
        clock
    }

    /// What would happen before the operation if `event`, and all that happens after it, did not happen.
    pub fn clock_without(&self, history: &History, event: Index) -> Clock {
        let mut clock = self.known;
        for &(on, _) in &self.on {
            if !history.before(event, on) {
                clock.join(&history.event(on).clock);
            }
        }
        clock
    }

    /// The events that race with the operation.
    pub fn races<'a>(&'a self, history: &'a History, thread: usize) -> impl Iterator<Item = Index> + 'a {
        self.on.iter().filter(move |(_, role)| *role == Role::Conflict).map(|&(on, _)| on).filter(
            move |&on| {
                let event = history.event(on);
                event.thread != thread
                    && !self.known.knows(event.thread, event.number)
                    && !self.on.iter().any(|&(other, role)| {
                        other != on && role != Role::Reenabler && history.before(on, other)
                    })
            },
        )
    }
}

/// Whether the operations that two threads are about to do, in one state in which both are enabled, commute.
pub fn independent(world: &World, one: usize, other: usize) -> bool {
    let (effect, object) = world.effect(one);
    let (other_effect, other_object) = world.effect(other);
    !(object.is_some() && object == other_object && effect.conflicts_with(other_effect))
}
