// Only the holder may move the LWP: a store from outside would take it away from under the holder.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
    let (cpu, sleepq) = (locks.id(0), locks.id(1));
    let lwp: Lwp<u32> = Lwp::new(locks, cpu, 0);
    lwp.lwp_lock().lwp_unlock_to(sleepq);
    assert_eq!(lwp.lwp_lock().covering(), sleepq);
}
