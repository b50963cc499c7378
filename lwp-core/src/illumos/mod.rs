//! illumos' protocol, after `lwp.c` (2015) and what it calls.

mod thread_lock;

pub use thread_lock::{InTransit, Thread, ThreadGuard};
