// Unlocking a thread in transit would leave it under `transition_lock` for ever: it has to land first.

use lwp_core::{illumos::Thread, locks::Locks, mutex::Class};

fn main() {
    let locks = Locks::new(&[Class::CpuThreadLock, Class::StopLock, Class::TransitionLock]);
    let cpu = locks.id(0);
    let thread = Thread::new(locks.clone(), cpu, 0);
    let transit = thread.thread_lock().thread_transition();
    let lock = locks.get(cpu).mutex_spin_enter();
    transit.thread_unlock();
}
