//! `lwp_addref`, `lwp_delref`, `lwp_drainrefs`: references that keep an LWP from going.

use std::sync::Arc;

use super::proc::ProcGuard;
use super::{KernelLwp, Repair, Revision, State, System};

impl System {
    /// Takes a reference: the LWP cannot become a zombie until it is given back.
    ///
    /// `kern_lwp.c` 1.62 L1187, 1.69.2.6 L1305; the two are the same.
    /// Entry and exit: p_smutex held.
    ///
    /// # Panics
    /// Where the LWP is a zombie, or has no reference left to itself: the kernel's assertions.
    pub fn lwp_addref(&self, p: &mut ProcGuard<'_>, l: &Arc<KernelLwp>) {
        assert_ne!(l.l_stat(), State::Zomb, "lwp_addref: l_stat != LSZOMB");
        let refs = &mut p.member(l).l_refcnt;
        assert_ne!(*refs, 0, "lwp_addref: l_refcnt != 0");
        *refs += 1;
    }

    /// Gives a reference back.
    ///
    /// `kern_lwp.c` 1.62 L1202, 1.69.2.6 L1320. 1.62 asserts nothing here.
    /// Entry and exit: p_smutex not held.
    ///
    /// # Panics
    /// In 1.69.2.6 where the LWP is a zombie or has no reference: the kernel's assertions. Where the LWP is gone.
    pub fn lwp_delref(&self, l: &Arc<KernelLwp>) {
        let mut p = self.proc().enter();
        if self.revision == Revision::R1_69_2_6 {
            assert_ne!(l.l_stat(), State::Zomb, "lwp_delref: l_stat != LSZOMB");
        }
        let member = p.member(l);
        member.l_refcnt = member.l_refcnt.checked_sub(1).expect("lwp_delref: l_refcnt > 0");
        if member.l_refcnt == usize::from(member.draining) {
            self.cv_broadcast(self.refcv(), &p);
        }
    }

    /// Gives the LWP's reference to itself back, and waits until nobody else has one.
    ///
    /// `kern_lwp.c` 1.62 L1216, 1.69.2.6 L1336; they wait on different condition variables.
    /// As written the LWP's own reference goes first, so the count can be 0 while the LWP is found still
    /// ([`Repair::DrainingReference`]).
    /// Entry and exit: p_smutex held; it is released meanwhile.
    pub(super) fn lwp_drainrefs<'a>(
        &'a self,
        mut p: ProcGuard<'a>,
        curl: &Arc<KernelLwp>,
        l: &Arc<KernelLwp>,
    ) -> ProcGuard<'a> {
        let drains = self.repaired(Repair::DrainingReference);
        let member = p.member(l);
        assert_ne!(member.l_refcnt, 0, "lwp_drainrefs: l_refcnt != 0");
        member.draining = drains;
        if !drains {
            member.l_refcnt -= 1;
        }
        while p.member(l).l_refcnt != usize::from(drains) {
            p = self.cv_wait(curl, self.refcv(), p);
        }
        let member = p.member(l);
        (member.l_refcnt, member.draining) = (0, false);
        p
    }
}
