//! What a timeline is made of: plain data, in the kernel's names, that a worker can send.

use serde::{Deserialize, Serialize};

use crate::shell::quoted;

/// One execution, from its beginning to its failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The program's name.
    pub program: String,
    /// The engine that ran it.
    pub engine: String,
    /// How it failed, in the engine's words.
    pub failure: String,
    /// What runs it again, where the engine has something.
    pub schedule: Option<String>,
    /// Who took part: the first is thread 1.
    pub threads: Vec<Thread>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// What decided the failure, where that was looked for and found.
    pub decided: Option<Decided>,
    /// The preemptions with which no search has found this failure.
    pub safe_preemptions: Option<usize>,
}

impl Timeline {
    /// The command that tells of the same execution again, where there is one.
    pub fn again(&self) -> Option<String> {
        let schedule = self.schedule.as_deref()?;
        Some(format!("cargo ci explain {} {}", quoted(&self.program), quoted(schedule)))
    }
}

/// Who took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The line of the program that it did.
    pub name: String,
    /// The LWP that it is; 0 where it is none.
    pub lid: usize,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who did it: the number of a thread, from 1.
    pub thread: usize,
    /// The source file, from the workspace's top folder.
    pub file: String,
    /// The line in it.
    pub line: u32,
    /// How many steps of the schedule had been taken, where the engine counts them.
    pub taken: usize,
    /// What happened.
    pub what: What,
}

/// What happened in a step. A `lid` of 0 is that of an LWP without a number, or of no LWP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// There is an LWP that was not there before.
    Born {
        /// The LWP.
        lid: usize,
        /// Its state.
        state: String,
        /// Where `l_mutex` points.
        lock: String,
        /// The CPU that it belongs to.
        cpu: usize,
    },
    /// An operation of the program begins.
    Begins(String),
    /// It is over, with this result.
    Ends(String),
    /// `l_stat` changed.
    State {
        /// Whose.
        lid: usize,
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// `l_mutex` changed.
    Pointer {
        /// Whose.
        lid: usize,
        /// Where it points.
        lock: String,
    },
    /// `l_flag` changed.
    Flags {
        /// Whose.
        lid: usize,
        /// The flags that were set.
        set: Vec<String>,
        /// The flags that were cleared.
        cleared: Vec<String>,
    },
    /// Counters or other fields that p_smutex covers changed.
    Counted {
        /// Whose; 0 for the process'.
        lid: usize,
        /// Each with what it was and what it is.
        changes: Vec<(String, usize, usize)>,
    },
    /// A lock is wanted that somebody else holds.
    Wants {
        /// Which.
        lock: String,
        /// Who holds it.
        holder: usize,
    },
    /// A lock was taken.
    Takes {
        /// Which.
        lock: String,
        /// Who held it when it was wanted, if anybody did.
        after: Option<usize>,
    },
    /// A lock was released.
    Releases {
        /// Which.
        lock: String,
    },
    /// A word was read without a lock.
    Sees {
        /// Whose.
        lid: usize,
        /// The kernel's name of the word.
        word: String,
        /// What was in it, in the kernel's words.
        value: String,
        /// Whose store that was; `None` for what it held from the beginning.
        from: Option<usize>,
        /// The step in which it was stored, where that is known.
        stored: Option<usize>,
        /// Which load, in this project's name.
        site: String,
    },
    /// A word was stored to that others read without a lock.
    Stores {
        /// Whose.
        lid: usize,
        /// The kernel's name of the word.
        word: String,
        /// What is in it, in the kernel's words.
        value: String,
    },
    /// The LWP leaves its CPU, or is in user mode, until it is let go on.
    Blocks {
        /// The LWP.
        lid: usize,
        /// Whether it waits for a CPU; for an AST otherwise.
        for_cpu: bool,
    },
    /// The LWP goes on.
    GoesOn {
        /// The LWP.
        lid: usize,
        /// Whether it waited for a CPU; for an AST otherwise.
        for_cpu: bool,
    },
    /// An LWP is let go on.
    LetsGo {
        /// The LWP.
        lid: usize,
        /// Whether it gets a CPU; an AST otherwise.
        for_cpu: bool,
    },
    /// The thread waits in a loop for a change of what it saw last.
    Spins,
    /// The LWP went on a sleep queue.
    Sleeps {
        /// The LWP.
        lid: usize,
        /// What for: `l_wmesg`.
        on: String,
    },
    /// The LWP was taken off its sleep queue.
    Wakes {
        /// The LWP.
        lid: usize,
        /// What it slept for.
        on: String,
    },
    /// Everybody who waits on a condition variable is woken.
    Broadcasts {
        /// Which.
        on: String,
    },
    /// The LWP's memory was freed.
    Freed {
        /// The LWP.
        lid: usize,
    },
    /// Here the execution failed.
    Fails,
}

/// The step that decided the failure: before it some execution that went on otherwise ended well, after it none did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The step of the schedule, from 1; 0 where every execution of the program fails.
    pub taken: usize,
    /// Whether all executions that go on after it were run; otherwise those that were tried.
    pub known: bool,
}

impl Timeline {
    /// The name of a thread: of the line that it does.
    pub fn name(&self, thread: usize) -> &str {
        match self.threads.get(thread.wrapping_sub(1)) {
            Some(Thread { name, .. }) if !name.is_empty() => name,
            _ => "somebody",
        }
    }

    /// The name of an LWP.
    pub fn lwp(&self, lid: usize) -> String {
        match self.threads.iter().find(|thread| thread.lid == lid && lid > 0) {
            Some(Thread { name, .. }) if !name.is_empty() => name.clone(),
            _ if lid == 0 => "the LWP".into(),
            _ => format!("LWP {lid}"),
        }
    }

    /// The LWP that a thread is; 0 for none.
    pub fn lid(&self, thread: usize) -> usize {
        self.threads.get(thread.wrapping_sub(1)).map_or(0, |thread| thread.lid)
    }

    /// The first thing that happened in or after the deciding step of the schedule.
    pub fn deciding_step(&self) -> Option<usize> {
        let taken = self.decided?.taken;
        let decides = |step: &Step| taken > 0 && step.taken >= taken;
        self.steps.iter().position(decides)
    }
}
