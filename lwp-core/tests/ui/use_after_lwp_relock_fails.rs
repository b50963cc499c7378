// After `lwp_relock` the LWP is locked by another lock: the old guard would release the wrong one.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
    let (cpu, sleepq) = (locks.id(0), locks.id(1));
    let lwp: Lwp<u32> = Lwp::new(locks, cpu, 0);
    let l = lwp.lwp_lock();
    let relocked = l.lwp_relock(sleepq);
    assert_eq!(*l, 0);
    relocked.lwp_unlock();
}
