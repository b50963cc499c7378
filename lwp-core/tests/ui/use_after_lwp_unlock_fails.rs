// A guard that outlived `lwp_unlock` would reach fields that somebody else has locked.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock]);
    let lwp: Lwp<u32> = Lwp::new(locks.clone(), locks.id(0), 0);
    let l = lwp.lwp_lock();
    l.lwp_unlock();
    assert_eq!(*l, 0);
}
