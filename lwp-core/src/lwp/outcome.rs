//! How an LWP ended, and who learns of it.

use core::any::Any;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::{Error, LwpId};

/// How an LWP ended.
#[derive(Debug)]
pub enum Outcome {
    /// Its closure returned this.
    Returned(Box<dyn Any + Send>),
    /// It panicked with this.
    Panicked(Box<dyn Any + Send>),
    /// It had to exit.
    Exited,
}

impl Outcome {
    /// The outcome of an LWP whose closure returns a `T`.
    pub(super) fn typed<T: 'static>(self) -> Result<T, WaitError> {
        match self {
            Outcome::Returned(value) => Ok(*value.downcast().expect("the handle has the closure's type")),
            Outcome::Panicked(payload) => Err(WaitError::Panicked(payload)),
            Outcome::Exited => Err(WaitError::Exited),
        }
    }
}

/// An LWP that was collected.
#[derive(Debug)]
pub struct Departed {
    /// Which one.
    pub id: LwpId,
    /// How it ended.
    pub outcome: Outcome,
}

/// Why a wait did not give what a closure returned.
#[derive(Debug)]
pub enum WaitError {
    /// The LWP panicked with this.
    Panicked(Box<dyn Any + Send>),
    /// The LWP had to exit.
    Exited,
    /// The wait failed. The LWP can still be waited for, unless it is gone.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for WaitError {
    fn from(error: E) -> WaitError {
        WaitError::Failed(error.into())
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitError::Panicked(payload) => {
                let text = payload.downcast_ref::<&str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                write!(f, "the LWP panicked: {}", text.unwrap_or("with something that is no text"))
            }
            WaitError::Exited => f.write_str("the LWP had to exit"),
            WaitError::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WaitError {}

/// Where an LWP leaves its outcome for whoever collects it.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Option<Outcome>>);

impl Record {
    pub(super) fn leave(&self, outcome: Outcome) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    pub(super) fn take(&self) -> Option<Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Drops what a user gave and nobody wants, whatever its destructor does.
pub(super) fn discard<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Its destructor may panic as well.
        std::mem::forget(payload);
    }
}
