//! The sum of a family's findings.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use lwp_loom_tests::job::{Finding, Verdict};
use lwp_loom_tests::report::Run;
use lwp_loom_tests::suite::Family;
use siphasher::sip::SipHasher13;

/// A family under one engine, and what has been found of it so far.
#[derive(Debug)]
pub struct Tally<'a> {
    family: &'a Family,
    engine: &'static str,
    programs: usize,
    executions: u64,
    distinct: u64,
    digest: u64,
    unreached: usize,
    blocked: u64,
    known: u64,
    states: Option<u64>,
    overflowed: usize,
    steps: u64,
    failed: bool,
    defects: usize,
    bounds: BTreeSet<String>,
    seconds: f64,
}

impl<'a> Tally<'a> {
    /// Nothing is known yet.
    pub fn new(family: &'a Family, engine: &'static str) -> Tally<'a> {
        Tally {
            family,
            engine,
            programs: 0,
            executions: 0,
            distinct: 0,
            digest: 0,
            unreached: 0,
            blocked: 0,
            known: 0,
            states: Some(0),
            overflowed: 0,
            steps: 0,
            failed: false,
            defects: 0,
            bounds: BTreeSet::new(),
            seconds: 0.0,
        }
    }

    /// Adds a program's finding.
    pub fn add(&mut self, finding: &Finding) {
        self.programs += 1;
        self.executions += finding.executions;
        self.distinct += finding.distinct;
        self.digest = self.digest.wrapping_add(digest(finding));
        self.unreached += finding.unreached.len();
        self.blocked += finding.blocked;
        self.known += finding.known;
        self.states = self.states.zip(finding.states).map(|(sum, states)| sum + states as u64);
        self.overflowed += usize::from(finding.overflowed);
        self.steps += finding.steps;
        self.failed |= finding.verdict == Verdict::Failed;
        self.defects += usize::from(finding.verdict == Verdict::Defect);
        if finding.verdict == Verdict::Bounded {
            self.bounds.insert(finding.bound.clone().unwrap_or_else(|| "an unknown limit".into()));
        }
        self.seconds += finding.seconds;
    }

    /// Whether every program of the family has been added.
    pub fn is_full(&self) -> bool {
        self.programs == self.family.programs.len()
    }

    /// The family's row. It is complete only if there are programs and each has a finding that says so; it shows
    /// defects where at least one program does, and all others are complete.
    pub fn run(&self) -> Run {
        let mut bounds: Vec<String> = self.bounds.iter().cloned().collect();
        if !self.is_full() {
            let (done, all) = (self.programs, self.family.programs.len());
            bounds.push(format!("an early end (incomplete: {done} of {all} programs)"));
        } else if self.programs == 0 {
            bounds.push("a lack of programs".into());
        }
        let verdict = match (self.failed, bounds.is_empty()) {
            (true, _) => Verdict::Failed,
            (false, false) => Verdict::Bounded,
            (false, true) if self.defects > 0 => Verdict::Defect,
            (false, true) => Verdict::Complete,
        };
        Run {
            name: self.family.name.clone(),
            system: self.family.system.into(),
            variant: self.family.variant.into(),
            engine: self.engine.into(),
            lwps: self.family.lwps,
            programs: self.programs,
            executions: self.executions,
            distinct: self.distinct,
            digest: self.digest,
            unreached: self.unreached,
            blocked: self.blocked,
            known: self.known,
            states: self.states.filter(|_| self.programs > 0),
            overflowed: self.overflowed,
            steps: self.steps,
            declared: self.declared(verdict, &bounds),
            verdict,
            bound: (!bounds.is_empty()).then(|| bounds.join(", ")),
            seconds: self.seconds,
        }
    }

    /// What is declared to bound the engine, where that and nothing else did.
    fn declared(&self, verdict: Verdict, bounds: &[String]) -> Option<String> {
        let declared = self.family.bound(self.engine).filter(|_| verdict == Verdict::Bounded)?;
        bounds.iter().all(|bound| declared.covers(bound)).then(|| declared.to_string())
    }
}

/// A hash of all that another run of the same search finds as well. SipHash, which is the same in every release of it.
fn digest(finding: &Finding) -> u64 {
    let mut hasher = SipHasher13::new();
    (&finding.program, finding.verdict as u8, finding.distinct).hash(&mut hasher);
    (&finding.outcomes, &finding.unreached).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::reach::{self, Loom};

    fn family(programs: usize) -> Family {
        let programs = (0..programs).map(|i| i.to_string()).collect();
        Family {
            name: "f".into(),
            system: "netbsd-1.62",
            variant: "repaired",
            lwps: 2,
            engines: &["loom"],
            loom: Loom::Complete,
            programs,
        }
    }

    fn finding(verdict: Verdict) -> Finding {
        Finding {
            bound: (verdict == Verdict::Bounded).then(|| "9 executions".into()),
            message: matches!(verdict, Verdict::Failed | Verdict::Defect).then(|| "broken".into()),
            executions: 3,
            distinct: 2,
            seconds: 0.5,
            ..Finding::of("0", "loom", verdict)
        }
    }

    fn run(programs: usize, verdicts: &[Verdict]) -> Run {
        let family = family(programs);
        let mut tally = Tally::new(&family, "loom");
        verdicts.iter().for_each(|verdict| tally.add(&finding(*verdict)));
        tally.run()
    }

    #[test]
    fn the_worst_verdict_wins() {
        use Verdict::{Bounded, Complete, Defect, Failed};
        assert_eq!(run(2, &[Complete, Complete]).verdict, Complete);
        assert_eq!(run(2, &[Complete, Bounded]).verdict, Bounded);
        assert_eq!(run(2, &[Complete, Defect]).verdict, Defect);
        assert_eq!(run(2, &[Bounded, Defect]).verdict, Bounded);
        assert_eq!(run(2, &[Failed, Defect]).verdict, Failed);
        assert_eq!(run(3, &[Bounded, Failed, Complete]).verdict, Failed);
    }

    #[test]
    fn a_family_that_was_cut_short_is_not_complete() {
        let run = run(3, &[Verdict::Complete]);
        assert_eq!(run.verdict, Verdict::Bounded);
        assert_eq!(run.bound.as_deref(), Some("an early end (incomplete: 1 of 3 programs)"));
    }

    #[test]
    fn a_family_is_bounded_as_declared_only_by_what_is_declared() {
        let family = Family { loom: Loom::at_most(1), ..family(2) };
        let declared = |engine, bounds: &[String]| {
            let mut tally = Tally::new(&family, engine);
            for bound in bounds {
                tally.add(&Finding { bound: Some(bound.clone()), ..finding(Verdict::Bounded) });
            }
            let run = tally.run();
            assert_eq!(run.verdict, Verdict::Bounded);
            run.declared
        };
        let (one, two) = (reach::preemptions(1), reach::preemptions(2));
        let as_declared = Some("at most 1 preemption".to_string());
        assert_eq!(declared("loom", &[one.clone(), one.clone()]), as_declared);
        assert_eq!(declared("complete", &[one.clone(), one.clone()]), None);
        assert_eq!(declared("loom", &[one.clone(), two]), None);
        assert_eq!(declared("loom", &[one.clone(), "20 seconds".into()]), None);
        assert_eq!(declared("loom", &[one.clone(), reach::stores()]), None);
        assert_eq!(declared("loom", &[one]), None, "a program is missing");
    }

    #[test]
    fn a_family_without_programs_is_not_complete() {
        assert_eq!(run(0, &[]).verdict, Verdict::Bounded);
    }

    // A digest that is the same whatever was found would hold nothing.
    #[test]
    fn another_outcome_or_count_is_another_digest_and_the_order_of_programs_is_none() {
        let of = |findings: &[Finding]| {
            let family = family(findings.len());
            let mut tally = Tally::new(&family, "loom");
            findings.iter().for_each(|finding| tally.add(finding));
            tally.run().digest
        };
        let one = Finding { outcomes: vec!["a".into()], ..finding(Verdict::Complete) };
        let other = Finding { program: "1".into(), ..finding(Verdict::Complete) };
        assert_eq!(of(&[one.clone(), other.clone()]), of(&[other, one.clone()]));
        for changed in [
            Finding { outcomes: vec!["b".into()], ..one.clone() },
            Finding { distinct: 3, ..one.clone() },
            Finding { unreached: vec!["c".into()], ..one.clone() },
            Finding { verdict: Verdict::Defect, ..one.clone() },
        ] {
            assert_ne!(of(std::slice::from_ref(&one)), of(&[changed]));
        }
        assert_eq!(
            of(&[Finding { executions: 9, seconds: 2.0, ..one.clone() }]),
            of(&[one]),
            "not what may differ"
        );
    }

    #[test]
    fn counts_are_sums() {
        let run = run(2, &[Verdict::Complete, Verdict::Complete]);
        assert_eq!((run.programs, run.executions, run.distinct, run.seconds), (2, 6, 4, 1.0));
    }
}
