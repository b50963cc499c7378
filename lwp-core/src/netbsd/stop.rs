//! Job control: how a process stops and goes on.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on. The parent is not modelled, nor is the callout that looks
//! again for sleepers to stop: whoever has LW_PENDSIG does not go to sleep interruptibly, and no program needs it.

use std::sync::Arc;

use super::flag::{PS_STOPPING, PS_WCORE, PS_WEXIT};
use super::proc::{ProcGuard, ProcState};
use super::signal::Signal;
use super::{KernelLwp, Repair, State, System};
use crate::fault::{Count, Step, in_order, seeded, step, times};

impl System {
    /// `proc_stop`, as another process or a tracer calls it.
    ///
    /// Entry and exit: nothing held; takes proclist_mutex, then p_smutex.
    pub fn stop(&self) {
        let (proclist_mutex, mut p) =
            in_order(Step::ProcStopSwapped, || self.alllwp.enter(), || self.proc().enter());
        if p.p_stat == ProcState::Active && p.p_sflag & PS_STOPPING == 0 {
            self.proc_stop(&mut p);
        }
        p.exit();
        drop(proclist_mutex);
    }

    /// `proc_stop`: halts those that sleep interruptibly, and asks the others to halt by themselves.
    ///
    /// Entry and exit: proclist_mutex and p_smutex held.
    ///
    /// As written a process that somebody ends can be stopped ([`Repair::StoppedExit`]).
    fn proc_stop(&self, p: &mut ProcGuard<'_>) {
        let ends = p.p_sflag & (PS_WCORE | PS_WEXIT) != 0 && !seeded(Step::ProcStopEnds);
        if ends && self.repaired(Repair::StoppedExit) {
            return;
        }
        step(Step::ProcStopStopping, || p.p_sflag |= PS_STOPPING);
        let lwps = p.lwps();
        for l in &lwps {
            let mut l = l.lwp_lock();
            if l.stat() == State::Sleep && l.fields().l_sintr && !seeded(Step::ProcStopSleeper) {
                l.set_stat(State::Stop);
                p.p_nrlwps -= times(Count::ProcStopNrlwps);
            }
            l.unlock();
        }
        if p.p_nrlwps == 0 || seeded(Step::ProcStopCount) {
            step(Step::ProcStopStopped, || self.has_stopped(p));
        } else {
            for l in &lwps {
                step(Step::ProcStopPost, || _ = self.sigpost(p, l, Signal::Stop));
            }
        }
    }

    fn has_stopped(&self, p: &mut ProcGuard<'_>) {
        step(Step::HasStoppedStopping, || p.p_sflag &= !PS_STOPPING);
        step(Step::HasStoppedSstop, || p.set_p_stat(ProcState::Stop));
    }

    /// `sigswitch`: the current LWP stops with its process. The first to do so has the others stop too, the last one
    /// makes the process SSTOP.
    ///
    /// Entry and exit: p_smutex held, LSONPROC; p_smutex is released while the LWP is stopped, and in order to take
    /// proclist_mutex.
    pub(super) fn sigswitch<'a>(&'a self, mut p: ProcGuard<'a>, l: &Arc<KernelLwp>) -> ProcGuard<'a> {
        if p.p_stat == ProcState::Active && p.p_sflag & PS_STOPPING == 0 {
            step(Step::SigswitchStops, || self.proc_stop(&mut p));
        }
        if p.p_sflag & PS_STOPPING != 0 {
            // proclist_mutex comes first.
            p.exit();
            let proclist_mutex = self.alllwp.enter();
            p = self.proc().enter();
            let stopping = p.p_sflag & PS_STOPPING != 0 || seeded(Step::SigswitchSecondLook);
            let is_last = p.p_nrlwps == 1 || seeded(Step::SigswitchCount);
            if is_last && stopping {
                step(Step::SigswitchStopped, || self.has_stopped(&mut p));
            }
            drop(proclist_mutex);
        }
        if !self.is_stopping(&p) && !seeded(Step::SigswitchThirdLook) {
            return p;
        }
        let proc = p.proc();
        p.p_nrlwps -= times(Count::SigswitchNrlwps);
        let mut locked = l.lwp_lock();
        locked.set_stat(State::Stop);
        p.exit();
        if seeded(Step::SigswitchKernelLock) {
            self.mi_switch(locked);
        } else {
            self.kernel_lock.without(|| self.mi_switch(locked));
        }
        proc.enter()
    }

    /// Has a process that somebody ends stop no more.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn end_stop(&self, p: &mut ProcGuard<'_>) {
        if self.is_stopping(p) && self.repaired(Repair::StoppedExit) {
            self.proc_unstop(p);
        }
    }

    /// `proc_unstop`: has a stopped or stopping process go on.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn proc_unstop(&self, p: &mut ProcGuard<'_>) {
        step(Step::ProcUnstopSactive, || p.set_p_stat(ProcState::Active));
        step(Step::ProcUnstopStopping, || p.p_sflag &= !PS_STOPPING);
        let lwps = p.lwps();
        for l in &lwps {
            let mut l = l.lwp_lock();
            if l.stat() != State::Stop {
                l.unlock();
            } else if l.fields().l_wchan.is_none() {
                step(Step::ProcUnstopRuns, || self.setrunnable(p, l));
            } else {
                l.set_stat(State::Sleep);
                p.p_nrlwps += times(Count::ProcUnstopNrlwps);
                l.unlock();
            }
        }
    }
}
