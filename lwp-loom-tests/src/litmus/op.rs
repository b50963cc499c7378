//! How an operation runs.

use std::sync::Arc;

use lwp_core::netbsd::exit::Exited;
use lwp_core::netbsd::{Errno, KernelLwp, Lid, System};

use super::ast::{Op, Value};
use super::data;

/// What starts the threads of LWPs that the machine does not start with.
pub trait Threads {
    /// `_lwp_create` by `l`, of the LWP `lid`.
    fn create(&self, l: &Arc<KernelLwp>, lid: Lid) -> Result<(), Errno>;
    /// Starts the idle LWP `lid` for `l`.
    fn start(&self, l: &Arc<KernelLwp>, lid: Lid);
}

/// Runs an operation for the LWP `l`, or for whoever is outside, and gives what came of it.
///
/// # Errors
/// [`Exited`] where the LWP is gone.
#[inline(always)]
pub fn run(op: Op, sys: &System, l: Option<&Arc<KernelLwp>>, threads: &dyn Threads) -> Result<Value, Exited> {
    if let Some(l) = l
        && let Some(value) = run_in_lwp(op, sys, l, threads)?
    {
        return Ok(value);
    }
    Ok(run_anywhere(op, sys).expect("only an LWP does what is done by, or to, the current one"))
}

/// What is done by, or to, the current LWP; `None` where that is of no account.
fn run_in_lwp(
    op: Op,
    sys: &System,
    l: &Arc<KernelLwp>,
    threads: &dyn Threads,
) -> Result<Option<Value>, Exited> {
    Ok(Some(match op {
        Op::Suspend(lid) => unit(sys.sys_lwp_suspend(l, lid)),
        Op::LwpSuspend(lid) => unit(lwp_suspend(sys, l, lid)),
        Op::Wait(lid) => sys.sys_lwp_wait(l, lid)?.map_or_else(Value::Errno, Value::Lwp),
        Op::Create(lid) => unit(threads.create(l, lid)),
        Op::Start(lid) => done(|| threads.start(l, lid)),
        Op::Abandon(lid) => done(|| sys.lwp_exit_idle(l, sys.lwp(lid))),
        Op::Dump => return Err(sys.dump_core(l)),
        Op::Park => unit(sys.sys_lwp_park(l, false)),
        Op::ParkTimed => unit(sys.sys_lwp_park(l, true)),
        Op::Sleep => unit(sys.sleep(l, false)),
        Op::SleepSig => unit(sys.sleep(l, true)),
        Op::MutexEnter => done(|| sys.mutex_enter(l)),
        Op::MutexExit => done(|| sys.mutex_exit(l)),
        Op::Yield => done(|| sys.sys_sched_yield(l)),
        Op::Userret => unit(sys.lwp_userret(l).map(Ok)?),
        Op::User => unit(sys.user_mode(l).map(Ok)?),
        Op::Exit => return Err(sys.lwp_exit(l)),
        Op::ExitProcess => return Err(sys.sys_exit(l)),
        op => return Ok(data::run(op, sys, l)),
    }))
}

/// What can be done by others than LWPs of the process too; `None` where only they can.
fn run_anywhere(op: Op, sys: &System) -> Option<Value> {
    Some(match op {
        Op::Continue(lid) => unit(sys.sys_lwp_continue(lid)),
        Op::Detach(lid) => unit(sys.sys_lwp_detach(lid)),
        Op::Reference(lid) => reference(sys, lid),
        Op::Signal(sig) => done(|| sys.kill(sig.signal())),
        Op::Kill(lid, sig) => unit(sys.sys_lwp_kill(lid, sig.map(|sig| sig.signal()))),
        Op::Stop => done(|| sys.stop()),
        Op::Unpark(lid) => unit(sys.sys_lwp_unpark(lid)),
        Op::Wakeup(lid) => unit(sys.sys_lwp_wakeup(lid)),
        Op::Timeout(lid) => done(|| sys.sleepq_timeout(lid)),
        Op::Happen => done(|| sys.happen()),
        Op::Reap => {
            if sys.proc_free() {
                Value::Reaped
            } else {
                Value::NotYet
            }
        }
        _ => return None,
    })
}

/// Nothing came of it.
pub fn done(operation: impl FnOnce()) -> Value {
    operation();
    Value::Ok
}

fn unit(result: Result<(), Errno>) -> Value {
    result.map_or_else(Value::Errno, |()| Value::Ok)
}

fn lwp_suspend(sys: &System, l: &Arc<KernelLwp>, target: Lid) -> Result<(), Errno> {
    let mut p = sys.proc().enter();
    let t = sys.lwp_find(&p, target).ok_or(Errno::Esrch)?;
    sys.lwp_suspend(&mut p, l, t.lwp_lock())
}

fn reference(sys: &System, target: Lid) -> Value {
    let mut p = sys.proc().enter();
    let Some(t) = sys.lwp_find(&p, target) else { return Value::Errno(Errno::Esrch) };
    sys.lwp_addref(&mut p, &t);
    p.exit();
    sys.lwp_delref(&t);
    Value::Ok
}
