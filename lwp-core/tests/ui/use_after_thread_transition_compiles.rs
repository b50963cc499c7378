// A thread in transit is under no lock: its old guard would release one that it no longer has.

use lwp_core::{illumos::Thread, locks::Locks, mutex::Class};

fn main() {
    let locks = Locks::new(&[Class::CpuThreadLock, Class::StopLock, Class::TransitionLock]);
    let cpu = locks.id(0);
    let thread = Thread::new(locks.clone(), cpu, 0);
    let t = thread.thread_lock();
    let transit = t.thread_transition();
    assert_eq!(*transit, 0);
    transit.thread_set_state(locks.get(cpu).mutex_spin_enter()).thread_unlock();
}
