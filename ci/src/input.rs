//! Reports that another run of a command wrote.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::output::is_named_pipe;
use crate::say;

/// More than any report has, in bytes: what is larger is none, or has no end.
const LARGEST: u64 = 1 << 28;

/// A report that some command wrote.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let wrong = |e: &dyn std::fmt::Display| Error::Input(format!("cannot read {}: {e}", path.display()));
    let text = read(path).map_err(|e| wrong(&e))?;
    serde_json::from_slice(&text).map_err(|e| wrong(&format!("it is no report: {e}")))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // It opens once it has both ends.
    if is_named_pipe(path) {
        say::aside(format_args!("{} is a pipe: waiting until something writes to it", path.display()));
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is no report: it has more than {LARGEST} bytes")));
    }
    Ok(text)
}
