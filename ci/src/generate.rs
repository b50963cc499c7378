//! `cargo ci generate`: programs of a suite as text.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use lwp_loom_tests::litmus::ast::{Claim, Condition, Program, Quantifier, When};
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::text::{EXTENSION, print};
use lwp_loom_tests::oracle;

use crate::cli::GenerateArgs;
use crate::error::Error;

/// Prints the programs, or the sizes of all suites.
pub fn generate(args: &GenerateArgs) -> Result<(), Error> {
    let Some(suite) = args.suite else {
        Suite::ALL.iter().for_each(|suite| println!("{}: {} programs", suite.name(), suite.len()));
        return Ok(());
    };
    let whole = || std::iter::once(0..suite.len()).collect();
    let places = if args.places.is_empty() { whole() } else { args.places.clone() };
    if let Some(beyond) = places.iter().find(|places| places.end > suite.len()) {
        let (name, len) = (suite.name(), suite.len());
        let message = format!("{name} has {len} programs, from 0; there is none at {}", beyond.end - 1);
        return Err(Error::Input(message));
    }
    let programs = places.into_iter().flatten().map(|n| suite.program(n));
    match &args.out {
        Some(folder) => write_all(folder, programs),
        None => {
            let mut out = io::stdout().lock();
            for program in programs {
                let name = program.name.clone();
                // A reader that goes away has seen enough.
                if writeln!(out, "# {name}\n{}", text(program)).is_err() {
                    break;
                }
            }
            Ok(())
        }
    }
}

/// The program as a file of its own: that somebody may wait for ever has to be said there.
fn text(mut program: Program) -> String {
    if oracle::reference(&program).is_some_and(|reference| reference.hangs) {
        program.conditions.push(Condition {
            quantifier: Quantifier::Sometimes,
            when: When::AtTheEnd,
            claim: Claim::Hang,
        });
    }
    print(&program)
}

fn write_all(folder: &Path, programs: impl Iterator<Item = Program>) -> Result<(), Error> {
    let cannot = |path: &Path, error| Error::Input(format!("cannot write {}: {error}", path.display()));
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    for program in programs {
        let file = folder.join(program.name.replace('/', "-")).with_extension(EXTENSION);
        fs::write(&file, text(program)).map_err(|error| cannot(&file, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lwp_loom_tests::litmus::text::parse_to_run;

    use super::*;

    // A file that nobody can run would be one that the generator need not have written.
    #[test]
    fn what_is_written_can_be_run_as_a_file() {
        let suite = Suite::ALL[0];
        for program in (0..300).map(|n| suite.program(n)) {
            let text = text(program);
            assert!(parse_to_run("p", &text).is_ok(), "{text}");
        }
    }
}
