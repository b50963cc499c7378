//! Why a call did not do what it was to do.

use core::fmt;

use crate::netbsd::Errno;

/// Why a call did not do what it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The caller's thread is no LWP.
    NotAnLwp,
    /// What the kernel's function says.
    Kernel(Errno),
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Error {
        Error::Kernel(errno)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotAnLwp => f.write_str("the caller is no LWP"),
            Error::Kernel(errno) => errno.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
