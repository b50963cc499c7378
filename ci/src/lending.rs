//! Cores that have no job of their own are lent to jobs that still run.

use std::collections::BTreeMap;

/// Which job has borrowed how many cores.
#[derive(Default)]
pub struct Lending {
    /// Cores that have no job, and that no job has borrowed.
    spare: usize,
    borrowers: BTreeMap<usize, Borrower>,
}

struct Borrower {
    lent: usize,
    /// Tells the job that it may use another core.
    lend: Box<dyn Fn() + Send>,
}

impl Lending {
    /// From now on cores can be lent to a job, which `lend` tells of each.
    pub fn starts(&mut self, job: usize, lend: impl Fn() + Send + 'static) {
        self.borrowers.insert(job, Borrower { lent: 0, lend: Box::new(lend) });
        self.spread();
    }

    /// The job is done, or will not be: what was lent to it is there for others.
    pub fn ends(&mut self, job: usize) {
        self.spare += self.borrowers.remove(&job).map_or(0, |borrower| borrower.lent);
        self.spread();
    }

    /// There will be no job for another core.
    pub fn idle(&mut self) {
        self.spare += 1;
        self.spread();
    }

    /// Lends each spare core to the job that has borrowed least.
    fn spread(&mut self) {
        while self.spare > 0
            && let Some(borrower) = self.borrowers.values_mut().min_by_key(|borrower| borrower.lent)
        {
            self.spare -= 1;
            borrower.lent += 1;
            (borrower.lend)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Jobs that note each core that they are lent.
    #[derive(Default)]
    struct Jobs {
        lending: Lending,
        lent: Arc<Mutex<Vec<usize>>>,
    }

    impl Jobs {
        fn starts(&mut self, job: usize) {
            let lent = self.lent.clone();
            self.lending.starts(job, move || lent.lock().unwrap().push(job));
        }

        fn lent(&self) -> Vec<usize> {
            std::mem::take(&mut *self.lent.lock().unwrap())
        }
    }

    // A core that is lent while there are jobs for it would be used twice.
    #[test]
    fn a_core_is_lent_once_there_is_no_job_for_it() {
        let mut jobs = Jobs::default();
        (0..2).for_each(|job| jobs.starts(job));
        jobs.lending.ends(0);
        jobs.starts(2);
        assert!(jobs.lent().is_empty());
        jobs.lending.ends(1);
        jobs.lending.idle();
        assert_eq!(jobs.lent(), [2]);
    }

    #[test]
    fn a_core_that_comes_back_is_lent_to_the_job_that_has_least() {
        let mut jobs = Jobs::default();
        (0..3).for_each(|job| jobs.starts(job));
        jobs.lending.idle();
        assert_eq!(jobs.lent(), [0]);
        // Its own core, and the one that it was lent.
        jobs.lending.ends(0);
        jobs.lending.idle();
        let mut lent = jobs.lent();
        lent.sort();
        assert_eq!(lent, [1, 2]);
        jobs.lending.ends(1);
        jobs.lending.idle();
        assert_eq!(jobs.lent(), [2, 2]);
        jobs.lending.ends(2);
        jobs.lending.idle();
        assert!(jobs.lent().is_empty());
    }
}
