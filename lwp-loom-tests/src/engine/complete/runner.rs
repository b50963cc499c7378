//! The engine on shuttle: a thread of its own for the exploration, shuttle's scheduler, and the panic hook.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use lwp_core::sync::model;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps};

use super::execution::{Bounds, EXPLORES, Execution, PANICKED_AT, Tally};
use super::failure::{Failure, FailureKind};
use super::monitor::{Monitor, Progress};
use super::strategy::Strategy;

/// A program: makes its objects, runs its threads, joins them or not.
pub type Body = Arc<dyn Fn() + Send + Sync>;

/// Stack of a model's thread. Only what is touched costs memory, and a panic's message needs some.
const STACK: usize = 256 << 10;

/// How long a thread may be away between two visible operations before it is given up for lost.
const AWAY: Duration = Duration::from_secs(20);

/// How often whoever waits looks at the progress.
const LOOK: Duration = Duration::from_millis(100);

/// What a run needs beside a strategy and a body.
pub struct Setup<'a> {
    /// When to stop.
    pub bounds: Bounds,
    /// Whether to collect the distinct executions.
    pub traces: bool,
    /// Where the program comes from, for messages about its first thread.
    pub place: &'static Location<'static>,
    /// How long a thread may be away between two visible operations.
    pub away: Option<Duration>,
    /// Is told now and then how far the exploration is.
    pub progress: &'a mut dyn FnMut(&Progress),
}

/// Runs a program as a strategy says, until there is nothing left to run, a limit stops it, or it fails.
///
/// # Panics
/// Where the engine itself does.
pub fn run<S: Strategy + Send + 'static>(setup: Setup<'_>, strategy: S, body: Body) -> Tally {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    // ORDERING: only uniqueness counts.
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    install_hook();
    let started = Instant::now();
    let monitor = Arc::new(Monitor::default());
    let (sender, receiver) = channel();
    let Setup { bounds, traces, place, away, progress } = setup;
    let exploration = {
        let monitor = monitor.clone();
        move || {
            let execution = Execution::new(strategy, bounds, traces, run, place, monitor);
            // Whoever waits may have given up.
            let result = panic::catch_unwind(AssertUnwindSafe(|| explore(execution, body)));
            let place = PANICKED_AT.with(|p| p.borrow_mut().take()).unwrap_or_default();
            let _ = sender.send(result.map_err(|panic| (panic, place)));
        }
    };
    let explorer = thread::Builder::new().name("exploration".into()).spawn(exploration);
    drop(explorer.expect("a thread can be started"));

    let (mut seen, mut since) = (0, Instant::now());
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(Ok(tally)) => return tally,
            Ok(Err((panic, place))) => {
                eprintln!("the engine itself panicked at {place}");
                panic::resume_unwind(panic);
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("an exploration sends what came of it"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = monitor.progress(started.elapsed().as_secs_f64());
        if now.steps != seen {
            (seen, since) = (now.steps, Instant::now());
        }
        let away = away.unwrap_or(AWAY);
        if since.elapsed() >= away {
            monitor.abandon();
            return lost(&monitor, now, away);
        }
        progress(&now);
    }
}

/// A thread of the model does not come back. Nothing can make it: its operating-system thread is left behind.
fn lost(monitor: &Monitor, progress: Progress, away: Duration) -> Tally {
    let description = format!(
        "for {away:?} {}: it waits for something that the engine does not control (a real lock, a real thread), or \
         loops without a visible operation",
        monitor.last_step()
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

fn explore<S: Strategy + 'static>(execution: Execution<S>, body: Body) -> Tally {
    EXPLORES.set(true);
    let execution = Rc::new(RefCell::new(execution));
    let _installed = model::install(execution.clone());
    shuttle::Runner::new(Hands(execution.clone()), config()).run(move || model::first_thread(|| body()));
    std::mem::take(&mut execution.borrow_mut().tally)
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    config
}

/// shuttle's side: does what the engine has decided.
struct Hands<S>(Rc<RefCell<Execution<S>>>);

impl<S: Strategy> Scheduler for Hands<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.borrow_mut().begin().then(|| Schedule::new(0))
    }

    fn next_task(&mut self, _: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        Some(TaskId::from(self.0.borrow().running()))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// One execution of one thread.
struct OneThread(bool);

impl Scheduler for OneThread {
    fn new_execution(&mut self) -> Option<Schedule> {
        (!std::mem::replace(&mut self.0, true)).then(|| Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        runnable.first().map(|task| task.id())
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Keeps the panics of models from the terminal, and notes where they were.
fn install_hook() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let original = panic::take_hook();
        // shuttle installs a hook of its own, once, which prints; make it do so now, and drop it.
        shuttle::Runner::new(OneThread(false), config()).run(|| ());
        drop(panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            if EXPLORES.get() {
                PANICKED_AT.with(|p| *p.borrow_mut() = info.location().map(ToString::to_string));
            } else {
                original(info);
            }
        }));
    });
}
