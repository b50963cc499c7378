//! A worker process that tests ask: a program that is expected to fail may take the process with it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use lwp_loom_tests::job::{Finding, Job};

/// Explores one job in a process of its own.
pub fn explore(job: &Job) -> Finding {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_worker"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the worker starts");
    let job = serde_json::to_string(job).unwrap();
    writeln!(worker.stdin.take().expect("stdin is piped"), "{job}").unwrap();
    let mut answer = String::new();
    BufReader::new(worker.stdout.take().expect("stdout is piped")).read_line(&mut answer).unwrap();
    worker.wait().unwrap();
    serde_json::from_str(&answer).unwrap_or_else(|e| panic!("no answer to {job}: {e}: {answer:?}"))
}

/// A job that explores all of a program.
pub fn job(program: &str) -> Job {
    Job { program: program.into(), ..Job::default() }
}
