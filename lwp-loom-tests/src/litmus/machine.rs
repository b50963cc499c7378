//! One run of a program on a machine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::netbsd::proc::ProcState;
use lwp_core::netbsd::{Boot, BootLwp, Doing as Booted, Errno, KernelLwp, Lid, System};
use lwp_core::observe::{self, Event};
use lwp_core::sync;

use super::ast::{Doing, Line, Program, Start, Value};
use super::op::{self, Threads};

/// What somebody came by, in order.
type Results = Vec<Value>;

/// What everybody came by: an entry a line, `None` for an LWP that never came to be.
pub type All = Vec<Option<Results>>;

/// Runs a program once on a machine that is like `boot`, but for its LWPs, and gives what everybody came by.
///
/// # Panics
/// Where an operation has a result that it may not have, or the machine finds itself in a state that it must not be in.
#[inline(always)]
pub fn run(program: &Arc<Program>, boot: Boot) -> All {
    let boot = Boot { lwps: program.lines.iter().map_while(booted).collect(), ..boot };
    let sys = System::boot(&boot);
    let sys = if program.has_creds() { sys.with_creds(0) } else { sys };
    let machine = Arc::new(Machine { sys, program: program.clone(), created: Mutex::default() });
    #[cfg(shuttle)]
    {
        let described = machine.clone();
        sync::state::describe(move |tell| described.sys.describe(tell));
    }
    let others = program.lines.iter().enumerate().skip(1).filter_map(|(n, line)| {
        let machine = machine.clone();
        match line.start {
            Start::Born { doing: Doing::Idle, .. } | Start::Unborn { .. } => None,
            Start::Born { .. } => Some((n, sync::spawn(move || machine.thread(machine.sys.lwp(n + 1))))),
            Start::Outside => Some((n, sync::spawn(move || machine.line(n, None)))),
        }
    });
    let others: Vec<_> = others.collect();
    let mut all = vec![None; program.lines.len()];
    all[0] = Some(machine.thread(machine.sys.lwp(1)));
    for (n, thread) in others {
        all[n] = Some(joined(thread));
    }
    // Only an LWP creates others, so there are no more to come.
    loop {
        let next = machine.created().pop();
        let Some((n, thread)) = next else { break };
        all[n] = Some(joined(thread));
    }

    let p = machine.sys.proc().enter();
    if p.p_stat() == ProcState::Zomb {
        assert_eq!((p.p_nlwps, p.p_nzlwps), (1, 1), "a dead process has more than its last LWP");
    }
    p.exit();
    #[cfg(any(loom, shuttle))]
    machine.sys.check_at_rest();
    all
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

/// Between two steps all that a line remembers is where it is and what it came by.
#[cfg_attr(not(shuttle), expect(unused_variables, reason = "only a search that keeps states wants to know"))]
fn remember(line: &Line, step: usize, saw: &Results) {
    #[cfg(shuttle)]
    sync::state::remember(&(&line.name, step, saw));
}

type Thread = sync::JoinHandle<Results>;

#[inline(always)]
fn joined(thread: Thread) -> Results {
    thread.join().expect("a line of the program panicked")
}

/// The machine that the threads of a program share.
struct Machine {
    sys: System,
    program: Arc<Program>,
    /// The lines and threads of LWPs that were created. Not part of the model.
    created: Mutex<Vec<(usize, Thread)>>,
}

impl Machine {
    /// Runs an LWP from its first step to its last.
    // A thread that waits for ever is unwound through this: few frames, and nothing to drop.
    #[inline(always)]
    fn thread(self: &Arc<Machine>, l: &Arc<KernelLwp>) -> Results {
        let (name, lid) = (&self.program.lines[l.l_lid() - 1].name, l.l_lid());
        observe::tell(|| Event::Does { name: name.clone(), lid });
        self.sys.lwp_startup(l);
        self.line(l.l_lid() - 1, Some(l))
    }

    /// Runs a line: an LWP's, or that of somebody who is none.
    #[inline(always)]
    fn line(self: &Arc<Machine>, line: usize, l: Option<&Arc<KernelLwp>>) -> Results {
        let mut saw = Vec::new();
        self.operations(line, l, &mut saw);
        saw
    }

    #[inline(always)]
    fn operations(self: &Arc<Machine>, line: usize, l: Option<&Arc<KernelLwp>>, saw: &mut Results) {
        let line = &self.program.lines[line];
        if l.is_none() {
            observe::tell(|| Event::Does { name: line.name.clone(), lid: 0 });
        }
        for (n, step) in line.steps.iter().enumerate() {
            remember(line, n, saw);
            observe::tell(|| Event::Begins { operation: self.program.op(step.op) });
            let result = op::run(step.op, &self.sys, l, self).unwrap_or(Value::Gone);
            observe::tell(|| Event::Ends { result: self.program.value(result) });
            saw.push(result);
            if result == Value::Gone {
                break;
            }
            self.program.refuse_unless_allowed(line, step, result);
        }
        remember(line, line.steps.len(), saw);
    }

    fn spawn(self: &Arc<Machine>, l: Arc<KernelLwp>) {
        let (machine, line) = (self.clone(), l.l_lid() - 1);
        let thread = sync::spawn(move || machine.thread(&l));
        self.created().push((line, thread));
    }

    fn created(&self) -> MutexGuard<'_, Vec<(usize, Thread)>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
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
