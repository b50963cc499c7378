//! An LWP that was created, with the type of what it returns.

use core::fmt;
use core::marker::PhantomData;

use super::{Error, LwpId, WaitError, calls};

/// An LWP that was created. Dropping the handle changes nothing: the LWP can still be waited for by its number, or as any.
pub struct LwpHandle<T> {
    id: LwpId,
    returns: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> LwpHandle<T> {
    pub(super) fn new(id: LwpId) -> LwpHandle<T> {
        LwpHandle { id, returns: PhantomData }
    }

    /// The LWP's number.
    pub fn id(&self) -> LwpId {
        self.id
    }

    /// Waits for the LWP to end, and collects it: once it has, nobody can wait for it again.
    ///
    /// # Errors
    /// How the LWP ended, where it did not return. [`WaitError::Failed`] as [`wait`](super::wait).
    pub fn wait(&self) -> Result<T, WaitError> {
        calls::wait(self.id)?.outcome.typed()
    }

    /// [`detach`](super::detach).
    ///
    /// # Errors
    /// Those of [`detach`](super::detach).
    pub fn detach(self) -> Result<(), Error> {
        calls::detach(self.id)
    }
}

impl<T> fmt::Debug for LwpHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LwpHandle").field(&self.id).finish()
    }
}
