//! `cargo ci list`: what there is to explore.

use lwp_loom_tests::litmus::{Case, LockCase};
use lwp_loom_tests::suite::{Family, Scope};

use crate::cli::ListArgs;
use crate::error::Error;
use crate::say;
use crate::select::{self, Wanted};
use crate::table;

/// Prints the families; of those that are named, the programs too.
pub fn list(args: &ListArgs) -> Result<(), Error> {
    let wanted = Wanted { names: &args.names, ..Wanted::default() };
    let selected = select::families(&wanted, Scope::Full)?;
    if args.names.is_empty() {
        say::text(table::families(&selected.families));
        say::line("\nprograms of a family: cargo ci list FAMILY; generated suites: cargo ci generate");
    } else {
        selected.families.iter().flat_map(programs).for_each(say::line);
    }
    selected.status()
}

/// A line a program, with what it is about.
fn programs(family: &Family) -> impl Iterator<Item = String> {
    let about = |name: &str| {
        let of_locks = || Some(LockCase::parse(name)?.litmus.about.clone());
        Case::parse(name).map(|case| case.litmus.about.clone()).or_else(of_locks)
    };
    family.programs.iter().map(move |name| match about(name) {
        Some(about) => format!("{name}: {}", say::harmless(&about)),
        None => name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::litmus;

    #[test]
    fn a_program_of_the_protocol_is_listed_with_what_it_is_about() {
        let family =
            select::families(&Wanted { names: &["lost-continue".into()], ..Wanted::default() }, Scope::Full);
        let lines: Vec<String> = family.unwrap().families.iter().flat_map(programs).collect();
        let about = &litmus::find("lost-continue").unwrap().about;
        assert!(lines.iter().all(|line| line.ends_with(about.as_str())), "{lines:?}");
    }
}
