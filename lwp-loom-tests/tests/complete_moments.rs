//! Claims along the way are judged at the moments of all schedules, not only of those that the search runs.
#![cfg(shuttle)]

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use lwp_core::netbsd::State;
use lwp_core::observe::Event;
use lwp_core::site::Site;
use lwp_core::sync::{self, AtomicUsize, RawLock};
use lwp_core::watch::{self, Watch};
use lwp_loom_tests::engine::complete::{Options, explore_plainly, explore_with};
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::numbers::Numbers;

/// What a thread of a generated program does.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Something that is watched changes, under no lock.
    Change,
    /// The same under a lock.
    ChangeLocked(usize),
    /// The same, if a word holds this.
    ChangeIf(usize, usize),
    /// Something that no claim is about.
    Store(usize),
}

const STATES: [State; 3] = [State::OnProc, State::Run, State::Sleep];

/// What has changed: the state of each thread's LWP.
type Moment = Vec<usize>;

/// What is claimed of: that each of these LWPs is in this state.
type Claim = Vec<(usize, usize)>;

struct Eye {
    now: Mutex<Moment>,
    claim: Claim,
    /// Whether the claim was seen to hold, and not to.
    seen: Arc<Mutex<BTreeSet<bool>>>,
    /// A mistake: the order of changes is not asked for.
    is_blind: bool,
}

impl Eye {
    fn after(&self, change: &Event) -> Moment {
        let mut now = self.now.lock().unwrap().clone();
        if let Event::State { lid, to, .. } = change {
            now[*lid] = STATES.iter().position(|state| state == to).unwrap();
        }
        now
    }

    fn atoms(&self, moment: &Moment) -> Vec<bool> {
        self.claim.iter().map(|&(thread, state)| moment[thread] == state).collect()
    }
}

impl Watch for Eye {
    fn orders(&self, change: &Event) -> bool {
        let before = self.now.lock().unwrap().clone();
        !self.is_blind && self.atoms(&before) != self.atoms(&self.after(change))
    }

    fn sees(&self, change: &Event) {
        let after = self.after(change);
        self.seen.lock().unwrap().insert(self.atoms(&after).iter().all(|holds| *holds));
        *self.now.lock().unwrap() = after;
    }
}

struct Objects {
    words: [AtomicUsize; 2],
    locks: [RawLock; 2],
}

fn run(ops: &[Op], thread: usize, objects: &Objects) {
    let mut state = 0;
    let mut change = || {
        let (from, to) = (STATES[state], STATES[(state + 1) % STATES.len()]);
        state = (state + 1) % STATES.len();
        watch::about_to(|| Event::State { lid: thread, from, to });
    };
    for op in ops {
        match *op {
            Op::Change => change(),
            Op::ChangeLocked(lock) => {
                objects.locks[lock].lock().unwrap();
                change();
                objects.locks[lock].unlock().unwrap();
            }
            Op::ChangeIf(word, value) => {
                if objects.words[word].load(Site::LwpLockRelook) == value {
                    change();
                }
            }
            Op::Store(word) => objects.words[word].store(1, Site::LwpSetlockPublish),
        }
    }
}

/// The program and the claim that a seed stands for.
fn generated(seed: u64) -> (Vec<Vec<Op>>, Claim) {
    let mut numbers = Numbers::new(seed << 32);
    let threads = 2 + numbers.below(2);
    let most = if threads == 2 { 4 } else { 2 };
    let op = |numbers: &mut Numbers| match numbers.below(5) {
        0 => Op::Change,
        1 | 2 => Op::ChangeLocked(numbers.below(2)),
        3 => Op::ChangeIf(numbers.below(2), numbers.below(2)),
        _ => Op::Store(numbers.below(2)),
    };
    let program: Vec<Vec<Op>> =
        (0..threads).map(|_| (0..1 + numbers.below(most)).map(|_| op(&mut numbers)).collect()).collect();
    let claim = (0..2).map(|thread| (thread, numbers.below(STATES.len()))).collect();
    (program, claim)
}

/// How to run it.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Plainly,
    Reduced,
    /// Reduced, with the mistake.
    Blindly,
}

/// Whether the claim was seen to hold, and not to hold; `None` where there are too many schedules.
fn seen(seed: u64, how: How) -> Option<BTreeSet<bool>> {
    let (program, claim) = generated(seed);
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let body = {
        let seen = seen.clone();
        move || {
            let objects = Arc::new(Objects {
                words: [AtomicUsize::new(0), AtomicUsize::new(0)],
                locks: [RawLock::new(), RawLock::new()],
            });
            let eye = Eye {
                now: Mutex::new(vec![0; program.len()]),
                claim: claim.clone(),
                seen: seen.clone(),
                is_blind: how == How::Blindly,
            };
            let at_first = eye.atoms(&vec![0; program.len()]);
            seen.lock().unwrap().insert(at_first.iter().all(|holds| *holds));
            let _watched = watch::watch(Rc::new(eye));
            let others: Vec<_> = (1..program.len())
                .map(|n| {
                    let (objects, ops) = (objects.clone(), program[n].clone());
                    sync::spawn(move || run(&ops, n, &objects))
                })
                .collect();
            run(&program[0], 0, &objects);
            others.into_iter().for_each(|other| other.join().unwrap());
        }
    };
    let limits = Limits { executions: Some(10_000), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let found = match how {
        How::Plainly => explore_plainly("generated", &options, body).0,
        How::Reduced | How::Blindly => explore_with("generated", &options, body).0,
    };
    assert_ne!(found.verdict, Verdict::Failed, "{found:?}");
    let seen = seen.lock().unwrap().clone();
    (found.verdict == Verdict::Complete).then_some(seen)
}

/// Programs, of those that these seeds stand for, whose claim is judged otherwise than over all schedules, and how many
/// were small enough to know.
fn misjudged(seeds: std::ops::Range<u64>, how: How) -> (Vec<u64>, usize) {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for seed in seeds {
        let (Some(all), Some(reduced)) = (seen(seed, How::Plainly), seen(seed, how)) else { continue };
        compared += 1;
        if all != reduced {
            wrong.push(seed);
        }
    }
    (wrong, compared)
}

// A reduction keeps one order of independent steps. A claim about two things can be true in another alone.
#[test]
fn a_claim_about_two_lwps_is_seen_to_hold_and_not_to_as_in_all_schedules() {
    let (wrong, compared) = misjudged(0..250, How::Reduced);
    assert!(compared > 150, "{compared}");
    assert_eq!(wrong, [0; 0]);
}

// The comparison must be able to fail: changes that do not depend on each other are seen in one order only.
#[test]
fn changes_whose_order_is_not_asked_for_are_noticed() {
    let (wrong, compared) = misjudged(0..250, How::Blindly);
    assert!(wrong.len() > 10, "{} of {compared}", wrong.len());
}
