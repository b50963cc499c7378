//! What upstream's own tests and manuals expect, of both revisions through the system calls and of the library.
//! `docs/upstream.md` has the table. A test that names no variant holds in both revisions, as written and repaired.
//!
//! Not expressible here:
//! - EFAULT, EINVAL for a bad context, and the tests about `_UC_CPU`: an LWP's start is a closure, and there is no user memory.
//! - EINVAL for a number that is no signal, and for a bad time of `_lwp_park`: neither type has such values.
//! - `t_fork`, `threads_and_exec`: there is one process, and it neither forks nor executes.
//! - the ptrace suite: there are no tracers but the one that stops the process, and no status that a parent waits for.
//! - `lc_pctr` of `t_lwp_ctl`: the two revisions' blocks have the CPU's number and no counter.
//! - `t_preempt`: nothing preempts a thread; it runs until a checkpoint.
//! - the process' exit status, and of `t_lwproc` unknown processes, `nolwprelease` and `nullswitch`: no parent, no pids, no
//!   switching by hand.
//! - cancellation (LTP): `_lwp_wakeup` is what comes nearest.
#![cfg(not(any(loom, shuttle)))]

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Scope, scope, yield_now};
use std::time::{Duration, Instant};

use lwp_core::lwp::{self, Error, LwpId, Outcome, Process, WaitError};
use lwp_core::netbsd::flag::LW_PENDSIG;
use lwp_core::netbsd::lcpage::LcCurcpu;
use lwp_core::netbsd::proc::ProcState;
use lwp_core::netbsd::{Boot, BootLwp, Doing, Errno, KernelLwp, Repairs, Revision, Signal, State, System};

const RUNS: BootLwp = BootLwp { detached: false, doing: Doing::Running };
const SUSPENDED: BootLwp = BootLwp { doing: Doing::Suspended, ..RUNS };
const DETACHED: BootLwp = BootLwp { detached: true, ..RUNS };
const SLEEPS: BootLwp = BootLwp { doing: Doing::Sleeping { interruptibly: true }, ..RUNS };
const SLEEPS_DEEPLY: BootLwp = BootLwp { doing: Doing::Sleeping { interruptibly: false }, ..RUNS };

/// Runs `f` on a machine of each revision, as written and repaired, with a CPU for each LWP that starts with it.
#[track_caller]
fn each(lwps: &[BootLwp], f: impl Fn(&System)) {
    each_revision(lwps, |_, sys| f(sys));
}

#[track_caller]
fn each_revision(lwps: &[BootLwp], f: impl Fn(Revision, &System)) {
    for revision in Revision::ALL {
        for repairs in [Repairs::AS_WRITTEN, Repairs::ALL] {
            let boot = Boot { revision, repairs, cpus: lwps.len(), maxlwp: 200, lwps: lwps.to_vec() };
            f(revision, &System::boot(&boot));
        }
    }
}

/// Runs an LWP of the library, once with a CPU for each and once with all on one.
#[track_caller]
fn each_process<T: Send + 'static>(main: impl Fn() -> T + Clone + Send + 'static) {
    for builder in [Process::builder(), Process::builder().cpus(1)] {
        builder.start(main.clone()).unwrap().wait().unwrap();
    }
}

/// The thread of an LWP, from its start to its end.
fn thread<'a>(
    s: &'a Scope<'a, '_>,
    sys: &'a System,
    l: &Arc<KernelLwp>,
    f: impl FnOnce(&Arc<KernelLwp>) + Send + 'a,
) {
    let l = l.clone();
    s.spawn(move || {
        sys.lwp_startup(&l);
        f(&l);
        sys.lwp_exit(&l);
    });
}

fn err<T>(errno: Errno) -> Result<T, Error> {
    Err(Error::Kernel(errno))
}

#[track_caller]
fn fails_with<T: std::fmt::Debug>(waited: Result<T, WaitError>, errno: Errno) {
    assert!(matches!(waited, Err(WaitError::Failed(error)) if error == Error::Kernel(errno)), "{waited:?}");
}

/// Waits until an LWP of the library is in a state.
fn until(id: LwpId, state: State) {
    while lwp::state(id).unwrap() != state {
        lwp::yield_now().unwrap();
    }
}

fn pends(sys: &System, lid: usize) -> bool {
    sys.lwp(lid).l_flag() & LW_PENDSIG != 0
}

/// NetBSD `t_lwp_create`, `lwp_create_works`: `_lwp_wait` for the new LWP succeeds, and the number that `_lwp_create` gave is
/// the one that the LWP has.
#[test]
fn a_new_lwp_has_the_number_that_its_creator_was_given_and_is_waited_for_by_it() {
    each(&[RUNS], |sys| {
        let me = sys.lwp(1);
        let saw = AtomicUsize::new(0);
        scope(|s| {
            let l2 = sys.sys_lwp_create(me, false, false).unwrap();
            thread(s, sys, &l2, |l| saw.store(l.l_lid(), Ordering::Relaxed));
            assert_eq!(sys.sys_lwp_wait(me, l2.l_lid()), Ok(Ok(l2.l_lid())));
            assert_eq!(saw.load(Ordering::Relaxed), l2.l_lid());
        });
    });
    each_process(|| {
        let lwp = lwp::create(lwp::current).unwrap();
        assert_eq!(lwp.wait().unwrap(), Ok(lwp.id()));
    });
}

/// NetBSD `t_lwp_tid`, `lwp_gettid`: whoever has created eight LWPs and waits for any eight times never gets EDEADLK, and
/// each has a number of its own.
#[test]
fn eight_waits_for_any_collect_eight_lwps_and_none_is_a_deadlock() {
    each(&[RUNS], |sys| {
        let me = sys.lwp(1);
        scope(|s| {
            for _ in 0..8 {
                let l = sys.sys_lwp_create(me, false, false).unwrap();
                thread(s, sys, &l, |_| {});
            }
            let collected = (0..8).map(|_| sys.sys_lwp_wait(me, 0).unwrap().unwrap());
            assert_eq!(collected.collect::<HashSet<_>>(), (2..10).collect());
            assert_eq!(sys.sys_lwp_wait(me, 0), Ok(Err(Errno::Esrch)));
        });
    });
    each_process(|| {
        let created: HashSet<_> = (0..8).map(|_| lwp::create(|| ()).unwrap().id()).collect();
        let collected: HashSet<_> = (0..8).map(|_| lwp::wait_any().unwrap().id).collect();
        assert_eq!((created.len(), &created), (8, &collected));
    });
}

/// NetBSD `t_lwp_ctl`, `lwpctl_counter`: an LWP's block shows that the LWP slept. Upstream looks at a counter; the CPU's
/// number of 1.69.2.6 shows it too. 1.62 has no blocks.
#[test]
fn the_block_of_an_lwp_shows_that_it_sleeps() {
    each_revision(&[RUNS, RUNS], |revision, sys| {
        if revision == Revision::R1_62 {
            assert_eq!(sys.lwp_ctl_alloc(sys.lwp(1)).err(), Some(Errno::Enosys));
            return;
        }
        let block = sys.lwp_ctl_alloc(sys.lwp(2)).unwrap();
        assert_eq!(block.lc_curcpu(), LcCurcpu::Cpu(1));
        scope(|s| {
            let its = block.clone();
            thread(s, sys, sys.lwp(2), move |l| {
                assert_eq!(sys.sleep(l, true), Ok(()));
                assert_eq!(its.lc_curcpu(), LcCurcpu::Cpu(1));
            });
            while block.lc_curcpu() != LcCurcpu::None {
                yield_now();
            }
            sys.happen();
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
            assert_eq!(block.lc_curcpu(), LcCurcpu::Exited);
        });
    });
}

/// libpthread `t_join` and LTP `pthread_join`: EDEADLK. illumos `c11_threads`: an error. `_lwp_wait`: EDEADLK.
#[test]
fn waiting_for_oneself_is_a_deadlock() {
    for lwps in [&[RUNS][..], &[RUNS, RUNS]] {
        each(lwps, |sys| assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 1), Ok(Err(Errno::Edeadlk))));
    }
    each_process(|| {
        let me = lwp::current().unwrap();
        assert_eq!(lwp::wait(me).unwrap_err(), Error::Kernel(Errno::Edeadlk));
        // Beside another, and of another.
        let other = lwp::create(|| lwp::wait(lwp::current().unwrap()).unwrap_err()).unwrap();
        assert_eq!(lwp::wait(me).unwrap_err(), Error::Kernel(Errno::Edeadlk));
        assert_eq!(other.wait().unwrap(), Error::Kernel(Errno::Edeadlk));
    });
}

/// libpthread `t_join`: twenty-five threads one after the other, and each join gives what the thread returned.
/// illumos `c11_threads`: an exit value of 23.
#[test]
fn a_wait_gives_what_the_lwp_returned() {
    each_process(|| {
        for n in 0..25 {
            assert_eq!(lwp::create(move || n).unwrap().wait().unwrap(), n);
        }
        let lwp = lwp::create(|| 23).unwrap();
        let Outcome::Returned(value) = lwp::wait(lwp.id()).unwrap().outcome else {
            panic!("it did not return")
        };
        assert_eq!(value.downcast_ref(), Some(&23));
    });
}

/// libpthread `t_join`: a second join is ESRCH, and a detach of what was joined fails. LTP `pthread_join` and
/// `pthread_detach`: ESRCH.
#[test]
fn an_lwp_that_was_collected_can_be_neither_waited_for_nor_detached() {
    each(&[RUNS], |sys| {
        let me = sys.lwp(1);
        scope(|s| {
            let l2 = sys.sys_lwp_create(me, false, false).unwrap();
            thread(s, sys, &l2, |_| {});
            assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Ok(2)));
            assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Err(Errno::Esrch)));
            assert_eq!(sys.sys_lwp_detach(2), Err(Errno::Esrch));
        });
    });
    each_process(|| {
        let lwp = lwp::create(|| ()).unwrap();
        lwp.wait().unwrap();
        fails_with(lwp.wait(), Errno::Esrch);
        assert_eq!(lwp.detach(), err(Errno::Esrch));
    });
}

/// libpthread `t_detach` and the manual of `pthread_join`: EINVAL, as illumos' `lwp_wait`. illumos `c11_threads`: an error.
/// `_lwp_wait`: ESRCH, and that is what both layers give.
#[test]
fn waiting_for_a_detached_lwp_is_esrch_and_not_einval() {
    each(&[RUNS, DETACHED], |sys| {
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Err(Errno::Esrch)));
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 0), Ok(Err(Errno::Esrch)));
    });
    each_process(|| {
        let lwp = lwp::builder().suspended().create(|| ()).unwrap();
        let id = lwp.id();
        lwp.detach().unwrap();
        assert_eq!(lwp::wait(id).unwrap_err(), Error::Kernel(Errno::Esrch));
        lwp::resume(id).unwrap();
    });
}

/// `_lwp_detach`: EINVAL where the LWP is detached already, ESRCH where there is none. LTP `pthread_detach` leaves open
/// what a second detach gives.
#[test]
fn an_lwp_is_detached_once() {
    each(&[RUNS, RUNS], |sys| {
        assert_eq!(sys.sys_lwp_detach(2), Ok(()));
        assert_eq!(sys.sys_lwp_detach(2), Err(Errno::Einval));
        assert_eq!(sys.sys_lwp_detach(3), Err(Errno::Esrch));
    });
    each_process(|| {
        let id = lwp::builder().suspended().create(|| ()).unwrap().id();
        assert_eq!(lwp::detach(id), Ok(()));
        assert_eq!(lwp::detach(id), err(Errno::Einval));
        lwp::resume(id).unwrap();
    });
}

/// LTP `pthread_detach`: what a thread has is given back when it ends, or at once where it has ended. Detached zombies are
/// freed by whoever comes next.
#[test]
fn a_zombie_that_is_detached_is_gone() {
    each(&[RUNS, RUNS], |sys| {
        sys.lwp_exit(sys.lwp(2));
        assert_eq!(sys.lwp(2).l_stat(), State::Zomb);
        assert_eq!(sys.sys_lwp_detach(2), Ok(()));
        assert_eq!(sys.sys_lwp_detach(2), Err(Errno::Esrch));
        assert_eq!(sys.proc().enter().p_nlwps, 1);
    });
    each_process(|| {
        let lwp = lwp::create(|| ()).unwrap();
        let id = lwp.id();
        until(id, State::Zomb);
        assert_eq!(lwp.detach(), Ok(()));
        assert_eq!(lwp::state(id), err(Errno::Esrch));
    });
}

/// libpthread `t_kill` and `t_sigsuspend`: a signal that is sent to one thread is that thread's alone.
#[test]
fn a_signal_for_one_lwp_reaches_no_other() {
    each(&[RUNS, RUNS, SLEEPS, SLEEPS], |sys| {
        assert_eq!(sys.sys_lwp_kill(2, Some(Signal::Usr1)), Ok(()));
        assert_eq!([1, 2, 3, 4].map(|lid| pends(sys, lid)), [false, true, false, false]);
        assert_eq!(sys.sys_lwp_kill(4, Some(Signal::Usr1)), Ok(()));
        assert_eq!([1, 2, 3, 4].map(|lid| pends(sys, lid)), [false, true, false, true]);
        assert_eq!(sys.lwp(3).l_stat(), State::Sleep);
        assert_ne!(sys.lwp(4).l_stat(), State::Sleep);
    });
}

/// libpthread `t_sleep`: of those who sleep a signal wakes the one that it is for. The library has `_lwp_wakeup` for it.
#[test]
fn whoever_wakes_one_sleeper_leaves_the_other_asleep() {
    each(&[RUNS, RUNS, RUNS], |sys| {
        scope(|s| {
            thread(s, sys, sys.lwp(2), |l| assert_eq!(sys.sleep(l, true), Ok(())));
            thread(s, sys, sys.lwp(3), |l| assert_eq!(sys.sleep(l, true), Err(Errno::Eintr)));
            assert_eq!(sys.sys_lwp_kill(3, Some(Signal::Usr1)), Ok(()));
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 3), Ok(Ok(3)));
            sys.happen();
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        });
    });
    each_process(|| {
        let [one, other] = [0, 1].map(|_| lwp::create(|| lwp::sleep(Duration::MAX)).unwrap());
        until(one.id(), State::Sleep);
        until(other.id(), State::Sleep);
        lwp::wakeup(other.id()).unwrap();
        assert_eq!(other.wait().unwrap(), err(Errno::Eintr));
        assert_eq!(lwp::state(one.id()), Ok(State::Sleep));
        lwp::wakeup(one.id()).unwrap();
        assert_eq!(one.wait().unwrap(), err(Errno::Eintr));
    });
}

/// `_lwp_kill`: ESRCH, and signal 0 only asks.
#[test]
fn a_signal_for_nobody_is_an_error_even_where_it_is_not_sent() {
    each(&[RUNS], |sys| {
        assert_eq!(sys.sys_lwp_kill(1, None), Ok(()));
        assert!(!pends(sys, 1));
        for signal in [None, Some(Signal::Usr1)] {
            assert_eq!(sys.sys_lwp_kill(2, signal), Err(Errno::Esrch));
        }
    });
}

/// `_lwp_kill` and illumos' `_lwp_suspend`: a signal for a suspended LWP stays pending.
#[test]
fn a_suspended_lwp_keeps_its_signals() {
    each(&[RUNS, SUSPENDED], |sys| {
        assert_eq!(sys.sys_lwp_kill(2, Some(Signal::Usr1)), Ok(()));
        assert_eq!((sys.lwp(2).l_stat(), pends(sys, 2)), (State::Suspended, true));
        scope(|s| {
            thread(s, sys, sys.lwp(2), |l| sys.lwp_userret(l).unwrap());
            assert_eq!(sys.sys_lwp_continue(2), Ok(()));
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        });
    });
}

/// `_lwp_suspend` and `_lwp_continue` of both systems: ESRCH.
#[test]
fn suspending_or_continuing_nobody_is_esrch() {
    each(&[RUNS], |sys| {
        assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 2), Err(Errno::Esrch));
        assert_eq!(sys.sys_lwp_continue(2), Err(Errno::Esrch));
    });
    each_process(|| {
        let gone = lwp::create(|| ()).unwrap();
        gone.wait().unwrap();
        assert_eq!(lwp::suspend(gone.id()), err(Errno::Esrch));
        assert_eq!(lwp::resume(gone.id()), err(Errno::Esrch));
    });
}

/// `_lwp_suspend`: EDEADLK for the only LWP of the process. The system call asks for the only one that runs or will, so
/// that one beside a suspended one gets EDEADLK too.
#[test]
fn the_only_lwp_that_runs_cannot_suspend_itself() {
    for lwps in [&[RUNS][..], &[RUNS, SUSPENDED]] {
        each(lwps, |sys| assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 1), Err(Errno::Edeadlk)));
    }
    each(&[RUNS, SLEEPS], |sys| assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 1), Ok(())));
    each_process(|| {
        let me = lwp::current().unwrap();
        assert_eq!(lwp::suspend(me), err(Errno::Edeadlk));
        let other = lwp::builder().suspended().create(|| ()).unwrap();
        assert_eq!(lwp::suspend(me), err(Errno::Edeadlk));
        lwp::resume(other.id()).unwrap();
        other.wait().unwrap();
    });
}

/// `_lwp_suspend` and `_lwp_continue`: a repetition has no effect, and only `_lwp_continue` resumes.
#[test]
fn a_suspension_lasts_until_the_first_continue() {
    each(&[RUNS, SUSPENDED], |sys| {
        assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 2), Ok(()));
        assert_eq!(sys.sys_lwp_unpark(2), Ok(()));
        assert_eq!(sys.sys_lwp_wakeup(2), Err(Errno::Enodev));
        assert_eq!(sys.sys_lwp_kill(2, Some(Signal::Usr1)), Ok(()));
        sys.happen();
        assert_eq!(sys.lwp(2).l_stat(), State::Suspended);
        for _ in 0..2 {
            assert_eq!(sys.sys_lwp_continue(2), Ok(()));
            assert_ne!(sys.lwp(2).l_stat(), State::Suspended);
        }
    });
    each_process(|| {
        let lwp = lwp::builder().suspended().create(|| ()).unwrap();
        lwp::suspend(lwp.id()).unwrap();
        lwp::unpark(lwp.id()).unwrap();
        assert_eq!(lwp::wakeup(lwp.id()), err(Errno::Enodev));
        assert_eq!(lwp::state(lwp.id()), Ok(State::Suspended));
        lwp::resume(lwp.id()).unwrap();
        lwp.wait().unwrap();
    });
}

/// illumos' `_lwp_suspend`: the target does not execute once the call has returned. NetBSD's asks, and the target goes on
/// until it is on its way to user mode; ptrace's `resume` looks for no progress only after the process has stopped.
#[test]
fn a_suspension_is_asked_for_and_not_waited_for() {
    each(&[RUNS, RUNS], |sys| {
        assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 2), Ok(()));
        assert_eq!(sys.lwp(2).l_stat(), State::OnProc);
        scope(|s| {
            thread(s, sys, sys.lwp(2), |l| sys.lwp_userret(l).unwrap());
            while sys.lwp(2).l_stat() != State::Suspended {
                yield_now();
            }
            assert_eq!(sys.sys_lwp_continue(2), Ok(()));
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        });
    });
    let process = Process::start(|| {
        let go_on = Arc::new(AtomicUsize::new(0));
        let its = go_on.clone();
        let lwp = lwp::create(move || {
            its.store(1, Ordering::Relaxed);
            while its.load(Ordering::Relaxed) < 2 {
                yield_now();
            }
            lwp::checkpoint();
        })
        .unwrap();
        while go_on.load(Ordering::Relaxed) == 0 {
            yield_now();
        }
        lwp::suspend(lwp.id()).unwrap();
        assert_eq!(lwp::state(lwp.id()), Ok(State::OnProc));
        go_on.store(2, Ordering::Relaxed);
        until(lwp.id(), State::Suspended);
        lwp::resume(lwp.id()).unwrap();
        lwp.wait().unwrap();
    });
    process.unwrap().wait().unwrap();
}

/// `_lwp_wait`: ESRCH where no LWP is undetached, and EDEADLK for the only LWP. Of the only LWP both are true: ESRCH comes
/// first. EDEADLK is for one that has others, none of which can exit.
#[test]
fn an_lwp_alone_has_nobody_to_wait_for() {
    each(&[RUNS], |sys| {
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 0), Ok(Err(Errno::Esrch)));
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Err(Errno::Esrch)));
    });
    each(&[RUNS, SUSPENDED], |sys| {
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 0), Ok(Err(Errno::Edeadlk)));
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Err(Errno::Edeadlk)));
    });
    each_process(|| {
        assert_eq!(lwp::wait_any().unwrap_err(), Error::Kernel(Errno::Esrch));
        let other = lwp::builder().suspended().create(|| ()).unwrap();
        assert_eq!(lwp::wait_any().unwrap_err(), Error::Kernel(Errno::Edeadlk));
        lwp::resume(other.id()).unwrap();
        other.wait().unwrap();
    });
}

/// `_lwp_wait`: EINTR. LTP `pthread_join`: never EINTR, which is for whoever stands above the system call; and who was
/// cancelled in a join has not detached the thread.
#[test]
fn a_wait_can_be_interrupted_and_repeated() {
    each(&[RUNS, RUNS], |sys| {
        let me = sys.lwp(1);
        assert_eq!(sys.sys_lwp_kill(1, Some(Signal::Usr1)), Ok(()));
        assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Err(Errno::Eintr)));
        assert_eq!(sys.lwp_userret(me), Ok(()));
        scope(|s| {
            thread(s, sys, sys.lwp(2), |_| {});
            assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Ok(2)));
        });
    });
    each_process(|| {
        let waiter = lwp::create(|| {
            let lwp = lwp::create(|| lwp::park().map(|()| 7)).unwrap();
            fails_with(lwp.wait(), Errno::Eintr);
            // The same wakeup ends this one too.
            fails_with(lwp.wait(), Errno::Eintr);
            lwp::unpark(lwp.id()).unwrap();
            lwp.wait().unwrap()
        })
        .unwrap();
        until(waiter.id(), State::Sleep);
        lwp::wakeup(waiter.id()).unwrap();
        assert_eq!(waiter.wait().unwrap(), Ok(7));
    });
}

/// LTP `pthread_join`: it returns when the thread has ended, and not before.
#[test]
fn a_wait_lasts_until_the_lwp_has_ended() {
    each_process(|| {
        let ended = Arc::new(AtomicUsize::new(0));
        let its = ended.clone();
        let lwp = lwp::create(move || {
            (0..100).for_each(|_| lwp::yield_now().unwrap());
            its.store(1, Ordering::Relaxed);
        })
        .unwrap();
        lwp.wait().unwrap();
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    });
}

/// `_lwp_exit`: the last LWP takes the process with it. rump `t_lwproc`, `lwps`: a process of 128 goes with the last.
#[test]
fn a_process_of_128_ends_with_its_last_lwp() {
    each(&[RUNS; 128], |sys| {
        for lid in 1..128 {
            sys.lwp_exit(sys.lwp(lid));
            assert!(!sys.proc_free(), "LWP {lid} was not the last");
        }
        sys.lwp_exit(sys.lwp(128));
        assert_eq!(sys.proc().enter().p_stat(), ProcState::Zomb);
        assert!(sys.proc_free());
    });
    let last = Arc::new(AtomicUsize::new(0));
    let its = last.clone();
    let process = Process::start(move || {
        for _ in 1..128 {
            let its = its.clone();
            lwp::create(move || its.fetch_add(1, Ordering::Relaxed)).unwrap();
        }
        23
    });
    assert_eq!(process.unwrap().wait().unwrap(), 23);
    assert_eq!(last.load(Ordering::Relaxed), 127);
}

/// `_lwp_exit`: the number of an LWP that is not detached stays in use until somebody has waited for it.
#[test]
fn a_zombie_keeps_its_number_until_it_is_collected() {
    each(&[RUNS, RUNS], |sys| {
        let me = sys.lwp(1);
        sys.lwp_exit(sys.lwp(2));
        // It is there to be waited for, and for nothing else.
        assert_eq!(sys.sys_lwp_suspend(me, 2), Err(Errno::Esrch));
        assert_eq!(sys.proc().enter().p_nlwps, 2);
        assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Ok(2)));
        assert_eq!(sys.proc().enter().p_nlwps, 1);
    });
    each_process(|| {
        let lwp = lwp::create(|| ()).unwrap();
        until(lwp.id(), State::Zomb);
        assert_eq!(lwp::suspend(lwp.id()), err(Errno::Esrch));
        lwp.wait().unwrap();
        assert_eq!(lwp::state(lwp.id()), err(Errno::Esrch));
    });
}

/// `_lwp_wakeup`: ESRCH, ENODEV where the LWP does not sleep, EBUSY where it sleeps uninterruptibly.
#[test]
fn only_who_sleeps_interruptibly_can_be_woken() {
    each(&[RUNS, SLEEPS, SLEEPS_DEEPLY, SUSPENDED], |sys| {
        assert_eq!(sys.sys_lwp_wakeup(1), Err(Errno::Enodev));
        assert_eq!(sys.sys_lwp_wakeup(2), Ok(()));
        assert_ne!(sys.lwp(2).l_stat(), State::Sleep);
        assert_eq!(sys.sys_lwp_wakeup(3), Err(Errno::Ebusy));
        assert_eq!(sys.lwp(3).l_stat(), State::Sleep);
        assert_eq!(sys.sys_lwp_wakeup(4), Err(Errno::Enodev));
        assert_eq!(sys.sys_lwp_wakeup(5), Err(Errno::Esrch));
    });
    each_process(|| {
        let sleeper = lwp::create(lwp::park).unwrap();
        until(sleeper.id(), State::Sleep);
        assert_eq!(lwp::wakeup(sleeper.id()), Ok(()));
        assert_eq!(sleeper.wait().unwrap(), err(Errno::Eintr));
        assert_eq!(lwp::wakeup(sleeper.id()), err(Errno::Esrch));
        assert_eq!(lwp::wakeup(lwp::current().unwrap()), err(Errno::Enodev));
    });
}

/// `_lwp_wakeup`: the target's sleep fails with EINTR. Nothing is said of the sleep after it, which fails as well: LW_CANCELLED
/// is set before the target is looked at, and whoever was asleep does not clear it.
#[test]
fn a_wakeup_that_finds_a_sleeper_ends_its_next_sleep_too() {
    each(&[RUNS, RUNS], |sys| {
        scope(|s| {
            thread(s, sys, sys.lwp(2), |l| {
                assert_eq!(sys.sleep(l, true), Err(Errno::Eintr));
                assert_eq!(sys.sleep(l, true), Err(Errno::Eintr));
                assert_eq!(sys.sleep(l, true), Ok(()));
            });
            while sys.lwp(2).l_stat() != State::Sleep {
                yield_now();
            }
            assert_eq!(sys.sys_lwp_wakeup(2), Ok(()));
            // It is in its second sleep at least, which fails whatever happens.
            while sys.lwp(2).l_stat() != State::Sleep {
                yield_now();
            }
            sys.happen();
            assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        });
    });
    each_process(|| {
        let sleeper = lwp::create(|| {
            let all = [Duration::MAX, Duration::MAX, Duration::from_millis(1)];
            all.map(lwp::sleep)
        });
        let sleeper = sleeper.unwrap();
        until(sleeper.id(), State::Sleep);
        lwp::wakeup(sleeper.id()).unwrap();
        assert_eq!(sleeper.wait().unwrap(), [err(Errno::Eintr), err(Errno::Eintr), Ok(())]);
    });
}

/// `_lwp_park` and `_lwp_unpark`: who is unparked before it parks returns at once, with EALREADY; the library calls that
/// a success. ESRCH where there is nobody to unpark.
#[test]
fn an_unpark_that_comes_first_ends_the_next_park() {
    each(&[RUNS], |sys| {
        assert_eq!(sys.sys_lwp_unpark(1), Ok(()));
        assert_eq!(sys.sys_lwp_park(sys.lwp(1), false), Err(Errno::Ealready));
        assert_eq!(sys.sys_lwp_unpark(2), Err(Errno::Esrch));
    });
    each_process(|| {
        let me = lwp::current().unwrap();
        lwp::unpark(me).unwrap();
        assert_eq!(lwp::park(), Ok(()));
        let gone = lwp::create(|| ()).unwrap();
        gone.wait().unwrap();
        assert_eq!(lwp::unpark(gone.id()), err(Errno::Esrch));
    });
}

/// `_lwp_park`: EINTR, ETIMEDOUT.
#[test]
fn a_park_ends_by_a_signal_or_when_its_time_has_come() {
    each(&[RUNS], |sys| {
        let me = sys.lwp(1);
        assert_eq!(sys.sys_lwp_park_until(me, Some(Instant::now())), Err(Errno::Etimedout));
        assert_eq!(sys.sys_lwp_kill(1, Some(Signal::Usr1)), Ok(()));
        assert_eq!(sys.sys_lwp_park(me, false), Err(Errno::Eintr));
    });
    each_process(|| {
        assert_eq!(lwp::park_timeout(Duration::ZERO), err(Errno::Etimedout));
        let parked = lwp::create(lwp::park).unwrap();
        until(parked.id(), State::Sleep);
        lwp::wakeup(parked.id()).unwrap();
        assert_eq!(parked.wait().unwrap(), err(Errno::Eintr));
    });
}

/// `_lwp_create`: EAGAIN where there are as many LWPs as there may be, zombies included. ENOMEM is the library's EAGAIN too.
#[test]
fn a_process_has_no_more_lwps_than_it_may() {
    each(&[RUNS; 200], |sys| {
        assert_eq!(sys.sys_lwp_create(sys.lwp(1), false, false).err(), Some(Errno::Eagain));
        sys.lwp_exit(sys.lwp(2));
        assert_eq!(sys.sys_lwp_create(sys.lwp(1), false, false).err(), Some(Errno::Eagain));
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        assert!(sys.sys_lwp_create(sys.lwp(1), false, true).is_ok());
    });
    let process = Process::builder().maxlwp(2).start(|| {
        let other = lwp::create(|| ()).unwrap();
        until(other.id(), State::Zomb);
        assert_eq!(lwp::create(|| ()).unwrap_err(), Error::Kernel(Errno::Eagain));
        other.wait().unwrap();
        lwp::create(|| ()).unwrap().wait().unwrap();
        let too_big = lwp::builder().stack_size(1 << 60).create(|| ());
        assert_eq!(too_big.unwrap_err(), Error::Kernel(Errno::Eagain));
    });
    process.unwrap().wait().unwrap();
}

/// illumos `c11_threads`: 128 threads that add 1 a thousand times each, under a mutex, add 128,000.
#[test]
fn what_128_lwps_add_under_a_mutex_is_the_sum() {
    each_process(|| {
        let sum = Arc::new(Mutex::new(0));
        let all = [(); 128].map(|()| {
            let sum = sum.clone();
            lwp::create(move || (0..1000).for_each(|_| *sum.lock().unwrap() += 1)).unwrap()
        });
        all.iter().for_each(|lwp| lwp.wait().unwrap());
        assert_eq!(*sum.lock().unwrap(), 128_000);
    });
}

/// illumos `c11_threads`: a broadcast wakes all of 128 threads.
#[test]
fn one_broadcast_wakes_all_of_128() {
    let lwps = [&[RUNS][..], &[SLEEPS; 128]].concat();
    each(&lwps, |sys| {
        sys.happen();
        assert!((2..=129).all(|lid| sys.lwp(lid).l_stat() != State::Sleep));
    });
}

/// illumos `c11_threads`: as many wakeups as there are threads, one each, wake all of 128.
#[test]
fn an_unpark_each_wakes_all_of_128() {
    each_process(|| {
        let all = [(); 128].map(|()| lwp::create(lwp::park).unwrap());
        for lwp in &all {
            lwp::unpark(lwp.id()).unwrap();
            assert_eq!(lwp.wait().unwrap(), Ok(()));
        }
    });
}
