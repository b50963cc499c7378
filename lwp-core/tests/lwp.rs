//! The library of LWPs: each call, each way to end, and each misuse.
#![cfg(not(any(loom, shuttle)))]

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lwp_core::lwp::{self, Errno, Error, LwpId, Outcome, Process, State, WaitError};

/// Runs an LWP, once with a CPU for each and once with all on one.
#[track_caller]
fn each<T: Send + 'static>(main: impl Fn() -> T + Clone + Send + 'static) {
    for builder in [Process::builder(), Process::builder().cpus(1)] {
        builder.start(main.clone()).unwrap().wait().unwrap();
    }
}

fn err<T>(errno: Errno) -> Result<T, Error> {
    Err(Error::Kernel(errno))
}

/// Waits until an LWP is in a state.
fn until(id: LwpId, state: State) {
    while lwp::state(id).unwrap() != state {
        lwp::yield_now().unwrap();
    }
}

/// Works until somebody ends it.
fn work_for_ever() {
    loop {
        lwp::checkpoint();
        std::thread::yield_now();
    }
}

/// Counts its drops.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counter() -> (Arc<AtomicUsize>, Dropped) {
    let count = Arc::new(AtomicUsize::new(0));
    (count.clone(), Dropped(count))
}

/// Panics when it is dropped.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("a destructor panics");
    }
}

#[test]
fn what_a_closure_returns_reaches_its_waiter() {
    each(|| {
        let lwp = lwp::create(|| String::from("returned")).unwrap();
        assert_eq!(lwp.wait().unwrap(), "returned");
        assert!(matches!(lwp.wait(), Err(WaitError::Failed(Error::Kernel(Errno::Esrch)))));
        let lwp = lwp::create(|| 7_u8).unwrap();
        let departed = lwp::wait(lwp.id()).unwrap();
        assert_eq!(departed.id, lwp.id());
        let Outcome::Returned(value) = departed.outcome else { panic!("it did not return") };
        assert_eq!(*value.downcast::<u8>().unwrap(), 7);
    });
}

#[test]
fn what_a_closure_panics_with_reaches_its_waiter() {
    each(|| {
        let lwp = lwp::create(|| panic_any(7_u8)).unwrap();
        let Err(WaitError::Panicked(payload)) = lwp.wait() else { panic!("it did not panic") };
        assert_eq!(*payload.downcast::<u8>().unwrap(), 7);
    });
    let process = Process::start(|| panic!("of the first")).unwrap();
    let error = process.wait().map(|()| "returned").unwrap_err();
    assert_eq!(error.to_string(), "the LWP panicked: of the first");
}

#[test]
fn waiting_for_any_collects_each_once() {
    each(|| {
        let mut created: Vec<LwpId> = (0..5).map(|n| lwp::create(move || n).unwrap().id()).collect();
        let mut collected: Vec<LwpId> = (0..5).map(|_| lwp::wait_any().unwrap().id).collect();
        created.sort();
        collected.sort();
        assert_eq!(created, collected);
        assert_eq!(lwp::wait_any().unwrap_err(), Error::Kernel(Errno::Esrch));
    });
}

#[test]
fn a_suspended_lwp_does_nothing_until_it_is_continued() {
    each(|| {
        let steps = Arc::new(AtomicUsize::new(0));
        let (its, done) = (steps.clone(), Arc::new(AtomicBool::new(false)));
        let stop = done.clone();
        let lwp = lwp::create(move || {
            while !stop.load(Ordering::Relaxed) {
                its.fetch_add(1, Ordering::Relaxed);
                lwp::checkpoint();
            }
        })
        .unwrap();
        for _ in 0..10 {
            lwp::suspend(lwp.id()).unwrap();
            until(lwp.id(), State::Suspended);
            let before = steps.load(Ordering::Relaxed);
            (0..100).for_each(|_| lwp::yield_now().unwrap());
            assert_eq!(steps.load(Ordering::Relaxed), before);
            lwp::resume(lwp.id()).unwrap();
            while steps.load(Ordering::Relaxed) == before {
                lwp::yield_now().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
        lwp.wait().unwrap();
    });
}

#[test]
fn an_lwp_can_be_created_suspended() {
    each(|| {
        let ran = Arc::new(AtomicBool::new(false));
        let its = ran.clone();
        let lwp = lwp::builder().suspended().create(move || its.store(true, Ordering::Relaxed)).unwrap();
        assert_eq!(lwp::state(lwp.id()), Ok(State::Suspended));
        (0..100).for_each(|_| lwp::yield_now().unwrap());
        assert!(!ran.load(Ordering::Relaxed));
        lwp::resume(lwp.id()).unwrap();
        lwp.wait().unwrap();
        assert!(ran.load(Ordering::Relaxed));
    });
}

#[test]
fn an_lwp_suspends_itself_in_the_call_that_asks_for_it() {
    each(|| {
        let first = lwp::current().unwrap();
        let lwp = lwp::create(move || {
            until(first, State::Suspended);
            lwp::resume(first).unwrap();
        })
        .unwrap();
        lwp::suspend(first).unwrap();
        lwp.wait().unwrap();
        assert_eq!(lwp::suspend(first), err(Errno::Edeadlk));
    });
}

#[test]
fn parking_and_sleeping_end_as_they_should() {
    each(|| {
        let me = lwp::current().unwrap();
        lwp::unpark(me).unwrap();
        lwp::park().unwrap();
        assert_eq!(lwp::park_timeout(Duration::from_millis(1)), err(Errno::Etimedout));
        lwp::sleep(Duration::from_millis(1)).unwrap();
        lwp::sleep(Duration::ZERO).unwrap();

        let parked = lwp::create(|| lwp::park_timeout(Duration::MAX)).unwrap();
        until(parked.id(), State::Sleep);
        lwp::unpark(parked.id()).unwrap();
        assert_eq!(parked.wait().unwrap(), Ok(()));

        let sleeper = lwp::create(|| lwp::sleep(Duration::from_secs(1_000_000))).unwrap();
        until(sleeper.id(), State::Sleep);
        assert_eq!(lwp::wakeup(sleeper.id()), Ok(()));
        assert_eq!(sleeper.wait().unwrap(), err(Errno::Eintr));
        assert_eq!(lwp::wakeup(me), err(Errno::Enodev));
        assert_eq!(lwp::sleep(Duration::from_secs(1_000_000)), err(Errno::Eintr));
    });
}

#[test]
fn a_suspension_wakes_a_sleeper_and_its_sleep_goes_on_afterwards() {
    each(|| {
        let sleeper = lwp::create(|| lwp::sleep(Duration::from_secs(1_000_000))).unwrap();
        until(sleeper.id(), State::Sleep);
        lwp::suspend(sleeper.id()).unwrap();
        until(sleeper.id(), State::Suspended);
        lwp::resume(sleeper.id()).unwrap();
        until(sleeper.id(), State::Sleep);
        lwp::wakeup(sleeper.id()).unwrap();
        assert_eq!(sleeper.wait().unwrap(), err(Errno::Eintr));
    });
}

/// What is dropped where an LWP exits: finds it alive, and its calls return.
struct Destructor(LwpId, mpsc::Sender<[bool; 6]>);

impl Drop for Destructor {
    fn drop(&mut self) {
        lwp::checkpoint();
        let waited = match lwp::wait_any() {
            Ok(_) => true,
            Err(error) => [Errno::Edeadlk, Errno::Esrch].map(Error::Kernel).contains(&error),
        };
        let saw = [
            lwp::current() == Ok(self.0),
            lwp::park() == err(Errno::Eintr),
            lwp::suspend(self.0) == err(Errno::Edeadlk),
            waited,
            lwp::create(|| panic!("its closure must not run")).is_ok(),
            lwp::exit_process() == Ok(()),
        ];
        self.1.send(saw).unwrap();
    }
}

#[test]
fn an_exit_unwinds_all_others_and_destructors_run() {
    const OTHERS: [fn(); 5] = [
        work_for_ever,
        || while lwp::park().is_ok() {},
        || lwp::sleep(Duration::from_secs(1_000_000)).unwrap(),
        || lwp::suspend(lwp::current().unwrap()).unwrap(),
        || lwp::create(work_for_ever).unwrap().wait().unwrap(),
    ];
    for builder in [Process::builder(), Process::builder().cpus(1)] {
        let (send, receive) = mpsc::channel();
        let process = builder
            .start(move || {
                let started = Arc::new(AtomicUsize::new(0));
                for other in OTHERS {
                    let (send, started) = (send.clone(), started.clone());
                    let closure = move || {
                        let _destructor = Destructor(lwp::current().unwrap(), send);
                        started.fetch_add(1, Ordering::Relaxed);
                        other();
                        unreachable!("the process exits");
                    };
                    lwp::create(closure).unwrap();
                }
                while started.load(Ordering::Relaxed) < OTHERS.len() {
                    lwp::yield_now().unwrap();
                }
                lwp::exit_process().unwrap();
            })
            .unwrap();
        match process.wait() {
            // One of the destructors has collected it.
            Err(WaitError::Exited | WaitError::Failed(Error::Kernel(Errno::Esrch))) => {}
            ended => panic!("the first LWP {ended:?}"),
        }
        let saw: Vec<[bool; 6]> = receive.iter().collect();
        assert_eq!(saw, [[true; 6]; OTHERS.len()]);
    }
}

#[test]
fn a_dropped_process_ends_at_the_checkpoints() {
    let (count, dropped) = counter();
    let process = Process::start(move || {
        let _dropped = dropped;
        lwp::create(work_for_ever).unwrap();
        work_for_ever();
    })
    .unwrap();
    drop(process);
    while count.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
}

/// It would stay suspended, and the process with it, if nobody told it to exit.
#[test]
fn whoever_is_created_once_the_process_exits_runs_nothing() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let (runs, ran) = mpsc::channel();
    let process = Process::start(move || {
        tell.send(()).unwrap();
        wait.recv().unwrap();
        _ = lwp::create(move || runs.send(()).unwrap());
        unreachable!("the process exits");
    })
    .unwrap();
    told.recv().unwrap();
    process.exit();
    go_on.send(()).unwrap();
    assert!(matches!(process.wait(), Err(WaitError::Exited)));
    // Its closure is dropped when it exits.
    assert_eq!(ran.recv(), Err(mpsc::RecvError));
}

/// An LWP that has been asked and does not come to a checkpoint is what a watchdog looks for.
#[test]
fn a_process_shows_who_has_been_asked() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let process = Process::start(move || {
        tell.send(()).unwrap();
        wait.recv().unwrap();
    })
    .unwrap();
    told.recv().unwrap();
    let asked = || process.status().iter().map(|lwp| lwp.asked).collect::<Vec<_>>();
    assert_eq!(asked(), [false]);
    process.exit();
    assert_eq!(asked(), [true]);
    go_on.send(()).unwrap();
}

/// Nobody waits for the closure, and it is none the wiser.
#[test]
fn dropping_a_process_does_not_wait_for_an_lwp_that_never_comes_to_a_checkpoint() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let process = Process::start(move || {
        tell.send("started").unwrap();
        wait.recv().unwrap();
        tell.send("returned").unwrap();
    })
    .unwrap();
    assert_eq!(told.recv(), Ok("started"));
    drop(process);
    go_on.send(()).unwrap();
    assert_eq!(told.recv(), Ok("returned"));
}

#[test]
fn a_process_can_be_dropped_or_waited_for_by_its_own_lwp() {
    let waits: [fn(Process<()>); 2] = [drop, |process| {
        let error = process.wait().unwrap_err();
        assert!(matches!(error, WaitError::Failed(Error::Kernel(Errno::Edeadlk))));
    }];
    for end in waits {
        let (send, receive) = mpsc::channel::<Process<()>>();
        let (count, dropped) = counter();
        let process = Process::start(move || {
            let _dropped = dropped;
            end(receive.recv().unwrap());
            lwp::checkpoint();
            unreachable!("the process exits");
        })
        .unwrap();
        send.send(process).unwrap();
        while count.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_process_ends_with_its_last_lwp() {
    let (send, receive) = mpsc::channel();
    let process = Process::start(move || {
        let first = lwp::current().unwrap();
        let last = lwp::create(move || {
            assert!(matches!(lwp::wait(first).unwrap().outcome, Outcome::Returned(_)));
            send.send("last").unwrap();
        });
        last.unwrap();
    })
    .unwrap();
    // The first LWP was collected by another.
    assert!(matches!(process.wait(), Err(WaitError::Failed(Error::Kernel(Errno::Esrch)))));
    assert_eq!(receive.try_recv(), Ok("last"));
}

#[test]
fn only_an_lwp_makes_calls() {
    lwp::checkpoint();
    let (send, receive) = mpsc::channel();
    let process = Process::start(move || send.send(lwp::current().unwrap())).unwrap();
    let id = receive.recv().unwrap();
    assert_eq!(process.main(), id);
    process.wait().unwrap().unwrap();
    let no = Error::NotAnLwp;
    assert_eq!(lwp::current(), Err(no));
    assert_eq!(lwp::create(|| ()).unwrap_err(), no);
    assert_eq!(lwp::wait(id).unwrap_err(), no);
    assert_eq!(lwp::wait_any().unwrap_err(), no);
    assert_eq!(lwp::state(id), Err(no));
    for call in [lwp::suspend, lwp::resume, lwp::detach, lwp::unpark, lwp::wakeup] {
        assert_eq!(call(id), Err(no));
    }
    for call in [lwp::park, lwp::yield_now, lwp::exit_process] {
        assert_eq!(call(), Err(no));
    }
    assert_eq!(lwp::sleep(Duration::ZERO), Err(no));
    assert_eq!(lwp::park_timeout(Duration::ZERO), Err(no));
    assert_eq!(no.to_string(), "the caller is no LWP");
    assert_eq!(Error::from(Errno::Esrch).to_string(), "no such LWP (ESRCH)");
}

/// A recycled CPU is no way to a newer LWP either.
#[test]
fn who_is_gone_or_another_process_is_not_found() {
    let other = Process::start(work_for_ever).unwrap();
    let foreign = other.main();
    Process::builder()
        .maxlwp(2)
        .start(move || {
            let gone = lwp::create(|| ()).unwrap();
            gone.wait().unwrap();
            let detached = lwp::builder().detached().create(|| ()).unwrap();
            while lwp::state(detached.id()).is_ok_and(|state| state != State::Zomb) {
                lwp::yield_now().unwrap();
            }
            let newer = lwp::create(work_for_ever).unwrap();
            for id in [foreign, gone.id(), detached.id()] {
                for call in [lwp::suspend, lwp::resume, lwp::detach, lwp::unpark, lwp::wakeup] {
                    assert_eq!(call(id), err(Errno::Esrch), "{id}");
                }
                assert_eq!(lwp::wait(id).unwrap_err(), Error::Kernel(Errno::Esrch));
                assert_eq!(lwp::state(id), err(Errno::Esrch));
            }
            assert_ne!(newer.id(), gone.id());
            lwp::exit_process().unwrap();
        })
        .unwrap()
        .wait()
        .unwrap_err();
    assert_eq!(other.status().len(), 1);
    other.exit();
    assert!(matches!(other.wait(), Err(WaitError::Exited)));
}

#[test]
fn requests_that_make_no_sense_have_their_errors() {
    each(|| {
        let me = lwp::current().unwrap();
        assert_eq!(lwp::wait(me).unwrap_err(), Error::Kernel(Errno::Edeadlk));
        assert_eq!(lwp::wait_any().unwrap_err(), Error::Kernel(Errno::Esrch));
        let detached = lwp::builder().detached().suspended().create(|| ()).unwrap();
        assert_eq!(lwp::wait(detached.id()).unwrap_err(), Error::Kernel(Errno::Esrch));
        assert_eq!(lwp::detach(detached.id()), err(Errno::Einval));
        lwp::resume(detached.id()).unwrap();
        while lwp::state(detached.id()).is_ok_and(|state| state != State::Zomb) {
            lwp::yield_now().unwrap();
        }
        let suspended = lwp::builder().suspended().create(|| ()).unwrap();
        assert_eq!(lwp::wait(suspended.id()).unwrap_err(), Error::Kernel(Errno::Edeadlk));
        lwp::resume(suspended.id()).unwrap();
        suspended.wait().unwrap();
    });
}

#[test]
fn those_who_wait_for_each_other_are_told() {
    each(|| {
        let me = lwp::current().unwrap();
        let other = lwp::create(move || lwp::wait(me).map(|departed| departed.id)).unwrap();
        // One of the two waits fails, and lets the other end.
        let mine = other.wait();
        let deadlock = |error: &Error| *error == Error::Kernel(Errno::Edeadlk);
        match mine {
            Ok(its) => assert!(deadlock(&its.unwrap_err())),
            Err(WaitError::Failed(error)) => assert!(deadlock(&error)),
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn a_process_gets_no_more_lwps_than_it_may_have_and_uses_their_places_again() {
    Process::builder()
        .maxlwp(3)
        .start(|| {
            for round in 0..100 {
                let both = [0, 1].map(|n| lwp::create(move || round + n).unwrap());
                assert_eq!(lwp::create(|| ()).unwrap_err(), Error::Kernel(Errno::Eagain));
                let sum: i32 = both.map(|lwp| lwp.wait().unwrap()).iter().sum();
                assert_eq!(sum, 2 * round + 1);
            }
        })
        .unwrap()
        .wait()
        .unwrap();
}

/// One that spins without a checkpoint has a CPU to itself, however many came and went.
#[test]
fn lwps_run_in_parallel_whatever_numbers_they_have() {
    Process::builder()
        .maxlwp(3)
        .start(|| {
            for _ in 0..20 {
                lwp::create(|| ()).unwrap().wait().unwrap();
                let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
                let meet = |n: usize| {
                    let flags = flags.clone();
                    move || {
                        flags[n].store(true, Ordering::SeqCst);
                        while !flags[1 - n].load(Ordering::SeqCst) {
                            std::thread::yield_now();
                        }
                    }
                };
                let (one, two) = (lwp::create(meet(0)).unwrap(), lwp::create(meet(1)).unwrap());
                one.wait().unwrap();
                two.wait().unwrap();
            }
        })
        .unwrap()
        .wait()
        .unwrap();
}

#[test]
fn what_nobody_collects_is_dropped_with_the_process() {
    let (count, dropped) = counter();
    let first = Dropped(count.clone());
    let detached = Dropped(count.clone());
    let late = Dropped(count.clone());
    let process = Process::start(move || {
        lwp::create(move || dropped).unwrap();
        lwp::builder().detached().create(move || detached).unwrap();
        let late = lwp::create(move || late).unwrap();
        until(late.id(), State::Zomb);
        late.detach().unwrap();
        first
    })
    .unwrap();
    let first = process.wait().unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 3);
    drop(first);
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

/// What a closure owns is dropped as a part of it; what it returned, by whoever has it.
#[test]
fn a_destructor_that_panics_is_a_panic_of_whoever_runs_it() {
    each(|| {
        let owned = lwp::create(|| {
            let _owned = PanicsOnDrop;
        })
        .unwrap();
        assert_eq!(owned.wait().unwrap_err().to_string(), "the LWP panicked: a destructor panics");
        lwp::builder().detached().create(|| PanicsOnDrop).unwrap();
        let zombie = lwp::create(|| PanicsOnDrop).unwrap();
        until(zombie.id(), State::Zomb);
        assert!(catch_unwind(AssertUnwindSafe(|| zombie.detach())).is_err());
        // Two that nobody collects.
        lwp::create(|| PanicsOnDrop).unwrap();
        lwp::create(|| panic_any(PanicsOnDrop)).unwrap();
    });
}

/// As everywhere in Rust. The test runs itself, since that is the end of a program.
#[test]
fn a_destructor_that_panics_while_its_lwp_exits_aborts() {
    const ABORTS: &str = "LWP_TEST_ABORTS";
    if std::env::var_os(ABORTS).is_some() {
        _ = Process::start(|| {
            let _owned = PanicsOnDrop;
            lwp::exit_process()
        })
        .unwrap()
        .wait();
        return;
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_destructor_that_panics_while_its_lwp_exits_aborts", "--nocapture"])
        .env(ABORTS, "")
        .output()
        .unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("panic in a destructor during cleanup"));
}

#[test]
fn a_closure_that_catches_its_exit_is_asked_again() {
    let process = Process::start(|| {
        lwp::create(lwp::exit_process).unwrap();
        let caught = catch_unwind(work_for_ever);
        assert!(caught.is_err());
        let again = catch_unwind(lwp::checkpoint);
        assert!(again.is_err());
        "returned all the same"
    })
    .unwrap();
    assert_eq!(process.wait().unwrap(), "returned all the same");
}

#[test]
fn a_process_shows_what_its_lwps_do() {
    let (send, receive) = mpsc::channel();
    let process = Process::start(move || {
        let suspended = lwp::builder().suspended().create(|| ()).unwrap();
        let waits = lwp::create(move || lwp::create(lwp::park).unwrap().wait()).unwrap();
        until(waits.id(), State::Sleep);
        send.send(suspended.id()).unwrap();
        loop {
            lwp::sleep(Duration::from_secs(1_000_000)).unwrap();
        }
    })
    .unwrap();
    receive.recv().unwrap();
    let text = loop {
        let all = process.status();
        if all.iter().filter(|lwp| lwp.state == State::Sleep).count() == 3 {
            break all.iter().map(ToString::to_string).collect::<Vec<_>>();
        }
        std::thread::yield_now();
    };
    let n = process.main().to_string().split_once('.').unwrap().0.to_owned();
    assert_eq!(
        text,
        [
            format!("LWP {n}.1 is LSSLEEP, on sleep"),
            format!("LWP {n}.2 is LSSUSPENDED"),
            format!("LWP {n}.3 is LSSLEEP, on lwpcv, waits for LWP {n}.4"),
            format!("LWP {n}.4 is LSSLEEP, on parked"),
        ]
    );
    process.exit();
    assert!(matches!(process.wait(), Err(WaitError::Exited)));
}

/// The LWP is there already when its thread turns out not to be; it must be gone afterwards.
#[test]
fn an_lwp_that_gets_no_thread_leaves_nothing_behind() {
    Process::builder()
        .maxlwp(2)
        .start(|| {
            for builder in [lwp::builder(), lwp::builder().detached()] {
                for _ in 0..5 {
                    let created = builder.clone().stack_size(1 << 60).create(|| ());
                    assert_eq!(created.unwrap_err(), Error::Kernel(Errno::Eagain));
                    assert_eq!(lwp::create(|| "there is room").unwrap().wait().unwrap(), "there is room");
                }
            }
            assert!(catch_unwind(|| lwp::builder().name("a\0b")).is_err());
        })
        .unwrap()
        .wait()
        .unwrap();
}

/// As written the detached LWP is taken for one that runs, and the wait fails with EDEADLK.
#[test]
fn a_detached_lwp_that_is_suspended_is_no_reason_to_give_up_a_wait() {
    each(|| {
        let detached = lwp::builder().detached().suspended().create(|| ()).unwrap();
        let runs = lwp::create(move || {
            for _ in 0..100 {
                lwp::yield_now().unwrap();
            }
            lwp::resume(detached.id()).unwrap();
        })
        .unwrap();
        let departed = lwp::wait(runs.id()).unwrap();
        assert_eq!(departed.id, runs.id());
    });
}
