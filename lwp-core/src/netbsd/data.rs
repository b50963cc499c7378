//! What an LWP has of other subsystems, and what it gives back when it exits.

use std::sync::Arc;

use super::creds::Cred;
use super::lwpctl::LwpctlRef;
use super::proc::ProcGuard;
use super::specific::Container;
use super::unlocked::Unlocked;
use super::{KernelLwp, System};

/// Fields of `struct lwp` that the LWP alone uses while it lives. All are empty until somebody needs them.
#[derive(Debug)]
pub(super) struct LwpData {
    pub(super) l_specdataref: Unlocked<Option<Arc<Container>>>,
    pub(super) l_cred: Unlocked<Option<Arc<Cred>>>,
    /// `l_lcpage` and `l_lwpctl`.
    pub(super) lwpctl: Unlocked<LwpctlRef>,
}

impl LwpData {
    #[track_caller]
    pub(super) fn new() -> LwpData {
        LwpData {
            l_specdataref: Unlocked::new(None),
            l_cred: Unlocked::new(None),
            lwpctl: Unlocked::new(LwpctlRef::default()),
        }
    }
}

impl System {
    /// The part of `lwp_exit` in which the current LWP may sleep (1.62 L627-633, 1.69.2.6 L716-722).
    ///
    /// Entry and exit: nothing held.
    pub(super) fn lwp_release_data(&self, l: &KernelLwp) {
        self.lwp_finispecific(l);
        self.free_cached_creds(l);
    }

    /// The same for the last LWP of a process, with what is the process': the part of `exit1` that does it.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on (1.62 L612, 1.69.2.6 L702 and L1590).
    /// Entry and exit: p_smutex held; it is released meanwhile, if there is anything to give back.
    pub(super) fn proc_release_data<'a>(&'a self, p: ProcGuard<'a>, l: &KernelLwp) -> ProcGuard<'a> {
        let data = l.data();
        let has_data = data.l_specdataref.read(Option::is_some) || data.l_cred.read(Option::is_some);
        if !has_data && !self.lwpctl.is_used() {
            return p;
        }
        p.exit();
        self.lwp_release_data(l);
        if self.lwpctl.is_used() {
            self.lwp_ctl_exit(l);
        }
        self.proc().enter()
    }
}
