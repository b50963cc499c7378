//! Options of processes and of LWPs.

use super::thread::Current;
use super::{Error, LwpHandle, Process};

/// What a process is to be like. By default each LWP has a virtual CPU, and there are 1,024 LWPs at most.
#[derive(Clone, Debug)]
pub struct ProcessBuilder {
    cpus: Option<usize>,
    maxlwp: usize,
}

impl ProcessBuilder {
    pub(super) fn new() -> ProcessBuilder {
        ProcessBuilder { cpus: None, maxlwp: 1024 }
    }

    /// So many virtual CPUs, and no more: of the LWPs on one only one runs at a time.
    ///
    /// # Panics
    /// Where there are none.
    pub fn cpus(mut self, cpus: usize) -> ProcessBuilder {
        assert!(cpus > 0, "a process needs a CPU");
        self.cpus = Some(cpus);
        self
    }

    /// How many LWPs there may be at a time, those included that ended and nobody has collected.
    ///
    /// # Panics
    /// Where there may be none.
    pub fn maxlwp(mut self, maxlwp: usize) -> ProcessBuilder {
        assert!(maxlwp > 0, "a process has an LWP");
        self.maxlwp = maxlwp;
        self
    }

    /// [`Process::start`].
    ///
    /// # Errors
    /// Those of [`Process::start`].
    pub fn start<T: Send + 'static>(
        self,
        main: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Process<T>, Error> {
        Process::boot(self.cpus, self.maxlwp, main)
    }
}

/// The way to an LWP that is not like others.
///
/// # Example
/// ```
/// use lwp_core::lwp::{self, Process};
/// let process = Process::start(|| {
///     let worker = lwp::builder().name("worker").suspended().create(|| "done")?;
///     lwp::resume(worker.id())?;
///     worker.wait()
/// })?;
/// assert_eq!(process.wait().unwrap().unwrap(), "done");
/// # Ok::<(), lwp::Error>(())
/// ```
pub fn builder() -> LwpBuilder {
    LwpBuilder::default()
}

/// What an LWP is to be like. By default it runs at once and is to be waited for.
#[derive(Clone, Debug, Default)]
pub struct LwpBuilder {
    detached: bool,
    suspended: bool,
    name: Option<String>,
    stack_size: Option<usize>,
}

impl LwpBuilder {
    /// Nobody is to wait for it: what it returns is dropped, and it is gone when it ends.
    pub fn detached(mut self) -> LwpBuilder {
        self.detached = true;
        self
    }

    /// It is to be suspended, until somebody continues it.
    pub fn suspended(mut self) -> LwpBuilder {
        self.suspended = true;
        self
    }

    /// Its thread's name, which panics and debuggers show.
    ///
    /// # Panics
    /// Where there is a NUL byte in it: no thread can have that name.
    pub fn name(mut self, name: impl Into<String>) -> LwpBuilder {
        let name = name.into();
        assert!(!name.contains('\0'), "a thread's name has no NUL byte in it");
        self.name = Some(name);
        self
    }

    /// The size of its thread's stack, in bytes.
    pub fn stack_size(mut self, size: usize) -> LwpBuilder {
        self.stack_size = Some(size);
        self
    }

    /// [`create`](super::create).
    ///
    /// # Errors
    /// Those of [`create`](super::create).
    pub fn create<T: Send + 'static>(
        self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<LwpHandle<T>, Error> {
        let me = Current::get()?;
        me.userret();
        let mut thread = std::thread::Builder::new();
        if let Some(name) = self.name {
            thread = thread.name(name);
        }
        if let Some(size) = self.stack_size {
            thread = thread.stack_size(size);
        }
        let created = me.process.create(&me, self.detached, self.suspended, thread, closure);
        me.userret();
        created
    }
}
