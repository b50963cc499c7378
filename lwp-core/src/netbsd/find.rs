//! `lwp_find` and `proc_representative_lwp`.

use std::sync::Arc;

use super::proc::{ProcGuard, ProcState};
use super::{KernelLwp, Lid, Repair, Revision, State, System};
use crate::fault::{Step, seeded};

impl System {
    /// A live LWP by its number. Its comment says "return it locked"; it does not.
    ///
    /// `kern_lwp.c` 1.62 L912, 1.69.2.6 L1048; the two are the same.
    /// Entry and exit: p_smutex held. `None` where there is no such LWP, or it is LSIDL or LSZOMB.
    pub fn lwp_find(&self, p: &ProcGuard<'_>, lid: Lid) -> Option<Arc<KernelLwp>> {
        let l = &p.p_lwps[p.position(lid)?].lwp;
        let idle = l.l_stat() == State::Idl && !seeded(Step::LwpFindIdl);
        let live = !idle && (l.l_stat() != State::Zomb || seeded(Step::LwpFindZomb));
        live.then(|| l.clone())
    }

    /// The LWP that stands for the process where somebody asks for one, and how many LWPs run or are about to.
    ///
    /// `kern_lwp.c` 1.62 L808, 1.69.2.6 L945.
    /// Entry and exit: p_smutex held.
    ///
    /// For a process of one LWP 1.62 says that one runs, whatever it does: it tests the constant LSRUN
    /// ([`Repair::Representative`]). The LWP that a signal was sent to is not modelled.
    ///
    /// # Panics
    /// Where the process is a zombie with more than one LWP, or has none that is alive: the kernel's panics.
    pub fn proc_representative_lwp(&self, p: &ProcGuard<'_>) -> (Arc<KernelLwp>, usize) {
        use State::{OnProc, Run, Sleep, Stop, Suspended};
        if let [only] = &p.p_lwps[..] {
            let constant = self.revision == Revision::R1_62 && !self.repaired(Repair::Representative);
            let runs = constant || matches!(only.lwp.l_stat(), OnProc | Run);
            return (only.lwp.clone(), usize::from(runs));
        }
        assert_eq!(p.p_stat, ProcState::Active, "too many LWPs in a dying process");
        let all: Vec<(State, &Arc<KernelLwp>)> = p.p_lwps.iter().map(|m| (m.lwp.l_stat(), &m.lwp)).collect();
        let running = all.iter().filter(|(state, _)| matches!(state, OnProc | Run)).count();
        // Of several in one state the last one that the list has.
        let most_alive = [OnProc, Run, Sleep, Stop, Suspended]
            .into_iter()
            .find_map(|wanted| all.iter().rev().find(|(state, _)| *state == wanted));
        let Some((_, l)) = most_alive else { panic!("no LWP stands for the process") };
        ((*l).clone(), running)
    }
}
