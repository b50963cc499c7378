//! How long the complete search takes for programs that were too large for it: what it promises, measured in one run.

use comfy_table::{CellAlignment, Table, presets};
use lwp_loom_tests::job::{Finding, Job, Verdict};

use crate::backend::{Engine, workspace};
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::pool::{self, Pool};
use crate::say;

/// The name of the benchmark.
pub const NAME: &str = "yardstick";

/// What a program may cost.
#[derive(Clone, Copy)]
struct Promise {
    seconds: f64,
    executions: u64,
}

/// A program, on as many CPUs as it has LWPs, and how it is explored.
struct Row {
    program: &'static str,
    cpus: usize,
    revisions: &'static [&'static str],
    /// How many states the search may keep to enter none twice; none for the plain search.
    states: Option<usize>,
    promise: Option<Promise>,
}

const BOTH: &[&str] = &["1.62", "1.69.2.6"];
const LATER: &[&str] = &["1.69.2.6"];
const STATES: Option<usize> = Some(1_000_000);
const A_MINUTE: Option<Promise> = Some(Promise { seconds: 60.0, executions: u64::MAX });

const ROWS: [Row; 8] = [
    Row { program: "p3", cpus: 3, revisions: BOTH, states: None, promise: None },
    Row {
        program: "p3",
        cpus: 3,
        revisions: BOTH,
        states: STATES,
        promise: Some(Promise { seconds: 0.4, executions: 8_000 }),
    },
    Row { program: "p4", cpus: 4, revisions: LATER, states: None, promise: A_MINUTE },
    Row { program: "w5", cpus: 5, revisions: BOTH, states: None, promise: A_MINUTE },
    Row { program: "w6", cpus: 6, revisions: BOTH, states: None, promise: A_MINUTE },
    Row { program: "s2_5", cpus: 2, revisions: BOTH, states: None, promise: A_MINUTE },
    Row { program: "s2_5", cpus: 2, revisions: BOTH, states: STATES, promise: A_MINUTE },
    Row { program: "s3_3", cpus: 3, revisions: BOTH, states: STATES, promise: A_MINUTE },
];

/// Measures, prints, and fails where a promise is missed, or a program is not complete. The two ways to explore a program must
/// see the same outcomes.
pub fn measure() -> Result<(), Error> {
    let interrupt = Interrupt::default();
    let pool =
        Pool::new(Engine::Complete.build_worker()?, Engine::Complete.name(), pool::size(None), interrupt);
    say::line("\nThe complete search of whole programs, on every core; with --states on one:");
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "",
        "program",
        "revision",
        "search",
        "executions",
        "distinct",
        "states",
        "steps",
        "seconds",
    ]);
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut missed = Vec::new();
    let mut seen: Vec<(String, Vec<String>)> = Vec::new();
    for row in &ROWS {
        for revision in row.revisions {
            let program = name(row, revision);
            let job = Job { program: program.clone(), states: row.states, ..Job::default() };
            let found = pool.ask(&job).map_err(|e| Error::Failed(e.why()))?;
            let kept = is_kept(row.promise, &found);
            if !kept {
                missed.push(format!("{} of {revision}", row.program));
            }
            match seen.iter().find(|(other, _)| *other == program) {
                Some((_, outcomes)) if *outcomes != found.outcomes => {
                    missed
                        .push(format!("{} of {revision}: the searches see different outcomes", row.program));
                }
                Some(_) => {}
                None => seen.push((program, found.outcomes.clone())),
            }
            let verdict = match (row.promise, kept) {
                (_, false) => "MISSED",
                (Some(_), true) => "met",
                (None, true) => "",
            };
            table.add_row([
                verdict.into(),
                row.program.into(),
                (*revision).into(),
                if row.states.is_some() { "--states".into() } else { "plain".to_owned() },
                found.executions.to_string(),
                if found.known > 0 { "-".into() } else { found.distinct.to_string() },
                found.states.map_or("-".into(), |states| states.to_string()),
                found.steps.to_string(),
                format!("{:.2}", found.seconds),
            ]);
        }
    }
    say::line(table);
    if missed.is_empty() { Ok(()) } else { Err(Error::Failed(format!("missed: {}", missed.join("; ")))) }
}

fn name(row: &Row, revision: &str) -> String {
    let file = workspace().join("lwp-loom-tests/benches/programs").join(format!("{}.litmus", row.program));
    format!("lwp/{revision}/repaired/{}-cpus/{}", row.cpus, file.display())
}

fn is_kept(promise: Option<Promise>, found: &Finding) -> bool {
    let cheap = promise.is_none_or(|p| found.seconds < p.seconds && found.executions < p.executions);
    found.verdict == Verdict::Complete && cheap
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::subject::Subject;

    // A name that no program answers to would be measured as a refusal.
    #[test]
    fn every_row_is_a_program() {
        for row in &ROWS {
            for revision in row.revisions {
                assert!(Subject::parse(&name(row, revision)).is_some(), "{}", row.program);
            }
        }
    }

    #[test]
    fn a_promise_is_missed_by_time_by_executions_and_by_what_is_not_complete() {
        let promise = Some(Promise { seconds: 1.0, executions: 10 });
        let found = |verdict, executions, seconds| Finding {
            executions,
            seconds,
            ..Finding::of("p", "complete", verdict)
        };
        assert!(is_kept(promise, &found(Verdict::Complete, 9, 0.9)));
        assert!(!is_kept(promise, &found(Verdict::Complete, 10, 0.9)));
        assert!(!is_kept(promise, &found(Verdict::Complete, 9, 1.0)));
        assert!(!is_kept(None, &found(Verdict::Bounded, 9, 0.9)));
    }
}
