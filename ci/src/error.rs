//! Why a command did not succeed, and the exit status that says so.

use std::fmt;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Error {
    /// The request cannot be met: a name, a path or a tool does not exist. Nothing was run.
    Input(String),
    /// Something was run and is not as it should be.
    Failed(String),
    /// The user stopped the command.
    Interrupted,
}

impl Error {
    /// The process's exit status.
    pub fn status(&self) -> u8 {
        match self {
            Error::Failed(_) => 1,
            // clap's status for a command line that it cannot parse.
            Error::Input(_) => 2,
            // What a shell reports for a process that SIGINT ended.
            Error::Interrupted => 130,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Input(message) | Error::Failed(message) => f.write_str(message),
            Error::Interrupted => f.write_str("interrupted"),
        }
    }
}
