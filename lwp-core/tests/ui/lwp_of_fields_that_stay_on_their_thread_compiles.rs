// An LWP hands its fields from thread to thread. Fields that must stay on one, like an `Rc`, must keep it
// there.

use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};

trait Spawn {
    fn spawn(self);
}

impl<F: FnOnce() + Send> Spawn for F {
    fn spawn(self) {
        std::thread::scope(|s| s.spawn(self).join().unwrap());
    }
}

fn main() {
    let locks = Locks::new(&[Class::SpcLwplock]);
    let lwp: Lwp<_> = Lwp::new(locks.clone(), locks.id(0), std::sync::Arc::new(0));
    (|| assert_eq!(**lwp.lwp_lock(), 0)).spawn();
}
