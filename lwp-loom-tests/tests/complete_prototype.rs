//! The prototype's model of NetBSD 1.69.2.6, on the facade: a program of the size that the engine is made for, with
//! known numbers of executions.
//!
//! A process of a few LWPs, each on a CPU of its own: a sleep queue, a run queue and an LWP lock for each CPU, lock
//! pointers that move among them, the process lock and its counters; suspend, continue, wait, exit and the return to
//! user mode. Much simplified, and not the library's protocol: that is in `lwp-core`.
#![cfg(shuttle)]

use std::sync::Arc;

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, Cell, Parker, RawLock, spawn};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::complete::{Options, explore_with, replay};
use lwp_loom_tests::job::Verdict;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
enum State {
    Run,
    OnProc,
    Sleep,
    Suspended,
    Zombie,
}

const STATES: [State; 5] = [State::Run, State::OnProc, State::Sleep, State::Suspended, State::Zombie];

/// `l_flag`: the LWP is to suspend itself, the LWP's sleep can be interrupted.
const WSUSPEND: usize = 1;
const SINTR: usize = 2;

const ESRCH: i32 = 3 + 1;
const EDEADLK: i32 = 11;

struct Lwp {
    l_mutex: AtomicUsize,
    l_flag: AtomicUsize,
    l_stat: AtomicUsize,
    on_sleep_queue: Cell<bool>,
    dispatched: Parker,
}

/// What the process lock protects.
#[derive(Default)]
struct Counters {
    nlwps: i32,
    nrlwps: i32,
    nzlwps: i32,
    nlwpwait: i32,
    sleep_queue: Vec<usize>,
}

struct System {
    /// The sleep queue's lock, then each CPU's LWP lock, then each CPU's run queue lock.
    locks: Vec<RawLock>,
    lwps: Vec<Lwp>,
    p_smutex: RawLock,
    counters: Cell<Counters>,
    /// Whether the return to user mode looks at the flag again under the process lock.
    repaired: bool,
}

// SAFETY: the cells are accessed under locks, which the engine checks.
unsafe impl Sync for System {}
// SAFETY: as above.
unsafe impl Send for System {}

const SLEEP_QUEUE: usize = 0;

impl System {
    fn new(lwps: usize, repaired: bool) -> System {
        let lwp = |n| Lwp {
            l_mutex: AtomicUsize::new(1 + n),
            l_flag: AtomicUsize::new(0),
            l_stat: AtomicUsize::new(State::OnProc as usize),
            on_sleep_queue: Cell::new(false),
            dispatched: Parker::new(),
        };
        let running = lwps as i32;
        System {
            locks: (0..2 * lwps + 1).map(|_| RawLock::new()).collect(),
            lwps: (0..lwps).map(lwp).collect(),
            p_smutex: RawLock::new(),
            counters: Cell::new(Counters { nlwps: running, nrlwps: running, ..Counters::default() }),
            repaired,
        }
    }

    fn lwp_lock_of_cpu(&self, lwp: usize) -> usize {
        1 + lwp
    }

    fn run_queue_of_cpu(&self, lwp: usize) -> usize {
        1 + self.lwps.len() + lwp
    }

    fn enter(&self, lock: usize) {
        self.locks[lock].lock().unwrap();
    }

    fn exit_lock(&self, lock: usize) {
        self.locks[lock].unlock().unwrap();
    }

    fn counters<R>(&self, f: impl FnOnce(&mut Counters) -> R) -> R {
        // SAFETY: the process lock is held, which the engine checks.
        self.counters.with_mut(|c| f(unsafe { &mut *c }))
    }

    fn lwp_lock(&self, lwp: usize) {
        loop {
            let lock = self.lwps[lwp].l_mutex.load(Site::LwpLockLook);
            self.enter(lock);
            if self.lwps[lwp].l_mutex.load(Site::LwpLockRelook) == lock {
                return;
            }
            self.exit_lock(lock);
        }
    }

    fn lwp_unlock(&self, lwp: usize) {
        self.exit_lock(self.lwps[lwp].l_mutex.load_held());
    }

    fn publish(&self, lwp: usize, lock: usize) {
        self.lwps[lwp].l_mutex.store(lock, Site::LwpSetlockPublish);
    }

    fn lwp_unlock_to(&self, lwp: usize, lock: usize) {
        let old = self.lwps[lwp].l_mutex.load_held();
        self.publish(lwp, lock);
        self.exit_lock(old);
    }

    fn state(&self, lwp: usize) -> State {
        STATES[self.lwps[lwp].l_stat.load_held()]
    }

    fn set_state(&self, lwp: usize, state: State) {
        self.lwps[lwp].l_stat.store(state as usize, Site::LwpSetlockPublish);
    }

    fn flag(&self, lwp: usize) -> usize {
        self.lwps[lwp].l_flag.load_held()
    }

    fn set_flag(&self, lwp: usize, flag: usize) {
        self.lwps[lwp].l_flag.store(flag, Site::LwpSetlockPublish);
    }

    fn on_sleep_queue(&self, lwp: usize) -> &Cell<bool> {
        &self.lwps[lwp].on_sleep_queue
    }

    /// An LWP on the run queue of an idle CPU, whose lock is held and is the LWP's: the CPU takes it.
    fn dispatch(&self, lwp: usize) {
        self.set_state(lwp, State::OnProc);
        self.publish(lwp, self.lwp_lock_of_cpu(lwp));
        self.lwps[lwp].dispatched.unpark();
        self.exit_lock(self.run_queue_of_cpu(lwp));
    }

    /// Entry: the sleep queue's lock held.
    fn sleepq_remove(&self, lwp: usize) {
        self.counters(|c| c.sleep_queue.retain(|&l| l != lwp));
        // SAFETY: the sleep queue's lock covers the LWP.
        self.on_sleep_queue(lwp).with_mut(|on| unsafe { *on = false });
        self.set_flag(lwp, self.flag(lwp) & !SINTR);
        if self.state(lwp) != State::Sleep {
            self.publish(lwp, self.lwp_lock_of_cpu(lwp));
            return;
        }
        self.enter(self.run_queue_of_cpu(lwp));
        self.publish(lwp, self.run_queue_of_cpu(lwp));
        self.set_state(lwp, State::Run);
        self.dispatch(lwp);
    }

    /// Entry: the process's and the LWP's lock held. Exit: the LWP's released.
    fn setrunnable(&self, lwp: usize) {
        if self.state(lwp) == State::Suspended {
            self.set_flag(lwp, self.flag(lwp) & !WSUSPEND);
            self.counters(|c| c.nrlwps += 1);
        }
        // SAFETY: the LWP's lock is held.
        if self.on_sleep_queue(lwp).with(|on| unsafe { *on }) {
            self.set_state(lwp, State::Sleep);
            self.sleepq_remove(lwp);
            self.exit_lock(SLEEP_QUEUE);
            return;
        }
        let old = self.lwps[lwp].l_mutex.load_held();
        self.enter(self.run_queue_of_cpu(lwp));
        self.set_state(lwp, State::Run);
        self.publish(lwp, self.run_queue_of_cpu(lwp));
        self.exit_lock(old);
        self.dispatch(lwp);
    }

    fn mi_switch(&self, me: usize) {
        self.lwp_unlock(me);
        self.lwps[me].dispatched.park();
    }

    fn cv_wait_sig(&self, me: usize) {
        self.enter(SLEEP_QUEUE);
        self.lwp_lock(me);
        self.lwp_unlock_to(me, SLEEP_QUEUE);
        // SAFETY: the sleep queue's lock covers the LWP.
        self.on_sleep_queue(me).with_mut(|on| unsafe { *on = true });
        self.set_state(me, State::Sleep);
        self.set_flag(me, self.flag(me) | SINTR);
        self.counters(|c| c.sleep_queue.push(me));
        self.p_smutex.unlock().unwrap();
        self.mi_switch(me);
        self.p_smutex.lock().unwrap();
    }

    fn cv_broadcast(&self) {
        self.enter(SLEEP_QUEUE);
        while let Some(lwp) = self.counters(|c| c.sleep_queue.first().copied()) {
            self.sleepq_remove(lwp);
        }
        self.exit_lock(SLEEP_QUEUE);
    }

    fn suspend(&self, lwp: usize) -> i32 {
        self.p_smutex.lock().unwrap();
        self.lwp_lock(lwp);
        let error = match self.state(lwp) {
            State::Run | State::OnProc => {
                self.set_flag(lwp, self.flag(lwp) | WSUSPEND);
                self.lwp_unlock(lwp);
                0
            }
            State::Sleep => {
                self.set_flag(lwp, self.flag(lwp) | WSUSPEND);
                if self.flag(lwp) & SINTR != 0 {
                    self.setrunnable(lwp)
                } else {
                    self.lwp_unlock(lwp)
                }
                0
            }
            State::Suspended => {
                self.lwp_unlock(lwp);
                0
            }
            State::Zombie => {
                self.lwp_unlock(lwp);
                ESRCH
            }
        };
        self.p_smutex.unlock().unwrap();
        error
    }

    fn cont(&self, lwp: usize) {
        self.p_smutex.lock().unwrap();
        self.lwp_lock(lwp);
        self.set_flag(lwp, self.flag(lwp) & !WSUSPEND);
        if self.state(lwp) == State::Suspended {
            self.setrunnable(lwp)
        } else {
            self.lwp_unlock(lwp)
        }
        self.p_smutex.unlock().unwrap();
    }

    fn userret(&self, me: usize) {
        while self.lwps[me].l_flag.load(Site::LwpLockRelook) & WSUSPEND != 0 {
            self.p_smutex.lock().unwrap();
            if self.repaired && self.flag(me) & WSUSPEND == 0 {
                self.p_smutex.unlock().unwrap();
                continue;
            }
            self.counters(|c| c.nrlwps -= 1);
            self.cv_broadcast();
            self.lwp_lock(me);
            self.set_state(me, State::Suspended);
            self.p_smutex.unlock().unwrap();
            self.mi_switch(me);
        }
    }

    fn exit(&self, me: usize) {
        self.p_smutex.lock().unwrap();
        self.counters(|c| c.nzlwps += 1);
        self.p_smutex.unlock().unwrap();
        self.p_smutex.lock().unwrap();
        self.lwp_lock(me);
        self.set_state(me, State::Zombie);
        self.lwp_unlock(me);
        self.counters(|c| c.nrlwps -= 1);
        self.cv_broadcast();
        self.p_smutex.unlock().unwrap();
    }

    fn wait(&self, me: usize, lwp: usize) -> i32 {
        self.p_smutex.lock().unwrap();
        self.counters(|c| c.nlwpwait += 1);
        let error = loop {
            if STATES[self.lwps[lwp].l_stat.load(Site::LwpLockRelook)] == State::Zombie {
                self.counters(|c| {
                    c.nlwps -= 1;
                    c.nzlwps -= 1;
                });
                break 0;
            }
            if self.counters(|c| c.nrlwps + c.nzlwps <= c.nlwpwait) {
                break EDEADLK;
            }
            self.cv_wait_sig(me);
        };
        self.counters(|c| c.nlwpwait -= 1);
        self.cv_broadcast();
        self.p_smutex.unlock().unwrap();
        error
    }
}

type Part = fn(&System, usize);

fn body(parts: &'static [Part], repaired: bool) -> impl Fn() + Send + Sync + 'static {
    move || {
        let system = Arc::new(System::new(parts.len(), repaired));
        let part = |me: usize| {
            let system = system.clone();
            spawn(move || parts[me](&system, me))
        };
        let others: Vec<_> = (1..parts.len()).map(part).collect();
        parts[0](&system, 0);
        others.into_iter().for_each(|other| other.join().unwrap());
    }
}

/// Every execution, and that none was seen twice.
#[track_caller]
fn all(name: &str, parts: &'static [Part]) -> u64 {
    let options = Options { traces: true, ..Options::default() };
    let (found, traces) = explore_with(name, &options, body(parts, true));
    let Exploration { verdict, message, executions, blocked, distinct, steps, seconds, .. } = found;
    println!(
        "{name}: {executions} executions, {blocked} blocked, {} steps each, {seconds:.3} s",
        steps / executions
    );
    assert_eq!(verdict, Verdict::Complete, "{message:?}");
    assert_eq!((executions - blocked, traces.repeated), (distinct, 0));
    distinct
}

#[test]
fn as_written_the_continue_is_lost() {
    let parts: &'static [Part] = &[
        |s, me| {
            s.suspend(1);
            s.cont(1);
            assert_eq!(s.wait(me, 1), 0);
        },
        |s, me| {
            s.userret(me);
            s.exit(me);
        },
    ];
    let options = Options::default();
    let (found, _) = explore_with("lost", &options, body(parts, false));
    println!("{:?} after {} executions", found.message, found.executions);
    assert_eq!(found.verdict, Verdict::Failed);
    let again =
        replay("lost", &Options::default(), found.schedule.as_deref().unwrap(), body(parts, false)).unwrap();
    assert_eq!((again.message, again.executions), (found.message, 1));
}

#[test]
fn the_numbers_of_executions_are_the_prototypes() {
    let wait_for_1 = all(
        "suspend 1; continue 1; wait 1 | userret; exit",
        &[
            |s, me| {
                s.suspend(1);
                s.cont(1);
                assert_eq!(s.wait(me, 1), 0);
            },
            |s, me| {
                s.userret(me);
                s.exit(me);
            },
        ],
    );
    let wait = all("wait 1 | exit", &[|s, me| assert_eq!(s.wait(me, 1), 0), |s, me| s.exit(me)]);
    let suspend = all("suspend 1 | exit", &[|s, _| _ = s.suspend(1), |s, me| s.exit(me)]);
    let third = all(
        "suspend 1; continue 1; wait 1 | userret; exit | continue 1",
        &[
            |s, me| {
                s.suspend(1);
                s.cont(1);
                assert_eq!(s.wait(me, 1), 0);
            },
            |s, me| {
                s.userret(me);
                s.exit(me);
            },
            |s, _| s.cont(1),
        ],
    );
    let third_exits = all(
        "suspend 1; continue 1; wait 1; wait 2 | userret; exit | continue 1; exit",
        &[
            |s, me| {
                s.suspend(1);
                s.cont(1);
                assert_eq!(s.wait(me, 1), 0);
                assert_eq!(s.wait(me, 2), 0);
            },
            |s, me| {
                s.userret(me);
                s.exit(me);
            },
            |s, me| {
                s.cont(1);
                s.exit(me);
            },
        ],
    );
    let waiter = all(
        "wait 1; userret | suspend 0; continue 0; exit",
        &[
            |s, me| {
                assert_eq!(s.wait(me, 1), 0);
                s.userret(me);
            },
            |s, me| {
                s.suspend(0);
                s.cont(0);
                s.exit(me);
            },
        ],
    );
    let waiter_of_three = all(
        "wait 1; userret | exit | suspend 0; continue 0",
        &[
            |s, me| {
                assert_eq!(s.wait(me, 1), 0);
                s.userret(me);
            },
            |s, me| s.exit(me),
            |s, _| {
                s.suspend(0);
                s.cont(0);
            },
        ],
    );
    let chain = all(
        "wait 1 | wait 2; exit | exit",
        &[
            |s, me| assert_eq!(s.wait(me, 1), 0),
            |s, me| {
                assert_eq!(s.wait(me, 2), 0);
                s.exit(me);
            },
            |s, me| s.exit(me),
        ],
    );
    let four = all(
        "wait 1; userret | exit | suspend 0; continue 0 | exit",
        &[
            |s, me| {
                assert_eq!(s.wait(me, 1), 0);
                s.userret(me);
            },
            |s, me| s.exit(me),
            |s, _| {
                s.suspend(0);
                s.cont(0);
            },
            |s, me| s.exit(me),
        ],
    );
    assert_eq!(
        [wait_for_1, wait, suspend, third, third_exits, waiter, waiter_of_three, chain, four],
        // The prototype's executions, without those that it gave up.
        [20, 3, 3, 181 - 2, 3909 - 19, 8, 97, 66, 3959 - 224]
    );
}
