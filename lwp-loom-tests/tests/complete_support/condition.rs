//! What a thread may wait for: conditions of any shape over words and locks.

use lwp_loom_tests::numbers::Numbers;

/// What a thread may wait for.
#[derive(Clone, Debug)]
pub enum Condition {
    Is(usize, usize),
    Held(usize),
    Not(Box<Condition>),
    Both(Box<Condition>, Box<Condition>),
    Either(Box<Condition>, Box<Condition>),
}

/// Something that a condition looks at.
#[derive(Clone, Copy)]
pub enum Look {
    Word(usize),
    Lock(usize),
}

impl Condition {
    /// Whether it holds, as `look` sees the machine; looks in the order in which the code would.
    pub fn holds(&self, look: &mut dyn FnMut(Look) -> Option<usize>) -> Option<bool> {
        Some(match self {
            Condition::Is(word, value) => look(Look::Word(*word))? == *value,
            Condition::Held(lock) => look(Look::Lock(*lock))? != 0,
            Condition::Not(one) => !one.holds(look)?,
            Condition::Both(one, other) => one.holds(look)? && other.holds(look)?,
            Condition::Either(one, other) => one.holds(look)? || other.holds(look)?,
        })
    }

    /// A condition over so many words and locks, at most so deep.
    pub fn random(numbers: &mut Numbers, objects: usize, depth: usize) -> Condition {
        let object = numbers.below(objects);
        let inner = |numbers: &mut Numbers| Box::new(Condition::random(numbers, objects, depth - 1));
        match numbers.below(if depth == 0 { 3 } else { 6 }) {
            0 | 1 => Condition::Is(object, numbers.below(3)),
            2 => Condition::Held(object),
            3 => Condition::Not(inner(numbers)),
            4 => Condition::Both(inner(numbers), inner(numbers)),
            _ => Condition::Either(inner(numbers), inner(numbers)),
        }
    }
}
