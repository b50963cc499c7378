//! `lwp_ctl_alloc`, `lwp_ctl_free`, `lwp_ctl_exit`: a block of each LWP in its process' memory. 1.69.2.6 only.

use std::sync::Arc;

#[cfg(any(loom, shuttle))]
use super::State;
use super::lcpage::{LcCurcpu, LcPage, LcProc, Lwpctl};
#[cfg(any(loom, shuttle))]
use super::proc::ProcState;
use super::unlocked::Unlocked;
#[cfg(any(loom, shuttle))]
use super::vm;
use super::vm::Vm;
use super::{Errno, KernelLwp, Repair, Revision, System};
use crate::fault::{Step, keep, seeded, step};
use crate::mutex::Class;
use crate::observe::{self, Event};
use crate::site::Site;
use crate::sync::AtomicUsize;

/// `p_lwpctl`, and the header that it points to.
#[derive(Debug)]
pub(super) struct ProcLwpctl {
    /// NULL or HEADER. Read without a lock by whoever allocates.
    p_lwpctl: AtomicUsize,
    /// `lp_lock` covers it, once `p_lwpctl` points to it.
    header: Unlocked<Option<LcProc>>,
    vm: Vm,
}

const NULL: usize = 0;
const HEADER: usize = 1;

impl ProcLwpctl {
    #[track_caller]
    pub(super) fn new() -> ProcLwpctl {
        ProcLwpctl { p_lwpctl: AtomicUsize::new(NULL), header: Unlocked::new(None), vm: Vm::default() }
    }

    /// Whether the process has a header, for an LWP that knows that no other makes one.
    #[track_caller]
    pub(super) fn is_used(&self) -> bool {
        self.p_lwpctl.load_held() != NULL
    }
}

/// What `struct lwp` has of lwpctl.
#[derive(Debug, Default)]
pub(super) struct LwpctlRef {
    l_lcpage: Option<Arc<LcPage>>,
    l_lwpctl: Option<Lwpctl>,
}

/// Tells whoever listens that a pointer of the LWP's is set, or cleared.
#[track_caller]
fn tell(l: &KernelLwp, name: &'static str, set: bool) {
    observe::tell(|| Event::Field { lid: l.l_lid(), name, from: usize::from(!set), to: usize::from(set) });
}

impl System {
    /// What lwpctl asks of the virtual memory system.
    pub fn lwpctl_vm(&self) -> &Vm {
        &self.lwpctl.vm
    }

    /// Gives the current LWP a block.
    ///
    /// `kern_lwp.c` 1.69.2.6 L1437.
    /// Entry and exit: nothing held.
    ///
    /// Two LWPs may both find that there is no header yet; the one that comes second to p_mutex drops its own. Whoever
    /// finds one takes `lp_lock` and not p_mutex: nothing but the order of two stores tells it that the header is
    /// complete, and L1458-1464 have no barrier between them (the site `p_lwpctl.store`).
    ///
    /// # Errors
    /// EINVAL where the LWP has a block already; the source computes its address all the same (L1452). ENOMEM where all
    /// blocks of the area are in use, or memory cannot be mapped. ENOSYS in 1.62.
    pub fn lwp_ctl_alloc(&self, l: &KernelLwp) -> Result<Lwpctl, Errno> {
        if self.revision == Revision::R1_62 {
            return Err(Errno::Enosys);
        }
        let lwpctl = &self.lwpctl;
        let mine = &l.data().lwpctl;
        if let Some(page) = mine.read(|mine| mine.l_lcpage.clone()) {
            page.lcp_uaddr();
            return Err(Errno::Einval);
        }
        if lwpctl.p_lwpctl.load(Site::PLwpctlLook) == NULL {
            let header = LcProc::default();
            let p_mutex = self.locks.get(self.locks.only(Class::ProcMutex)).mutex_spin_enter();
            if lwpctl.p_lwpctl.load_held() == NULL || seeded(Step::LwpctlSecondLook) {
                if seeded(Step::LwpctlEarly) {
                    lwpctl.p_lwpctl.store(HEADER, Site::PLwpctlStore);
                }
                lwpctl.header.write(|lp| *lp = Some(header));
                lwpctl.p_lwpctl.store(HEADER, Site::PLwpctlStore);
            }
            drop(p_mutex);
        }

        let unmap_unwired = self.repaired(Repair::UnwiredPage);
        let lp_lock = self.locks.get(self.locks.only(Class::LwpctlLock)).mutex_spin_enter();
        let lp_lock = keep(lp_lock, Step::LwpctlLock);
        let block = lwpctl
            .header
            .write(|lp| lp.as_mut().expect("p_lwpctl != NULL").alloc(&lwpctl.vm, unmap_unwired))?;
        mine.write(|mine| {
            *mine = LwpctlRef { l_lcpage: Some(block.page().clone()), l_lwpctl: Some(block.clone()) };
        });
        tell(l, "l_lcpage", true);
        tell(l, "l_lwpctl", true);
        drop(lp_lock);
        block.set_curcpu(LcCurcpu::Cpu(l.l_cpu()));
        Ok(block)
    }

    /// Gives a dead LWP's block back to its process, if it has one: with the test before it in `lwp_free`
    /// (1.69.2.6 L916).
    ///
    /// `kern_lwp.c` 1.69.2.6 L1563.
    /// Entry and exit: nothing held. The LWP is nobody else's any more.
    pub(super) fn lwp_ctl_free(&self, l: &KernelLwp) {
        let Some(block) = l.lwpctl() else { return };
        assert!(self.lwpctl.is_used(), "lwp_ctl_free: lp != NULL");
        let lp_lock = self.locks.get(self.locks.only(Class::LwpctlLock)).mutex_spin_enter();
        let lp_lock = keep(lp_lock, Step::LwpctlFreeLock);
        self.lwpctl.header.write(|lp| lp.as_mut().expect("p_lwpctl != NULL").free(&block));
        drop(lp_lock);
    }

    /// Tears the process' blocks down, when it exits or executes another program.
    ///
    /// `kern_lwp.c` 1.69.2.6 L1594.
    /// Entry and exit: nothing held. The caller is the last LWP of the process.
    ///
    /// As written `l_lcpage` keeps pointing to a page that is freed ([`Repair::StalePage`]).
    ///
    /// # Panics
    /// Where the process has no blocks, or another LWP: the kernel's assertions.
    pub fn lwp_ctl_exit(&self, l: &KernelLwp) {
        let repaired = self.repaired(Repair::StalePage);
        l.data().lwpctl.write(|mine| {
            step(Step::LwpctlExitBlock, || {
                mine.l_lwpctl = None;
                tell(l, "l_lwpctl", false);
            });
            if repaired {
                mine.l_lcpage = None;
                tell(l, "l_lcpage", false);
            }
        });
        assert!(self.lwpctl.is_used(), "lwp_ctl_exit: lp != NULL");
        assert_eq!(self.proc().enter().p_nlwps, 1, "lwp_ctl_exit: p_nlwps == 1");
        let header = self.lwpctl.header.write(Option::take).expect("p_lwpctl != NULL");
        header.tear_down(&self.lwpctl.vm);
        step(Step::LwpctlExitClear, || self.lwpctl.p_lwpctl.store(NULL, Site::PLwpctlStore));
    }

    /// Says in the LWP's block, if it has one, where the LWP is now: LWPCTL_CPU_EXITED when it exits (1.69.2.6 L783),
    /// and the CPU or LWPCTL_CPU_NONE when it is switched to and away from, which is not in `kern_lwp.c`.
    ///
    /// Entry and exit: whatever is held. The LWP is the current one.
    pub(super) fn lwpctl_says(&self, l: &KernelLwp, curcpu: LcCurcpu) {
        if let Some(block) = l.lwpctl() {
            block.set_curcpu(curcpu);
        }
    }
}

#[cfg(any(loom, shuttle))]
impl System {
    /// Makes sure that the blocks in use are these LWPs', that each says where its LWP is, and that what is mapped is what
    /// the header has: nothing where the process has ended. To be asked once no thread runs any more.
    #[track_caller]
    pub(super) fn check_lwpctl(&self, p_stat: ProcState, lwps: &[Arc<KernelLwp>]) {
        let ended = p_stat == ProcState::Zomb;
        assert!(!ended || !self.lwpctl.is_used(), "the blocks of a process that has ended are mapped still");
        let used = self.lwpctl.header.read(|header| header.as_ref().map_or(0, LcProc::used));
        let pages = self.lwpctl.header.read(|header| header.as_ref().map_or(0, LcProc::pages));
        let mut blocks = Vec::new();
        for l in lwps {
            if let Some(block) = l.lwpctl() {
                let is = if l.ghost() == State::Zomb { LcCurcpu::Exited } else { LcCurcpu::Cpu(l.l_cpu()) };
                assert_eq!(block.curcpu_at_rest(), is, "lc_curcpu of LWP {} is wrong", l.l_lid());
                blocks.push(block.uaddr());
            }
        }
        blocks.sort();
        assert!(blocks.windows(2).all(|pair| pair[0] != pair[1]), "LWPs share a block: {blocks:?}");
        assert_eq!(used, blocks.len(), "blocks are in use that no LWP has, or the reverse");
        let vm::Count { references, user_mappings, kernel_mappings, .. } = self.lwpctl.vm.count();
        let user =
            isize::from(self.lwpctl.header.read(|header| header.as_ref().is_some_and(LcProc::is_mapped)));
        assert_eq!(
            (user_mappings, kernel_mappings),
            (user, pages),
            "other pages are mapped than the header has"
        );
        assert_eq!(references, user + pages, "references to the object are not its mappings");
    }
}

impl KernelLwp {
    /// `l_lwpctl`. The LWP is the current one, or a dead one that is nobody else's any more.
    #[track_caller]
    pub fn lwpctl(&self) -> Option<Lwpctl> {
        self.data().lwpctl.read(|mine| mine.l_lwpctl.clone())
    }
}
