//! What holds once no LWP's thread goes on: what no release of a lock can ask, because it may be otherwise on the way.
//!
//! Every thread has come to its end, so an LWP is LSONPROC with nothing left to do, LSIDL and never started, or LSZOMB. None
//! of this takes a lock, or is a step of the execution. Executions in which a thread waits for ever do not come here.

use std::sync::Arc;

use super::flag::{LW_PENDSIG, LW_RUNNING, LW_WCORE, LW_WEXIT, PS_STOPPING, PS_WCORE, PS_WEXIT};
use super::lwp::Callout;
use super::proc::{Member, ProcFields, ProcState};
use super::{KernelLwp, Revision, State, System};

impl System {
    /// Makes sure that the machine is as it is to be when nothing runs any more.
    ///
    /// Entry and exit: nothing held. Every thread of the machine has ended.
    ///
    /// # Panics
    /// Where it is not.
    #[track_caller]
    pub fn check_at_rest(&self) {
        self.check_locks();
        self.proc().at_rest(|p| {
            p.check();
            let members = || p.p_lwps.iter().filter(|m| !m.lwp.is_freed());
            self.check_process(p);
            self.check_p_zomblwp(p);
            self.check_freed(p);
            for m in members() {
                check_member(p, m);
                self.check_lwp(p, &m.lwp);
            }
            self.check_cpus(p);
            self.check_queues();
            self.check_alllwp(p);
            let with_blocks: Vec<_> = members().map(|m| m.lwp.clone()).collect();
            self.check_lwpctl(p.p_stat, &with_blocks);
            // A zombie has given back what else it had.
            let alive: Vec<_> = members().filter(|m| is_alive(m)).map(|m| m.lwp.clone()).collect();
            self.check_specificdata(&alive);
            if let Some(creds) = &self.creds {
                creds.check(&alive);
            }
        });
    }

    #[track_caller]
    fn check_locks(&self) {
        for lock in self.locks.iter() {
            let owner = lock.owner();
            assert_eq!(owner, None, "{lock} is held, and no thread is left to release it");
        }
    }

    /// The process has ended if its last LWP has, and only then.
    #[track_caller]
    fn check_process(&self, p: &ProcFields) {
        let ended = p.p_stat == ProcState::Zomb;
        let has_lwps = p.p_lwps.iter().any(is_alive);
        assert!(ended || has_lwps, "all LWPs of the process are zombies, and it has not ended");
        assert_eq!(ended, p.p_sflag & PS_WEXIT != 0, "PS_WEXIT is not whether the process has ended");
        assert_eq!(p.p_sflag & PS_WCORE, 0, "PS_WCORE is set, and no LWP dumps core");
        if ended {
            assert_eq!((p.p_nlwps, p.p_nzlwps), (1, 1), "a dead process has more than its last LWP");
        }
        if p.p_stat == ProcState::Stop {
            assert_eq!(p.p_nrlwps, 0, "the process has stopped, and an LWP runs");
            assert_eq!(p.p_sflag & PS_STOPPING, 0, "the process has stopped, and is about to stop");
        }
        let told = |m: &Member| m.lwp.l_flag_at_rest() & LW_PENDSIG != 0;
        let told = p.p_lwps.iter().filter(|m| is_alive(m)).any(told);
        assert!(ended || told || p.p_sigpend.first().is_none(), "no LWP is told of the process' signals");
    }

    /// A detached zombie waits in `p_zomblwp` to be reaped, and nothing else does.
    #[track_caller]
    fn check_p_zomblwp(&self, p: &ProcFields) {
        let waits = self.proc().p_zomblwp_at_rest();
        let is_zombie = |m: &&Member| m.detached && !is_alive(m) && p.p_stat != ProcState::Zomb;
        let zombies: Vec<_> = p.p_lwps.iter().filter(is_zombie).map(|m| m.lwp.address()).collect();
        let waiting: Vec<_> = (waits != 0).then_some(waits).into_iter().collect();
        assert_eq!(waiting, zombies, "p_zomblwp is not the detached zombie");
    }

    /// What is no LWP of the process any more is freed.
    #[track_caller]
    fn check_freed(&self, p: &ProcFields) {
        let gone = p.born - p.p_lwps.iter().filter(|m| !m.lwp.is_freed()).count();
        assert_eq!(self.freed(), gone, "an LWP is neither freed nor one of the process");
    }

    #[track_caller]
    fn check_lwp(&self, p: &ProcFields, l: &Arc<KernelLwp>) {
        let (lid, state, flags) = (l.l_lid(), l.ghost(), l.l_flag_at_rest());
        let name = state.name();
        assert!(
            matches!(state, State::OnProc | State::Idl | State::Zomb),
            "LWP {lid} is {name}, and its thread has ended"
        );
        l.check_cover_at_rest();
        l.fields_at_rest(|fields| {
            assert_eq!(fields.l_wchan, None, "LWP {lid} is {name} on a sleep queue");
            assert!(!fields.l_sintr, "LWP {lid} is {name} with LW_SINTR");
            assert_eq!(fields.callout, Callout::Idle, "LWP {lid} is {name} with a callout");
        });
        let on_cpu = state == State::OnProc;
        if self.revision == Revision::R1_69_2_6 {
            assert_eq!(flags & LW_RUNNING != 0, on_cpu, "LW_RUNNING is not whether LWP {lid} is on a CPU");
        }
        assert_eq!(
            self.cpus[l.l_cpu()].curlwp_at_rest() == l.address(),
            on_cpu,
            "LWP {lid} is {name}, not as ci_curlwp says"
        );
        let told_to_exit = flags & (LW_WEXIT | LW_WCORE) != 0;
        assert!(
            !told_to_exit || p.p_stat == ProcState::Zomb,
            "LWP {lid} is told to exit, and the process lives"
        );
    }

    /// A CPU is an LWP's, or idles; nothing waits for it.
    #[track_caller]
    fn check_cpus(&self, p: &ProcFields) {
        for (n, cpu) in self.cpus.iter().enumerate() {
            let runs = |m: &&Member| m.lwp.l_cpu() == n && m.lwp.ghost() == State::OnProc;
            let running: Vec<_> = p.p_lwps.iter().filter(runs).map(|m| m.lwp.address()).collect();
            cpu.check_at_rest(n, &running);
        }
    }

    #[track_caller]
    fn check_queues(&self) {
        for queue in &self.sleepqs {
            queue.check_empty();
        }
        self.mutex_owner.at_rest(|owner| {
            let owner = owner.as_ref().filter(|owner| owner.ghost() == State::Zomb);
            assert!(owner.is_none(), "{owner:?} has exited with the mutex");
        });
    }

    /// The LWPs that have not exited are on alllwp, each once. The last LWP of a process stays there: `exit1` is not listed.
    #[track_caller]
    fn check_alllwp(&self, p: &ProcFields) {
        if p.p_stat != ProcState::Zomb {
            let mut alive: Vec<_> =
                p.p_lwps.iter().filter(|m| is_alive(m)).map(|m| m.lwp.address()).collect();
            alive.sort();
            assert_eq!(
                self.alllwp.at_rest(),
                alive,
                "alllwp is not the list of all LWPs that have not exited"
            );
        }
    }
}

fn is_alive(m: &Member) -> bool {
    m.lwp.ghost() != State::Zomb
}

/// What p_smutex covers of an LWP that waits for none, exits not and is looked at by none.
#[track_caller]
fn check_member(p: &ProcFields, m: &Member) {
    let lid = m.lwp.l_lid();
    assert!(
        !m.exiting && !m.draining && !m.waits(),
        "LWP {lid} is about to exit or waits, and its thread has ended"
    );
    assert_eq!(m.l_refcnt, usize::from(is_alive(m)), "l_refcnt of LWP {lid} counts others than itself");
    // What ends with the process is not undone.
    if p.p_stat != ProcState::Zomb {
        assert_eq!(m.l_waitingfor, 0, "LWP {lid} waits for none, and l_waitingfor is set");
        assert_eq!(m.l_waiter, 0, "none waits for LWP {lid}, and l_waiter is set");
    }
    let told = m.lwp.l_flag_at_rest() & LW_PENDSIG != 0;
    assert!(!is_alive(m) || told || m.l_sigpend.first().is_none(), "LWP {lid} is not told of its signals");
}
