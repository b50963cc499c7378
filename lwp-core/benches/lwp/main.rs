//! What LWPs cost, beside the threads that they run on: `cargo bench -p lwp-core --bench lwp`.
//!
//! Each of two has its turn in every round, and a ratio is the median of the rounds' own ratios: on a machine that others
//! use too, what is measured one after the other meets different conditions. The process fails where a target is missed.

#[cfg(not(any(loom, shuttle)))]
mod growth;
#[cfg(not(any(loom, shuttle)))]
mod heap;

#[cfg(any(loom, shuttle))]
fn main() {}

#[cfg(not(any(loom, shuttle)))]
fn main() -> std::process::ExitCode {
    std_threads::main()
}

#[cfg(not(any(loom, shuttle)))]
mod std_threads {
    use std::process::ExitCode;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use lwp_core::lwp::{self, LwpHandle, LwpId, Process, State};

    use super::growth::{self, Point};
    use super::heap::live;

    const ROUNDS: usize = 51;
    const TURNS: u32 = 200;

    /// What a worker that can be stopped counts.
    #[derive(Default)]
    struct Work {
        done: AtomicU64,
        over: AtomicBool,
    }

    impl Work {
        /// Works until it is over, and asks `stop` in between whether to stop for a while.
        fn go_on(&self, stop: impl Fn()) {
            while !self.over.load(Ordering::Relaxed) {
                self.done.fetch_add(1, Ordering::Relaxed);
                stop();
                std::hint::spin_loop();
            }
        }

        /// Waits until the worker goes on.
        fn wait_for_more(&self) {
            let before = self.done.load(Ordering::Relaxed);
            while self.done.load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
        }
    }

    /// How long each of so many turns takes.
    fn time(mut turn: impl FnMut()) -> Duration {
        let begun = Instant::now();
        (0..TURNS).for_each(|_| turn());
        begun.elapsed() / TURNS
    }

    /// Has an LWP stop and go on by suspending and continuing it.
    fn suspend_and_continue(work: &Work, worker: LwpId) -> Duration {
        time(|| {
            lwp::suspend(worker).unwrap();
            while lwp::state(worker).unwrap() != State::Suspended {
                thread::yield_now();
            }
            lwp::resume(worker).unwrap();
            work.wait_for_more();
        })
    }

    /// A request to stop, and the answer.
    #[derive(Default)]
    struct Request {
        stop: AtomicBool,
        stopped: AtomicBool,
    }

    impl Request {
        /// What the worker does about it.
        fn obey(&self) {
            if self.stop.load(Ordering::Acquire) {
                self.stopped.store(true, Ordering::Release);
                while self.stop.load(Ordering::Acquire) {
                    thread::park();
                }
            }
        }

        /// Has a thread stop and go on by parking and unparking, as one writes it by hand.
        fn park_and_unpark(&self, work: &Work, worker: &thread::Thread) -> Duration {
            time(|| {
                self.stop.store(true, Ordering::Release);
                while !self.stopped.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                self.stopped.store(false, Ordering::Relaxed);
                self.stop.store(false, Ordering::Release);
                worker.unpark();
                work.wait_for_more();
            })
        }
    }

    type Rounds = Vec<(Duration, Duration)>;

    fn stop_and_go() -> Rounds {
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            let of_lwp = || {
                let work = Arc::new(Work::default());
                let its = work.clone();
                let worker = lwp::create(move || its.go_on(lwp::checkpoint)).unwrap();
                let took = suspend_and_continue(&work, worker.id());
                work.over.store(true, Ordering::Relaxed);
                worker.wait().unwrap();
                took
            };
            let of_thread = || {
                let (work, request) = (Arc::new(Work::default()), Arc::new(Request::default()));
                let (its, obeys) = (work.clone(), request.clone());
                let worker = thread::spawn(move || its.go_on(|| obeys.obey()));
                let took = request.park_and_unpark(&work, worker.thread());
                work.over.store(true, Ordering::Relaxed);
                worker.join().unwrap();
                took
            };
            rounds.push(in_turn(round, of_lwp, of_thread));
        }
        rounds
    }

    fn create_and_wait() -> Rounds {
        let of_lwp = || time(|| lwp::create(|| ()).unwrap().wait().unwrap());
        let of_thread = || time(|| thread::spawn(|| ()).join().unwrap());
        (0..ROUNDS).map(|round| in_turn(round, of_lwp, of_thread)).collect()
    }

    fn in_turn<T>(round: usize, one: impl FnOnce() -> T, other: impl FnOnce() -> T) -> (T, T) {
        if round.is_multiple_of(2) {
            (one(), other())
        } else {
            let other = other();
            (one(), other)
        }
    }

    fn median(values: impl Iterator<Item = f64>) -> f64 {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// Prints a row, and gives whether the ratio is what was promised.
    fn row(what: &str, beside: &str, at_most: f64, rounds: &Rounds) -> bool {
        let us = |d: &Duration| d.as_nanos() as f64 / 1e3;
        let ratio = median(rounds.iter().map(|(lwp, thread)| us(lwp) / us(thread)));
        let [lwp, thread] =
            [median(rounds.iter().map(|r| us(&r.0))), median(rounds.iter().map(|r| us(&r.1)))];
        let verdict = if ratio <= at_most { "met" } else { "MISSED" };
        println!(
            "{verdict:<8}{what}: {lwp:.1} us, {beside}: {thread:.1} us, ratio {ratio:.2}, at most {at_most}"
        );
        ratio <= at_most
    }

    /// How finding an LWP, and a wait for any, grow with the number of LWPs.
    fn growth() -> Vec<Point> {
        println!("\n{:>8}{:>16}{:>24}", "LWPs", "find one, ns", "create, wait any, us");
        let mut points = Vec::new();
        for n in [10, 100, 1_000, 10_000] {
            let idle = || lwp::builder().suspended().stack_size(1 << 14).create(|| ());
            let all: Result<Vec<LwpHandle<()>>, _> = (0..n).map(|_| idle()).collect();
            let Ok(all) = all else {
                println!("{n:>8}  more than there are threads to be had");
                break;
            };
            // The first is the last on the list.
            let find = time(|| assert!(lwp::state(all[0].id()).is_ok()));
            let wait_any = time(|| {
                lwp::create(|| ()).unwrap();
                lwp::wait_any().unwrap();
            });
            println!("{n:>8}{:>16}{:>24.1}", find.as_nanos(), wait_any.as_nanos() as f64 / 1e3);
            points.push(Point { lwps: n, find, wait_any });
            for lwp in all {
                lwp::resume(lwp.id()).unwrap();
                lwp.wait().unwrap();
            }
        }
        points
    }

    /// Heap that an LWP takes while it is there, and a thread of std's.
    fn memory() {
        const MANY: usize = 500;
        let before = live();
        let lwps: Vec<_> = (0..MANY).map(|_| lwp::builder().suspended().create(|| ()).unwrap()).collect();
        let of_lwp = (live() - before) / MANY;
        for lwp in lwps {
            lwp::resume(lwp.id()).unwrap();
            lwp.wait().unwrap();
        }
        let before = live();
        let threads: Vec<_> = (0..MANY).map(|_| thread::spawn(thread::park)).collect();
        let of_thread = (live() - before) / MANY;
        for thread in threads {
            thread.thread().unpark();
            thread.join().unwrap();
        }
        println!("\nHeap beyond the stack, bytes: {of_lwp} an LWP, of which {of_thread} are its thread's");
    }

    pub fn main() -> ExitCode {
        // As a test there is nothing to do.
        if !std::env::args().any(|arg| arg == "--bench") || std::env::args().any(|arg| arg == "--list") {
            return ExitCode::SUCCESS;
        }
        let measured = Process::start(|| (stop_and_go(), create_and_wait())).unwrap();
        let (stopped, created) = measured.wait().expect("no LWP fails");
        println!("\nOne turn (median), and the ratio:");
        let met = [
            row("suspend and continue", "park and unpark", 3.0, &stopped),
            row("create, exit and wait", "spawn and join", 1.5, &created),
        ];
        let points = Process::builder().maxlwp(10_002).start(growth).unwrap().wait().expect("no LWP fails");
        growth::describe(&points);
        if let Some(file) = std::env::var_os("LWP_BENCH_PLOT") {
            growth::plot(&points, file.as_ref()).expect("the picture can be written");
            println!("drawn: {}", file.display());
        }
        Process::start(memory).unwrap().wait().expect("no LWP fails");
        if met == [true; 2] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
