//! One execution after another: the engine's side of the facade's back end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lwp_core::sync::model::{self, Access, Announcement, Control, Kind, Misuse, Object, Operation, Turn};
use lwp_core::sync::state::Description;
use lwp_core::sync::{Objection, Verdict};

use super::clock::{THREADS, Threads};
use super::data_race::{self, Detector};
use super::dependency::Dependencies;
use super::endless::{self, Fair, Round};
use super::failure::{self, Failure, FailureKind};
use super::memory::Memory;
use super::monitor::Monitor;
use super::oversight::Oversight;
use super::schedule::Step;
use super::states::Kept;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::{Name, World};
use crate::job::way;

thread_local! {
    /// Whether this operating-system thread explores, so that its panics are not for the terminal.
    pub static EXPLORES: Cell<bool> = const { Cell::new(false) };
    /// Steps that the execution has taken which runs on this operating-system thread.
    pub static TAKEN: Cell<usize> = const { Cell::new(0) };
    /// Where the last panic of a model was.
    pub static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// When to stop.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Wall-clock time for everything.
    pub time: Option<Duration>,
    /// Executions.
    pub executions: Option<u64>,
    /// Steps of one execution.
    pub steps: usize,
    /// Whether an execution in which nobody can go on is one like any other, and no failure.
    pub standstills_are_outcomes: bool,
    /// Whether to go on after a failure, until an execution ends well.
    pub until_one_ends_well: bool,
    /// Whether to go on after a failure, and keep the shortest execution of each way to fail.
    pub every_way: bool,
}

/// What the executions of one exploration have in common, whichever worker runs them.
#[derive(Clone, Debug)]
pub struct Setting {
    /// When to stop.
    pub bounds: Bounds,
    /// Whether to collect the distinct executions.
    pub traces: bool,
    /// A mistake in the race detector.
    pub oversight: Oversight,
    /// Where the program comes from, for messages about its first thread.
    pub place: &'static Location<'static>,
    /// When the exploration began.
    pub started: Instant,
}

/// The distinct executions, where somebody wants to know them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// A hash of each happens-before order.
    pub hashes: HashSet<u64>,
    /// Executions that had been seen before.
    pub repeated: u64,
}

/// What came of all executions together.
#[derive(Debug, Default)]
pub struct Tally {
    /// Executions that were begun.
    pub executions: u64,
    /// Those among them that were given up because another had covered them.
    pub blocked: u64,
    /// Those that came to a state from which everything had been seen.
    pub known: u64,
    /// Those that a limit cut short.
    pub cut: u64,
    /// The states that were kept, where they were.
    pub states: Option<Kept>,
    /// Those that ended because nobody could go on, where that is no failure.
    pub standstills: u64,
    /// Steps.
    pub steps: u64,
    /// What was wrong with the last execution, and its schedule.
    pub failure: Option<(Failure, Vec<Step>)>,
    /// The ways to fail, where all were asked for, each with the shortest schedule.
    pub ways: Vec<(Failure, Vec<Step>)>,
    /// What kept the strategy from finishing.
    pub bound: Option<String>,
    /// Of the first execution that a limit cut short, which thread was about to do what, and its schedule.
    pub cut_at: Option<(String, Vec<Step>)>,
    /// The distinct executions.
    pub traces: Option<Traces>,
    /// Whether an execution has ended well, where one was looked for.
    pub ended_well: bool,
    /// Whether one has failed before it came to a standstill, where one that ends well was looked for.
    pub failed_early: bool,
}

/// A step that was taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    step: Step,
    /// What the thread did.
    announcement: Announcement,
    /// It waited.
    waits: bool,
}

impl Traces {
    fn add(&mut self, others: Traces) {
        self.repeated += others.repeated;
        for hash in others.hashes {
            self.repeated += u64::from(!self.hashes.insert(hash));
        }
    }
}

impl Tally {
    /// What came of the executions that follow these.
    pub fn add(&mut self, next: Tally) {
        self.executions += next.executions;
        self.blocked += next.blocked;
        self.known += next.known;
        self.cut += next.cut;
        self.standstills += next.standstills;
        self.steps += next.steps;
        self.failure = self.failure.take().or(next.failure);
        self.cut_at = self.cut_at.take().or(next.cut_at);
        next.ways.into_iter().for_each(|(failure, schedule)| self.keep_shortest(failure, schedule));
        if let Some(bound) = &next.bound {
            self.is_bounded(bound);
        }
        match (&mut self.traces, next.traces) {
            (Some(traces), Some(next)) => traces.add(next),
            (traces, next) => *traces = traces.take().or(next),
        }
        self.ended_well |= next.ended_well;
        self.failed_early |= next.failed_early;
    }

    /// Something keeps the strategy from finishing, beside what is known to.
    pub fn is_bounded(&mut self, bound: &str) {
        match &mut self.bound {
            None => self.bound = Some(bound.to_owned()),
            Some(known) if known.split(", ").any(|part| part == bound) => {}
            Some(known) => *known = format!("{known}, {bound}"),
        }
    }

    /// Keeps a failing execution unless a shorter one is known that fails in the same way.
    fn keep_shortest(&mut self, failure: Failure, schedule: Vec<Step>) {
        let message = failure.to_string();
        match self.ways.iter_mut().find(|(known, _)| way(&known.to_string()) == way(&message)) {
            Some((_, known)) if known.len() <= schedule.len() => {}
            Some(known) => *known = (failure, schedule),
            None => self.ways.push((failure, schedule)),
        }
    }
}

/// Runs executions as a strategy says.
pub struct Execution<S> {
    strategy: S,
    world: World,
    detector: Detector,
    dependencies: Dependencies,
    /// What tells states apart, where the strategy wants to know.
    memory: Option<Memory>,
    /// The steps so far, and while they are repeated, those that are still to come.
    schedule: Vec<Taken>,
    /// How many steps the execution repeats of the one before.
    repeats: usize,
    running: usize,
    /// The execution is not to go on: every thread unwinds when its turn comes.
    given_up: Option<Ending>,
    failure: Option<Failure>,
    /// What the program says of the execution where nobody can go on in the end.
    verdict: Option<Verdict>,
    /// It has objected to that end.
    objects: bool,
    /// How the execution goes on that has come to its limit.
    fair: Option<Fair>,
    /// What the running thread has done while a panic unwinds it, if anything: no step, so not explored.
    unwinding: Option<&'static Location<'static>>,
    bounds: Bounds,
    started: Instant,
    run: u64,
    place: &'static Location<'static>,
    monitor: Arc<Monitor>,
    begun: bool,
    traces: bool,
    out_of_time: bool,
    /// What came of it so far.
    pub tally: Tally,
}

impl<S: Strategy> Execution<S> {
    /// Nothing has run yet. `run` is a number that no other execution of this process has.
    pub fn new(strategy: S, setting: &Setting, run: u64, monitor: Arc<Monitor>) -> Execution<S> {
        let Setting { bounds, traces, oversight, place, started } = setting.clone();
        let memory = strategy.states().map(|_| Memory::default());
        let mut world = World::default();
        if memory.is_some() {
            world.name_objects();
        }
        Execution {
            strategy,
            memory,
            world,
            detector: Detector::new(oversight),
            dependencies: Dependencies::default(),
            schedule: Vec::new(),
            repeats: 0,
            running: 0,
            given_up: None,
            failure: None,
            verdict: None,
            objects: false,
            fair: None,
            unwinding: None,
            bounds,
            started,
            run,
            place,
            monitor,
            begun: false,
            traces,
            out_of_time: false,
            tally: Tally { traces: traces.then(Traces::default), ..Tally::default() },
        }
    }

    /// The strategy.
    pub fn strategy(&mut self) -> &mut S {
        &mut self.strategy
    }

    /// Goes on as another part of the search, of which so much is known; gives what came of the part before.
    pub fn change_part(&mut self, known: Tally) -> Tally {
        self.begun = false;
        let before = std::mem::replace(&mut self.tally, known);
        if self.traces {
            self.tally.traces.get_or_insert_default();
        }
        before
    }

    /// Whether there was no time for all.
    pub fn is_out_of_time(&self) -> bool {
        self.out_of_time
    }

    /// What came of all executions, which have ended.
    pub fn conclude(&mut self) -> Tally {
        let mut tally = std::mem::take(&mut self.tally);
        tally.bound = tally.bound.or(self.strategy.bound());
        tally
    }

    /// The thread that runs.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Ends the execution that has run, and begins the next unless there is none.
    pub fn begin(&mut self) -> bool {
        if self.begun && (!self.finish() || self.time_is_up()) {
            return false;
        }
        let more = self.strategy.begin();
        self.tally.states = self.strategy.states();
        if !more {
            return false;
        }
        if self.bounds.executions.is_some_and(|limit| self.tally.executions >= limit) {
            self.tally.bound = Some(format!("{} executions", self.tally.executions));
            return false;
        }
        self.begun = true;
        self.tally.executions += 1;
        self.repeats = self.strategy.repeats().min(self.schedule.len());
        self.world.begin(self.place, self.repeats, self.traces);
        self.detector.rewind(self.repeats);
        if let Some(memory) = &mut self.memory {
            memory.rewind(self.repeats);
        }
        self.schedule.truncate(self.repeats);
        (self.running, self.given_up, self.failure) = (0, None, None);
        (self.verdict, self.objects) = (None, false);
        (self.fair, self.unwinding) = (None, None);
        self.decide();
        true
    }

    /// Counts the execution that has ended. Whether another may follow.
    fn finish(&mut self) -> bool {
        if model::trespassed(self.run) {
            let description =
                "an operation came from a thread that the engine does not control (a real one)".into();
            self.failure = Some(Failure { kind: FailureKind::Nondeterministic, description });
        }
        // One that was continued has left others out, however it came to its end.
        let ended = if self.fair.is_some() { Ending::Cut } else { Ending::Complete };
        let ending = self.given_up.unwrap_or(ended);
        let early = self.strategy.end(ending, self.taken());
        let diverges = |failure: &Option<Failure>| {
            failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Nondeterministic)
        };
        if let Some(early) = early.filter(|_| !diverges(&self.failure)) {
            self.failure = Some(early);
        }
        let diverges = diverges(&self.failure);
        if self.bounds.until_one_ends_well && !diverges {
            self.tally.ended_well = self.failure.is_none() && ending == Ending::Complete;
            let early = self.failure.take().is_some_and(|failure| !failure.kind.is_standstill());
            self.tally.failed_early |= early;
            if self.tally.ended_well {
                return false;
            }
        }
        if let Some(failure) = self.failure.take() {
            if self.bounds.standstills_are_outcomes && failure.kind.is_standstill() && !self.objects {
                self.count_distinct();
                self.tally.standstills += 1;
            } else {
                let steps = self.steps();
                if self.bounds.every_way && !diverges {
                    self.tally.keep_shortest(failure, steps);
                } else {
                    self.tally.failure = Some((failure, steps));
                    return false;
                }
            }
        }
        match ending {
            Ending::Complete => self.count_distinct(),
            Ending::Blocked => self.tally.blocked += 1,
            Ending::Known => self.tally.known += 1,
            Ending::Cut => self.tally.cut += 1,
            Ending::Failed => {}
        }
        self.monitor.execution(ending == Ending::Blocked);
        true
    }

    fn count_distinct(&mut self) {
        if let (Some(traces), Some(hash)) = (&mut self.tally.traces, self.world.history.hash())
            && !traces.hashes.insert(hash)
        {
            traces.repeated += 1;
        }
    }

    fn time_is_up(&mut self) -> bool {
        if self.monitor.is_abandoned() {
            self.out_of_time = true;
            return true;
        }
        let Some(limit) = self.bounds.time.filter(|&limit| self.started.elapsed() >= limit) else {
            return false;
        };
        self.out_of_time = true;
        // An execution that was cut is a bound of its own, which more time would not lift.
        self.tally.is_bounded(&format!("{} seconds", limit.as_secs_f64()));
        true
    }

    /// How many steps were taken.
    fn taken(&self) -> usize {
        self.world.history.events().len()
    }

    /// Decides who runs, and does its step.
    fn decide(&mut self) {
        if self.given_up.is_none() && self.taken() < self.repeats {
            match self.repeat() {
                Ok(()) => return,
                Err(failure) => self.fail(failure),
            }
        }
        if self.given_up.is_none() {
            let enabled = self.world.enabled();
            if let Some(thread) = self.world.starts_too_many() {
                self.is_cut(thread, &format!("{THREADS} threads in an execution"));
                self.given_up = Some(Ending::Cut);
            } else if self.fair.is_some() {
                if self.continues(enabled) {
                    return;
                }
            } else if enabled.is_empty() {
                self.report_stuck(enabled);
                if self.world.waits_on_old_looks() {
                    self.given_up = Some(Ending::Blocked);
                } else {
                    let standstill = self.standstill();
                    self.fail(standstill);
                }
            } else if self.taken() >= self.bounds.steps {
                self.is_cut(self.running, &format!("{} steps in an execution", self.bounds.steps));
                return self.go_on();
            } else {
                self.tell_state();
                match self.strategy.decide(&self.world, enabled, self.running) {
                    Decision::Run(step) => return self.take(step),
                    Decision::GiveUp(ending) => {
                        if ending != Ending::Known {
                            self.report_stuck(enabled);
                        }
                        self.given_up = Some(ending);
                    }
                    Decision::Fail(failure) => self.fail(failure),
                    Decision::GoOn => return self.go_on(),
                }
            }
        }
        // The first thread unwinds last.
        if let Some(last) = self.world.threads().iter().rposition(|t| !t.ended) {
            self.running = last;
        }
    }

    /// The execution goes on, and nothing that it does is part of the search.
    fn go_on(&mut self) {
        self.fair = Some(Fair::new(self.taken(), self.bounds.steps));
        self.decide();
    }

    /// Takes the next step of an execution that has come to its limit, unless it is known whether it goes on for ever.
    fn continues(&mut self, enabled: Threads) -> bool {
        let Some(fair) = &self.fair else { return false };
        if let Some(thread) = fair.next(enabled).filter(|_| !fair.is_over()) {
            let choice = choices(&self.world, thread).map(|_| 0);
            self.take(Step { thread, choice });
            return true;
        }
        // A turn that saw what is not so any more would in its loop be begun again: its thread has not had its turn.
        let can_tell = !enabled.is_empty() && !self.world.waits_on_old_looks();
        match fair.rounds().filter(|_| can_tell) {
            Some(rounds) => {
                self.shorten(&rounds);
                self.fail(endless::failure(&rounds));
            }
            None => self.given_up = Some(Ending::Cut),
        }
        false
    }

    /// A limit cuts the execution short, in which `thread` is about to take a step.
    #[cold]
    fn is_cut(&mut self, thread: usize, limit: &str) {
        let next = self.world.thread(thread).pending.as_ref();
        let next = next.map_or("go on".into(), |next| failure::operation_name(&self.world, next));
        let steps = self.steps();
        let first = || (format!("{} is about to {next}", failure::thread_name(thread)), steps);
        self.tally.cut_at.get_or_insert_with(first);
        self.tally.is_bounded(limit);
    }

    /// The steps that lead to where the execution is; where it was continued, to where that began.
    fn steps(&self) -> Vec<Step> {
        let steps = self.fair.as_ref().map_or(self.taken(), |fair| fair.from);
        self.schedule[..steps].iter().map(|taken| taken.step).collect()
    }

    /// The execution goes on for ever: it is told as if it had been continued from where all threads have gone round once.
    fn shorten(&mut self, rounds: &[Round]) {
        let all = &self.schedule[..self.taken()];
        let does = |thread| move |&(_, taken): &(usize, &Taken)| taken.step.thread == thread;
        let mut from = 0;
        for thread in 0..self.world.threads().len() {
            let steps: Vec<(usize, &Taken)> = all.iter().enumerate().filter(does(thread)).collect();
            let goes_round = rounds.iter().find(|round| round.thread == thread);
            let first_round = goes_round.and_then(|round| {
                let again = |&at: &usize| steps[at].1.announcement == steps[at + round.steps].1.announcement;
                let rest = (0..steps.len() - round.steps).rev().take_while(again).last()?;
                Some(rest + round.steps - 1)
            });
            let last = first_round.or(steps.len().checked_sub(1)).and_then(|at| steps.get(at));
            from = from.max(last.map_or(0, |(at, _)| at + 1));
        }
        if let Some(fair) = &mut self.fair {
            fair.from = fair.from.min(from);
        }
    }

    /// Has the strategy know the state, where it wants to.
    fn tell_state(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        let step = self.world.history.events().len();
        if step < memory.depth() {
            memory.restore(step);
        } else {
            let state = memory.state(&self.world, self.running);
            self.strategy.arrives(&self.world, &self.detector, state);
        }
    }

    /// The execution ends before some threads could go on.
    fn report_stuck(&mut self, enabled: Threads) {
        for thread in 0..self.world.threads().len() {
            if !enabled.has(thread) && !self.world.thread(thread).ended {
                self.dependencies.find(&self.world, thread);
                self.strategy.stuck(&self.world, thread, &self.dependencies);
            }
        }
    }

    /// Nobody can go on: what the program says of it, in words where somebody reads them.
    fn standstill(&mut self) -> Failure {
        if let Some((thread, place)) = self.world.changes_its_mind() {
            return failure::misused_wait(thread, place, failure::CHANGES_ITS_MIND);
        }
        let verdict = self.verdict.take().filter(|_| self.bounds.standstills_are_outcomes);
        let objection = verdict.and_then(|verdict| verdict().err());
        self.objects = objection.is_some();
        let kind = failure::standstill(&self.world);
        let is_read = !self.bounds.standstills_are_outcomes && !self.bounds.until_one_ends_well;
        let described = || failure::describe_standstill(&self.world, kind);
        match objection {
            Some(Objection::Claim(claim)) => Failure { kind: FailureKind::Assertion, description: claim },
            Some(Objection::Standstill(why)) => {
                Failure { kind, description: format!("{}; {why}", described()) }
            }
            None => Failure { kind, description: if is_read { described() } else { String::new() } },
        }
    }

    fn fail(&mut self, failure: Failure) {
        if self.failure.is_none() {
            self.failure = Some(failure);
        }
        self.given_up = Some(Ending::Failed);
    }

    /// The step that the execution before took here is taken again. What it depends on and who else could go on is
    /// known; only that the thread does the same again is not.
    ///
    /// # Errors
    /// It does something else.
    fn repeat(&mut self) -> Result<(), Failure> {
        let steps = self.taken();
        let Taken { step, announcement, waits } = self.schedule[steps];
        let thread = self.world.thread_mut(step.thread);
        if thread.pending != Some(announcement) {
            return Err(failure::does_something_else(&self.world, steps, step.thread, Some(&announcement)));
        }
        if thread.waits_at.is_some() != waits {
            return Err(failure::others_go_on(steps));
        }
        thread.pending = None;
        self.world.history.repeat();
        self.perform(step, &announcement);
        Ok(())
    }

    /// A thread takes a step that the execution before did not take.
    fn take(&mut self, step: Step) {
        let thread = step.thread;
        self.dependencies.find(&self.world, thread);
        // What it does behind its limit, the strategy has not asked for.
        let asked = self.fair.is_none();
        if asked {
            self.strategy.step(&self.world, thread, &self.dependencies);
        }
        let (effect, object) = self.world.effect(thread);
        let Some(announcement) = self.world.thread_mut(thread).pending.take() else {
            unreachable!("an enabled thread has announced what it does")
        };
        let clock = self.dependencies.clock(&self.world.history);
        let name = self.name_of(&announcement, object, step.choice);
        let before = object.map(|o| (o, self.world.thing(o).value));
        self.world.history.push(thread, effect, before, clock, name);
        let waits = self.world.waits_at(thread).is_some();
        self.schedule.push(Taken { step, announcement, waits });

        let result = self.perform(step, &announcement);
        if let Some(memory) = &mut self.memory {
            memory.step(thread, result);
            if announcement.operation == Operation::Spawn {
                memory.begins(result, thread);
            }
        }
        if let Some(fair) = &mut self.fair {
            fair.took(thread, &announcement, result);
        }
        if asked
            && data_race::stores(&announcement, result)
            && let Some(object) = announcement.object
        {
            self.strategy.accessed(&self.world, thread, object, true, true);
        }
        match self.detector.operation(&self.world, thread, &announcement, result) {
            Ok(sync) if asked => self.strategy.taken(&self.world, &announcement, thread, sync),
            Ok(_) => {}
            Err(race) => self.fail(race),
        }
    }

    /// What tells a step from others of its thread, in all equivalent executions alike.
    fn name_of(
        &self,
        announcement: &Announcement,
        object: Option<Object>,
        choice: Option<usize>,
    ) -> (Operation, Option<Name>, Option<usize>) {
        let number = |thread: usize| self.world.thread(thread).number;
        let operation = match announcement.operation {
            Operation::Join(other) => Operation::Join(number(other)),
            other => other,
        };
        let (maker, made) = object.map(|o| self.world.thing(o).name).unwrap_or_default();
        (operation, object.map(|_| (number(maker), made)), choice)
    }

    /// Does what the last event says. Gives the result.
    fn perform(&mut self, step: Step, announcement: &Announcement) -> usize {
        let thread = step.thread;
        self.running = thread;
        self.tally.steps += 1;
        TAKEN.set(self.taken());
        self.monitor.step(thread, announcement.place);
        let result = self.world.perform(thread, announcement, step.choice.unwrap_or(0));
        self.world.looked(thread, announcement, result);
        let acting = self.world.thread_mut(thread);
        acting.misuse = None;
        acting.result = result;
        if self.tally.steps.is_multiple_of(4096) && self.time_is_up() {
            self.given_up.get_or_insert(Ending::Cut);
        }
        result
    }

    /// A destructor's operation while a panic unwinds: it happens at once, so that nothing can block it.
    fn take_quietly(&mut self, announcement: &Announcement) -> usize {
        self.unwinding.get_or_insert(announcement.place);
        let held = announcement.object.is_some_and(|o| self.world.thing(o).value != 0);
        match announcement.operation {
            Operation::Lock if held => 0,
            Operation::Spawn if self.world.threads().len() == THREADS => 0,
            _ => self.world.perform(self.running, announcement, 0),
        }
    }
}

impl<S: Strategy> Control for Execution<S> {
    fn run(&self) -> u64 {
        self.run
    }

    fn new_object(&mut self, kind: Kind, value: usize, place: &'static Location<'static>) -> Object {
        if let Some(waits_at) = self.world.waits_at(self.running) {
            self.misuses_wait(waits_at, &format!("makes an object at {place}, where it may only look"));
        }
        self.world.add_object(self.running, kind, value, place)
    }

    fn announce(&mut self, announcement: Announcement) -> Turn {
        if std::thread::panicking() {
            return Turn::Go(self.take_quietly(&announcement));
        }
        if self.given_up.is_some() {
            return Turn::Unwind;
        }
        let me = self.running;
        if self.unwinding.is_some() {
            self.has_caught_panic();
        }
        if self.may(&announcement) {
            self.world.thread_mut(me).pending = Some(announcement);
        }
        self.decide();
        if self.running == me { self.resumed() } else { Turn::Switch }
    }

    fn resumed(&mut self) -> Turn {
        match self.given_up {
            Some(_) => Turn::Unwind,
            None => Turn::Go(self.world.thread(self.running).result),
        }
    }

    fn access(&mut self, object: Object, access: Access, place: &'static Location<'static>) -> Option<usize> {
        let value = self.world.thing(object).value;
        if access == Access::Peek {
            return Some(value);
        }
        if std::thread::panicking() {
            self.unwinding.get_or_insert(place);
            return Some(value);
        }
        if let Some(waits_at) = self.world.waits_at(self.running) {
            if access == Access::Read {
                self.world.thread_mut(self.running).reads = true;
            } else {
                let what = failure::object_name(&self.world, object);
                self.misuses_wait(waits_at, &format!("changes {what} at {place}, where it may only look"));
            }
        }
        // What follows a step that is repeated was checked when the step was new.
        if self.taken() <= self.repeats && self.given_up.is_none() {
            if access == Access::Free {
                self.world.set_value(object, 1);
            }
        } else if self.given_up.is_none() {
            if let Some(memory) = &mut self.memory {
                memory.access(self.running, object, access, value);
                if self.fair.is_none() {
                    self.strategy.accessed(&self.world, self.running, object, access != Access::Read, false);
                }
            }
            match self.detector.access(&self.world, self.running, object, access, place) {
                Ok(()) if access == Access::Free => self.world.set_value(object, 1),
                Ok(()) => {}
                Err(race) => self.fail(race),
            }
        }
        self.given_up.is_none().then_some(value)
    }

    fn misuse(&mut self, object: Object, misuse: Misuse) {
        self.world.thread_mut(self.running).misuse = Some((object, misuse));
    }

    fn current(&self) -> usize {
        self.world.thread(self.running).number
    }

    fn started_as(&self, number: usize) -> usize {
        self.world.numbered(number).map_or(number, |thread| thread + 1)
    }

    fn ended(&mut self, panic: Option<Box<dyn Any + Send>>) {
        let me = self.running;
        let thread = self.world.thread_mut(me);
        thread.ended = true;
        thread.pending = None;
        if let Some(panic) = panic {
            let misuse = thread.misuse;
            let message =
                panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(|s| &**s));
            let place = PANICKED_AT.with(|p| p.borrow_mut().take());
            let message: Vec<&str> = message.unwrap_or("no message").lines().map(str::trim).collect();
            self.fail(failure::panicked(me, misuse, &message.join("; "), place.as_deref()));
        } else if self.given_up.is_none() {
            self.has_caught_panic();
        }
        if self.unfinished() {
            self.decide();
        } else {
            // Where it did not end last, it waits for that.
            self.running = 0;
        }
    }

    fn unfinished(&self) -> bool {
        self.world.threads().iter().any(|t| !t.ended)
    }

    fn wait_begins(&mut self, place: &'static Location<'static>) -> Option<usize> {
        if let Some(outer) = self.world.thread(self.running).waits_at {
            self.misuses_wait(outer, &format!("waits at {place}, within the condition that it waits for"));
            return None;
        }
        self.world.wait_begins(self.running, place);
        let thread = self.running;
        self.when_new(|memory| memory.waits(thread, true));
        Some(self.running)
    }

    fn wait_ends(&mut self) {
        self.world.wait_ends(self.running);
        let thread = self.running;
        self.when_new(|memory| memory.waits(thread, false));
    }

    fn passes_wait(&mut self, place: &'static Location<'static>) {
        self.unwinding.get_or_insert(place);
    }

    fn wait_goes_on(&mut self) {
        let thread = self.world.thread(self.running);
        let Some(place) = thread.waits_at else { return };
        let what = match (thread.looks.is_empty(), thread.reads) {
            (true, _) => failure::LOOKS_AT_NOTHING,
            (false, true) => failure::READS_LAST,
            (false, false) => failure::CHANGES_ITS_MIND,
        };
        self.misuses_wait(place, what);
    }

    fn keeps_states(&self) -> bool {
        self.memory.is_some()
    }

    fn remembers(&mut self, remembered: u64) {
        let thread = self.running;
        self.when_new(|memory| memory.remembers(thread, remembered));
    }

    fn begins_turns(&mut self) {
        let thread = self.running;
        self.when_new(|memory| memory.begins_turns(thread));
    }

    fn begins_turn(&mut self, goes_on: bool, place: &'static Location<'static>) {
        let thread = self.running;
        self.when_new(|memory| memory.begins_turn(thread, goes_on, place));
    }

    fn describes(&mut self, description: Description) {
        if let Some(memory) = &mut self.memory {
            memory.describes(description);
        }
    }

    fn judges_standstill(&mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }

    fn values(&self) -> Vec<usize> {
        self.world.values().collect()
    }
}

impl<S: Strategy> Execution<S> {
    /// What follows a step that is repeated is remembered from when it was new.
    fn when_new(&mut self, does: impl FnOnce(&mut Memory)) {
        let is_new = self.world.history.events().len() > self.repeats;
        if let Some(memory) = self.memory.as_mut().filter(|_| is_new) {
            does(memory);
        }
    }

    /// A thread goes on that a panic had begun to unwind. No other thread could run while it did: what it did meanwhile is not
    /// explored.
    #[cold]
    fn has_caught_panic(&mut self) {
        if let Some(place) = self.unwinding.take() {
            self.tally.is_bounded(&format!("a caught panic that did something at {place} on its way"));
        }
    }

    /// The condition of a wait breaks what [`model::ask`] assumes of it.
    #[cold]
    fn misuses_wait(&mut self, place: &'static Location<'static>, what: &str) {
        self.fail(failure::misused_wait(self.running, place, what));
    }

    /// Whether the running thread may do this: one that waits may only look.
    fn may(&mut self, announcement: &Announcement) -> bool {
        let Some(place) = self.world.waits_at(self.running) else { return true };
        if announcement.operation.look(0).is_some() {
            return true;
        }
        let what = failure::operation_name(&self.world, announcement);
        self.misuses_wait(place, &format!("is to {what}, where it may only look"));
        false
    }
}
