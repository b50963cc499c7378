//! Children are collected in whichever order they end, and each gives what it returned.

#[cfg(not(any(loom, shuttle)))]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::collections::BTreeMap;

    use lwp_core::lwp::{self, Errno, Error, Outcome, Process};

    fn collatz(mut n: u64) -> u64 {
        let mut steps = 0;
        while n != 1 {
            n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    }

    let process = Process::start(|| -> Result<BTreeMap<u64, u64>, Error> {
        let mut started = BTreeMap::new();
        for n in [27, 97, 871, 6171, 77031] {
            started.insert(lwp::create(move || collatz(n))?.id(), n);
        }
        let mut steps = BTreeMap::new();
        loop {
            match lwp::wait_any() {
                Ok(child) => {
                    let Outcome::Returned(value) = child.outcome else { unreachable!("no child fails") };
                    steps.insert(started[&child.id], *value.downcast().expect("a number of steps"));
                }
                // Nobody is left.
                Err(Error::Kernel(Errno::Esrch)) => return Ok(steps),
                Err(error) => return Err(error),
            }
        }
    })?;

    let steps = process.wait()??;
    println!("steps to 1: {steps:?}");
    assert_eq!(steps, BTreeMap::from([(27, 111), (97, 118), (871, 178), (6171, 261), (77031, 350)]));
    Ok(())
}

/// The checkers have no real threads.
#[cfg(any(loom, shuttle))]
fn main() {}
