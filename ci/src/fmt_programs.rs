//! `cargo ci fmt-programs`: files with programs, laid out.

use std::path::{Path, PathBuf};

use lwp_loom_tests::litmus::collection::{self, FOLDER, Unreadable};
use lwp_loom_tests::litmus::text::format::format;

use crate::cli::FmtProgramsArgs;
use crate::error::Error;
use crate::mistakes;
use crate::output::Output;
use crate::programs;
use crate::say;

/// Lays out the files, or says which are not. A file that cannot be read is left alone.
pub fn fmt_programs(args: &FmtProgramsArgs) -> Result<(), Error> {
    let paths = if args.paths.is_empty() { vec![PathBuf::from(FOLDER)] } else { args.paths.clone() };
    let found = programs::files(paths);
    let (mut unusable, mut untidy) = (found.unusable, 0);
    for file in found.files {
        match laid_out(&file) {
            Err(why) => {
                mistakes::complain(&file, &why);
                unusable += 1;
            }
            Ok(None) => {}
            Ok(Some(_)) if args.check => {
                say::line(format_args!("{} is not laid out", file.display()));
                untidy += 1;
            }
            Ok(Some(text)) => {
                match Output::open(&file).and_then(|output| output.write(&text)) {
                    Ok(()) => say::line(format_args!("{} laid out", file.display())),
                    // The others are laid out all the same.
                    Err(error) => {
                        say::aside(format_args!("error: {error}"));
                        unusable += 1;
                    }
                }
            }
        }
    }
    match (unusable, untidy) {
        (0, 0) => Ok(()),
        (0, 1) => Err(Error::Failed("a file is not laid out: run cargo ci fmt-programs on it".into())),
        (0, untidy) => {
            Err(Error::Failed(format!("{untidy} files are not laid out: run cargo ci fmt-programs on them")))
        }
        (unusable, _) => Err(programs::unusable(unusable)),
    }
}

/// The file's text as it should be, where it is not.
fn laid_out(file: &Path) -> Result<Option<String>, Unreadable> {
    let text = collection::text_of(file)?;
    match format(&collection::name(file), &text) {
        Ok(formatted) => Ok((formatted != text).then_some(formatted)),
        Err(wrong) => Err(Unreadable::Text { text, wrong }),
    }
}
