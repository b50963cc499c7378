//! Which LWP is meant.

use core::fmt;

use crate::netbsd::{Errno, Lid};

/// An LWP's number, with that of its process. Neither is ever given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LwpId {
    pub(super) process: usize,
    pub(super) lid: Lid,
}

impl LwpId {
    /// The number within the process.
    ///
    /// # Errors
    /// ESRCH where the LWP is another process'.
    pub(super) fn within(self, process: usize) -> Result<Lid, Errno> {
        if self.process == process { Ok(self.lid) } else { Err(Errno::Esrch) }
    }
}

impl fmt::Display for LwpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.process, self.lid)
    }
}
