//! `setrunnable`. Not in `kern_lwp.c`; after the contract that it relies on.

use super::flag::LW_WSUSPEND;
use super::proc::ProcGuard;
use super::{LwpLocked, State, System};
use crate::fault::{Count, Step, seeded, step, times};

impl System {
    /// Makes a stopped, suspended or sleeping LWP run. One that is on a sleep queue leaves it; one that has not left
    /// its CPU stays there.
    ///
    /// Entry: p_smutex held, the LWP locked. Exit: p_smutex held, the LWP unlocked.
    ///
    /// # Panics
    /// Where the LWP is in any other state.
    pub(super) fn setrunnable(&self, p: &mut ProcGuard<'_>, mut l: LwpLocked<'_>) {
        match l.stat() {
            State::Stop => p.p_nrlwps += times(Count::SetrunnableStopped),
            State::Suspended => {
                step(Step::SetrunnableWsuspend, || l.clear_flags(LW_WSUSPEND));
                p.p_nrlwps += times(Count::SetrunnableSuspended);
            }
            State::Sleep => {}
            state => panic!("setrunnable of LWP {}, which is {}", l.lwp().l_lid(), state.name()),
        }
        if l.fields().l_wchan.is_some() && !seeded(Step::SetrunnableWchan) {
            if l.stat() != State::Sleep {
                l.set_stat(State::Sleep);
            }
            self.lwp_unsleep(l);
        } else if self.is_on_its_cpu(&l) && !seeded(Step::SetrunnableOnCpu) {
            l.set_stat(State::OnProc);
            l.unlock();
        } else {
            let cpu = &self.cpus[l.lwp().l_cpu()];
            let l = if l.held() == cpu.spc_mutex { l } else { l.lwp_unlock_to_held(cpu.spc_lock()) };
            self.setrunqueue(l);
        }
    }
}
