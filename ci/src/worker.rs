//! A worker process: one JSON job per line in, one JSON finding per line out, and cores for the job in the meantime.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use lwp_loom_tests::job::{Answer, Finding, Job, Lend, Verdict, Working};
use serde::Serialize;

/// How many of a worker's last lines on stderr explain its death.
const LAST_LINES: usize = 20;

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    child: Killer,
    stdin: Lender,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<VecDeque<String>>>,
}

/// Why a worker has no finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It died, or its answer cannot be used.
    Broken(String),
    /// It cannot do the job, and says why.
    Refused(String),
    /// The user asked for an end first.
    Interrupted,
}

impl Unanswered {
    /// Why, in words.
    pub fn why(self) -> String {
        match self {
            Unanswered::Broken(why) => why,
            Unanswered::Refused(why) => format!("the worker refused: {why}"),
            Unanswered::Interrupted => "interrupted".into(),
        }
    }
}

/// Ends a worker from another thread, so that whoever waits for its answer waits no longer.
#[derive(Clone, Debug)]
pub struct Killer(Arc<Mutex<Child>>);

impl Killer {
    /// Ends the worker. Its answer, if it still gives one, must not be asked for.
    pub fn kill(&self) {
        // A lock that is taken is the worker's owner waiting for a process that is already ending.
        if let Ok(mut child) = self.0.try_lock() {
            // The only error is that the process has ended.
            let _ = child.kill();
        }
    }
}

/// Lends cores to a worker's job from another thread.
#[derive(Clone, Debug)]
pub struct Lender(Arc<Mutex<ChildStdin>>);

impl Lender {
    /// Lends the worker's job another core.
    pub fn lend(&self) {
        // The only error is that the process has ended, which is told elsewhere.
        let _ = self.write(&Lend { lend: 1 });
    }

    fn write(&self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_string(line)?;
        line.push('\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

impl Worker {
    /// Starts a worker.
    pub fn spawn(path: &Path) -> io::Result<Worker> {
        let mut command = Command::new(path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A process group of its own: Ctrl-C at the terminal reaches the runner only. A worker that dies of it first
        // would be taken for a program that fails.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three are piped");
        };
        Ok(Worker {
            child: Killer(Arc::new(Mutex::new(child))),
            stdin: Lender(Arc::new(Mutex::new(stdin))),
            stdout: BufReader::new(stdout),
            stderr: Some(thread::spawn(|| last_lines(stderr))),
        })
    }

    /// What ends this worker.
    pub fn killer(&self) -> Killer {
        self.child.clone()
    }

    /// What lends cores to this worker's last job.
    pub fn lender(&self) -> Lender {
        self.stdin.clone()
    }

    /// Has a job done; `on_begun` is called once cores can be [lent](Worker::lender) to it, and `on_working` hears how far
    /// it is. An error says how the worker broke the contract or why it refused; after the former it must not be used
    /// again.
    pub fn ask(
        &mut self,
        job: &Job,
        engine: &str,
        on_begun: impl FnOnce(),
        mut on_working: impl FnMut(Working),
    ) -> Result<Finding, Unanswered> {
        if self.stdin.write(job).is_err() {
            return Err(Unanswered::Broken(self.death()));
        }
        on_begun();
        loop {
            let mut answer = Vec::new();
            match self.stdout.read_until(b'\n', &mut answer) {
                // Without its end, a line is the last thing that a dying process wrote.
                Ok(_) if answer.ends_with(b"\n") => match parse(&answer, job, engine)? {
                    Answer::Done(finding) => return Ok(*finding),
                    Answer::Working { working } => on_working(working),
                    Answer::Refused { refused } => return Err(Unanswered::Refused(refused)),
                },
                _ => return Err(Unanswered::Broken(self.death())),
            }
        }
    }

    /// How the worker, which has closed its pipes, ended.
    fn death(&mut self) -> String {
        let status = match self.child.0.lock().unwrap_or_else(PoisonError::into_inner).wait() {
            Ok(status) => status.to_string(),
            Err(e) => format!("unknown exit status: {e}"),
        };
        let mut message = format!("the worker died without an answer: {status}");
        for line in self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default() {
            message.push_str("\n  ");
            message.push_str(&line);
        }
        message
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut child = self.child.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Both fail only for a process that has ended and been waited for.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Reads until the end, and keeps what came last. Reading never stops: a full pipe would stop the worker.
fn last_lines(stderr: impl Read) -> VecDeque<String> {
    let mut lines = VecDeque::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(&line).into_owned());
    }
    lines
}

/// Reads an answer, and accepts a finding only if it answers this job and does not contradict itself.
fn parse(answer: &[u8], job: &Job, engine: &str) -> Result<Answer, Unanswered> {
    let wrong = |why: &str| {
        let answer = String::from_utf8_lossy(answer);
        let answer = answer.trim_end();
        Err(Unanswered::Broken(format!("the worker's answer cannot be used: {why}: {answer}")))
    };
    let finding = match serde_json::from_slice(answer) {
        Ok(Answer::Done(finding)) => finding,
        Ok(other) => return Ok(other),
        Err(e) => return wrong(&e.to_string()),
    };
    if finding.program != job.program {
        wrong("it is about another program")
    } else if finding.engine != engine {
        wrong("it is from another engine")
    } else if finding.bound.is_some() != (finding.verdict == Verdict::Bounded)
        || finding.message.is_some() != finding.fails()
    {
        wrong("it contradicts itself")
    } else {
        Ok(Answer::Done(finding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(verdict: Verdict, bound: Option<&str>) -> Finding {
        Finding {
            bound: bound.map(String::from),
            executions: 1,
            distinct: 1,
            ..Finding::of("p", "loom", verdict)
        }
    }

    fn accepts(finding: &Finding, program: &str, engine: &str) -> bool {
        let job = Job { program: program.into(), ..Job::default() };
        parse(&serde_json::to_vec(finding).unwrap(), &job, engine).is_ok()
    }

    #[test]
    fn only_an_answer_to_the_job_is_accepted() {
        let complete = finding(Verdict::Complete, None);
        assert!(accepts(&complete, "p", "loom"));
        assert!(!accepts(&complete, "q", "loom"));
        assert!(!accepts(&complete, "p", "complete"));
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_refused() {
        assert!(!accepts(&finding(Verdict::Complete, Some("1 s")), "p", "loom"));
        assert!(!accepts(&finding(Verdict::Bounded, None), "p", "loom"));
        assert!(!accepts(&finding(Verdict::Failed, None), "p", "loom"));
        assert!(accepts(&finding(Verdict::Bounded, Some("1 s")), "p", "loom"));
    }
}
