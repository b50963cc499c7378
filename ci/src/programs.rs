//! Files with programs: found, read, and what is wrong with them shown where it stands.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ariadne::{Config, IndexType, Label, Report, ReportKind, Source};
use lwp_loom_tests::litmus::ast::Program;
use lwp_loom_tests::litmus::collection::{self, Parse, Unreadable};
use lwp_loom_tests::litmus::text::{Diagnostic, EXTENSION};

use crate::error::Error;
use crate::say;

/// Whether an argument means a file or a folder, and not a name.
pub fn is_path(argument: &str) -> bool {
    let path = Path::new(argument);
    path.exists() || path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// The files that paths mean: a file itself, and all programs in a folder and below.
pub fn files(paths: impl IntoIterator<Item = PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        let found = collection::files_in(&path);
        let found =
            found.map_err(|error| Error::Input(format!("cannot read {}: {error}", path.display())))?;
        if found.is_empty() {
            let path = path.display();
            return Err(Error::Input(format!(
                "{path}: no programs in this folder: no file ends in .{EXTENSION}"
            )));
        }
        files.extend(found);
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The program in a file, called by its path; `None` once what is wrong with it has been printed.
pub fn read(file: &Path, parse: Parse) -> Option<Arc<Program>> {
    // A program is found again by its name.
    let name =
        file.to_str().ok_or_else(|| Unreadable::File(format!("{}: its name is not UTF-8", file.display())));
    match name.and_then(|name| collection::read(name, file, parse)) {
        Ok(program) => Some(Arc::new(program)),
        Err(why) => {
            complain(file, &why);
            None
        }
    }
}

/// Prints why a file is no program.
pub fn complain(file: &Path, why: &Unreadable) {
    match why {
        Unreadable::File(why) => say::aside(format_args!("error: {why}")),
        Unreadable::Text { text, wrong } => {
            wrong.iter().for_each(|one| say::aside(shown(file, text, one).trim_end()))
        }
    }
}

/// A diagnostic with the place that it is about.
fn shown(file: &Path, text: &str, diagnostic: &Diagnostic) -> String {
    let file = file.display().to_string();
    let span = (file.clone(), diagnostic.span.clone());
    let color =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let config = Config::default().with_index_type(IndexType::Byte).with_color(color);
    let mut report = Report::build(ReportKind::Error, span.clone())
        .with_config(config)
        .with_message(&diagnostic.message)
        .with_label(Label::new(span).with_message(&diagnostic.label));
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    match report.finish().write((file.clone(), Source::from(text)), &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => format!("error: {file}: {}\n", diagnostic.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What a user sees first of the language, when something is wrong.
    #[test]
    fn a_mistake_is_shown_where_it_stands_with_what_was_meant() {
        let text = "lwp a { wiat b }\nlwp b { exit }\n";
        let wrong = lwp_loom_tests::litmus::text::parse("p", text).unwrap_err();
        let shown = shown(Path::new("p.litmus"), text, &wrong[0]);
        for part in
            ["p.litmus:1:9", "there is no operation `wiat`", "unknown operation", "did you mean `wait`?"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
