//! The operating-system threads that explore, and the one that waits for them.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::execution::{PANICKED_AT, Tally};
use super::failure::{Failure, FailureKind};
use super::monitor::{Monitor, Progress};
use super::runner::Setup;

/// How long a thread may be away between two visible operations before it is given up for lost.
const AWAY: Duration = Duration::from_secs(20);

/// How often the thread that waits looks at the progress.
const LOOK: Duration = Duration::from_millis(100);

/// The engine's own panic, and where it was.
type Panicked = (Box<dyn Any + Send>, String);

/// Operating-system threads that explore one program: workers.
pub struct Crew {
    workers: Vec<Worker>,
    left: usize,
    sender: Sender<Result<(), Panicked>>,
    receiver: Receiver<Result<(), Panicked>>,
}

struct Worker {
    monitor: Arc<Monitor>,
    /// Its last progress, and when that was seen.
    steps: u64,
    since: Instant,
}

impl Crew {
    /// No workers.
    pub fn new() -> Crew {
        let (sender, receiver) = channel();
        Crew { workers: Vec::new(), left: 0, sender, receiver }
    }

    /// How many workers there are or were.
    pub fn size(&self) -> usize {
        self.workers.len()
    }

    /// Another worker, which does what `work` makes.
    pub fn add<W: FnOnce() + Send + 'static>(&mut self, work: impl FnOnce(Arc<Monitor>) -> W) {
        let monitor = Arc::new(Monitor::default());
        let work = work(monitor.clone());
        let sender = self.sender.clone();
        let work = move || {
            let result = panic::catch_unwind(AssertUnwindSafe(work));
            let place = PANICKED_AT.with(|p| p.borrow_mut().take()).unwrap_or_default();
            // The thread that waits may have given up.
            let _ = sender.send(result.map_err(|panic| (panic, place)));
        };
        let thread = thread::Builder::new().name("exploration".into()).spawn(work);
        drop(thread.expect("a thread can be started"));
        self.workers.push(Worker { monitor, steps: 0, since: Instant::now() });
    }

    /// Waits until all workers have left. `grow` may add some, now and whenever time has passed.
    ///
    /// # Errors
    /// A thread of the model does not come back. Nothing can make it: its operating-system thread is left behind.
    ///
    /// # Panics
    /// Where a worker does.
    pub fn wait(&mut self, setup: Setup<'_>, grow: impl Fn(&mut Crew, &Setup<'_>)) -> Result<(), Box<Tally>> {
        let away = setup.away.unwrap_or(AWAY);
        grow(self, &setup);
        while self.left < self.workers.len() {
            match self.receiver.recv_timeout(LOOK) {
                Ok(Ok(())) => {
                    self.left += 1;
                    continue;
                }
                Ok(Err((panic, place))) => {
                    eprintln!("the engine itself panicked at {place}");
                    self.abandon();
                    panic::resume_unwind(panic);
                }
                Err(RecvTimeoutError::Disconnected) => unreachable!("the crew has a sender of its own"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.progress(setup.setting.started.elapsed().as_secs_f64());
            if let Some(lost) = self.workers.iter_mut().find_map(|worker| worker.is_away(away)) {
                self.abandon();
                return Err(Box::new(tally_of_lost(&lost, &now, away)));
            }
            (setup.progress)(&now);
            if self.left == 0 {
                grow(self, &setup);
            }
        }
        Ok(())
    }

    fn progress(&self, seconds: f64) -> Progress {
        let mut progress = Progress { seconds, ..Progress::default() };
        self.workers.iter().for_each(|worker| worker.monitor.add_to(&mut progress));
        progress
    }

    fn abandon(&self) {
        self.workers.iter().for_each(|worker| worker.monitor.abandon());
    }
}

impl Worker {
    /// The monitor of a worker that has explored for so long without a step.
    fn is_away(&mut self, away: Duration) -> Option<Arc<Monitor>> {
        let steps = self.monitor.steps();
        if steps != self.steps || self.monitor.is_waiting() {
            (self.steps, self.since) = (steps, Instant::now());
        }
        (self.since.elapsed() >= away).then(|| self.monitor.clone())
    }
}

fn tally_of_lost(lost: &Monitor, progress: &Progress, away: Duration) -> Tally {
    let description = format!(
        "for {away:?} {}: it waits for something that the engine does not control (a real lock, a real thread), or \
         loops without a visible operation",
        lost.last_step()
    );
    let failure = Failure { kind: FailureKind::Nondeterministic, description };
    Tally {
        executions: progress.executions + 1,
        blocked: progress.blocked,
        steps: progress.steps,
        failure: Some((failure, Vec::new())),
        ..Tally::default()
    }
}
