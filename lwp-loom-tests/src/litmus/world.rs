//! What a claim about the machine is held against: states, lock pointers and counters, as they are announced.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lwp_core::mutex::Class;
use lwp_core::netbsd::{Lid, State};
use lwp_core::observe::Counters;
#[cfg(any(loom, shuttle))]
use lwp_core::observe::{self, Event};

use super::ast::Counter;

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
    /// The state that an LWP is in.
    pub fn state(&self, lid: Lid) -> Option<State> {
        Some(self.lwps.get(&lid)?.state)
    }

    /// The class of the lock that an LWP's pointer points to.
    pub fn lock(&self, lid: Lid) -> Option<Class> {
        Some(self.lwps.get(&lid)?.lock)
    }

    /// Whether an LWP has gone from one state, or any, to another.
    pub fn passed(&self, lid: Lid, from: Option<State>, to: State) -> bool {
        let is = |made: &(State, State)| from.is_none_or(|from| made.0 == from) && made.1 == to;
        self.lwps.get(&lid).is_some_and(|lwp| lwp.passed.iter().any(is))
    }

    /// A counter of the process.
    pub fn counter(&self, counter: Counter) -> usize {
        match counter {
            Counter::Nlwps => self.counters.p_nlwps,
            Counter::Nrlwps => self.counters.p_nrlwps,
            Counter::Nzlwps => self.counters.p_nzlwps,
            Counter::Ndlwps => self.counters.p_ndlwps,
            Counter::Nlwpwait => self.counters.p_nlwpwait,
        }
    }

    /// Takes note of what has happened. True where a claim might be about it.
    #[cfg(any(loom, shuttle))]
    fn hear(&mut self, event: &Event) -> bool {
        match *event {
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

/// The machine of one execution, while it is watched.
pub struct Watch {
    world: Arc<Mutex<World>>,
    #[cfg(any(loom, shuttle))]
    before: Option<observe::Listener>,
}

/// Watches a machine from before it starts. `see` is called whenever something has changed.
#[cfg(any(loom, shuttle))]
pub fn watch(see: impl Fn(&World) + Send + Sync + 'static) -> Option<Watch> {
    let world = Arc::new(Mutex::new(World::default()));
    let before = observe::listener();
    let (heard, next) = (world.clone(), before.clone());
    observe::listen(Some(Arc::new(move |event, origin| {
        if let Some(next) = &next {
            next(event, origin);
        }
        let mut world = heard.lock().unwrap_or_else(PoisonError::into_inner);
        if world.hear(event) {
            see(&world);
        }
    })));
    Some(Watch { world, before })
}

/// Watches a machine from before it starts: with real threads nobody can.
#[cfg(not(any(loom, shuttle)))]
pub fn watch(_: impl Fn(&World) + Send + Sync + 'static) -> Option<Watch> {
    None
}

impl Watch {
    /// The machine as it is.
    pub fn end(self) -> World {
        self.world.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(any(loom, shuttle))]
impl Drop for Watch {
    fn drop(&mut self) {
        observe::listen(self.before.take());
    }
}
