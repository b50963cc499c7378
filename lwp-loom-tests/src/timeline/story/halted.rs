//! Whoever cannot go on: what it waits for, and who owed it that.

use super::super::cause::{Cause, Stuck, Waits};
use super::super::step::What;
use super::{Teller, list};

impl Teller<'_> {
    /// What somebody waits for who cannot go on.
    pub(super) fn stuck(&self, stuck: &Stuck, cause: &Cause) -> String {
        let name = self.name(stuck.thread);
        let who = match stuck.operation.as_str() {
            "" => name.to_string(),
            operation => format!("{name}, in `{operation}`,"),
        };
        match &stuck.waits {
            Waits::Asleep { on, slept, before, untold, signalled } => {
                let asleep = format!("{who} sleeps on {on} ({})", self.number(*slept));
                // Where somebody else is at fault, it does not matter who broadcast last.
                let asleep_alone =
                    cause.stuck.iter().all(|stuck| matches!(stuck.waits, Waits::Asleep { .. }));
                let told = untold.is_some() && !one_stopped(cause) || asleep_alone;
                let why = match signalled {
                    // It is owed nothing.
                    _ if cause.remaining.iter().any(|remaining| remaining.waiter == stuck.thread) => {
                        String::new()
                    }
                    Some(signalled) => self.not_woken(*signalled),
                    None if told => self.no_broadcast(on, *before, *untold),
                    None => String::new(),
                };
                format!("{asleep}{why}.")
            }
            Waits::Suspended { became, asked, told_to_exit, exits, signalled } => {
                let asked_for = asked.map(|asked| {
                    format!(
                        ", as {} asked at {} in {}",
                        self.doer(asked),
                        self.number(asked),
                        self.function(asked)
                    )
                });
                let asked_for = asked_for.unwrap_or_default();
                let since = format!("{who} is LSSUSPENDED since {}{asked_for}", self.number(*became));
                let why = match (exits.filter(|_| asked.is_none() && told_to_exit.is_none()), signalled) {
                    (Some(exits), _) => self.born_too_late(stuck.thread, *became, exits),
                    (None, Some(signalled)) => self.not_looked_for(*became, *signalled),
                    (None, None) => self.not_continued(*asked, *told_to_exit),
                };
                format!("{since}{why}.")
            }
            Waits::Stopped { became, told_to_exit } => format!(
                "{who} is LSSTOP since {}: {}, which told it to exit before ({}), owed it the end of the process' stop, and \
                 nobody is left to continue it.",
                self.number(*became),
                self.doer(*told_to_exit),
                self.number(*told_to_exit)
            ),
            Waits::Cpu(state) if state.is_empty() => format!("{who} waits for a CPU that never takes it."),
            Waits::Cpu(state) => format!("{who} is {state} and waits for a CPU that never takes it."),
            Waits::Ast => format!("{who} runs in user mode, and nobody posts it an AST."),
            Waits::Lock { lock, holder } => {
                format!("{who} waits for {lock}, which {} holds.", self.name(*holder))
            }
            Waits::Change { look } => {
                let seen = look.map(|look| self.deed(look)).unwrap_or_default();
                let function = self.function(stuck.since);
                format!("{who} spins in {function}: it {seen}, and nobody changes that any more.")
            }
        }
    }

    fn not_woken(&self, signalled: usize) -> String {
        format!(
            ", which a signal ends: {0} {1} at {2} in {3}, and owed it a wake-up",
            self.doer(signalled),
            self.deed(signalled),
            self.number(signalled),
            self.function(signalled)
        )
    }

    fn no_broadcast(&self, on: &str, before: Option<usize>, untold: Option<usize>) -> String {
        match (untold, before) {
            (Some(untold), _) => format!(
                ": {} owed it a wake-up at {}, where it changes {} in {} and does not broadcast {on}",
                self.doer(untold),
                self.number(untold),
                self.deed(untold),
                self.function(untold)
            ),
            (None, Some(before)) => {
                format!(
                    "; the last to broadcast {on} was {}, before that, at {}",
                    self.doer(before),
                    self.number(before)
                )
            }
            (None, None) => format!("; nobody has broadcast {on}"),
        }
    }

    fn not_continued(&self, asked: Option<usize>, told_to_exit: Option<usize>) -> String {
        match (told_to_exit, asked) {
            (Some(exit), Some(asked)) if asked > exit => format!(
                ": {} had told it to exit before ({}) and goes through all LWPs only once, so nobody continues it any more{}",
                self.doer(exit),
                self.number(exit),
                self.told_to_exit_itself(asked)
            ),
            (Some(exit), _) => format!(
                ": {}, which told it to exit at {} and goes through all LWPs only once, found it not LSSUSPENDED yet, and owed \
                 it to take the suspension back; nobody is left to continue it",
                self.doer(exit),
                self.number(exit)
            ),
            (None, _) => ": nobody is left to continue it".into(),
        }
    }

    /// A signal that came between the look for it and the suspension.
    fn not_looked_for(&self, became: usize, signalled: usize) -> String {
        format!(
            ": {} {} at {} in {}, where it was not LSSUSPENDED yet. {} owed a second look at LW_PENDSIG, with p_smutex held; \
             nobody is left to continue it",
            self.doer(signalled),
            self.deed(signalled),
            self.number(signalled),
            self.function(signalled),
            self.function(became)
        )
    }

    /// Who came to be after all LWPs had been told to exit.
    fn born_too_late(&self, thread: usize, became: usize, exits: usize) -> String {
        format!(
            ", as {} made it in {}: the process exits since {}, {} has told all LWPs there were to exit, and {} was not among \
             them. {} owed it LW_WEXIT, and to let it run",
            self.doer(became),
            self.function(became),
            self.number(exits),
            self.doer(exits),
            self.name(thread),
            self.doer(became)
        )
    }

    /// Two that end the process, each of whom waits for the other.
    pub(super) fn two_exits(&self, cause: &Cause) -> Option<String> {
        let both = cause.stuck.iter().all(|stuck| {
            matches!(stuck.waits, Waits::Asleep { .. })
                && cause.exits.iter().any(|told| self.timeline.steps[*told].thread == stuck.thread)
        });
        let mut told = cause.exits.clone();
        told.sort_unstable();
        let [first, second] = told[..] else { return None };
        both.then(|| {
            let (one, other) = (self.doer(first), self.doer(second));
            format!(
                "Both end the process, and each waits until the other is LSZOMB: {one} told {other} to exit at {}, and {other}, \
                 in {}, began an exit of its own at {}. {other} owed the look at PS_WEXIT before that, with p_smutex held, and \
                 to exit alone.",
                self.number(first),
                self.function(second),
                self.number(second)
            )
        })
    }

    /// Whether whoever asked for a suspension had to exit itself, and so had no business to.
    fn told_to_exit_itself(&self, asked: usize) -> String {
        let timeline = self.timeline;
        let by = timeline.steps[asked].thread;
        let told = timeline.steps[..asked].iter().rposition(|step| {
            let exits = |flag: &String| flag == "LW_WEXIT" || flag == "LW_WCORE";
            matches!(&step.what, What::Flags { lid, set, .. } if *lid == timeline.lid(by) && set.iter().any(exits))
        });
        let Some(told) = told else { return String::new() };
        format!(
            ". {} had been told to exit too ({}): {} owed the look at LW_WEXIT in its caller's own l_flag, before it set \
             LW_WSUSPEND",
            self.name(by),
            self.number(told),
            self.function(asked)
        )
    }

    /// A sleeper that only somebody could wake who is stuck too.
    pub(super) fn only_who_is_stuck_too(&self, cause: &Cause) -> Option<String> {
        let one_stopped = one_stopped(cause);
        let asleep = |stuck: &&Stuck| match &stuck.waits {
            Waits::Asleep { untold, .. } => untold.is_none() || one_stopped,
            _ => false,
        };
        let sleepers: Vec<&str> =
            cause.stuck.iter().filter(asleep).map(|stuck| self.name(stuck.thread)).collect();
        let others: Vec<&str> =
            cause.stuck.iter().filter(|stuck| !asleep(stuck)).map(|stuck| self.name(stuck.thread)).collect();
        (!sleepers.is_empty() && !others.is_empty())
            .then(|| format!("Only {} could wake {}.", list(&others), list(&sleepers)))
    }
}

/// Whether somebody stopped who was told to exit, and is at the bottom of it.
fn one_stopped(cause: &Cause) -> bool {
    cause.stuck.iter().any(|stuck| matches!(stuck.waits, Waits::Stopped { .. }))
}
