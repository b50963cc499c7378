//! Sleeping for something that is no LWP: a stand-in for whatever else a kernel waits for.

use std::sync::Arc;

use super::lwp::Wchan;
use super::{Errno, KernelLwp, System};

/// Where LWPs sleep until it happens.
pub(super) const HAPPENING: Wchan = Wchan(3);

impl System {
    /// Sleeps until [`System::happen`], where `catch` is set interruptibly.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// EINTR as for `cv_wait_sig`.
    pub fn sleep(&self, l: &Arc<KernelLwp>, catch: bool) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        while !p.happened {
            if catch {
                let (again, result) = self.cv_wait_sig(l, HAPPENING, p);
                p = again;
                result?;
            } else {
                p = self.cv_wait(l, HAPPENING, p);
            }
        }
        Ok(())
    }

    /// Wakes those who sleep, now and from now on.
    ///
    /// Entry and exit: nothing held.
    pub fn happen(&self) {
        let mut p = self.proc().enter();
        p.happened = true;
        self.cv_broadcast(HAPPENING, &p);
    }
}
