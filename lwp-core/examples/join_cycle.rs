//! LWPs that wait for one another in a circle. Threads would hang; here somebody is told.
//!
//! Of two that wait for each other it is the second. A longer circle is noticed when nobody is left who could break it,
//! that is, when the last LWP waits as well: that one is told, and wakes one of the others.

#[cfg(not(any(loom, shuttle)))]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, OnceLock};

    use lwp_core::lwp::{self, Errno, Error, LwpId, Process};

    const DEADLOCK: Error = Error::Kernel(Errno::Edeadlk);

    /// Sets up a circle, and gives how many of its LWPs and of their creator's waits were told.
    fn circle(length: usize) -> Result<usize, Error> {
        let told = Arc::new(AtomicUsize::new(0));
        let ids: Arc<OnceLock<Vec<LwpId>>> = Arc::default();
        let lwps = (0..length).map(|n| {
            let (ids, told) = (ids.clone(), told.clone());
            let waits = move || {
                if lwp::wait(ids.wait()[(n + 1) % length]).is_err_and(|error| error == DEADLOCK) {
                    told.fetch_add(1, Ordering::Relaxed);
                }
            };
            Ok(lwp::create(waits)?.id())
        });
        let lwps = ids.get_or_init(|| lwps.collect::<Result<_, Error>>().expect("there are threads"));
        loop {
            match lwp::wait_any() {
                Ok(_) => {}
                Err(DEADLOCK) => {
                    told.fetch_add(1, Ordering::Relaxed);
                    // ENODEV says that it does not sleep right now: its next sleep ends at once.
                    _ = lwp::wakeup(lwps[0]);
                }
                // All are collected, by one another or here.
                Err(Error::Kernel(Errno::Esrch)) => return Ok(told.load(Ordering::Relaxed)),
                Err(error) => return Err(error),
            }
        }
    }

    for length in [2, 3, 10] {
        let told = Process::start(move || circle(length))?.wait()??;
        println!("a circle of {length}: {} was told {told} time(s)", DEADLOCK);
        assert!(told > 0);
    }
    Ok(())
}

/// The checkers have no real threads.
#[cfg(any(loom, shuttle))]
fn main() {}
