//! `struct lwp`: an LWP of the protocol, and the guard of its general lock.

use core::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::condvar::{P_LWPCV, P_REFCV};
use super::cover::Covers;
use super::data::LwpData;
use super::flag::{LW_RUNNING, LW_USERRET};
use super::park::PARK;
use super::sleep::HAPPENING;
use super::turnstile::TURNSTILE;
use super::{Lwp, LwpGuard, Revision, State, transitions};
use crate::covered::Covered;
use crate::fault::{Step, seeded};
use crate::locks::{LockId, Locks};
use crate::mutex::{Class, MutexGuard};
use crate::observe::{self, Event, Until};
use crate::site::Site;
use crate::sync::{AtomicUsize, Cell, Deadline, Parker};
use crate::watch::about_to;

/// `lwpid_t`: an LWP's number within its process, from 1. 0 is nobody, or anybody.
pub type Lid = usize;

/// What only the LWP's general lock covers.
#[derive(Debug, Default, Hash)]
pub struct Fields {
    /// `l_wchan`: what the LWP sleeps on, while it is on a sleep queue.
    pub l_wchan: Option<Wchan>,
    /// LW_SINTR of `l_flag`: a word of its own, because nobody reads it without the lock.
    pub l_sintr: bool,
    /// The callout that ends the LWP's sleep after a time. Its own lock is not modelled.
    pub callout: Callout,
    /// When it does so. Under the checkers it may at any time.
    pub(super) until: Option<Deadline>,
}

/// Whether the time that an LWP may sleep has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Callout {
    /// It sleeps without a limit, or not at all.
    #[default]
    Idle,
    /// The time will come.
    Armed,
    /// The time has come.
    Fired,
}

/// A wait channel: which condition variable of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wchan(pub(super) usize);

impl Wchan {
    /// What those who sleep there wait for: `l_wmesg`.
    pub fn name(self) -> &'static str {
        match self {
            P_LWPCV => "lwpcv",
            P_REFCV => "refcv",
            PARK => "parked",
            HAPPENING => "sleep",
            _ => "tstile",
        }
    }

    /// The queue's place among the machine's.
    pub(super) fn number(self) -> usize {
        self.0
    }

    /// The class of the lock of the queue on which LWPs wait there.
    pub(super) fn class(self) -> Class {
        if self == TURNSTILE { Class::TurnstileChain } else { Class::SleepQueue }
    }
}

/// An LWP. The state and the flags are atomics since the sources look at them under other locks, or none.
pub struct KernelLwp {
    l_lid: Lid,
    address: usize,
    l_cpu: usize,
    revision: Revision,
    covers: Covers,
    general: Lwp<Fields>,
    l_stat: AtomicUsize,
    l_flag: AtomicUsize,
    data: LwpData,
    /// Lets the LWP's thread go on when a CPU takes the LWP.
    dispatched: Parker,
    /// The AST that sends the LWP from user mode into the kernel.
    ast: Parker,
    /// Whether the memory is somebody else's by now. Reading it is using the memory.
    freed: Cell<bool>,
    /// `l_stat` for the checks that no engine may see.
    ghost: AtomicU8,
    /// `l_flag` for those, without LW_RUNNING.
    last_flag: std::sync::atomic::AtomicUsize,
    /// `freed` for those.
    is_freed: AtomicBool,
    /// Whether the LWP is in user mode, for the checks that no engine may see.
    in_user_mode: AtomicBool,
    /// Whether the LWP was on a CPU when it came to be.
    booted_on_cpu: bool,
}

// SAFETY: `freed` is the only field that is not `Sync` by itself: every use of the LWP reads it, freeing writes it, and
// freeing is what the protocol orders after every use; the checkers verify that.
unsafe impl Sync for KernelLwp {}
// SAFETY: an LWP owns its fields, which are all `Send`.
unsafe impl Send for KernelLwp {}

/// Which LWP it is, not what it is like: data that refer to an LWP depend on no more.
impl Hash for KernelLwp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.l_lid, self.address).hash(state);
    }
}

/// For the checks once no thread runs any more.
#[cfg(any(loom, shuttle))]
impl KernelLwp {
    /// `l_flag`.
    #[track_caller]
    pub(super) fn l_flag_at_rest(&self) -> usize {
        self.l_flag.load_held()
    }

    /// What only the LWP's lock covers.
    #[track_caller]
    pub(super) fn fields_at_rest(&self, look: impl FnOnce(&Fields)) {
        self.general.at_rest(|fields, _| look(fields));
    }

    /// Makes sure that `l_mutex` points at the lock that covers the LWP, and that `l_stat` is what the checks take it for.
    #[track_caller]
    pub(super) fn check_cover_at_rest(&self) {
        let (wchan, lock) = self.general.at_rest(|fields, lock| (fields.l_wchan, lock));
        let wanted = self.covering_lock(wchan);
        if wanted != Some(lock) {
            self.is_left_to(lock, wanted);
        }
        assert_eq!(
            State::from_number(self.l_stat.load_held()),
            self.ghost(),
            "l_stat was stored by a way of its own"
        );
    }
}

#[cfg(shuttle)]
impl KernelLwp {
    /// Says what the LWP's fields are, and whether it was freed.
    pub(super) fn describe(&self, tell: crate::sync::state::Tell<'_>) {
        self.general.describe(tell);
        self.freed.describe(tell);
    }
}

impl KernelLwp {
    /// An LWP in `state`, bound to a CPU and covered by the lock `first`.
    #[track_caller]
    pub(super) fn new(
        address: usize,
        l_lid: Lid,
        l_cpu: usize,
        (revision, covers): (Revision, Covers),
        state: State,
        locks: Locks,
        first: LockId,
    ) -> KernelLwp {
        let running = revision == Revision::R1_69_2_6 && state == State::OnProc;
        let class = locks.get(first).class();
        let born = || Event::Born { lid: l_lid, state, lock: first, class, cpu: l_cpu };
        about_to(born);
        observe::tell(born);
        KernelLwp {
            l_lid,
            address,
            l_cpu,
            revision,
            covers,
            general: Lwp::numbered(l_lid, locks, first, Fields::default()),
            l_stat: AtomicUsize::new(state as usize).of(l_lid),
            l_flag: AtomicUsize::new(if running { LW_RUNNING } else { 0 }).of(l_lid),
            data: LwpData::new(),
            dispatched: Parker::new(),
            ast: Parker::new(),
            freed: Cell::new(false),
            ghost: AtomicU8::new(state as u8),
            last_flag: std::sync::atomic::AtomicUsize::new(0),
            is_freed: AtomicBool::new(false),
            in_user_mode: AtomicBool::new(false),
            booted_on_cpu: state == State::OnProc,
        }
    }

    /// The LWP's number: stable, so it needs no lock.
    pub fn l_lid(&self) -> Lid {
        self.l_lid
    }

    /// What stands for a pointer to the LWP in a word: never 0, and never another's.
    pub(super) fn address(&self) -> usize {
        self.address
    }

    /// The CPU that the LWP belongs to: LWPs do not migrate here.
    pub fn l_cpu(&self) -> usize {
        self.l_cpu
    }

    /// `lwp_lock`.
    ///
    /// # Panics
    /// Where the LWP has been freed, or the caller holds its lock already.
    #[track_caller]
    pub fn lwp_lock(self: &Arc<KernelLwp>) -> LwpLocked<'_> {
        self.touch();
        LwpLocked { lwp: self, guard: self.general.lwp_lock() }
    }

    /// The LWP, from a holder of the lock of the queue that it was found on.
    #[track_caller]
    pub(super) fn queued_under<'a>(self: &'a Arc<KernelLwp>, lock: MutexGuard<'a>) -> LwpLocked<'a> {
        self.touch();
        LwpLocked { lwp: self, guard: self.general.queued_under(lock) }
    }

    /// What the LWP alone uses while it lives.
    #[track_caller]
    pub(super) fn data(&self) -> &LwpData {
        self.touch();
        &self.data
    }

    /// `l_stat`, read without the LWP's lock.
    #[track_caller]
    pub fn l_stat(&self) -> State {
        self.touch();
        State::from_number(self.l_stat.load(Site::LStatLook))
    }

    /// `l_flag`, read without a lock.
    #[track_caller]
    pub fn l_flag(&self) -> usize {
        self.touch();
        self.l_flag.load(Site::LFlagLook)
    }

    /// Whether the LWP has been asked to do something before it returns to user mode.
    pub fn must_userret(&self) -> bool {
        self.l_flag() & LW_USERRET != 0
    }

    /// Clears LW_RUNNING without a lock, as `lwp_exit_switchaway` does: the LWP is a zombie, and nobody else is to
    /// change its flags any more.
    #[track_caller]
    pub(super) fn stop_running(&self) {
        self.touch();
        let flags = self.l_flag.load(Site::LFlagLook);
        self.l_flag.store(flags & !LW_RUNNING, Site::LFlagStore);
        observe::tell(|| Event::Flag { lid: self.l_lid, from: flags, to: flags & !LW_RUNNING });
    }

    /// Whether the LWP's thread has to wait for a CPU before its first step.
    pub(super) fn booted_off_cpu(&self) -> bool {
        !self.booted_on_cpu
    }

    /// Blocks the LWP's thread until a CPU takes the LWP.
    // Under a checker, whoever waits for ever is unwound through this: one frame fewer.
    #[inline(always)]
    #[track_caller]
    pub(super) fn wait_for_dispatch(&self) {
        observe::tell(|| Event::Blocks { lid: self.l_lid, until: Until::Dispatched });
        self.dispatched.park();
        observe::tell(|| Event::GoesOn { lid: self.l_lid, until: Until::Dispatched });
    }

    /// Blocks the LWP's thread until a CPU takes the LWP, or a time has come. Gives whether a CPU has.
    pub(super) fn wait_for_dispatch_until(&self, until: Deadline) -> bool {
        self.dispatched.park_until(until)
    }

    /// Lets the LWP's thread go on.
    #[track_caller]
    pub(super) fn dispatch(&self) {
        self.dispatched.unpark();
        observe::tell(|| Event::LetsGo { lid: self.l_lid, until: Until::Dispatched });
    }

    /// `cpu_signotify`: posts an AST.
    #[track_caller]
    pub(super) fn cpu_signotify(&self) {
        self.ast.unpark();
        observe::tell(|| Event::LetsGo { lid: self.l_lid, until: Until::Notified });
    }

    /// Blocks the LWP's thread, in user mode, until an AST is posted.
    #[track_caller]
    pub(super) fn wait_for_ast(&self) {
        observe::tell(|| Event::Blocks { lid: self.l_lid, until: Until::Notified });
        // ORDERING: none needed. Whoever asks has made sure under p_smutex that the LWP cannot be there.
        self.in_user_mode.store(true, Ordering::Relaxed);
        self.ast.park();
        self.in_user_mode.store(false, Ordering::Relaxed);
        observe::tell(|| Event::GoesOn { lid: self.l_lid, until: Until::Notified });
    }

    /// Whether the LWP is in user mode, for the checks that no engine may see.
    pub(super) fn is_in_user_mode(&self) -> bool {
        // ORDERING: see `KernelLwp::wait_for_ast`.
        self.in_user_mode.load(Ordering::Relaxed)
    }

    /// The state, for the checks that no engine may see.
    pub(super) fn ghost(&self) -> State {
        // ORDERING: none needed. Under the checkers one thread runs at a time; with real threads the state's class
        // is asked for under p_smutex, which covers it.
        State::from_number(self.ghost.load(Ordering::Relaxed).into())
    }

    /// The state, for what looks at an execution from outside of it, once no thread is to run any more.
    pub fn last_stat(&self) -> State {
        self.ghost()
    }

    /// The flags but for LW_RUNNING, for the same.
    pub fn last_flag(&self) -> usize {
        // ORDERING: see `KernelLwp::ghost`.
        self.last_flag.load(Ordering::Relaxed) & !LW_RUNNING
    }

    /// Whether the memory was freed, for the same.
    pub fn is_freed(&self) -> bool {
        // ORDERING: see `KernelLwp::ghost`.
        self.is_freed.load(Ordering::Relaxed)
    }

    /// The lock that covers the LWP in the state in which it is, where it waits on `wchan`.
    fn covering_lock(&self, wchan: Option<Wchan>) -> Option<LockId> {
        self.covers.lock(self.ghost(), wchan, self.revision)
    }

    #[cold]
    #[track_caller]
    fn is_left_to(&self, lock: LockId, wanted: Option<LockId>) -> ! {
        let locks = self.general.locks();
        let (lid, state, revision) = (self.l_lid, self.ghost().name(), self.revision.name());
        match wanted {
            Some(wanted) => panic!(
                "LWP {lid} is {state} and left to {}; {revision} covers it by {}",
                locks.get(lock),
                locks.get(wanted)
            ),
            None => panic!("LWP {lid} is {state} on no sleep queue, and left to {}", locks.get(lock)),
        }
    }

    /// Frees the memory: from now on every use is a failure.
    #[track_caller]
    pub(super) fn free(&self) {
        self.touch();
        observe::tell(|| Event::Freed { lid: self.l_lid });
        // SAFETY: whoever frees the LWP is its only user; a checker verifies that everybody else came before.
        self.freed.with_mut(|freed| unsafe { *freed = true });
        // ORDERING: see `KernelLwp::ghost`.
        self.is_freed.store(true, Ordering::Relaxed);
    }

    /// Where `site` is ordered by a barrier that stores alone obey, a use of the LWP may be performed as late as here.
    pub(super) fn load_that_a_membar_leaves(&self, site: Site) {
        #[cfg(any(loom, shuttle))]
        if site.order() == crate::site::Order::MembarProducer {
            self.touch();
        }
        let _ = site;
    }

    /// The LWP runs, on a kernel stack that goes with it.
    #[track_caller]
    pub(super) fn uses_its_stack(&self) {
        self.touch();
    }

    #[track_caller]
    fn touch(&self) {
        // SAFETY: only `free` writes, which comes after every use; a checker verifies that.
        let freed = self.freed.with(|freed| unsafe { *freed });
        assert!(!freed, "LWP {} is used after it was freed", self.l_lid);
    }
}

impl fmt::Debug for KernelLwp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelLwp").field("l_lid", &self.l_lid).field("l_stat", &self.ghost()).finish()
    }
}

/// A locked LWP. Where the lock is given up or lent, the state must agree with it.
#[must_use = "dropping the guard unlocks the LWP without a check"]
pub struct LwpLocked<'a> {
    lwp: &'a Arc<KernelLwp>,
    guard: LwpGuard<'a, Fields>,
}

impl<'a> LwpLocked<'a> {
    /// The LWP.
    pub fn lwp(&self) -> &'a Arc<KernelLwp> {
        self.lwp
    }

    /// The lock that is held.
    pub(super) fn held(&self) -> LockId {
        self.guard.held()
    }

    /// `l_stat`.
    #[track_caller]
    pub fn stat(&self) -> State {
        State::from_number(self.lwp.l_stat.load_held())
    }

    /// Stores `l_stat`.
    ///
    /// # Panics
    /// Where the revision does not document the transition.
    #[track_caller]
    pub(super) fn set_stat(&mut self, to: State) {
        let from = self.stat();
        // Before the check: what it stops at is to be listed as well.
        transitions::makes(from, to);
        if cfg!(any(loom, shuttle, debug_assertions)) {
            let (lid, revision) = (self.lwp.l_lid, self.lwp.revision);
            assert!(
                from.may_become(to, revision),
                "LWP {lid} goes from {} to {}, which {} does not document",
                from.name(),
                to.name(),
                revision.name()
            );
        }
        let change = || Event::State { lid: self.lwp.l_lid, from, to };
        about_to(change);
        self.lwp.l_stat.store(to as usize, Site::LStatStore);
        observe::tell(change);
        // ORDERING: see `KernelLwp::ghost`.
        self.lwp.ghost.store(to as u8, Ordering::Relaxed);
    }

    /// `l_flag`.
    #[track_caller]
    pub fn flags(&self) -> usize {
        self.lwp.l_flag.load_held()
    }

    /// Sets flags.
    #[track_caller]
    pub(super) fn set_flags(&mut self, flags: usize) {
        self.change_flags(self.flags() | flags);
    }

    /// Clears flags.
    #[track_caller]
    pub(super) fn clear_flags(&mut self, flags: usize) {
        self.change_flags(self.flags() & !flags);
    }

    /// Storing what is there already could not be told from not storing.
    #[track_caller]
    fn change_flags(&mut self, flags: usize) {
        let from = self.flags();
        if flags != from {
            self.lwp.l_flag.store(flags, Site::LFlagStore);
            // ORDERING: see `KernelLwp::ghost`.
            self.lwp.last_flag.store(flags, Ordering::Relaxed);
            observe::tell(|| Event::Flag { lid: self.lwp.l_lid, from, to: flags });
        }
    }

    /// What only the lock covers.
    #[track_caller]
    pub fn fields(&mut self) -> &mut Fields {
        &mut self.guard
    }

    /// What else the LWP's lock covers.
    #[track_caller]
    pub(super) fn covered<'g, D>(&'g mut self, data: &'g Covered<D>) -> &'g mut D {
        self.guard.covered(data)
    }

    /// The LWP, locked without a gap, unless a fault unlocks it and locks it again.
    #[track_caller]
    pub(super) fn without_gap(self, step: Step) -> LwpLocked<'a> {
        if !seeded(step) {
            return self;
        }
        let lwp = self.lwp;
        self.unlock();
        lwp.lwp_lock()
    }

    /// `lwp_unlock`.
    #[track_caller]
    pub fn unlock(self) {
        drop(self.into_mutex());
    }

    /// Gives the LWP up and keeps its lock.
    #[track_caller]
    pub(super) fn into_mutex(mut self) -> MutexGuard<'a> {
        self.check_cover(self.held());
        self.guard.into_mutex()
    }

    /// `lwp_setlock`: lends the LWP a lock that the caller does not hold.
    #[track_caller]
    pub(super) fn lwp_setlock(mut self, new: LockId) -> MutexGuard<'a> {
        self.check_cover(new);
        // Lending the lock that is held changes nothing, as on a machine whose locks are one.
        if self.held() == new { self.guard.into_mutex() } else { self.guard.lwp_setlock(new) }
    }

    /// `lwp_unlock_to` a lock that the caller holds.
    #[track_caller]
    pub(super) fn lwp_unlock_to_held(self, new: MutexGuard<'a>) -> LwpLocked<'a> {
        LwpLocked { lwp: self.lwp, guard: self.guard.lwp_unlock_to_held(new) }
    }

    /// `lwp_unlock_to` a queue's lock that the caller holds, where that is another than the LWP's.
    pub(super) fn unlock_to_queue(self, queue: Option<MutexGuard<'a>>) -> LwpLocked<'a> {
        match queue {
            Some(queue) => self.lwp_unlock_to_held(queue),
            None => self,
        }
    }

    /// `lwp_setlock` to a lock that the caller holds.
    #[track_caller]
    pub(super) fn lwp_setlock_held(self, new: MutexGuard<'a>) -> (LwpLocked<'a>, MutexGuard<'a>) {
        let (guard, old) = self.guard.lwp_setlock_held(new);
        (LwpLocked { lwp: self.lwp, guard }, old)
    }

    /// Whoever takes the LWP next relies on the table of states and locks.
    #[track_caller]
    fn check_cover(&mut self, lock: LockId) {
        if cfg!(any(loom, shuttle, debug_assertions)) {
            let wanted = self.lwp.covering_lock(self.guard.l_wchan);
            if wanted != Some(lock) {
                self.lwp.is_left_to(lock, wanted);
            }
        }
    }
}
