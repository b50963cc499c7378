//! One run of a program on a machine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::netbsd::flag::LW_WSUSPEND;
use lwp_core::netbsd::{Boot, BootLwp, Doing as Booted, Errno, KernelLwp, Lid, State, System};
use lwp_core::observe::Event;
#[cfg(any(loom, shuttle))]
use lwp_core::sync::Objection;
use lwp_core::{observe, sync, watch};

use super::ast::{Doing, End, Ends, Line, Program, Standing, Start, Value};
use super::op::{self, Threads};

/// Whether the program accepts an execution in which no thread can go on.
#[cfg(any(loom, shuttle))]
type Verdict = Box<dyn FnOnce(&Ends) -> Result<(), Objection> + Send>;

/// With real threads nothing sees that no thread can go on.
#[cfg(not(any(loom, shuttle)))]
type Verdict = ();

/// Runs a program once on a machine that is like `boot`, but for its LWPs, and gives how it ended. Where no thread can go on
/// in the end, that is what `at_standstill` is told.
///
/// # Panics
/// Where an operation has a result that it may not have, or the machine finds itself in a state that it must not be in.
#[inline(always)]
pub fn run(program: &Arc<Program>, boot: Boot, at_standstill: Verdict) -> Ends {
    let boot = Boot { lwps: program.lines.iter().map_while(booted).collect(), ..boot };
    let sys = System::boot(&boot);
    let sys = if program.has_creds() { sys.with_creds(0) } else { sys };
    let machine = Arc::new(Machine::new(sys, program));
    #[cfg(any(loom, shuttle))]
    {
        let stands = machine.clone();
        sync::model::at_standstill(move || at_standstill(&stands.ends(true)));
    }
    #[cfg(not(any(loom, shuttle)))]
    let () = at_standstill;
    #[cfg(shuttle)]
    {
        let described = machine.clone();
        sync::state::describe(move |tell| described.sys.describe(tell));
    }
    let others = program.lines.iter().enumerate().skip(1).filter_map(|(n, line)| {
        let machine = machine.clone();
        match line.start {
            Start::Born { doing: Doing::Idle, .. } | Start::Unborn { .. } => None,
            Start::Born { .. } => {
                machine.begins(n, Some(machine.sys.lwp(n + 1)));
                Some(sync::spawn(move || machine.thread(machine.sys.lwp(n + 1))))
            }
            Start::Outside => {
                machine.begins(n, None);
                Some(sync::spawn(move || machine.line(n, None)))
            }
        }
    });
    let others: Vec<_> = others.collect();
    machine.begins(0, Some(machine.sys.lwp(1)));
    machine.thread(machine.sys.lwp(1));
    others.into_iter().for_each(joined);
    // Only an LWP creates others, so there are no more to come.
    loop {
        let next = machine.created().pop();
        let Some(thread) = next else { break };
        joined(thread);
    }

    #[cfg(any(loom, shuttle))]
    machine.sys.check_at_rest();
    machine.ends(false)
}

/// What an LWP is like when the machine starts, of those that it starts with.
fn booted(line: &Line) -> Option<BootLwp> {
    let Start::Born { detached, doing } = line.start else { return None };
    let doing = match doing {
        Doing::Running => Booted::Running,
        Doing::Suspended => Booted::Suspended,
        Doing::Idle => Booted::Idle,
        Doing::Stopped => Booted::Stopped,
        Doing::Sleeping => Booted::Sleeping { interruptibly: false },
        Doing::SleepingSig => Booted::Sleeping { interruptibly: true },
    };
    Some(BootLwp { detached, doing })
}

type Thread = sync::JoinHandle<()>;

#[inline(always)]
fn joined(thread: Thread) {
    thread.join().expect("a line of the program panicked");
}

/// The machine that the threads of a program share. All but `sys` is plain memory, and no part of the model.
struct Machine {
    sys: System,
    program: Arc<Program>,
    /// The threads of LWPs that were created.
    created: Mutex<Vec<Thread>>,
    /// How far each line has come that has begun.
    lines: Vec<Mutex<Option<Begun>>>,
}

/// A line of the program that has begun.
struct Begun {
    l: Option<Arc<KernelLwp>>,
    results: Vec<Value>,
}

impl Machine {
    fn new(sys: System, program: &Arc<Program>) -> Machine {
        let lines = program.lines.iter().map(|_| Mutex::default()).collect();
        Machine { sys, program: program.clone(), created: Mutex::default(), lines }
    }

    /// A line's thread is about to be.
    fn begins(&self, line: usize, l: Option<&Arc<KernelLwp>>) {
        *self.of(line) = Some(Begun { l: l.cloned(), results: Vec::new() });
    }

    fn of(&self, line: usize) -> MutexGuard<'_, Option<Begun>> {
        self.lines[line].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the execution has ended; `stands`: no line can go on.
    fn ends(&self, stands: bool) -> Ends {
        let mut ends = Ends::default();
        for (n, line) in self.program.lines.iter().enumerate() {
            let end = self.of(n).as_ref().map(|Begun { l, results }| End {
                results: results.clone(),
                standing: l.as_ref().filter(|_| stands).map(|l| standing(l)),
            });
            let is_done =
                |end: &End| end.results.len() == line.steps.len() || end.results.last() == Some(&Value::Gone);
            ends.stuck.push(stands && end.as_ref().is_some_and(|end| !is_done(end)));
            ends.lines.push(end);
        }
        ends
    }

    /// Runs an LWP from its first step to its last.
    // A thread that waits for ever is unwound through this: few frames, and nothing to drop.
    #[inline(always)]
    fn thread(self: &Arc<Machine>, l: &Arc<KernelLwp>) {
        let (name, lid) = (&self.program.lines[l.l_lid() - 1].name, l.l_lid());
        let does = || Event::Does { name: name.clone(), lid };
        watch::about_to(does);
        observe::tell(does);
        self.sys.lwp_startup(l);
        self.line(l.l_lid() - 1, Some(l));
    }

    /// Runs a line: an LWP's, or that of another process or an interrupt.
    #[inline(always)]
    fn line(self: &Arc<Machine>, line: usize, l: Option<&Arc<KernelLwp>>) {
        let Line { name, steps, .. } = &self.program.lines[line];
        if l.is_none() {
            observe::tell(|| Event::Does { name: name.clone(), lid: 0 });
        }
        for (n, step) in steps.iter().enumerate() {
            self.remember(line, n);
            observe::tell(|| Event::Begins { operation: self.program.op(step.op) });
            let result = op::run(step.op, &self.sys, l, self).unwrap_or(Value::Gone);
            observe::tell(|| Event::Ends { result: self.program.value(result) });
            self.of(line).as_mut().expect("the line has begun").results.push(result);
            if result == Value::Gone {
                break;
            }
            self.program.refuse_unless_allowed(&self.program.lines[line], step, result);
        }
        self.remember(line, steps.len());
    }

    /// Between two steps all that a line remembers is where it is and what it came by.
    #[cfg_attr(
        not(shuttle),
        expect(unused_variables, reason = "only a search that keeps states wants to know")
    )]
    fn remember(&self, line: usize, step: usize) {
        #[cfg(shuttle)]
        if sync::state::are_kept() {
            let begun = self.of(line);
            let results = begun.as_ref().map(|begun| &begun.results);
            sync::state::remember(&(&self.program.lines[line].name, step, results));
        }
    }

    fn spawn(self: &Arc<Machine>, l: Arc<KernelLwp>) {
        self.begins(l.l_lid() - 1, Some(&l));
        let machine = self.clone();
        let thread = sync::spawn(move || machine.thread(&l));
        self.created().push(thread);
    }

    fn created(&self) -> MutexGuard<'_, Vec<Thread>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn standing(l: &KernelLwp) -> Standing {
    match l.last_stat() {
        _ if l.is_freed() => Standing::Freed,
        State::Zomb => Standing::Zombie,
        state => Standing::Is { state, suspend: l.last_flag() & LW_WSUSPEND != 0 },
    }
}

impl Threads for Arc<Machine> {
    fn create(&self, l: &Arc<KernelLwp>, lid: Lid) -> Result<(), Errno> {
        let Start::Unborn { detached, suspended } = self.program.lines[lid - 1].start else {
            panic!("LWP {lid} is there already")
        };
        let l2 = self.sys.sys_lwp_create(l, detached, suspended)?;
        assert_eq!(l2.l_lid(), lid, "the program expects LWPs to be numbered in the order of their creation");
        self.spawn(l2);
        Ok(())
    }

    fn start(&self, l: &Arc<KernelLwp>, lid: Lid) {
        let l2 = self.sys.lwp(lid);
        self.sys.lwp_start(l, l2, false);
        self.spawn(l2.clone());
    }
}
