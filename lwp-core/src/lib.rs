//! Kernel threads whose lock moves: the LWP protocols of NetBSD and illumos, as a library.
//!
//! NetBSD and illumos guard a lightweight process (LWP) with a lock *pointer*: `l_mutex` (`t_lockp` in illumos)
//! names the lock of whatever the LWP is on now, a CPU, a run queue, a sleep queue. Whoever wants the LWP loads the
//! pointer, takes that lock, looks again, and starts over if the pointer has moved. This crate is that protocol,
//! written once over [`sync`], a small facade with one back end for real threads and others for model checkers.
//!
//! | module | what it holds |
//! |---|---|
//! | [`sync`] | the facade: atomics, cells, raw locks, threads; the only place that names a back end |
//! | [`site`] | every memory ordering, with its name and what it pairs with |
//! | [`mutex`] | the kernel mutex: class, owner, guards |
//! | [`covered`] | data that one fixed lock protects |
//! | [`order`], [`witness`] | the declared lock order, and the one that is observed |
//! | [`locks`] | the locks of one machine, among which a lock pointer moves |
//! | [`netbsd`] | `lwp_lock` and its family, multiprocessor and uniprocessor |
//! | [`illumos`] | `thread_lock` and its family |
//!
//! # Example
//!
//! ```
//! use lwp_core::{locks::Locks, mutex::Class, netbsd::Lwp};
//!
//! // One CPU's lock and one sleep queue's lock; the LWP starts on the CPU.
//! let locks = Locks::new(&[Class::SpcLwplock, Class::SleepQueue]);
//! let (cpu, sleepq) = (locks.id(0), locks.id(1));
//! let lwp: Lwp<_> = Lwp::new(locks, cpu, "the fields that the lock covers");
//!
//! let l = lwp.lwp_lock();
//! assert_eq!(*l, "the fields that the lock covers");
//! l.lwp_unlock_to(sleepq); // consumes the guard: the LWP may be somebody else's by now
//! assert_eq!(lwp.lwp_lock().covering(), sleepq);
//! ```

pub mod covered;
pub mod fault;
pub mod illumos;
pub mod locks;
#[cfg(not(any(loom, shuttle)))]
pub mod lwp;
pub mod mutex;
pub mod netbsd;
pub mod order;
pub mod site;
mod spin;
pub mod sync;
pub mod witness;
