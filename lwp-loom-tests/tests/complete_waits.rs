//! Waits against an interpreter that shares nothing with the engine: it goes round the loops themselves, look by look. Random
//! programs with conditions of any shape have the same outcomes under both, and stand still under both or neither.
#![cfg(shuttle)]

mod complete_support;

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use complete_support::condition::{Condition, Look};
use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Parker, RawLock, spawn, spin_while};
use lwp_loom_tests::cores::Cores;
use lwp_loom_tests::engine::complete::{Handing, Options, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::numbers::Numbers;

/// Words, locks and parkers of each program.
const OBJECTS: usize = 2;

#[derive(Clone, Debug)]
enum Op {
    Load(usize),
    Store(usize, usize),
    Exchange(usize, usize, usize),
    Lock(usize),
    Unlock(usize),
    Park(usize),
    Unpark(usize),
    WaitUntil(Condition),
}

type Program = Vec<Vec<Op>>;

/// The program that a seed stands for: of few kinds of operations, so that they meet.
fn program(seed: u64) -> Program {
    let mut numbers = Numbers::new(seed);
    let threads = 2 + numbers.below(2);
    let most = if threads == 2 { 4 } else { 3 };
    let kinds: Vec<usize> = [7].into_iter().chain((0..2).map(|_| numbers.below(7))).collect();
    let line = |numbers: &mut Numbers| {
        let mut held = [false; OBJECTS];
        let ops = (0..1 + numbers.below(most)).map(|_| {
            let object = numbers.below(OBJECTS);
            match kinds[numbers.below(kinds.len())] {
                0 => Op::Load(object),
                1 | 2 => Op::Store(object, numbers.below(3)),
                3 => Op::Exchange(object, numbers.below(3), numbers.below(3)),
                4 => {
                    held[object] = !held[object];
                    if held[object] { Op::Lock(object) } else { Op::Unlock(object) }
                }
                5 => Op::Park(object),
                6 => Op::Unpark(object),
                _ => Op::WaitUntil(Condition::random(numbers, OBJECTS, 2)),
            }
        });
        ops.collect()
    };
    (0..threads).map(|_| line(&mut numbers)).collect()
}

/// A machine that the interpreter has got into.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    words: [usize; OBJECTS],
    /// 0, or the holder's number from 1.
    locks: [usize; OBJECTS],
    tokens: [bool; OBJECTS],
    threads: Vec<Thread>,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Thread {
    at: usize,
    log: Vec<usize>,
    /// What the turn of the loop has seen.
    turn: Vec<usize>,
}

impl State {
    fn see(&self, look: Look) -> usize {
        match look {
            Look::Word(word) => self.words[word],
            Look::Lock(lock) => self.locks[lock],
        }
    }

    /// The state after a thread's next step; nothing where it has ended or cannot take one.
    fn step(&self, program: &Program, t: usize) -> Option<State> {
        let mut next = self.clone();
        let thread = &mut next.threads[t];
        let mut saw = 0;
        match program[t].get(thread.at)? {
            Op::Load(word) => saw = self.words[*word],
            Op::Store(word, value) => next.words[*word] = *value,
            Op::Exchange(word, old, new) if self.words[*word] == *old => {
                next.words[*word] = *new;
                saw = 1;
            }
            Op::Exchange(..) => {}
            Op::Lock(lock) if self.locks[*lock] == 0 => next.locks[*lock] = t + 1,
            Op::Lock(_) => return None,
            Op::Unlock(lock) => next.locks[*lock] = 0,
            Op::Park(parker) if self.tokens[*parker] => next.tokens[*parker] = false,
            Op::Park(_) => return None,
            Op::Unpark(parker) => next.tokens[*parker] = true,
            Op::WaitUntil(condition) => {
                // One look: the first that the turn has not taken yet.
                let (seen, mut taken) = (thread.turn.clone(), 0);
                let mut new = None;
                let holds = condition.holds(&mut |look| {
                    taken += 1;
                    match (seen.get(taken - 1), new) {
                        (Some(value), _) => Some(*value),
                        (None, None) => {
                            new = Some(self.see(look));
                            new
                        }
                        (None, Some(_)) => None,
                    }
                });
                match holds {
                    None => {
                        thread.turn.extend(new);
                        return Some(next);
                    }
                    Some(false) => {
                        thread.turn.clear();
                        return Some(next);
                    }
                    Some(true) => thread.turn.clear(),
                }
            }
        }
        let thread = &mut next.threads[t];
        thread.at += 1;
        thread.log.push(saw);
        Some(next)
    }

    fn has_ended(&self, program: &Program) -> bool {
        self.threads.iter().zip(program).all(|(thread, ops)| thread.at == ops.len())
    }

    /// Whether nothing can happen any more but turns that go on waiting.
    fn stands_still(&self, program: &Program) -> bool {
        let stuck = |t: usize| match program[t].get(self.threads[t].at) {
            None => true,
            Some(Op::WaitUntil(condition)) => {
                condition.holds(&mut |look| Some(self.see(look))) == Some(false)
            }
            Some(_) => self.step(program, t).is_none(),
        };
        !self.has_ended(program) && (0..program.len()).all(stuck)
    }
}

/// What executions that end have logged, and whether one stands still.
type Seen = (BTreeSet<Vec<Vec<usize>>>, bool);

/// What the interpreter sees, where there are not too many states.
fn interpreted(program: &Program) -> Option<Seen> {
    let threads = vec![Thread::default(); program.len()];
    let first = State { words: [0; OBJECTS], locks: [0; OBJECTS], tokens: [false; OBJECTS], threads };
    let (mut known, mut todo) = (HashSet::from([first.clone()]), vec![first]);
    let mut seen = Seen::default();
    while let Some(state) = todo.pop() {
        if state.has_ended(program) {
            seen.0.insert(state.threads.iter().map(|thread| thread.log.clone()).collect());
        }
        seen.1 |= state.stands_still(program);
        for next in (0..program.len()).filter_map(|t| state.step(program, t)) {
            if known.insert(next.clone()) {
                todo.push(next);
            }
        }
        if known.len() > 20_000 {
            return None;
        }
    }
    Some(seen)
}

#[derive(Default)]
struct Machine {
    words: Vec<AtomicUsize>,
    locks: Vec<RawLock>,
    parkers: Vec<Parker>,
}

fn run(machine: &Machine, ops: &[Op]) -> Vec<usize> {
    let Machine { words, locks, parkers } = machine;
    let look = |look: Look| match look {
        Look::Word(word) => words[word].load(Site::LwpLockRelook),
        Look::Lock(lock) => usize::from(locks[lock].is_held()),
    };
    let step = |op: &Op| match op {
        Op::Load(word) => look(Look::Word(*word)),
        Op::Store(word, value) => {
            words[*word].store(*value, Site::LwpSetlockPublish);
            0
        }
        Op::Exchange(word, old, new) => {
            usize::from(words[*word].compare_exchange(*old, *new, Site::SpinEnter))
        }
        Op::Lock(lock) => {
            locks[*lock].lock().unwrap();
            0
        }
        Op::Unlock(lock) => {
            locks[*lock].unlock().unwrap();
            0
        }
        Op::Park(parker) => {
            parkers[*parker].park();
            0
        }
        Op::Unpark(parker) => {
            parkers[*parker].unpark();
            0
        }
        Op::WaitUntil(condition) => {
            spin_while(|| condition.holds(&mut |what| Some(look(what))) == Some(false));
            0
        }
    };
    ops.iter().map(step).collect()
}

/// What a search sees.
fn searched(program: &Program, options: Options) -> Seen {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let (seen, threads) = (outcomes.clone(), program.clone());
    let body = move || {
        let machine = Arc::new(Machine {
            words: (0..OBJECTS).map(|_| AtomicUsize::new(0)).collect(),
            locks: (0..OBJECTS).map(|_| RawLock::new()).collect(),
            parkers: (0..OBJECTS).map(|_| Parker::new()).collect(),
        });
        let others: Vec<_> = threads[1..]
            .iter()
            .map(|ops| {
                let (machine, ops) = (machine.clone(), ops.clone());
                spawn(move || run(&machine, &ops))
            })
            .collect();
        let mut logs = vec![run(&machine, &threads[0])];
        logs.extend(others.into_iter().map(|other| other.join().unwrap()));
        seen.lock().unwrap().insert(logs);
    };
    let limits = Limits { executions: options.limits.executions, ..Limits::default() };
    let (found, _) =
        explore_with("generated", &Options { limits, standstills_are_outcomes: true, ..options }, body);
    assert_eq!(found.verdict, Verdict::Complete, "{program:?}: {:?}", found.message);
    let outcomes = outcomes.lock().unwrap().clone();
    (outcomes, found.standstills > 0)
}

// A wait is one step a look, which leaves out every turn that goes on waiting. What it must not leave out is an end: neither one
// that a turn comes to whose looks saw the machine at different times, nor a standstill.
#[test]
fn waits_end_and_do_not_end_as_their_loops_do() {
    let (mut compared, mut ends, mut stands) = (0, 0, 0);
    for seed in 0..20_000 {
        let program = program(seed);
        let Some(all) = interpreted(&program) else { continue };
        assert_eq!(searched(&program, Options::default()), all, "seed {seed}, {program:?}");
        // The threads say nothing of what they remember: all that they have seen tells states apart.
        let states = Options { states: Some(100_000), ..Options::default() };
        assert_eq!(searched(&program, states), all, "no state twice, seed {seed}, {program:?}");
        if seed % 8 == 0 {
            let shared = Options { cores: Cores::new(2), handing: Handing::Always, ..Options::default() };
            assert_eq!(searched(&program, shared), all, "two workers, seed {seed}, {program:?}");
        }
        compared += 1;
        ends += usize::from(!all.0.is_empty());
        stands += usize::from(all.1);
    }
    println!("{compared} programs, {ends} of which can end, and {stands} can stand still");
    assert!(compared > 19_000 && ends > 4000 && stands > 10_000, "{compared} {ends} {stands}");
}
