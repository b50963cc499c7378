//! The canaries over `lwp_core::sync`.

use std::sync::Arc;

use lwp_core::site::Site;
use lwp_core::sync::{AtomicUsize, RawLock, spawn};

use super::Body;
use crate::program::Outcome;

/// Relaxed loads and stores, and released stores with acquiring loads, under the names of real sites: the facade
/// has no others.
const LOAD: Site = Site::LwpLockLook;
const STORE: Site = Site::LwpRelockPublish;
const ACQUIRE: Site = Site::LwpLockRelook;
const RELEASE: Site = Site::LwpUnlockToPublish;

/// A relaxed exchange.
const EXCHANGE: Site = Site::CrRefcntHold;

/// Every canary's body.
pub const BODIES: &[Body] = &[
    ("canary/facade/store-after-load", || store_after_loads(1)),
    ("canary/facade/store-after-two-loads", || store_after_loads(2)),
    ("canary/facade/read-read-write", read_read_write),
    ("canary/facade/two-cells", two_cells),
    ("canary/facade/try-lock", try_lock),
    ("canary/facade/message-passing", || message_passing(ACQUIRE, RELEASE)),
    ("canary/facade/message-passing-relaxed", || message_passing(LOAD, STORE)),
    ("canary/facade/coherence", coherence),
    ("canary/facade/store-buffering", store_buffering),
    ("canary/facade/iriw", iriw),
    ("canary/facade/eight-stores", || eight_stores(false)),
    ("canary/facade/eight-stores-under-a-lock", || eight_stores(true)),
    ("canary/facade/exchange-and-store", exchange_and_store),
    ("canary/facade/exchange-that-fails", exchange_that_fails),
    ("canary/facade/last-store", last_store),
];

fn cell() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

/// loom issue 392: a thread loads and then stores, while another loads.
fn store_after_loads(loads: usize) -> Outcome {
    let a = cell();
    let b = a.clone();
    let other = spawn(move || {
        for _ in 0..loads {
            b.load(LOAD);
        }
        b.store(1, STORE);
    });
    let saw = a.load(LOAD);
    other.join().unwrap();
    saw.to_string()
}

/// Two threads load and then store, while a third loads.
fn read_read_write() -> Outcome {
    let a = cell();
    let writers = [1, 2].map(|value| {
        let a = a.clone();
        spawn(move || {
            a.load(LOAD);
            a.store(value, STORE);
        })
    });
    let saw = a.load(LOAD);
    for writer in writers {
        writer.join().unwrap();
    }
    format!("{saw} {}", a.load(LOAD))
}

/// loom issue 166: a load of one's own store hides a later store to the same cell.
fn two_cells() -> Outcome {
    let (k, v) = (cell(), cell());
    let writer = {
        let (k, v) = (k.clone(), v.clone());
        spawn(move || {
            k.store(1, RELEASE);
            v.store(1, RELEASE);
            v.store(0, RELEASE);
            k.load(ACQUIRE);
            k.store(2, RELEASE);
        })
    };
    let reader = spawn(move || {
        let v = v.load(ACQUIRE);
        format!("v={v} k={}", k.load(ACQUIRE))
    });
    writer.join().unwrap();
    reader.join().unwrap()
}

/// loom issue 376: two threads try a lock, and one holds it while it waits for nothing else.
fn try_lock() -> Outcome {
    let lock = Arc::new(RawLock::new());
    let tries = ["a", "b"].map(|name| {
        let lock = lock.clone();
        spawn(move || {
            let taken = lock.try_lock();
            if taken {
                lock.unlock().unwrap();
            }
            format!("{name}={}", if taken { "taken" } else { "busy" })
        })
    });
    tries.map(|thread| thread.join().unwrap()).join(" ")
}

fn message_passing(load: Site, store: Site) -> Outcome {
    let (data, flag) = (cell(), cell());
    let writer = {
        let (data, flag) = (data.clone(), flag.clone());
        spawn(move || {
            data.store(1, STORE);
            flag.store(1, store);
        })
    };
    let flag = flag.load(load);
    let saw = format!("flag={flag} data={}", data.load(LOAD));
    writer.join().unwrap();
    saw
}

/// Two loads of one cell never go back in its modification order.
fn coherence() -> Outcome {
    let a = cell();
    let b = a.clone();
    let writer = spawn(move || {
        b.store(1, STORE);
        b.store(2, STORE);
    });
    let saw = format!("{} {}", a.load(LOAD), a.load(LOAD));
    writer.join().unwrap();
    saw
}

fn store_buffering() -> Outcome {
    let (x, y) = (cell(), cell());
    let other = {
        let (x, y) = (x.clone(), y.clone());
        spawn(move || {
            y.store(1, RELEASE);
            x.load(ACQUIRE)
        })
    };
    x.store(1, RELEASE);
    let saw = y.load(ACQUIRE);
    format!("{saw} {}", other.join().unwrap())
}

/// One more store than loom remembers, and a load that may be due the one before them all unless a lock says otherwise.
fn eight_stores(locked: bool) -> Outcome {
    let (lock, word) = (Arc::new(RawLock::new()), cell());
    let writer = {
        let (lock, word) = (lock.clone(), word.clone());
        spawn(move || {
            lock.lock().unwrap();
            (1..=8).for_each(|value| word.store(value, STORE));
            lock.unlock().unwrap();
        })
    };
    if locked {
        lock.lock().unwrap();
    }
    let saw = word.load(LOAD);
    if locked {
        lock.unlock().unwrap();
    }
    writer.join().unwrap();
    saw.to_string()
}

/// Two writers, and two readers that may disagree on their order.
fn iriw() -> Outcome {
    let read = |a: &AtomicUsize, b: &AtomicUsize| format!("{}{}", a.load(ACQUIRE), b.load(ACQUIRE));
    let (x, y) = (cell(), cell());
    let writers = [x.clone(), y.clone()].map(|cell| spawn(move || cell.store(1, RELEASE)));
    let reader = {
        let (x, y) = (x.clone(), y.clone());
        spawn(move || read(&x, &y))
    };
    let mine = read(&y, &x);
    for writer in writers {
        writer.join().unwrap();
    }
    format!("{mine} {}", reader.join().unwrap())
}

/// One thread stores, the other exchanges what there was before.
fn exchange_and_store() -> Outcome {
    let x = cell();
    let writer = {
        let x = x.clone();
        spawn(move || x.store(1, STORE))
    };
    let stored = x.compare_exchange(0, 3, EXCHANGE);
    writer.join().unwrap();
    format!("stored={} x={}", u8::from(stored), x.load(LOAD))
}

/// Message passing without order, where the reader's look is an exchange.
fn exchange_that_fails() -> Outcome {
    let (x, flag) = (cell(), cell());
    let writer = {
        let (x, flag) = (x.clone(), flag.clone());
        spawn(move || {
            x.store(1, STORE);
            flag.store(1, STORE);
        })
    };
    let flag = flag.load(LOAD);
    let stored = x.compare_exchange(1, 2, EXCHANGE);
    writer.join().unwrap();
    format!("flag={flag} stored={}", u8::from(stored))
}

/// Two stores in a row beside one, and a look at what is the last.
fn last_store() -> Outcome {
    let x = cell();
    let writer = {
        let x = x.clone();
        spawn(move || {
            x.store(3, STORE);
            x.store(1, STORE);
        })
    };
    x.store(2, STORE);
    let r = x.load(LOAD);
    writer.join().unwrap();
    format!("r={r} x={}", x.load(LOAD))
}
