//! A process, from inside and from outside.

use core::fmt;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::outcome::{Outcome, Record, discard};
use super::status::{LwpStatus, status};
use super::thread::{Current, live};
use super::{Error, LwpHandle, LwpId, ProcessBuilder, WaitError};
use crate::netbsd::{Boot, BootLwp, Errno, Lid, Repairs, Revision, System};

/// A process, for whoever is outside: the owner of its end. Dropping it tells the process to exit ([`Process::exit`]) and
/// does not wait: the LWPs end at their next checkpoints, the last of them frees the process, and one that never comes
/// to a checkpoint keeps its thread and the process' memory. An LWP of the process may drop it too; it ends at its next
/// checkpoint like the others.
#[must_use = "dropping a process tells it to exit"]
pub struct Process<T> {
    shared: Arc<Shared>,
    main: Arc<Record>,
    returns: PhantomData<fn() -> T>,
}

impl Process<()> {
    /// The way to a process that is not like others.
    pub fn builder() -> ProcessBuilder {
        ProcessBuilder::new()
    }
}

impl<T: Send + 'static> Process<T> {
    /// Starts a process, the first LWP of which runs `main`. When `main` ends so does that LWP, like any other.
    ///
    /// # Errors
    /// EAGAIN where there is no thread to be had.
    ///
    /// # Example
    /// ```
    /// use lwp_core::lwp::{self, Process};
    /// let process = Process::start(|| lwp::create(|| 6 * 7).unwrap().wait().unwrap())?;
    /// assert_eq!(process.wait().unwrap(), 42);
    /// # Ok::<(), lwp::Error>(())
    /// ```
    pub fn start(main: impl FnOnce() -> T + Send + 'static) -> Result<Process<T>, Error> {
        Process::builder().start(main)
    }

    pub(super) fn boot(
        cpus: Option<usize>,
        maxlwp: usize,
        main: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Process<T>, Error> {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let sys = System::boot(&Boot {
            revision: Revision::R1_69_2_6,
            repairs: Repairs::ALL,
            cpus: cpus.unwrap_or(maxlwp),
            maxlwp,
            lwps: vec![BootLwp::default()],
        });
        let (first, record) = (sys.lwp(1).clone(), Arc::new(Record::default()));
        let shared = Arc::new(Shared {
            // ORDERING: none needed. Only the number's uniqueness counts.
            number: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            sys,
            maxlwp,
            shares_cpus: cpus.is_some(),
            creating: Mutex::new(()),
            records: Mutex::new(HashMap::from([(1, record.clone())])),
            threads: Mutex::new(1),
            ended: Condvar::new(),
        });
        let (process, main_record) = (shared.clone(), record.clone());
        std::thread::Builder::new()
            .spawn(move || live(process, first, main_record, main))
            .map_err(|_| Errno::Eagain)?;
        Ok(Process { shared, main: record, returns: PhantomData })
    }

    /// Waits for the process to end, and gives what its first LWP came to. The caller's thread blocks; where it is an LWP of
    /// another process, it comes to no checkpoint meanwhile.
    ///
    /// # Errors
    /// How the first LWP ended, where it did not return. EDEADLK where the caller is an LWP of this process, which is
    /// told to exit then. ESRCH where the first LWP was collected by another one.
    pub fn wait(self) -> Result<T, WaitError> {
        if Current::get().is_ok_and(|me| Arc::ptr_eq(&me.process, &self.shared)) {
            return Err(Errno::Edeadlk.into());
        }
        let mut threads = self.shared.threads();
        while *threads > 0 {
            threads = self.shared.ended.wait(threads).unwrap_or_else(PoisonError::into_inner);
        }
        drop(threads);
        self.main.take().ok_or(Errno::Esrch)?.typed()
    }
}

impl<T> Process<T> {
    /// Tells all LWPs to exit, and does not wait until they do.
    pub fn exit(&self) {
        self.shared.sys.exit_all_lwps();
    }

    /// The number of its first LWP.
    pub fn main(&self) -> LwpId {
        LwpId { process: self.shared.number, lid: 1 }
    }

    /// What its LWPs do now, oldest first; none where the process has ended. For a watchdog or a debugger.
    pub fn status(&self) -> Vec<LwpStatus> {
        // The last thread frees the last LWP, and waits for this meanwhile.
        let threads = self.shared.threads();
        if *threads == 0 { Vec::new() } else { status(&self.shared.sys, self.shared.number) }
    }
}

impl<T> Drop for Process<T> {
    fn drop(&mut self) {
        self.exit();
    }
}

impl<T> fmt::Debug for Process<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("number", &self.shared.number).finish_non_exhaustive()
    }
}

/// What the threads of a process share.
pub(super) struct Shared {
    number: usize,
    sys: System,
    maxlwp: usize,
    shares_cpus: bool,
    /// Held from the look whether there may be another LWP until there is one.
    creating: Mutex<()>,
    /// What the LWPs leave that are to be waited for.
    records: Mutex<HashMap<Lid, Arc<Record>>>,
    /// Threads that are not over.
    threads: Mutex<usize>,
    /// There are none any more.
    ended: Condvar,
}

impl Shared {
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn sys(&self) -> &System {
        &self.sys
    }

    /// Whether LWPs may have to take turns on a CPU.
    pub(super) fn shares_cpus(&self) -> bool {
        self.shares_cpus
    }

    /// Takes what a departed LWP has left.
    pub(super) fn take_record(&self, lid: Lid) -> Option<Arc<Record>> {
        self.records().remove(&lid)
    }

    /// Creates an LWP for `me`, and starts it.
    pub(super) fn create<T: Send + 'static>(
        self: &Arc<Shared>,
        me: &Current,
        detached: bool,
        suspended: bool,
        thread: std::thread::Builder,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<LwpHandle<T>, Error> {
        let creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        // Its place is as good as free.
        self.sys.free_p_zomblwp();
        if self.sys.proc().enter().p_nlwps >= self.maxlwp {
            return Err(Errno::Eagain.into());
        }
        let lwp = self.sys.lwp_create(&me.lwp, detached);
        drop(creating);

        let (lid, record) = (lwp.l_lid(), Arc::new(Record::default()));
        if !detached {
            self.records().insert(lid, record.clone());
        }
        *self.threads() += 1;
        let (process, its, leaves) = (self.clone(), lwp.clone(), record.clone());
        if thread.spawn(move || live(process, its, leaves, closure)).is_err() {
            *self.threads() -= 1;
            record.leave(Outcome::Exited);
            self.sys.lwp_exit_idle(&me.lwp, &lwp);
            // Somebody who waits for any may have been faster.
            if !detached && self.sys.sys_lwp_detach(lid).is_ok() {
                self.take_record(lid);
            }
            return Err(Errno::Eagain.into());
        }
        self.sys.lwp_start(&me.lwp, &lwp, suspended);
        Ok(LwpHandle::new(LwpId { process: self.number, lid }))
    }

    /// A thread is over, and its LWP a zombie or gone. The last one does what a parent does about the process.
    pub(super) fn thread_ends(&self) {
        if *self.threads() == 1 {
            // Nobody is left to create another, or to collect these.
            let left = std::mem::take(&mut *self.records());
            left.into_values().for_each(discard);
        }
        let mut threads = self.threads();
        *threads -= 1;
        if *threads == 0 {
            assert!(self.sys.proc_free(), "the process has LWPs that have no threads");
            self.ended.notify_all();
        }
    }

    fn records(&self) -> MutexGuard<'_, HashMap<Lid, Arc<Record>>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn threads(&self) -> MutexGuard<'_, usize> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Weak;

    use super::*;
    use crate::lwp;
    use crate::netbsd::KernelLwp;

    /// One LWP that is collected after another, and one that is detached: all memory comes back while the process runs.
    #[test]
    fn a_process_that_creates_and_collects_for_ever_does_not_grow() {
        let process = Process::start(|| {
            let me = Current::get().unwrap();
            let mut all: Vec<Weak<KernelLwp>> = Vec::new();
            let mut note = || {
                let p = me.process.sys.proc().enter();
                all.extend(p.p_lwps.iter().filter(|m| m.lwp.l_lid() != 1).map(|m| Arc::downgrade(&m.lwp)));
            };
            for _ in 0..200 {
                let lwp = lwp::create(|| ()).unwrap();
                note();
                lwp.wait().unwrap();
                lwp::builder().detached().create(|| ()).unwrap();
                note();
            }
            while *me.process.threads() > 1 {
                lwp::yield_now().unwrap();
            }
            // Of the detached zombies the last one waits for somebody who reaps it.
            assert!(all.len() >= 400);
            let left = me.process.sys.proc().enter().p_nlwps - 1;
            assert!(left <= 1, "{left} detached zombies are left");
            let alive: HashSet<Lid> = all.iter().filter_map(Weak::upgrade).map(|l| l.l_lid()).collect();
            assert_eq!(alive.len(), left, "{alive:?}");
            assert!(me.process.records().keys().eq([&1]));
        });
        let process = process.unwrap();
        let shared = Arc::downgrade(&process.shared);
        process.wait().unwrap();
        while shared.strong_count() > 0 {
            // The last thread has said that it is over, and is about to be.
            std::thread::yield_now();
        }
    }
}
