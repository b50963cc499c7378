//! A pool of workers is suspended while somebody takes a snapshot of what they work on.
//!
//! The workers move money between accounts without a lock. In the middle of a move the sum is wrong, but no worker
//! is suspended there: only at its checkpoint.

#[cfg(not(any(loom, shuttle)))]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use lwp_core::lwp::{self, State};

    const WORKERS: usize = 4;
    const SNAPSHOTS: usize = 20;

    let process = lwp::Process::start(|| -> Result<Vec<i64>, lwp::Error> {
        let accounts: Arc<[AtomicI64; 8]> = Arc::default();
        let closing_time = Arc::new(AtomicBool::new(false));
        let mut workers = Vec::new();
        for n in 0..WORKERS {
            let (accounts, closing_time) = (accounts.clone(), closing_time.clone());
            workers.push(lwp::create(move || {
                for from in (n..).map(|n| n % accounts.len()) {
                    let to = (from + 3) % accounts.len();
                    accounts[from].fetch_sub(1, Ordering::Relaxed);
                    std::thread::yield_now(); // the sum is wrong now
                    accounts[to].fetch_add(1, Ordering::Relaxed);
                    lwp::checkpoint();
                    if closing_time.load(Ordering::Relaxed) {
                        break;
                    }
                }
            })?);
        }

        let mut sums = Vec::new();
        for _ in 0..SNAPSHOTS {
            for worker in &workers {
                lwp::suspend(worker.id())?;
            }
            for worker in &workers {
                while lwp::state(worker.id())? != State::Suspended {
                    lwp::yield_now()?;
                }
            }
            // Nobody works: everything that the workers did is done, and seen.
            sums.push(accounts.iter().map(|account| account.load(Ordering::Relaxed)).sum());
            for worker in &workers {
                lwp::resume(worker.id())?;
            }
        }
        closing_time.store(true, Ordering::Relaxed);
        workers.iter().for_each(|worker| worker.wait().expect("a worker returns"));
        Ok(sums)
    })?;

    let sums = process.wait()??;
    println!("{} snapshots of {WORKERS} workers, each with the sum {}", sums.len(), sums[0]);
    assert_eq!(sums, [0; SNAPSHOTS]);
    Ok(())
}

/// The checkers have no real threads.
#[cfg(any(loom, shuttle))]
fn main() {}
