//! `lwp_wait1`: waiting for an LWP of the same process to exit.

use std::sync::Arc;

use super::condvar::P_LWPCV;
use super::exit::Exited;
use super::flag::{PS_WCORE, PS_WEXIT};
use super::proc::ProcGuard;
use super::{Errno, KernelLwp, Lid, Repair, Revision, State, System};
use crate::fault::{Count, Step, seeded, step};

/// How a wait ended: with the number of the LWP that was reaped, with an error, or with the end of the waiter itself.
pub type Waited = Result<Result<Lid, Errno>, Exited>;

/// What a scan of `p_lwps` came to.
enum Scan {
    /// A zombie to reap.
    Zombie(Arc<KernelLwp>),
    /// Nobody yet, out of so many that may come.
    Nobody(usize),
    /// The waiter waits for somebody who waits for it.
    Cycle,
}

impl System {
    /// Waits for the LWP `lid`, or for any where `lid` is 0, to exit, and reaps it. `exitcontrol` (LWPWAIT_EXITCONTROL) is
    /// for the LWP that coordinates the end of the process: it waits whatever happens, and counts the detached.
    ///
    /// `kern_lwp.c` 1.62 L372, 1.69.2.6 L356.
    /// Entry and exit: p_smutex held, but not where the waiter has exited.
    ///
    /// 1.62 lets a wait for any take the LWP that another waits for, does not wake the other waiters when a wait fails, and
    /// counts the waiter until it has p_smutex again after the LWP was freed ([`Repair::StuckWait`]).
    /// In both a wait fails with EDEADLK where all others are stopped with their process ([`Repair::StoppedWait`]) or where
    /// a detached LWP is suspended or waits ([`Repair::DetachedCount`]), and a waiter that a core dump ends is counted for ever ([`Repair::DumpedWait`]).
    ///
    /// # Errors
    /// ESRCH where there is nobody to wait for. EDEADLK where the waiter waits for itself, or for one that waits for it
    /// (1.62: itself only), where the process exits, or where all who could exit wait too. EINTR where a signal came, or the waiter was
    /// cancelled or is to exit. [`Exited`] where it has: during a core dump it is suspended first.
    pub fn lwp_wait1<'a>(
        &'a self,
        mut p: ProcGuard<'a>,
        l: &Arc<KernelLwp>,
        lid: Lid,
        exitcontrol: bool,
    ) -> (Option<ProcGuard<'a>>, Waited) {
        let first = self.revision == Revision::R1_62 && !self.repaired(Repair::StuckWait);
        let curlid = l.l_lid();
        if first && lid == curlid && !seeded(Step::LwpWait1Self) {
            return (Some(p), Ok(Err(Errno::Edeadlk)));
        }
        p.begin_wait(l, Count::LwpWait1Begins);
        if !first && !seeded(Step::LwpWait1Waitingfor) {
            p.member(l).l_waitingfor = lid;
        }
        let error = loop {
            if p.p_sflag & PS_WCORE != 0 && !seeded(Step::LwpWait1Wcore) {
                if self.repaired(Repair::DumpedWait) {
                    p.end_wait(l, Count::LwpWait1Dumped);
                }
                p.exit();
                let Err(exited) = self.lwp_userret(l) else {
                    let lid = l.l_lid();
                    panic!("LWP {lid} comes back to lwp_wait1 in a core dump: nobody has told it to exit");
                };
                return (None, Err(exited));
            }
            if !seeded(Step::LwpWait1Reaps) {
                p = self.reap_detached(p);
            }
            let scan = if first {
                scan_1_62(&p, curlid, lid, exitcontrol)
            } else {
                scan(&mut p, curlid, lid, exitcontrol)
            };
            let found = match scan {
                Scan::Zombie(zombie) => {
                    if !first {
                        step(Step::LwpWait1FoundWaitingfor, || p.member(l).l_waitingfor = 0);
                        step(Step::LwpWait1FoundWaiter, || p.member(&zombie).l_waiter = 0);
                        p.end_wait(l, Count::LwpWait1Found);
                    }
                    self.lwp_free(Some(p), &zombie);
                    let mut p = self.proc().enter();
                    if first {
                        p.end_wait(l, Count::LwpWait1FoundOld);
                    }
                    return (Some(p), Ok(Ok(zombie.l_lid())));
                }
                Scan::Cycle => break Errno::Edeadlk,
                Scan::Nobody(found) => found,
            };
            if found == 0 && !seeded(Step::LwpWait1Nobody) {
                break Errno::Esrch;
            }
            if exitcontrol {
                assert!(p.p_nlwps > 1, "the last LWP waits for the others");
                p = self.cv_wait(l, P_LWPCV, p.without_gap(Step::LwpWait1ExitGap));
                continue;
            }
            let detached =
                if self.repaired(Repair::DetachedCount) { p.detached_counted() } else { p.p_ndlwps };
            let stuck = if first {
                p.p_nrlwps <= p.p_nlwpwait + detached
            } else {
                p.p_nrlwps + p.p_nzlwps <= p.p_nlwpwait + detached
            };
            let stopped = self.repaired(Repair::StoppedWait) && self.is_stopping(&p);
            let exits = p.p_sflag & PS_WEXIT != 0 && !seeded(Step::LwpWait1Wexit);
            if exits || (stuck && !stopped && !seeded(Step::LwpWait1Stuck)) {
                break Errno::Edeadlk;
            }
            let (again, result) = self.cv_wait_sig(l, P_LWPCV, p.without_gap(Step::LwpWait1Gap));
            p = again;
            if let Err(error) = result
                && !seeded(Step::LwpWait1Eintr)
            {
                break error;
            }
        };
        if !first {
            if lid != 0
                && let Some(n) = p.position(lid)
                && p.p_lwps[n].l_waiter == curlid
            {
                step(Step::LwpWait1Waiter, || p.p_lwps[n].l_waiter = 0);
            }
            step(Step::LwpWait1WaitingforEnds, || p.member(l).l_waitingfor = 0);
        }
        p.end_wait(l, Count::LwpWait1Ends);
        if !first {
            step(Step::LwpWait1Broadcast, || self.cv_broadcast(P_LWPCV, &p));
        }
        (Some(p), Ok(Err(error)))
    }

    /// Frees the detached zombies that wait to be reaped: at most one at a time, but others may follow meanwhile.
    ///
    /// Entry and exit: p_smutex held; it is released while one is freed.
    fn reap_detached<'a>(&'a self, mut p: ProcGuard<'a>) -> ProcGuard<'a> {
        while let Some(zombie) = p.take_p_zomblwp() {
            self.lwp_free(Some(p), &zombie);
            p = self.proc().enter();
            if seeded(Step::ReapDetachedAgain) {
                break;
            }
        }
        p
    }
}

/// 1.62 L433-453.
fn scan_1_62(p: &ProcGuard<'_>, curlid: Lid, lid: Lid, exitcontrol: bool) -> Scan {
    let mut found = 0;
    for l2 in &p.p_lwps {
        let l2_lid = l2.lwp.l_lid();
        if l2_lid == curlid || (lid != 0 && l2_lid != lid) {
            continue;
        }
        if l2.detached && !seeded(Step::LwpWait1DetachedOld) {
            found += usize::from(exitcontrol);
            continue;
        }
        found += 1;
        if l2.lwp.l_stat() == State::Zomb {
            return Scan::Zombie(l2.lwp.clone());
        }
    }
    Scan::Nobody(found)
}

/// 1.69.2.6 L402-464: notices who waits for the waiter, and leaves LWPs that have a waiter of their own to it.
fn scan(p: &mut ProcGuard<'_>, curlid: Lid, lid: Lid, exitcontrol: bool) -> Scan {
    let mut found = 0;
    for l2 in &mut p.p_lwps {
        let l2_lid = l2.lwp.l_lid();
        if l2_lid == lid && l2.l_waitingfor == curlid && !seeded(Step::LwpWait1Cycle) {
            return Scan::Cycle;
        }
        if l2_lid == curlid {
            continue;
        }
        if l2.detached && !seeded(Step::LwpWait1Detached) {
            found += usize::from(exitcontrol);
            continue;
        }
        if lid != 0 {
            if l2_lid != lid {
                continue;
            }
            if l2.l_waiter == 0 && !seeded(Step::LwpWait1WaiterBegins) {
                l2.l_waiter = curlid;
            }
        } else if l2.l_waiter != 0 && !seeded(Step::LwpWait1OthersWaiter) {
            found += usize::from(!seeded(Step::LwpWait1OthersFound));
            continue;
        }
        found += 1;
        if l2.lwp.l_stat() == State::Zomb {
            return Scan::Zombie(l2.lwp.clone());
        }
    }
    Scan::Nobody(found)
}
