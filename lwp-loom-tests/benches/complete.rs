//! How fast the complete search is on lock litmus programs, and how much memory a million executions take.
//!
//! On a machine that others use too, executions a second say more about them; so beside those stand the executions in a
//! second of processor time, of which an exploration uses one core's.

#[cfg(shuttle)]
fn main() {
    litmus::main();
}

#[cfg(not(shuttle))]
fn main() {
    println!("the complete search needs RUSTFLAGS=\"--cfg shuttle\"");
}

#[cfg(shuttle)]
mod litmus {
    use std::sync::Arc;

    use lwp_core::sync::{RawLock, spawn};
    use lwp_loom_tests::engine::complete::explore;
    use lwp_loom_tests::job::Limits;

    pub fn main() {
        println!(
            "{:8}{:>14}{:>9}{:>9}{:>15}{:>15}",
            "program", "executions", "steps", "seconds", "executions/s", "per cpu second"
        );
        for (threads, sections) in [(2, 2), (2, 6), (3, 2), (3, 3), (4, 2), (3, 4)] {
            measure(threads, sections, None);
        }
        measure(4, 4, Some(1_000_000));
        println!("peak memory: {} MB", peak_memory() >> 10);
    }

    /// `threads` threads that each pass `sections` critical sections on one lock, and as much again until it takes
    /// long enough to measure.
    fn measure(threads: usize, sections: usize, executions: Option<u64>) {
        let limits = Limits { executions, ..Limits::default() };
        let (mut total, mut steps, mut seconds) = (0, 0, 0.0);
        let before = cpu_seconds();
        while seconds < 0.5 {
            let exploration = explore("bench", &limits, move || program(threads, sections));
            total += exploration.executions;
            steps += exploration.steps;
            seconds += exploration.seconds;
        }
        println!(
            "{:8}{total:>14}{:>9}{seconds:>9.2}{:>15.0}{:>15.0}",
            format!("{threads}x{sections}"),
            steps / total,
            total as f64 / seconds,
            total as f64 / (cpu_seconds() - before)
        );
    }

    fn program(threads: usize, sections: usize) {
        let lock = Arc::new(RawLock::new());
        let pass = move |lock: &RawLock| {
            for _ in 0..sections {
                let _ = lock.lock();
                let _ = lock.unlock();
            }
        };
        let spawned = |_| {
            let lock = lock.clone();
            spawn(move || pass(&lock))
        };
        let others: Vec<_> = (1..threads).map(spawned).collect();
        pass(&lock);
        others.into_iter().for_each(|other| drop(other.join()));
    }

    /// Processor time of this process, as Linux counts it, in hundredths.
    fn cpu_seconds() -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    /// Kilobytes, as Linux counts them; 0 elsewhere.
    fn peak_memory() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    }
}
