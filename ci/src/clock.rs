//! How long a check takes, and each of its phases.

use std::time::Instant;

use lwp_loom_tests::report::{Phase, Spent};

/// Runs from the start of a check to its end.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    phases: Vec<Spent>,
}

/// What a clock has measured.
#[derive(Debug)]
pub struct Elapsed {
    /// Wall-clock seconds in all, without the build.
    pub seconds: f64,
    /// The phases, the build among them.
    pub phases: Vec<Spent>,
}

impl Clock {
    /// Starts it.
    pub fn start() -> Clock {
        Clock { started: Instant::now(), phases: Vec::new() }
    }

    /// Runs a phase. What it took counts also where it fails.
    pub fn time<T>(&mut self, phase: Phase, run: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = run();
        self.phases.push(Spent { phase, seconds: started.elapsed().as_secs_f64() });
        done
    }

    /// Stops it.
    pub fn stop(self) -> Elapsed {
        let build = self.phases.iter().filter(|spent| spent.phase == Phase::Build);
        let build: f64 = build.map(|spent| spent.seconds).sum();
        Elapsed { seconds: self.started.elapsed().as_secs_f64() - build, phases: self.phases }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    // What users are promised is the time after the build: with it, that would depend on what was built before.
    #[test]
    fn the_build_is_measured_and_not_part_of_what_the_check_takes() {
        let began = Instant::now();
        let mut clock = Clock::start();
        let wait = |ms| move || sleep(Duration::from_millis(ms));
        clock.time(Phase::Build, wait(50));
        clock.time(Phase::Orderings, wait(20));
        sleep(Duration::from_millis(30));
        let Elapsed { seconds, phases } = clock.stop();
        let all = began.elapsed().as_secs_f64();
        let names: Vec<&Phase> = phases.iter().map(|spent| &spent.phase).collect();
        assert_eq!(names, [&Phase::Build, &Phase::Orderings]);
        assert!(phases[0].seconds >= 0.05 && phases[1].seconds >= 0.02, "{phases:?}");
        assert!(seconds >= 0.05, "{seconds}: what is in no phase is not in it");
        assert!(seconds <= all - phases[0].seconds, "{seconds} of {all}: the build is in it");
    }
}
