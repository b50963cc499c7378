//! The families of programs that `cargo ci check` explores. Plain data: nothing here runs a program.

use crate::canary;
use crate::generate::{self, Shape};
use crate::program::Program;

/// A family of programs that are generated and reported together.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name, unique.
    pub name: &'static str,
    /// The kernel and revision whose functions run.
    pub system: &'static str,
    /// `as-written` or `repaired`.
    pub variant: &'static str,
    /// LWPs in each program.
    pub lwps: usize,
    /// The engines that can explore it.
    pub engines: &'static [&'static str],
    /// The programs' names, smallest first.
    pub programs: Vec<String>,
}

/// How much to explore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All but the longest family's longer programs; decides every row of the orderings table.
    Default,
    /// Every program of every family.
    Full,
}

const LOOM: &[&str] = &["loom"];
const BOTH: &[&str] = &["loom", "complete"];

/// All families, in the order in which they are reported.
pub fn families(scope: Scope) -> Vec<Family> {
    let lock_layer = Shape::ALL.iter().map(|shape| {
        let programs = generate::programs(*shape, scope);
        Family {
            name: shape.name(),
            system: programs.first().map_or("", Program::system),
            variant: "repaired",
            lwps: programs.iter().map(Program::lwps).max().unwrap_or(0),
            engines: BOTH,
            programs: programs.iter().map(ToString::to_string).collect(),
        }
    });
    let canaries = canary::GROUPS.iter().map(|group| Family {
        name: group.name,
        system: group.on,
        variant: "as-written",
        lwps: group.canaries.iter().map(|canary| canary.threads).max().unwrap_or(0),
        engines: LOOM,
        programs: group.canaries.iter().map(|canary| canary.name.to_owned()).collect(),
    });
    lock_layer.chain(canaries).collect()
}

/// A family of one program that need not be in any other; `None` where that is no program's name.
pub fn named(program: &str) -> Option<Family> {
    let parsed = Program::parse(program)?;
    Some(Family {
        name: "named",
        system: parsed.system(),
        variant: "repaired",
        lwps: parsed.lwps(),
        engines: BOTH,
        programs: vec![program.to_owned()],
    })
}

/// Every program over the lock layer, smallest first.
pub fn programs(scope: Scope) -> Vec<Program> {
    let mut programs: Vec<_> =
        Shape::ALL.iter().flat_map(|shape| generate::programs(*shape, scope)).collect();
    programs.sort_by_key(|program| (program.operations(), program.lwps()));
    programs
}
