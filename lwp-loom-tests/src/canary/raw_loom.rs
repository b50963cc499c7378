//! The canaries over loom itself.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::sync::atomic::AtomicUsize;
use loom::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::fence;
use loom::thread::{self, spawn};

use super::Body;
use crate::program::Outcome;

/// Every canary's body.
pub const BODIES: &[Body] = &[
    ("canary/loom/store-after-load", store_after_load),
    ("canary/loom/read-read-write", read_read_write),
    ("canary/loom/two-cells", two_cells),
    ("canary/loom/pause-first", pause_first),
    ("canary/loom/exchange-and-store", exchange_and_store),
    ("canary/loom/exchange-that-fails", exchange_that_fails),
    ("canary/loom/last-store", last_store),
    ("canary/loom/load-buffering", load_buffering),
    ("canary/loom/store-buffering-seq-cst", || store_buffering(SeqCst, None)),
    ("canary/loom/store-buffering-fence", || store_buffering(Relaxed, Some(SeqCst))),
    ("canary/loom/iriw-acquire", || iriw(None)),
    ("canary/loom/iriw-fence", || iriw(Some(SeqCst))),
    ("canary/loom/try-lock", try_lock),
];

fn cell() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

/// Issue 392: a thread loads and then stores, while another loads.
fn store_after_load() -> Outcome {
    let a = cell();
    let b = a.clone();
    let other = spawn(move || {
        b.load(Relaxed);
        b.store(1, Relaxed);
    });
    let saw = a.load(Relaxed);
    other.join().unwrap();
    saw.to_string()
}

/// Two threads load and then store, while a third loads.
fn read_read_write() -> Outcome {
    let a = cell();
    let writers = [1, 2].map(|value| {
        let a = a.clone();
        spawn(move || {
            a.load(Relaxed);
            a.store(value, Relaxed);
        })
    });
    let saw = a.load(Relaxed);
    for writer in writers {
        writer.join().unwrap();
    }
    format!("{saw} {}", a.load(Relaxed))
}

/// Issue 166: a load of one's own store hides a later store to the same cell.
fn two_cells() -> Outcome {
    let (k, v) = (cell(), cell());
    let writer = {
        let (k, v) = (k.clone(), v.clone());
        spawn(move || {
            k.store(1, SeqCst);
            v.store(1, SeqCst);
            v.store(0, SeqCst);
            k.load(SeqCst);
            k.store(0, SeqCst);
        })
    };
    let reader = spawn(move || {
        let v = v.load(SeqCst);
        format!("v={v} k={}", k.load(SeqCst))
    });
    writer.join().unwrap();
    reader.join().unwrap()
}

/// A pause at the start of a thread.
fn pause_first() -> Outcome {
    let a = cell();
    let b = a.clone();
    let other = spawn(move || {
        thread::yield_now();
        b.store(1, Relaxed);
    });
    let saw = a.load(Relaxed);
    other.join().unwrap();
    saw.to_string()
}

/// One thread stores, the other exchanges what there was before.
fn exchange_and_store() -> Outcome {
    let x = cell();
    let writer = {
        let x = x.clone();
        spawn(move || x.store(1, Relaxed))
    };
    let stored = x.compare_exchange(0, 3, Relaxed, Relaxed).is_ok();
    writer.join().unwrap();
    format!("stored={} x={}", u8::from(stored), x.load(Relaxed))
}

/// Message passing without order, where the reader's look is an exchange.
fn exchange_that_fails() -> Outcome {
    let (x, flag) = (cell(), cell());
    let writer = {
        let (x, flag) = (x.clone(), flag.clone());
        spawn(move || {
            x.store(1, Relaxed);
            flag.store(1, Relaxed);
        })
    };
    let flag = flag.load(Relaxed);
    let stored = x.compare_exchange(1, 2, Relaxed, Relaxed).is_ok();
    writer.join().unwrap();
    format!("flag={flag} stored={}", u8::from(stored))
}

/// Two stores in a row beside one, and a look at what is the last.
fn last_store() -> Outcome {
    let x = cell();
    let writer = {
        let x = x.clone();
        spawn(move || {
            x.store(3, Relaxed);
            x.store(1, Relaxed);
        })
    };
    x.store(2, Relaxed);
    let r = x.load(Relaxed);
    writer.join().unwrap();
    format!("r={r} x={}", x.load(Relaxed))
}

/// C11 lets both loads see 1.
fn load_buffering() -> Outcome {
    let (x, y) = (cell(), cell());
    let other = {
        let (x, y) = (x.clone(), y.clone());
        spawn(move || {
            let saw = y.load(Relaxed);
            x.store(1, Relaxed);
            saw
        })
    };
    let saw = x.load(Relaxed);
    y.store(1, Relaxed);
    format!("{saw} {}", other.join().unwrap())
}

/// With SeqCst accesses C11 forbids two zeroes, with SeqCst fences too.
fn store_buffering(order: Ordering, between: Option<Ordering>) -> Outcome {
    fn half(a: &AtomicUsize, b: &AtomicUsize, order: Ordering, between: Option<Ordering>) -> usize {
        a.store(1, order);
        if let Some(order) = between {
            fence(order);
        }
        b.load(order)
    }
    let (x, y) = (cell(), cell());
    let other = {
        let (x, y) = (x.clone(), y.clone());
        spawn(move || half(&y, &x, order, between))
    };
    let saw = half(&x, &y, order, between);
    format!("{saw} {}", other.join().unwrap())
}

/// Two writers, and two readers that may disagree on their order.
fn iriw(between: Option<Ordering>) -> Outcome {
    fn read(a: &AtomicUsize, b: &AtomicUsize, between: Option<Ordering>) -> String {
        let first = a.load(Acquire);
        if let Some(order) = between {
            fence(order);
        }
        format!("{first}{}", b.load(Acquire))
    }
    let (x, y) = (cell(), cell());
    let writers = [x.clone(), y.clone()].map(|cell| spawn(move || cell.store(1, Release)));
    let reader = {
        let (x, y) = (x.clone(), y.clone());
        spawn(move || read(&x, &y, between))
    };
    let mine = read(&y, &x, between);
    for writer in writers {
        writer.join().unwrap();
    }
    format!("{mine} {}", reader.join().unwrap())
}

/// Issue 376: a try that loses blocks behind the winner, who waits for the loser's end.
fn try_lock() -> Outcome {
    let lock = Arc::new(Mutex::new(()));
    let other = lock.clone();
    let thread = spawn(move || drop(other.try_lock()));
    let guard = lock.try_lock();
    thread.join().unwrap();
    if guard.is_ok() { "taken" } else { "busy" }.into()
}
