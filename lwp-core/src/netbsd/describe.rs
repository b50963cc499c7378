//! What the machine's memory holds, for a search that enters no state twice.
//!
//! Words, locks and parkers are the engine's to know. What is not said here (specific data, credentials, lwpctl, LWPs
//! that were created) it tells apart by how it came to be.

use super::System;
use crate::sync::state::Tell;

impl System {
    /// Says what the machine's memory holds. To be asked between two steps.
    pub fn describe(&self, tell: Tell<'_>) {
        self.cpus.iter().for_each(|cpu| cpu.describe(tell));
        self.sleepqs.iter().for_each(|queue| queue.sleepers.describe(tell));
        self.mutex_owner.describe(tell);
        self.alllwp.describe(tell);
        self.kernel_lock.describe(tell);
        self.proc().describe(tell);
        self.lwps().iter().for_each(|l| l.describe(tell));
    }
}
