//! A search that enters no state twice: what it keeps beside the path.

use lwp_core::sync::model::{Announcement, Object};

use super::clock::Threads;
use super::data_race::Detector;
use super::items::{Item, Items};
use super::memory::StateKey;
use super::needs::{Need, Needs, Step, Sync};
use super::states::{Below, Kept, States};
use super::world::World;

/// What is known of a node of the path.
#[derive(Clone, Debug, Default)]
struct Note {
    /// What tells the state there from others, and the threads that slept when the search came there.
    state: Option<(StateKey, Threads)>,
    /// What was done from there on.
    below: Items,
    /// What the accesses from there on rely on.
    needs: Needs,
    /// The step that is being explored.
    step: Step,
}

/// The states that were left for good, and what will be known of those on the path.
#[derive(Clone, Debug)]
pub struct Once {
    states: States,
    /// A note for each node of the path.
    notes: Vec<Note>,
    /// The state that the execution has come to, and the threads that sleep there.
    here: Option<(StateKey, Threads)>,
    /// What is known of the executions from there, where all were seen.
    known: Option<Below>,
}

impl Once {
    /// Keeps at most so many states.
    pub fn new(limit: usize) -> Once {
        Once { states: States::new(limit), notes: Vec::new(), here: None, known: None }
    }

    /// How far states could be kept.
    pub fn kept(&self) -> Kept {
        self.states.kept()
    }

    /// The execution has come to a state that is no node of the path yet. `hides` is a flaw: data races with what precedes the
    /// state are not asked for.
    pub fn arrives(
        &mut self,
        world: &World,
        detector: &Detector,
        state: StateKey,
        asleep: Threads,
        hides: bool,
    ) {
        self.here = Some((state, asleep));
        self.known = self.states.below(state, asleep).filter(|below| {
            let object = |n: usize| world.named(self.states.name(n));
            hides || !below.needs.iter().any(|need| detector.would_race(world, need, object))
        });
    }

    /// What is done below the state that the execution has come to, where all was seen: the search turns back.
    pub fn turns_back(&mut self) -> Option<Vec<Item>> {
        let below = self.known.take()?;
        if let Some(note) = self.notes.last_mut() {
            note.below.join(&below.items);
            below.needs.iter().for_each(|need| note.needs.add(need.before(note.step)));
        }
        Some(self.states.items(&below.items))
    }

    /// The state becomes a node of the path.
    pub fn enter(&mut self) {
        self.notes.push(Note { state: self.here.take(), ..Note::default() });
    }

    /// The search leaves the deepest node for good.
    pub fn leave(&mut self) {
        let Some(left) = self.notes.pop() else { return };
        if let Some((state, slept)) = left.state {
            self.states.leave(state, slept, &left.below, &left.needs);
        }
        if let Some(note) = self.notes.last_mut() {
            note.below.join(left.below.words());
            note.needs.join(left.needs.before(note.step));
        }
    }

    /// A thread is about to do something, or would if it could.
    pub fn does(&mut self, world: &World, thread: usize) {
        if let Some(note) = self.notes.last_mut()
            && let (effect, Some(object)) = world.effect(thread)
        {
            self.states.add(&mut note.below, Item { thread, object: world.thing(object).name, effect });
        }
    }

    /// A thread has taken the step of the deepest node.
    pub fn taken(&mut self, world: &World, announcement: &Announcement, thread: usize, sync: Sync) {
        let object = announcement.object.map_or(0, |object| self.states.number(world.thing(object).name));
        if let Some(note) = self.notes.last_mut() {
            note.step = Step { thread, sync, object };
        }
    }

    /// A thread has accessed what a lock protects: before what its last step did, or after it.
    pub fn accessed(&mut self, world: &World, thread: usize, object: Object, writes: bool, before: bool) {
        if let Some(note) = self.notes.last_mut() {
            let need = Need::of(thread, world.thing(object).name, writes);
            note.needs.add(if before { need } else { need.before(note.step) });
        }
    }
}
