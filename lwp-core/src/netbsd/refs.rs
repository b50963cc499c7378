//! `lwp_addref`, `lwp_delref`, `lwp_drainrefs`: references that keep an LWP from going.

use std::sync::Arc;

use super::proc::{Member, ProcGuard};
use super::{KernelLwp, Repair, Revision, State, System};
use crate::fault::{Count, Step, seeded, step, times};

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
        *refs += times(Count::LwpAddrefRefcnt);
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
        let less = member.l_refcnt.checked_sub(times(Count::LwpDelrefRefcnt));
        member.l_refcnt = less.expect("lwp_delref: l_refcnt > 0");
        if member.l_refcnt == usize::from(member.draining) {
            step(Step::LwpDelrefBroadcast, || self.cv_broadcast(self.refcv(), &p));
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
        assert_ne!(p.member(l).l_refcnt, 0, "lwp_drainrefs: l_refcnt != 0");
        p.member(l).draining = drains;
        if !drains {
            p.member(l).gives_its_own_back();
        }
        while p.member(l).l_refcnt != usize::from(drains) {
            p = self.cv_wait(curl, self.refcv(), p.without_gap(Step::LwpDrainrefsGap));
            if seeded(Step::LwpDrainrefsAgain) {
                break;
            }
        }
        if drains {
            p.member(l).gives_its_own_back();
        }
        p.member(l).draining = false;
        p
    }
}

impl Member {
    fn gives_its_own_back(&mut self) {
        let less = self.l_refcnt.checked_sub(times(Count::LwpDrainrefsRefcnt));
        self.l_refcnt = less.expect("lwp_drainrefs: l_refcnt != 0");
    }
}
