//! The collection: programs that somebody had in mind, one a file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::{fs, io};

use super::ast::Program;
use super::text::{self, EXTENSION};

/// Where the collection is: in the checkout that this was built from.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/litmus");

/// The files with programs in a folder and those below it, in the order of their names.
///
/// # Errors
/// Where a folder cannot be read.
pub fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files of the collection.
///
/// # Panics
/// Where they cannot be found: the checkout has gone.
pub fn files() -> Vec<PathBuf> {
    files_in(Path::new(FOLDER)).unwrap_or_else(|error| panic!("{FOLDER}: {error}"))
}

/// What a program in this file is called.
pub fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The programs of the collection.
///
/// # Panics
/// Where one of them cannot be read: `cargo ci check` reads the files first, and says what is wrong.
pub fn programs() -> &'static [Arc<Program>] {
    static PROGRAMS: LazyLock<Vec<Arc<Program>>> = LazyLock::new(|| {
        let read = |file: &PathBuf| {
            let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let program = text::parse(&name(file), &text);
            Arc::new(program.unwrap_or_else(|wrong| panic!("{}: {wrong:?}", file.display())))
        };
        files().iter().map(read).collect()
    });
    &PROGRAMS
}
