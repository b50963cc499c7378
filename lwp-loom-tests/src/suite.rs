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

/// The families of litmus programs over the protocol, by revision, expectation and whether loom completes them.
const PROTOCOL: &[(Revision, Kind, bool, &str)] = &[
    (Revision::R1_62, Kind::Holds, true, "lwp-1.62-as-written"),
    (Revision::R1_62, Kind::Holds, false, "lwp-1.62-as-written-larger"),
    (Revision::R1_62, Kind::Defects, true, "lwp-1.62-defects"),
    (Revision::R1_62, Kind::Defects, false, "lwp-1.62-defects-larger"),
    (Revision::R1_62, Kind::Repaired, true, "lwp-1.62-repaired"),
    (Revision::R1_62, Kind::Repaired, false, "lwp-1.62-repaired-larger"),
    (Revision::R1_62, Kind::WithoutOne, true, "lwp-1.62-without-one"),
    (Revision::R1_62, Kind::WithoutOne, false, "lwp-1.62-without-one-larger"),
    (Revision::R1_69_2_6, Kind::Holds, true, "lwp-1.69.2.6-as-written"),
    (Revision::R1_69_2_6, Kind::Holds, false, "lwp-1.69.2.6-as-written-larger"),
    (Revision::R1_69_2_6, Kind::Defects, true, "lwp-1.69.2.6-defects"),
    (Revision::R1_69_2_6, Kind::Defects, false, "lwp-1.69.2.6-defects-larger"),
    (Revision::R1_69_2_6, Kind::Repaired, true, "lwp-1.69.2.6-repaired"),
    (Revision::R1_69_2_6, Kind::Repaired, false, "lwp-1.69.2.6-repaired-larger"),
    (Revision::R1_69_2_6, Kind::WithoutOne, true, "lwp-1.69.2.6-without-one"),
    (Revision::R1_69_2_6, Kind::WithoutOne, false, "lwp-1.69.2.6-without-one-larger"),
];

/// The families of litmus programs over NetBSD's protocol.
pub fn protocol() -> impl Iterator<Item = Family> {
    let all = Case::all();
    let families = PROTOCOL.iter().map(move |&(revision, kind, loom, name)| {
        let of_family =
            |case: &&Case| (case.revision, Kind::of(case), case.litmus.loom) == (revision, kind, loom);
        let cases: Vec<&Case> = all.iter().filter(of_family).collect();
        Family {
            name,
            system: match revision {
                Revision::R1_62 => "netbsd-1.62",
                Revision::R1_69_2_6 => "netbsd-1.69.2.6",
            },
            variant: kind.variant(),
            lwps: cases.iter().map(|case| case.lwps()).max().unwrap_or(0),
            engines: if loom { BOTH } else { COMPLETE },
            programs: cases.iter().map(|case| case.name()).collect(),
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
