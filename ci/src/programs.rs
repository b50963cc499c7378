//! Files with programs: found, named and read.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lwp_loom_tests::litmus::ast::Program;
use lwp_loom_tests::litmus::collection::{self, Parse, Unreadable};
use lwp_loom_tests::litmus::text::EXTENSION;
use siphasher::sip128::{Hash128, SipHasher13};

use crate::error::Error;
use crate::mistakes::complain;
use crate::say;

/// Whether an argument means a file or a folder, and not a name.
pub fn is_path(argument: &str) -> bool {
    Path::new(argument).exists() || collection::is_program(Path::new(argument))
}

/// The one path of a file, however it is spelt, which is the name of the program in it: from the working folder if it is
/// below that.
pub fn normal(file: &Path) -> PathBuf {
    let whole = || {
        // A link to a file is a program of its own; one to a folder is no other folder.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let whole = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?.join(file.file_name()?);
        let below = whole.strip_prefix(fs::canonicalize(".").ok()?).map(Path::to_owned);
        Some(below.unwrap_or(whole))
    };
    // What does not exist is called as it was.
    whole().unwrap_or_else(|| file.to_owned())
}

/// What paths mean.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, each once.
    pub files: Vec<PathBuf>,
    /// How many folders cannot be read, or have no programs. What is wrong with them has been printed.
    pub unusable: usize,
}

/// The files that paths mean: a file itself, and all programs in a folder and below.
pub fn files(paths: impl IntoIterator<Item = PathBuf>) -> Found {
    let mut found = Found::default();
    for path in paths {
        if path.is_dir() {
            found.all_in(&path);
        } else {
            found.files.push(path);
        }
    }
    found.files.iter_mut().for_each(|file| *file = normal(file));
    let mut seen = HashSet::new();
    found.files.retain(|file| seen.insert(file.clone()));
    found
}

impl Found {
    /// Adds the programs of a folder that a user names, and of those below it.
    fn all_in(&mut self, folder: &Path) {
        let unusable = self.unusable;
        let files = collection::files_in(folder, &mut |folder, error| {
            self.complain(folder, &format!("this folder cannot be read: {error}"));
        });
        if files.is_empty() && self.unusable == unusable {
            self.complain(folder, &format!("no programs in this folder: no file ends in .{EXTENSION}"));
        }
        self.files.extend(files);
    }

    fn complain(&mut self, folder: &Path, why: &str) {
        say::aside(format_args!("error: {}: {why}", folder.display()));
        self.unusable += 1;
    }
}

/// That so many files or folders were no programs, of which the user has been told.
pub fn unusable(count: usize) -> Error {
    Error::Input(match count {
        1 => "a file or folder has no program that can be read".into(),
        count => format!("{count} files or folders have no program that can be read"),
    })
}

/// What each file that can be read holds, as a digest that is the same on every machine.
pub fn digests(files: &[PathBuf]) -> BTreeMap<String, String> {
    let digest = |file: &PathBuf| {
        let Hash128 { h1, h2 } = SipHasher13::new().hash(collection::text_of(file).ok()?.as_bytes());
        Some((file.display().to_string(), format!("{h1:016x}{h2:016x}")))
    };
    files.iter().filter_map(digest).collect()
}

/// The program in a file, called by its path; `None` once what is wrong with it has been printed.
pub fn read(file: &Path, parse: Parse) -> Option<Arc<Program>> {
    // A program is found again by its name.
    let name =
        file.to_str().ok_or_else(|| Unreadable::File(format!("{}: its name is not UTF-8", file.display())));
    let named = name.and_then(|name| {
        let ends = || {
            format!("{}: its name does not end in .{EXTENSION}, as that of a program does", file.display())
        };
        if collection::is_program(file) { Ok(name) } else { Err(Unreadable::File(ends())) }
    });
    match named.and_then(|name| collection::read(name, file, parse)) {
        Ok(program) => Some(Arc::new(program)),
        Err(why) => {
            complain(file, &why);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    // A program with two names is explored twice, and a replay string of the one is refused for the other.
    #[test]
    fn a_file_is_one_program_however_its_path_is_spelt() {
        // Where tests run: the folder of this crate.
        let whole = std::env::current_dir().unwrap().join("src/main.rs");
        for spelt in ["src/main.rs", "./src/main.rs", "src/../src/./main.rs", whole.to_str().unwrap()] {
            assert_eq!(normal(Path::new(spelt)), Path::new("src/main.rs"), "{spelt}");
        }
        assert_eq!(normal(Path::new("./main.rs")), Path::new("main.rs"));
        assert_eq!(normal(Path::new("no/such/./folder")), Path::new("no/such/./folder"));
        let elsewhere = fs::canonicalize("..").unwrap().join("Cargo.toml");
        assert_eq!(normal(Path::new("../Cargo.toml")), elsewhere);
        let found = files(["src/main.rs", "./src/main.rs"].map(PathBuf::from));
        assert_eq!(found.files, [Path::new("src/main.rs")]);
    }

    // Two files under one name would pass for one.
    #[test]
    fn a_digest_is_of_what_a_file_holds_and_stays_the_same() {
        let folder = tempdir().unwrap();
        let of = |text: &str| {
            let file = folder.path().join("p.litmus");
            fs::write(&file, text).unwrap();
            digests(&[file, folder.path().join("none.litmus")]).into_values().collect::<Vec<_>>()
        };
        assert_eq!(of("lwp a { exit }"), ["1f44ea15bedd9e83a75a487de35b6520"]);
        assert_ne!(of("lwp a { yield }"), of("lwp a { exit }"));
    }

    // A folder that is left out silently would be taken for one that holds; one that stops the others hides more.
    #[test]
    fn a_folder_without_programs_is_counted_and_the_others_are_read_in_order() {
        let folder = tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("full/below")).unwrap();
        fs::create_dir(at("empty")).unwrap();
        for name in ["full/z.litmus", "full/a.litmus", "full/below/b.litmus", "full/other.txt"] {
            fs::write(at(name), "").unwrap();
        }
        let found = files([at("empty"), at("full"), at("full/below"), at("none.litmus")]);
        assert_eq!(found.unusable, 1);
        let wanted = ["full/a.litmus", "full/below/b.litmus", "full/z.litmus", "none.litmus"];
        let names = found.files.iter().map(|file| file.strip_prefix(folder.path()).unwrap());
        assert!(names.eq(wanted.map(Path::new)), "{:?}", found.files);
    }
}
