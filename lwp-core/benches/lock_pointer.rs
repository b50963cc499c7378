//! What a lock that moves costs, beside locks that do not: `cargo bench -p lwp-core`.
//!
//! First divan shows absolute times, contended ones by its own `threads` option, which criterion lacks. Then come
//! the ratios that README quotes, and the targets. These are measured here, because divan and criterion alike finish
//! one benchmark before they begin the next: on a machine that others use too, the two would meet different
//! conditions. Here every lock has its turn in every round, in an order that rotates, and a ratio is the median of
//! the rounds' own ratios. The process fails where a target is missed.

#[cfg(any(loom, shuttle))]
fn main() {}

#[cfg(not(any(loom, shuttle)))]
fn main() -> std::process::ExitCode {
    std_threads::main()
}

#[cfg(not(any(loom, shuttle)))]
mod std_threads {
    use std::cell::UnsafeCell;
    use std::hint::black_box;
    use std::process::ExitCode;
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Instant;

    use divan::Bencher;
    use lwp_core::illumos::Thread;
    use lwp_core::locks::{LockId, Locks};
    use lwp_core::mutex::Class;
    use lwp_core::netbsd::{Lwp, Uniprocessor};

    /// Something that protects a counter by a lock which stays.
    trait Stays: Sync {
        const NAME: &str;
        fn new() -> Self;
        fn with(&self, f: impl FnOnce(&mut u64));
    }

    impl Stays for Lwp<u64> {
        const NAME: &str = "lwp_lock";
        fn new() -> Self {
            let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
            Lwp::new(locks.clone(), locks.id(0), 0)
        }
        #[inline(always)]
        fn with(&self, f: impl FnOnce(&mut u64)) {
            f(&mut self.lwp_lock());
        }
    }

    impl Stays for Lwp<u64, Uniprocessor> {
        const NAME: &str = "lwp_lock, uniprocessor";
        fn new() -> Self {
            let locks = Locks::new(&[Class::SchedMutex]);
            Lwp::new(locks.clone(), locks.id(0), 0)
        }
        #[inline(always)]
        fn with(&self, f: impl FnOnce(&mut u64)) {
            f(&mut self.lwp_lock());
        }
    }

    impl Stays for Thread<u64> {
        const NAME: &str = "thread_lock";
        fn new() -> Self {
            let locks = Locks::new(&[
                Class::CpuThreadLock,
                Class::IllumosSleepQueue,
                Class::StopLock,
                Class::TransitionLock,
            ]);
            Thread::new(locks.clone(), locks.id(0), 0)
        }
        #[inline(always)]
        fn with(&self, f: impl FnOnce(&mut u64)) {
            f(&mut self.thread_lock());
        }
    }

    /// A lock without data of its own, of which [`Fixed`] and [`Pointed`] make the others.
    trait Bare: Sync {
        const NAME: &str;
        fn new() -> Self;
        fn hold(&self) -> impl Sized;
    }

    /// Our mutex, by its place among a machine's locks.
    struct Ours(Locks, LockId);

    impl Bare for Ours {
        const NAME: &str = "our bare mutex";
        fn new() -> Self {
            let locks = Locks::new(&[Class::SpcLwplock]);
            Ours(locks.clone(), locks.id(0))
        }
        #[inline(always)]
        fn hold(&self) -> impl Sized {
            self.0.get(self.1).mutex_spin_enter()
        }
    }

    impl Bare for spin::Mutex<()> {
        const NAME: &str = "spin";
        fn new() -> Self {
            spin::Mutex::new(())
        }
        #[inline(always)]
        fn hold(&self) -> impl Sized {
            self.lock()
        }
    }

    impl Bare for parking_lot::Mutex<()> {
        const NAME: &str = "parking_lot";
        fn new() -> Self {
            parking_lot::Mutex::new(())
        }
        #[inline(always)]
        fn hold(&self) -> impl Sized {
            self.lock()
        }
    }

    impl Bare for StdMutex<()> {
        const NAME: &str = "std";
        fn new() -> Self {
            StdMutex::new(())
        }
        #[inline(always)]
        fn hold(&self) -> impl Sized {
            self.lock().unwrap()
        }
    }

    /// One bare lock and a counter.
    struct Fixed<B> {
        lock: B,
        counter: UnsafeCell<u64>,
    }

    // SAFETY: the counter is reached under the lock only.
    unsafe impl<B: Sync> Sync for Fixed<B> {}

    impl<B: Bare> Stays for Fixed<B> {
        const NAME: &str = B::NAME;
        fn new() -> Self {
            Fixed { lock: B::new(), counter: UnsafeCell::new(0) }
        }
        #[inline(always)]
        fn with(&self, f: impl FnOnce(&mut u64)) {
            let _held = self.lock.hold();
            // SAFETY: the lock is held.
            f(unsafe { &mut *self.counter.get() });
        }
    }

    /// Something that protects a counter by a lock which a mover changes.
    trait Moves: Stays {
        /// Moves to the other of two locks, taking it with the first one held, and back without it.
        fn round_trip(&self);
    }

    impl Moves for Lwp<u64> {
        fn round_trip(&self) {
            let mut l = self.lwp_lock().lwp_relock(self.locks().id(1));
            *l += 1;
            l.lwp_unlock_to(self.locks().id(0));
        }
    }

    impl Moves for Thread<u64> {
        fn round_trip(&self) {
            let t = self.thread_lock();
            let new = self.locks().get(self.locks().id(1)).mutex_spin_enter();
            let (mut t, old) = t.thread_set_state(new);
            drop(old);
            *t += 1;
            let transit = t.thread_transition();
            let old = self.locks().get(self.locks().id(0)).mutex_spin_enter();
            transit.thread_set_state(old).thread_unlock();
        }
    }

    /// The protocol of `lwp_lock` written by hand over two bare locks: what a user of `B` would have to do.
    struct Pointed<B> {
        pointer: AtomicUsize,
        locks: [crossbeam_utils::CachePadded<B>; 2],
        counter: UnsafeCell<u64>,
    }

    // SAFETY: the counter is reached under the lock that the pointer names only.
    unsafe impl<B: Sync> Sync for Pointed<B> {}

    impl<B: Bare> Pointed<B> {
        #[inline(always)]
        fn hold(&self) -> impl Sized {
            loop {
                let at = self.pointer.load(Ordering::Relaxed);
                let held = self.locks[at].hold();
                if self.pointer.load(Ordering::Acquire) == at {
                    return held;
                }
            }
        }
    }

    impl<B: Bare> Stays for Pointed<B> {
        const NAME: &str = B::NAME;
        fn new() -> Self {
            Pointed {
                pointer: AtomicUsize::new(0),
                locks: [B::new().into(), B::new().into()],
                counter: UnsafeCell::new(0),
            }
        }
        #[inline(always)]
        fn with(&self, f: impl FnOnce(&mut u64)) {
            let _held = self.hold();
            // SAFETY: the lock that the pointer names is held.
            f(unsafe { &mut *self.counter.get() });
        }
    }

    impl<B: Bare> Moves for Pointed<B> {
        fn round_trip(&self) {
            let old = self.hold();
            let new = self.locks[1].hold();
            self.pointer.store(1, Ordering::Relaxed);
            drop(old);
            // SAFETY: the lock that the pointer names is held.
            unsafe { *self.counter.get() += 1 };
            self.pointer.store(0, Ordering::Release);
            drop(new);
        }
    }

    type Spin = spin::Mutex<()>;
    type ParkingLot = parking_lot::Mutex<()>;
    type Std = StdMutex<()>;

    #[divan::bench(types = [
        Lwp<u64>, Lwp<u64, Uniprocessor>, Thread<u64>, Fixed<Ours>, Fixed<Spin>, Fixed<ParkingLot>, Fixed<Std>
    ], threads = [1, 2, 4])]
    fn stays<L: Stays>(bencher: Bencher) {
        let lock = L::new();
        bencher.bench(|| turn(&lock));
    }

    /// One critical section, and some time outside of it.
    #[inline(always)]
    fn turn(lock: &impl Stays) {
        black_box(lock).with(|counter| *counter = black_box(*counter + 1));
        pause();
    }

    /// Counted work and not `spin_loop`: how long that one lasts differs tenfold among processors, and where it is long
    /// it is most of what is measured.
    fn pause() {
        for n in 0..16 {
            black_box(n);
        }
    }

    /// What was measured of one lock in one setting: nanoseconds for each operation, by round.
    struct Measured {
        name: &'static str,
        rounds: Vec<f64>,
    }

    /// Measures a lock in one round, and says how many nanoseconds an operation took.
    type Setting = (&'static str, Box<dyn Fn(usize) -> f64>);

    /// Measures each of `settings` in each round, beginning with another one each time.
    fn measure(rounds: usize, settings: Vec<Setting>) -> Vec<Measured> {
        let mut all: Vec<_> =
            settings.iter().map(|(name, _)| Measured { name, rounds: Vec::with_capacity(rounds) }).collect();
        for round in 0..rounds {
            for n in 0..settings.len() {
                let n = (round + n) % settings.len();
                all[n].rounds.push(settings[n].1(round));
            }
        }
        all
    }

    /// A setting that measures with `f`, each round on another lock: where in memory a lock lies is worth a tenth
    /// of its time, and must not decide between two.
    fn setting<L: Stays + 'static>(f: impl Fn(&L) -> f64 + 'static) -> Setting {
        let places: Vec<Box<L>> = (0..64).map(|_| Box::new(L::new())).collect();
        (L::NAME, Box::new(move |round| f(&places[round % places.len()])))
    }

    fn median(values: impl Iterator<Item = f64>) -> f64 {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The median over the rounds of `a`'s time by `b`'s.
    fn ratio(a: &Measured, b: &Measured) -> f64 {
        median(a.rounds.iter().zip(&b.rounds).map(|(a, b)| a / b))
    }

    /// Lock and unlock with nothing between, by one thread.
    fn uncontended<L: Stays + 'static>() -> Setting {
        const TURNS: u32 = 20_000;
        setting(|lock: &L| {
            let begun = Instant::now();
            for _ in 0..TURNS {
                black_box(lock).with(|counter| _ = black_box(counter));
            }
            begun.elapsed().as_nanos() as f64 / f64::from(TURNS)
        })
    }

    /// `threads` at once, each doing `act` as often, from the first one's start to the last one's end. The threads
    /// are spread over the cores by hand: left to the scheduler, those that live for a millisecond often share one
    /// and never meet.
    fn together(threads: usize, act: impl Fn(usize) + Sync) -> f64 {
        const TURNS: usize = 5_000;
        // Not a `Barrier`: threads that sleep there wake one after another, and the first is done before the last
        // begins.
        let ready = AtomicUsize::new(0);
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        let spans: Vec<(Instant, Instant)> = thread::scope(|s| {
            let (ready, act, cores) = (&ready, &act, &cores);
            let run = move |n| {
                if let Some(core) = cores.get(n % cores.len().max(1)) {
                    core_affinity::set_for_current(*core);
                }
                ready.fetch_add(1, Ordering::Relaxed);
                while ready.load(Ordering::Relaxed) < threads {
                    thread::yield_now();
                }
                let begun = Instant::now();
                for _ in 0..TURNS {
                    act(n);
                }
                (begun, Instant::now())
            };
            let all: Vec<_> = (0..threads).map(|n| s.spawn(move || run(n))).collect();
            all.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let begun = spans.iter().map(|s| s.0).min().unwrap();
        let ended = spans.iter().map(|s| s.1).max().unwrap();
        (ended - begun).as_nanos() as f64 / (TURNS * threads) as f64
    }

    /// `N` threads on one lock that stays.
    fn staying<L: Stays + 'static, const N: usize>() -> Setting {
        setting(|lock: &L| together(N, |_| turn(lock)))
    }

    /// `N` threads, the first of which moves what the others lock.
    fn moving<L: Moves + 'static, const N: usize>() -> Setting {
        setting(|lock: &L| together(N, |n| if n == 0 { lock.round_trip() } else { turn(lock) }))
    }

    /// What must hold of two locks in one table.
    struct Target {
        table: &'static str,
        lock: &'static str,
        other: &'static str,
        at_most: f64,
    }

    struct Table {
        title: &'static str,
        rows: Vec<Measured>,
    }

    impl Table {
        fn row(&self, name: &str) -> &Measured {
            self.rows.iter().find(|row| row.name == name).expect("a row for each lock")
        }

        fn print(&self) {
            const OTHERS: [&str; 3] = [<Ours as Bare>::NAME, <ParkingLot as Bare>::NAME, <Std as Bare>::NAME];
            println!("\n{:<28}{:>10}{:>18}{:>15}{:>8}", self.title, "ns", OTHERS[0], OTHERS[1], OTHERS[2]);
            for row in &self.rows {
                let [ours, parking_lot, std] = OTHERS.map(|other| ratio(row, self.row(other)));
                let ns = median(row.rounds.iter().copied());
                println!("{:<28}{ns:>10.1}{ours:>18.2}{parking_lot:>15.2}{std:>8.2}", row.name);
            }
        }
    }

    /// Measures all seven locks where they stay.
    macro_rules! staying {
        ($rounds:expr, $f:ident $(, $n:literal)?) => {
            measure($rounds, vec![
                $f::<Lwp<u64> $(, $n)?>(),
                $f::<Lwp<u64, Uniprocessor> $(, $n)?>(),
                $f::<Thread<u64> $(, $n)?>(),
                $f::<Fixed<Ours> $(, $n)?>(),
                $f::<Fixed<Spin> $(, $n)?>(),
                $f::<Fixed<ParkingLot> $(, $n)?>(),
                $f::<Fixed<Std> $(, $n)?>(),
            ])
        };
    }

    /// Measures all locks that can be made to move.
    macro_rules! moving {
        ($rounds:expr, $n:literal) => {
            measure(
                $rounds,
                vec![
                    moving::<Lwp<u64>, $n>(),
                    moving::<Thread<u64>, $n>(),
                    moving::<Pointed<Ours>, $n>(),
                    moving::<Pointed<Spin>, $n>(),
                    moving::<Pointed<ParkingLot>, $n>(),
                    moving::<Pointed<Std>, $n>(),
                ],
            )
        };
    }

    const UNCONTENDED: &str = "uncontended";
    const STAYS_2: &str = "2 threads, stays";
    const STAYS_4: &str = "4 threads, stays";
    const MOVES_2: &str = "2 threads, moves";
    const MOVES_4: &str = "4 threads, moves";

    pub fn main() -> ExitCode {
        divan::main();
        // As a test, and when asked what benchmarks there are, divan has done all there is to do.
        if !std::env::args().any(|arg| arg == "--bench") || std::env::args().any(|arg| arg == "--list") {
            return ExitCode::SUCCESS;
        }

        let tables = [
            Table { title: UNCONTENDED, rows: staying!(301, uncontended) },
            Table { title: STAYS_2, rows: staying!(151, staying, 2) },
            Table { title: STAYS_4, rows: staying!(151, staying, 4) },
            Table { title: MOVES_2, rows: moving!(151, 2) },
            Table { title: MOVES_4, rows: moving!(151, 4) },
        ];
        println!(
            "\nNanoseconds for each operation (median), and the ratio to the lock at the column's head:"
        );
        for table in &tables {
            table.print();
        }
        verdict(&tables)
    }

    /// Compares with the targets.
    fn verdict(tables: &[Table]) -> ExitCode {
        let mut targets = Vec::new();
        for lock in [<Lwp<u64>>::NAME, <Lwp<u64, Uniprocessor>>::NAME, <Thread<u64>>::NAME] {
            for (other, at_most) in [(Ours::NAME, 1.1), (ParkingLot::NAME, 1.0), (Std::NAME, 1.0)] {
                targets.push(Target { table: UNCONTENDED, lock, other, at_most });
            }
        }
        for table in [STAYS_2, STAYS_4, MOVES_2, MOVES_4] {
            for lock in [<Lwp<u64>>::NAME, <Thread<u64>>::NAME] {
                targets.push(Target { table, lock, other: ParkingLot::NAME, at_most: 1.0 });
            }
        }

        println!();
        let mut missed = 0;
        for Target { table, lock, other, at_most } in targets {
            let rows = tables.iter().find(|t| t.title == table).expect("a table for each target");
            let ratio = ratio(rows.row(lock), rows.row(other));
            let met = ratio <= at_most;
            missed += usize::from(!met);
            let verdict = if met { "met" } else { "MISSED" };
            println!("{verdict:<8}{table}: {lock} is at most {at_most} times {other} ({ratio:.2})");
        }
        if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
