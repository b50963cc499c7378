//! A node of the tree of schedules: which threads are explored there, and in which order.
//!
//! The order is that in which they were asked for. What sleeps below a thread is what slept before, and the threads in
//! front of it in that order: no answer that comes later changes it. So a thread can be explored before those in front
//! of it are done.

use super::clock::{THREADS, Threads};

/// Threads in the order in which they were added, each once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    /// Four bits a thread.
    packed: u64,
    len: u32,
    all: Threads,
}

const _: () = assert!(THREADS <= 16 && THREADS * 4 <= u64::BITS as usize);

impl Order {
    /// One thread.
    pub fn one(thread: usize) -> Order {
        let mut order = Order::default();
        order.add(thread);
        order
    }

    /// All of them.
    #[inline]
    pub fn all(self) -> Threads {
        self.all
    }

    /// Adds a thread behind the others, unless it is there.
    pub fn add(&mut self, thread: usize) {
        if !self.all.has(thread) {
            self.packed |= (thread as u64) << (4 * self.len);
            self.len += 1;
            self.all.add(thread);
        }
    }

    /// The thread that was added as the `n`th, from 0.
    #[inline]
    pub fn get(self, n: usize) -> Option<usize> {
        (n < self.len as usize).then(|| (self.packed >> (4 * n) & 0xf) as usize)
    }
}

/// What a race asks of the node in front of the earlier event: to explore one of some threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The node.
    pub depth: usize,
    /// Any of these will do.
    pub initials: Threads,
    /// The one whose operation is to come first.
    pub thread: usize,
}

/// A node of the tree of schedules, on the path to an execution.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The threads that can take a step here.
    pub enabled: Threads,
    /// What is to be explored here.
    pub backtrack: Order,
    /// The threads that sleep here, those that were explored included.
    pub sleep: Threads,
    /// The thread that is being explored, and its place in the order.
    pub thread: usize,
    /// Its place in the order.
    pub turn: usize,
    /// Which result, of how many, where it is a choice.
    pub choice: usize,
    /// How many results it has, where it is a choice.
    pub choices: Option<usize>,
    /// The thread that took the step before this one.
    pub last: usize,
    /// Preemptions on the way here.
    pub preemptions: usize,
}

impl Node {
    /// Whether a step of `thread` is a preemption here.
    pub fn preempts(&self, thread: usize) -> bool {
        thread != self.last && self.enabled.has(self.last)
    }

    /// Whether one of `initials` is explored here.
    #[inline]
    pub fn explores(&self, initials: Threads) -> bool {
        !self.backtrack.all().and(initials).is_empty()
    }

    /// Makes sure that one of `initials` is explored here. To ask a second time changes nothing.
    pub fn ask(&mut self, Request { initials, thread, .. }: Request) {
        if self.explores(initials) {
            return;
        }
        let able = initials.and(self.enabled);
        // A sleeping initial is as good as an explored one: what begins with it has been seen.
        let best = able
            .and(self.sleep)
            .first()
            .or_else(|| able.has(thread).then_some(thread))
            .or_else(|| able.first());
        match best {
            Some(best) => self.backtrack.add(best),
            None => {
                debug_assert!(false, "an initial is enabled");
                self.enabled.iter().for_each(|thread| self.backtrack.add(thread));
            }
        }
    }

    /// The next thread that is to be explored here, with its place in the order, if at most `limit` preemptions are.
    /// `cut` becomes true where that leaves one out.
    pub fn next(&self, limit: usize, cut: &mut bool) -> Option<(usize, usize)> {
        let mut turn = self.turn;
        loop {
            turn += 1;
            let thread = self.backtrack.get(turn)?;
            if !self.enabled.has(thread) || self.sleep.has(thread) {
                continue;
            }
            if self.preempts(thread) && self.preemptions >= limit {
                *cut = true;
                continue;
            }
            return Some((turn, thread));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // In any other order a thread would sleep below another or not, by what is found out in the meantime.
    #[test]
    fn threads_come_in_the_order_in_which_they_were_added_and_once() {
        let mut order = Order::one(15);
        [0, 7, 15, 0, 3].into_iter().for_each(|thread| order.add(thread));
        assert_eq!((0..6).map_while(|n| order.get(n)).collect::<Vec<_>>(), [15, 0, 7, 3]);
        assert!(order.all().has(7) && !order.all().has(1));
    }
}
