// With one lock for everything the caller cannot hold the new lock beside the LWP's: it is the same one.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SchedMutex, Class::SleepQueue]);
    let lwp: Lwp<u32, lwp_core::netbsd::Multiprocessor> = Lwp::new(locks.clone(), locks.id(0), 0);
    let l = lwp.lwp_lock();
    let held = locks.get(locks.id(1)).mutex_spin_enter();
    l.lwp_unlock_to_held(held).lwp_unlock();
}
