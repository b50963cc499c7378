//! The protocol's functions one by one, on real threads and without interleavings.
#![cfg(not(any(loom, shuttle)))]

use lwp_core::mutex::Class;
use lwp_core::netbsd::flag::LW_WSUSPEND;
use lwp_core::netbsd::{Boot, BootLwp, Errno, Repair, Repairs, Revision, State, System};

const ON_A_CPU: BootLwp = BootLwp { detached: false, suspended: false };
const SUSPENDED: BootLwp = BootLwp { suspended: true, ..ON_A_CPU };
const DETACHED: BootLwp = BootLwp { detached: true, ..ON_A_CPU };

fn boot(revision: Revision, repairs: Repairs, lwps: &[BootLwp]) -> System {
    System::boot(&Boot { revision, repairs, cpus: 1, lwps: lwps.to_vec() })
}

fn each(mut f: impl FnMut(Revision, Repairs)) {
    for revision in Revision::ALL {
        f(revision, Repairs::AS_WRITTEN);
        f(revision, Repairs::ALL);
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
        assert_eq!(sys.proc().enter().p_nlwpwait, 0);
    });
}

#[test]
fn references_are_counted() {
    each(|revision, repairs| {
        let sys = boot(revision, repairs, &[ON_A_CPU]);
        let l = sys.lwp(1);
        let mut p = sys.proc().enter();
        sys.lwp_addref(&mut p, l);
        assert_eq!(p.member(1).l_refcnt, 2);
        p.exit();
        sys.lwp_delref(l);
        assert_eq!(sys.proc().enter().member(1).l_refcnt, 1);
    });
}

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
        assert_eq!(documented.len(), 19);
        assert!(documented.iter().all(|(from, to)| from != to && *from != State::Zomb && *to != State::Idl));
        assert_eq!(State::Sleep.covering_lock(true, revision), Class::SleepQueue);
        for state in State::ALL {
            let counted = matches!(state, State::Run | State::OnProc | State::Sleep);
            assert_eq!(state.is_running_or_soon(), counted, "{}", state.name());
        }
    }
    let new = |state: State| state.covering_lock(false, Revision::R1_69_2_6);
    assert_eq!((new(State::Idl), new(State::Run)), (Class::SpcMutex, Class::SpcMutex));
    assert_eq!((new(State::OnProc), new(State::Zomb)), (Class::SpcLwplock, Class::SpcLwplock));
    assert_eq!(new(State::Suspended), Class::SpcLwplock);
    assert_eq!(State::Suspended.covering_lock(true, Revision::R1_69_2_6), Class::SleepQueue);
    assert_eq!(State::Zomb.covering_lock(false, Revision::R1_62), Class::SchedMutex);
}
