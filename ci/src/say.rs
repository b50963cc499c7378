//! What a user sees: all that is printed goes through here. Nothing of it panics, and nothing of it keeps a command from
//! writing its files or from its exit status.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::error::Error;

/// Why the rest of what was to be printed is lost, once something is.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a text.
pub fn text(text: impl Display) {
    if LOST.get().is_none()
        && let Err(error) = write(anstream::stdout().lock(), &text)
    {
        // Whoever came first has said why.
        let _ = LOST.set(error);
    }
}

/// Prints a line.
pub fn line(line: impl Display) {
    text(format_args!("{line}\n"));
}

/// Says something beside what is printed: how far it is, or what is wrong.
pub fn aside(line: impl Display) {
    // Where this is lost there is nobody left to tell.
    let _ = write(anstream::stderr().lock(), &format_args!("{line}\n"));
}

/// Whether nobody gets what is printed any more.
pub fn is_over() -> bool {
    LOST.get().is_some()
}

/// Fails if something is lost that somebody wanted: a reader that goes away has seen enough.
pub fn all() -> Result<(), Error> {
    match LOST.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

fn write(mut to: impl Write, text: &impl Display) -> io::Result<()> {
    write!(to, "{text}")?;
    to.flush()
}
