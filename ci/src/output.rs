//! Files that a command writes: looked at before anything runs, and complete once they are there.
//!
//! What was there before stays until the new contents are whole: a command that is stopped, fails or has nothing to write
//! takes nothing away.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::{Builder, tempfile_in};

use crate::error::Error;
use crate::say;

/// The files that one command reads and writes: none of those that it writes may be another of them.
#[derive(Debug, Default)]
pub struct Outputs {
    inputs: Vec<PathBuf>,
    claimed: Vec<(&'static str, PathBuf)>,
}

impl Outputs {
    /// Outputs of a command that reads these files.
    pub fn apart_from(inputs: impl IntoIterator<Item = impl AsRef<Path>>) -> Outputs {
        // What does not exist is read by nobody.
        let inputs = inputs.into_iter().filter_map(|path| fs::canonicalize(path).ok());
        Outputs { inputs: inputs.collect(), claimed: Vec::new() }
    }

    /// The output that an option names, if it does: one that can be written, and that is nothing else of the command's.
    pub fn claim(
        &mut self,
        option: &'static str,
        path: Option<impl AsRef<Path>>,
    ) -> Result<Option<Output>, Error> {
        let Some(path) = path else { return Ok(None) };
        let output = Output::open(path.as_ref())?;
        if let Place::File(target) = &output.place {
            let path = output.path.display();
            if self.inputs.contains(target) {
                return Err(Error::Input(format!(
                    "{option} names a file that is read, and would be overwritten: {path}"
                )));
            }
            if let Some((other, _)) = self.claimed.iter().find(|(_, claimed)| claimed == target) {
                return Err(Error::Input(format!("{other} and {option} name the same file: {path}")));
            }
            self.claimed.push((option, target.clone()));
        }
        Ok(Some(output))
    }
}

/// A file that is to be written, and that can be as far as is known.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    place: Place,
}

/// Where the contents go.
#[derive(Debug)]
enum Place {
    /// To a file with this canonical path, all at once.
    File(PathBuf),
    /// Straight through: to a pipe or a device, which has no contents that could be lost.
    Stream(File),
}

impl Output {
    /// Looks at the place, and leaves it as it is.
    pub fn open(path: &Path) -> Result<Output, Error> {
        let place = Place::of(path).map_err(|e| Error::Input(cannot_write(path, &e)))?;
        Ok(Output { path: path.to_owned(), place })
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The output of a command that was stopped. What was there before is whole, or says at least as much: it stays, and the
    /// user is told.
    pub fn of_what_was_stopped(self) -> Option<Output> {
        let is_there = |target: &PathBuf| fs::metadata(target).is_ok_and(|there| there.len() > 0);
        match &self.place {
            Place::File(target) if is_there(target) => {
                let path = self.path.display();
                say::aside(format_args!("{path} stays as it was before this run, which was stopped"));
                None
            }
            Place::File(_) | Place::Stream(_) => Some(self),
        }
    }

    /// Writes a report, for machines.
    pub fn write_json(self, report: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(report).expect("a report is plain data");
        self.write(&(text + "\n"))
    }

    /// Writes the file's whole text.
    pub fn write(self, text: &str) -> Result<(), Error> {
        let written = match self.place {
            Place::File(target) => replace(&target, text),
            Place::Stream(mut stream) => stream.write_all(text.as_bytes()),
        };
        written.map_err(|e| Error::Failed(cannot_write(&self.path, &e)))
    }
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(io::Error::other("it is a folder")),
            Ok(metadata) if !metadata.is_file() || is_open_already(path) => {
                // It opens once it has both ends.
                if is_named_pipe(path) {
                    say::aside(format_args!(
                        "{} is a pipe: waiting until something reads it",
                        path.display()
                    ));
                }
                Ok(Place::Stream(File::options().append(true).open(path)?))
            }
            Ok(_) => {
                File::options().append(true).open(path)?;
                Place::file(fs::canonicalize(path)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::file(to_be(path)?),
            Err(error) => Err(error),
        }
    }

    fn file(target: PathBuf) -> io::Result<Place> {
        tempfile_in(folder_of(&target))?;
        Ok(Place::File(target))
    }
}

/// Whether it is a pipe that is opened by its name, and so waits for its other end.
pub fn is_named_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    let is_pipe =
        fs::metadata(path).is_ok_and(|there| std::os::unix::fs::FileTypeExt::is_fifo(&there.file_type()));
    #[cfg(not(unix))]
    let is_pipe = false;
    is_pipe && !is_open_already(path)
}

/// Whether it is a name of something that is open, as `/dev/stdout`: that may be a file, and others write there too.
fn is_open_already(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|open| path.starts_with(open))
}

/// The canonical path of a file that does not exist: that of its folder, and its name.
fn to_be(path: &Path) -> io::Result<PathBuf> {
    if let Ok(target) = fs::read_link(path) {
        return to_be(&folder_of(path).join(target));
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it is no file's name"))?;
    Ok(fs::canonicalize(folder_of(path))?.join(name))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."))
}

/// Writes beside the file what then becomes the file: whoever looks finds the old contents or the new.
fn replace(target: &Path, text: &str) -> io::Result<()> {
    // Made as any file is: a temporary file's own permissions are its owner's alone.
    let mut beside = Builder::new()
        .prefix(".")
        .suffix(".new")
        .make_in(folder_of(target), |path| File::create_new(path))?;
    if let Ok(metadata) = fs::metadata(target) {
        beside.as_file().set_permissions(metadata.permissions())?;
    }
    beside.write_all(text.as_bytes())?;
    beside.persist(target)?;
    Ok(())
}

fn cannot_write(path: &Path, why: &io::Error) -> String {
    format!("cannot write {}: {why}", path.display())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::{TempDir, tempdir};

    use super::*;

    /// A folder with a file in it.
    fn folder() -> (TempDir, PathBuf) {
        let folder = tempdir().unwrap();
        let old = folder.path().join("old");
        fs::write(&old, "old").unwrap();
        (folder, old)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    // Whoever keeps a program or a report would lose it to a command that finds nothing, or is stopped.
    #[test]
    fn what_was_there_stays_until_something_is_written_and_nothing_else_is_left() {
        let (folder, old) = folder();
        let output = Output::open(&old).unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
        drop(output);
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
        Output::open(&folder.path().join("none")).unwrap();
        assert_eq!(names(folder.path()), ["old"]);
        Output::open(&old).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "new");
        assert_eq!(names(folder.path()), ["old"]);
    }

    // One spelling of a path among many would be one more way to lose a program.
    #[test]
    fn what_is_read_or_written_already_is_refused_however_its_path_is_spelt() {
        let (folder, old) = folder();
        fs::create_dir(folder.path().join("below")).unwrap();
        symlink(&old, folder.path().join("link")).unwrap();
        symlink("fresh", folder.path().join("to-be")).unwrap();
        for spelling in ["old", "./old", "below/../old", "link"] {
            let spelt = folder.path().join(spelling);
            let mut outputs = Outputs::apart_from([&old]);
            let refused = outputs.claim("--json", Some(&spelt)).unwrap_err();
            assert_eq!(refused.status(), 2);
            assert!(refused.to_string().contains("--json names a file that is read"), "{refused}");
            let mut outputs = Outputs::default();
            outputs.claim("--json", Some(&old)).unwrap();
            let refused = outputs.claim("--html", Some(&spelt)).unwrap_err();
            assert!(refused.to_string().contains("--json and --html name the same file"), "{refused}");
        }
        for spelling in ["fresh", "below/../fresh", "to-be"] {
            let mut outputs = Outputs::default();
            outputs.claim("--json", Some(folder.path().join("fresh"))).unwrap();
            assert!(outputs.claim("--html", Some(folder.path().join(spelling))).is_err(), "{spelling}");
        }
        assert!(Outputs::default().claim("--json", None::<&Path>).unwrap().is_none());
    }

    // Hours of one check would be lost to the first seconds of the next.
    #[test]
    fn a_command_that_was_stopped_leaves_what_was_there_and_writes_what_was_not() {
        let (folder, old) = folder();
        assert!(Output::open(&old).unwrap().of_what_was_stopped().is_none());
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
        fs::write(folder.path().join("empty"), "").unwrap();
        for name in ["none", "empty"] {
            let path = folder.path().join(name);
            Output::open(&path).unwrap().of_what_was_stopped().unwrap().write("new").unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), "new");
        }
        assert!(Output::open(Path::new("/dev/null")).unwrap().of_what_was_stopped().is_some());
    }

    // A command that finds this out at its end has run for nothing.
    #[test]
    fn what_cannot_be_written_is_refused_before_anything_runs() {
        let (folder, old) = folder();
        let long = "x".repeat(300);
        for place in ["no/such/folder/x", "old/x", "..", ".", long.as_str()] {
            let path = folder.path().join(place);
            let refused = Output::open(&path).unwrap_err();
            assert_eq!(refused.status(), 2);
            assert!(refused.to_string().starts_with("cannot write "), "{refused}");
        }
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    }

    // A link that is replaced by a file leads nowhere any more; and nobody else may read what was private.
    #[test]
    fn a_link_still_leads_to_what_is_written_and_permissions_stay() {
        let (folder, old) = folder();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o600)).unwrap();
        for (link, target) in [("link", "old"), ("to-be", "fresh")] {
            let (link, target) = (folder.path().join(link), folder.path().join(target));
            symlink(target.file_name().unwrap(), &link).unwrap();
            Output::open(&link).unwrap().write("new").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        }
        assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // What is no file cannot be replaced, and two reports may well go nowhere.
    #[test]
    fn a_device_is_written_through_and_stays() {
        let mut outputs = Outputs::default();
        for option in ["--json", "--html"] {
            outputs.claim(option, Some("/dev/null")).unwrap().unwrap().write("new").unwrap();
        }
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let full = Output::open(Path::new("/dev/full")).unwrap().write("new").unwrap_err();
        assert_eq!(full.status(), 1);
    }
}
