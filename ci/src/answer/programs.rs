//! How many programs a question rests on, and what came of them under each engine.

use std::sync::LazyLock;

use indicatif::HumanCount;
use lwp_loom_tests::canary;
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::litmus::Variant;
use lwp_loom_tests::report::{Report, Run};
use lwp_loom_tests::suite::{Family, Scope, families};

use crate::summary::is_whole;

/// What programs are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The lock pointer, and the spin lock that it stands on.
    LockPointer,
    /// The protocol with every repair.
    Repaired,
    /// The protocol as it is written, and with every repair but one.
    AsWritten,
    /// The engines themselves.
    Canaries,
}

/// The engines, by the memory model that they explore, as the answers call them.
pub const ENGINES: [(&str, &str); 2] = [("loom", "C11"), ("complete", "SC")];

impl Subject {
    fn of(family: &str, variant: &str) -> Subject {
        if canary::GROUPS.iter().any(|group| group.name == family) {
            Subject::Canaries
        } else if !family.starts_with("lwp-") {
            Subject::LockPointer
        } else if variant == "repaired" {
            Subject::Repaired
        } else {
            Subject::AsWritten
        }
    }

    /// What a program of this name is about.
    pub fn of_program(name: &str) -> Subject {
        match name.split('/').collect::<Vec<_>>()[..] {
            ["lwp", _, variant, ..] if variant == Variant::Repaired.name() => Subject::Repaired,
            ["lwp", ..] => Subject::AsWritten,
            ["canary", ..] => Subject::Canaries,
            _ => Subject::LockPointer,
        }
    }
}

/// A subject's programs under one engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Explored to their end.
    pub complete: usize,
    /// In families that show defects, explored to where each showed.
    pub defects: usize,
    /// In families that were explored up to a bound that was declared.
    pub declared: usize,
    /// In families that something else cut short.
    pub cut: usize,
    /// Failed.
    pub failed: usize,
    /// In the families of those that failed: a report does not say what came of each.
    pub beside: usize,
    /// Not explored, of a check that does not choose: the engine leaves some out, and a check that is stopped others.
    pub missing: usize,
}

/// A subject's programs under both engines.
#[derive(Debug)]
pub struct Programs {
    /// Under each of [`ENGINES`].
    pub under: [Counts; 2],
    /// Whether these are all that each engine is to explore.
    pub are_all: bool,
    /// Whether the check chose some of them.
    chosen: bool,
}

impl Programs {
    /// What a report knows of a subject's programs.
    pub fn of(report: &Report, subject: Subject) -> Programs {
        let full = report.selection.iter().any(|option| option == "--full");
        let chosen =
            report.selection.iter().any(|option| option != "--full" && !option.starts_with("--engine "));
        let all = if full { &*FULL } else { &*DEFAULT };
        let all: Vec<&Family> =
            all.iter().filter(|it| Subject::of(&it.name, it.variant) == subject).collect();
        let runs = || report.runs.iter().filter(|run| Subject::of(&run.name, &run.variant) == subject);
        let mut are_all = is_whole(report) && !report.incomplete;
        let under = ENGINES.map(|(engine, _)| {
            let mut counts = Counts::default();
            runs().filter(|run| run.engine == engine).for_each(|run| counts.add(run));
            let failed = report
                .failures
                .iter()
                .filter(|it| it.engine == engine && Subject::of_program(&it.program) == subject);
            counts.failed = failed.count();
            counts.beside = counts.beside.saturating_sub(counts.failed);
            let programs = |families: &[&Family]| families.iter().map(|it| it.programs.len()).sum::<usize>();
            let wanted: Vec<&Family> =
                all.iter().copied().filter(|it| it.engines.contains(&engine)).collect();
            are_all &= counts.explored() >= programs(&wanted);
            if !chosen {
                counts.missing = programs(&all).saturating_sub(counts.explored());
            }
            counts
        });
        Programs { under, are_all, chosen }
    }

    /// How many were explored, under the engine that explored more.
    pub fn explored(&self) -> usize {
        self.under.iter().map(Counts::explored).max().unwrap_or(0)
    }

    /// Whether one failed that should not have, or did not fail as it should.
    pub fn fail(&self) -> bool {
        self.under.iter().any(|counts| counts.failed + counts.beside > 0)
    }

    /// Whether something undeclared cut a search short.
    pub fn are_cut(&self) -> bool {
        self.under.iter().any(|counts| counts.cut > 0)
    }

    /// Whether the complete search went through each of those that it was to, and no bound was declared for it.
    pub fn are_complete_under_sc(&self) -> bool {
        let [_, sc] = self.under;
        sc.declared == 0
    }

    /// What came of them under each engine, in words.
    pub fn counts(&self) -> String {
        if self.explored() == 0 {
            return "not explored".into();
        }
        let under = ENGINES
            .iter()
            .zip(&self.under)
            .map(|((_, model), counts)| format!("{model}: {}", counts.words()));
        let mut text = under.collect::<Vec<_>>().join("; ");
        if self.chosen {
            text += "; all others: not explored";
        }
        text
    }
}

/// What there is to explore, which takes a while to make.
static DEFAULT: LazyLock<Vec<Family>> = LazyLock::new(|| families(Scope::Default));
static FULL: LazyLock<Vec<Family>> = LazyLock::new(|| families(Scope::Full));

impl Counts {
    /// How many were explored.
    pub fn explored(&self) -> usize {
        self.complete + self.defects + self.declared + self.cut + self.failed + self.beside
    }

    fn add(&mut self, run: &Run) {
        let programs = run.programs;
        match run.verdict {
            Verdict::Complete => self.complete += programs,
            Verdict::Defect => self.defects += programs,
            Verdict::Bounded if run.declared.is_some() => self.declared += programs,
            Verdict::Bounded => self.cut += programs,
            Verdict::Failed => self.beside += programs,
        }
    }

    fn words(&self) -> String {
        let counts = [
            (self.failed, "failed"),
            (self.beside, "beside them in their families"),
            (self.cut, "cut short"),
            (self.defects, "as recorded"),
            (self.complete, "complete"),
            (self.declared, "bounded as declared"),
            (self.missing, "not explored"),
        ];
        let counts = counts.into_iter().filter(|(n, _)| *n > 0);
        let counts: Vec<String> =
            counts.map(|(n, what)| format!("{} {what}", HumanCount(n as u64))).collect();
        if counts.is_empty() { "not explored".into() } else { counts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::suite::protocol;

    // A family that is counted under the wrong question makes two answers wrong.
    #[test]
    fn each_familys_programs_are_about_what_the_family_is_about() {
        let of_protocol: Vec<String> = protocol(Scope::Full).map(|family| family.name).collect();
        for family in families(Scope::Full) {
            let subject = Subject::of(&family.name, family.variant);
            let is_protocol = matches!(subject, Subject::Repaired | Subject::AsWritten);
            assert_eq!(is_protocol, of_protocol.contains(&family.name), "{}", family.name);
            for program in &family.programs {
                assert_eq!(Subject::of_program(program), subject, "{program}");
            }
        }
    }
}
