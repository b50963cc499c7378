//! What the LWPs of a process do, for whoever looks from outside.

use core::fmt;

use super::{LwpId, State};
use crate::netbsd::{KernelLwp, System};
use std::sync::Arc;

/// What an LWP does, at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LwpStatus {
    /// Which one.
    pub id: LwpId,
    /// Its state.
    pub state: State,
    /// What it sleeps on.
    pub wchan: Option<&'static str>,
    /// The LWP that it waits for, and no other.
    pub waits_for: Option<LwpId>,
    /// Whether it has been asked to suspend itself, or to exit, and has not yet.
    pub asked: bool,
    /// Whether nobody is to wait for it.
    pub detached: bool,
}

impl fmt::Display for LwpStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LWP {} is {}", self.id, self.state.name())?;
        if self.detached {
            f.write_str(", detached")?;
        }
        if let Some(wchan) = self.wchan {
            write!(f, ", on {wchan}")?;
        }
        if let Some(lwp) = self.waits_for {
            write!(f, ", waits for LWP {lwp}")?;
        }
        if self.asked {
            f.write_str(", has a request pending")?;
        }
        Ok(())
    }
}

/// What the LWPs of a process do, oldest first. None of them is freed meanwhile: `lwp_free` wants p_smutex.
pub(super) fn status(sys: &System, process: usize) -> Vec<LwpStatus> {
    let p = sys.proc().enter();
    let all = p.p_lwps.iter().rev().map(|m| {
        let lwp: &Arc<KernelLwp> = &m.lwp;
        let mut locked = lwp.lwp_lock();
        let id = |lid| LwpId { process, lid };
        let status = LwpStatus {
            id: id(lwp.l_lid()),
            state: locked.stat(),
            wchan: locked.fields().l_wchan.map(|wchan| wchan.name()),
            waits_for: (m.l_waitingfor != 0).then(|| id(m.l_waitingfor)),
            asked: lwp.must_userret(),
            detached: m.detached,
        };
        locked.unlock();
        status
    });
    all.collect()
}
