//! What listeners are told of an execution, held against what the machine itself counts and looks at.
#![cfg(shuttle)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use lwp_core::netbsd::State;
use lwp_core::observe::{self, Counters, Event};
use lwp_core::site::Site;
use lwp_loom_tests::engine::complete;
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::litmus::{Case, Variant};

/// The machine as far as it can be known from what is told.
#[derive(Default)]
struct Mirror {
    states: BTreeMap<usize, State>,
    pointers: BTreeMap<usize, usize>,
    counters: Counters,
    flags: BTreeMap<usize, usize>,
    looks: usize,
    released: usize,
    operations: Vec<String>,
}

impl Mirror {
    fn hear(&mut self, event: &Event) {
        match event.clone() {
            Event::Machine { .. } => {
                let looks = self.looks;
                *self = Mirror { looks, released: self.released, ..Mirror::default() };
            }
            Event::Born { lid, state, lock, .. } => {
                self.states.insert(lid, state);
                self.pointers.insert(lid, lock.number());
            }
            Event::State { lid, from, to } => assert_eq!(self.states.insert(lid, to), Some(from)),
            Event::Pointer { lid, lock, .. } => {
                self.pointers.insert(lid, lock.number());
            }
            Event::Flag { lid, from, to } => {
                let was = self.flags.insert(lid, to);
                assert!(was.is_none_or(|was| was == from), "a store to l_flag was not told");
            }
            Event::Counters { from, to } => {
                assert_eq!(self.counters, from);
                self.counters = to;
                let running = self.states.values().filter(|state| state.is_running_or_soon()).count();
                assert_eq!(to.p_nrlwps, running, "a store to l_stat was not told");
                self.released += 1;
            }
            Event::Look { lid, site: Site::LwpLockRelook, value, .. } => {
                assert_eq!(self.pointers[&lid], value, "a store to l_mutex was not told");
                self.looks += 1;
            }
            Event::Look { lid, site: Site::LStatLook, value, .. } => {
                assert_eq!(self.states[&lid] as usize, value, "a store to l_stat was not told");
            }
            Event::Begins { operation } => self.operations.push(operation),
            _ => {}
        }
    }
}

/// A store that is not told, or told too early or too late, would make a mirror that differs from what the machine finds:
/// from the words that it looks at, and from the counters, which it checks against the states itself.
#[test]
fn whoever_listens_can_tell_every_state_pointer_flag_and_counter() {
    let programs = ["signal-wait", "wait-suspend-exit", "create-after-exit", "two-wait-for-one"];
    let whole =
        |case: &Case| case.variant == Variant::Repaired && programs.contains(&case.litmus.name.as_str());
    let mut heard = BTreeSet::new();
    for case in Case::all().into_iter().filter(whole) {
        let name = case.name();
        heard.insert(case.litmus.name.clone());
        let mirror = Arc::new(Mutex::new(Mirror::default()));
        let hears = mirror.clone();
        observe::listen(Some(Arc::new(move |event, _| hears.lock().unwrap().hear(event))));
        let found =
            complete::explore_random(&name, &complete::Options::default(), 1, 50, move || drop(case.run()));
        observe::listen(None);
        assert_eq!((found.verdict, found.message), (Verdict::Bounded, None), "{name}");
        let mirror = mirror.lock().unwrap();
        assert!(mirror.looks > 100 && mirror.released > 50, "{name}: there was little to tell");
        assert!(!mirror.operations.is_empty());
    }
    assert_eq!(heard, programs.map(String::from).into());
}
