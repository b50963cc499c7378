//! Each object of the facade is one thing, whatever is below: the same bodies, with the same outcomes, on real threads, under
//! loom and under the complete search. `cargo ci races` runs them under ThreadSanitizer.

mod facade_support;

use std::sync::Arc;

use facade_support::{Body, Unprotected, is_as_expected, side_by_side};
use lwp_core::locks::Locks;
use lwp_core::mutex::Class;
use lwp_core::site::Site;
use lwp_core::sync::{
    Accesses, AtomicUsize, Cell, Parker, RawLock, SpinLock, TokenParker, current, spawn, spin_while, turns,
};

/// A relaxed look and store, and a releasing and acquiring one.
const LOOK: Site = Site::LwpLockLook;
const STORE: Site = Site::LStatStore;
const ACQUIRE: Site = Site::LwpLockRelook;
const RELEASE: Site = Site::LwpUnlockToPublish;

const BODIES: &[Body] = &[
    Body {
        name: "word: exchanges",
        threads: 2,
        tries: false,
        run: exchanges,
        outcomes: &["1", "2"],
        weak: &[],
    },
    Body {
        name: "word: message passing",
        threads: 2,
        tries: false,
        run: message_passing,
        outcomes: &["nothing", "42"],
        weak: &[],
    },
    Body {
        name: "word: store buffering",
        threads: 2,
        tries: false,
        run: store_buffering,
        outcomes: &["0 1", "1 0", "1 1"],
        weak: &["0 0"],
    },
    Body {
        name: "raw lock",
        threads: 2,
        tries: false,
        run: || adds::<RawLock>(),
        outcomes: &["0 1", "1 0"],
        weak: &[],
    },
    Body {
        name: "spin lock",
        threads: 2,
        tries: false,
        run: || adds::<SpinLock>(),
        outcomes: &["0 1", "1 0"],
        weak: &[],
    },
    Body {
        name: "raw lock: try",
        threads: 2,
        tries: true,
        run: || tries::<RawLock>(),
        outcomes: &["0 1", "1 0", "0 busy"],
        weak: &[],
    },
    Body {
        name: "spin lock: try",
        threads: 2,
        tries: true,
        run: || tries::<SpinLock>(),
        outcomes: &["0 1", "1 0", "0 busy"],
        weak: &[],
    },
    Body {
        name: "raw lock: try or wait",
        threads: 2,
        tries: true,
        run: || tries_or_waits::<RawLock>(),
        outcomes: &["0 1", "1 0"],
        weak: &[],
    },
    Body {
        name: "spin lock: try or wait",
        threads: 2,
        tries: true,
        run: || tries_or_waits::<SpinLock>(),
        outcomes: &["0 1", "1 0"],
        weak: &[],
    },
    Body { name: "mutex", threads: 2, tries: false, run: mutex, outcomes: &["0 1", "1 0"], weak: &[] },
    Body {
        name: "parker: ping-pong",
        threads: 2,
        tries: false,
        run: || ping_pong::<Parker>(),
        outcomes: &["4"],
        weak: &[],
    },
    Body {
        name: "token parker: ping-pong",
        threads: 2,
        tries: false,
        run: || ping_pong::<TokenParker<Arc<Parker>>>(),
        outcomes: &["4"],
        weak: &[],
    },
    Body {
        name: "parker: one token",
        threads: 2,
        tries: false,
        run: || one_token::<Parker>(),
        outcomes: &["it goes on"],
        weak: &[],
    },
    Body {
        name: "token parker: one token",
        threads: 2,
        tries: false,
        run: || one_token::<TokenParker<Arc<Parker>>>(),
        outcomes: &["it goes on"],
        weak: &[],
    },
    Body {
        name: "parker: two let-gos",
        threads: 3,
        tries: false,
        run: || two_let_gos::<Parker>(false),
        outcomes: &["knows of 0", "knows of 1", "knows of 2"],
        weak: &[],
    },
    Body {
        name: "parker: two let-gos, both known",
        threads: 3,
        tries: false,
        run: || two_let_gos::<Parker>(true),
        outcomes: &["knows of 2"],
        weak: &[],
    },
    Body {
        name: "token parker: two let-gos",
        threads: 3,
        tries: false,
        run: || two_let_gos::<TokenParker<Arc<Parker>>>(false),
        outcomes: &["knows of 0", "knows of 1", "knows of 2"],
        weak: &[],
    },
    // loom leaves each execution of it for another, and says that its search is bounded.
    #[cfg(not(loom))]
    Body {
        name: "token parker: two let-gos, both known",
        threads: 3,
        tries: false,
        run: || two_let_gos::<TokenParker<Arc<Parker>>>(true),
        outcomes: &["knows of 2"],
        weak: &[],
    },
    Body { name: "spin_while", threads: 2, tries: false, run: waits, outcomes: &["42"], weak: &[] },
    Body { name: "turns", threads: 2, tries: false, run: goes_round, outcomes: &["1"], weak: &[] },
    Body { name: "spawn and join", threads: 3, tries: false, run: joins, outcomes: &["7 3 8"], weak: &[] },
];

/// What holds of one back end's object and not of another's is found by no program over the protocol: each is explored with one.
#[test]
fn every_object_has_the_same_outcomes_on_every_back_end() {
    for body in BODIES {
        is_as_expected(body);
    }
}

/// Of two exchanges of one value one fails.
fn exchanges() -> String {
    let word = Arc::new(AtomicUsize::new(0));
    let theirs = word.clone();
    let other = spawn(move || theirs.compare_exchange(0, 2, Site::SpinEnter));
    let mine = word.compare_exchange(0, 1, Site::SpinEnter);
    assert!(mine != other.join().unwrap(), "one of the two exchanges succeeds");
    let value = word.load_held();
    assert_eq!(value, if mine { 1 } else { 2 });
    value.to_string()
}

/// A releasing store shows what precedes it to a look that acquires it.
fn message_passing() -> String {
    let shared = Unprotected((AtomicUsize::new(0), Cell::new(0)));
    let seen = side_by_side(
        shared,
        |Unprotected((flag, data))| {
            // SAFETY: the flag is not raised yet.
            data.with_mut(|data| unsafe { *data = 42 });
            flag.store(1, RELEASE);
        },
        |Unprotected((flag, data))| {
            // SAFETY: the flag is raised where this is read, and nothing is written after that.
            (flag.load(ACQUIRE) == 1).then(|| data.with(|data| unsafe { *data }))
        },
    );
    seen.1.map_or("nothing".into(), |data: i32| data.to_string())
}

/// Two relaxed stores, each followed by a look at the other's word.
fn store_buffering() -> String {
    let words = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let (other, this) = side_by_side(
        words,
        |words| {
            words[0].store(1, STORE);
            words[1].load(LOOK)
        },
        |words| {
            words[1].store(1, STORE);
            words[0].load(LOOK)
        },
    );
    format!("{this} {other}")
}

/// A lock with an owner, of either kind.
trait Lock: Send + Sync + 'static {
    fn new() -> Self;
    fn lock(&self);
    fn try_lock(&self) -> bool;
    fn try_lock_or_wait(&self, wanted: impl Fn() -> bool) -> bool;
    fn unlock(&self);
}

macro_rules! lock {
    ($kind:ty) => {
        impl Lock for $kind {
            fn new() -> $kind {
                <$kind>::new()
            }
            fn lock(&self) {
                assert_eq!(self.lock(), Ok(()));
                assert_eq!(self.owner(), Some(current()));
            }
            fn try_lock(&self) -> bool {
                self.try_lock()
            }
            fn try_lock_or_wait(&self, wanted: impl Fn() -> bool) -> bool {
                self.try_lock_or_wait(wanted).expect("the caller does not hold the lock")
            }
            fn unlock(&self) {
                assert_eq!(self.unlock(), Ok(()));
            }
        }
    };
}

lock!(RawLock);
// On real threads the two are one.
#[cfg(any(loom, shuttle))]
lock!(SpinLock);

/// A lock, and what it protects.
struct Locked<L> {
    lock: L,
    sum: Cell<usize>,
    wanted: AtomicUsize,
}

impl<L: Lock> Locked<L> {
    fn new() -> Unprotected<Locked<L>> {
        Unprotected(Locked { lock: L::new(), sum: Cell::new(0), wanted: AtomicUsize::new(1) })
    }

    /// Adds one and releases the lock. Gives what was there.
    fn add(&self) -> usize {
        // SAFETY: the lock is held.
        let before = self.sum.with_mut(|sum| unsafe {
            *sum += 1;
            *sum - 1
        });
        self.lock.unlock();
        before
    }
}

/// Two critical sections: the second sees what the first did.
fn adds<L: Lock>() -> String {
    let add = |Unprotected(locked): &Unprotected<Locked<L>>| {
        locked.lock.lock();
        locked.add()
    };
    let (other, this) = side_by_side(Locked::<L>::new(), add, add);
    format!("{this} {other}")
}

/// One takes the lock, the other tries it.
fn tries<L: Lock>() -> String {
    let (other, this) = side_by_side(
        Locked::<L>::new(),
        |Unprotected(locked)| locked.lock.try_lock().then(|| locked.add()),
        |Unprotected(locked)| {
            locked.lock.lock();
            locked.add()
        },
    );
    format!("{this} {}", other.map_or("busy".into(), |before| before.to_string()))
}

/// One takes the lock and says meanwhile that the other need not wait for it; the other tries again, and has it in the end.
fn tries_or_waits<L: Lock>() -> String {
    let (other, this) = side_by_side(
        Locked::<L>::new(),
        |Unprotected(locked)| {
            let wanted = || locked.wanted.load(LOOK) == 1;
            if !locked.lock.try_lock_or_wait(wanted) {
                locked.lock.lock();
            }
            locked.add()
        },
        |Unprotected(locked)| {
            locked.lock.lock();
            locked.wanted.store(0, STORE);
            locked.add()
        },
    );
    format!("{this} {other}")
}

/// The kernels' mutex over the raw lock.
fn mutex() -> String {
    let shared = Unprotected((Locks::new(&[Class::SpcMutex]), Cell::new(0)));
    let add = |Unprotected((locks, sum)): &Unprotected<(Locks, Cell<usize>)>| {
        let _held = locks.get(locks.id(0)).mutex_spin_enter();
        // SAFETY: the mutex is held.
        sum.with_mut(|sum| unsafe {
            *sum += 1;
            *sum - 1
        })
    };
    let (other, this) = side_by_side(shared, add, add);
    format!("{this} {other}")
}

/// A parker, of either kind.
trait Parks: Send + Sync + 'static {
    fn new() -> Self;
    fn park(&self);
    fn unpark(&self);
}

impl Parks for Parker {
    fn new() -> Parker {
        Parker::new()
    }

    fn park(&self) {
        self.park();
    }

    fn unpark(&self) {
        self.unpark();
    }
}

impl Parks for TokenParker<Arc<Parker>> {
    fn new() -> Self {
        TokenParker::new()
    }

    fn park(&self) {
        let me = Arc::new(Parker::new());
        let sleep = || {
            me.park();
            true
        };
        assert!(self.park(|| me.clone(), sleep), "it sleeps until there is a token");
    }

    fn unpark(&self) {
        self.unpark(|thread| thread.unpark());
    }
}

/// Two threads hand what no lock protects to and fro.
fn ping_pong<P: Parks>() -> String {
    const ROUNDS: usize = 2;
    let add = |data: &Cell<usize>| {
        // SAFETY: the other thread is parked, or about to be.
        data.with_mut(|data| unsafe { *data += 1 });
    };
    let shared = Arc::new(Unprotected((P::new(), P::new(), Cell::new(0))));
    let theirs = shared.clone();
    let other = spawn(move || {
        let Unprotected((there, back, data)) = &*theirs;
        for _ in 0..ROUNDS {
            there.park();
            add(data);
            back.unpark();
        }
    });
    let Unprotected((there, back, data)) = &*shared;
    for _ in 0..ROUNDS {
        add(data);
        there.unpark();
        back.park();
    }
    other.join().unwrap();
    // SAFETY: the other thread has ended.
    data.with(|data| unsafe { *data }).to_string()
}

/// A token may come before, between and after; the second one of two in a row is none.
fn one_token<P: Parks>() -> String {
    let parker = Arc::new(P::new());
    parker.unpark();
    parker.unpark();
    parker.park();
    let theirs = parker.clone();
    let other = spawn(move || theirs.unpark());
    parker.park();
    other.join().unwrap();
    "it goes on".into()
}

/// Two threads write and let a third go on, which parks once: it sees what precedes each let-go that it knew of before,
/// whichever of them left the token. It may wait until it knows of both.
fn two_let_gos<P: Parks>(knows_both: bool) -> String {
    type Shared<P> = Unprotected<(P, [(Cell<usize>, AtomicUsize); 2])>;
    let let_go = || (Cell::new(0), AtomicUsize::new(0));
    let shared: Arc<Shared<P>> = Arc::new(Unprotected((P::new(), [let_go(), let_go()])));
    let others = [0, 1].map(|n| {
        let shared = shared.clone();
        spawn(move || {
            let Unprotected((parker, let_gos)) = &*shared;
            let (data, happened) = &let_gos[n];
            // SAFETY: it is read after the let-go.
            data.with_mut(|data| unsafe { *data = 42 });
            parker.unpark();
            // Orders nothing, so that the token alone does. (C11 would let it overtake the let-go. No back end does.)
            happened.store(1, STORE);
        })
    });
    let Unprotected((parker, let_gos)) = &*shared;
    let has_happened = |n: usize| let_gos[n].1.load(LOOK) == 1;
    if knows_both {
        (0..2).for_each(|n| spin_while(|| !has_happened(n)));
    }
    let known = [0, 1].map(has_happened);
    parker.park();
    for (data, _) in let_gos.iter().zip(known).filter(|(_, known)| *known).map(|(let_go, _)| let_go) {
        // SAFETY: the let-go came before the token was taken.
        assert_eq!(data.with(|data| unsafe { *data }), 42);
    }
    others.into_iter().for_each(|other| other.join().unwrap());
    format!("knows of {}", known.iter().filter(|known| **known).count())
}

/// A wait ends by what another stores, and sees what precedes that.
fn waits() -> String {
    let shared = Unprotected((AtomicUsize::new(0), Cell::new(0)));
    let seen = side_by_side(
        shared,
        |Unprotected((flag, data))| {
            // SAFETY: the other waits for the flag.
            data.with_mut(|data| unsafe { *data = 42 });
            flag.store(1, RELEASE);
        },
        |Unprotected((flag, data))| {
            spin_while(|| flag.load(ACQUIRE) == 0);
            // SAFETY: the flag is raised.
            data.with(|data| unsafe { *data })
        },
    );
    seen.1.to_string()
}

/// A loop that brings nothing from one turn into the next.
fn goes_round() -> String {
    let (_, this) = side_by_side(
        AtomicUsize::new(0),
        |word| word.store(1, STORE),
        |word| {
            let turns = turns();
            loop {
                spin_while(|| word.load(LOOK) == 0);
                let value = word.load(LOOK);
                if !turns.again(value == 0) {
                    break value;
                }
            }
        },
    );
    this.to_string()
}

/// Threads give what they return to the thread that joins them, and what they wrote; each is another.
fn joins() -> String {
    let shared = Arc::new(Unprotected((Cell::new(0), Accesses::new())));
    let me = current();
    let start = |n: usize| {
        let shared = shared.clone();
        spawn(move || {
            if n == 7 {
                // SAFETY: nothing else accesses it before the thread is joined.
                shared.0.0.with_mut(|data| unsafe { *data = 8 });
                shared.0.1.write();
            }
            (n, current())
        })
    };
    let (seven, three) = (start(7), start(3));
    let ((seven, a), (three, b)) = (seven.join().unwrap(), three.join().unwrap());
    assert!(a != b && a != me && b != me && current() == me);
    shared.0.1.read();
    // SAFETY: the thread that wrote it has been joined.
    format!("{seven} {three} {}", shared.0.0.with(|data| unsafe { *data }))
}
