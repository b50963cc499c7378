//! The complete search: dynamic partial-order reduction with source sets and sleep sets.
//!
//! After Abdulla, Aronis, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014), and their "Source
//! sets" (JACM 2017), algorithm 1. Two executions are *equivalent* when they differ only in the order of independent
//! operations; every equivalence class is explored, and no class twice:
//!
//! * The search is depth first over the tree of schedules. At each node it explores the threads of a *backtrack set*,
//!   which begins with one thread and grows, in the order in which they were added.
//! * For each *race* between an event `e` and the operation of a thread `q`, there has to be an execution in which the
//!   operation comes first. Let `v` be the events after `e` that `e` does not happen before, then the operation. The
//!   *initials* of `v` are the threads whose first event in `v` nothing else in `v` happens before. If the node in front
//!   of `e` does not already explore one of them, one of them is added: its backtrack set becomes a *source set*.
//! * A thread that a node has explored goes to *sleep* there, and stays asleep in the nodes below until an operation that
//!   depends on its own happens. Exploring a sleeping thread would only repeat. Where all enabled threads sleep,
//!   the execution is *blocked* and given up.
//!
//! An operation that depends on nothing (a thread's first step, a join, a choice) is done at once: the thread that does it is a source
//! set by itself. The results of a choice are all explored before its thread goes to sleep.
//!
//! A search may be through a part of the tree only: what is below a path whose nodes are explored elsewhere. What it asks of
//! them it hands on.
//!
//! Memory: one node a step of the longest execution, however many executions there are.

use lwp_core::sync::model::{Announcement, Object, Operation};

use super::clock::{THREADS, Threads};
use super::data_race::Detector;
use super::dependency::{Dependencies, independent};
use super::event::{Effect, History, Index};
use super::failure::{Failure, diverges, does_something_else, others_go_on};
use super::items::Item;
use super::memory::StateKey;
use super::needs::Sync;
use super::node::{Node, Order, Request};
use super::once::Once;
use super::path::Path;
use super::requests::Requests;
use super::schedule::Step;
use super::states::Kept;
use super::strategy::{Decision, Ending, Strategy, choices};
use super::world::World;
use crate::reach::preemptions;

/// A mistake that is built into the search on purpose, to show that the cross-checks would find it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// None.
    #[default]
    None,
    /// Threads never sleep.
    NoSleepSets,
    /// Sleeping threads are never woken.
    NothingWakes,
    /// Races with an event that only looks are overlooked.
    DroppedRace,
    /// A try-lock is taken not to depend on a release.
    WrongDependency,
    /// The initials are taken to be all threads of `v`.
    WrongInitials,
    /// What a disabled thread could have done earlier is overlooked where it never gets to do it.
    ForgottenWaiters,
    /// Only the first result of a choice is explored.
    OneChoice,
    /// A look of a thread that waits is taken not to race with what would have kept it waiting.
    WaitsDoNotRace,
    /// Of what would have kept a waiting thread waiting, only the last change of the word is thought of.
    WaitsForgetAllButOne,
    /// A thread that sleeps and waits is not woken by a change of what it looks at.
    WaitersSleepOn,
    /// An exchange that fails is taken not to race with what made it fail.
    FailedExchangesDoNotRace,
    /// A try that fails is taken not to race with whoever took the lock.
    FailedTriesDoNotRace,
    /// What follows a state that was seen is taken not to race with what precedes it.
    StatesHideRaces,
    /// A state that was seen is taken for seen whoever slept there.
    StatesForgetSleep,
    /// What follows a state that was seen is taken not to race for data with what precedes it.
    StatesHideDataRaces,
}

impl Flaw {
    /// The flaws of every search.
    pub const ALL: [Flaw; 12] = [
        Flaw::NoSleepSets,
        Flaw::NothingWakes,
        Flaw::DroppedRace,
        Flaw::WrongDependency,
        Flaw::WrongInitials,
        Flaw::ForgottenWaiters,
        Flaw::OneChoice,
        Flaw::WaitsDoNotRace,
        Flaw::WaitsForgetAllButOne,
        Flaw::WaitersSleepOn,
        Flaw::FailedExchangesDoNotRace,
        Flaw::FailedTriesDoNotRace,
    ];

    /// The flaws of a search that enters no state twice.
    pub const OF_STATES: [Flaw; 3] =
        [Flaw::StatesHideRaces, Flaw::StatesForgetSleep, Flaw::StatesHideDataRaces];
}

/// The complete search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The path to the current execution.
    path: Path,
    /// From this node on the path is the search's own. What is in front of it others explore.
    base: usize,
    /// At most so many steps of the path did the execution before take too.
    known: usize,
    /// From this step on the execution does what no execution has done.
    fresh: usize,
    /// What is asked of the nodes that are not its own.
    requests: Requests,
    /// Steps of the current execution, those included that it is still to repeat.
    depth: usize,
    /// The threads that sleep after the last step.
    asleep: Threads,
    started: bool,
    preemptions: Option<usize>,
    /// Whether the bound on preemptions kept anything from being explored.
    cut: bool,
    flaw: Flaw,
    /// What every execution begins with.
    prefix: Vec<Step>,
    /// What a search keeps that enters no state twice.
    once: Option<Once>,
}

impl Search {
    /// A search that has not begun.
    pub fn new(preemptions: Option<usize>, flaw: Flaw) -> Search {
        Search {
            path: Path::default(),
            base: 0,
            known: 0,
            fresh: 0,
            requests: Requests::default(),
            depth: 0,
            asleep: Threads::NONE,
            started: false,
            preemptions,
            cut: false,
            flaw,
            prefix: Vec::new(),
            once: None,
        }
    }

    /// The search, which enters no state twice, as far as it can keep so many.
    #[must_use]
    pub fn once(self, limit: usize) -> Search {
        Search { once: Some(Once::new(limit)), ..self }
    }

    /// A search through the executions that begin with `prefix`: a search from the state that it leads to.
    pub fn after(prefix: Vec<Step>, flaw: Flaw) -> Search {
        Search { base: prefix.len(), prefix, ..Search::new(None, flaw) }
    }

    /// A part of the tree that is the search's own from now on: what is below the first `base` nodes of the path.
    /// `explored` says whether all that begins as the path does has been explored.
    pub fn take_up(&mut self, path: Path, base: usize, explored: bool) {
        self.known = path.common(&self.path, self.known);
        (self.path, self.base, self.started) = (path, base, explored);
        self.requests = Requests::default();
        self.cut = false;
    }

    /// Where the tree can be divided best: at the first of the search's own nodes at which something is left to explore
    /// beside what is being explored. The path to that node, which is its own no more, and where it began to be.
    pub fn divide(&mut self) -> Option<(Path, usize)> {
        let limit = self.limit();
        let base = self.base;
        let depth = (base..self.path.len()).find(|&depth| {
            let node = self.path.node(depth);
            node.choices.is_some_and(|n| node.choice + 1 < n) || node.next(limit, &mut self.cut).is_some()
        })?;
        self.base = depth + 1;
        Some((self.path.to(depth + 1), base))
    }

    /// What has been asked of nodes that are not the search's own since this was last called.
    pub fn requests(&mut self) -> impl Iterator<Item = Request> + '_ {
        self.requests.take_new()
    }

    /// Whether the bound on preemptions kept anything from being explored.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// What kept the search from seeing every execution if its bound on preemptions has `cut` anything.
    pub fn bound_if(&self, cut: bool) -> Option<String> {
        let limit = self.preemptions.filter(|_| cut)?;
        // Source sets presuppose that nothing is cut (Coons, Musuvathi, McKinley, OOPSLA 2013).
        Some(format!("{}, and not all executions with fewer", preemptions(limit)))
    }

    fn limit(&self) -> usize {
        self.preemptions.unwrap_or(usize::MAX)
    }

    /// Steps one result or one thread further at the deepest node where that is possible. Whether there was one.
    fn backtrack(&mut self) -> bool {
        let limit = self.limit();
        while self.path.len() > self.base
            && let Some(node) = self.path.last_mut()
        {
            if node.choices.is_some_and(|n| node.choice + 1 < n) && self.flaw != Flaw::OneChoice {
                node.choice += 1;
                return true;
            }
            node.sleep.add(node.thread);
            if let Some((turn, thread)) = node.next(limit, &mut self.cut) {
                (node.turn, node.thread, node.choice) = (turn, thread, 0);
                return true;
            }
            self.path.pop();
            if let Some(once) = &mut self.once {
                once.leave();
            }
        }
        false
    }

    /// At a node that an earlier execution has been at, and where another goes on than then, everything must be as it
    /// was: what each thread is about to do, and who can.
    fn revisit(&mut self, world: &World, enabled: Threads) -> Decision {
        let node = self.path.node(self.depth);
        let before = self.path.pending(self.depth);
        let now = world.threads();
        if let Some(thread) = (0..now.len()).find(|&t| before.get(t) != Some(&now[t].pending)) {
            let before = before.get(thread).and_then(Option::as_ref);
            return Decision::Fail(does_something_else(world, self.depth, thread, before));
        }
        if enabled != node.enabled {
            return Decision::Fail(others_go_on(self.depth));
        }
        let choices = choices(world, node.thread);
        self.path.node_mut(self.depth).choices = choices;
        Decision::Run(self.step_of_current_node())
    }

    /// At a node that no execution has been at, one thread is as good as another.
    fn visit(&mut self, world: &World, enabled: Threads, last: usize) -> Decision {
        let candidates = enabled.without(self.asleep);
        // Who depends on nothing goes first; else whoever ran, which spares a switch of stacks. The other way round
        // where switches count. Only a start of a thread takes its turn: a timeline in which a thread does something as soon
        // as it exists is easier to read.
        let starts = |t| world.thread(t).pending.is_some_and(|a| a.operation == Operation::Spawn);
        let local = |&t: &usize| world.effect(t).0 == Effect::Local && !starts(t);
        let local = candidates.iter().find(local);
        let last_again = candidates.has(last).then_some(last);
        let choice = if self.preemptions.is_some() { last_again.or(local) } else { local.or(last_again) };
        let given = self.prefix.get(self.depth).copied();
        let chosen = given.map(|step| step.thread).or(choice).or_else(|| candidates.first());
        let Some(thread) = chosen else {
            return Decision::GiveUp(Ending::Blocked);
        };
        if let Some(items) = self.once.as_mut().and_then(Once::turns_back) {
            self.reverse_races_of(world, &items);
            return Decision::GiveUp(Ending::Known);
        }
        let preemptions = self.path.last().map_or(0, |p| p.preemptions + usize::from(p.preempts(p.thread)));
        let node = Node {
            enabled,
            backtrack: Order::one(thread),
            sleep: self.asleep,
            thread,
            turn: 0,
            choice: given.and_then(|step| step.choice).unwrap_or(0),
            choices: choices(world, thread),
            last,
            preemptions,
        };
        if node.preempts(thread) && preemptions >= self.limit() {
            self.cut = true;
            return Decision::GiveUp(Ending::Cut);
        }
        self.path.push(node, world);
        if let Some(once) = &mut self.once {
            once.enter();
        }
        Decision::Run(self.step_of_current_node())
    }

    fn step_of_current_node(&mut self) -> Step {
        let node = self.path.node(self.depth);
        self.depth += 1;
        Step { thread: node.thread, choice: node.choices.map(|_| node.choice) }
    }

    /// Makes sure that the operation of `thread`, which races with the event at `event`, is also explored before it.
    fn reverse(&mut self, world: &World, event: Index, thread: usize, dependencies: &Dependencies) {
        if (event as usize) < self.prefix.len() {
            return;
        }
        let history = &world.history;
        let (mut initials, first) = initials(history, event);
        let mut seen = Threads::NONE;
        (0..THREADS).filter(|&t| first[t] != u32::MAX).for_each(|t| seen.add(t));
        if !seen.has(thread) {
            let clock = dependencies.clock_without(history, event);
            if seen.iter().all(|t| !clock.knows(t, first[t])) {
                initials.add(thread);
            }
        }
        if self.flaw == Flaw::WrongInitials {
            initials = seen.or(Threads::one(thread));
        }
        self.ask(Request { depth: event as usize, initials, thread });
    }

    /// Has a node explore one of some threads, or notes that it is to.
    fn ask(&mut self, request: Request) {
        let node = self.path.node_mut(request.depth);
        if request.depth >= self.base {
            node.ask(request);
        } else if !node.explores(request.initials) {
            self.requests.add(request);
        }
    }

    /// Makes sure that what follows the present state in executions that were seen, and races with what precedes it, is also
    /// explored before that.
    fn reverse_races_of(&mut self, world: &World, items: &[Item]) {
        if self.flaw == Flaw::StatesHideRaces {
            return;
        }
        let mut raced = vec![false; world.history.events().len()];
        for item in items {
            let Some(object) = world.named(item.object) else { continue };
            let known = world.history.clock(item.thread);
            for event in world.history.trail(object).all() {
                let earlier = world.history.event(event);
                raced[event as usize] |= earlier.thread != item.thread
                    && !known.knows(earlier.thread, earlier.number)
                    && may_race(earlier.effect, item.effect);
            }
        }
        for event in (0..raced.len()).filter(|&event| raced[event]) {
            self.reverse_unknown(world, event as Index);
        }
    }

    /// [`Search::reverse`], where it is not known what else precedes the operation.
    fn reverse_unknown(&mut self, world: &World, event: Index) {
        let depth = event as usize;
        let (initials, _) = initials(&world.history, event);
        if let Some(thread) = initials.first() {
            // Whatever follows, this comes first in it.
            return self.ask(Request { depth, initials, thread });
        }
        // It begins with a thread that has done nothing since: which one is not known.
        let raced = world.history.event(event);
        let later = &world.history.events()[depth + 1..];
        let busy = later.iter().fold(Threads::one(raced.thread), |all, e| all.or(Threads::one(e.thread)));
        let enabled = self.path.node(depth).enabled;
        let able = enabled.without(busy);
        for thread in if able.is_empty() { enabled } else { able }.iter() {
            self.ask(Request { depth, initials: Threads::one(thread), thread });
        }
    }

    fn overlooks(&self, world: &World, event: Index, thread: usize) -> bool {
        let fails = |operation: fn(Operation) -> bool| {
            let announced = world.thread(thread).pending.map(|announcement| announcement.operation);
            world.effect(thread).0 == Effect::Look && announced.is_some_and(operation)
        };
        let earlier = world.history.event(event).effect;
        let waits = world.thread(thread).waits_at.is_some();
        match self.flaw {
            Flaw::WaitsDoNotRace => waits,
            Flaw::WaitsForgetAllButOne => {
                let object = world.effect(thread).1;
                waits && object.and_then(|o| world.history.trail(o).last_change()) != Some(event)
            }
            Flaw::DroppedRace => earlier == Effect::Look,
            Flaw::WrongDependency => {
                earlier == Effect::Release && world.effect(thread).0 == Effect::TryAcquire
            }
            Flaw::FailedExchangesDoNotRace => fails(|o| matches!(o, Operation::CompareExchange { .. })),
            Flaw::FailedTriesDoNotRace => fails(|o| o == Operation::TryLock),
            _ => false,
        }
    }

    /// Whether a thread that sleeps goes on to do so when `thread` takes its step.
    fn sleeps_on(&self, world: &World, sleeper: usize, thread: usize) -> bool {
        let waits = || world.thread(sleeper).waits_at.is_some();
        independent(world, sleeper, thread)
            || self.flaw == Flaw::NothingWakes
            || self.flaw == Flaw::WaitersSleepOn && waits()
    }

    fn reverse_races(&mut self, world: &World, thread: usize, dependencies: &Dependencies) {
        for event in dependencies.races(&world.history, thread) {
            if !self.overlooks(world, event, thread) {
                self.reverse(world, event, thread, dependencies);
            }
        }
    }
}

/// The initials of what follows the event at `event` and does not depend on it; and for each thread the number of its
/// first event there, or the highest there is.
fn initials(history: &History, event: Index) -> (Threads, [u32; THREADS]) {
    let raced = history.event(event);
    let mut first = [u32::MAX; THREADS];
    let mut seen = Threads::NONE;
    let mut initials = Threads::NONE;
    for later in &history.events()[event as usize + 1..] {
        if seen.has(later.thread) || later.clock.knows(raced.thread, raced.number) {
            continue;
        }
        if seen.iter().all(|t| !later.clock.knows(t, first[t])) {
            initials.add(later.thread);
        }
        first[later.thread] = later.number;
        seen.add(later.thread);
    }
    (initials, first)
}

/// Whether something that follows, at a time that is not known, may race with an event.
fn may_race(earlier: Effect, later: Effect) -> bool {
    match later {
        // Who releases has acquired, and that races.
        Effect::Release => earlier == Effect::Look,
        Effect::Acquire => earlier != Effect::Release && earlier.conflicts_with(later),
        _ => earlier.conflicts_with(later),
    }
}

impl Strategy for Search {
    fn begin(&mut self) -> bool {
        if self.started && !self.backtrack() {
            return false;
        }
        // All but the last step of the path have been taken before.
        self.fresh = self.path.len().saturating_sub(1);
        self.depth = self.fresh.min(self.known);
        self.known = usize::MAX;
        self.started = true;
        self.asleep = Threads::NONE;
        true
    }

    fn repeats(&self) -> usize {
        self.depth
    }

    fn decide(&mut self, world: &World, enabled: Threads, last: usize) -> Decision {
        if self.depth < self.path.len() {
            self.revisit(world, enabled)
        } else {
            self.visit(world, enabled, last)
        }
    }

    fn step(&mut self, world: &World, thread: usize, dependencies: &Dependencies) {
        let at = self.depth - 1;
        if let Some(once) = &mut self.once {
            once.does(world, thread);
        }
        if at >= self.fresh {
            self.reverse_races(world, thread, dependencies);
        }
        let mut asleep = Threads::NONE;
        if self.flaw != Flaw::NoSleepSets {
            for sleeper in self.path.node(at).sleep.iter() {
                if self.sleeps_on(world, sleeper, thread) {
                    asleep.add(sleeper);
                }
            }
        }
        self.asleep = asleep;
    }

    fn stuck(&mut self, world: &World, thread: usize, dependencies: &Dependencies) {
        if let Some(once) = &mut self.once {
            once.does(world, thread);
        }
        // What cannot happen now could have happened before whatever disabled it. In an execution that goes on to its
        // end it happens later, and that race is seen then; in a blocked one or a deadlock it never happens.
        if self.flaw != Flaw::ForgottenWaiters {
            self.reverse_races(world, thread, dependencies);
        }
    }

    fn end(&mut self, ending: Ending, steps: usize) -> Option<Failure> {
        // A limit of time may cut an execution anywhere.
        let early = ending != Ending::Cut && steps < self.path.len();
        early.then(|| diverges(steps, "the execution went on before, and now ends"))
    }

    fn taken(&mut self, world: &World, announcement: &Announcement, thread: usize, sync: Sync) {
        if let Some(once) = &mut self.once {
            once.taken(world, announcement, thread, sync);
        }
    }

    fn accessed(&mut self, world: &World, thread: usize, object: Object, writes: bool, before: bool) {
        if let Some(once) = &mut self.once {
            once.accessed(world, thread, object, writes, before);
        }
    }

    fn arrives(&mut self, world: &World, detector: &Detector, state: StateKey) {
        let asleep = if self.flaw == Flaw::StatesForgetSleep { Threads::NONE } else { self.asleep };
        if let Some(once) = &mut self.once {
            once.arrives(world, detector, state, asleep, self.flaw == Flaw::StatesHideDataRaces);
        }
    }

    fn states(&self) -> Option<Kept> {
        self.once.as_ref().map(Once::kept)
    }

    fn bound(&self) -> Option<String> {
        self.bound_if(self.cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_the_way_through(steps: usize) -> Search {
        let mut search = Search::new(None, Flaw::None);
        let node = Node {
            enabled: Threads::one(0),
            backtrack: Order::one(0),
            sleep: Threads::NONE,
            thread: 0,
            turn: 0,
            choice: 0,
            choices: None,
            last: 0,
            preemptions: 0,
        };
        (0..steps).for_each(|_| search.path.push(node, &World::default()));
        search
    }

    // Time that runs out while known steps are repeated would pass for a program that does not repeat itself, and
    // that for a failure of the program.
    #[test]
    fn an_execution_that_is_cut_while_it_repeats_another_is_no_other_program() {
        assert!(on_the_way_through(3).end(Ending::Cut, 1).is_none());
        assert!(on_the_way_through(3).end(Ending::Complete, 1).is_some());
        assert!(on_the_way_through(1).end(Ending::Complete, 1).is_none());
    }
}
