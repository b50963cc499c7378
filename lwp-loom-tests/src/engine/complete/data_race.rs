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

use lwp_core::sync::model::{Access, Announcement, Kind, Object, Operation, Order};

use super::clock::{Clock, THREADS};
use super::failure::{self, Failure};
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
    fn clear(&mut self) {
        self.released = Clock::default();
        self.reads.clear();
        self.writes.clear();
    }
}

/// The detector, for one execution at a time.
#[derive(Debug, Default)]
pub struct Detector {
    threads: [Clock; THREADS],
    /// What a thread's relaxed loads have seen: an acquire fence would make it known.
    seen: [Clock; THREADS],
    /// A shadow for each object; those of earlier executions are kept for their memory.
    shadows: Vec<Shadow>,
    used: usize,
}

impl Detector {
    /// A new execution.
    pub fn clear(&mut self) {
        self.threads = Default::default();
        self.threads[0].set(0, 1);
        self.seen = Default::default();
        for shadow in &mut self.shadows[..self.used] {
            shadow.clear();
        }
        self.used = 0;
    }

    fn shadow(&mut self, object: Object) -> &mut Shadow {
        let needed = object as usize + 1;
        if self.shadows.len() < needed {
            self.shadows.resize_with(needed, Shadow::default);
        }
        self.used = self.used.max(needed);
        &mut self.shadows[object as usize]
    }

    fn acquire(&mut self, thread: usize, object: Object) {
        let released = self.shadow(object).released;
        self.threads[thread].join(&released);
    }

    fn release(&mut self, thread: usize, object: Object) {
        let known = self.threads[thread];
        self.shadow(object).released.join(&known);
        self.tick(thread);
    }

    /// What the thread does from here on is not part of what it has released.
    fn tick(&mut self, thread: usize) {
        let epoch = self.threads[thread].of(thread);
        self.threads[thread].set(thread, epoch + 1);
    }

    /// A visible operation is about to happen, with this result.
    ///
    /// # Errors
    /// Gives the race where it is a store to an atomic that somebody reads as if the atomic were protected.
    pub fn operation(
        &mut self,
        world: &World,
        thread: usize,
        announcement: &Announcement,
        result: usize,
    ) -> Result<(), Failure> {
        match (announcement.operation, announcement.object) {
            (Operation::Spawn, _) => {
                self.threads[result] = self.threads[thread];
                self.threads[result].set(result, 1);
                self.tick(thread);
            }
            (Operation::Join(other), _) => {
                let known = self.threads[other];
                self.threads[thread].join(&known);
            }
            (Operation::Lock | Operation::Park, Some(object)) => self.acquire(thread, object),
            (Operation::TryLock, Some(object)) if result != 0 => self.acquire(thread, object),
            (Operation::Unlock | Operation::Unpark, Some(object)) => self.release(thread, object),
            (Operation::Load { order, .. }, Some(object)) => self.load(thread, object, order),
            (Operation::Store { order, .. }, Some(object)) => {
                self.access(world, thread, object, Access::Write, announcement.place)?;
                let releases = matches!(order, Order::Release | Order::MembarProducer);
                // A relaxed store ends what earlier stores have released.
                self.shadow(object).released = if releases { self.threads[thread] } else { Clock::default() };
                self.tick(thread);
            }
            (Operation::CompareExchange { order, .. }, Some(object)) => {
                if result == 0 {
                    self.load(thread, object, Order::Relaxed);
                    return Ok(());
                }
                self.access(world, thread, object, Access::Write, announcement.place)?;
                // An exchange goes on with what earlier stores have released.
                if order == Order::Release {
                    self.release(thread, object);
                } else {
                    self.load(thread, object, order);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn load(&mut self, thread: usize, object: Object, order: Order) {
        match order {
            Order::Acquire => self.acquire(thread, object),
            Order::EnterBarrier => {
                // The barrier comes before the load: it orders what was loaded earlier.
                let seen = self.seen[thread];
                self.threads[thread].join(&seen);
                self.see(thread, object);
            }
            Order::Relaxed | Order::Release | Order::MembarProducer => self.see(thread, object),
        }
    }

    fn see(&mut self, thread: usize, object: Object) {
        let released = self.shadow(object).released;
        self.seen[thread].join(&released);
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
        let known = self.threads[thread];
        let epoch = known.of(thread);
        let kind = world.thing(object).kind;
        let freed = kind == Kind::Allocation && world.thing(object).value != 0;
        let shadow = self.shadow(object);
        let unordered = |m: &&Mark| m.thread != thread && !known.knows(m.thread, m.epoch);
        // Stores to an atomic need no order among themselves: only protected accesses do.
        let racy_with_writes = !(kind == Kind::Atomic && access == Access::Write);
        let writes = access != Access::Read;
        let write = racy_with_writes.then(|| shadow.writes.iter().find(unordered)).flatten();
        let read = writes.then(|| shadow.reads.iter().find(unordered)).flatten();
        let other = write.map(|m| (verb(kind, true), m)).or(read.map(|m| (verb(kind, false), m)));
        if let Some((what, mark)) = other {
            let earlier = (what, mark.thread, mark.place);
            return Err(failure::race(world, object, earlier, (verb(kind, writes), thread, place)));
        }
        if freed {
            let free = shadow.writes.last().map(|m| (m.thread, m.place));
            return Err(failure::used_after_free(world, object, free, (thread, place)));
        }
        let marks = if writes { &mut shadow.writes } else { &mut shadow.reads };
        match marks.iter_mut().find(|m| m.thread == thread) {
            Some(mark) => *mark = Mark { thread, epoch, place },
            None => marks.push(Mark { thread, epoch, place }),
        }
        Ok(())
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
