//! LWPs to use: threads that can be suspended, continued, waited for and told to exit, on real threads.
//!
//! This is NetBSD's protocol of 1.69.2.6 with every [repair](crate::netbsd::Repairs) in force. What runs is
//! [`netbsd::System`](crate::netbsd::System), the code that the checkers explore; here is only what gives its LWPs threads,
//! closures and results.
//!
//! # Shape
//! [`Process::start`] makes a process and its first LWP; every LWP has a thread of its own, so the caller's thread is none.
//! Inside, the functions of this module are the system calls: they work for the LWP that calls them, as those of
//! [`std::thread`] do. From outside, a process can be waited for, told to exit and looked at, and that is all: nobody else
//! can continue its LWPs, so that [EDEADLK](Errno::Edeadlk) means what it says. There is one way to start, since a process
//! that borrowed its creator's thread would have to say what becomes of a thread that is an LWP of two.
//!
//! # Checkpoints
//! Nobody can stop a thread from outside. An LWP suspends itself, and exits, when it comes to a checkpoint: every call into
//! this module but [`current`] is one on its way back, and [`checkpoint`] is nothing else. A closure that never comes to one can neither be
//! suspended nor told to exit; a request waits until it does. A lock that an LWP holds at a checkpoint stays held while it is
//! suspended.
//!
//! # How an LWP ends
//! By returning from its closure, by a panic, or because it must exit. It must when the process exits: by
//! [`exit_process`], [`Process::exit`], or the drop of the [`Process`]. Then its checkpoint unwinds the closure, as a panic
//! does but without a message; destructors run, and the LWP is one still while they do. While an LWP unwinds, for whatever
//! reason, calls do not unwind it again: they return what they have, [EINTR](Errno::Eintr) or [EDEADLK](Errno::Edeadlk)
//! where they would have to wait in a process that exits. A closure that catches the unwinding is unwound again at
//! the next checkpoint. A destructor that panics while an LWP unwinds aborts the program, as it does everywhere in Rust;
//! one that panics otherwise is a panic of the LWP. The last LWP to end ends the process.
//!
//! # CPUs
//! Each LWP has a virtual CPU of its own, unless the process is made with a fixed number of them
//! ([`ProcessBuilder::cpus`]). LWPs that share a CPU take turns at checkpoints and where they sleep; one that blocks
//! elsewhere, on a [`std::sync::Mutex`] say, keeps its CPU. CPUs are set up with the process, as many as LWPs at most
//! ([`ProcessBuilder::maxlwp`]): about 400 bytes each. An LWP takes about half a KiB and its
//! thread's stack until it is collected; its CPU is given to another then, its number never.
//!
//! # Misuse
//! | what | result |
//! |---|---|
//! | a call by a thread that is no LWP | [`Error::NotAnLwp`]; [`checkpoint`] does nothing |
//! | an LWP of another process, one that was collected or detached and is gone, one that never was | ESRCH |
//! | waiting for a detached LWP | ESRCH |
//! | waiting for oneself, or where all who could exit wait | EDEADLK |
//! | detaching twice | EINVAL |
//! | suspending oneself where nobody else runs | EDEADLK |
//! | creating more LWPs than the process may have | EAGAIN |
//! | calls in a process that exits | the LWP unwinds; in a destructor, see above |
//! | an LWP that nobody collects | stays a zombie until the process ends |

mod builder;
mod calls;
mod error;
mod handle;
mod id;
mod outcome;
mod process;
mod status;
mod thread;

pub use crate::netbsd::{Errno, State};
pub use builder::{LwpBuilder, ProcessBuilder, builder};
pub use calls::{
    checkpoint, create, current, detach, exit_process, park, park_timeout, resume, sleep, state, suspend,
    unpark, wait, wait_any, wakeup, yield_now,
};
pub use error::Error;
pub use handle::LwpHandle;
pub use id::LwpId;
pub use outcome::{Departed, Outcome, WaitError};
pub use process::Process;
pub use status::LwpStatus;
