//! The library of LWPs on real threads: many LWPs that do what comes to mind to one another, from fixed seeds.
//!
//! Every LWP works off its share of the operations, on LWPs drawn from a table of all that were created. A janitor keeps
//! the crowd moving: it continues and unparks everybody again and again, as those do who come to it by chance. At the end
//! everybody was created, ran and was collected or detached once, and nothing is left. Nothing depends on the
//! clock but the watchdog, which is generous and says who waits for what.
#![cfg(not(any(loom, shuttle)))]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lwp_core::lwp::{self, Errno, Error, LwpId, LwpStatus, Outcome, Process, WaitError};

/// How much is done.
#[derive(Clone, Copy)]
struct Size {
    /// LWPs in total.
    lwps: usize,
    /// LWPs at a time.
    at_a_time: usize,
    /// Operations of all together.
    operations: usize,
}

/// A generator of pseudo-random numbers (xorshift64*), seeded by a number.
struct Rng(u64);

impl Rng {
    fn new(seed: usize) -> Rng {
        Rng(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed as u64 + 1))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % bound
    }
}

/// What all LWPs of a run share.
struct World {
    size: Size,
    seed: usize,
    /// Numbers of LWPs, but for the janitor's. Some are gone, and the first is another process'.
    known: Mutex<Vec<LwpId>>,
    /// Numbers of LWPs that were collected.
    collected: Mutex<HashSet<LwpId>>,
    created: AtomicUsize,
    began: AtomicUsize,
    ended: AtomicUsize,
    detached: AtomicUsize,
    operations: AtomicUsize,
    done: AtomicBool,
}

/// Counts an LWP that has ended, however it did.
struct Ends(Arc<World>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl World {
    /// Any LWP that ever was.
    fn any(&self, rng: &mut Rng) -> LwpId {
        let known = self.known.lock().unwrap();
        known[rng.below(known.len())]
    }

    /// One of those that were created last, which are most likely there still.
    fn recent(&self, rng: &mut Rng) -> LwpId {
        let known = self.known.lock().unwrap();
        let last = known.len().min(self.size.at_a_time);
        known[known.len() - 1 - rng.below(last)]
    }

    /// Creates an LWP, unless there were enough of them.
    fn create(self: &Arc<World>, rng: &mut Rng) {
        let limit = self.size.lwps;
        let more = |n| (n < limit).then_some(n + 1);
        let Ok(n) = self.created.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) else { return };
        let mut builder = lwp::builder().name(format!("stress {n}")).stack_size(1 << 17);
        let detached = rng.below(4) == 0;
        if detached {
            builder = builder.detached();
        }
        if rng.below(8) == 0 {
            builder = builder.suspended();
        }
        let world = self.clone();
        match builder.create(move || world.act(n)) {
            Ok(lwp) => {
                self.detached.fetch_add(usize::from(detached), Ordering::Relaxed);
                self.known.lock().unwrap().push(lwp.id());
            }
            Err(error) => {
                assert_eq!(error, Error::Kernel(Errno::Eagain));
                self.created.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn collect(&self, departed: Result<lwp::Departed, Error>, expected: Option<LwpId>) {
        match departed {
            Ok(departed) => {
                assert!(expected.is_none_or(|id| id == departed.id), "the wrong LWP was collected");
                match departed.outcome {
                    // Which LWP it was is what it returns.
                    Outcome::Returned(value) => assert_eq!(*value.downcast::<LwpId>().unwrap(), departed.id),
                    Outcome::Panicked(payload) => {
                        assert_eq!(*payload.downcast::<LwpId>().unwrap(), departed.id)
                    }
                    Outcome::Exited => panic!("LWP {} exited, and nobody asked it to", departed.id),
                }
                assert!(self.collected.lock().unwrap().insert(departed.id), "collected twice");
            }
            Err(Error::Kernel(Errno::Esrch | Errno::Edeadlk | Errno::Eintr)) => {}
            Err(error) => panic!("a wait gave {error}"),
        }
    }

    /// One operation of an LWP that is not the janitor.
    fn step(self: &Arc<World>, rng: &mut Rng) {
        let target = if rng.below(4) == 0 { self.any(rng) } else { self.recent(rng) };
        let about_another = |result: Result<(), Error>| match result {
            Ok(()) | Err(Error::Kernel(Errno::Esrch)) => {}
            Err(Error::Kernel(Errno::Edeadlk | Errno::Enodev | Errno::Ebusy)) => {}
            Err(error) => panic!("{error}"),
        };
        match rng.below(32) {
            0..=3 => about_another(lwp::suspend(target)),
            4..=9 => about_another(lwp::resume(target)),
            10 => self.collect(lwp::wait(target), Some(target)),
            11 => self.collect(lwp::wait_any(), None),
            12 => match lwp::detach(target) {
                Ok(()) => _ = self.detached.fetch_add(1, Ordering::Relaxed),
                Err(Error::Kernel(Errno::Esrch | Errno::Einval)) => {}
                Err(error) => panic!("{error}"),
            },
            13..=14 => self.create(rng),
            15..=16 => _ = lwp::park(),
            17 => _ = lwp::park_timeout(Duration::from_micros(50)),
            18 => _ = lwp::sleep(Duration::from_micros(50)),
            19..=24 => about_another(lwp::unpark(target)),
            25 => about_another(lwp::wakeup(target)),
            26 => lwp::yield_now().unwrap(),
            _ => lwp::checkpoint(),
        }
    }

    /// What an LWP does: its share of the operations.
    fn act(self: Arc<World>, n: usize) -> LwpId {
        let me = lwp::current().unwrap();
        self.began.fetch_add(1, Ordering::Relaxed);
        let _ends = Ends(self.clone());
        let mut rng = Rng::new(self.seed * 1_000_003 + n);
        for _ in 0..self.size.operations / self.size.lwps {
            self.step(&mut rng);
            self.operations.fetch_add(1, Ordering::Relaxed);
        }
        if rng.below(8) == 0 {
            // Without the message that a panic has.
            std::panic::resume_unwind(Box::new(me));
        }
        me
    }

    /// The first LWP: has LWPs created until there were enough of them, and sees to it that everybody goes on.
    fn janitor(self: Arc<World>) {
        let mut rng = Rng::new(self.seed);
        let (mut seen, mut there) = (1, Vec::new());
        while self.ended.load(Ordering::Relaxed) < self.size.lwps {
            self.create(&mut rng);
            let known = self.known.lock().unwrap();
            there.extend_from_slice(&known[seen..]);
            seen = known.len();
            drop(known);
            there.retain(|&id| {
                _ = lwp::resume(id);
                _ = lwp::unpark(id);
                if rng.below(4) == 0 {
                    // Whoever waits for one that waits for another and so on.
                    _ = lwp::wakeup(id);
                }
                let state = lwp::state(id);
                if state == Ok(lwp::State::Zomb) {
                    // So that there is room for others.
                    self.collect(lwp::wait(id), Some(id));
                }
                state.is_ok()
            });
            _ = lwp::sleep(Duration::from_micros(200));
        }
        // Somebody may have asked for a last suspension or wait.
        loop {
            match lwp::wait_any() {
                Err(Error::Kernel(Errno::Esrch)) => break,
                Err(Error::Kernel(Errno::Edeadlk | Errno::Eintr)) => {}
                departed => self.collect(departed, None),
            }
        }
        self.done.store(true, Ordering::Relaxed);
    }

    fn verify(&self) {
        let [created, began, ended, detached, operations] =
            [&self.created, &self.began, &self.ended, &self.detached, &self.operations]
                .map(|n| n.load(Ordering::Relaxed));
        let size = self.size;
        assert_eq!((created, began, ended), (size.lwps, size.lwps, size.lwps));
        assert_eq!(operations, size.operations / size.lwps * size.lwps);
        let collected = self.collected.lock().unwrap().len();
        assert_eq!(collected + detached, created, "{collected} were collected and {detached} detached");
        assert!(detached > 0 && collected > 0, "nothing was tried");
    }
}

fn table(all: &[LwpStatus]) -> String {
    all.iter().map(|lwp| format!("\n  {lwp}")).collect()
}

/// Runs a process to its end. Where that takes for ever, says who waits for what.
fn watched(process: Process<()>) -> Result<(), WaitError> {
    /// Far longer than any run takes.
    const LIMIT: Duration = Duration::from_secs(240);
    let (send, receive) = mpsc::channel::<()>();
    std::thread::scope(|s| {
        let process = &process;
        s.spawn(move || {
            if receive.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("the process does not end:{}", table(&process.status()));
                std::process::abort();
            }
        });
        while !process.status().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(send);
    });
    process.wait()
}

/// Starts a process that does what comes to mind.
fn start(cpus: Option<usize>, seed: usize, size: Size) -> (Process<()>, Arc<World>) {
    let elsewhere = Process::start(|| lwp::current().unwrap()).unwrap().wait().unwrap();
    let world = Arc::new(World {
        size,
        seed,
        known: Mutex::new(vec![elsewhere]),
        collected: Mutex::default(),
        created: AtomicUsize::new(0),
        began: AtomicUsize::new(0),
        ended: AtomicUsize::new(0),
        detached: AtomicUsize::new(0),
        operations: AtomicUsize::new(0),
        done: AtomicBool::new(false),
    });
    let builder = Process::builder().maxlwp(size.at_a_time);
    let builder = match cpus {
        Some(cpus) => builder.cpus(cpus),
        None => builder,
    };
    let its = world.clone();
    (builder.start(move || its.janitor()).unwrap(), world)
}

fn stress(cpus: Option<usize>, seed: usize, size: Size) {
    let (process, world) = start(cpus, seed, size);
    if let Err(error) = watched(process) {
        panic!("the janitor: {error}");
    }
    assert!(world.done.load(Ordering::Relaxed));
    world.verify();
    // Each LWP had one, and each closure, record and thread is gone with it.
    assert_eq!(Arc::strong_count(&world), 1, "something is left of an LWP");
}

/// The process is told to exit in the middle of it all, whoever is suspended, asleep or about to be created.
fn stress_exit(cpus: Option<usize>, seed: usize, size: Size) {
    let (process, world) = start(cpus, seed, size);
    while world.operations.load(Ordering::Relaxed) < seed * size.operations / 100 {
        std::thread::yield_now();
    }
    process.exit();
    match watched(process) {
        // Somebody may have collected the janitor before it came to its own end.
        Err(WaitError::Exited | WaitError::Failed(Error::Kernel(Errno::Esrch))) => {}
        ended => panic!("the janitor ended with {ended:?}"),
    }
    assert_eq!(world.began.load(Ordering::Relaxed), world.ended.load(Ordering::Relaxed));
    assert_eq!(Arc::strong_count(&world), 1, "something is left of an LWP");
}

#[cfg(debug_assertions)]
const SIZE: Size = Size { lwps: 100, at_a_time: 24, operations: 4_000 };
#[cfg(not(debug_assertions))]
const SIZE: Size = Size { lwps: 1_000, at_a_time: 64, operations: 200_000 };

const SEEDS: [usize; 3] = [1, 2, 3];

#[test]
fn on_one_cpu() {
    SEEDS.into_iter().for_each(|seed| stress(Some(1), seed, SIZE));
}

#[test]
fn on_two_cpus() {
    SEEDS.into_iter().for_each(|seed| stress(Some(2), seed, SIZE));
}

#[test]
fn on_eight_cpus() {
    SEEDS.into_iter().for_each(|seed| stress(Some(8), seed, SIZE));
}

#[test]
fn on_a_cpu_for_each() {
    SEEDS.into_iter().for_each(|seed| stress(None, seed, SIZE));
}

#[test]
fn an_exit_in_the_middle() {
    for cpus in [Some(1), Some(2), None] {
        (1..=30).for_each(|seed| stress_exit(cpus, seed, SIZE));
    }
}
