//! The families of programs that `cargo ci check` explores. Plain data: nothing here runs a program.

use std::collections::{BTreeMap, BTreeSet};

use crate::canary;
use crate::generate::{self, Shape};
use crate::litmus::{Case, LockCase, Origin, Variant, text};
use crate::program::Program;
use crate::reach::{Bound, Loom};

/// A family of programs that are generated and reported together.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name, unique.
    pub name: String,
    /// The kernel and revision whose functions run.
    pub system: &'static str,
    /// `as-written` or `repaired`.
    pub variant: &'static str,
    /// LWPs in each program.
    pub lwps: usize,
    /// The engines that can explore it.
    pub engines: &'static [&'static str],
    /// How far loom goes through each program.
    pub loom: Loom,
    /// The programs' names, smallest first.
    pub programs: Vec<String>,
}

impl Family {
    /// What is declared to bound the engine, where anything is.
    pub fn bound(&self, engine: &str) -> Option<Bound> {
        if engine == "loom" { self.loom.bound() } else { None }
    }

    /// Whether the engine goes through each program to its end.
    pub fn is_completed_by(&self, engine: &str) -> bool {
        self.engines.contains(&engine) && self.bound(engine).is_none()
    }
}

/// How much to explore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All but the longest family's longer programs, and what loom would only do in part and takes long for; decides every
    /// row of the orderings table.
    Default,
    /// Every program of every family.
    Full,
}

/// What loom takes more than five seconds for, on a quiet core, though it is bounded: it does so in the full check only.
const LONG: &[&str] = &["three-detached-and-a-reference"];

const LOOM: &[&str] = &["loom"];
const COMPLETE: &[&str] = &["complete"];
const BOTH: &[&str] = &["loom", "complete"];

/// All families, in the order in which they are reported.
pub fn families(scope: Scope) -> Vec<Family> {
    let lock_layer = Shape::ALL.iter().flat_map(|shape| {
        let mut reaches: BTreeMap<Loom, Vec<Program>> = BTreeMap::new();
        for program in generate::programs(*shape, scope) {
            reaches.entry(program.loom()).or_default().push(program);
        }
        reaches.into_iter().map(|(loom, programs)| Family {
            name: format!("{}{}", shape.name(), suffix(Origin::Written, loom)),
            system: programs.first().map_or("", Program::system),
            variant: "repaired",
            lwps: programs.iter().map(Program::lwps).max().unwrap_or(0),
            engines: BOTH,
            loom,
            programs: programs.iter().map(ToString::to_string).collect(),
        })
    });
    let canaries = canary::GROUPS.iter().map(|group| Family {
        name: group.name.into(),
        system: group.on,
        variant: "as-written",
        lwps: group.canaries.iter().map(|canary| canary.threads).max().unwrap_or(0),
        engines: LOOM,
        loom: Loom::Complete,
        programs: group.canaries.iter().map(|canary| canary.name.to_owned()).collect(),
    });
    let written = of_locks(LockCase::all());
    lock_layer.chain(written).chain(protocol(scope)).chain(canaries).collect()
}

/// What is expected of the cases of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
            Variant::Without(_) | Variant::Only(_) => Kind::WithoutOne,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Holds => "as-written",
            Kind::Defects => "defects",
            Kind::Repaired => "repaired",
            Kind::WithoutOne => "without-one",
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

/// The families of litmus programs over NetBSD's protocol that are always there.
pub fn protocol(scope: Scope) -> impl Iterator<Item = Family> {
    of_cases(Case::all(), scope)
}

/// The families of cases: by revision, by where they come from, by expectation, and by how far loom goes.
pub fn of_cases(cases: impl IntoIterator<Item = Case>, scope: Scope) -> impl Iterator<Item = Family> {
    let mut families: BTreeMap<(&str, Origin, Kind, Loom, bool), Vec<Case>> = BTreeMap::new();
    for case in cases {
        let loom = whatever_the_reason(case.litmus.loom);
        let is_long = case.origin() == Origin::Written && LONG.contains(&case.litmus.name.as_str());
        let key = (text::system(case.revision), case.origin(), Kind::of(&case), loom, is_long);
        families.entry(key).or_default().push(case);
    }
    families.into_iter().map(move |((system, origin, kind, loom, is_long), cases)| Family {
        name: format!(
            "{}{}-{}{}{}",
            system.replace("netbsd", "lwp"),
            of(origin),
            kind.name(),
            suffix(origin, loom),
            if is_long { "-long" } else { "" }
        ),
        system,
        variant: kind.variant(),
        lwps: cases.iter().map(Case::lwps).max().unwrap_or(0),
        engines: match (loom, scope) {
            (Loom::NotAtAll(_), _) => COMPLETE,
            (_, Scope::Default) if is_long || origin == Origin::Triples => COMPLETE,
            _ => BOTH,
        },
        loom: with_all_reasons(cases.iter().map(|case| case.litmus.loom)),
        programs: cases.iter().map(Case::name).collect(),
    })
}

/// The families of litmus programs over the lock layers: by system, by where they come from, and by how far loom goes.
pub fn of_locks(cases: impl IntoIterator<Item = LockCase>) -> impl Iterator<Item = Family> {
    let mut families: BTreeMap<(&str, &str, Origin, Loom), Vec<LockCase>> = BTreeMap::new();
    for case in cases {
        let loom = whatever_the_reason(case.litmus.loom);
        let key = (case.system(), case.program.system(), case.origin(), loom);
        families.entry(key).or_default().push(case);
    }
    families.into_iter().map(|((layer, system, origin, loom), cases)| Family {
        name: format!("{layer}{}{}", of(origin), suffix(origin, loom)),
        system,
        variant: "repaired",
        lwps: cases.iter().map(|case| case.program.lwps()).max().unwrap_or(0),
        engines: if matches!(loom, Loom::NotAtAll(_)) { COMPLETE } else { BOTH },
        loom: with_all_reasons(cases.iter().map(|case| case.litmus.loom)),
        programs: cases.iter().map(LockCase::name).collect(),
    })
}

/// Programs that loom leaves out are of one family, whatever the reason.
fn whatever_the_reason(loom: Loom) -> Loom {
    if matches!(loom, Loom::NotAtAll(_)) { Loom::NotAtAll("") } else { loom }
}

/// How far loom goes through a family's programs, with each reason why it leaves some out.
fn with_all_reasons(looms: impl Iterator<Item = Loom>) -> Loom {
    let all: BTreeSet<Loom> = looms.collect();
    let reasons: Vec<&str> = all
        .iter()
        .filter_map(|loom| match loom {
            Loom::NotAtAll(why) => Some(*why),
            Loom::Complete | Loom::Bounded(_) => None,
        })
        .collect();
    match reasons[..] {
        [] | [_] => *all.first().expect("a family has programs"),
        _ => Loom::NotAtAll(reasons.join("; or ").leak()),
    }
}

/// What tells a family from another by where its programs come from.
fn of(origin: Origin) -> String {
    match origin {
        Origin::Written => String::new(),
        Origin::File => "-files".into(),
        Origin::Suite(suite) => format!("-{}", suite.name()),
        Origin::Pairs => "-pairs".into(),
        Origin::Triples => "-triples".into(),
    }
}

/// What tells a family from another that differs only in how far loom goes.
fn suffix(origin: Origin, loom: Loom) -> String {
    match loom {
        // Most of these have the same bound.
        Loom::Bounded(Bound { preemptions: Some(1), .. }) if origin == Origin::Triples => String::new(),
        Loom::Complete => String::new(),
        Loom::Bounded(Bound { preemptions, forgets_stores, looks_back }) => {
            let preemptions = preemptions.map(|n| format!("-{n}-preemptions")).unwrap_or_default();
            let stores = if forgets_stores { "-many-stores" } else { "" };
            let back = if looks_back { "-of-three" } else { "" };
            preemptions + stores + back
        }
        Loom::NotAtAll(_) => "-not-under-loom".into(),
    }
}

/// A family of one program that need not be in any other; `None` where that is no program's name.
pub fn named(program: &str) -> Option<Family> {
    let parsed = Program::parse(program)?;
    Some(Family {
        name: "named".into(),
        system: parsed.system(),
        variant: "repaired",
        lwps: parsed.lwps(),
        engines: BOTH,
        loom: parsed.loom(),
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
    fn a_familys_name_is_its_own() {
        let mut names: Vec<String> = families(Scope::Full).into_iter().map(|family| family.name).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn every_case_is_in_exactly_one_family() {
        let mut listed: Vec<String> = protocol(Scope::Full).flat_map(|family| family.programs).collect();
        let mut all: Vec<String> = Case::all().iter().map(Case::name).collect();
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    }

    /// A name that no program has any more would leave the check as long as before.
    #[test]
    fn what_is_long_is_there_and_loom_does_it_in_the_full_check_only() {
        for name in LONG {
            let engines = |scope| {
                let has = |family: &Family| family.programs.iter().any(|p| p.ends_with(&format!("/{name}")));
                protocol(scope).filter(has).map(|family| family.engines).collect::<BTreeSet<_>>()
            };
            assert_eq!(engines(Scope::Default), [COMPLETE].into(), "{name}");
            assert_eq!(engines(Scope::Full), [BOTH].into(), "{name}");
        }
    }

    /// Whoever reads that loom leaves programs out is to read why, of each.
    #[test]
    fn what_loom_leaves_out_for_several_reasons_is_one_family_that_names_them_all() {
        let left_out = ["too large", "too slow", "too large"].map(Loom::NotAtAll);
        assert_eq!(with_all_reasons(left_out.into_iter()), Loom::NotAtAll("too large; or too slow"));
        assert_eq!(with_all_reasons([Loom::Complete, Loom::Complete].into_iter()), Loom::Complete);
    }
}
