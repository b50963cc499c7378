//! A supervisor starts a worker anew when it has panicked, with what it panicked with in the log.

#[cfg(not(any(loom, shuttle)))]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use lwp_core::lwp::{self, Process, WaitError};

    /// What the worker panics with.
    #[derive(Debug)]
    struct Broke {
        at: u32,
    }

    let process = Process::start(|| -> Result<(u32, Vec<u32>), WaitError> {
        let done = Arc::new(AtomicU32::new(0));
        let mut restarts = Vec::new();
        loop {
            let progress = done.clone();
            let worker = lwp::builder().name("worker").create(move || {
                while progress.load(Ordering::Relaxed) < 10 {
                    let item = progress.fetch_add(1, Ordering::Relaxed);
                    if item % 4 == 3 {
                        std::panic::resume_unwind(Box::new(Broke { at: item })); // panics without a message
                    }
                    lwp::checkpoint();
                }
                progress.load(Ordering::Relaxed)
            })?;
            match worker.wait() {
                Ok(items) => return Ok((items, restarts)),
                Err(WaitError::Panicked(payload)) => {
                    let broke = payload.downcast::<Broke>().expect("the worker panics in one way");
                    println!("{} panicked: {broke:?}; once more", worker.id());
                    restarts.push(broke.at);
                }
                Err(error) => return Err(error),
            }
        }
    })?;

    let (items, restarts) = process.wait()??;
    println!("{items} items, {} restarts", restarts.len());
    assert_eq!((items, restarts), (10, vec![3, 7]));
    Ok(())
}

/// The checkers have no real threads.
#[cfg(any(loom, shuttle))]
fn main() {}
