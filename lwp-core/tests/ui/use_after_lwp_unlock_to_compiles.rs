// An LWP that was lent a lock may be somebody else's before the old lock is even released.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
    let (cpu, sleepq) = (locks.id(0), locks.id(1));
    let lwp: Lwp<u32> = Lwp::new(locks, cpu, 0);
    let l = lwp.lwp_lock();
    l.lwp_unlock_to(sleepq);
    assert_eq!(*lwp.lwp_lock(), 0);
}
