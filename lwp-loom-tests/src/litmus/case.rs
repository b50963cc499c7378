//! A program under one revision, one variant and a number of CPUs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use lwp_core::netbsd::{Boot, Repair, Repairs, Revision};
use lwp_core::site::Site;
#[cfg(any(loom, shuttle))]
use lwp_core::sync::Objection;

#[cfg(any(loom, shuttle))]
use super::ast::Ends;
use super::ast::{Defect, NOT_ALLOWED, Op, Program, Symptom};
use super::judge::Claims;
#[cfg(any(loom, shuttle))]
use super::judge::Judge;
use super::machine;
use super::text::{self, Diagnostic};
use super::{Origin, find};
use crate::oracle::{self, Reference, Without};
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
    reference: Arc<OnceLock<Result<Reference, Without>>>,
    standstills: Arc<Mutex<BTreeSet<Outcome>>>,
}

impl Case {
    /// A program under one revision, variant and number of CPUs.
    pub fn new(litmus: Arc<Program>, revision: Revision, variant: Variant, cpus: usize) -> Case {
        let claims = Arc::new(Claims::new(litmus.clone()));
        let (reference, standstills) = Default::default();
        Case { litmus, revision, variant, cpus, claims, reference, standstills }
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
        self.symptoms().flat_map(Symptom::words).collect()
    }

    /// The statements that say so.
    pub fn expected(&self) -> String {
        let defects = self.defects().map(|defect| format!("`{}`", text::defect_text(defect)));
        defects.collect::<Vec<String>>().join(" or ")
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

    /// Whether an execution in which an LWP waits for ever is an end to be judged, and no failure by itself.
    pub fn may_hang(&self) -> bool {
        self.litmus.admits_a_hang()
            && self.reference().is_none_or(|reference| !reference.standstills.is_empty())
    }

    /// What the program may come to, where the reference knows all of it.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference_until(None).as_ref().ok()
    }

    /// The same, or why there is none. The first call says until when it may take to find out.
    fn reference_until(&self, until: Option<Instant>) -> &Result<Reference, Without> {
        self.reference.get_or_init(|| oracle::reference(&self.litmus, until))
    }

    /// Why the reference was given up, where it was begun.
    pub fn reference_given_up(&self) -> Option<String> {
        self.reference.get()?.as_ref().err()?.given_up()
    }

    /// Finds out what is asked of every execution, as far as that is known before `until`.
    pub fn settle(&self, until: Option<Instant>) {
        if self.is_held_against_the_reference() || self.litmus.admits_a_hang() {
            let _ = self.reference_until(until);
        }
    }

    /// What the reference allows that is not among these outcomes, where each of them must be one that it allows.
    pub fn unreached(&self, outcomes: &[Outcome]) -> Vec<Outcome> {
        let held = self.is_held_against_the_reference();
        let Some(reference) = self.reference().filter(|_| held) else { return Vec::new() };
        let standstills = reference.standstills.iter().filter(|_| self.may_hang());
        let allowed = reference.outcomes.iter().chain(standstills);
        allowed.filter(|outcome| !outcomes.contains(outcome)).cloned().collect()
    }

    /// Whether two LWPs may have to take turns on a CPU: the reference knows of no CPUs, and allows orders that these do not
    /// come to. In 1.62 an LWP that another creates has that one's CPU.
    pub fn shares_cpus(&self) -> bool {
        let lwps = self.litmus.lines.iter().filter(|line| line.is_lwp()).count();
        let creates =
            || self.litmus.lines.iter().flat_map(|line| &line.steps).any(|s| matches!(s.op, Op::Create(_)));
        self.cpus < lwps || self.revision == Revision::R1_62 && creates()
    }

    /// Whether a complete search must come to all that the reference allows. A program of a user's may be the first to show
    /// where the reference allows too much, so there it is told and no failure.
    pub fn must_reach_all(&self) -> bool {
        self.origin() != Origin::File && !self.shares_cpus()
    }

    /// Whether each outcome must be one that the reference allows: where the case has to hold, or to come to something else.
    /// Other defects fail by themselves.
    fn is_held_against_the_reference(&self) -> bool {
        self.must_show().is_empty() || self.symptoms().any(|shown| *shown == Symptom::Outcome)
    }

    /// Whether loom can tell from the case how strongly `site` must be ordered: it is to hold, and uses what only the
    /// protocol does.
    pub fn decides(&self, site: Site) -> bool {
        let holds = self.litmus.loom == Loom::Complete && self.variant == Variant::Repaired;
        let of_all = matches!(site, Site::CiCurlwpLook | Site::CiCurlwpStore);
        holds && self.must_show().is_empty() && (of_all || self.litmus.uses_data_site(site))
    }

    /// Runs the case once and gives what each LWP saw. An execution in which no thread can go on does not come back, and is
    /// among the [`Case::standstills`].
    ///
    /// # Panics
    /// Where an operation has a result that it may not have, the machine finds itself in a state that it must not be in,
    /// something does not hold that the program claims, or the reference does not allow the outcome.
    #[track_caller]
    pub fn run(&self) -> Outcome {
        let boot = Boot {
            revision: self.revision,
            repairs: self.variant.repairs(),
            cpus: self.cpus,
            maxlwp: self.litmus.maxlwp.unwrap_or(usize::MAX),
            lwps: Vec::new(),
        };
        let run = self.claims.begin();
        let judge = run.judge();
        #[cfg(any(loom, shuttle))]
        let at_standstill = {
            let (case, judge) = (self.clone(), run.judge());
            Box::new(move |ends: &Ends| case.accepts(ends, &judge))
        };
        #[cfg(not(any(loom, shuttle)))]
        let at_standstill = ();
        let ends = machine::run(&self.litmus, boot, at_standstill);
        if let Err(broken) = judge.end(&ends) {
            panic!("{broken}");
        }
        let outcome = self.litmus.outcome(&ends);
        if self.is_held_against_the_reference()
            && let Some(reference) = self.reference()
        {
            assert!(
                reference.outcomes.contains(&outcome),
                "{NOT_ALLOWED} `{outcome}`, only {:?}",
                reference.outcomes
            );
        }
        outcome
    }

    /// Whether an LWP may wait for ever so, and the program holds nevertheless.
    #[cfg(any(loom, shuttle))]
    fn accepts(&self, ends: &Ends, judge: &Judge) -> Result<(), Objection> {
        let outcome = self.litmus.outcome(ends);
        if let Some(reference) = self.reference()
            && !reference.standstills.contains(&outcome)
        {
            let allowed = &reference.standstills;
            let why =
                format!("by the reference none waits for ever as in `{outcome}`, only as in {allowed:?}");
            return Err(Objection::Standstill(why));
        }
        judge.end(ends).map_err(Objection::Claim)?;
        self.seen_standing().insert(outcome);
        Ok(())
    }

    /// The executions so far in which no thread could go on.
    pub fn standstills(&self) -> BTreeSet<Outcome> {
        self.seen_standing().clone()
    }

    fn seen_standing(&self) -> MutexGuard<'_, BTreeSet<Outcome>> {
        self.standstills.lock().unwrap_or_else(PoisonError::into_inner)
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
