//! The lock layer on real threads: many movers and lockers at once, over every kind of movement.
//!
//! No test here depends on the clock. Threads do a fixed number of steps, each drawn from a generator with a fixed
//! seed, and now and then give their processor away inside a critical section, so that somebody meets them there
//! however few cores there are. Nothing panics while it holds a lock: what is wrong is noted and told at the end.
#![cfg(not(any(loom, shuttle)))]

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use lwp_core::illumos::Thread;
use lwp_core::locks::{LockId, Locks};
use lwp_core::mutex::{Class, Mutex, MutexGuard};
use lwp_core::netbsd::{Kernel, Lwp, LwpGuard, Uniprocessor};

/// Steps of each thread.
const STEPS: u32 = 100_000;

/// What the lock protects: plain memory, every word of which is the number of works so far.
#[derive(Clone, Debug, Default)]
struct Payload([u64; 4]);

/// What is known of the critical sections from outside the lock.
#[derive(Default)]
struct Witness {
    occupied: AtomicBool,
    works: AtomicU64,
    wrong: StdMutex<Option<String>>,
}

impl Witness {
    /// One work on a payload that the caller should have to itself.
    fn work(&self, payload: &mut Payload, rng: &mut Rng) {
        // ORDERING: relaxed everywhere, so that the witness does not itself order what the lock should.
        if self.occupied.swap(true, Ordering::Relaxed) {
            self.note("two threads work at the same time".into());
        }
        let before = payload.0;
        if before.iter().any(|word| *word != before[0]) {
            self.note(format!("a work was seen in its middle: {before:?}"));
        }
        for word in &mut payload.0 {
            *word = before[0] + 1;
            if rng.below(256) == 0 {
                thread::yield_now();
            }
        }
        self.works.fetch_add(1, Ordering::Relaxed);
        self.occupied.store(false, Ordering::Relaxed);
    }

    fn note(&self, what: String) {
        self.wrong.lock().unwrap().get_or_insert(what);
    }

    /// That nothing went wrong and nothing was lost.
    #[track_caller]
    fn verify(self, payload: &Payload) {
        assert_eq!(self.wrong.into_inner().unwrap(), None);
        let works = self.works.into_inner();
        assert!(works > 0, "nobody did anything");
        assert_eq!(payload.0, [works; 4], "works were lost");
    }
}

/// A generator of pseudo-random numbers (xorshift64*), seeded by a thread's number.
struct Rng(u64);

impl Rng {
    fn of_thread(n: usize) -> Rng {
        Rng(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(n as u64 + 1))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % bound
    }
}

/// Starts `movers` and `lockers`, and waits until each has done its steps.
fn run(movers: usize, lockers: usize, mv: impl Fn(&mut Rng) + Sync, lock: impl Fn(&mut Rng) + Sync) {
    type Act<'a> = &'a (dyn Fn(&mut Rng) + Sync);
    let (mv, lock): (Act<'_>, Act<'_>) = (&mv, &lock);
    thread::scope(|s| {
        for n in 0..movers + lockers {
            s.spawn(move || {
                let (mut rng, step) = (Rng::of_thread(n), if n < movers { mv } else { lock });
                for _ in 0..STEPS {
                    step(&mut rng);
                }
            });
        }
    });
}

/// Takes `new` beside a held lock: waiting for it upwards, only trying it downwards, so that nobody deadlocks.
/// `None` where it is the held one, or busy.
fn beside<'a>(held: LockId, new: &'a Mutex) -> Option<MutexGuard<'a>> {
    if new.id() > held { Some(new.mutex_spin_enter()) } else { new.mutex_tryenter() }
}

/// One step of a locker: by lock or, as often, by trylock.
fn lock_or_try<K: Kernel>(lwp: &Lwp<Payload, K>, witness: &Witness, rng: &mut Rng) {
    if rng.below(2) == 0 {
        witness.work(&mut lwp.lwp_lock(), rng);
    } else if let Some(mut l) = lwp.lwp_trylock() {
        witness.work(&mut l, rng);
    }
}

/// One step of a mover that holds no second lock beforehand, as every kernel has it. Only where `new` comes after
/// the LWP's lock may the mover wait for it with that lock held.
fn move_lent<K: Kernel>(
    mut l: LwpGuard<'_, Payload, K>,
    new: LockId,
    ascending: bool,
    witness: &Witness,
    rng: &mut Rng,
) {
    witness.work(&mut l, rng);
    match rng.below(3) {
        0 if ascending => witness.work(&mut l.lwp_relock(new), rng),
        0 | 1 => l.lwp_unlock_to(new),
        _ => drop(l.lwp_setlock(new)),
    }
}

/// NetBSD's multiprocessor protocol: `movers` and `lockers` on one LWP, over three locks.
fn netbsd_multiprocessor(movers: usize, lockers: usize) {
    let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue, Class::SpcMutex]);
    let mut lwp = Lwp::<_>::new(locks.clone(), locks.id(0), Payload::default());
    let witness = Witness::default();

    let mover = |rng: &mut Rng| {
        let new = locks.id(rng.below(locks.count()));
        if rng.below(8) == 0 {
            // By way of the lock that it may be on, as a wake-up does.
            if let Ok(mut l) = lwp.covered_by(locks.get(new).mutex_spin_enter()) {
                witness.work(&mut l, rng);
            }
            return;
        }
        let mut l = lwp.lwp_lock();
        let old = l.covering();
        if rng.below(2) == 0 {
            return move_lent(l, new, new > old, &witness, rng);
        }
        witness.work(&mut l, rng);
        let Some(held) = beside(old, locks.get(new)) else { return };
        if rng.below(2) == 0 {
            let mut l = l.lwp_unlock_to_held(held);
            witness.work(&mut l, rng);
        } else {
            let (mut l, old) = l.lwp_setlock_held(held);
            witness.work(&mut l, rng);
            drop(old);
            witness.work(&mut l, rng);
        }
    };
    run(movers, lockers, mover, |rng| lock_or_try(&lwp, &witness, rng));
    witness.verify(lwp.get_mut());
}

/// Whoever gets an LWP's lock while it moves must have the LWP to himself: a locker that trusts the lock it first
/// read works beside the next one, and a lender that is too early shows half of its work.
#[test]
fn netbsd_movers_and_lockers_exclude_each_other() {
    netbsd_multiprocessor(2, 2);
}

/// With more threads than cores, holders lose their processor inside critical sections and waiters must let them
/// have it back; a mover meets other movers half way through.
#[test]
fn netbsd_with_more_threads_than_cores_loses_no_work() {
    let cores = thread::available_parallelism().map_or(2, |n| n.get());
    netbsd_multiprocessor(2 * cores, 2 * cores);
}

/// On a uniprocessor nothing moves, whatever a mover asks for: a call that released the one lock early, or forgot
/// to, shows here.
#[test]
fn uniprocessor_movers_and_lockers_exclude_each_other() {
    let locks = Locks::new(&[Class::SchedMutex, Class::SleepQueue, Class::TurnstileChain]);
    let mut lwp = Lwp::<_, Uniprocessor>::new(locks.clone(), locks.id(0), Payload::default());
    let witness = Witness::default();
    let mover = |rng: &mut Rng| {
        let new = locks.id(rng.below(locks.count()));
        move_lent(lwp.lwp_lock(), new, true, &witness, rng);
    };
    run(2, 2, mover, |rng| lock_or_try(&lwp, &witness, rng));
    witness.verify(lwp.get_mut());
}

/// A thread in transit is under no lock that anybody could take, and a stopped one is under a lock that the stopper
/// never held: lockers have nothing but the pointer to go by.
#[test]
fn illumos_movers_and_lockers_exclude_each_other() {
    illumos(2, 2);
}

/// Lockers that spin while a thread is in transit must not keep its owner from landing it.
#[test]
fn illumos_with_more_threads_than_cores_loses_no_work() {
    let cores = thread::available_parallelism().map_or(2, |n| n.get());
    illumos(2 * cores, 2 * cores);
}

fn illumos(movers: usize, lockers: usize) {
    let locks = Locks::new(&[
        Class::CpuThreadLock,
        Class::DispatchQueue,
        Class::IllumosSleepQueue,
        Class::StopLock,
        Class::TransitionLock,
    ]);
    let mut thread = Thread::new(locks.clone(), locks.id(0), Payload::default());
    let witness = Witness::default();

    let mover = |rng: &mut Rng| {
        // Any lock but the last, which nobody can take.
        let new = locks.get(locks.id(rng.below(locks.count() - 1)));
        let mut t = thread.thread_lock();
        witness.work(&mut t, rng);
        match rng.below(3) {
            0 => {
                let Some(new) = beside(t.covering(), new) else { return };
                let (mut t, old) = t.thread_set_state(new);
                witness.work(&mut t, rng);
                drop(old);
                witness.work(&mut t, rng);
            }
            1 => {
                let mut transit = t.thread_transition();
                witness.work(&mut transit, rng);
                let mut t = transit.thread_set_state(new.mutex_spin_enter());
                witness.work(&mut t, rng);
            }
            _ => t.thread_stop(),
        }
    };
    run(movers, lockers, mover, |rng| witness.work(&mut thread.thread_lock(), rng));
    witness.verify(thread.get_mut());
}

/// A witness that cannot see two threads at work proves nothing.
#[test]
#[should_panic(expected = "two threads work at the same time")]
fn an_intruder_is_noticed() {
    let (witness, mut payload) = (Witness::default(), Payload::default());
    witness.occupied.store(true, Ordering::Relaxed);
    witness.work(&mut payload, &mut Rng::of_thread(0));
    witness.verify(&payload);
}

/// As above, for a payload that was written half.
#[test]
#[should_panic(expected = "a work was seen in its middle: [1, 1, 0, 0]")]
fn half_a_work_is_noticed() {
    let (witness, mut payload) = (Witness::default(), Payload([1, 1, 0, 0]));
    witness.work(&mut payload, &mut Rng::of_thread(0));
    witness.verify(&payload);
}

/// As above, for a work that a later one overwrote.
#[test]
#[should_panic(expected = "works were lost")]
fn a_lost_work_is_noticed() {
    let (witness, mut payload) = (Witness::default(), Payload::default());
    let stale = payload.clone();
    witness.work(&mut payload, &mut Rng::of_thread(0));
    witness.verify(&stale);
}
