//! What a claim about the machine is held against: states, lock pointers and counters, as they change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lwp_core::mutex::Class;
use lwp_core::netbsd::{Lid, State};
use lwp_core::observe::Counters;
#[cfg(any(loom, shuttle))]
use lwp_core::{observe::Event, watch};

use super::ast::{Claim, Counter};

/// The machine, seen from outside.
#[derive(Clone, Debug, Default)]
pub struct World {
    lwps: BTreeMap<Lid, Lwp>,
    counters: Counters,
    /// Whether the machine has started: before that it is not yet as the program says.
    #[cfg(any(loom, shuttle))]
    started: bool,
}

#[derive(Clone, Debug)]
struct Lwp {
    state: State,
    lock: Class,
    passed: Vec<(State, State)>,
}

impl World {
    /// Whether a claim that is about the machine, and has no parts, holds; `None` where it is none of these.
    pub fn holds(&self, claim: &Claim) -> Option<bool> {
        let lwp = |lid: &Lid| self.lwps.get(lid);
        Some(match claim {
            Claim::Is(lid, state) => lwp(lid).is_some_and(|lwp| lwp.state == *state),
            Claim::Under(lid, class) => lwp(lid).is_some_and(|lwp| lwp.lock == *class),
            Claim::Passed(lid, from, to) => {
                let is = |made: &(State, State)| from.is_none_or(|from| made.0 == from) && made.1 == *to;
                lwp(lid).is_some_and(|lwp| lwp.passed.iter().any(is))
            }
            Claim::Counter(counter, relation, n) => relation.holds(self.counter(*counter), *n),
            _ => return None,
        })
    }

    fn counter(&self, counter: Counter) -> usize {
        match counter {
            Counter::Nlwps => self.counters.p_nlwps,
            Counter::Nrlwps => self.counters.p_nrlwps,
            Counter::Nzlwps => self.counters.p_nzlwps,
            Counter::Ndlwps => self.counters.p_ndlwps,
            Counter::Nlwpwait => self.counters.p_nlwpwait,
        }
    }

    /// Takes note of a change. True where a claim might be about it.
    #[cfg(any(loom, shuttle))]
    fn changes(&mut self, change: &Event) -> bool {
        match *change {
            Event::Born { lid, state, class, .. } => {
                self.lwps.insert(lid, Lwp { state, lock: class, passed: Vec::new() });
            }
            Event::State { lid, from, to } => {
                if let Some(lwp) = self.lwps.get_mut(&lid) {
                    lwp.state = to;
                    lwp.passed.push((from, to));
                }
            }
            Event::Pointer { lid, class, .. } => {
                if let Some(lwp) = self.lwps.get_mut(&lid) {
                    lwp.lock = class;
                }
            }
            Event::Counters { to, .. } => self.counters = to,
            Event::Does { .. } => self.started = true,
            _ => return false,
        }
        self.started
    }
}

/// The machine of one execution, which others may look at.
pub type Shared = Arc<Mutex<World>>;

/// The machine as it is.
pub fn look(world: &Shared) -> World {
    world.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The machine of one execution, while it is watched.
pub struct Watched {
    pub world: Shared,
    #[cfg(any(loom, shuttle))]
    _watched: watch::Watched,
}

/// Watches a machine from before it starts. `see` is called at each change. Changes of whether one of `atoms` holds are
/// steps of their own, each of which comes before or after each other: [`watch`](lwp_core::watch) says why.
#[cfg(any(loom, shuttle))]
#[track_caller]
pub fn watch(atoms: Vec<Claim>, see: impl Fn(&World) + 'static) -> Option<Watched> {
    let world = Shared::default();
    let watched = watch::watch(std::rc::Rc::new(Watch { world: world.clone(), atoms, see }));
    Some(Watched { world, _watched: watched })
}

/// Watches a machine from before it starts: with real threads nothing can.
#[cfg(not(any(loom, shuttle)))]
pub fn watch(_: Vec<Claim>, _: impl Fn(&World) + 'static) -> Option<Watched> {
    None
}

#[cfg(any(loom, shuttle))]
struct Watch<F> {
    world: Shared,
    atoms: Vec<Claim>,
    see: F,
}

#[cfg(any(loom, shuttle))]
impl<F: Fn(&World)> watch::Watch for Watch<F> {
    fn orders(&self, change: &Event) -> bool {
        if self.atoms.is_empty() {
            return false;
        }
        let before = look(&self.world);
        let mut after = before.clone();
        after.changes(change) && self.atoms.iter().any(|atom| before.holds(atom) != after.holds(atom))
    }

    fn sees(&self, change: &Event) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if world.changes(change) {
            (self.see)(&world);
        }
    }
}
