//! The protocol's functions one by one, on real threads and without interleavings.
#![cfg(not(any(loom, shuttle)))]

use lwp_core::mutex::Class;
use lwp_core::netbsd::flag::{LW_PENDSIG, LW_WSUSPEND};
use lwp_core::netbsd::{Boot, BootLwp, Doing, Errno, Repair, Repairs, Revision, Signal, State, System};

const ON_A_CPU: BootLwp = BootLwp { detached: false, doing: Doing::Running };
const SUSPENDED: BootLwp = BootLwp { doing: Doing::Suspended, ..ON_A_CPU };
const DETACHED: BootLwp = BootLwp { detached: true, ..ON_A_CPU };

fn boot(revision: Revision, repairs: Repairs, lwps: &[BootLwp]) -> System {
    System::boot(&Boot { revision, repairs, cpus: 1, maxlwp: 4, lwps: lwps.to_vec() })
}

fn each(mut f: impl FnMut(Revision, Repairs)) {
    for revision in Revision::ALL {
        f(revision, Repairs::AS_WRITTEN);
        f(revision, Repairs::ALL);
    }
}

/// What a defect is shown by runs with every repair but one, or with one alone: another's would be blamed.
#[test]
fn repairs_are_added_and_taken_away_one_by_one() {
    for repair in Repair::ALL {
        let (only, without) = (Repairs::AS_WRITTEN.with(repair), Repairs::ALL.without(repair));
        for other in Repair::ALL {
            assert_eq!((only.has(other), without.has(other)), (other == repair, other != repair));
        }
        assert_eq!((only.with(repair), without.without(repair)), (only, without));
    }
}

/// 1.62 L822 tests the constant LSRUN.
#[test]
fn a_lone_lwp_that_is_suspended_runs_only_in_1_62_as_written() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[SUSPENDED]);
        let (l, running) = sys.proc_representative_lwp(&sys.proc().enter());
        let constant = revision == Revision::R1_62 && !repairs.has(Repair::Representative);
        assert_eq!((l.l_lid(), running), (1, usize::from(constant)));
    });
}

#[test]
fn the_most_alive_lwp_stands_for_the_process() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[SUSPENDED, ON_A_CPU, ON_A_CPU]);
        let (l, running) = sys.proc_representative_lwp(&sys.proc().enter());
        assert_eq!((l.l_lid(), l.l_stat(), running), (2, State::OnProc, 2));
    });
}

#[test]
fn suspending_twice_is_suspending_once_and_so_is_continuing() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU, ON_A_CPU]);
        let me = sys.lwp(1);
        for _ in 0..2 {
            assert_eq!(sys.sys_lwp_suspend(me, 2), Ok(()));
            assert_ne!(sys.lwp(2).l_flag() & LW_WSUSPEND, 0);
        }
        for _ in 0..2 {
            assert_eq!(sys.sys_lwp_continue(2), Ok(()));
            assert_eq!(sys.lwp(2).l_flag() & LW_WSUSPEND, 0);
        }
    });
}

#[test]
fn a_suspended_lwp_that_is_continued_waits_for_its_cpu() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU, SUSPENDED]);
        assert_eq!(sys.sys_lwp_suspend(sys.lwp(1), 2), Ok(()));
        assert_eq!(sys.lwp(2).l_stat(), State::Suspended);
        assert_eq!(sys.sys_lwp_continue(2), Ok(()));
        assert_eq!(sys.lwp(2).l_stat(), State::Run);
        assert_eq!(sys.proc().enter().p_nrlwps, 2);
    });
}

#[test]
fn requests_that_make_no_sense_have_their_errors() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU, DETACHED]);
        let me = sys.lwp(1);
        for nobody in [0, 3, usize::MAX] {
            assert_eq!(sys.sys_lwp_suspend(me, nobody), Err(Errno::Esrch));
            assert_eq!(sys.sys_lwp_continue(nobody), Err(Errno::Esrch));
            assert_eq!(sys.sys_lwp_detach(nobody), Err(Errno::Esrch));
        }
        assert_eq!(sys.sys_lwp_wait(me, 3), Ok(Err(Errno::Esrch)));
        assert_eq!(sys.sys_lwp_wait(me, 1), Ok(Err(Errno::Edeadlk)));
        // Nobody waits for a detached LWP.
        assert_eq!(sys.sys_lwp_wait(me, 2), Ok(Err(Errno::Esrch)));
        assert_eq!(sys.sys_lwp_wait(me, 0), Ok(Err(Errno::Esrch)));
        assert_eq!(sys.sys_lwp_detach(2), Err(Errno::Einval));
        assert_eq!(sys.sys_lwp_detach(1), Ok(()));
        assert_eq!(sys.sys_lwp_detach(1), Err(Errno::Einval));
        assert_eq!(sys.proc().enter().p_ndlwps, 2);
    });
}

#[test]
fn references_are_counted() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU]);
        let l = sys.lwp(1);
        let mut p = sys.proc().enter();
        sys.lwp_addref(&mut p, l);
        assert_eq!(p.member(l).l_refcnt, 2);
        p.exit();
        sys.lwp_delref(l);
        assert_eq!(sys.proc().enter().member(l).l_refcnt, 1);
    });
}

#[cfg_attr(not(debug_assertions), ignore = "a release build does not check the counters")]
#[test]
#[should_panic(expected = "p_nrlwps is not the number of LWPs that run or will soon")]
fn a_counter_that_is_wrong_is_noticed_when_p_smutex_is_released() {
    let sys = boot(Revision::R1_62, Repairs::ALL, &[ON_A_CPU]);
    sys.proc().enter().p_nrlwps += 1;
}

#[test]
fn the_tables_of_both_revisions_agree_with_the_heads_of_the_files() {
    for revision in Revision::ALL {
        let documented = State::transitions(revision);
        let asserted = usize::from(revision == Revision::R1_69_2_6);
        assert_eq!(documented.len(), 19 + asserted);
        assert!(State::never_made().iter().all(|(never, _)| documented.contains(never)));
        assert!(documented.iter().all(|(from, to)| from != to && *from != State::Zomb && *to != State::Idl));
        assert_eq!(State::Sleep.covering_lock(None, revision), Class::SleepQueue);
        for state in State::ALL {
            let counted = matches!(state, State::Run | State::OnProc | State::Sleep);
            assert_eq!(state.is_running_or_soon(), counted, "{}", state.name());
        }
    }
    let new = |state: State| state.covering_lock(None, Revision::R1_69_2_6);
    assert_eq!((new(State::Idl), new(State::Run)), (Class::SpcMutex, Class::SpcMutex));
    assert_eq!((new(State::OnProc), new(State::Zomb)), (Class::SpcLwplock, Class::SpcLwplock));
    assert_eq!(new(State::Suspended), Class::SpcLwplock);
    assert_eq!(
        State::Suspended.covering_lock(Some(Class::SleepQueue), Revision::R1_69_2_6),
        Class::SleepQueue
    );
    assert_eq!(State::Zomb.covering_lock(None, Revision::R1_62), Class::SchedMutex);
}

/// The creator keeps what it has, and the process can still grow once somebody is gone.
#[test]
fn a_process_with_as_many_lwps_as_it_may_have_gets_no_other() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU, SUSPENDED, SUSPENDED]);
        let me = sys.lwp(1);
        assert!(sys.sys_lwp_create(me, false, true).is_ok());
        assert_eq!(sys.sys_lwp_create(me, false, true).err(), Some(Errno::Eagain));
        assert_eq!(sys.proc().enter().p_nlwps, 4);
    });
}

/// 1.62 L560-562, 1.69.2.6 L621-622 leave 0 out and ask nothing else.
#[test]
fn numbers_wrap_past_0_to_one_that_may_be_in_use() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU]);
        let me = sys.lwp(1);
        sys.proc().enter().p_nlwpid = usize::MAX - 1;
        assert_eq!(sys.lwp_create(me, false).l_lid(), usize::MAX);
        let second = sys.lwp_create(me, false);
        assert_eq!(second.l_lid(), me.l_lid());
        // The newest comes first on p_lwps.
        assert_eq!(sys.proc().enter().position(1), Some(0));
        assert_eq!(sys.proc().enter().member(me).l_refcnt, 1);
    });
}

/// 1.62 L524 takes the creator's, 1.69.2.6 L589 asks the scheduler.
#[test]
fn a_new_lwp_has_its_creators_cpu_only_in_1_62() {
    for revision in Revision::ALL {
        let lwps = vec![ON_A_CPU];
        let sys = System::boot(&Boot { revision, repairs: Repairs::ALL, cpus: 2, maxlwp: 9, lwps });
        let l2 = sys.lwp_create(sys.lwp(1), false);
        assert_eq!(l2.l_cpu() == sys.lwp(1).l_cpu(), revision == Revision::R1_62);
    }
}

/// Whoever creates many would have them all on one CPU.
#[test]
fn a_new_lwp_goes_to_the_cpu_with_the_fewest_and_else_where_its_number_says() {
    let cpu_of = |lwps: usize, number: usize| {
        let (revision, repairs) = (Revision::R1_69_2_6, Repairs::ALL);
        let sys = System::boot(&Boot { revision, repairs, cpus: 3, maxlwp: 9, lwps: vec![ON_A_CPU; lwps] });
        sys.proc().enter().p_nlwpid = number - 1;
        sys.lwp_create(sys.lwp(1), false).l_cpu()
    };
    assert_eq!(cpu_of(2, 4), 2);
    assert_eq!((cpu_of(3, 4), cpu_of(3, 5), cpu_of(3, 6)), (0, 1, 2));
}

#[test]
fn an_lwp_that_is_idle_cannot_be_found_suspended_or_detached() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU, BootLwp { doing: Doing::Idle, ..ON_A_CPU }]);
        let me = sys.lwp(1);
        assert_eq!(sys.sys_lwp_suspend(me, 2), Err(Errno::Esrch));
        assert_eq!(sys.sys_lwp_detach(2), Err(Errno::Esrch));
        let mut p = sys.proc().enter();
        assert_eq!(sys.lwp_suspend(&mut p, me, sys.lwp(2).lwp_lock()), Err(Errno::Eintr));
    });
}

/// What is to end an LWP's sleep comes while it does not sleep.
#[test]
fn parking_after_an_unpark_or_a_wakeup_returns_at_once() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU]);
        let me = sys.lwp(1);
        assert_eq!(sys.sys_lwp_unpark(1), Ok(()));
        assert_eq!(sys.sys_lwp_park(me, false), Err(Errno::Ealready));
        assert_eq!(sys.sys_lwp_wakeup(1), Err(Errno::Enodev));
        assert_eq!(sys.sys_lwp_park(me, false), Err(Errno::Ealready));
        assert_eq!(sys.sys_lwp_wakeup(1), Err(Errno::Enodev));
        assert_eq!(sys.sleep(me, true), Err(Errno::Eintr));
        assert_eq!(sys.sys_lwp_unpark(2), Err(Errno::Esrch));
        assert_eq!(sys.sys_lwp_wakeup(2), Err(Errno::Esrch));
    });
}

#[test]
fn waking_an_lwp_depends_on_how_it_sleeps() {
    each(|revision, repairs| {
        let sleeping = |interruptibly| BootLwp { doing: Doing::Sleeping { interruptibly }, ..ON_A_CPU };
        let sys = boot(revision, repairs, &[ON_A_CPU, sleeping(true), sleeping(false)]);
        assert_eq!(sys.sys_lwp_wakeup(2), Ok(()));
        assert_eq!(sys.lwp(2).l_stat(), State::Run);
        assert_eq!(sys.sys_lwp_wakeup(2), Err(Errno::Enodev));
        assert_eq!(sys.sys_lwp_wakeup(3), Err(Errno::Ebusy));
        assert_eq!(sys.lwp(3).l_stat(), State::Sleep);
    });
}

#[test]
fn a_signal_that_is_only_asked_about_is_not_sent() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU]);
        assert_eq!(sys.sys_lwp_kill(1, None), Ok(()));
        assert_eq!(sys.lwp(1).l_flag() & LW_PENDSIG, 0);
        assert_eq!(sys.sys_lwp_kill(2, None), Err(Errno::Esrch));
        assert_eq!(sys.sys_lwp_kill(2, Some(Signal::Usr1)), Err(Errno::Esrch));
        assert_eq!(sys.sys_lwp_kill(1, Some(Signal::Usr1)), Ok(()));
        assert_ne!(sys.lwp(1).l_flag() & LW_PENDSIG, 0);
    });
}
