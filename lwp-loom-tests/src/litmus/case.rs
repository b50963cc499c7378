//! A program under one revision, one variant and a number of CPUs.

use std::sync::{Arc, OnceLock};

use lwp_core::netbsd::{Boot, Repair, Repairs, Revision};
use lwp_core::site::Site;

use super::ast::{Defect, NOT_ALLOWED, Program, Symptom};
use super::judge::Claims;
use super::machine;
use super::text::{self, Diagnostic};
use super::{Origin, find};
use crate::oracle::{self, Reference};
use crate::program::Outcome;
use crate::reach::Loom;

/// What of the sources' mistakes a subject runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// All of them.
    AsWritten,
    /// None.
    Repaired,
    /// One.
    Without(Repair),
    /// All but one.
    Only(Repair),
}

impl Variant {
    /// Every variant.
    pub fn all() -> impl Iterator<Item = Variant> {
        let one =
            Repair::ALL.into_iter().flat_map(|repair| [Variant::Without(repair), Variant::Only(repair)]);
        [Variant::AsWritten, Variant::Repaired].into_iter().chain(one)
    }

    /// The variant's name.
    pub fn name(self) -> String {
        match self {
            Variant::AsWritten => "as-written".into(),
            Variant::Repaired => "repaired".into(),
            Variant::Without(repair) => format!("without-{}", repair.name()),
            Variant::Only(repair) => format!("only-{}", repair.name()),
        }
    }

    fn repairs(self) -> Repairs {
        match self {
            Variant::AsWritten => Repairs::AS_WRITTEN,
            Variant::Repaired => Repairs::ALL,
            Variant::Without(repair) => Repairs::ALL.without(repair),
            Variant::Only(repair) => Repairs::AS_WRITTEN.with(repair),
        }
    }
}

/// A litmus program under one revision, variant and number of CPUs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub litmus: Arc<Program>,
    /// The revision.
    pub revision: Revision,
    /// The variant.
    pub variant: Variant,
    /// The CPUs.
    pub cpus: usize,
    claims: Arc<Claims>,
    reference: Arc<OnceLock<Option<Reference>>>,
}

impl Case {
    /// A program under one revision, variant and number of CPUs.
    pub fn new(litmus: Arc<Program>, revision: Revision, variant: Variant, cpus: usize) -> Case {
        let claims = Arc::new(Claims::new(litmus.clone()));
        Case { litmus, revision, variant, cpus, claims, reference: Arc::default() }
    }

    /// Every case of the programs that are always there.
    pub fn all() -> Vec<Case> {
        super::all().flat_map(Case::all_of).collect()
    }

    /// Every case of a program: as written and repaired, and for each defect the repairs without its own.
    pub fn all_of(litmus: &Arc<Program>) -> Vec<Case> {
        let mut cases = Vec::new();
        for &revision in &litmus.revisions {
            for &cpus in &litmus.cpus {
                let case_of = |variant| Case::new(litmus.clone(), revision, variant, cpus);
                cases.extend([Variant::AsWritten, Variant::Repaired].map(case_of));
                let shown = |d: &&Defect| d.revisions.contains(&revision) && d.cpus <= cpus && d.alone;
                let defects = litmus.defects.iter().filter(shown);
                cases.extend(defects.map(|d| case_of(Variant::Without(d.repair))));
            }
        }
        cases
    }

    /// The case with this name, of a program that is found by its own.
    pub fn parse(name: &str) -> Option<Case> {
        Case::named(name, find)
    }

    /// The case with this name, of the program that `text` is.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn of_text(name: &str, text: &str) -> Option<Result<Case, Vec<Diagnostic>>> {
        let mut wrong = None;
        let case =
            Case::named(name, |name| text::parse(name, text).map(Arc::new).map_err(|e| wrong = Some(e)).ok());
        match (case, wrong) {
            (Some(case), _) => Some(Ok(case)),
            (None, Some(wrong)) => Some(Err(wrong)),
            (None, None) => None,
        }
    }

    fn named(name: &str, find: impl FnOnce(&str) -> Option<Arc<Program>>) -> Option<Case> {
        let mut fields = name.strip_prefix("lwp/")?.splitn(4, '/');
        let (revision, variant) = (fields.next()?, fields.next()?);
        let cpus: usize = fields.next()?.strip_suffix("-cpus")?.parse().ok()?;
        let litmus = find(fields.next()?)?;
        let revision = litmus.revisions.iter().copied().find(|r| r.name() == revision)?;
        let variant = Variant::all().find(|v| v.name() == variant)?;
        Some(Case::new(litmus, revision, variant, (cpus > 0).then_some(cpus)?))
    }

    /// The case's name.
    pub fn name(&self) -> String {
        let Case { litmus, revision, variant, cpus, .. } = self;
        format!("lwp/{}/{}/{cpus}-cpus/{}", revision.name(), variant.name(), litmus.name)
    }

    /// Where the program comes from.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.litmus)
    }

    /// How many threads it has: its LWPs, and whoever is outside.
    pub fn lwps(&self) -> usize {
        self.litmus.lines.len()
    }

    /// The ways in which the case must fail; empty where it must hold.
    pub fn must_show(&self) -> Vec<&str> {
        let expected: &[Symptom] = if self.litmus.expects_a_hang() { &[Symptom::Hang] } else { &[] };
        self.symptoms().chain(expected).flat_map(Symptom::words).collect()
    }

    /// The statements that say so.
    pub fn expected(&self) -> String {
        let hang = self.litmus.expects_a_hang().then(|| "`sometimes hang`".into());
        let defects = self.defects().map(|defect| format!("`{}`", text::defect_text(defect)));
        hang.into_iter().chain(defects).collect::<Vec<String>>().join(" or ")
    }

    /// The defects that the case is declared to show.
    pub fn defects(&self) -> impl Iterator<Item = &Defect> {
        self.litmus.defects.iter().filter(|defect| {
            let in_variant = match self.variant {
                Variant::AsWritten => true,
                Variant::Repaired | Variant::Only(_) => false,
                Variant::Without(repair) => repair == defect.repair && defect.alone,
            };
            in_variant && defect.revisions.contains(&self.revision) && defect.cpus <= self.cpus
        })
    }

    /// How these show.
    fn symptoms(&self) -> impl Iterator<Item = &Symptom> {
        self.defects().flat_map(|defect| &defect.shows)
    }

    /// Whether an execution in which nobody can go on is one like any other, and no failure.
    pub fn may_hang(&self) -> bool {
        self.litmus.may_hang && self.reference().is_some_and(|reference| reference.hangs)
    }

    /// What the program may come to, where the reference knows all of it and the case has to hold, or to come to
    /// something else. Other defects fail by themselves.
    pub fn reference(&self) -> Option<&Reference> {
        let asked = || self.must_show().is_empty() || self.symptoms().any(|shown| *shown == Symptom::Outcome);
        let reference = || if asked() { oracle::reference(&self.litmus) } else { None };
        self.reference.get_or_init(reference).as_ref()
    }

    /// Whether loom can tell from the case how strongly `site` must be ordered: it is to hold, and uses what only the
    /// protocol does.
    pub fn decides(&self, site: Site) -> bool {
        let holds = self.litmus.loom == Loom::Complete && self.variant == Variant::Repaired;
        let of_all = matches!(site, Site::CiCurlwpLook | Site::CiCurlwpStore);
        holds && self.must_show().is_empty() && (of_all || self.litmus.uses_data_site(site))
    }

    /// Runs the case once and gives what each LWP saw.
    ///
    /// # Panics
    /// Where an operation has a result that it may not have, the machine finds itself in a state that it must not be in,
    /// something does not hold that the program claims, or the reference does not allow the outcome.
    pub fn run(&self) -> Outcome {
        let boot = Boot {
            revision: self.revision,
            repairs: self.variant.repairs(),
            cpus: self.cpus,
            maxlwp: usize::MAX,
            lwps: Vec::new(),
        };
        let run = self.claims.begin();
        let results = machine::run(&self.litmus, boot);
        run.end(&results);
        let outcome = self.litmus.outcome(&results);
        if let Some(reference) = self.reference() {
            assert!(
                reference.outcomes.contains(&outcome),
                "{NOT_ALLOWED} `{outcome}`, only {:?}",
                reference.outcomes
            );
        }
        outcome
    }

    /// What the program claims to happen sometimes, and no execution so far has shown.
    pub fn unseen(&self) -> Vec<String> {
        self.claims.unseen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_everything() {
        for case in Case::all() {
            let again = Case::parse(&case.name()).unwrap();
            assert_eq!(again.name(), case.name());
            assert_eq!(again.must_show(), case.must_show());
        }
        assert!(Case::parse("lwp/1.62/mended/2-cpus/lost-continue").is_none());
    }
}
