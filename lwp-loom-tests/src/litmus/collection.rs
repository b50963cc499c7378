//! The collection: programs that somebody had in mind, one a file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::{fs, io};

use super::ast::Program;
use super::text::{self, Diagnostic, EXTENSION};

/// Where the collection is: in the checkout that this was built from.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/litmus");

/// The files of the collection.
///
/// # Panics
/// Where its folder cannot be read: the checkout has gone.
pub fn files() -> Vec<PathBuf> {
    files_in(Path::new(FOLDER), &mut |folder, error| panic!("{}: {error}", folder.display()))
}

/// The files with programs in a folder and those below it, in the order of their names; `unreadable` is told of each folder
/// that cannot be read. A link to a folder is not followed: it may lead back.
pub fn files_in(folder: &Path, unreadable: &mut dyn FnMut(&Path, io::Error)) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.unwrap_or_else(|error| {
        unreadable(folder, error);
        Vec::new()
    });
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_in(&path, unreadable));
        } else if !path.is_dir() && is_program(&path) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Whether a file's name says that there is a program in it.
pub fn is_program(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == EXTENSION)
}

/// More than anybody writes: a file that is larger is no program.
const LARGEST: u64 = 1 << 16;

/// Why a file is no program.
#[derive(Debug)]
pub enum Unreadable {
    /// It cannot be read, or is no text.
    File(String),
    /// The text is no program.
    Text {
        /// The text.
        text: String,
        /// All that is wrong with it.
        wrong: Vec<Diagnostic>,
    },
}

/// A file's text.
///
/// # Errors
/// Where there is none that could be a program.
pub fn text_of(file: &Path) -> Result<String, Unreadable> {
    let says = |why: &dyn std::fmt::Display| Unreadable::File(format!("{}: {why}", file.display()));
    let metadata = fs::metadata(file).map_err(|error| says(&error))?;
    // What is none may have no end.
    if !metadata.is_file() {
        return Err(says(&"no file with a text"));
    }
    let size = metadata.len();
    if size > LARGEST {
        return Err(says(&format!("{size} bytes; a program has at most {LARGEST}")));
    }
    String::from_utf8(fs::read(file).map_err(|error| says(&error))?)
        .map_err(|error| says(&format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to())))
}

/// What a text means, called by a name: [`text::parse`] or one of those that ask for more.
pub type Parse = fn(&str, &str) -> Result<Program, Vec<Diagnostic>>;

/// The program in a file, called `name`.
///
/// # Errors
/// Where there is none.
pub fn read(name: &str, file: &Path, parse: Parse) -> Result<Program, Unreadable> {
    let text = text_of(file)?;
    parse(name, &text).map_err(|wrong| Unreadable::Text { text, wrong })
}

/// What a program in this file of the collection is called.
pub fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The collection, as far as it can be read.
#[derive(Debug)]
pub struct Collection {
    /// The programs.
    pub programs: Vec<Arc<Program>>,
    /// The other files.
    pub unreadable: Vec<(PathBuf, Unreadable)>,
}

/// The collection.
///
/// # Panics
/// As [`files`].
pub fn collection() -> &'static Collection {
    static COLLECTION: LazyLock<Collection> = LazyLock::new(|| {
        let mut collection = Collection { programs: Vec::new(), unreadable: Vec::new() };
        for file in files() {
            match read(&name(&file), &file, text::parse) {
                Ok(program) => collection.programs.push(Arc::new(program)),
                Err(why) => collection.unreadable.push((file, why)),
            }
        }
        collection
    });
    &COLLECTION
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::litmus::text::{format, print};

    // A file that cannot be read would be a program less, and nobody would miss it.
    #[test]
    fn every_file_can_be_read_and_has_a_name_of_its_own() {
        let Collection { programs, unreadable } = collection();
        assert!(unreadable.is_empty(), "{unreadable:?}");
        // Whatever is asked of each program would hold of none.
        assert!(programs.len() > 100 && programs.len() == files().len(), "{} programs", programs.len());
        let mut names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    // What is printed of a program must be that program, and laid out as the formatter would.
    #[test]
    fn every_program_is_the_same_when_it_is_printed_and_read_again() {
        for program in &collection().programs {
            let printed = print(program);
            assert_eq!(text::parse(&program.name, &printed).as_ref(), Ok(&**program), "{printed}");
            assert_eq!(format::format(&program.name, &printed).as_deref(), Ok(printed.as_str()));
        }
    }

    #[test]
    fn every_file_is_laid_out_as_the_formatter_does_it_and_tells_its_scenario_first() {
        for file in files() {
            let text = text_of(&file).unwrap();
            assert!(text.starts_with("# "), "{}", file.display());
            let formatted = format::format(&name(&file), &text);
            assert_eq!(formatted.as_deref(), Ok(text.as_str()), "{}", file.display());
        }
    }
}
