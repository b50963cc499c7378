//! How large a search will be, guessed from the part that is done.
//!
//! Each node of the search tree shares its weight equally among its children that are known of (Kilby, Slaney, Thiebaux,
//! Walsh, AAAI 2006: a weighted form of Knuth's estimator). The weight of what is explored is the progress, and
//! executions divided by progress is the estimate.
//!
//! # Its error
//! The estimate is not unbiased and has no guaranteed bound. It knows only the branches that races have asked for so
//! far, so it starts too low, often by orders of magnitude, and grows; and it assumes that the unexplored part branches
//! as the explored part did. What is given beside it, the lowest and the highest estimate since the search was
//! half as long as it is now, says how far it still wanders, and no more: a search has been seen to end outside it.

/// A guess at how many executions there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The guess.
    pub total: f64,
    /// The lowest guess since the search was half as long.
    pub low: f64,
    /// The highest guess since the search was half as long.
    pub high: f64,
}

/// The guesses of a running search.
#[derive(Debug)]
pub struct Estimator {
    now: Estimate,
    /// The extremes of the current doubling of the search, which becomes the past at its end.
    extremes: (f64, f64),
    doubles_at: u64,
}

impl Default for Estimator {
    fn default() -> Estimator {
        let now = Estimate { total: 1.0, low: 1.0, high: f64::INFINITY };
        Estimator { now, extremes: (f64::INFINITY, 0.0), doubles_at: 2 }
    }
}

impl Estimator {
    /// After `executions` this share of the tree's weight is explored.
    pub fn update(&mut self, executions: u64, progress: f64) -> Estimate {
        let total = executions as f64 / progress.max(f64::MIN_POSITIVE);
        self.extremes = (self.extremes.0.min(total), self.extremes.1.max(total));
        self.now.total = total;
        if executions >= self.doubles_at {
            (self.now.low, self.now.high) = self.extremes;
            self.extremes = (total, total);
            self.doubles_at = executions.saturating_mul(2);
        }
        self.now.low = self.now.low.min(total).max(executions as f64);
        self.now.high = self.now.high.max(total);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_of_a_finished_search_is_right() {
        let mut estimator = Estimator::default();
        for executions in [10, 20, 40] {
            estimator.update(executions, executions as f64 / 80.0);
        }
        let estimate = estimator.update(80, 1.0);
        assert_eq!(estimate, Estimate { total: 80.0, low: 80.0, high: 80.0 });
    }

    #[test]
    fn the_range_is_that_of_the_last_doubling() {
        let mut estimator = Estimator::default();
        estimator.update(10, 0.1);
        estimator.update(20, 0.4);
        let estimate = estimator.update(30, 0.2);
        assert_eq!((estimate.total, estimate.low, estimate.high), (150.0, 50.0, 150.0));
    }
}
