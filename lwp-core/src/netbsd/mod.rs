//! NetBSD's protocol, after `kern_lwp.c` 1.62 (March 2007) and 1.69.2.6 (December 2007).

mod kernel;
mod lwp_lock;

pub use kernel::{Kernel, Multiprocessor, Uniprocessor};
pub use lwp_lock::{Lwp, LwpGuard};
