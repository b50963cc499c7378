//! Many jobs on a few worker processes.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use lwp_loom_tests::job::{Finding, Job, Verdict, Working};

use crate::interrupt::Interrupt;
use crate::lending::Lending;
use crate::start::{self, Outlook};
use crate::worker::{Killer, Lender, Unanswered, Worker};

/// How often a pool that waits looks whether it has been interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// How many programs to explore at a time: what is asked for, or one per core.
pub fn size(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// An engine's worker processes. Each job is explored by one process; a process explores one job at a time.
pub struct Pool {
    worker: PathBuf,
    engine: &'static str,
    size: NonZeroUsize,
    interrupt: Interrupt,
    idle: Mutex<Vec<Worker>>,
    watcher: Mutex<Option<Watcher>>,
}

/// Hears how far the exploration of a program is.
pub type Watcher = Box<dyn Fn(&str, &Working) + Send>;

/// Why a pool gave up before its jobs were done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The user asked for an end.
    Interrupted,
    /// No worker can be started; says why. This is no program's failure.
    NoWorker(String),
}

impl Pool {
    /// A pool of at most `size` processes of the executable `worker`, which explores under `engine`.
    pub fn new(worker: PathBuf, engine: &'static str, size: NonZeroUsize, interrupt: Interrupt) -> Pool {
        Pool { worker, engine, size, interrupt, idle: Mutex::default(), watcher: Mutex::default() }
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        self.engine
    }

    /// Has `watcher` hear of long explorations from now on.
    pub fn watch(&self, watcher: Watcher) {
        *lock(&self.watcher) = Some(watcher);
    }

    /// Has one job done by a worker of its own, which may use every core.
    pub fn ask(&self, job: &Job) -> Result<Finding, Unanswered> {
        if self.interrupt.is_raised() {
            return Err(Unanswered::Interrupted);
        }
        let cannot = |e| Unanswered::Broken(format!("cannot start {}: {e}", self.worker.display()));
        let mut worker = Worker::spawn(&self.worker).map_err(cannot)?;
        thread::scope(|scope| {
            let killer = worker.killer();
            let (answered, is_answered) = mpsc::channel::<()>();
            scope.spawn(move || {
                while is_answered.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    if self.interrupt.is_raised() {
                        killer.kill();
                    }
                }
            });
            let answer = self.ask_of(&mut worker, job);
            drop(answered);
            // What an answer says that came after all is still true.
            answer.map_err(|why| if self.interrupt.is_raised() { Unanswered::Interrupted } else { why })
        })
    }

    fn ask_of(&self, worker: &mut Worker, job: &Job) -> Result<Finding, Unanswered> {
        let lender = worker.lender();
        let begun = || {
            if self.can_lend() {
                (1..self.size.get()).for_each(|_| lender.lend());
            }
        };
        worker.ask(job, self.engine, begun, |_| {})
    }

    /// Whether more than one core can explore one program. loom cannot.
    fn can_lend(&self) -> bool {
        self.engine == "complete"
    }

    /// Has all jobs done and returns their findings in the jobs' order. `on_done` sees each, with its job's index, as
    /// it comes; what it has seen is all that is known if the pool stops.
    pub fn run(&self, jobs: Vec<Job>, on_done: impl FnMut(usize, &Finding)) -> Result<Vec<Finding>, Stopped> {
        self.run_all(jobs.into_iter().enumerate().collect(), on_done)
    }

    /// [`Pool::run`], but jobs that may be long start before others. Indexes and the order of findings are still the jobs'.
    pub fn run_longest_first(
        &self,
        jobs: Vec<(Outlook, Job)>,
        on_done: impl FnMut(usize, &Finding),
    ) -> Result<Vec<Finding>, Stopped> {
        self.run_all(start::longest_first(jobs), on_done)
    }

    /// Starts the jobs in the order in which they stand here, each beside its index.
    fn run_all(
        &self,
        jobs: Vec<(usize, Job)>,
        mut on_done: impl FnMut(usize, &Finding),
    ) -> Result<Vec<Finding>, Stopped> {
        let mut findings = vec![None; jobs.len()];
        let queue = Queue::of_all(jobs.into_iter());
        self.serve(&queue, |index, finding| {
            on_done(index, &finding);
            findings[index] = Some(finding);
        })?;
        // An interrupt that came too late to cut anything short changes nothing.
        findings.into_iter().collect::<Option<_>>().ok_or(Stopped::Interrupted)
    }

    /// The first of the jobs, in their order, that fails; every job before it was explored and did not. `None` if no
    /// job fails. Jobs after a failure are not explored to their end.
    ///
    /// A job that does not fail may still be bounded: `on_done` sees every finding as it comes.
    pub fn first_failure(
        &self,
        jobs: impl Iterator<Item = Job> + Send,
        on_done: impl FnMut(usize, &Finding),
    ) -> Result<Option<(usize, Finding)>, Stopped> {
        self.first(jobs, |finding| finding.verdict == Verdict::Failed, on_done)
    }

    /// [`Pool::first_failure`], for whatever is to be looked for.
    pub fn first(
        &self,
        jobs: impl Iterator<Item = Job> + Send,
        wanted: impl Fn(&Finding) -> bool + Sync,
        mut on_done: impl FnMut(usize, &Finding),
    ) -> Result<Option<(usize, Finding)>, Stopped> {
        let mut first: Option<(usize, Finding)> = None;
        let queue = Queue::until(&wanted, jobs);
        self.serve(&queue, |index, finding| {
            on_done(index, &finding);
            let earlier = first.as_ref().is_none_or(|(best, _)| index < *best);
            if earlier && wanted(&finding) {
                first = Some((index, finding));
            }
        })?;
        if self.interrupt.is_raised() { Err(Stopped::Interrupted) } else { Ok(first) }
    }

    /// Has the queue's jobs done until it is closed or empty.
    fn serve<J: Iterator<Item = (usize, Job)> + Send>(
        &self,
        queue: &Queue<'_, J>,
        mut on_done: impl FnMut(usize, Finding),
    ) -> Result<(), Stopped> {
        thread::scope(|scope| {
            let (done, findings) = mpsc::channel();
            for _ in 0..queue.threads(self.size.get()) {
                let done = done.clone();
                scope.spawn(move || self.work(queue, &done));
            }
            drop(done);
            loop {
                if self.interrupt.is_raised() {
                    queue.close(0);
                }
                match findings.recv_timeout(LOOK) {
                    Ok((index, Ok(finding))) => on_done(index, finding),
                    Ok((_, Err(stopped))) => return Err(stopped),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
        })
    }

    /// Takes jobs from the queue, one after another.
    fn work<J: Iterator<Item = (usize, Job)>>(
        &self,
        queue: &Queue<'_, J>,
        done: &Sender<(usize, Result<Finding, Stopped>)>,
    ) {
        while let Some((index, job)) = queue.take() {
            let idle = lock(&self.idle).pop();
            let mut worker = match idle.map_or_else(|| Worker::spawn(&self.worker), Ok) {
                Ok(worker) => worker,
                Err(e) => {
                    queue.close(0);
                    let why = format!("cannot start {}: {e}", self.worker.display());
                    // The receiver is gone only after another thread has said the same.
                    let _ = done.send((index, Err(Stopped::NoWorker(why))));
                    return;
                }
            };
            queue.started(index, worker.killer());
            let lender = worker.lender();
            let begun = || {
                if self.can_lend() {
                    queue.begun(index, lender);
                }
            };
            let answer = worker.ask(&job, self.engine, begun, |working| {
                if let Some(watcher) = &*lock(&self.watcher) {
                    watcher(&job.program, &working);
                }
            });
            let wanted = queue.finished(index);
            let finding = match answer {
                Ok(finding) => {
                    // A worker whose answer is no longer wanted may have been killed.
                    if wanted && !finding.ends_its_worker() {
                        lock(&self.idle).push(worker);
                    }
                    finding
                }
                Err(unanswered) if wanted => self.failed(job, unanswered.why()),
                Err(_) => continue,
            };
            if queue.last.is_some_and(|last| last(&finding)) {
                queue.close(index);
            }
            let _ = done.send((index, Ok(finding)));
        }
    }

    /// The finding for a job whose worker gave none.
    fn failed(&self, job: Job, message: String) -> Finding {
        Finding { message: Some(message), ..Finding::of(job.program, self.engine, Verdict::Failed) }
    }
}

/// The jobs of one call.
struct Queue<'q, J> {
    /// What ends the call: jobs after the first such finding are not wanted.
    last: Option<&'q (dyn Fn(&Finding) -> bool + Sync)>,
    state: Mutex<State<J>>,
}

struct State<J> {
    /// Those that have not started, each with its index.
    jobs: J,
    /// Jobs from here on are not wanted. It only ever falls.
    end: usize,
    /// The workers of the jobs that are being explored.
    running: BTreeMap<usize, Killer>,
    lending: Lending,
}

impl<'q, J: Iterator<Item = Job>> Queue<'q, Enumerate<J>> {
    /// Jobs that start in their own order, up to the first whose finding is the last that is wanted.
    fn until(last: &'q (dyn Fn(&Finding) -> bool + Sync), jobs: J) -> Queue<'q, Enumerate<J>> {
        Queue { last: Some(last), ..Queue::of_all(jobs.enumerate()) }
    }
}

impl<'q, J: Iterator<Item = (usize, Job)>> Queue<'q, J> {
    /// Jobs that start in any order, and that are all wanted, or none any more.
    fn of_all(jobs: J) -> Queue<'q, J> {
        let state = State { jobs, end: usize::MAX, running: BTreeMap::new(), lending: Lending::default() };
        Queue { last: None, state: Mutex::new(state) }
    }

    /// How many threads have a job to begin with, of at most `size`. The cores of the others are lent.
    fn threads(&self, size: usize) -> usize {
        let mut state = lock(&self.state);
        let threads = state.jobs.size_hint().1.map_or(size, |jobs| jobs.min(size));
        (threads..size).for_each(|_| state.lending.idle());
        threads
    }

    /// The next job that is wanted. Where there is none, the core of the slot that asks is lent to jobs that still run.
    fn take(&self) -> Option<(usize, Job)> {
        let mut state = lock(&self.state);
        let end = state.end;
        let next = state.jobs.next().filter(|(index, _)| *index < end);
        if next.is_none() {
            state.lending.idle();
        }
        next
    }

    /// The worker has the job: cores can be lent to it.
    fn begun(&self, index: usize, lender: Lender) {
        lock(&self.state).lending.starts(index, move || lender.lend());
    }

    /// The job is being explored by the worker that `killer` ends.
    fn started(&self, index: usize, killer: Killer) {
        let mut state = lock(&self.state);
        if index < state.end {
            state.running.insert(index, killer);
        } else {
            killer.kill();
        }
    }

    /// The job's worker answered or died. True if the job is still wanted; its worker has then not been killed.
    fn finished(&self, index: usize) -> bool {
        let mut state = lock(&self.state);
        state.running.remove(&index);
        state.lending.ends(index);
        index < state.end
    }

    /// Jobs from `end` on are no longer wanted: kills the workers that explore them.
    fn close(&self, end: usize) {
        let mut state = lock(&self.state);
        state.end = state.end.min(end);
        let end = state.end;
        for killer in state.running.split_off(&end).into_values() {
            killer.kill();
        }
    }
}

/// Locks a mutex that no thread leaves half-changed, even one that panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// A pool of fake workers, for which a program's name is what to do.
    pub fn fake_pool(size: usize) -> Pool {
        let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh").into();
        Pool::new(worker, "loom", NonZeroUsize::new(size).unwrap(), Interrupt::default())
    }

    fn jobs(programs: &[String]) -> Vec<Job> {
        programs.iter().map(|program| Job { program: program.clone(), ..Job::default() }).collect()
    }

    /// Names in a folder of the test's own: how jobs wait for one another.
    fn marks<const N: usize>(test: &str) -> [String; N] {
        let dir = std::env::temp_dir().join(format!("ci-pool-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        std::array::from_fn(|i| dir.join(i.to_string()).display().to_string())
    }

    #[test]
    fn findings_come_in_the_order_of_the_jobs() {
        let [mark] = marks("order");
        let programs = [format!("await={mark} bounded"), format!("touch={mark} complete"), "complete".into()];
        let mut seen = Vec::new();
        let findings = fake_pool(2).run(jobs(&programs), |index, _| seen.push(index)).unwrap();
        assert_eq!(
            findings.iter().map(|f| &f.program).collect::<Vec<_>>(),
            programs.iter().collect::<Vec<_>>()
        );
        assert_eq!(findings[0].verdict, Verdict::Bounded);
        seen.sort();
        assert_eq!(seen, [0, 1, 2]);
    }

    // A report that depended on what earlier checks took would be another one each time.
    #[test]
    fn jobs_that_were_long_start_first_and_keep_their_indexes() {
        let programs = ["complete", "bounded", "survives"].map(String::from);
        let known = [Some(1.0), None, Some(2.0)].map(|seconds| Outlook { seconds, lwps: 2 });
        let mut seen = Vec::new();
        let pool = fake_pool(1);
        let findings =
            pool.run_longest_first(known.into_iter().zip(jobs(&programs)).collect(), |index, finding| {
                seen.push((index, finding.program.clone()));
            });
        let [complete, bounded, survives] = programs;
        assert_eq!(seen, [(2, survives.clone()), (0, complete.clone()), (1, bounded.clone())]);
        let order = findings.unwrap().into_iter().map(|finding| finding.program);
        assert_eq!(order.collect::<Vec<_>>(), [complete, bounded, survives]);
    }

    // A thread, or a process, for each of a thousand jobs that are not there would be more than a machine has room for.
    #[test]
    fn there_are_as_many_threads_as_jobs_and_the_other_cores_are_lent() {
        let threads = |jobs: &[&str], size| {
            let jobs = self::jobs(&jobs.iter().map(ToString::to_string).collect::<Vec<_>>());
            Queue::of_all(jobs.into_iter().enumerate()).threads(size)
        };
        assert_eq!((threads(&[], 4), threads(&["a", "b"], 4), threads(&["a", "b"], 1)), (0, 2, 1));
        // A pool of the complete search: loom takes no cores.
        let program = ["engine=complete lent lent lent complete".to_string()];
        let pool = Pool { engine: "complete", ..fake_pool(4) };
        assert_eq!(pool.run(jobs(&program), |_, _| {}).unwrap()[0].verdict, Verdict::Complete);
    }

    // A job that is asked for alone has no queue that an end could close.
    #[test]
    fn a_job_that_is_asked_for_alone_ends_with_an_interrupt() {
        let [mark] = marks("alone");
        let pool = fake_pool(1);
        let asked = Job { program: format!("touch={mark} hang"), ..Job::default() };
        thread::scope(|scope| {
            let answer = scope.spawn(|| pool.ask(&asked));
            while !Path::new(&mark).exists() {
                thread::yield_now();
            }
            pool.interrupt.raise();
            assert_eq!(answer.join().unwrap(), Err(Unanswered::Interrupted));
        });
        assert_eq!(pool.ask(&asked), Err(Unanswered::Interrupted), "and no other begins");
    }

    #[test]
    fn a_worker_that_dies_is_a_failure_and_the_rest_goes_on() {
        let programs = ["abort", "exit", "garbage", "half", "complete"].map(String::from);
        let findings = fake_pool(1).run(jobs(&programs), |_, _| {}).unwrap();
        let message = |i: usize| findings[i].message.as_deref().unwrap_or_default();
        assert!(message(0).contains("SIGABRT") && message(0).contains("last words"), "{}", message(0));
        assert!(message(1).contains("exit status: 3"), "{}", message(1));
        assert!(message(2).contains("cannot be used"), "{}", message(2));
        assert!(message(3).contains("died without an answer"), "{}", message(3));
        assert!(findings[..4].iter().all(|f| f.verdict == Verdict::Failed));
        assert_eq!(findings[4].verdict, Verdict::Complete);
    }

    // Of a suite as written every eighth program fails, and a worker takes a while to start.
    #[test]
    fn a_worker_that_outlives_a_failure_is_asked_again() {
        let pool = Pool { engine: "complete", ..fake_pool(1) };
        let findings = pool.run(jobs(&["survives".into(), "survives".into()]), |_, _| {}).unwrap();
        assert!(findings.iter().all(|f| f.verdict == Verdict::Failed));
        assert_eq!(findings[0].message, findings[1].message);
    }

    // A program that takes long would have one core, and the others nothing to do.
    #[test]
    fn a_lone_job_is_lent_the_core_of_the_slot_that_has_none() {
        let pool = Pool { engine: "complete", ..fake_pool(2) };
        let interrupt = pool.interrupt.clone();
        // It would wait for ever.
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(20));
            interrupt.raise();
        });
        let programs = ["engine=complete lent complete", "engine=complete complete"].map(String::from);
        let findings = pool.run(jobs(&programs), |_, _| {}).expect("the core is lent");
        assert!(findings.iter().all(|f| f.verdict == Verdict::Complete));
    }

    #[test]
    fn a_pool_of_one_lends_nothing() {
        let pool = Pool { engine: "complete", ..fake_pool(1) };
        let programs =
            ["engine=complete complete", "engine=complete complete", "engine=complete how-many-lent"];
        let findings = pool.run(jobs(&programs.map(String::from)), |_, _| {}).unwrap();
        assert_eq!(findings[2].executions, 0);
    }

    #[test]
    fn the_first_failure_is_the_smallest_though_a_later_one_comes_sooner() {
        let [mark] = marks("smallest");
        let programs = ["complete".into(), format!("await={mark} failed"), format!("touch={mark} failed")];
        let first = fake_pool(2).first_failure(jobs(&programs).into_iter(), |_, _| {}).unwrap();
        assert_eq!(first.map(|(index, _)| index), Some(1));
    }

    #[test]
    fn jobs_after_the_first_failure_are_cut_short() {
        let [mark] = marks("cut");
        let programs = [format!("await={mark} failed"), format!("touch={mark} hang"), "hang".into()];
        let first = fake_pool(2).first_failure(jobs(&programs).into_iter(), |_, _| {}).unwrap();
        assert_eq!(first.map(|(index, _)| index), Some(0));
    }

    #[test]
    fn no_failure_means_that_every_job_was_explored() {
        let programs = ["complete", "bounded", "complete"].map(String::from);
        let mut seen = 0;
        let first = fake_pool(2).first_failure(jobs(&programs).into_iter(), |_, _| seen += 1).unwrap();
        assert_eq!((first, seen), (None, 3));
    }

    #[test]
    fn an_interrupt_ends_what_is_running() {
        let pool = fake_pool(2);
        let programs = ["complete", "hang", "hang"].map(String::from);
        let mut seen = Vec::new();
        let stopped = pool.run(jobs(&programs), |index, _| {
            seen.push(index);
            pool.interrupt.raise();
        });
        assert_eq!((stopped, seen), (Err(Stopped::Interrupted), vec![0]));
    }

    #[test]
    fn a_worker_that_cannot_be_started_is_no_programs_failure() {
        let pool = Pool { worker: Path::new("/nonexistent/worker").into(), ..fake_pool(2) };
        let stopped = pool.run(jobs(&["complete".into(), "complete".into()]), |_, _| {});
        assert!(matches!(stopped, Err(Stopped::NoWorker(why)) if why.contains("/nonexistent/worker")));
    }
}
