//! `struct proc`: what p_smutex covers, and the invariant that every release of it keeps.

use core::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::signal::SignalSet;
use super::{KernelLwp, Lid, State};
use crate::covered::Covered;
use crate::fault::{Count, Step, seeded, times};
use crate::locks::{LockId, Locks};
use crate::mutex::MutexGuard;
#[cfg(any(loom, shuttle))]
use crate::observe::{self, Counters, Event};
use crate::site::Site;
use crate::sync::AtomicUsize;
#[cfg(any(loom, shuttle))]
use crate::watch::{about_to, is_watched};

/// An LWP on `p_lwps`, with those of its fields that p_smutex covers.
#[derive(Clone, Debug, Hash)]
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
    /// `l_sigpend`: signals for this LWP alone.
    pub l_sigpend: SignalSet,
    /// Whether the LWP is in the window in which `p_nzlwps` counts it though it is no zombie yet.
    pub(super) exiting: bool,
    /// Whether the LWP waits until nobody else has a reference to it, and keeps its own meanwhile.
    pub(super) draining: bool,
    /// Whether `p_nlwpwait` counts the LWP.
    waits: bool,
}

impl Member {
    pub(super) fn new(lwp: Arc<KernelLwp>, detached: bool) -> Member {
        let l_sigpend = SignalSet::default();
        Member {
            lwp,
            detached,
            l_refcnt: 1,
            l_waiter: 0,
            l_waitingfor: 0,
            l_sigpend,
            exiting: false,
            draining: false,
            waits: false,
        }
    }

    /// Whether `p_nlwpwait` counts the LWP.
    #[cfg(any(loom, shuttle))]
    pub(super) fn waits(&self) -> bool {
        self.waits
    }
}

/// `p_stat`, as far as LWPs can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcState {
    /// SACTIVE.
    Active,
    /// SSTOP: none of its LWPs runs in user mode.
    Stop,
    /// SZOMB.
    Zomb,
}

/// What p_smutex covers.
#[derive(Debug, Hash)]
pub struct ProcFields {
    /// LWPs on `p_lwps`, zombies included.
    pub p_nlwps: usize,
    /// LWPs that run or will soon: [`State::is_running_or_soon`].
    pub p_nrlwps: usize,
    /// Zombies, and LWPs that are about to be.
    pub p_nzlwps: usize,
    /// Detached LWPs.
    pub p_ndlwps: usize,
    /// LWPs that wait for others to exit or to be suspended.
    pub(super) p_nlwpwait: usize,
    /// The last LWP's number.
    pub p_nlwpid: Lid,
    /// The LWPs, newest first.
    pub p_lwps: Vec<Member>,
    /// Flags.
    pub p_sflag: u32,
    /// The process' state. Stored by [`ProcGuard::set_p_stat`].
    pub(super) p_stat: ProcState,
    /// `p_sigpend`: signals for whichever LWP takes them.
    pub p_sigpend: SignalSet,
    /// What LWPs sleep for in [`super::System::sleep`] has happened. It stands for whatever a kernel waits for.
    pub(super) happened: bool,
    /// How many LWPs the process has had.
    pub(super) born: usize,
}

/// A process.
#[derive(Debug)]
pub struct Proc {
    fields: Covered<ProcFields>,
    /// The address of the detached zombie that waits to be reaped, or 0. An atomic, because `lwp_create` looks without
    /// p_smutex.
    p_zomblwp: AtomicUsize,
    /// What whoever listens has been told of.
    #[cfg(any(loom, shuttle))]
    told: std::sync::Mutex<Told>,
}

#[cfg(shuttle)]
impl Proc {
    /// Says what p_smutex covers.
    pub(super) fn describe(&self, tell: crate::sync::state::Tell<'_>) {
        self.fields.describe(tell);
    }
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
            p_sigpend: SignalSet::default(),
            happened: false,
            born: 0,
        };
        let fields = Covered::new(locks, p_smutex, fields);
        Proc {
            fields,
            p_zomblwp: AtomicUsize::new(0),
            #[cfg(any(loom, shuttle))]
            told: std::sync::Mutex::default(),
        }
    }

    /// Takes p_smutex.
    ///
    /// # Panics
    /// Where the caller holds it already.
    #[track_caller]
    pub fn enter(&self) -> ProcGuard<'_> {
        ProcGuard { proc: self, lock: self.fields.enter() }
    }

    /// What p_smutex covers, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn at_rest(&self, look: impl FnOnce(&ProcFields)) {
        self.fields.at_rest(look);
    }

    /// `p_zomblwp`, once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn p_zomblwp_at_rest(&self) -> usize {
        self.p_zomblwp.load_held()
    }

    /// Whether `p_zomblwp` is set, read without p_smutex.
    #[track_caller]
    pub fn has_zomblwp_unlocked(&self) -> bool {
        self.p_zomblwp.load(Site::PZomblwpLook) != 0
    }
}

/// What p_smutex covers, as far as whoever listens is told of it.
#[cfg(any(loom, shuttle))]
#[derive(Clone, Debug, Default)]
struct Told {
    counters: Counters,
    /// Whose, or 0 for the process; which; its value.
    fields: Vec<(Lid, &'static str, usize)>,
}

#[cfg(any(loom, shuttle))]
impl Told {
    fn of(p: &ProcFields) -> Told {
        let ProcFields { p_nlwps, p_nrlwps, p_nzlwps, p_ndlwps, p_nlwpwait, .. } = *p;
        let mut fields = vec![(0, "p_sflag", p.p_sflag as usize), (0, "p_stat", p.p_stat as usize)];
        for m in &p.p_lwps {
            let lid = m.lwp.l_lid();
            fields.push((lid, "l_refcnt", m.l_refcnt));
            fields.push((lid, "l_waiter", m.l_waiter));
            fields.push((lid, "l_waitingfor", m.l_waitingfor));
            fields.push((lid, "LPR_DETACHED", m.detached.into()));
        }
        Told { counters: Counters { p_nlwps, p_nrlwps, p_nzlwps, p_ndlwps, p_nlwpwait }, fields }
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
/// * `p_nlwpwait` counts the LWPs in `lwp_wait1`, and the one that waits for the others' suspension before it dumps core.
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

    /// p_smutex, held without a gap, unless a fault releases it and takes it again.
    #[track_caller]
    pub(super) fn without_gap(self, step: Step) -> ProcGuard<'a> {
        if !seeded(step) {
            return self;
        }
        let proc = self.proc;
        self.exit();
        proc.enter()
    }

    /// The process.
    #[track_caller]
    pub(super) fn proc(&self) -> &'a Proc {
        self.proc
    }

    /// The first place on `p_lwps` of an LWP with this number: after the numbers have wrapped there may be two.
    pub fn position(&self, lid: Lid) -> Option<usize> {
        self.p_lwps.iter().position(|m| m.lwp.l_lid() == lid)
    }

    /// The LWP's entry on `p_lwps`.
    ///
    /// # Panics
    /// Where it is not there any more: it has been freed.
    #[track_caller]
    pub fn member(&mut self, l: &Arc<KernelLwp>) -> &mut Member {
        let place = self.p_lwps.iter().position(|m| Arc::ptr_eq(&m.lwp, l));
        let Some(n) = place else { panic!("LWP {} is used after it was freed", l.l_lid()) };
        &mut self.p_lwps[n]
    }

    /// Counts an LWP in `p_nlwpwait`.
    #[track_caller]
    pub(super) fn begin_wait(&mut self, l: &Arc<KernelLwp>, count: Count) {
        self.member(l).waits = true;
        self.p_nlwpwait += times(count);
    }

    /// Counts an LWP in `p_nlwpwait` no longer.
    #[track_caller]
    pub(super) fn end_wait(&mut self, l: &Arc<KernelLwp>, count: Count) {
        self.member(l).waits = false;
        self.p_nlwpwait = self.p_nlwpwait.wrapping_sub(times(count));
    }

    /// How many detached LWPs `p_nrlwps` or `p_nzlwps` counts and `p_nlwpwait` does not.
    #[track_caller]
    pub(super) fn detached_counted(&self) -> usize {
        let counted = |m: &&Member| {
            let state = m.lwp.l_stat();
            !m.waits && (state.is_running_or_soon() || state == State::Zomb)
        };
        self.p_lwps.iter().filter(|m| m.detached).filter(counted).count()
    }

    /// All LWPs, for whoever changes the list or the counters on the way through it.
    pub(super) fn lwps(&self) -> Vec<Arc<KernelLwp>> {
        self.p_lwps.iter().map(|m| m.lwp.clone()).collect()
    }

    /// All LWPs but one, for whoever changes the list or the counters on the way through it.
    pub(super) fn others(&self, l: &Arc<KernelLwp>) -> Vec<Arc<KernelLwp>> {
        self.p_lwps.iter().map(|m| &m.lwp).filter(|other| !Arc::ptr_eq(other, l)).cloned().collect()
    }

    /// Takes the zombie that waits to be reaped out of `p_zomblwp`.
    #[track_caller]
    pub(super) fn take_p_zomblwp(&mut self) -> Option<Arc<KernelLwp>> {
        let address = self.proc.p_zomblwp.load_held();
        if address == 0 {
            return None;
        }
        if !seeded(Step::TakePZomblwpClear) {
            self.proc.p_zomblwp.store(0, Site::PZomblwpStore);
        }
        let zombie = self.p_lwps.iter().find(|m| m.lwp.address() == address);
        Some(zombie.expect("p_zomblwp is on p_lwps").lwp.clone())
    }

    /// Stores `p_zomblwp`.
    #[track_caller]
    pub(super) fn set_p_zomblwp(&mut self, l: &KernelLwp) {
        self.proc.p_zomblwp.store(l.address(), Site::PZomblwpStore);
    }

    /// `p_stat`.
    #[track_caller]
    pub fn p_stat(&self) -> ProcState {
        self.p_stat
    }

    /// Stores `p_stat`.
    ///
    /// # Panics
    /// Where the process stops and one of its LWPs runs in user mode.
    #[track_caller]
    pub(super) fn set_p_stat(&mut self, p_stat: ProcState) {
        if cfg!(any(loom, shuttle, debug_assertions)) && p_stat == ProcState::Stop {
            let in_user_mode = self.p_lwps.iter().find(|m| m.lwp.is_in_user_mode());
            assert!(in_user_mode.is_none(), "LWP {in_user_mode:?} runs in user mode in a stopped process");
        }
        self.p_stat = p_stat;
    }

    /// Tells whoever listens what has changed since the last release.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    fn tell(&self) {
        let p: &ProcFields = self;
        let now = Told::of(p);
        let mut told = self.proc.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = std::mem::replace(&mut *told, now.clone());
        drop(told);
        for (lid, name, to) in &now.fields {
            let of = |(l, n, _): &&(Lid, &str, usize)| l == lid && n == name;
            let from = before.fields.iter().find(of).map_or(0, |(.., was)| *was);
            if from != *to {
                observe::tell(|| Event::Field { lid: *lid, name, from, to: *to });
            }
        }
        if before.counters != now.counters {
            let change = || Event::Counters { from: before.counters, to: now.counters };
            about_to(change);
            observe::tell(change);
        }
    }
}

impl ProcFields {
    /// See [`ProcGuard`].
    #[track_caller]
    pub(super) fn check(&self) {
        let count = |which: fn(&Member) -> bool| self.p_lwps.iter().filter(|m| which(m)).count();
        assert_eq!(self.p_nlwps, self.p_lwps.len(), "p_nlwps is not the number of LWPs");
        assert_eq!(self.p_ndlwps, count(|m| m.detached), "p_ndlwps is not the number of detached LWPs");
        let running = count(|m| m.lwp.ghost().is_running_or_soon());
        assert_eq!(self.p_nrlwps, running, "p_nrlwps is not the number of LWPs that run or will soon");
        let zombies = count(|m| m.lwp.ghost() == State::Zomb || m.exiting);
        assert_eq!(self.p_nzlwps, zombies, "p_nzlwps is not the number of zombies");
        assert_eq!(self.p_nlwpwait, count(|m| m.waits), "p_nlwpwait is not the number of LWPs that wait");
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
        #[cfg(any(loom, shuttle))]
        if (observe::is_listened_to() || is_watched()) && !std::thread::panicking() {
            self.tell();
        }
        if cfg!(any(loom, shuttle, debug_assertions)) && !std::thread::panicking() {
            self.check();
        }
    }
}
