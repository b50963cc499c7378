//! What a search that enters no state twice is told of the states.
//!
//! The engine knows the value of each word, lock and parker, and what each thread has seen. From here it learns two
//! things more, each of which lets it take two states for one that it would otherwise tell apart:
//!
//! * where a thread [remembers](remember) nothing of what it has seen but what it says;
//! * what protected memory [holds](describe), however it came to. Memory of which nothing is said is told
//!   apart by all that the threads had seen that wrote to it.

use std::hash::{Hash, Hasher};
use std::panic::Location;

use super::Cell;
use super::model::{self, Object};

/// Is told what each cell holds.
pub type Tell<'a> = &'a mut dyn FnMut(Object, u64);

/// Says what cells of the running execution hold: every time it is asked, until the execution ends.
pub type Description = Box<dyn Fn(Tell<'_>) + Send>;

/// Whether states are told apart, and what is remembered counts.
pub fn are_kept() -> bool {
    model::with(|c| c.keeps_states())
}

/// From here on the running thread depends on nothing that it has seen so far but on `memory`. It holds no guard, and no
/// reference to what a lock protects.
pub fn remember(memory: &impl Hash) {
    if are_kept() {
        let memory = digest(memory);
        model::with(|c| c.remembers(memory));
    }
}

/// The running thread begins a loop that brings nothing from one turn into the next.
pub(crate) fn begin_turns() {
    model::with(|c| c.begins_turns());
}

/// It begins another turn, or ends the loop.
#[track_caller]
pub(crate) fn begin_turn(goes_on: bool) {
    let place = Location::caller();
    model::with(|c| c.begins_turn(goes_on, place));
}

/// The running execution's memory is what `description` says. That is asked between two steps, and takes none itself.
pub fn describe(description: impl Fn(Tell<'_>) + Send + 'static) {
    model::with(|c| c.describes(Box::new(description)));
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = Fold::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Mixes a number into a hash.
#[inline]
#[must_use]
pub fn mix(hash: u64, number: u64) -> u64 {
    let product = u128::from(hash ^ 0x9e37_79b9_7f4a_7c15) * u128::from(number ^ 0xd6e8_feb8_6659_fd93 | 1);
    let folded = (product >> 64) as u64 ^ product as u64;
    folded.wrapping_add(number).rotate_left(29) ^ hash.wrapping_mul(0xa076_1d64_78bd_642f)
}

/// A hash for what is hashed at every step: quick, and the same in every process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        mix(self.0, 1)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(n.into());
    }

    fn write_u16(&mut self, n: u16) {
        self.write_u64(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = mix(self.0, n);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
}

impl<T: Hash> Cell<T> {
    /// Says what the cell holds, to the engine that [asks](describe).
    pub fn describe(&self, tell: Tell<'_>) {
        // SAFETY: threads of a model run one at a time, and the one that may hold the cell's lock is not running: it has
        // announced its next step.
        tell(self.handle.object(), digest(unsafe { &*self.value.get() }));
    }
}
