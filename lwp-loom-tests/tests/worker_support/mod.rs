//! A worker process that tests ask: a program that is expected to fail may take the process with it.
#![allow(dead_code, reason = "each test uses some of it")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use lwp_loom_tests::job::{Answer, Finding, Job};

/// Explores one job in a process of its own.
pub fn explore(job: &Job) -> Finding {
    explore_in_turn(std::slice::from_ref(job)).remove(0)
}

/// Explores jobs, in as few processes as they leave alive.
pub fn explore_all(jobs: &[Job]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    while findings.len() < jobs.len() {
        findings.extend(until_one_ends_its_worker(&jobs[findings.len()..]));
    }
    findings
}

/// Explores jobs in one process, none of which but the last is to fail.
pub fn explore_in_turn(jobs: &[Job]) -> Vec<Finding> {
    let findings = until_one_ends_its_worker(jobs);
    assert_eq!(findings.len(), jobs.len(), "{:?} took the process with it", findings.last());
    findings
}

/// Explores jobs in one process, up to the first that takes it with it.
fn until_one_ends_its_worker(jobs: &[Job]) -> Vec<Finding> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_worker"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the worker starts");
    let jobs: Vec<String> = jobs.iter().map(|job| serde_json::to_string(job).unwrap()).collect();
    let mut stdin = worker.stdin.take().expect("stdin is piped");
    // A process that has ended reads no more of them.
    let _ = jobs.iter().try_for_each(|job| writeln!(stdin, "{job}"));
    drop(stdin);
    let mut answers = BufReader::new(worker.stdout.take().expect("stdout is piped"));
    let mut findings: Vec<Finding> = Vec::new();
    while findings.len() < jobs.len() && !findings.last().is_some_and(Finding::ends_its_worker) {
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        match serde_json::from_str(&answer) {
            Ok(Answer::Done(finding)) => findings.push(*finding),
            Ok(Answer::Working { .. }) => {}
            other => panic!("no answer to {}: {other:?}: {answer:?}", jobs[findings.len()]),
        }
    }
    worker.wait().unwrap();
    findings
}

/// A job that explores all of a program.
pub fn job(program: &str) -> Job {
    Job { program: program.into(), ..Job::default() }
}
