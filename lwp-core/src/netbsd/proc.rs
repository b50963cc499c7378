//! `struct proc`: what p_smutex covers, and the invariant that every release of it keeps.

use core::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{KernelLwp, Lid, State};
use crate::covered::Covered;
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
use crate::site::Site;
use crate::sync::AtomicUsize;

/// An LWP on `p_lwps`, with those of its fields that p_smutex covers.
#[derive(Clone, Debug)]
pub struct Member {
    /// The LWP.
    pub lwp: Arc<KernelLwp>,
    /// LPR_DETACHED of `l_prflag`.
    pub detached: bool,
    /// `l_refcnt`: 1 for the LWP itself, and one for each reference.
    pub l_refcnt: usize,
    /// `l_waiter`: who was the first to wait for this LWP. 1.69.2.6 only.
    pub l_waiter: Lid,
    /// `l_waitingfor`: whom this LWP waits for. 1.69.2.6 only.
    pub l_waitingfor: Lid,
    /// Whether the LWP is in the window in which `p_nzlwps` counts it though it is no zombie yet.
    pub(super) exiting: bool,
}

impl Member {
    pub(super) fn new(lwp: Arc<KernelLwp>, detached: bool) -> Member {
        Member { lwp, detached, l_refcnt: 1, l_waiter: 0, l_waitingfor: 0, exiting: false }
    }
}

/// `p_stat`, as far as LWPs can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcState {
    /// SACTIVE.
    Active,
    /// SZOMB.
    Zomb,
}

/// What p_smutex covers.
#[derive(Debug)]
pub struct ProcFields {
    /// LWPs on `p_lwps`, zombies included.
    pub p_nlwps: usize,
    /// LWPs that run or will soon: [`State::is_running_or_soon`].
    pub p_nrlwps: usize,
    /// Zombies, and LWPs that are about to be.
    pub p_nzlwps: usize,
    /// Detached LWPs.
    pub p_ndlwps: usize,
    /// LWPs in `lwp_wait1`.
    pub p_nlwpwait: usize,
    /// The last LWP's number.
    pub p_nlwpid: Lid,
    /// The LWPs, newest first.
    pub p_lwps: Vec<Member>,
    /// Flags.
    pub p_sflag: u32,
    /// The process' state.
    pub p_stat: ProcState,
}

/// A process.
#[derive(Debug)]
pub struct Proc {
    fields: Covered<ProcFields>,
    /// The detached zombie that waits to be reaped, or 0. An atomic, because `lwp_create` looks without p_smutex.
    p_zomblwp: AtomicUsize,
}

impl Proc {
    /// A process without LWPs.
    #[track_caller]
    pub(super) fn new(locks: Locks, p_smutex: LockId) -> Proc {
        let fields = ProcFields {
            p_nlwps: 0,
            p_nrlwps: 0,
            p_nzlwps: 0,
            p_ndlwps: 0,
            p_nlwpwait: 0,
            p_nlwpid: 0,
            p_lwps: Vec::new(),
            p_sflag: 0,
            p_stat: ProcState::Active,
        };
        Proc { fields: Covered::new(locks, p_smutex, fields), p_zomblwp: AtomicUsize::new(0) }
    }

    /// Takes p_smutex.
    ///
    /// # Panics
    /// Where the caller holds it already.
    #[track_caller]
    pub fn enter(&self) -> ProcGuard<'_> {
        ProcGuard { proc: self, lock: self.fields.enter() }
    }

    /// `p_zomblwp`, read without p_smutex.
    #[track_caller]
    pub fn zomblwp_unlocked(&self) -> Lid {
        self.p_zomblwp.load(Site::PZomblwpLook)
    }
}

/// p_smutex, held: the only way to the counters. Dropping it releases p_smutex.
///
/// # Invariant
/// At every release, with each LWP's state recounted:
///
/// * `p_nlwps` is the length of `p_lwps`, and `p_ndlwps` counts the detached among them;
/// * `p_nrlwps` counts LSRUN, LSONPROC and LSSLEEP;
/// * `p_nzlwps` counts LSZOMB *and* the LWPs between the start of `lwp_exit` and LSZOMB. In that window an LWP is
///   counted by `p_nrlwps` and by `p_nzlwps`, so `p_nlwps - p_nzlwps` is the number of LWPs that have not begun to
///   exit, and `p_nrlwps + p_nzlwps` counts it twice.
/// * `p_nlwpwait` is at most `p_nlwps`.
#[derive(Debug)]
#[must_use = "dropping the guard releases p_smutex"]
pub struct ProcGuard<'a> {
    proc: &'a Proc,
    lock: MutexGuard<'a>,
}

impl<'a> ProcGuard<'a> {
    /// Releases p_smutex.
    #[track_caller]
    pub fn exit(self) {}

    /// The process.
    #[track_caller]
    pub(super) fn proc(&self) -> &'a Proc {
        self.proc
    }

    /// The LWP's place on `p_lwps`.
    pub fn position(&self, lid: Lid) -> Option<usize> {
        self.p_lwps.iter().position(|m| m.lwp.l_lid() == lid)
    }

    /// The LWP's entry on `p_lwps`.
    ///
    /// # Panics
    /// Where it is not there any more: it has been freed.
    #[track_caller]
    pub fn member(&mut self, lid: Lid) -> &mut Member {
        let Some(n) = self.position(lid) else { panic!("LWP {lid} is used after it was freed") };
        &mut self.p_lwps[n]
    }

    /// `p_zomblwp`.
    #[track_caller]
    pub fn p_zomblwp(&self) -> Lid {
        self.proc.p_zomblwp.load_held()
    }

    /// Stores `p_zomblwp`.
    #[track_caller]
    pub(super) fn set_p_zomblwp(&mut self, lid: Lid) {
        self.proc.p_zomblwp.store(lid, Site::PZomblwpStore);
    }

    /// See [`ProcGuard`].
    #[track_caller]
    fn check(&self) {
        let count = |which: fn(&Member) -> bool| self.p_lwps.iter().filter(|m| which(m)).count();
        assert_eq!(self.p_nlwps, self.p_lwps.len(), "p_nlwps is not the number of LWPs");
        assert_eq!(self.p_ndlwps, count(|m| m.detached), "p_ndlwps is not the number of detached LWPs");
        let running = count(|m| m.lwp.ghost().is_running_or_soon());
        assert_eq!(self.p_nrlwps, running, "p_nrlwps is not the number of LWPs that run or will soon");
        let zombies = count(|m| m.lwp.ghost() == State::Zomb || m.exiting);
        assert_eq!(self.p_nzlwps, zombies, "p_nzlwps is not the number of zombies");
        assert!(self.p_nlwpwait <= self.p_nlwps, "more LWPs wait than there are");
    }
}

impl Deref for ProcGuard<'_> {
    type Target = ProcFields;

    #[track_caller]
    fn deref(&self) -> &ProcFields {
        self.proc.fields.get(&self.lock)
    }
}

impl DerefMut for ProcGuard<'_> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut ProcFields {
        self.proc.fields.get_mut(&mut self.lock)
    }
}

impl Drop for ProcGuard<'_> {
    #[track_caller]
    fn drop(&mut self) {
        if cfg!(any(loom, shuttle, debug_assertions)) && !std::thread::panicking() {
            self.check();
        }
    }
}
