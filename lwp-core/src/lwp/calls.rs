//! The system calls of the current LWP. Each is a checkpoint on its way back, whatever came of it; [`current`] is none.

use std::time::{Duration, Instant};

use super::outcome::Outcome;
use super::thread::Current;
use super::{Departed, Errno, Error, LwpHandle, LwpId, State};
use crate::netbsd::Lid;

/// Runs a call for the current LWP, and then what others have asked it to do.
fn call<R>(f: impl FnOnce(&Current) -> Result<R, Errno>) -> Result<R, Error> {
    let me = Current::get()?;
    let result = f(&me);
    me.userret();
    Ok(result?)
}

/// The same for a call that is about an LWP.
fn call_about<R>(id: LwpId, f: impl FnOnce(&Current, Lid) -> Result<R, Errno>) -> Result<R, Error> {
    call(|me| f(me, id.within(me.process.number())?))
}

/// Who the caller is.
///
/// # Errors
/// [`Error::NotAnLwp`].
pub fn current() -> Result<LwpId, Error> {
    Ok(Current::get()?.id())
}

/// `_lwp_create`: a new LWP of the caller's process, which runs `closure`. [`builder`](super::builder) has options.
///
/// Where the caller has been asked to suspend itself, the new LWP starts suspended too, as the kernel's does.
/// Where the process has begun to exit, it exits without running its closure.
///
/// # Errors
/// EAGAIN where the process has as many LWPs as it may, or there is no thread to be had. [`Error::NotAnLwp`].
///
/// # Example
/// What goes from LWP to LWP goes from thread to thread:
/// ```
/// # use lwp_core::lwp;
/// let shared = std::sync::Arc::new(1);
/// _ = lwp::create(move || *shared);
/// ```
/// ```compile_fail,E0277
/// # use lwp_core::lwp;
/// let shared = std::rc::Rc::new(1);
/// _ = lwp::create(move || *shared);
/// ```
pub fn create<T: Send + 'static>(
    closure: impl FnOnce() -> T + Send + 'static,
) -> Result<LwpHandle<T>, Error> {
    super::builder().create(closure)
}

/// `_lwp_suspend`: asks an LWP to suspend itself at its next checkpoint, until somebody continues it. It may run for a
/// while yet: [`state`] says when it is [`State::Suspended`]. One that sleeps wakes for it, unless it waits for another
/// LWP: then it is suspended when that wait is over.
///
/// # Errors
/// ESRCH where there is no such live LWP. EDEADLK where the caller suspends itself and nobody else runs, or must exit.
/// [`Error::NotAnLwp`].
pub fn suspend(id: LwpId) -> Result<(), Error> {
    call_about(id, |me, lid| me.process.sys().sys_lwp_suspend(&me.lwp, lid))
}

/// `_lwp_continue`: lets a suspended LWP go on, or takes a suspension back that has not happened yet.
///
/// # Errors
/// ESRCH where there is no such live LWP. [`Error::NotAnLwp`].
pub fn resume(id: LwpId) -> Result<(), Error> {
    call_about(id, |me, lid| me.process.sys().sys_lwp_continue(lid))
}

/// The state of an LWP. Where it is [`State::Suspended`], the caller sees everything that the LWP did before.
///
/// # Errors
/// ESRCH where there is no such LWP. [`Error::NotAnLwp`].
pub fn state(id: LwpId) -> Result<State, Error> {
    call_about(id, |me, lid| {
        let p = me.process.sys().proc().enter();
        let place = p.position(lid).ok_or(Errno::Esrch)?;
        Ok(p.p_lwps[place].lwp.l_stat())
    })
}

/// `_lwp_wait`: waits for an LWP to end, and collects it. [`LwpHandle::wait`] gives what it returned with its type.
///
/// # Errors
/// ESRCH where there is no such LWP, or it is detached. EDEADLK where the caller waits for itself or for one that waits
/// for it, or where all who could exit wait. EINTR where the caller was [woken](wakeup). [`Error::NotAnLwp`].
pub fn wait(id: LwpId) -> Result<Departed, Error> {
    call_about(id, collect)
}

/// `_lwp_wait` for any: waits for whichever LWP ends first, and collects it. One that somebody waits for by its number is
/// left to that waiter.
///
/// # Errors
/// ESRCH where there is no LWP to wait for. EDEADLK, EINTR and [`Error::NotAnLwp`] as [`wait`].
pub fn wait_any() -> Result<Departed, Error> {
    call(|me| collect(me, 0))
}

fn collect(me: &Current, lid: Lid) -> Result<Departed, Errno> {
    let waited = me.process.sys().sys_lwp_wait(&me.lwp, lid);
    let lid = waited.expect("nobody here has a process dump core")?;
    let record = me.process.take_record(lid);
    let outcome = record.and_then(|record| record.take()).unwrap_or(Outcome::Exited);
    Ok(Departed { id: LwpId { process: me.process.number(), lid }, outcome })
}

/// `_lwp_detach`: nobody is to wait for the LWP any more. One that has ended already is gone, and what it returned dropped.
///
/// # Errors
/// ESRCH where there is no such LWP, EINVAL where it is detached already. [`Error::NotAnLwp`].
///
/// # Panics
/// Where the destructor of what it returned does.
pub fn detach(id: LwpId) -> Result<(), Error> {
    call_about(id, |me, lid| {
        me.process.sys().sys_lwp_detach(lid)?;
        drop(me.process.take_record(lid));
        Ok(())
    })
}

/// Suspends the caller if it has been asked to, and ends it if it must exit: by unwinding, see the [module](super). For work
/// that takes long without a call. Where LWPs share CPUs, others have their turn. Does nothing where the caller is
/// no LWP, or unwinds already.
///
/// Costs a few nanoseconds where nothing is asked, and some hundred where CPUs are shared.
pub fn checkpoint() {
    let Ok(me) = Current::get() else { return };
    if me.process.shares_cpus() {
        me.process.sys().sys_sched_yield(&me.lwp);
    }
    me.userret();
}

/// `sched_yield`: leaves the CPU to another LWP that wants it, and the processor to another thread.
///
/// # Errors
/// [`Error::NotAnLwp`].
pub fn yield_now() -> Result<(), Error> {
    call(|me| {
        me.process.sys().sys_sched_yield(&me.lwp);
        std::thread::yield_now();
        Ok(())
    })
}

/// Sleeps for some time. A suspension neither shortens the sleep nor waits for its end.
///
/// # Errors
/// EINTR where the caller was [woken](wakeup) before. [`Error::NotAnLwp`].
pub fn sleep(time: Duration) -> Result<(), Error> {
    let until = Instant::now().checked_add(time);
    loop {
        // Somebody who suspends the caller wakes it.
        let slept = call(|me| match until {
            Some(until) if until <= Instant::now() => Err(Errno::Etimedout),
            Some(until) => me.process.sys().sys_nanosleep(&me.lwp, until),
            None => me.process.sys().sleep(&me.lwp, true),
        });
        match slept {
            Err(Error::Kernel(Errno::Etimedout)) => return Ok(()),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
}

/// `_lwp_park`: sleeps until somebody unparks the caller; at once if somebody has done so since it last parked. It may
/// return for no reason, and does when the caller has been suspended meanwhile.
///
/// # Errors
/// EINTR where the caller was [woken](wakeup) or must exit. [`Error::NotAnLwp`].
pub fn park() -> Result<(), Error> {
    park_until(None)
}

/// [`park`] for some time at most.
///
/// # Errors
/// ETIMEDOUT where the time has passed; somebody may have unparked the caller at the same moment. Those of [`park`].
pub fn park_timeout(time: Duration) -> Result<(), Error> {
    park_until(Instant::now().checked_add(time))
}

fn park_until(until: Option<Instant>) -> Result<(), Error> {
    call(|me| match me.process.sys().sys_lwp_park_until(&me.lwp, until) {
        Err(Errno::Ealready) => Ok(()),
        parked => parked,
    })
}

/// `_lwp_unpark`: wakes an LWP that is parked, or has its next [`park`] return at once.
///
/// # Errors
/// ESRCH where there is no such live LWP. [`Error::NotAnLwp`].
pub fn unpark(id: LwpId) -> Result<(), Error> {
    call_about(id, |me, lid| me.process.sys().sys_lwp_unpark(lid))
}

/// `_lwp_wakeup`: ends whatever sleep an LWP is in, which fails with EINTR; and so does its next one, since nothing but a
/// sleep that is refused clears LW_CANCELLED.
///
/// # Errors
/// ESRCH where there is no such live LWP. ENODEV where it does not sleep: its next sleep ends at once. EBUSY where it
/// is on its way out and must not be woken. [`Error::NotAnLwp`].
pub fn wakeup(id: LwpId) -> Result<(), Error> {
    call_about(id, |me, lid| me.process.sys().sys_lwp_wakeup(lid))
}

/// `exit`: has all LWPs of the process exit, and the caller first of all.
///
/// # Errors
/// [`Error::NotAnLwp`]. Where the caller is an LWP it returns only if that unwinds already.
pub fn exit_process() -> Result<(), Error> {
    call(|me| {
        me.process.sys().exit_all_lwps();
        Ok(())
    })
}
