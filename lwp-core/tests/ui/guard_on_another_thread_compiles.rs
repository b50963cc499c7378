// A lock is released by the thread that took it: a guard that travels would make another thread the
// releaser.

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
    let lwp: Lwp<u32> = Lwp::new(locks.clone(), locks.id(0), 0);
    let l = &lwp;
    (move || println!("{l:?}")).spawn();
}
