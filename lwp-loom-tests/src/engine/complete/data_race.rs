//! The data race detector: which accesses to protected data does nothing order?
//!
//! Vector clocks again, but other ones than the search's: there every two dependent operations are ordered, here only
//! what the program may rely on orders anything. A release orders what precedes it before what follows the acquisition
//! that sees it: of a lock, of a token, of a thread's start and end, and of an atomic as far as its sites declare it
//! (or as weakly as a checker has made them). A relaxed site orders nothing, so a weakened site shows as a data race even though
//! the exploration itself is sequentially consistent.
//!
//! Whether two accesses are ordered depends only on the happens-before order of the execution, so it is enough to ask
//! once in each distinct execution, however the accesses themselves are interleaved.

use std::panic::Location;

use lwp_core::sync::model::{Access, Announcement, Kind, Object, Operation};

use super::clock::{Clock, THREADS};
use super::failure::{self, Failure};
use super::needs::{Need, Sync};
use super::oversight::Oversight;
use super::world::World;

/// The last access of a thread, of one sort.
#[derive(Clone, Copy, Debug)]
struct Mark {
    thread: usize,
    /// The thread's epoch then.
    epoch: u32,
    place: &'static Location<'static>,
}

/// What the detector knows of one object.
#[derive(Clone, Debug, Default)]
struct Shadow {
    /// What whoever acquires from the object learns.
    released: Clock,
    /// The last protected read of each thread.
    reads: Vec<Mark>,
    /// The last write of each thread: protected writes of a cell, stores to an atomic.
    writes: Vec<Mark>,
}

impl Shadow {
    fn marks(&mut self, writes: bool) -> &mut Vec<Mark> {
        if writes { &mut self.writes } else { &mut self.reads }
    }
}

/// A change of the detector's state, as the way back.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Thread(usize, Clock),
    Seen(usize, Clock),
    Released(Object, Clock),
    Mark { object: Object, writes: bool, at: usize, was: Option<Mark> },
}

/// The detector, for one execution at a time.
#[derive(Debug)]
pub struct Detector {
    threads: [Clock; THREADS],
    /// What a thread's relaxed loads have seen: an acquire fence would make it known.
    seen: [Clock; THREADS],
    /// A shadow for each object.
    shadows: Vec<Shadow>,
    /// The way back to the beginning of the execution.
    undo: Vec<Undo>,
    /// For each step how long the way back from it is.
    steps: Vec<usize>,
    oversight: Oversight,
}

impl Detector {
    /// A detector that knows of no access.
    pub fn new(oversight: Oversight) -> Detector {
        let mut threads = [Clock::NONE; THREADS];
        threads[0].set(0, 1);
        let seen = [Clock::NONE; THREADS];
        Detector { threads, seen, shadows: Vec::new(), undo: Vec::new(), steps: Vec::new(), oversight }
    }

    /// A new execution, which repeats so many steps of the one before, and what follows each of them: the state after
    /// those is the state now.
    pub fn rewind(&mut self, repeats: usize) {
        let Some(&left) = self.steps.get(repeats) else { return };
        self.steps.truncate(repeats);
        if self.oversight == Oversight::NothingIsRewound {
            return;
        }
        for undo in self.undo.drain(left..).rev() {
            match undo {
                Undo::Thread(thread, was) => self.threads[thread] = was,
                Undo::Seen(thread, was) => self.seen[thread] = was,
                Undo::Released(object, was) => self.shadows[object as usize].released = was,
                Undo::Mark { object, writes, at, was } => {
                    let marks = self.shadows[object as usize].marks(writes);
                    match was {
                        Some(mark) => marks[at] = mark,
                        None => marks.truncate(at),
                    }
                }
            }
        }
    }

    fn shadow(&mut self, object: Object) -> &mut Shadow {
        let needed = object as usize + 1;
        if self.shadows.len() < needed {
            self.shadows.resize_with(needed, Shadow::default);
        }
        &mut self.shadows[object as usize]
    }

    fn set_thread(&mut self, thread: usize, known: Clock) {
        let was = std::mem::replace(&mut self.threads[thread], known);
        self.undo.push(Undo::Thread(thread, was));
    }

    fn set_released(&mut self, object: Object, released: Clock) {
        let was = std::mem::replace(&mut self.shadow(object).released, released);
        self.undo.push(Undo::Released(object, was));
    }

    fn acquire(&mut self, thread: usize, object: Object) {
        let released = self.shadow(object).released;
        self.learn(thread, &released);
    }

    fn learn(&mut self, thread: usize, news: &Clock) {
        self.set_thread(thread, self.threads[thread].joined(news));
    }

    fn release(&mut self, thread: usize, object: Object) {
        let released = self.shadow(object).released;
        let known = self.threads[thread];
        let forgets = self.oversight == Oversight::OnlyTheLastRelease;
        self.set_released(object, if forgets { known } else { released.joined(&known) });
        self.tick(thread);
    }

    /// What the thread does from here on is not part of what it has released.
    fn tick(&mut self, thread: usize) {
        if self.oversight == Oversight::ReleasesReachFurther {
            return;
        }
        let mut known = self.threads[thread];
        known.set(thread, known.of(thread) + 1);
        self.set_thread(thread, known);
    }

    /// A visible operation is about to happen, with this result. Gives what it changes of what is known.
    ///
    /// # Errors
    /// Gives the race where it is a store to an atomic that somebody reads as if the atomic were protected.
    pub fn operation(
        &mut self,
        world: &World,
        thread: usize,
        announcement: &Announcement,
        result: usize,
    ) -> Result<Sync, Failure> {
        self.steps.push(self.undo.len());
        if let Some(object) = announcement.object.filter(|_| stores(announcement, result)) {
            self.access(world, thread, object, Access::Write, announcement.place)?;
        }
        let sync = self.oversight.sync(announcement, result);
        self.apply(thread, announcement.object, sync);
        Ok(sync)
    }

    fn apply(&mut self, thread: usize, object: Option<Object>, sync: Sync) {
        match (sync, object) {
            (Sync::Spawn(child), _) => {
                let ignorant = self.oversight == Oversight::ChildrenKnowNothing;
                let mut known = if ignorant { Clock::NONE } else { self.threads[thread] };
                known.set(child, 1);
                self.set_thread(child, known);
                self.tick(thread);
            }
            (Sync::Join(other), _) => {
                let known = self.threads[other];
                self.learn(thread, &known);
            }
            (Sync::Acquire, Some(object)) => self.acquire(thread, object),
            (Sync::Release, Some(object)) => self.release(thread, object),
            (Sync::Publish, Some(object)) => {
                self.set_released(object, self.threads[thread]);
                self.tick(thread);
            }
            (Sync::Silence, Some(object)) => {
                self.set_released(object, Clock::NONE);
                self.tick(thread);
            }
            (Sync::See, Some(object)) => self.see(thread, object),
            (Sync::FenceAndSee, Some(object)) => {
                let seen = self.seen[thread];
                self.learn(thread, &seen);
                self.see(thread, object);
            }
            (_, None) | (Sync::Nothing, _) => {}
        }
    }

    /// Whether an access that is to come would race with what has happened. `object` is the object with a number.
    pub fn would_race(&self, world: &World, need: &Need, object: impl Fn(usize) -> Option<Object>) -> bool {
        let Some(cell) = world.named(need.cell()) else { return false };
        let Some(shadow) = self.shadows.get(cell as usize) else { return false };
        let atomic = world.thing(cell).kind == Kind::Atomic;
        let writes = shadow.writes.iter().filter(|_| !(atomic && need.writes()));
        let reads = shadow.reads.iter().filter(|_| need.writes());
        let released = |n: usize| object(n).and_then(|o| self.shadows.get(o as usize)).map(|s| &s.released);
        writes.chain(reads).any(|mark| {
            mark.thread != need.thread()
                && !need.knows((mark.thread, mark.epoch), &self.threads, &self.seen, released)
        })
    }

    fn see(&mut self, thread: usize, object: Object) {
        let seen = self.seen[thread];
        self.undo.push(Undo::Seen(thread, seen));
        self.seen[thread] = seen.joined(&self.shadow(object).released);
    }

    /// A protected access.
    ///
    /// # Errors
    /// Gives the race where another thread's access is not ordered before it, or the use after free.
    pub fn access(
        &mut self,
        world: &World,
        thread: usize,
        object: Object,
        access: Access,
        place: &'static Location<'static>,
    ) -> Result<(), Failure> {
        let oversight = self.oversight;
        let known = self.threads[thread];
        let epoch = known.of(thread);
        let kind = world.thing(object).kind;
        let freed = kind == Kind::Allocation && world.thing(object).value != 0;
        let shadow = self.shadow(object);
        let unordered = |m: &&Mark| m.thread != thread && !known.knows(m.thread, m.epoch);
        // Stores to an atomic need no order among themselves: only protected accesses do.
        let racy_with_writes = !(kind == Kind::Atomic && access == Access::Write);
        let writes = access != Access::Read;
        let asked = if oversight == Oversight::OnlyTheFirstWriter { 1 } else { THREADS };
        let write = racy_with_writes.then(|| shadow.writes.iter().take(asked).find(unordered)).flatten();
        let readers = writes && oversight != Oversight::NoReaders;
        let read = readers.then(|| shadow.reads.iter().find(unordered)).flatten();
        let other = write.map(|m| (verb(kind, true), m)).or(read.map(|m| (verb(kind, false), m)));
        if let Some((what, mark)) = other.filter(|_| oversight != Oversight::Everything) {
            let earlier = (what, mark.thread, mark.place);
            return Err(failure::race(world, object, earlier, (verb(kind, writes), thread, place)));
        }
        if freed && !matches!(oversight, Oversight::Everything | Oversight::OrderedUseAfterFree) {
            let free = shadow.writes.last().map(|m| (m.thread, m.place));
            return Err(failure::used_after_free(world, object, free, (thread, place)));
        }
        let marks = shadow.marks(writes);
        let mark = Mark { thread, epoch, place };
        let at = marks.iter().position(|m| m.thread == thread).unwrap_or(marks.len());
        let was = match marks.get_mut(at) {
            Some(place) => Some(std::mem::replace(place, mark)),
            None => {
                marks.push(mark);
                None
            }
        };
        self.undo.push(Undo::Mark { object, writes, at, was });
        Ok(())
    }
}

/// Whether an operation with this result stores to a word.
pub fn stores(announcement: &Announcement, result: usize) -> bool {
    match announcement.operation {
        Operation::Store { .. } => true,
        Operation::CompareExchange { .. } => result != 0,
        _ => false,
    }
}

fn verb(kind: Kind, write: bool) -> &'static str {
    match (kind, write) {
        (Kind::Allocation, true) => "frees it",
        (Kind::Allocation, false) => "uses it",
        (Kind::Atomic, true) => "stores to it",
        (Kind::Atomic, false) => "reads it as if a lock protected it",
        (_, true) => "writes it",
        (_, false) => "reads it",
    }
}
