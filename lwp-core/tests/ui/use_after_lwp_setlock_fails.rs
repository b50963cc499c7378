// The old lock is still held after `lwp_setlock`, which makes it look as if the LWP were: it is not.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
    let (cpu, sleepq) = (locks.id(0), locks.id(1));
    let lwp: Lwp<u32> = Lwp::new(locks, cpu, 0);
    let l = lwp.lwp_lock();
    let old = l.lwp_setlock(sleepq);
    assert_eq!(*l, 0);
    drop(old);
}
