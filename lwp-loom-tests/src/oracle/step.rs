//! One LWP does one thing, all at once.

use lwp_core::netbsd::Errno;

use super::world::{Bed, Halt, Life, Place, Stop, Timer, Way, World};
use crate::litmus::ast::{Op, Program, Sig, Start, Value};

/// Lets somebody take a step; false where it cannot.
pub fn step(program: &Program, world: &mut World, who: usize) -> bool {
    let one = &world.all[who];
    let runs = match one.life {
        Life::Alive | Life::Dying => one.halt.is_none() && one.sleep.is_none(),
        Life::Outside => true,
        Life::Unborn | Life::Idle | Life::Zombie | Life::Freed => false,
    };
    if !runs || one.place == Place::Done {
        return false;
    }
    let tells = |n: usize| matches!(world.all[n].place, Place::Tells(_));
    if (0..world.all.len()).any(|n| n != who && tells(n)) && !comes_between(program, world, who) {
        return false;
    }
    let mut turn = Turn { program, world, who };
    match turn.place() {
        Place::Before => turn.operation(),
        Place::Waits(lid) => turn.waits(lid),
        Place::WaitSleeps(lid) => turn.woken(Way::WakeFromWait(lid)),
        Place::Interrupted(lid) => turn.wait_fails(lid, Errno::Eintr),
        Place::Sleeps => turn.woken_from_sleep(),
        Place::Parked => turn.woken(Way::Wake),
        Place::Locks => turn.mutex_enter(),
        Place::Userret(way) => turn.userret(way),
        Place::User => return turn.user_mode(),
        Place::Signals(way) => turn.signals(way),
        Place::Tells(way) => turn.tells(way),
        Place::Stops(way) => turn.stops(way),
        Place::Starts(lwp) => turn.starts(lwp),
        Place::Holds(lwp) => turn.lets_go(lwp),
        Place::Abandons(lwp) => {
            if turn.zombie(lwp) {
                turn.gives(Value::Ok);
            }
        }
        Place::Exits => {
            if turn.zombie(who) {
                turn.gone();
            }
        }
        Place::Collects => turn.collects(),
        Place::Dumps => turn.dumps(),
        Place::Done => unreachable!("it has been asked"),
    }
    true
}

/// Whether it can take its next step while another stops the process, who holds the process' lock throughout.
fn comes_between(program: &Program, world: &World, who: usize) -> bool {
    let one = &world.all[who];
    let takes_no_lock = match one.place {
        Place::Before => matches!(
            program.lines[who].steps[one.pc].op,
            Op::Park
                | Op::ParkTimed
                | Op::Timeout(_)
                | Op::Sleep
                | Op::SleepSig
                | Op::Happen
                | Op::MutexEnter
                | Op::MutexExit
                | Op::Yield
        ),
        Place::Sleeps | Place::Parked | Place::Locks => true,
        _ => false,
    };
    takes_no_lock && !one.asked.signal
}

struct Turn<'a> {
    program: &'a Program,
    world: &'a mut World,
    who: usize,
}

impl Turn<'_> {
    fn place(&self) -> Place {
        self.world.all[self.who].place
    }

    fn go(&mut self, place: Place) {
        self.world.all[self.who].place = place;
    }

    /// The step is over, with a result.
    fn gives(&mut self, value: Value) {
        let steps = self.program.lines[self.who].steps.len();
        let me = &mut self.world.all[self.who];
        me.results.push(value);
        me.pc += 1;
        me.place = if me.pc == steps { Place::Done } else { Place::Before };
    }

    fn fails(&mut self, errno: Errno) {
        self.gives(Value::Errno(errno));
    }

    fn result(&mut self, result: Result<(), Errno>) {
        self.gives(result.map_or_else(Value::Errno, |()| Value::Ok));
    }

    /// The LWP has exited: it does not come back from its step.
    fn gone(&mut self) {
        let me = &mut self.world.all[self.who];
        me.results.push(Value::Gone);
        me.place = Place::Done;
    }

    fn operation(&mut self) {
        match self.program.lines[self.who].steps[self.world.all[self.who].pc].op {
            Op::Suspend(lid) => {
                let result = self.suspend(lid);
                self.result(result);
            }
            Op::LwpSuspend(lid) => {
                let target = self.world.find(lid).ok_or(Errno::Esrch);
                let result = target.and_then(|target| self.lwp_suspend(target));
                self.result(result);
            }
            Op::Continue(lid) => {
                let target = self.world.find(lid).ok_or(Errno::Esrch);
                let result = target.map(|target| continues(self.world, target));
                self.result(result);
            }
            Op::Wait(lid) => {
                self.world.all[self.who].waits_for = Some(lid);
                self.waits(lid);
            }
            Op::Detach(lid) => {
                let result = self.detach(lid);
                self.result(result);
            }
            Op::Reference(lid) => match self.world.find(lid) {
                Some(target) => self.go(Place::Holds(target)),
                None => self.fails(Errno::Esrch),
            },
            Op::Create(lid) => {
                self.world.free_zombie();
                if self.program.maxlwp.is_some_and(|maxlwp| self.world.count() >= maxlwp) {
                    return self.fails(Errno::Eagain);
                }
                self.world.all[lid - 1].life = Life::Idle;
                self.go(Place::Starts(lid - 1));
            }
            Op::Start(lid) => self.starts(lid - 1),
            Op::Abandon(lid) => {
                let target = &mut self.world.all[lid - 1];
                // It does not count among those that run.
                (target.life, target.halt) = (Life::Dying, Some(Halt::Suspended));
                target.place = Place::Done;
                self.go(Place::Abandons(lid - 1));
            }
            Op::Signal(sig) => {
                self.kill(sig);
                self.gives(Value::Ok);
            }
            Op::Kill(lid, sig) => {
                let target = self.world.find(lid).ok_or(Errno::Esrch);
                let result = target.map(|target| sig.into_iter().for_each(|sig| self.lwp_kill(target, sig)));
                self.result(result);
            }
            Op::Stop => {
                if self.world.stop == Stop::No && proc_stop(self.world) {
                    self.go(Place::Tells(None));
                } else {
                    self.gives(Value::Ok);
                }
            }
            Op::Dump => self.ends_by_signal(true),
            Op::Park => self.park(Timer::Off),
            Op::ParkTimed => self.park(Timer::Armed),
            Op::Unpark(lid) => {
                let result = self.unpark(lid);
                self.result(result);
            }
            Op::Wakeup(lid) => {
                let result = self.wakeup(lid);
                self.result(result);
            }
            Op::Timeout(lid) => {
                let target = &mut self.world.all[lid - 1];
                if target.timer == Timer::Armed {
                    target.timer = Timer::Fired;
                    target.sleep = None;
                }
                self.gives(Value::Ok);
            }
            Op::Sleep | Op::SleepSig => self.sleep(),
            Op::Happen => {
                self.world.happened = true;
                self.world.wake(Bed::Happening);
                self.gives(Value::Ok);
            }
            Op::MutexEnter => self.mutex_enter(),
            Op::MutexExit => {
                self.world.mutex = None;
                self.world.wake(Bed::Mutex);
                self.gives(Value::Ok);
            }
            Op::Yield => self.gives(Value::Ok),
            Op::Reap => self.gives(if self.world.dead { Value::Reaped } else { Value::NotYet }),
            Op::Userret => self.userret(Way::On),
            Op::User => self.userret(Way::ToUser),
            Op::Exit => self.exits(),
            Op::ExitProcess => {
                if self.world.exits {
                    self.exits();
                } else {
                    self.ends_the_process();
                }
            }
            _ => unreachable!("the reference does not know this operation, and has said so"),
        }
    }

    fn must_exit(&self) -> bool {
        let asked = self.world.all[self.who].asked;
        asked.exit || asked.core
    }

    fn suspend(&mut self, lid: usize) -> Result<(), Errno> {
        let target = self.world.find(lid).ok_or(Errno::Esrch)?;
        if target == self.who && self.world.running() == 1 || self.must_exit() {
            return Err(Errno::Edeadlk);
        }
        self.lwp_suspend(target)
    }

    fn lwp_suspend(&mut self, target: usize) -> Result<(), Errno> {
        if self.must_exit() {
            return Err(Errno::Edeadlk);
        }
        ask_to_suspend(self.world, target);
        Ok(())
    }

    fn detach(&mut self, lid: usize) -> Result<(), Errno> {
        let n = lid - 1;
        let target = self.world.all.get_mut(n).filter(|one| one.is_there()).ok_or(Errno::Esrch)?;
        match target.life {
            _ if target.detached => return Err(Errno::Einval),
            Life::Idle => return Err(Errno::Esrch),
            Life::Zombie => self.world.free(n),
            _ => {
                target.detached = true;
                self.world.wake(Bed::Lwps);
            }
        }
        Ok(())
    }

    fn lets_go(&mut self, target: usize) {
        self.gives(Value::Ok);
        if !self.world.is_held(target) {
            self.world.wake(Bed::Lwps);
        }
    }

    /// Looks whether a wait is over, and falls asleep where it is not.
    fn waits(&mut self, lid: usize) {
        if self.world.dumps {
            self.world.all[self.who].waits_for = None;
            return self.go(Place::Userret(Way::On));
        }
        self.world.free_zombie();
        match self.scan(lid, false) {
            Scan::Zombie(zombie) => {
                self.world.all[self.who].waits_for = None;
                self.world.free(zombie);
                self.gives(Value::Lwp(zombie + 1));
            }
            Scan::Cycle => self.wait_fails(lid, Errno::Edeadlk),
            Scan::Nobody => self.wait_fails(lid, Errno::Esrch),
            Scan::Some if self.world.exits || self.nobody_else_can_exit() => {
                self.wait_fails(lid, Errno::Edeadlk);
            }
            Scan::Some if self.falls_asleep(Bed::Lwps, true) => self.go(Place::WaitSleeps(lid)),
            Scan::Some => self.go(Place::Interrupted(lid)),
        }
    }

    fn scan(&mut self, lid: usize, all: bool) -> Scan {
        let mut found = Scan::Nobody;
        for n in self.world.lwps() {
            if n + 1 == lid && self.world.all[n].waits_for == Some(self.who + 1) {
                return Scan::Cycle;
            }
            let other = &mut self.world.all[n];
            if n == self.who || other.detached && !all || lid != 0 && n + 1 != lid {
                continue;
            }
            found = Scan::Some;
            if other.detached || lid == 0 && other.waiter.is_some() {
                continue;
            }
            if lid != 0 {
                other.waiter.get_or_insert(self.who);
            }
            if other.life == Life::Zombie {
                return Scan::Zombie(n);
            }
        }
        found
    }

    /// Whether all who could exit wait, in a process that is not stopped: nobody would ever be collected.
    fn nobody_else_can_exit(&self) -> bool {
        let waits =
            |n: &usize| self.world.all[*n].waits_for.is_some() || self.world.all[*n].place == Place::Dumps;
        let waiting = self.world.lwps().filter(waits).count();
        let detached = self.world.lwps().filter(|n| {
            let one = &self.world.all[*n];
            one.detached && !waits(n) && (one.runs_or_sleeps() || one.life == Life::Zombie)
        });
        let may = self.world.running() + self.world.dead_or_dying();
        may <= waiting + detached.count() && self.world.stop == Stop::No
    }

    fn wait_fails(&mut self, lid: usize, errno: Errno) {
        if let Some(target) = lid.checked_sub(1).and_then(|n| self.world.all.get_mut(n))
            && target.waiter == Some(self.who)
        {
            target.waiter = None;
        }
        self.world.all[self.who].waits_for = None;
        self.world.wake(Bed::Lwps);
        self.fails(errno);
    }

    /// Falls asleep, unless there is a reason not to.
    fn falls_asleep(&mut self, bed: Bed, lightly: bool) -> bool {
        let me = &mut self.world.all[self.who];
        if lightly && (me.asked.exit || me.asked.core || me.asked.cancelled || me.asked.signal) {
            me.asked.cancelled = false;
            return false;
        }
        me.sleep = Some((bed, lightly));
        true
    }

    /// Somebody ended an interruptible sleep: was it for the sleeper's own good?
    fn woken(&mut self, way: Way) {
        let me = &mut self.world.all[self.who];
        // The time that has come tells itself from others only after these.
        if me.asked.exit || me.asked.core || me.asked.cancelled {
            self.interrupted(way);
        } else if me.asked.signal {
            self.go(Place::Signals(way));
        } else {
            self.rested(way);
        }
    }

    fn interrupted(&mut self, way: Way) {
        self.world.all[self.who].timer = Timer::Off;
        match way {
            Way::WakeFromWait(lid) => self.wait_fails(lid, Errno::Eintr),
            _ => self.fails(Errno::Eintr),
        }
    }

    fn rested(&mut self, way: Way) {
        let timer = std::mem::replace(&mut self.world.all[self.who].timer, Timer::Off);
        match way {
            Way::WakeFromWait(lid) => self.go(Place::Waits(lid)),
            _ if self.place_is_sleep() => self.sleep(),
            _ if timer == Timer::Fired => self.fails(Errno::Etimedout),
            _ => self.gives(Value::Ok),
        }
    }

    fn place_is_sleep(&self) -> bool {
        let me = &self.world.all[self.who];
        matches!(self.program.lines[self.who].steps[me.pc].op, Op::Sleep | Op::SleepSig)
    }

    fn sleep(&mut self) {
        let lightly = self.program.lines[self.who].steps[self.world.all[self.who].pc].op == Op::SleepSig;
        if self.world.happened {
            self.gives(Value::Ok);
        } else if self.falls_asleep(Bed::Happening, lightly) {
            self.go(Place::Sleeps);
        } else {
            self.fails(Errno::Eintr);
        }
    }

    fn woken_from_sleep(&mut self) {
        let lightly = self.program.lines[self.who].steps[self.world.all[self.who].pc].op == Op::SleepSig;
        if lightly { self.woken(Way::Wake) } else { self.sleep() }
    }

    fn park(&mut self, timer: Timer) {
        let asked = &mut self.world.all[self.who].asked;
        if asked.cancelled || asked.unparked {
            (asked.cancelled, asked.unparked) = (false, false);
            self.fails(Errno::Ealready);
        } else if self.falls_asleep(Bed::Parked, true) {
            self.world.all[self.who].timer = timer;
            self.go(Place::Parked);
        } else {
            self.fails(Errno::Eintr);
        }
    }

    fn unpark(&mut self, lid: usize) -> Result<(), Errno> {
        let parked = |world: &World, n: usize| world.all[n].sleep.is_some_and(|(bed, _)| bed == Bed::Parked);
        let target = self.world.find(lid).ok_or(Errno::Esrch)?;
        if parked(self.world, target) {
            self.world.all[target].sleep = None;
        } else {
            self.world.all[target].asked.unparked = true;
        }
        Ok(())
    }

    fn wakeup(&mut self, lid: usize) -> Result<(), Errno> {
        let target = self.world.find(lid).ok_or(Errno::Esrch)?;
        let target = &mut self.world.all[target];
        (target.asked.cancelled, target.asked.unparked) = (true, true);
        if target.sleeps_lightly() {
            target.sleep = None;
            return Ok(());
        }
        Err(if target.sleeps() { Errno::Ebusy } else { Errno::Enodev })
    }

    fn mutex_enter(&mut self) {
        if self.world.mutex.is_none() {
            self.world.mutex = Some(self.who);
            self.gives(Value::Ok);
        } else {
            self.falls_asleep(Bed::Mutex, false);
            self.go(Place::Locks);
        }
    }

    /// One look at what is asked of the LWP.
    fn userret(&mut self, way: Way) {
        let asked = self.world.all[self.who].asked;
        self.go(Place::Userret(way));
        if asked.signal && !asked.core && !asked.exit {
            self.go(Place::Signals(way));
        } else if asked.suspend {
            self.world.all[self.who].halt = Some(Halt::Suspended);
            self.world.wake(Bed::Lwps);
        } else if asked.exit {
            self.exits();
        } else if way == Way::ToUser {
            self.go(Place::User);
        } else {
            self.gives(Value::Ok);
        }
    }

    fn user_mode(&mut self) -> bool {
        let sent = std::mem::replace(&mut self.world.all[self.who].ast, false);
        if sent {
            self.go(Place::Userret(Way::On));
        }
        sent
    }

    /// One look at the signals that are pending: the LWP's own first.
    fn signals(&mut self, way: Way) {
        if self.world.stop != Stop::No {
            return self.go(Place::Stops(way));
        }
        let mine = self.world.all[self.who].pending.first();
        let asleep = !matches!(way, Way::On | Way::ToUser);
        match mine.or(self.world.pending.first()) {
            None => {
                self.world.all[self.who].asked.signal = false;
                if asleep { self.rested(way) } else { self.go(Place::Userret(way)) }
            }
            Some(Sig::Stop) => {
                self.take(Sig::Stop);
                let tells = proc_stop(self.world);
                self.go(if tells { Place::Tells(Some(way)) } else { Place::Stops(way) });
            }
            // It is taken on the way to user mode.
            Some(_) if asleep => self.interrupted(way),
            Some(sig) => {
                self.take(sig);
                match sig {
                    Sig::Kill => self.ends_by_signal(false),
                    Sig::Quit => self.ends_by_signal(true),
                    _ => self.go(Place::Signals(way)),
                }
            }
        }
    }

    fn take(&mut self, sig: Sig) {
        let _ = self.world.all[self.who].pending.take(sig) || self.world.pending.take(sig);
    }

    /// Asks the others to stop, and goes on.
    fn tells(&mut self, way: Option<Way>) {
        for n in self.world.lwps() {
            post(self.world, n, Sig::Stop);
        }
        match way {
            Some(way) => self.go(Place::Stops(way)),
            None => self.gives(Value::Ok),
        }
    }

    /// Stops with its process, unless that has been continued meanwhile.
    fn stops(&mut self, way: Way) {
        if self.world.stop == Stop::Pending && self.world.running() == 1 {
            self.world.stop = Stop::Stopped;
        }
        if self.world.stop != Stop::No {
            self.world.all[self.who].halt = Some(Halt::Stopped);
        }
        self.go(Place::Signals(way));
    }

    fn kill(&mut self, sig: Sig) {
        undo_stops(self.world, sig);
        if sig == Sig::Cont {
            return;
        }
        self.world.pending.add(sig);
        let all = self.world.lwps();
        deliver(self.world, all, sig);
    }

    fn lwp_kill(&mut self, target: usize, sig: Sig) {
        undo_stops(self.world, sig);
        if sig != Sig::Cont {
            self.world.all[target].pending.add(sig);
            post(self.world, target, sig);
        }
    }

    fn starts(&mut self, lwp: usize) {
        let mine = self.world.all[self.who].asked;
        let suspended = matches!(self.program.lines[lwp].start, Start::Unborn { suspended: true, .. });
        let (exits, stop) = (self.world.exits || self.world.dumps, self.world.stop);
        let new = &mut self.world.all[lwp];
        new.life = Life::Alive;
        if exits {
            new.asked.exit = true;
        } else if suspended || mine.suspend || mine.exit {
            new.halt = Some(Halt::Suspended);
        } else if stop != Stop::No {
            new.halt = Some(Halt::Stopped);
        }
        self.gives(Value::Ok);
    }

    /// Begins to exit, or ends the process where nobody else is left.
    fn exits(&mut self) {
        if self.world.count() - self.world.dead_or_dying() == 1 {
            return self.ends_the_process();
        }
        self.world.all[self.who].life = Life::Dying;
        self.go(Place::Exits);
    }

    /// Lets somebody who exits be collected from now on, unless something comes first: whoever holds it, or the
    /// detached zombie whose place it takes.
    fn zombie(&mut self, n: usize) -> bool {
        if self.world.is_held(n) {
            self.falls_asleep(Bed::Lwps, false);
            return false;
        }
        if self.world.all[n].detached {
            if self.world.free_zombie() {
                return false;
            }
            self.world.zombie = Some(n);
        }
        if self.world.all[n].asked.signal {
            for sig in self.world.pending.iter() {
                let others = self.world.lwps().filter(|other| *other != n);
                deliver(self.world, others, sig);
            }
        }
        self.world.all[n].life = Life::Zombie;
        self.world.all[n].halt = None;
        self.world.wake(Bed::Lwps);
        true
    }

    /// `exit`, and the end of the last LWP.
    fn ends_the_process(&mut self) {
        self.world.exits = true;
        unstop(self.world);
        for n in self.world.lwps().filter(|n| *n != self.who) {
            let lightly = self.world.all[n].sleeps_lightly();
            let other = &mut self.world.all[n];
            (other.asked.exit, other.asked.suspend) = (true, false);
            if lightly || other.halt.is_some() && other.life == Life::Alive {
                other.set_running();
            } else {
                other.ast = true;
            }
        }
        self.go(Place::Collects);
    }

    /// Collects one of the others, or comes to the end of the process.
    fn collects(&mut self) {
        if self.world.dumps {
            // Somebody else ends the process, and this LWP with it.
            return self.go(Place::Userret(Way::On));
        }
        self.world.free_zombie();
        if self.world.count() == 1 {
            if self.world.is_held(self.who) {
                self.falls_asleep(Bed::Lwps, false);
                return;
            }
            self.world.all[self.who].life = Life::Zombie;
            self.world.dead = true;
            return self.gone();
        }
        match self.scan(0, true) {
            Scan::Zombie(zombie) => self.world.free(zombie),
            _ => {
                self.falls_asleep(Bed::Lwps, false);
            }
        }
    }

    /// A signal ends the process, or the LWP alone where that ends already.
    fn ends_by_signal(&mut self, core: bool) {
        if self.world.exits {
            self.exits();
        } else if self.world.dumps {
            let asked = &mut self.world.all[self.who].asked;
            (asked.core, asked.exit, asked.suspend) = (true, true, true);
            self.go(Place::Userret(Way::On));
        } else if core {
            self.world.dumps = true;
            unstop(self.world);
            self.dumps();
        } else {
            self.ends_the_process();
        }
    }

    /// Has all others suspended, and falls asleep until they are.
    fn dumps(&mut self) {
        self.world.all[self.who].asked.suspend = false;
        for n in self.world.lwps().filter(|n| *n != self.who) {
            let asked = &mut self.world.all[n].asked;
            (asked.core, asked.exit) = (true, true);
            if self.world.find(n + 1).is_some() && !self.must_exit() {
                ask_to_suspend(self.world, n);
            }
        }
        if self.world.running() == 1 {
            self.world.dumps = false;
            return self.ends_the_process();
        }
        self.world.wake(Bed::Lwps);
        self.falls_asleep(Bed::Lwps, false);
        self.go(Place::Dumps);
    }
}

/// What a look at the others comes to.
enum Scan {
    Zombie(usize),
    Cycle,
    /// Somebody may come.
    Some,
    /// Nobody ever will.
    Nobody,
}

fn continues(world: &mut World, target: usize) {
    let target = &mut world.all[target];
    target.asked.suspend = false;
    if target.halt == Some(Halt::Suspended) {
        target.set_running();
    }
}

fn ask_to_suspend(world: &mut World, target: usize) {
    let lightly = world.all[target].sleeps_lightly();
    let target = &mut world.all[target];
    match target.halt {
        Some(Halt::Suspended) => return,
        Some(Halt::Stopped) => target.set_running(),
        None if lightly => target.sleep = None,
        None => target.ast |= target.sleep.is_none(),
    }
    target.asked.suspend = true;
}

/// Gives whether there is anybody to be told.
fn proc_stop(world: &mut World) -> bool {
    if world.exits || world.dumps {
        return false;
    }
    world.stop = Stop::Pending;
    for n in world.lwps() {
        if world.all[n].sleeps_lightly() {
            world.all[n].halt = Some(Halt::Stopped);
        }
    }
    if world.running() == 0 {
        world.stop = Stop::Stopped;
    }
    world.stop == Stop::Pending
}

fn undo_stops(world: &mut World, sig: Sig) {
    if sig == Sig::Cont {
        world.pending.take(Sig::Stop);
        world.all.iter_mut().for_each(|one| _ = one.pending.take(Sig::Stop));
    }
    if matches!(sig, Sig::Cont | Sig::Kill) && world.stop != Stop::No {
        unstop(world);
    }
}

/// The process is stopped no more, nor about to be.
fn unstop(world: &mut World) {
    world.stop = Stop::No;
    for one in world.all.iter_mut().filter(|one| one.halt == Some(Halt::Stopped)) {
        // Who sleeps still goes on sleeping.
        one.halt = None;
    }
    world.wake(Bed::Lwps);
}

/// Has the first of these that can take a signal do so, or all where it is for all.
fn deliver(world: &mut World, lwps: impl Iterator<Item = usize>, sig: Sig) {
    for n in lwps {
        if post(world, n, sig) && !matches!(sig, Sig::Kill | Sig::Stop) {
            break;
        }
    }
}

/// Tells an LWP of a signal, and wakes it where it may. Gives whether it will look.
fn post(world: &mut World, n: usize, sig: Sig) -> bool {
    let lightly = world.all[n].sleeps_lightly();
    let one = &mut world.all[n];
    if one.life == Life::Zombie {
        return false;
    }
    one.asked.signal = true;
    let ends = matches!(sig, Sig::Kill | Sig::Quit);
    match (one.life, one.halt) {
        (Life::Idle, _) => return false,
        (_, None) if one.sleep.is_none() => one.ast = true,
        (_, None) if lightly => one.sleep = None,
        (_, None) => return false,
        (_, Some(Halt::Suspended)) if ends => continues(world, n),
        (_, Some(Halt::Stopped)) if sig != Sig::Stop && one.sleep.is_none_or(|(_, lightly)| lightly) => {
            one.set_running();
        }
        _ => return false,
    }
    true
}
