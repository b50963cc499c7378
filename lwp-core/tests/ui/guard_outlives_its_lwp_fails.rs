// A guard unlocks its LWP when it goes, so the LWP has to be there still.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock]);
    let lwp: Lwp<u32> = Lwp::new(locks.clone(), locks.id(0), 0);
    let l = lwp.lwp_lock();
    drop(lwp);
    l.lwp_unlock();
}
