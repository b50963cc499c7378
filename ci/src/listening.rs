//! What it costs a complete search that somebody could listen to it.
//!
//! Explaining a failure needs words at every step of the source (`lwp_core::observe`). A search in which nobody listens
//! is to pay next to nothing for them. So it is held against the same search without them: two workers that differ in
//! nothing else explore the same programs, each has its turn in every round, and a ratio is the median of the rounds'
//! own ratios.

use std::path::Path;

use lwp_loom_tests::job::{Finding, Job, Verdict};

use crate::backend::{Backend, Engine};
use crate::error::Error;
use crate::say;
use crate::worker::{Unanswered, Worker};

/// The name of the benchmark.
pub const NAME: &str = "listening";

/// Programs that suspend, continue, create, wait and exit, and of which a search takes long enough to be measured.
const PROGRAMS: [&str; 2] =
    ["lwp/1.69.2.6/repaired/2-cpus/stop-cont-both", "lwp/1.62/repaired/2-cpus/wait-in-an-exiting-process"];

const ROUNDS: usize = 31;

/// How many times as long a search may take that somebody could listen to.
const AT_MOST: f64 = 1.1;

/// Measures, prints, and fails where the promise is missed.
pub fn compare() -> Result<(), Error> {
    let (heard, unheard) = (Backend::Shuttle.build_worker()?, Backend::Unheard.build_worker()?);
    say::line(
        "\nA search that somebody could listen to, beside one that nobody could (median), and the ratio:",
    );
    let mut missed = Vec::new();
    for program in PROGRAMS {
        let rounds = rounds(program, &heard, &unheard).map_err(|e| Error::Failed(e.why()))?;
        let [heard, unheard] = [median(rounds.iter().map(|r| r.0)), median(rounds.iter().map(|r| r.1))];
        let ratio = median(rounds.iter().map(|(heard, unheard)| heard / unheard));
        let verdict = if ratio <= AT_MOST { "met" } else { "MISSED" };
        say::line(format_args!(
            "{verdict:<8}{program}: {heard:.3} s, {unheard:.3} s, ratio {ratio:.2}, at most {AT_MOST}"
        ));
        if ratio > AT_MOST {
            missed.push(format!("{program} takes {ratio:.2} times as long where somebody could listen"));
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(Error::Failed(missed.join("; "))) }
}

/// The seconds that each round's two searches take.
fn rounds(program: &str, heard: &Path, unheard: &Path) -> Result<Vec<(f64, f64)>, Unanswered> {
    let job = Job { program: program.into(), ..Job::default() };
    let start = |worker: &Path| {
        Worker::spawn(worker)
            .map_err(|e| Unanswered::Broken(format!("cannot start {}: {e}", worker.display())))
    };
    let search = |worker: &mut Worker| worker.ask(&job, Engine::Complete.name(), || {}, |_| {});
    let (mut heard, mut unheard) = (start(heard)?, start(unheard)?);
    let mut seconds = Vec::new();
    for round in 0..ROUNDS {
        let (one, other) = if round.is_multiple_of(2) {
            let one = search(&mut heard)?;
            (one, search(&mut unheard)?)
        } else {
            let other = search(&mut unheard)?;
            (search(&mut heard)?, other)
        };
        let complete = [&one, &other].iter().all(|finding| finding.verdict == Verdict::Complete);
        if !complete || explored(&one) != explored(&other) {
            let why = format!("{program} is not explored to the same end by both workers");
            return Err(Unanswered::Broken(why));
        }
        seconds.push((one.seconds, other.seconds));
    }
    Ok(seconds)
}

fn explored(finding: &Finding) -> (u64, u64, u64) {
    (finding.executions, finding.distinct, finding.steps)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
