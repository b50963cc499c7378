//! The errors that the protocol's functions return.

use core::fmt;

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
    /// There are as many LWPs as there may be.
    Eagain,
    /// What the caller would wait for has happened already.
    Ealready,
    /// It took too long: EWOULDBLOCK inside the kernel.
    Etimedout,
    /// The LWP does not sleep.
    Enodev,
    /// The LWP sleeps where nothing may wake it early.
    Ebusy,
    /// There is no memory for it.
    Enomem,
    /// There is no such system call.
    Enosys,
}

impl Errno {
    /// What it means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Errno::Esrch => "no such LWP",
            Errno::Eintr => "interrupted",
            Errno::Edeadlk => "waiting would never end",
            Errno::Einval => "the request makes no sense",
            Errno::Eagain => "there are as many LWPs as there may be",
            Errno::Ealready => "it has happened already",
            Errno::Etimedout => "it took too long",
            Errno::Enodev => "the LWP does not sleep",
            Errno::Ebusy => "the LWP sleeps where nothing may wake it early",
            Errno::Enomem => "there is no memory for it",
            Errno::Enosys => "there is no such system call",
        }
    }

    /// The kernel's name.
    pub const fn name(self) -> &'static str {
        match self {
            Errno::Esrch => "ESRCH",
            Errno::Eintr => "EINTR",
            Errno::Edeadlk => "EDEADLK",
            Errno::Einval => "EINVAL",
            Errno::Eagain => "EAGAIN",
            Errno::Ealready => "EALREADY",
            Errno::Etimedout => "ETIMEDOUT",
            Errno::Enodev => "ENODEV",
            Errno::Ebusy => "EBUSY",
            Errno::Enomem => "ENOMEM",
            Errno::Enosys => "ENOSYS",
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.meaning(), self.name())
    }
}

impl std::error::Error for Errno {}
