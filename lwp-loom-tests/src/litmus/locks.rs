//! Programs over a lock layer, in the language: their words, and how they run.

use std::sync::Arc;

use super::ast::{End, Ends, Op, Program, Value};
use super::judge::Claims;
use super::{Origin, find};
use crate::program::{self, Layer, LockOp, Outcome, Seen};

/// The locks of a program, and which layer moves among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locks {
    /// The layer.
    pub layer: Layer,
    /// The locks' names, in their order; a lock's number is its place.
    pub names: Vec<String>,
    /// The lock under which the LWP starts.
    pub start: usize,
}

impl Locks {
    /// The locks that a layer has without being told.
    pub fn built_in(layer: Layer) -> &'static [&'static str] {
        match layer {
            Layer::Netbsd => &[],
            Layer::Uniprocessor => &["sched_mutex"],
            Layer::Illumos => &["stop_lock"],
            Layer::Spin => &["lock"],
            Layer::Parker => &["parker"],
        }
    }

    /// Whether a layer has others too.
    pub fn has_others(layer: Layer) -> bool {
        matches!(layer, Layer::Netbsd | Layer::Illumos)
    }

    /// The lock that a layer's LWP starts under, if nothing is said.
    pub fn first(layer: Layer) -> usize {
        if layer == Layer::Illumos { 1 } else { 0 }
    }
}

/// What a layer is called where a program says its system.
pub const fn system(layer: Layer) -> &'static str {
    match layer {
        Layer::Netbsd => "netbsd-locks",
        Layer::Uniprocessor => "netbsd-up-locks",
        Layer::Illumos => "illumos-locks",
        Layer::Spin => "spin-lock",
        Layer::Parker => "parker",
    }
}

/// What follows an operation's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A lock.
    Lock,
    /// A lock, and perhaps `held`.
    LockOrHeld,
}

/// A word for an operation.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// The word.
    pub word: &'static str,
    /// The layers that have it.
    pub layers: &'static [Layer],
    /// What follows it.
    pub takes: Takes,
    /// What it is.
    pub about: &'static str,
}

const NETBSD: &[Layer] = &[Layer::Netbsd, Layer::Uniprocessor];
const ILLUMOS: &[Layer] = &[Layer::Illumos];
const SPIN: &[Layer] = &[Layer::Spin];
const PARKER: &[Layer] = &[Layer::Parker];

/// Every operation.
pub const VERBS: &[Verb] = &[
    Verb { word: "lock", layers: NETBSD, takes: Takes::Nothing, about: "`lwp_lock`, work, `lwp_unlock`" },
    Verb {
        word: "trylock",
        layers: NETBSD,
        takes: Takes::Nothing,
        about: "`lwp_trylock`; where it is had, work, `lwp_unlock`; else `busy`",
    },
    Verb {
        word: "relock",
        layers: NETBSD,
        takes: Takes::Lock,
        about: "`lwp_lock`, work, `lwp_relock` to LOCK, work, `lwp_unlock`",
    },
    Verb {
        word: "unlock-to",
        layers: NETBSD,
        takes: Takes::LockOrHeld,
        about: "`lwp_lock`, work, `lwp_unlock_to` LOCK, which nobody need hold; with `held` the mover has taken it, works \
                once more under it, and releases it",
    },
    Verb {
        word: "setlock",
        layers: NETBSD,
        takes: Takes::LockOrHeld,
        about: "the same with `lwp_setlock`, after which the mover still holds the old lock, and releases it",
    },
    Verb {
        word: "lock",
        layers: ILLUMOS,
        takes: Takes::Nothing,
        about: "`thread_lock`, work, `thread_unlock`",
    },
    Verb {
        word: "sleep",
        layers: ILLUMOS,
        takes: Takes::Lock,
        about: "`THREAD_SLEEP`: `thread_lock`, work, LOCK is taken and becomes the thread's, the old one is released, \
                work, `thread_unlock`",
    },
    Verb {
        word: "run",
        layers: ILLUMOS,
        takes: Takes::Lock,
        about: "`THREAD_TRANSITION` and `THREAD_RUN`: `thread_lock`, work, the thread is under no lock, work, LOCK is \
                taken and becomes the thread's, work, `thread_unlock`",
    },
    Verb {
        word: "stop",
        layers: ILLUMOS,
        takes: Takes::Nothing,
        about: "`thread_stop`: `thread_lock`, work, the thread is left to `stop_lock`",
    },
    Verb {
        word: "enter",
        layers: SPIN,
        takes: Takes::Nothing,
        about: "`mutex_spin_enter`, work, `mutex_spin_exit`",
    },
    Verb {
        word: "tryenter",
        layers: SPIN,
        takes: Takes::Nothing,
        about: "the same if the lock is free; else `busy`",
    },
    Verb {
        word: "enter-wanted",
        layers: SPIN,
        takes: Takes::Nothing,
        about: "tries the lock and waits for it, as `thread_lock` does, until it has it, or until it is called off; works where \
                it has it; else `busy`",
    },
    Verb {
        word: "call-off",
        layers: SPIN,
        takes: Takes::Nothing,
        about: "says that the lock is wanted no more: 0",
    },
    Verb {
        word: "park",
        layers: PARKER,
        takes: Takes::Nothing,
        about: "waits for the token and takes it, and must see what precedes each let-go that it knew of before; gives how \
                many these are",
    },
    Verb {
        word: "park-until",
        layers: PARKER,
        takes: Takes::Nothing,
        about: "the same until a time that has come already: `busy` where there is no token",
    },
    Verb {
        word: "unpark",
        layers: PARKER,
        takes: Takes::Nothing,
        about: "writes, gives the token, and says that it has: 0",
    },
];

impl Verb {
    /// The operation of a layer that is called so.
    pub fn op(&self, layer: Layer, to: Option<usize>, held: bool) -> Option<LockOp> {
        LockOp::parse(layer, &self.word.replace('-', "_"), to, held)
    }
}

/// The operation as it is written, where the locks are called by `name`.
pub fn write<'a>(op: LockOp, name: impl Fn(usize) -> &'a str) -> String {
    // As in a program's name: `unlock_to:1:held`.
    let text = op.to_string();
    let mut parts = text.split(':');
    let mut written = parts.next().unwrap_or_default().replace('_', "-");
    for part in parts {
        written += " ";
        match part.parse() {
            Ok(lock) => written += name(lock),
            Err(_) => written += part,
        }
    }
    written
}

/// The program that a text over a lock layer stands for; `None` where it is over the protocol.
pub fn lowered(litmus: &Program) -> Option<program::Program> {
    let locks = litmus.locks.as_ref()?;
    let thread = |steps: &[super::ast::Step]| {
        let op = |op| if let Op::Locks(op) = op { Some(op) } else { None };
        steps.iter().map(|step| op(step.op)).collect::<Option<Vec<_>>>()
    };
    let threads: Vec<_> = litmus.lines.iter().map(|line| thread(&line.steps)).collect::<Option<_>>()?;
    program::Program::over(locks.layer, locks.start, &threads)
}

/// A program over a lock layer that is to be run. It has no variants, and no CPUs.
#[derive(Clone, Debug)]
pub struct LockCase {
    /// Its text.
    pub litmus: Arc<Program>,
    /// What runs.
    pub program: program::Program,
    claims: Arc<Claims>,
}

/// What the names of such programs begin with.
const PREFIX: &str = "locks/";

impl LockCase {
    /// The program, to be run; `None` where it is over the protocol.
    pub fn new(litmus: &Arc<Program>) -> Option<LockCase> {
        let program = lowered(litmus)?;
        Some(LockCase { litmus: litmus.clone(), program, claims: Arc::new(Claims::new(litmus.clone())) })
    }

    /// Those of the collection.
    pub fn all() -> impl Iterator<Item = LockCase> {
        super::all().filter_map(LockCase::new)
    }

    /// The one with this name.
    pub fn parse(name: &str) -> Option<LockCase> {
        LockCase::new(&find(name.strip_prefix(PREFIX)?)?)
    }

    /// Its name.
    pub fn name(&self) -> String {
        format!("{PREFIX}{}", self.litmus.name)
    }

    /// Its system, as the text says it.
    pub fn system(&self) -> &'static str {
        system(self.program.layer())
    }

    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.litmus)
    }

    /// Runs it once, and gives back what each operation saw.
    ///
    /// # Panics
    /// As [`program::Program::run`], and where something does not hold that the text claims.
    pub fn run(&self) -> Outcome {
        let run = self.claims.begin();
        let value = |seen: Seen| match seen {
            Seen::Works(n) => Value::Number(n),
            Seen::Busy => Value::Busy,
        };
        let seen = self.program.seen();
        let end =
            |of_one: Vec<Seen>| End { results: of_one.into_iter().map(value).collect(), standing: None };
        let lines: Vec<_> = seen.into_iter().map(|of_one| Some(end(of_one))).collect();
        for (line, end) in self.litmus.lines.iter().zip(lines.iter().flatten()) {
            for (step, result) in line.steps.iter().zip(&end.results) {
                self.litmus.refuse_unless_allowed(line, step, *result);
            }
        }
        let ends = Ends { lines, stuck: Vec::new() };
        if let Err(broken) = run.judge().end(&ends) {
            panic!("{broken}");
        }
        self.litmus.outcome(&ends)
    }

    /// What the program claims to happen sometimes, and no execution so far has shown.
    pub fn unseen(&self) -> Vec<String> {
        self.claims.unseen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A word of the page that is no operation, or is another, would be found by the first who writes it.
    #[test]
    fn every_word_is_an_operation_of_its_layers_and_is_written_as_it_is_read() {
        let name = |_| "l";
        for verb in VERBS {
            for layer in verb.layers {
                let to = (verb.takes != Takes::Nothing).then_some(0);
                let plain = verb.op(*layer, to, false).unwrap();
                let lock = if to.is_some() { " l" } else { "" };
                assert_eq!(write(plain, name), format!("{}{lock}", verb.word));
                let held = verb.op(*layer, to, true);
                let expected = (verb.takes == Takes::LockOrHeld).then(|| format!("{} l held", verb.word));
                assert_eq!(held.map(|op| write(op, name)), expected);
            }
        }
    }
}
