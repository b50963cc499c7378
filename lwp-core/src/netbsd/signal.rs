//! Signals, as far as the protocol has to do with them: who is told, who is woken, and what is done about one on the
//! way back to user mode.
//!
//! Not in `kern_lwp.c`; after the contracts that it relies on. Masks, ignored signals and tracing are not modelled.

use std::sync::Arc;

use super::exit::Exited;
use super::flag::{LW_PENDSIG, PS_STOPPING};
use super::proc::{ProcGuard, ProcState};
use super::{Errno, KernelLwp, Lid, State, System};
use crate::fault::{Step, seeded, step};

/// A signal, and with it what is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Signal {
    /// SIGKILL: ends the process, and continues it first where it is stopped.
    Kill,
    /// SIGQUIT: has the process dump core, which ends it.
    Quit,
    /// SIGSTOP: stops the process.
    Stop,
    /// SIGCONT: continues the process.
    Cont,
    /// SIGUSR1: has a handler, and interrupts what it finds asleep.
    Usr1,
}

impl Signal {
    /// Every signal, the one that is taken first in front.
    pub const ALL: [Signal; 5] = [Signal::Kill, Signal::Quit, Signal::Stop, Signal::Cont, Signal::Usr1];

    /// The name without its SIG.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Kill => "KILL",
            Signal::Quit => "QUIT",
            Signal::Stop => "STOP",
            Signal::Cont => "CONT",
            Signal::Usr1 => "USR1",
        }
    }

    /// SA_KILL: whether the signal ends the process.
    const fn ends_the_process(self) -> bool {
        matches!(self, Signal::Kill | Signal::Quit)
    }

    /// SA_TOALL: whether every LWP is told, and not the first that can take the signal.
    const fn is_for_all(self) -> bool {
        matches!(self, Signal::Kill | Signal::Stop | Signal::Cont)
    }
}

/// `sigset_t`: signals that are pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(u8);

impl SignalSet {
    /// The signals, the one that is taken first in front.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.0 & (1 << *signal as u8) != 0)
    }

    /// `firstsig`: the signal to take first.
    pub fn first(self) -> Option<Signal> {
        self.iter().next()
    }

    /// Adds a signal.
    pub fn add(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u8;
    }

    /// Removes a signal, and gives whether it was there.
    pub fn take(&mut self, signal: Signal) -> bool {
        let was = self.0;
        self.0 &= !(1 << signal as u8);
        self.0 != was
    }
}

impl System {
    /// `kill`: sends a signal to the process. Nobody finds one that is a zombie.
    ///
    /// Entry and exit: nothing held.
    pub fn kill(&self, signal: Signal) {
        let mut p = self.proc().enter();
        if p.p_stat == ProcState::Zomb && !seeded(Step::KillZombie) {
            return;
        }
        self.undo_stops(&mut p, signal);
        if signal == Signal::Cont {
            return;
        }
        step(Step::KillPending, || p.p_sigpend.add(signal));
        let all = p.lwps();
        self.deliver(&mut p, &all, signal);
    }

    /// Has the first of these that can take a signal do so, or all where it is for all.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn deliver(&self, p: &mut ProcGuard<'_>, lwps: &[Arc<KernelLwp>], signal: Signal) {
        for l in lwps {
            if self.sigpost(p, l, signal) && !signal.is_for_all() {
                break;
            }
        }
    }

    /// `_lwp_kill`: sends a signal to one LWP, or with `None` asks whether it could be sent.
    ///
    /// Entry and exit: nothing held.
    ///
    /// # Errors
    /// ESRCH where there is no such live LWP.
    pub fn sys_lwp_kill(&self, target: Lid, signal: Option<Signal>) -> Result<(), Errno> {
        let mut p = self.proc().enter();
        let t = self.lwp_find(&p, target).ok_or(Errno::Esrch)?;
        let Some(signal) = signal else { return Ok(()) };
        self.undo_stops(&mut p, signal);
        if signal != Signal::Cont {
            step(Step::LwpKillPending, || p.member(&t).l_sigpend.add(signal));
            step(Step::LwpKillPost, || _ = self.sigpost(&mut p, &t, signal));
        }
        Ok(())
    }

    /// A continue takes back the stops that are pending still; it and SIGKILL have a stopped process go on.
    fn undo_stops(&self, p: &mut ProcGuard<'_>, signal: Signal) {
        if signal == Signal::Cont {
            step(Step::UndoStopsProc, || _ = p.p_sigpend.take(Signal::Stop));
            step(Step::UndoStopsLwps, || {
                p.p_lwps.iter_mut().for_each(|m| _ = m.l_sigpend.take(Signal::Stop));
            });
        }
        if matches!(signal, Signal::Cont | Signal::Kill) && self.is_stopping(p) {
            step(Step::UndoStopsUnstop, || self.proc_unstop(p));
        }
    }

    /// Whether the process is stopped, or about to be.
    pub(super) fn is_stopping(&self, p: &ProcGuard<'_>) -> bool {
        p.p_stat == ProcState::Stop || p.p_sflag & PS_STOPPING != 0
    }

    /// `sigpost`: has an LWP look for signals, and wakes it where a signal may. Gives whether it will.
    ///
    /// Entry and exit: p_smutex held.
    pub(super) fn sigpost(&self, p: &mut ProcGuard<'_>, l: &Arc<KernelLwp>, signal: Signal) -> bool {
        // Nobody delivers to an LWP that has begun to go, and to which nobody has a reference any more.
        let member = p.member(l);
        if member.l_refcnt == usize::from(member.draining) && !seeded(Step::SigpostRefcnt) {
            return false;
        }
        let mut l = l.lwp_lock();
        step(Step::SigpostPendsig, || l.set_flags(LW_PENDSIG));
        l = l.without_gap(Step::SigpostGap);
        match l.stat() {
            State::Run | State::OnProc => {
                step(Step::SigpostUserret, || self.lwp_need_userret(&l));
                l.unlock();
                return true;
            }
            State::Sleep if l.fields().l_sintr => step(Step::SigpostWakes, || self.setrunnable(p, l)),
            State::Suspended if signal.ends_the_process() => {
                step(Step::SigpostContinues, || self.lwp_continue(p, l));
            }
            State::Stop if signal != Signal::Stop && (l.fields().l_wchan.is_none() || l.fields().l_sintr) => {
                step(Step::SigpostRuns, || self.setrunnable(p, l));
            }
            _ => {
                l.unlock();
                return false;
            }
        }
        true
    }

    /// `issignal`: the signal that the current LWP has to take, and leaves pending. Stops with its process first, as
    /// often as it must.
    ///
    /// Entry and exit: p_smutex held; it is released while the LWP is stopped.
    pub(super) fn issignal<'a>(
        &'a self,
        mut p: ProcGuard<'a>,
        l: &Arc<KernelLwp>,
    ) -> (ProcGuard<'a>, Option<Signal>) {
        loop {
            if self.is_stopping(&p) && !seeded(Step::IssignalStopping) {
                p = self.sigswitch(p, l);
                continue;
            }
            let pending = p.member(l).l_sigpend.first().or(p.p_sigpend.first());
            match pending {
                Some(Signal::Stop) => {
                    step(Step::IssignalTakesStop, || self.sigget(&mut p, l, Signal::Stop));
                    p = self.sigswitch(p, l);
                }
                None => {
                    let mut locked = l.lwp_lock();
                    step(Step::IssignalPendsig, || locked.clear_flags(LW_PENDSIG));
                    locked.unlock();
                    return (p, None);
                }
                signal => return (p, signal),
            }
        }
    }

    /// Takes a pending signal: the LWP's own first.
    fn sigget(&self, p: &mut ProcGuard<'_>, l: &Arc<KernelLwp>, signal: Signal) {
        let taken = p.member(l).l_sigpend.take(signal) || p.p_sigpend.take(signal);
        assert!(taken, "SIG{} is not pending", signal.name());
    }

    /// `postsig`: takes a signal and does what is to be done about it. A handler runs in user mode, which is no more
    /// than a name here.
    ///
    /// Entry and exit: p_smutex held, but not where the LWP has exited.
    ///
    /// # Errors
    /// [`Exited`] where that ends the process.
    pub(super) fn postsig<'a>(
        &'a self,
        mut p: ProcGuard<'a>,
        l: &Arc<KernelLwp>,
        signal: Signal,
    ) -> Result<ProcGuard<'a>, Exited> {
        step(Step::PostsigTakes, || self.sigget(&mut p, l, signal));
        match signal {
            Signal::Kill => Err(self.sigexit(p, l, false)),
            Signal::Quit => Err(self.sigexit(p, l, true)),
            Signal::Usr1 => Ok(p),
            Signal::Stop | Signal::Cont => unreachable!("SIG{} is never taken", signal.name()),
        }
    }
}
