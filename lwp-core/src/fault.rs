//! Seeded faults: what a checker must catch before its silence means anything.
//!
//! Each is a step that is left out, taken too early or too late, or a counter that is changed by nothing or by twice as
//! much; [`table`] lists them. They exist under the checkers only and one at a time; with real threads there are none, and
//! what marks a step is compiled away.

pub mod table;

pub use table::{Count, Step};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A step goes wrong.
    Step(Step),
    /// A counter is not updated.
    Dropped(Count),
    /// A counter is updated twice.
    Doubled(Count),
}

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// In the lock that moves and the mutexes below it: programs over the lock layer run it too.
    Lock,
    /// In the protocol on top: programs over the lock layer do not run it.
    Protocol,
}

impl Fault {
    /// Every fault, the lock layer's first.
    pub fn all() -> impl Iterator<Item = Fault> {
        let counts = Count::ALL.iter().flat_map(|count| [Fault::Dropped(*count), Fault::Doubled(*count)]);
        Step::ALL.iter().map(|step| Fault::Step(*step)).chain(counts)
    }

    /// The fault with this name.
    pub fn parse(name: &str) -> Option<Fault> {
        Fault::all().find(|fault| fault.name() == name)
    }

    /// The fault's name: the function, a dot, what is wrong.
    pub fn name(self) -> String {
        match self {
            Fault::Step(step) => step.name().into(),
            Fault::Dropped(count) => format!("{}-dropped", count.name()),
            Fault::Doubled(count) => format!("{}-doubled", count.name()),
        }
    }

    /// What is wrong, in words.
    pub fn what(self) -> String {
        match self {
            Fault::Step(step) => step.what().into(),
            Fault::Dropped(count) => format!("does not {}", count.what()),
            Fault::Doubled(count) => format!("does so twice: {}", count.what()),
        }
    }

    /// Why no execution can tell the code with the fault from the code without it, where that is so.
    pub fn equivalent(self) -> Option<&'static str> {
        match self {
            Fault::Step(step) => step.equivalent(),
            Fault::Dropped(count) => count.equivalent_if_dropped(),
            Fault::Doubled(count) => count.equivalent_if_doubled(),
        }
    }

    /// Where it is.
    pub fn layer(self) -> Layer {
        match self {
            Fault::Step(step) => step.layer(),
            Fault::Dropped(_) | Fault::Doubled(_) => Layer::Protocol,
        }
    }
}

/// Whether this step goes wrong.
#[cfg(not(any(loom, shuttle)))]
#[inline(always)]
pub(crate) const fn seeded(_: Step) -> bool {
    false
}

/// Whether this step goes wrong.
#[cfg(any(loom, shuttle))]
pub(crate) fn seeded(step: Step) -> bool {
    pass(Fault::Step(step));
    number() == of(Fault::Step(step))
}

/// How often a counter is to be updated: once.
#[cfg(not(any(loom, shuttle)))]
#[inline(always)]
pub(crate) const fn times(_: Count) -> usize {
    1
}

/// How often a counter is to be updated: once, but with a fault.
#[cfg(any(loom, shuttle))]
pub(crate) fn times(count: Count) -> usize {
    pass(Fault::Dropped(count));
    pass(Fault::Doubled(count));
    match number() {
        n if n == of(Fault::Dropped(count)) => 0,
        n if n == of(Fault::Doubled(count)) => 2,
        _ => 1,
    }
}

/// The fault in force, 0 for none. Plain memory of the checker's process, not part of any model.
#[cfg(any(loom, shuttle))]
static SEEDED: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

#[cfg(any(loom, shuttle))]
fn number() -> usize {
    // ORDERING: none needed. The checker sets it before a model runs.
    SEEDED.load(core::sync::atomic::Ordering::Relaxed)
}

#[cfg(any(loom, shuttle))]
const fn of(fault: Fault) -> usize {
    match fault {
        Fault::Step(step) => 1 + 3 * step as usize,
        Fault::Dropped(count) => 2 + 3 * count as usize,
        Fault::Doubled(count) => 3 + 3 * count as usize,
    }
}

/// The faults at whose places a model has been. Plain memory of the checker's process, not part of any model.
#[cfg(any(loom, shuttle))]
static PASSED: [core::sync::atomic::AtomicBool; PLACES] =
    [const { core::sync::atomic::AtomicBool::new(false) }; PLACES];

/// More than the largest number of a fault.
#[cfg(any(loom, shuttle))]
const PLACES: usize =
    1 + 3 * if Step::ALL.len() > Count::ALL.len() { Step::ALL.len() } else { Count::ALL.len() };

#[cfg(any(loom, shuttle))]
fn pass(fault: Fault) {
    // ORDERING: none needed. The checker asks after the models have run. What is only read is no news to other cores that
    // explore.
    let passed = &PASSED[of(fault)];
    if !passed.load(core::sync::atomic::Ordering::Relaxed) {
        passed.store(true, core::sync::atomic::Ordering::Relaxed);
    }
}

/// The faults at whose places the models of this process have been since [`forget`]. A program that never comes by a
/// fault's place runs the same with the fault as without it.
#[cfg(any(loom, shuttle))]
pub fn passed() -> impl Iterator<Item = Fault> {
    // ORDERING: none needed. The checker asks after the models have run.
    Fault::all().filter(|fault| PASSED[of(*fault)].load(core::sync::atomic::Ordering::Relaxed))
}

/// Forgets where models have been.
#[cfg(any(loom, shuttle))]
pub fn forget() {
    // ORDERING: none needed. The checker does so before a model runs.
    PASSED.iter().for_each(|passed| passed.store(false, core::sync::atomic::Ordering::Relaxed));
}

/// Seeds a fault into every model that this process runs from now on; `None` seeds none.
///
/// Process-wide: run a faulty model in a process of its own.
#[cfg(any(loom, shuttle))]
pub fn seed(fault: Option<Fault>) {
    // ORDERING: none needed. The checker does so before a model runs.
    SEEDED.store(fault.map_or(0, of), core::sync::atomic::Ordering::Relaxed);
}

/// Takes a step unless a fault leaves it out.
#[inline(always)]
#[track_caller]
pub(crate) fn step(step: Step, take: impl FnOnce()) {
    if !seeded(step) {
        take();
    }
}

/// Releases a guard unless a fault leaves that out.
#[inline(always)]
#[track_caller]
pub(crate) fn release<G>(guard: G, step: Step) {
    if seeded(step) { core::mem::forget(guard) } else { drop(guard) }
}

/// A guard that is to be held for a while yet: nothing where a fault releases it here already.
#[inline(always)]
#[track_caller]
pub(crate) fn keep<G>(guard: G, step: Step) -> Option<G> {
    (!seeded(step)).then_some(guard)
}

/// Takes two locks, the first one first but for a fault.
#[inline(always)]
#[track_caller]
pub(crate) fn in_order<A, B>(step: Step, first: impl FnOnce() -> A, second: impl FnOnce() -> B) -> (A, B) {
    if seeded(step) {
        let second = second();
        return (first(), second);
    }
    let first = first();
    (first, second())
}

#[cfg(test)]
mod tests {
    use super::*;

    // A fault of two places is one row for both: the one that is caught speaks for the other, which no program may notice.
    #[test]
    fn every_fault_has_one_place() {
        let mut sources = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut text = String::new();
        while let Some(source) = sources.pop() {
            if source.is_dir() {
                sources.extend(std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()));
            } else if !source.ends_with("fault.rs") && !source.ends_with("fault/table.rs") {
                text += &std::fs::read_to_string(source).unwrap();
            }
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let places = |fault: &str| {
            let ends = |at: usize| !text[at + fault.len()..].starts_with(is_name);
            text.match_indices(fault).filter(|(at, _)| ends(*at)).count()
        };
        let names = Step::ALL.iter().map(|step| format!("Step::{step:?}"));
        for name in names.chain(Count::ALL.iter().map(|count| format!("Count::{count:?}"))) {
            assert_eq!(places(&name), 1, "places of {name}");
        }
    }

    // Two faults of one name could not be told apart where they are asked for, and one would never be seeded.
    #[test]
    fn every_fault_has_a_name_of_its_own_and_is_found_by_it() {
        for fault in Fault::all() {
            assert_eq!(Fault::parse(&fault.name()), Some(fault), "{}", fault.name());
            assert!(fault.name().contains('.') && !fault.what().is_empty());
        }
    }
}
