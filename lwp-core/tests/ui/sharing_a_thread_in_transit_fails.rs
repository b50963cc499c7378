// A thread in transit is one thread's alone; shared, it would give two threads a `Cell` at the same time.

use lwp_core::{illumos::Thread, locks::Locks, mutex::Class};

trait Spawn {
    fn spawn(self);
}

impl<F: FnOnce() + Send> Spawn for F {
    fn spawn(self) {
        std::thread::scope(|s| s.spawn(self).join().unwrap());
    }
}

fn main() {
    let locks = Locks::new(&[Class::CpuThreadLock, Class::StopLock, Class::TransitionLock]);
    let cpu = locks.id(0);
    let thread = Thread::new(locks.clone(), cpu, std::cell::Cell::new(0));
    let transit = thread.thread_lock().thread_transition();
    (|| _ = std::hint::black_box(&*transit)).spawn();
    transit.thread_set_state(locks.get(cpu).mutex_spin_enter()).thread_unlock();
}
