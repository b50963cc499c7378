//! Threads that can be suspended, continued, waited for and told to exit: NetBSD's and illumos' lightweight processes
//! (LWPs) as a library, on real threads. The code is the kernels' protocol, and every execution of small programs over
//! it is explored by model checkers.
//!
//! # Five minutes
//! A [process](lwp::Process) has LWPs, each with a thread of its own. The first one runs the closure that the process starts
//! with; it creates others, and waits for them.
//!
//! ```
//! use lwp_core::lwp::{self, Process};
//!
//! let process = Process::start(|| {
//!     let six = lwp::create(|| 6)?;
//!     let seven = lwp::create(|| 7)?;
//!     Ok::<i32, lwp::WaitError>(six.wait()? * seven.wait()?)
//! })?;
//! assert_eq!(process.wait()??, 42);
//! # Ok::<(), lwp::WaitError>(())
//! ```
//!
//! **Suspend, continue.** Unlike a thread, an LWP can be halted from outside, and goes on where it was. It halts at a
//! *checkpoint*: every system call is one, and long work calls [`lwp::checkpoint`], which costs nanoseconds.
//! So whoever suspends LWPs knows that they are not in the middle of something.
//!
//! ```
//! use lwp_core::lwp::{self, Process, State};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! let process = Process::start(|| {
//!     let (even, enough) = (Arc::new(AtomicU64::new(0)), 1_000_000);
//!     let n = even.clone();
//!     let counter = lwp::create(move || {
//!         while n.load(Relaxed) < enough {
//!             n.fetch_add(1, Relaxed); // odd now
//!             n.fetch_add(1, Relaxed);
//!             lwp::checkpoint();
//!         }
//!     })?;
//!     if lwp::suspend(counter.id()).is_ok() {
//!         while lwp::state(counter.id())? == State::OnProc {
//!             lwp::yield_now()?;
//!         }
//!         assert_eq!(even.load(Relaxed) % 2, 0); // suspended, or done
//!         _ = lwp::resume(counter.id()); // whoever is done cannot be continued
//!     }
//!     counter.wait()
//! })?;
//! process.wait()??;
//! # Ok::<(), lwp::WaitError>(())
//! ```
//!
//! **Park, unpark, sleep, wake.** An LWP parks until another unparks it; an unpark that comes first is kept. Any sleep
//! can be cut short by [`lwp::wakeup`], and fails with EINTR then.
//!
//! ```
//! use lwp_core::lwp::{self, Errno, Error, Process};
//! use std::time::Duration;
//!
//! let process = Process::start(|| {
//!     let parked = lwp::create(|| lwp::park())?;
//!     lwp::unpark(parked.id())?;
//!     assert_eq!(parked.wait()?, Ok(()));
//!
//!     let sleeper = lwp::create(|| lwp::sleep(Duration::MAX))?;
//!     _ = lwp::wakeup(sleeper.id()); // ENODEV where it does not sleep yet: it will not
//!     assert_eq!(sleeper.wait()?, Err(Error::Kernel(Errno::Eintr)));
//!     Ok::<(), lwp::WaitError>(())
//! })?;
//! process.wait()??;
//! # Ok::<(), lwp::WaitError>(())
//! ```
//!
//! **Waits that would never end** fail with EDEADLK instead, where two LWPs wait for each other or all that could end wait.
//! What a wait gives is also how an LWP failed: a panic's payload comes to whoever waits.
//!
//! ```
//! use lwp_core::lwp::{self, Errno, Error, Outcome, Process, WaitError};
//!
//! let process = Process::start(|| {
//!     let me = lwp::current()?;
//!     assert_eq!(lwp::wait(me).unwrap_err(), Error::Kernel(Errno::Edeadlk));
//!
//!     let fails = lwp::create(|| -> u8 { std::panic::resume_unwind(Box::new("broken")) })?;
//!     let Err(WaitError::Panicked(payload)) = fails.wait() else { unreachable!() };
//!     assert_eq!(payload.downcast_ref(), Some(&"broken"));
//!
//!     lwp::builder().name("one of many").create(|| 1_u8)?;
//!     let first = lwp::wait_any()?; // whoever ends first
//!     assert!(matches!(first.outcome, Outcome::Returned(_)));
//!     Ok::<(), Error>(())
//! })?;
//! process.wait().unwrap()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! **Exit.** A process ends with its last LWP, or is told to: by one of its LWPs ([`lwp::exit_process`]), or from outside,
//! where dropping the [`Process`](lwp::Process) is enough. Each LWP unwinds at its next checkpoint, and destructors run.
//!
//! ```
//! use lwp_core::lwp::{self, Process, WaitError};
//!
//! let process = Process::start(|| {
//!     lwp::create(|| loop { lwp::checkpoint() }).unwrap();
//!     loop {
//!         lwp::park().unwrap();
//!     }
//! })?;
//! println!("{:?}", process.status()); // who does what, for a watchdog
//! process.exit();
//! assert!(matches!(process.wait(), Err::<(), _>(WaitError::Exited)));
//! # Ok::<(), lwp::Error>(())
//! ```
//!
//! By default every LWP has a virtual CPU, so that all run in parallel; with
//! [`Process::builder().cpus(n)`](lwp::ProcessBuilder::cpus) they share a few and take turns. [`lwp`] has the rest, what
//! misuse comes to included, and the folder `examples` has programs: a pool that is suspended for a snapshot, children
//! collected in any order, join cycles, a supervisor.
//!
//! # Underneath
//! NetBSD and illumos guard an LWP with a lock *pointer*: `l_mutex` (`t_lockp` in illumos) names the lock of whatever
//! the LWP is on now, a CPU, a run queue, a sleep queue. Whoever wants the LWP loads the pointer, takes that lock, looks
//! again, and starts over if the pointer has moved ([`netbsd::Lwp`] has an example). The protocol on top is
//! [`netbsd::System`]. All of it is written once over [`sync`], a small facade with one back end for real threads and
//! others for model checkers.
//!
//! | module | what it holds |
//! |---|---|
//! | [`lwp`] | the library: processes and LWPs to use |
//! | [`sync`] | the facade: atomics, cells, raw locks, threads; the only place that names a back end |
//! | [`site`] | every memory ordering, with its name and what it pairs with |
//! | [`mutex`] | the kernel mutex: class, owner, guards |
//! | [`covered`] | data that one fixed lock protects |
//! | [`observe`] | what happens in an execution, for whoever listens |
//! | [`order`], [`witness`] | the declared lock order, and the one that is observed |
//! | [`locks`] | the locks of one machine, among which a lock pointer moves |
//! | [`netbsd`] | `lwp_lock` and its family, multiprocessor and uniprocessor, and the protocol on top |
//! | [`illumos`] | `thread_lock` and its family |

pub mod covered;
pub mod fault;
pub mod illumos;
pub mod locks;
#[cfg(not(any(loom, shuttle)))]
pub mod lwp;
pub mod mutex;
pub mod netbsd;
pub mod observe;
pub mod order;
mod parker;
pub mod site;
mod spin;
pub mod sync;
pub mod watch;
pub mod witness;
