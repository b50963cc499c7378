// Releasing a mutex by hand leaves its guard behind, which then stands for a lock that is not held.

use lwp_core::{locks::Locks, mutex::Class};

fn main() {
    let locks = Locks::new(&[Class::SpcMutex]);
    let mutex = locks.get(locks.id(0));
    std::mem::forget(mutex.mutex_spin_enter());
    unsafe { mutex.mutex_spin_exit() };
}
