// `thread_stop` puts the thread under a lock that the caller does not hold.

use lwp_core::{illumos::Thread, locks::Locks, mutex::Class};

fn main() {
    let locks = Locks::new(&[Class::CpuThreadLock, Class::StopLock, Class::TransitionLock]);
    let thread = Thread::new(locks.clone(), locks.id(0), 0);
    let t = thread.thread_lock();
    t.thread_stop();
    assert_eq!(*t, 0);
}
