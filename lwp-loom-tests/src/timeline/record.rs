//! Listening to an execution.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::locks::LockId;
use lwp_core::mutex::Class;
use lwp_core::netbsd::{State, flag};
use lwp_core::observe::{self, Event, Origin, Until};
use lwp_core::site::Site;

use super::cause;
use super::step::{Step, Thread, Timeline, What};

/// Listens from now on until it is dropped. What it has is the execution that is under way, or the last: the next
/// begins it anew.
#[derive(Debug)]
pub struct Recorder(Arc<Mutex<Record>>);

/// What was heard of one execution.
#[derive(Debug, Default)]
struct Record {
    locks: Vec<Class>,
    threads: Vec<Thread>,
    steps: Vec<Step>,
    /// Who wants which lock, who held it then, and where.
    wanted: BTreeMap<usize, (LockId, Option<usize>, Origin)>,
    /// Who holds which lock.
    holders: BTreeMap<LockId, usize>,
    /// Who stored last to each word, and in which step.
    stored: BTreeMap<u32, (usize, usize)>,
}

impl Recorder {
    /// Begins to listen.
    pub fn start() -> Recorder {
        let record = Arc::new(Mutex::new(Record::default()));
        let hears = record.clone();
        observe::listen(Some(Arc::new(move |event, origin| lock(&hears).hear(event, origin))));
        Recorder(record)
    }

    /// What was heard of the last execution.
    pub fn timeline(&self, failure: &str) -> Timeline {
        let mut record = lock(&self.0);
        record.hear_who_waits();
        let (mut threads, mut steps) =
            (std::mem::take(&mut record.threads), std::mem::take(&mut record.steps));
        let all = steps.iter().map(|step| step.thread).max().unwrap_or_default();
        threads.resize(threads.len().max(all), Thread::default());
        for (n, thread) in threads.iter_mut().enumerate().filter(|(_, thread)| thread.name.is_empty()) {
            thread.name = format!("thread {}", n + 1);
        }
        if let Some(last) = steps.last() {
            let (thread, place) = cause::panicked(failure).unwrap_or((last.thread, None));
            let (file, line) = place.unwrap_or_default();
            steps.push(Step { thread, file, line, taken: last.taken, what: What::Fails });
        }
        Timeline { failure: failure.into(), threads, steps, ..Timeline::default() }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        observe::listen(None);
    }
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    fn hear(&mut self, event: &Event, origin: Origin) {
        let thread = origin.thread.started_as();
        if let Some(what) = self.what(event, origin) {
            self.push(what, thread, origin);
        }
    }

    fn push(&mut self, what: What, thread: usize, origin: Origin) {
        let (file, line) = (origin.place.file().replace('\\', "/"), origin.place.line());
        self.steps.push(Step { thread, file, line, taken: taken(), what });
    }

    /// Whoever wanted a lock that was free then, and that somebody else took first.
    fn hear_who_waits(&mut self) {
        for (thread, (lock, holder, origin)) in std::mem::take(&mut self.wanted) {
            if holder.is_none()
                && let Some(holder) = self.holders.get(&lock).copied()
            {
                self.push(What::Wants { lock: self.lock(lock), holder }, thread, origin);
            }
        }
    }

    fn what(&mut self, event: &Event, origin: Origin) -> Option<What> {
        let thread = origin.thread.started_as();
        let for_cpu = |until: Until| until == Until::Dispatched;
        Some(match event.clone() {
            Event::Machine { locks } => {
                *self = Record { locks, ..Record::default() };
                return None;
            }
            Event::Born { lid, state, lock, cpu, .. } => {
                What::Born { lid, state: state.name().into(), lock: self.lock(lock), cpu }
            }
            Event::State { lid, from, to } => {
                What::State { lid, from: from.name().into(), to: to.name().into() }
            }
            Event::Pointer { lid, lock, .. } => What::Pointer { lid, lock: self.lock(lock) },
            Event::Flag { lid, from, to } => {
                let names = |flags| flag::names(flags).map(String::from).collect();
                What::Flags { lid, set: names(to & !from), cleared: names(from & !to) }
            }
            Event::Counters { from, to } => {
                let both = from.named().into_iter().zip(to.named());
                let changed = both.filter(|((_, from), (_, to))| from != to);
                let changes = changed.map(|((name, from), (_, to))| (name.into(), from, to)).collect();
                What::Counted { lid: 0, changes }
            }
            Event::Field { lid, name, from, to } => {
                What::Counted { lid, changes: vec![(name.into(), from, to)] }
            }
            Event::Wants { lock, holder, .. } => {
                let holder = holder.map(|holder| holder.started_as());
                self.wanted.insert(thread, (lock, holder, origin));
                What::Wants { lock: self.lock(lock), holder: holder? }
            }
            Event::Taken { lock, .. } => {
                let wanted = self.wanted.remove(&thread).filter(|(wanted, ..)| *wanted == lock);
                self.holders.insert(lock, thread);
                What::Takes { lock: self.lock(lock), after: wanted.and_then(|(_, holder, _)| holder) }
            }
            Event::Released { lock, .. } => {
                self.holders.remove(&lock);
                What::Releases { lock: self.lock(lock) }
            }
            Event::Look { lid, site, word, value, from } => {
                let last = self.stored.get(&word).copied();
                let from = from.map(|from| from.started_as()).or(last.map(|(by, _)| by));
                let stored = last.filter(|(by, _)| Some(*by) == from).map(|(_, step)| step);
                let value = self.value(site, value);
                let site_name = site.name().into();
                What::Sees { lid, word: word_name(site), value, from, stored, site: site_name }
            }
            Event::Stored { lid, site, word, value } => {
                self.stored.insert(word, (thread, self.steps.len()));
                // What these store to is told as what it is.
                if matches!(word_name(site).as_str(), "l_stat" | "l_flag" | "l_mutex" | "cv_waiters") {
                    return None;
                }
                What::Stores { lid, word: word_name(site), value: self.value(site, value) }
            }
            Event::Blocks { lid, until } => What::Blocks { lid, for_cpu: for_cpu(until) },
            Event::GoesOn { lid, until } => What::GoesOn { lid, for_cpu: for_cpu(until) },
            Event::LetsGo { lid, until } => What::LetsGo { lid, for_cpu: for_cpu(until) },
            Event::Spins => What::Spins,
            Event::Sleeps { lid, on } => What::Sleeps { lid, on: on.into() },
            Event::Woken { lid, on } => What::Wakes { lid, on: on.into() },
            Event::Broadcasts { on } => What::Broadcasts { on: on.into() },
            Event::Freed { lid } => What::Freed { lid },
            Event::Does { name, lid } => {
                let place = thread - 1;
                self.threads.resize(self.threads.len().max(thread), Thread::default());
                self.threads[place] = Thread { name, lid };
                return None;
            }
            Event::Begins { operation } => What::Begins(operation),
            Event::Ends { result } => What::Ends(result),
        })
    }

    /// A lock's name: its class, and which of several.
    fn lock(&self, lock: LockId) -> String {
        let Some(class) = self.locks.get(lock.number()) else { return lock.to_string() };
        let of_class = |n: &usize| self.locks[*n] == *class;
        let all = (0..self.locks.len()).filter(of_class).count();
        let which = (0..lock.number()).filter(of_class).count();
        match class {
            _ if all == 1 => class.name().into(),
            Class::SleepQueue => {
                let queues = ["lwpcv", "refcv", "parked", "sleep"];
                format!("{} of {}", class.name(), queues.get(which).unwrap_or(&"?"))
            }
            Class::SpcMutex | Class::SpcLwplock => format!("cpu{which}'s {}", class.name()),
            _ => format!("{} {which}", class.name()),
        }
    }

    /// What a word holds, in the kernel's words.
    fn value(&self, site: Site, value: usize) -> String {
        match word_name(site).as_str() {
            "l_stat" => State::ALL
                .into_iter()
                .find(|state| *state as usize == value)
                .map_or(value.to_string(), |state| state.name().into()),
            "l_flag" => {
                let names: Vec<&str> = flag::names(value).collect();
                if names.is_empty() { "0".into() } else { names.join("|") }
            }
            "l_mutex" | "t_lockp" => self.lock(LockId::numbered(value)),
            "ci_curlwp" | "p_zomblwp" if value == 0 => "nobody".into(),
            "ci_curlwp" | "p_zomblwp" => format!("LWP {value}"),
            _ => value.to_string(),
        }
    }
}

/// The kernel's name of the word that a site loads from or stores to.
fn word_name(site: Site) -> String {
    let name = site.name();
    let word = name.split('.').next().unwrap_or(name);
    let pointer = ["lwp_lock", "lwp_trylock", "lwp_setlock", "lwp_unlock_to", "lwp_relock"];
    if pointer.iter().any(|function| word.starts_with(function)) {
        return "l_mutex".into();
    }
    if word.starts_with("thread_") { "t_lockp".into() } else { word.into() }
}

/// Steps of the schedule that were taken, where the engine counts them.
fn taken() -> usize {
    #[cfg(shuttle)]
    return crate::engine::complete::TAKEN.get();
    #[cfg(not(shuttle))]
    0
}
