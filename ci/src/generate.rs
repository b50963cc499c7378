//! `cargo ci generate`: programs of a suite as text.

use std::fs;
use std::path::Path;

use lwp_loom_tests::litmus::ast::Program;
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::text::{EXTENSION, print};

use crate::cli::GenerateArgs;
use crate::error::Error;
use crate::output::Output;
use crate::say;

/// Prints the programs, or the sizes of all suites.
pub fn generate(args: &GenerateArgs) -> Result<(), Error> {
    let Some(suite) = args.suite else {
        for suite in &Suite::ALL {
            say::line(format_args!("{}: {} programs", suite.name(), suite.len()));
        }
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
            for program in programs.take_while(|_| !say::is_over()) {
                say::line(format_args!("# {}\n{}", program.name, print(&program)));
            }
            Ok(())
        }
    }
}

fn write_all(folder: &Path, programs: impl Iterator<Item = Program>) -> Result<(), Error> {
    fs::create_dir_all(folder)
        .map_err(|error| Error::Input(format!("cannot write into {}: {error}", folder.display())))?;
    for program in programs {
        let file = folder.join(program.name.replace('/', "-")).with_extension(EXTENSION);
        Output::open(&file)?.write(&print(&program))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lwp_loom_tests::litmus::text::parse_to_run;

    use super::*;

    // A file might ask another question than the program that it is printed from.
    #[test]
    fn what_is_written_is_the_program_and_can_be_run() {
        let suite = Suite::ALL[0];
        for program in (0..300).map(|n| suite.program(n)) {
            let text = print(&program);
            assert_eq!(parse_to_run(&program.name, &text).as_ref(), Ok(&program), "{text}");
        }
    }
}
