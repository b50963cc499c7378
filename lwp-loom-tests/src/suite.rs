//! The families of programs that `cargo ci check` explores. Plain data: nothing here runs a program.

use lwp_core::netbsd::Revision;

use crate::canary;
use crate::generate::{self, Shape};
use crate::litmus::{Case, Variant};
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
const COMPLETE: &[&str] = &["complete"];
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
    lock_layer.chain(protocol()).chain(canaries).collect()
}

/// What is expected of the cases of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As written, and nothing is wrong.
    Holds,
    /// As written, and each shows a defect.
    Defects,
    /// With every repair.
    Repaired,
    /// With every repair but one, and each shows the defect that it mends.
    WithoutOne,
}

impl Kind {
    fn of(case: &Case) -> Kind {
        match case.variant {
            Variant::AsWritten if case.must_show().is_empty() => Kind::Holds,
            Variant::AsWritten => Kind::Defects,
            Variant::Repaired => Kind::Repaired,
            Variant::Without(_) => Kind::WithoutOne,
        }
    }

    fn variant(self) -> &'static str {
        match self {
            Kind::Holds | Kind::Defects => "as-written",
            Kind::Repaired => "repaired",
            Kind::WithoutOne => "repaired but for one",
        }
    }
}

/// The families of litmus programs over the protocol, by revision, expectation and number of LWPs (at most).
const PROTOCOL: &[(Revision, Kind, usize, &str)] = &[
    (Revision::R1_62, Kind::Holds, 2, "lwp-1.62-as-written-2-lwps"),
    (Revision::R1_62, Kind::Holds, 3, "lwp-1.62-as-written-3-lwps"),
    (Revision::R1_62, Kind::Defects, 2, "lwp-1.62-defects-2-lwps"),
    (Revision::R1_62, Kind::Defects, 3, "lwp-1.62-defects-3-lwps"),
    (Revision::R1_62, Kind::Repaired, 2, "lwp-1.62-repaired-2-lwps"),
    (Revision::R1_62, Kind::Repaired, 3, "lwp-1.62-repaired-3-lwps"),
    (Revision::R1_62, Kind::WithoutOne, 2, "lwp-1.62-without-one-2-lwps"),
    (Revision::R1_62, Kind::WithoutOne, 3, "lwp-1.62-without-one-3-lwps"),
    (Revision::R1_69_2_6, Kind::Holds, 2, "lwp-1.69.2.6-as-written-2-lwps"),
    (Revision::R1_69_2_6, Kind::Holds, 3, "lwp-1.69.2.6-as-written-3-lwps"),
    (Revision::R1_69_2_6, Kind::Defects, 2, "lwp-1.69.2.6-defects-2-lwps"),
    (Revision::R1_69_2_6, Kind::Defects, 3, "lwp-1.69.2.6-defects-3-lwps"),
    (Revision::R1_69_2_6, Kind::Repaired, 2, "lwp-1.69.2.6-repaired-2-lwps"),
    (Revision::R1_69_2_6, Kind::Repaired, 3, "lwp-1.69.2.6-repaired-3-lwps"),
    (Revision::R1_69_2_6, Kind::WithoutOne, 2, "lwp-1.69.2.6-without-one-2-lwps"),
    (Revision::R1_69_2_6, Kind::WithoutOne, 3, "lwp-1.69.2.6-without-one-3-lwps"),
];

/// The litmus programs over the protocol. Those of three LWPs are too many executions for loom.
fn protocol() -> impl Iterator<Item = Family> {
    let cases = Case::all();
    let families = PROTOCOL.iter().map(move |&(revision, kind, lwps, name)| {
        let of_family =
            |case: &&Case| (case.revision, Kind::of(case), case.lwps().max(2)) == (revision, kind, lwps);
        Family {
            name,
            system: match revision {
                Revision::R1_62 => "netbsd-1.62",
                Revision::R1_69_2_6 => "netbsd-1.69.2.6",
            },
            variant: kind.variant(),
            lwps,
            engines: if lwps == 2 { BOTH } else { COMPLETE },
            programs: cases.iter().filter(of_family).map(Case::name).collect(),
        }
    });
    families.filter(|family| !family.programs.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_in_exactly_one_family() {
        let mut listed: Vec<String> = protocol().flat_map(|family| family.programs).collect();
        let mut all: Vec<String> = Case::all().iter().map(Case::name).collect();
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    }
}
