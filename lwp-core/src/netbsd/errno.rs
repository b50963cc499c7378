//! The errors that the protocol's functions return.

/// An error number, as far as the protocol knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errno {
    /// No such LWP.
    Esrch,
    /// Interrupted by a signal.
    Eintr,
    /// Waiting would never end.
    Edeadlk,
    /// The request makes no sense.
    Einval,
    /// There is no memory for it.
    Enomem,
    /// There is no such system call.
    Enosys,
}

impl Errno {
    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Errno::Esrch => "ESRCH",
            Errno::Eintr => "EINTR",
            Errno::Edeadlk => "EDEADLK",
            Errno::Einval => "EINVAL",
            Errno::Enomem => "ENOMEM",
            Errno::Enosys => "ENOSYS",
        }
    }
}
