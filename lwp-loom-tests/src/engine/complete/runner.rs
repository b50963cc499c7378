//! The engine on shuttle: what an operating-system thread that explores does, shuttle's scheduler, and the panic hook.

use std::cell::RefCell;
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Once};
use std::time::Duration;

use lwp_core::sync::model;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps};

use super::crew::Crew;
use super::execution::{EXPLORES, Execution, PANICKED_AT, Setting, Tally};
use super::monitor::{Monitor, Progress};
use super::outcome::Outcome;
use super::search::Search;
use super::share::{Part, Share};
use super::sharing::Sharing;
use super::strategy::Strategy;
use crate::cores::Cores;

/// A program: makes its objects, runs its threads, joins them or not.
pub type Body = Arc<dyn Fn() + Send + Sync>;

/// Stack of a model's thread. Only what is touched costs memory, and a panic's message needs some.
const STACK: usize = 256 << 10;

/// What a run needs beside a strategy and a body.
pub struct Setup<'a> {
    /// What holds for every execution.
    pub setting: Setting,
    /// How long a thread may be away between two visible operations.
    pub away: Option<Duration>,
    /// Is told now and then how far the exploration is.
    pub progress: &'a mut dyn FnMut(&Progress),
}

impl Setup<'_> {
    fn execution<S: Strategy>(&self, strategy: S, monitor: Arc<Monitor>) -> Execution<S> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        // ORDERING: only uniqueness counts.
        Execution::new(strategy, &self.setting, RUNS.fetch_add(1, Ordering::Relaxed), monitor)
    }
}

/// Runs a program as a strategy says, until there is nothing left to run, a limit stops it, or it fails.
///
/// # Panics
/// Where the engine itself does.
pub fn run<S: Strategy + Send + 'static>(setup: Setup<'_>, strategy: S, body: Body) -> Tally {
    install_hook();
    let mut crew = Crew::new();
    let mut result = None;
    crew.add(|monitor| {
        let execution = setup.execution(strategy, monitor);
        let (sender, receiver) = channel();
        result = Some(receiver);
        move || {
            let execution = explore(execution, |execution| run_executions(execution, &body));
            let _ = sender.send(execution.borrow_mut().conclude());
        }
    });
    match crew.wait(setup, |_, _| ()) {
        Ok(()) => result.and_then(|r| r.recv().ok()).expect("an exploration sends what came of it"),
        Err(lost) => *lost,
    }
}

/// Runs the complete search of a program on as many workers as there are cores for it.
///
/// # Panics
/// Where the engine itself does.
pub fn search(setup: Setup<'_>, search: Search, share: Share, cores: &Cores, body: Body) -> Tally {
    install_hook();
    let share = Arc::new(share);
    let add = |crew: &mut Crew, setup: &Setup<'_>| {
        crew.add(|monitor| {
            let (search, share, body) =
                (Sharing::new(search.clone(), share.clone()), share.clone(), body.clone());
            let execution = setup.execution(search, monitor.clone());
            move || {
                explore(execution, |execution| {
                    while let Some(part) = share.take(&monitor) {
                        run_part(execution, part, &body);
                    }
                });
            }
        });
    };
    // However this ends: no worker waits for work that will not come.
    let _ends = Ends(&share);
    let mut crew = Crew::new();
    let lost = crew.wait(setup, |crew, setup| {
        while crew.size() < cores.number() {
            add(crew, setup);
        }
    });
    if let Err(lost) = lost {
        return *lost;
    }
    let Outcome { mut tally, cut } = share.outcome();
    tally.bound = tally.bound.or(search.bound_if(cut));
    tally
}

/// Ends a search when it is dropped.
struct Ends<'a>(&'a Share);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Explores with the engine in charge of this operating-system thread.
fn explore<S: Strategy + 'static>(
    execution: Execution<S>,
    run: impl FnOnce(&Rc<RefCell<Execution<S>>>),
) -> Rc<RefCell<Execution<S>>> {
    EXPLORES.set(true);
    let execution = Rc::new(RefCell::new(execution));
    let _installed = model::install(execution.clone());
    run(&execution);
    execution
}

fn run_executions<S: Strategy + 'static>(execution: &Rc<RefCell<Execution<S>>>, body: &Body) {
    let body = body.clone();
    shuttle::Runner::new(Hands(execution.clone()), config()).run(move || model::first_thread(|| body()));
}

fn run_part(execution: &Rc<RefCell<Execution<Sharing>>>, part: Part, body: &Body) {
    let Part { place, path, base, explored, outcome: Outcome { tally, cut } } = part;
    {
        let mut execution = execution.borrow_mut();
        execution.change_part(tally);
        execution.strategy().take_up(place, path, base, explored);
    }
    run_executions(execution, body);
    let mut execution = execution.borrow_mut();
    let tally = execution.change_part(Tally::default());
    if execution.is_out_of_time() {
        execution.strategy().stop();
    }
    execution.strategy().put_down(Outcome { tally, cut });
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
