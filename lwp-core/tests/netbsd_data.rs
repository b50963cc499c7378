//! Per-LWP data, credentials and lwpctl one by one, on real threads and without interleavings.
#![cfg(not(any(loom, shuttle)))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use lwp_core::netbsd::lcpage::{LWPCTL_PER_PAGE, LWPCTL_UAREA_PAGES, LcCurcpu, Lwpctl};
use lwp_core::netbsd::specific::{SpecificData, SpecificKey};
use lwp_core::netbsd::{Boot, BootLwp, Errno, Repair, Repairs, Revision, State, System};

/// A machine of 1.69.2.6 on which each LWP has a CPU.
fn boot(lwps: usize, repairs: Repairs) -> System {
    boot_revision(Revision::R1_69_2_6, lwps, repairs)
}

fn boot_revision(revision: Revision, lwps: usize, repairs: Repairs) -> System {
    System::boot(&Boot {
        revision,
        repairs,
        cpus: lwps,
        maxlwp: usize::MAX,
        lwps: vec![BootLwp::default(); lwps],
    })
}

fn each(lwps: usize, f: impl Fn(System)) {
    for revision in Revision::ALL {
        for repairs in [Repairs::AS_WRITTEN, Repairs::ALL] {
            f(boot_revision(revision, lwps, repairs));
        }
    }
}

/// What `f` panics with.
#[track_caller]
fn message<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("nobody noticed the misuse"),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload.downcast::<&str>().expect("a panic's message is text").to_string(),
        },
    }
}

/// The numbers that a destructor was given.
#[derive(Clone, Default)]
struct Destroyed(Arc<Mutex<Vec<u32>>>);

impl Destroyed {
    fn key(&self, sys: &System) -> SpecificKey {
        let destroyed = self.0.clone();
        sys.lwp_specific_key_create(move |data| destroyed.lock().unwrap().push(number(data)))
    }

    #[track_caller]
    fn are(&self, numbers: &[u32]) {
        assert_eq!(*self.0.lock().unwrap(), numbers);
    }
}

fn number(data: SpecificData) -> u32 {
    *data.downcast().expect("every datum is a number")
}

fn set(sys: &System, lid: usize, key: SpecificKey, n: u32) {
    sys.lwp_setspecific(sys.lwp(lid), key, Some(Arc::new(n)));
}

fn get(sys: &System, lid: usize, key: SpecificKey) -> Option<u32> {
    sys.lwp_getspecific(sys.lwp(lid), key).map(number)
}

#[test]
fn data_is_an_lwps_own_under_each_key() {
    each(2, |sys| {
        let destroyed = Destroyed::default();
        let (one, other) = (destroyed.key(&sys), destroyed.key(&sys));
        set(&sys, 1, one, 11);
        set(&sys, 1, other, 12);
        set(&sys, 2, one, 21);
        assert_eq!((get(&sys, 1, one), get(&sys, 1, other)), (Some(11), Some(12)));
        assert_eq!((get(&sys, 2, one), get(&sys, 2, other)), (Some(21), None));
        assert_eq!(sys.lwp_getspecific_by_lwp(sys.lwp(2), one).map(number), Some(21));
        sys.lwp_setspecific(sys.lwp(1), one, None);
        set(&sys, 2, one, 22);
        assert_eq!((get(&sys, 1, one), get(&sys, 2, one)), (None, Some(22)));
        // What is replaced is its user's business.
        destroyed.are(&[]);
    });
}

#[test]
fn a_key_that_is_made_later_has_a_slot_too() {
    each(1, |sys| {
        let destroyed = Destroyed::default();
        let early = destroyed.key(&sys);
        set(&sys, 1, early, 1);
        let late = destroyed.key(&sys);
        assert_eq!(get(&sys, 1, late), None);
        set(&sys, 1, late, 2);
        assert_eq!((get(&sys, 1, early), get(&sys, 1, late)), (Some(1), Some(2)));
        sys.lwp_finispecific(sys.lwp(1));
        destroyed.are(&[1, 2]);
    });
}

#[test]
fn a_key_that_is_deleted_takes_the_data_of_all_lwps_with_it() {
    each(3, |sys| {
        let destroyed = Destroyed::default();
        let (key, kept) = (destroyed.key(&sys), destroyed.key(&sys));
        set(&sys, 1, key, 1);
        set(&sys, 1, kept, 9);
        set(&sys, 3, key, 3);
        sys.lwp_specific_key_delete(key);
        destroyed.are(&[1, 3]);
        assert_eq!((get(&sys, 1, key), get(&sys, 1, kept)), (None, Some(9)));
        // Nothing is left of it, and nobody gets its number.
        sys.lwp_specific_key_delete(key);
        sys.lwp_specific_key_delete(99);
        assert_eq!(destroyed.key(&sys), 2);
        destroyed.are(&[1, 3]);
    });
}

#[test]
fn an_lwp_that_exits_takes_its_data_with_it_and_so_does_the_last() {
    each(2, |sys| {
        let destroyed = Destroyed::default();
        let key = destroyed.key(&sys);
        set(&sys, 1, key, 1);
        set(&sys, 2, key, 2);
        sys.lwp_exit(sys.lwp(2));
        destroyed.are(&[2]);
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
        sys.lwp_exit(sys.lwp(1));
        destroyed.are(&[2, 1]);
        sys.lwp_specific_key_delete(key);
        destroyed.are(&[2, 1]);
    });
}

#[test]
fn a_datum_for_a_key_that_never_was_is_refused() {
    each(1, |sys| {
        assert_eq!(message(|| set(&sys, 1, 7, 1)), "there is no key 7");
        assert_eq!(get(&sys, 1, 7), None);
        // Nothing is left locked.
        assert_eq!(Destroyed::default().key(&sys), 0);
    });
}

/// The kernel's own data structures would be left half done, with their lock held.
#[test]
fn a_deletion_whose_destructor_panics_can_be_repeated() {
    each(2, |sys| {
        let destroyed = Destroyed::default();
        let key = {
            let destroyed = destroyed.0.clone();
            sys.lwp_specific_key_create(move |data| {
                let n = number(data);
                assert_ne!(n, 1, "the destructor's own mistake");
                destroyed.lock().unwrap().push(n);
            })
        };
        set(&sys, 1, key, 1);
        set(&sys, 2, key, 2);
        assert!(message(|| sys.lwp_specific_key_delete(key)).contains("the destructor's own mistake"));
        assert_eq!((get(&sys, 1, key), get(&sys, 2, key)), (None, Some(2)));
        sys.lwp_specific_key_delete(key);
        destroyed.are(&[2]);
    });
}

#[test]
fn an_end_whose_destructor_panics_drops_the_rest() {
    each(1, |sys| {
        let destroyed = Destroyed::default();
        let panics = sys.lwp_specific_key_create(|_| panic!("the destructor's own mistake"));
        let key = destroyed.key(&sys);
        set(&sys, 1, panics, 1);
        set(&sys, 1, key, 2);
        let rest = sys.lwp_getspecific(sys.lwp(1), key).unwrap();
        assert_eq!(message(|| sys.lwp_finispecific(sys.lwp(1))), "the destructor's own mistake");
        assert_eq!((get(&sys, 1, key), Arc::strong_count(&rest)), (None, 1));
        destroyed.are(&[]);
        // The LWP can have data again.
        set(&sys, 1, key, 3);
        sys.lwp_finispecific(sys.lwp(1));
        destroyed.are(&[3]);
    });
}

#[test]
fn a_destructor_that_comes_back_for_the_lock_is_told() {
    let sys = Arc::new(boot(1, Repairs::ALL));
    let again = Arc::downgrade(&sys);
    let key = sys.lwp_specific_key_create(move |_| {
        again.upgrade().unwrap().lwp_specific_key_create(drop);
    });
    set(&sys, 1, key, 1);
    let message = message(|| sys.lwp_specific_key_delete(key));
    assert!(message.contains("would wait for ever") && message.contains("(sd_lock)"), "{message}");
    sys.lwp_specific_key_delete(key);
}

#[test]
fn data_that_a_destructor_sets_for_its_own_key_is_noticed_at_the_end() {
    let sys = Arc::new(boot(1, Repairs::ALL));
    let again = Arc::downgrade(&sys);
    let key = sys.lwp_specific_key_create(move |data| {
        let sys = again.upgrade().unwrap();
        sys.lwp_setspecific(sys.lwp(1), 0, Some(data));
    });
    set(&sys, 1, key, 1);
    sys.lwp_specific_key_delete(key);
    assert_eq!(get(&sys, 1, key), Some(1));
    assert_eq!(message(|| sys.lwp_finispecific(sys.lwp(1))), "LWP 1 has data of key 0, which is deleted");
    assert_eq!(get(&sys, 1, key), None);
}

#[test]
fn new_credentials_reach_the_other_lwps_when_they_enter_the_kernel() {
    each(2, |sys| {
        let sys = sys.with_creds(0);
        assert_eq!((sys.sys_getuid(sys.lwp(1)), sys.sys_getuid(sys.lwp(2))), (0, 0));
        sys.sys_setuid(sys.lwp(1), 5);
        assert_eq!((sys.sys_getuid(sys.lwp(1)), sys.sys_getuid(sys.lwp(2))), (5, 5));
        let l3 = sys.lwp_create(sys.lwp(1), false);
        assert_eq!((l3.l_stat(), sys.sys_getuid(&l3)), (State::Idl, 5));
    });
}

/// The last reference is the last: nothing is left of the credential for an LWP that gave its own back.
#[test]
fn credentials_that_nobody_has_any_more_are_freed() {
    each(2, |sys| {
        let sys = sys.with_creds(0);
        sys.lwp_exit(sys.lwp(2));
        sys.sys_setuid(sys.lwp(1), 5);
        let dead = message(|| sys.lwp_update_creds(sys.lwp(2)));
        assert_eq!(dead, "credential 1 is used after it was freed");
    });
}

#[test]
fn credentials_that_an_lwp_still_has_are_kept() {
    each(3, |sys| {
        let sys = sys.with_creds(0);
        sys.lwp_exit(sys.lwp(2));
        sys.sys_setuid(sys.lwp(1), 5);
        assert_eq!(sys.sys_getuid(sys.lwp(3)), 5);
        assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
    });
}

fn alloc(sys: &System, lid: usize) -> Result<usize, Errno> {
    sys.lwp_ctl_alloc(sys.lwp(lid)).map(|block: Lwpctl| block.uaddr())
}

fn reap(sys: &System, lid: usize) {
    sys.lwp_exit(sys.lwp(lid));
    assert_eq!(sys.sys_lwp_wait(sys.lwp(1), lid), Ok(Ok(lid)));
}

#[test]
fn an_lwp_has_one_block_and_none_in_1_62() {
    let sys = boot(2, Repairs::AS_WRITTEN);
    assert_eq!((alloc(&sys, 1), alloc(&sys, 2)), (Ok(0), Ok(1)));
    assert_eq!((alloc(&sys, 1), alloc(&sys, 2)), (Err(Errno::Einval), Err(Errno::Einval)));
    let old = boot_revision(Revision::R1_62, 1, Repairs::AS_WRITTEN);
    assert_eq!(alloc(&old, 1), Err(Errno::Enosys));
}

#[test]
fn a_block_says_where_its_lwp_is() {
    let sys = boot(2, Repairs::ALL);
    let block = sys.lwp_ctl_alloc(sys.lwp(2)).unwrap();
    assert_eq!(block.lc_curcpu(), LcCurcpu::Cpu(1));
    std::thread::scope(|s| {
        let waits = s.spawn(|| sys.sys_lwp_wait(sys.lwp(2), 1));
        while block.lc_curcpu() != LcCurcpu::None {
            std::thread::yield_now();
        }
        sys.lwp_exit(sys.lwp(1));
        assert_eq!(waits.join().unwrap(), Ok(Ok(1)));
    });
    assert_eq!(block.lc_curcpu(), LcCurcpu::Cpu(1));
}

#[test]
fn the_block_of_a_dead_lwp_says_so_and_is_given_out_again() {
    let sys = boot(3, Repairs::ALL);
    let block = sys.lwp_ctl_alloc(sys.lwp(2)).unwrap();
    sys.lwp_exit(sys.lwp(2));
    assert_eq!(block.lc_curcpu(), LcCurcpu::Exited);
    // A zombie keeps its block.
    assert_eq!(alloc(&sys, 3), Ok(1));
    assert_eq!(sys.sys_lwp_wait(sys.lwp(1), 2), Ok(Ok(2)));
    assert_eq!(alloc(&sys, 1), Ok(0));
    assert_eq!(block.lc_curcpu(), LcCurcpu::Cpu(0));
}

/// A process whose first LWPs have taken all blocks there are, and how many that is; so many more have none.
fn with_all_blocks_taken(more: usize) -> (System, usize) {
    let all = LWPCTL_PER_PAGE * LWPCTL_UAREA_PAGES;
    let sys = boot(all + more, Repairs::ALL);
    for lid in 1..=all {
        assert_eq!(alloc(&sys, lid), Ok(lid - 1));
    }
    (sys, all)
}

/// Through both words of both bitmaps, to the end of the area, and back through a page that was full.
#[test]
fn all_blocks_can_be_had_and_no_more() {
    let (sys, all) = with_all_blocks_taken(3);
    assert_eq!(alloc(&sys, all + 1), Err(Errno::Enomem));
    let maps = sys.lwpctl_vm().count();
    assert_eq!((maps.user_mappings, maps.kernel_mappings), (1, LWPCTL_UAREA_PAGES as isize));
    for (dead, next) in [(42, all + 1), (all - 1, all + 2), (2, all + 3)] {
        reap(&sys, dead);
        assert_eq!(alloc(&sys, next), Ok(dead - 1));
    }
}

/// 1.69.2.6 L1577-1585. A page that is forgotten while it has a free block would be missed at the end of the area.
#[test]
fn a_page_with_a_free_block_goes_first_where_the_first_has_none_and_no_page_is_lost() {
    let (sys, all) = with_all_blocks_taken(2);
    let (on_the_first_page, on_the_second_page) = (42, all - 1);
    reap(&sys, on_the_first_page);
    reap(&sys, on_the_second_page);
    assert_eq!(alloc(&sys, all + 1), Ok(on_the_first_page - 1));
    assert_eq!(alloc(&sys, all + 2), Ok(on_the_second_page - 1));
}

#[test]
fn the_end_of_a_process_unmaps_its_blocks() {
    let sys = boot(1, Repairs::AS_WRITTEN);
    let block = sys.lwp_ctl_alloc(sys.lwp(1)).unwrap();
    assert_eq!(sys.lwpctl_vm().count().references, 2);
    sys.sys_exit(sys.lwp(1));
    assert_eq!(sys.lwpctl_vm().count(), Default::default());
    assert!(message(|| block.lc_curcpu()).contains("used after it was freed"));
}

/// 1.69.2.6 L1602 clears one pointer of the two, and L1450 tests the other.
#[test]
fn after_an_exec_an_lwp_gets_a_block_only_where_its_page_is_forgotten() {
    for repairs in [Repairs::AS_WRITTEN, Repairs::ALL] {
        let sys = boot(1, repairs);
        assert_eq!(alloc(&sys, 1), Ok(0));
        sys.lwp_ctl_exit(sys.lwp(1));
        if repairs.has(Repair::StalePage) {
            assert_eq!(alloc(&sys, 1), Ok(0));
        } else {
            let stale = message(|| alloc(&sys, 1));
            assert_eq!(stale, "a page of lwpctl blocks is used after it was freed");
        }
    }
}

/// 1.69.2.6 L1523-1531: one error path for a page that was not mapped and one that was.
#[test]
fn a_page_that_cannot_be_wired_stays_mapped_without_a_reference_only_as_written() {
    for repairs in [Repairs::AS_WRITTEN, Repairs::ALL] {
        for (call, what) in [(1, "user"), (2, "kernel"), (3, "wiring")] {
            let sys = boot(1, repairs);
            sys.lwpctl_vm().fail_call(call);
            assert_eq!(alloc(&sys, 1), Err(Errno::Enomem), "{what}");
            let count = sys.lwpctl_vm().count();
            let balanced = count.references == count.user_mappings + count.kernel_mappings;
            assert_eq!(balanced, call != 3 || repairs.has(Repair::UnwiredPage), "{what}");
            // Nothing is left locked, and the next page is the first.
            assert_eq!(alloc(&sys, 1), Ok(0), "{what}");
        }
    }
}

#[test]
fn only_the_last_lwp_tears_the_blocks_down() {
    let sys = boot(2, Repairs::ALL);
    assert_eq!(message(|| sys.lwp_ctl_exit(sys.lwp(1))), "lwp_ctl_exit: lp != NULL");
    assert_eq!(alloc(&sys, 1), Ok(0));
    assert!(message(|| sys.lwp_ctl_exit(sys.lwp(1))).contains("lwp_ctl_exit: p_nlwps == 1"));
}
