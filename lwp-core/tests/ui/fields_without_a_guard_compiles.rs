// The fields belong to whoever holds the LWP's lock, and to nobody else.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock]);
    let lwp: Lwp<u32> = Lwp::new(locks.clone(), locks.id(0), 0);
    let _ = &*lwp.lwp_lock();
}
