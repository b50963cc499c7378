//! The state of one execution: its threads, what each will do next, its objects, and what operations mean.

use std::cell::RefCell;
use std::panic::Location;

use lwp_core::sync::model::{self, Announcement, Answer, Kind, Look, Misuse, Object, Operation};

use super::clock::{THREADS, Threads};
use super::event::{Effect, History};

/// A thread.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// The number that the program knows it by: the same in all equivalent executions.
    pub number: usize,
    /// How many threads it has started.
    started: usize,
    /// What it will do next; nothing while it runs and once it has ended.
    pub pending: Option<Announcement>,
    /// The result of what it did last.
    pub result: usize,
    /// It has returned.
    pub ended: bool,
    /// Where it waits: it takes only looks then, and only those that lead on.
    pub waits_at: Option<&'static Location<'static>>,
    /// It misused a lock since its last operation.
    pub misuse: Option<(Object, Misuse)>,
    /// What the turn of its wait has seen.
    pub looks: Vec<Look>,
    /// Whether it has read protected data since.
    pub reads: bool,
    /// What its condition says to the values that its next look has been thought to see.
    answers: RefCell<Vec<(usize, Answer)>>,
}

impl Thread {
    fn clear(&mut self) {
        let Thread { mut looks, answers, .. } = std::mem::take(self);
        looks.clear();
        answers.borrow_mut().clear();
        *self = Thread { looks, answers, ..Thread::default() };
    }
}

/// Who made an object, and its number among what that thread made: the same in all equivalent executions.
pub type Name = (usize, u32);

/// An object.
#[derive(Clone, Copy, Debug)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// Its value: see [`Kind`].
    pub value: usize,
    /// Where it was made.
    pub place: &'static Location<'static>,
    /// Its number among the objects of its kind.
    pub ordinal: u32,
    /// Who made it, and its number among what that thread made: the same in all equivalent executions.
    pub name: Name,
}

/// The threads and objects of one execution, and its history.
#[derive(Debug)]
pub struct World {
    /// What has happened.
    pub history: History,
    threads: Vec<Thread>,
    alive: usize,
    things: Vec<Thing>,
    /// How many objects each thread has made.
    made: [u32; THREADS],
    /// Which they are, in order, where the search asks for objects by name.
    named: Option<Vec<Vec<Object>>>,
    /// How many objects of each kind there are.
    kinds: [u32; KINDS],
    /// How many threads wait: what nearly every step asks first.
    waiting: usize,
}

const KINDS: usize = Kind::Moments as usize + 1;

impl Default for World {
    fn default() -> World {
        let threads = vec![Thread::default(); THREADS];
        World {
            history: History::default(),
            threads,
            alive: 0,
            things: Vec::new(),
            made: [0; THREADS],
            named: None,
            kinds: [0; KINDS],
            waiting: 0,
        }
    }
}

impl World {
    /// A new execution, which repeats so many steps of the one before: one thread, which is about to start.
    pub fn begin(&mut self, place: &'static Location<'static>, repeats: usize, hashed: bool) {
        self.history.rewind(repeats, hashed);
        for thread in &mut self.threads[..self.alive] {
            thread.clear();
        }
        self.alive = 1;
        self.things.clear();
        self.waiting = 0;
        self.made = [0; THREADS];
        self.named.iter_mut().flatten().for_each(Vec::clear);
        self.kinds = [0; KINDS];
        self.start(0, model::FIRST, place);
    }

    fn start(&mut self, thread: usize, number: usize, place: &'static Location<'static>) {
        let pending = Some(Announcement { operation: Operation::Start, object: None, place });
        self.threads[thread] = Thread { number, pending, ..std::mem::take(&mut self.threads[thread]) };
        self.history.name_thread(thread, number);
    }

    /// The thread that the program knows by this number.
    pub fn numbered(&self, number: usize) -> Option<usize> {
        self.threads().iter().position(|thread| thread.number == number)
    }

    /// All threads that there have been.
    pub fn threads(&self) -> &[Thread] {
        &self.threads[..self.alive]
    }

    /// The thread that is to start one more than there can be.
    #[inline]
    pub fn starts_too_many(&self) -> Option<usize> {
        let starts = |thread: &Thread| thread.pending.is_some_and(|a| a.operation == Operation::Spawn);
        if self.alive < THREADS { None } else { self.threads().iter().position(starts) }
    }

    /// A thread.
    #[inline]
    pub fn thread(&self, thread: usize) -> &Thread {
        &self.threads[thread]
    }

    /// A thread, to change it.
    #[inline]
    pub fn thread_mut(&mut self, thread: usize) -> &mut Thread {
        &mut self.threads[thread]
    }

    /// An object.
    #[inline]
    pub fn thing(&self, object: Object) -> &Thing {
        &self.things[object as usize]
    }

    /// A new object.
    pub fn add_object(
        &mut self,
        maker: usize,
        kind: Kind,
        value: usize,
        place: &'static Location<'static>,
    ) -> Object {
        let object = self.things.len() as Object;
        let ordinal = self.kinds[kind as usize];
        self.kinds[kind as usize] += 1;
        let name = (maker, self.made[maker]);
        self.made[maker] += 1;
        if let Some(named) = &mut self.named {
            named[maker].push(object);
        }
        self.things.push(Thing { kind, value, place, ordinal, name });
        self.history.add_object(object);
        object
    }

    /// All objects.
    pub fn things(&self) -> &[Thing] {
        &self.things
    }

    /// How many objects a thread has made.
    pub fn made(&self, thread: usize) -> u32 {
        self.made[thread]
    }

    /// From the next execution on objects are found by name.
    pub fn name_objects(&mut self) {
        self.named = Some(vec![Vec::new(); THREADS]);
    }

    /// The object that is called so in this execution, if it exists already, and objects are found by name.
    pub fn named(&self, (maker, number): Name) -> Option<Object> {
        self.named.as_ref()?[maker].get(number as usize).copied()
    }

    /// Changes an object's value without an event.
    pub fn set_value(&mut self, object: Object, value: usize) {
        self.things[object as usize].value = value;
    }

    /// Adds a thread that is about to start.
    ///
    /// # Panics
    /// Where there are too many.
    pub fn add_thread(&mut self, parent: usize, place: &'static Location<'static>) -> usize {
        let child = self.alive;
        assert!(child < THREADS, "a model has at most {THREADS} threads");
        self.alive += 1;
        self.threads[parent].started += 1;
        let Thread { number, started, .. } = self.threads[parent];
        self.start(child, model::child(number, started), place);
        self.history.add_thread(child, parent);
        child
    }

    /// The threads that can take a step.
    #[inline]
    pub fn enabled(&self) -> Threads {
        let mut enabled = Threads::NONE;
        for (t, thread) in self.threads().iter().enumerate() {
            if let Some(announcement) = &thread.pending
                && self.permits(t, announcement)
            {
                enabled.add(t);
            }
        }
        enabled
    }

    #[inline]
    fn permits(&self, thread: usize, announcement: &Announcement) -> bool {
        let value = || announcement.object.map_or(0, |o| self.thing(o).value);
        match announcement.operation {
            Operation::Lock => value() == 0,
            Operation::Park => value() == 1,
            Operation::Join(other) => self.threads[other].ended,
            Operation::Finish => {
                self.threads().iter().enumerate().all(|(t, other)| t == thread || other.ended)
            }
            Operation::Load { .. } | Operation::IsHeld if self.threads[thread].waits_at.is_some() => {
                self.leads_on(thread, value())
            }
            _ => true,
        }
    }

    /// Whether the next look of a thread that waits leads on where it sees this value of its object.
    pub fn leads_on(&self, thread: usize, value: usize) -> bool {
        let waiting = &self.threads[thread];
        let known = waiting.answers.borrow().iter().find(|(v, _)| *v == value).map(|(_, answer)| *answer);
        let answer = known.unwrap_or_else(|| {
            let answer = self.ask(thread, value);
            waiting.answers.borrow_mut().push((value, answer));
            answer
        });
        answer != Answer::Waits
    }

    fn ask(&self, thread: usize, value: usize) -> Answer {
        let Thread { pending, looks, .. } = &self.threads[thread];
        let next = pending.and_then(|a| a.object.zip(a.operation.look(value)));
        let next = next.map(|(object, result)| Look { object, result });
        let seen: Vec<Look> = looks.iter().copied().chain(next).collect();
        model::ask(thread, &seen, self.values())
    }

    /// A thread that waits, of those that cannot go on, whose condition lets it go on if it is only asked again, and where
    /// it waits.
    pub fn changes_its_mind(&self) -> Option<(usize, &'static Location<'static>)> {
        const AGAIN: usize = 10;
        let differs = |thread: usize| {
            let value = self.threads[thread].pending.and_then(|a| a.object).map(|o| self.thing(o).value);
            value.is_some_and(|value| (0..AGAIN).any(|_| self.ask(thread, value) != Answer::Waits))
        };
        (0..self.alive).find_map(|t| self.threads[t].waits_at.filter(|_| differs(t)).map(|place| (t, place)))
    }

    /// The value of each object.
    pub fn values(&self) -> impl Iterator<Item = usize> {
        self.things.iter().map(|thing| thing.value)
    }

    /// Whether a thread waits in a turn that has seen what is not so any more: in the loop that it stands for it would
    /// have begun another. An execution in which it looks later does that.
    pub fn waits_on_old_looks(&self) -> bool {
        let is_old = |look: &Look| {
            let thing = self.thing(look.object);
            let now = if thing.kind == Kind::Lock { usize::from(thing.value != 0) } else { thing.value };
            now != look.result
        };
        self.threads().iter().any(|thread| thread.waits_at.is_some() && thread.looks.iter().any(is_old))
    }

    /// What the operation that a thread is about to do would do now, and to what.
    #[inline]
    pub fn effect(&self, thread: usize) -> (Effect, Option<Object>) {
        let Some(announcement) = self.threads[thread].pending else { return (Effect::Local, None) };
        let value = || announcement.object.map_or(0, |o| self.thing(o).value);
        let effect = match announcement.operation {
            // A new thread has the same number whatever others start meanwhile.
            Operation::Start
            | Operation::Finish
            | Operation::Spawn
            | Operation::Join(_)
            | Operation::Choose(_) => return (Effect::Local, None),
            Operation::Load { .. } | Operation::IsHeld => Effect::Look,
            Operation::Store { .. } | Operation::Moment => Effect::Change,
            Operation::CompareExchange { old, .. } if value() == old => Effect::Change,
            Operation::CompareExchange { .. } => Effect::Look,
            Operation::Lock => Effect::Acquire,
            Operation::TryLock if value() == 0 => Effect::TryAcquire,
            Operation::TryLock => Effect::Look,
            Operation::Unlock => Effect::Release,
            Operation::Park => Effect::Park,
            Operation::Unpark => Effect::Unpark,
        };
        (effect, announcement.object)
    }

    /// Does the announced operation, and gives its result. `choice` is the result where it is a choice.
    pub fn perform(&mut self, thread: usize, announcement: &Announcement, choice: usize) -> usize {
        let value = announcement.object.map_or(0, |o| self.thing(o).value);
        let (new, result) = match announcement.operation {
            Operation::Start | Operation::Finish | Operation::Join(_) | Operation::Moment => (value, 0),
            Operation::Choose(_) => (value, choice),
            Operation::Spawn => (value, self.add_thread(thread, announcement.place)),
            Operation::Load { .. } => (value, value),
            Operation::Store { value, .. } => (value, 0),
            Operation::CompareExchange { old, new, .. } if value == old => (new, 1),
            Operation::CompareExchange { .. } => (value, 0),
            Operation::Lock => (self.threads[thread].number, 0),
            Operation::TryLock if value == 0 => (self.threads[thread].number, 1),
            Operation::TryLock => (value, 0),
            Operation::Unlock => (0, 0),
            Operation::IsHeld => (value, usize::from(value != 0)),
            Operation::Park => (0, 0),
            Operation::Unpark => (1, 0),
        };
        if let Some(object) = announcement.object {
            self.things[object as usize].value = new;
        }
        result
    }

    /// Where a thread waits, if it does.
    #[inline]
    pub fn waits_at(&self, thread: usize) -> Option<&'static Location<'static>> {
        if self.waiting == 0 { None } else { self.threads[thread].waits_at }
    }

    /// A thread that waits has looked.
    pub fn looked(&mut self, thread: usize, announcement: &Announcement, result: usize) {
        if self.waits_at(thread).is_none() {
            return;
        }
        let waiting = &mut self.threads[thread];
        if let Some(object) = announcement.object {
            waiting.looks.push(Look { object, result });
            waiting.reads = false;
            waiting.answers.get_mut().clear();
        }
    }

    /// A thread waits from here on.
    pub fn wait_begins(&mut self, thread: usize, place: &'static Location<'static>) {
        self.threads[thread].waits_at = Some(place);
        self.waiting += 1;
    }

    /// A thread waits no more.
    pub fn wait_ends(&mut self, thread: usize) {
        let thread = &mut self.threads[thread];
        if thread.waits_at.take().is_some() {
            self.waiting -= 1;
        }
        thread.reads = false;
        thread.looks.clear();
        thread.answers.get_mut().clear();
    }
}
