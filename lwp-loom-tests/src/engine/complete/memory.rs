//! What tells one state of a program from another.
//!
//! Two states are the same where every thread is to do the same next and whatever they do then ends alike. That is so where
//!
//! * each thread has seen the same since its operation began: the results of its steps, and what it read of protected
//!   memory (a thread is deterministic, so where it is and what it holds in its variables follows from that);
//! * the objects have the same values, and protected memory holds the same.
//!
//! The race detector may tell such states apart still: what it needs to know goes with the state, see [`super::needs`].
//!
//! All of it is hashed. A key has 128 bits, what a thread has seen and what memory holds 64 each: that two of a million states
//! meet by chance has a probability of one in ten million.
//!
//! What memory holds is [described](lwp_core::sync::state::describe) by the program. Where it is not, it is taken to
//! follow from everything that each of its writers had seen when it wrote: which is right, and tells states apart that differ
//! only in their past.

use std::panic::Location;

use lwp_core::sync::model::{Access, Kind, Object};
use lwp_core::sync::state::{Description, mix};

use super::clock::THREADS;
use super::world::World;

/// What tells a state from all others.
pub type StateKey = u128;

/// What a thread can come by. Each has a tag of its own, lest a number of one pass for a number of another.
#[derive(Clone, Copy, Debug)]
enum Came {
    Step = 1,
    Access,
    EndOfWait,
    Turn,
    Birth,
}

impl Came {
    /// What a thread has seen, and this on top of it.
    #[inline]
    fn after(self, seen: u64, number: u64) -> u64 {
        mix(mix(seen, self as u64), number)
    }
}

/// What is known of the contents of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Contents {
    hash: u64,
    /// The thread that has written last, where what it wrote is not in the hash yet.
    writer: Option<usize>,
    /// Whether the program has said what it holds.
    described: bool,
}

/// What a state is known by, beside the objects' values.
#[derive(Clone, Debug, Default)]
struct Known {
    /// What each thread has seen since its operation began.
    seen: [u64; THREADS],
    /// What each thread had seen when it began to wait.
    before_wait: [u64; THREADS],
    /// What each thread had seen when it began the loop that it is in.
    before_turns: [u64; THREADS],
    /// The contents of each object that is a cell.
    cells: Vec<Contents>,
}

impl Known {
    fn cell(&mut self, object: Object) -> &mut Contents {
        let needed = object as usize + 1;
        if self.cells.len() < needed {
            self.cells.resize(needed, Contents::default());
        }
        &mut self.cells[object as usize]
    }

    /// What a thread may have written is what it wrote, having seen what it has.
    fn settle(&mut self, object: Object) {
        let cell = *self.cell(object);
        if let Some(writer) = cell.writer {
            let hash = mix(cell.hash, self.seen[writer]);
            *self.cell(object) = Contents { hash, writer: None, ..cell };
        }
    }
}

/// The memory of the running execution.
#[derive(Default)]
pub struct Memory {
    now: Known,
    /// What was known before each step, as far as it is kept; the rest is kept for its memory.
    before: Vec<Known>,
    kept: usize,
    /// Which cells were described before.
    described: Vec<bool>,
    description: Option<Description>,
}

impl Memory {
    /// A new execution, which repeats so many steps of the one before.
    pub fn rewind(&mut self, repeats: usize) {
        self.description = None;
        self.kept = self.kept.min(repeats + 1);
        self.now.seen = [0; THREADS];
        self.now.cells.clear();
    }

    /// How many steps there are before which it is known what is known.
    pub fn depth(&self) -> usize {
        self.kept
    }

    /// What is known is what was known before this step.
    pub fn restore(&mut self, step: usize) {
        self.now.clone_from(&self.before[step]);
    }

    /// The program says what cells hold.
    pub fn describes(&mut self, description: Description) {
        self.description = Some(description);
    }

    /// A thread has taken a step, with this result.
    pub fn step(&mut self, thread: usize, result: usize) {
        self.now.seen[thread] = Came::Step.after(self.now.seen[thread], result as u64);
    }

    /// A thread begins to wait, or ends to: all that it sees meanwhile is that it may go on.
    pub fn waits(&mut self, thread: usize, begins: bool) {
        if begins {
            self.now.before_wait[thread] = self.now.seen[thread];
        } else {
            // Not what it had seen before the wait: there it has yet to come to its end.
            self.now.seen[thread] = Came::EndOfWait.after(self.now.before_wait[thread], 0);
        }
    }

    /// A thread begins a loop whose turns forget each other.
    pub fn begins_turns(&mut self, thread: usize) {
        self.now.before_turns[thread] = self.now.seen[thread];
    }

    /// A thread begins another turn, or ends the loop, which is told from others by where it is.
    pub fn begins_turn(&mut self, thread: usize, goes_on: bool, place: &Location<'_>) {
        let place = u64::from(place.line()) << 32 | u64::from(place.column());
        let turn = mix(Came::Turn.after(self.now.before_turns[thread], place), goes_on.into());
        self.remembers(thread, turn);
    }

    /// A new thread begins: what it is to do follows from what its parent had seen.
    pub fn begins(&mut self, thread: usize, parent: usize) {
        self.now.seen[thread] = Came::Birth.after(self.now.seen[parent], thread as u64);
    }

    /// A thread accesses what a lock protects: a cell, of which it is known what it holds, or a word with this value.
    pub fn access(&mut self, thread: usize, object: Object, access: Access, value: usize) {
        let known = &mut self.now;
        if known.cell(object).writer.is_some_and(|writer| writer != thread) {
            known.settle(object);
        }
        let cell = *known.cell(object);
        known.seen[thread] = Came::Access.after(known.seen[thread], mix(cell.hash, value as u64));
        if access == Access::Write && !cell.described {
            let hash = mix(cell.hash, known.seen[thread]);
            *known.cell(object) = Contents { hash, writer: Some(thread), described: false };
        }
    }

    /// A thread remembers nothing but this.
    pub fn remembers(&mut self, thread: usize, memory: u64) {
        for object in 0..self.now.cells.len() {
            if self.now.cells[object].writer == Some(thread) {
                self.now.settle(object as Object);
            }
        }
        self.now.seen[thread] = memory;
    }

    /// The state before the next step, `last` being the thread that took the last one.
    pub fn state(&mut self, world: &World, last: usize) -> StateKey {
        self.describe(last);
        if self.kept == self.before.len() {
            self.before.push(Known::default());
        }
        self.before[self.kept].clone_from(&self.now);
        self.kept += 1;
        self.key(world)
    }

    fn describe(&mut self, last: usize) {
        let known = &mut self.now;
        self.described.clear();
        self.described.extend(known.cells.iter_mut().map(|cell| std::mem::take(&mut cell.described)));
        if let Some(description) = &self.description {
            description(&mut |object, hash| {
                *known.cell(object) = Contents { hash, writer: None, described: true };
            });
        }
        // A cell of which nothing is said any more may have been written since, by the only thread that ran.
        for (cell, before) in known.cells.iter_mut().zip(&self.described) {
            if *before && !cell.described {
                cell.hash = mix(cell.hash, known.seen[last]);
            }
        }
    }

    fn key(&self, world: &World) -> StateKey {
        let mut threads = 0;
        for (t, thread) in world.threads().iter().enumerate() {
            threads = mix(threads, self.now.seen[t]);
            threads = mix(threads, u64::from(world.made(t)) << 1 | u64::from(thread.ended));
        }
        // Sums, since objects have other numbers in other executions.
        let mut objects = [0_u64; 2];
        for (n, thing) in world.things().iter().enumerate() {
            let value = match thing.kind {
                Kind::Cell => {
                    let contents = self.now.cells.get(n).copied().unwrap_or_default();
                    mix(contents.hash, contents.writer.map_or(0, |writer| writer as u64 + 1))
                }
                Kind::Atomic | Kind::Lock | Kind::Parker | Kind::Allocation | Kind::Moments => {
                    thing.value as u64
                }
            };
            let object = mix((thing.name.0 as u64) << 32 | u64::from(thing.name.1), value);
            objects[0] = objects[0].wrapping_add(object);
            objects[1] = objects[1].wrapping_add(mix(object, 0x1319_8a2e_0370_7344));
        }
        let [high, low] = [mix(threads, objects[0]), mix(objects[1], threads)];
        u128::from(high) << 64 | u128::from(low)
    }
}
