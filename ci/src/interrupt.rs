//! Ctrl-C: the first asks for an end, the second ends the process.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// Whether the user has asked for an end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Routes SIGINT, SIGTERM and SIGHUP here from now on. Once per process.
    pub fn install() -> Result<Interrupt, Error> {
        let interrupt = Interrupt::default();
        let raised = interrupt.clone();
        let handler = move || {
            if raised.raise() {
                process::exit(Error::Interrupted.status().into());
            }
        };
        ctrlc::set_handler(handler).map_err(|e| Error::Failed(format!("cannot handle Ctrl-C: {e}")))?;
        Ok(interrupt)
    }

    /// Asks for an end; true if somebody already had.
    pub fn raise(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }

    /// Whether somebody asked for an end.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
