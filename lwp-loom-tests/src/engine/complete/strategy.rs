//! Who says which thread runs next: what the search, its naive twin, random and PCT schedules and replay have in common.

use lwp_core::sync::model::{Announcement, Object, Operation};

use super::clock::Threads;
use super::data_race::Detector;
use super::dependency::Dependencies;
use super::failure::Failure;
use super::memory::StateKey;
use super::needs::Sync;
use super::schedule::Step;
use super::states::Kept;
use super::world::World;

/// What happens next in an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// A thread takes a step.
    Run(Step),
    /// Nothing: the execution is given up.
    GiveUp(Ending),
    /// Nothing: something is wrong with the program.
    Fail(Failure),
    /// Whatever is fair: the strategy has nothing more to say.
    GoOn,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All threads ended.
    Complete,
    /// It was given up: whatever comes next, an equivalent execution has been seen.
    Blocked,
    /// It was given up: it came to a state from which everything was seen.
    Known,
    /// A limit cut it short.
    Cut,
    /// It failed.
    Failed,
}

/// A way to run a program many times.
pub trait Strategy {
    /// Begins another execution, unless there is none.
    fn begin(&mut self) -> bool;

    /// How many steps of the execution that begins are those of the one before. They are taken without another question:
    /// [`Strategy::decide`] and [`Strategy::step`] are first called for the step after them.
    fn repeats(&self) -> usize {
        0
    }

    /// Chooses among the threads that can take a step; there is one. `last` is the thread that took the last one.
    fn decide(&mut self, world: &World, enabled: Threads, last: usize) -> Decision;

    /// The chosen thread is about to take its step, which depends on `dependencies`.
    fn step(&mut self, _world: &World, _thread: usize, _dependencies: &Dependencies) {}

    /// The execution is given up or nobody can go on, and `thread`, which has not ended, is disabled.
    fn stuck(&mut self, _world: &World, _thread: usize, _dependencies: &Dependencies) {}

    /// The execution has ended after so many steps. Gives a failure where it should not have, yet.
    fn end(&mut self, _ending: Ending, _steps: usize) -> Option<Failure> {
        None
    }

    /// The thread has taken its step.
    fn taken(&mut self, _world: &World, _announcement: &Announcement, _thread: usize, _sync: Sync) {}

    /// A thread has accessed what a lock protects: before what its last step did, or after it.
    fn accessed(&mut self, _world: &World, _thread: usize, _object: Object, _writes: bool, _before: bool) {}

    /// The execution has come to a state, in which it was not when it was last asked to decide.
    fn arrives(&mut self, _world: &World, _detector: &Detector, _state: StateKey) {}

    /// How far states could be kept, if any are to be.
    fn states(&self) -> Option<Kept> {
        None
    }

    /// What keeps the strategy from seeing every execution, if anything.
    fn bound(&self) -> Option<String>;
}

/// How many results the operation that a thread is about to do can have: more than one where it is a choice.
pub fn choices(world: &World, thread: usize) -> Option<usize> {
    match world.thread(thread).pending.as_ref()?.operation {
        Operation::Choose(n) => Some(n),
        _ => None,
    }
}
