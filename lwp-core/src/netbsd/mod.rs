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
//! | `cover`, `rest` | which lock covers an LWP, and what holds once nothing runs any more |
//! | [`state`], [`flag`], [`errno`] | states, documented transitions, covering locks; flags; errors |
//! | [`system`], `cpu`, `switch`, `setrunnable`, `sleepq`, `condvar`, `turnstile`, `sleep` | the machine below the protocol |
//! | [`lwp`], [`proc`], `alllwp` | `struct lwp`, `struct proc`, the list of all LWPs |
//! | `suspend`, `userret`, [`wait`], [`exit`], `free`, `find`, `refs`, `create` | the protocol's functions |
//! | [`signal`], `stop`, `dump`, `park` | signals, job control, core dump, parking |
//! | [`specific`], `creds`, `lwpctl`, [`lcpage`], [`vm`], `data` | what else an LWP has: per-LWP data, credentials, lwpctl |
//! | `unlocked` | memory that no lock of the kernel's protects |
//! | `syscalls` | the other system calls on top |

mod alllwp;
mod condvar;
mod cover;
mod cpu;
mod create;
mod creds;
mod data;
#[cfg(shuttle)]
mod describe;
mod dump;
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
mod park;
pub mod proc;
mod refs;
pub mod repair;
#[cfg(any(loom, shuttle))]
mod rest;
pub mod revision;
mod setrunnable;
pub mod signal;
mod sleep;
mod sleepq;
pub mod specific;
pub mod state;
mod stop;
mod suspend;
mod switch;
mod syscalls;
pub mod system;
pub mod transitions;
mod turnstile;
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
pub use signal::Signal;
pub use state::State;
pub use system::{Boot, BootLwp, Doing, System};
