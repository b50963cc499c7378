//! NetBSD's protocol, after `kern_lwp.c` 1.62 (March 2007) and 1.69.2.6 (December 2007).
//!
//! The functions that a kernel engineer knows do not pass their caller's place on: where a lock is taken, and where an
//! execution fails, is a line of theirs.
//!
//! | module | what it holds |
//! |---|---|
//! | `lwp_lock`, `kernel` | the lock that moves |
//! | [`revision`], [`repair`] | what is as written, and what is mended |
//! | [`transitions`] | the transitions that were made |
//! | [`state`], [`flag`], [`errno`] | states, documented transitions, covering locks; flags; errors |
//! | [`system`], `cpu`, `switch`, `setrunnable`, `sleepq`, `condvar` | the machine below the protocol |
//! | [`lwp`], [`proc`] | `struct lwp` and `struct proc` |
//! | `suspend`, `userret`, [`wait`], [`exit`], `free`, `find`, `refs`, `create` | the protocol's functions |
//! | [`specific`], `creds`, `lwpctl`, [`lcpage`], [`vm`], `data` | what else an LWP has: per-LWP data, credentials, lwpctl |
//! | `unlocked` | memory that no lock of the kernel's protects |
//! | `syscalls` | the system calls on top |

mod condvar;
mod cpu;
mod create;
mod creds;
mod data;
pub mod errno;
pub mod exit;
mod find;
pub mod flag;
mod free;
mod kernel;
pub mod lcpage;
pub mod lwp;
mod lwp_lock;
mod lwpctl;
pub mod proc;
mod refs;
pub mod repair;
pub mod revision;
mod setrunnable;
mod sleepq;
pub mod specific;
pub mod state;
mod suspend;
mod switch;
mod syscalls;
pub mod system;
pub mod transitions;
mod unlocked;
mod userret;
pub mod vm;
pub mod wait;

pub use errno::Errno;
pub use kernel::{Kernel, Multiprocessor, Uniprocessor};
pub use lwp::{KernelLwp, Lid, LwpLocked};
pub use lwp_lock::{Lwp, LwpGuard};
pub use repair::{Repair, Repairs};
pub use revision::Revision;
pub use state::State;
pub use system::{Boot, BootLwp, System};
