//! RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017) without SC accesses and fences, and with release sequences as in
//! C++20: all execution graphs of a program, event by event in every order, so that none has a cycle of program order and
//! reads-from. Knows no engine.

use std::collections::{BTreeSet, HashSet};

use super::{Op, Order, Outcome, Program, WORDS};

/// The store that a word begins with.
const INITIAL: usize = usize::MAX;

#[derive(Clone, Copy, Debug)]
struct Event {
    thread: usize,
    word: usize,
    /// The event that it reads from.
    reads: Option<usize>,
    /// What it writes.
    writes: Option<usize>,
    acquires: bool,
    releases: bool,
}

/// An execution graph, or the beginning of one.
#[derive(Clone, Debug)]
struct Graph {
    events: Vec<Event>,
    /// Each word's modification order, after its first store.
    order: Vec<Vec<usize>>,
    saw: Vec<Vec<usize>>,
    at: Vec<usize>,
}

/// All outcomes of a program.
pub fn outcomes(program: &Program) -> BTreeSet<Outcome> {
    let threads = program.len();
    let empty = Graph {
        events: Vec::new(),
        order: vec![Vec::new(); WORDS],
        saw: vec![Vec::new(); threads],
        at: vec![0; threads],
    };
    let (mut found, mut known, mut left) = (BTreeSet::new(), HashSet::new(), vec![empty]);
    while let Some(graph) = left.pop() {
        let can_go_on: Vec<usize> = (0..threads).filter(|t| graph.at[*t] < program[*t].len()).collect();
        if can_go_on.is_empty() {
            let last =
                |word: usize| graph.order[word].last().map_or(0, |e| graph.events[*e].writes.unwrap_or(0));
            found.insert((graph.saw.clone(), (0..WORDS).map(last).collect()));
        }
        for thread in can_go_on {
            for next in graph.extended(thread, program[thread][graph.at[thread]]) {
                if next.is_consistent() && known.insert(next.name()) {
                    left.push(next);
                }
            }
        }
    }
    found
}

impl Graph {
    /// The graph with one event more, in every way.
    fn extended(&self, thread: usize, op: Op) -> Vec<Graph> {
        let (word, order) = match op {
            Op::Load(word, order) | Op::Store(word, _, order) | Op::Exchange(word, _, _, order) => {
                (word, order)
            }
        };
        let event = Event { thread, word, reads: None, writes: None, acquires: false, releases: false };
        let (acquires, releases) = (order == Order::Acquire, order == Order::Release);
        let sources = || [INITIAL].into_iter().chain(self.order[word].iter().copied());
        let value =
            |source: usize| if source == INITIAL { 0 } else { self.events[source].writes.unwrap_or(0) };
        match op {
            Op::Load(..) => sources()
                .map(|s| self.with(Event { reads: Some(s), acquires, ..event }, None, Some(value(s))))
                .collect(),
            Op::Store(_, new, _) => (0..=self.order[word].len())
                .map(|place| self.with(Event { writes: Some(new), releases, ..event }, Some(place), None))
                .collect(),
            Op::Exchange(_, old, new, _) => sources()
                .enumerate()
                .map(|(place, s)| {
                    let event = Event { reads: Some(s), ..event };
                    if value(s) == old {
                        let event = Event { writes: Some(new), acquires, releases, ..event };
                        self.with(event, Some(place), Some(1))
                    } else {
                        self.with(event, None, Some(0))
                    }
                })
                .collect(),
        }
    }

    fn with(&self, event: Event, place: Option<usize>, saw: Option<usize>) -> Graph {
        let mut graph = self.clone();
        graph.events.push(event);
        if let Some(place) = place {
            graph.order[event.word].insert(place, self.events.len());
        }
        graph.saw[event.thread].extend(saw);
        graph.at[event.thread] += 1;
        graph
    }

    /// The graph, whatever the order in which its events came.
    fn name(&self) -> Vec<usize> {
        let mut nth = vec![0; self.at.len()];
        let names: Vec<usize> = self
            .events
            .iter()
            .map(|event| {
                nth[event.thread] += 1;
                event.thread << 8 | nth[event.thread]
            })
            .collect();
        let named = |event: usize| if event == INITIAL { INITIAL } else { names[event] };
        let mut all: Vec<_> = self.events.iter().zip(&names).map(|(e, n)| (*n, e.reads.map(named))).collect();
        all.sort_unstable();
        let reads = all.into_iter().flat_map(|(name, reads)| [name, reads.unwrap_or(0)]);
        reads.chain(self.order.iter().flat_map(|order| order.iter().map(|e| named(*e)).chain([0]))).collect()
    }

    fn is_consistent(&self) -> bool {
        self.exchanges_are_whole() && self.is_coherent()
    }

    /// Where a store stands in its word's modification order.
    fn place(&self, word: usize, store: usize) -> usize {
        self.order[word].iter().position(|other| *other == store).map_or(0, |place| place + 1)
    }

    /// Atomicity: the store that an exchange read comes just before its own.
    fn exchanges_are_whole(&self) -> bool {
        self.events.iter().enumerate().all(|(n, event)| match (event.reads, event.writes) {
            (Some(read), Some(_)) => self.place(event.word, read) + 1 == self.place(event.word, n),
            _ => true,
        })
    }

    /// Coherence: `hb; eco` has no cycle.
    fn is_coherent(&self) -> bool {
        let before = self.happens_before();
        for (b, later) in self.events.iter().enumerate() {
            for (a, earlier) in self.events.iter().enumerate() {
                if a == b || before[b] & 1 << a == 0 || earlier.word != later.word {
                    continue;
                }
                let place = |n: usize, event: &Event| event.writes.map(|_| self.place(event.word, n));
                let source = |event: &Event| event.reads.map(|read| self.place(event.word, read));
                let wrong = |a: Option<usize>, b: Option<usize>, wrong: fn(usize, usize) -> bool| matches!((a, b), (Some(a), Some(b)) if wrong(a, b));
                if wrong(place(a, earlier), place(b, later), |a, b| a >= b)
                    || wrong(place(a, earlier), source(later), |a, b| b < a)
                    || wrong(source(earlier), place(b, later), |a, b| a >= b)
                    || wrong(source(earlier), source(later), |a, b| a > b)
                {
                    return false;
                }
            }
        }
        true
    }

    /// For each event those that happen-before it. Events stand in an order that program order and reads-from agree with.
    fn happens_before(&self) -> Vec<u32> {
        let mut before: Vec<u32> = Vec::new();
        for (n, event) in self.events.iter().enumerate() {
            let mut mine = 0;
            for (m, earlier) in self.events[..n].iter().enumerate() {
                if earlier.thread == event.thread {
                    mine |= before[m] | 1 << m;
                }
            }
            let mut source = event.reads.filter(|_| event.acquires);
            // The release sequences that the store that was read belongs to.
            while let Some(store) = source.filter(|store| *store != INITIAL) {
                if self.events[store].releases {
                    mine |= before[store] | 1 << store;
                }
                source = self.events[store].reads;
            }
            before.push(mine);
        }
        before
    }
}
