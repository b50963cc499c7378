//! Vector clocks.

/// The most threads that a model can have.
pub const THREADS: usize = 16;

/// For each thread, how many of its events are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clock([u32; THREADS]);

impl Clock {
    /// Nothing is known.
    pub const NONE: Clock = Clock([0; THREADS]);

    /// How many events of `thread` are known.
    #[inline]
    pub fn of(&self, thread: usize) -> u32 {
        self.0[thread]
    }

    /// Whether the `number`th event of `thread`, from 1, is known.
    #[inline]
    pub fn knows(&self, thread: usize, number: u32) -> bool {
        self.0[thread] >= number
    }

    /// Knows the first `number` events of `thread` from now on, and no more of them.
    #[inline]
    pub fn set(&mut self, thread: usize, number: u32) {
        self.0[thread] = number;
    }

    /// Knows what `other` knows as well.
    #[inline]
    pub fn join(&mut self, other: &Clock) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// What either knows.
    #[inline]
    #[must_use]
    pub fn joined(mut self, other: &Clock) -> Clock {
        self.join(other);
        self
    }

    /// A thread of which something is known that `other` does not know.
    pub fn beyond(&self, other: &Clock) -> Option<usize> {
        (0..THREADS).find(|&thread| self.0[thread] > other.0[thread])
    }
}

/// Threads, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threads(u16);

const _: () = assert!(THREADS <= u16::BITS as usize);

impl Threads {
    /// No thread.
    pub const NONE: Threads = Threads(0);

    /// One thread.
    #[inline]
    pub fn one(thread: usize) -> Threads {
        Threads(1 << thread)
    }

    /// Whether `thread` is among them.
    #[inline]
    pub fn has(self, thread: usize) -> bool {
        self.0 & 1 << thread != 0
    }

    /// Adds a thread.
    #[inline]
    pub fn add(&mut self, thread: usize) {
        self.0 |= 1 << thread;
    }

    /// Those that are in both.
    #[inline]
    pub fn and(self, other: Threads) -> Threads {
        Threads(self.0 & other.0)
    }

    /// Those that are in either.
    #[inline]
    pub fn or(self, other: Threads) -> Threads {
        Threads(self.0 | other.0)
    }

    /// Those that are not in `other`.
    #[inline]
    pub fn without(self, other: Threads) -> Threads {
        Threads(self.0 & !other.0)
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[inline]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The first.
    #[inline]
    pub fn first(self) -> Option<usize> {
        (self.0 != 0).then(|| self.0.trailing_zeros() as usize)
    }

    /// All, in order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let first = rest.first()?;
            rest.0 &= rest.0 - 1;
            Some(first)
        })
    }
}
