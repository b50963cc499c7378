//! What `cargo ci check` prints as tables and writes as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::audit::Observed;
use crate::coverage::Transitions;
use crate::job::{Finding, Verdict};
use crate::shown::Shown;

/// The whole of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The commit that was checked. Where the sources were others, `-dirty-` behind it, and what git would call their tree.
    pub commit: String,
    /// What was asked for: everything on the command line that decides which programs run and how.
    pub selection: Vec<String>,
    /// The files with programs that were read for it, each with a digest of what it held.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Which part of it this is.
    pub shard: Option<Shard>,
    /// A row for each family of programs under each engine.
    pub runs: Vec<Run>,
    /// The program that took longest, the engine, and its seconds.
    #[serde(default)]
    pub slowest: Option<(String, String, f64)>,
    /// Every program that failed.
    pub failures: Vec<Finding>,
    /// What programs that were asked for by name came to.
    #[serde(default)]
    pub outcomes: Vec<Outcomes>,
    /// Outcomes that the reference allows, and that the complete search shows no execution to come to.
    #[serde(default)]
    pub unreached: Vec<Unreached>,
    /// The programs that were not held against the reference, because it was given up.
    #[serde(default)]
    pub unreferenced: Vec<Unreferenced>,
    /// How many programs two engines explored completely, so that their outcomes could be compared.
    #[serde(default)]
    pub compared: usize,
    /// Outcomes on which two engines that explored the same program differ.
    #[serde(default)]
    pub differences: Vec<Difference>,
    /// The programs that loom explored as far as is declared and the complete search completely.
    #[serde(default)]
    pub bounded: Vec<Bounded>,
    /// The families that loom does not explore.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// The transitions of `l_stat` that the protocol's programs made.
    #[serde(default)]
    pub transitions: Transitions,
    /// The locks that the protocol's programs took while they held others.
    #[serde(default)]
    pub lock_order: Observed,
    /// The defects of the sources that the protocol's programs showed.
    #[serde(default)]
    pub defects: Shown,
    /// A row for each ordering site.
    pub orderings: Vec<OrderingRow>,
    /// Why the orderings were not searched, where they were not.
    pub skipped: Option<String>,
    /// Orderings of which it is not known whether they are sound, and why.
    pub undecided: Vec<String>,
    /// Whether the check was stopped before its end.
    pub incomplete: bool,
    /// Where the check ran: once for each part.
    #[serde(default)]
    pub environments: Vec<Environment>,
}

/// What a check, or a part of one, ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The part.
    pub shard: Option<Shard>,
    /// The operating system and the processor's architecture.
    pub machine: String,
    /// The processor's cores that the check could use.
    pub cores: usize,
    /// How many programs ran at a time.
    pub jobs: usize,
    /// The compiler.
    pub compiler: String,
    /// The version of loom.
    pub loom: String,
    /// The version of shuttle, which the complete search schedules.
    pub shuttle: String,
    /// Wall-clock seconds, without the build.
    pub seconds: f64,
    /// What each phase took, in the order in which they ran. What is in none of them went elsewhere.
    #[serde(default)]
    pub phases: Vec<Spent>,
}

/// What a phase of a check took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// The phase.
    pub phase: Phase,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A phase of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Building the workers. [`Environment::seconds`] is without it.
    Build,
    /// Exploring the programs under the engine of this name.
    Engine(String),
    /// Weakening each ordering site.
    Orderings,
    /// Finding out how failures and defects went, step by step.
    Timelines,
}

/// One of several parts into which a check is split for several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
}

impl Shard {
    /// Whether the `n`th thing of a fixed list, from 0, is this part's.
    pub fn has(self, n: usize) -> bool {
        n % self.count == self.index - 1
    }
}

/// A family of programs under one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The family.
    pub name: String,
    /// The kernel and revision whose functions run.
    pub system: String,
    /// `as-written` or `repaired`.
    pub variant: String,
    /// The engine.
    pub engine: String,
    /// LWPs in each program.
    pub lwps: usize,
    /// Programs that were explored.
    pub programs: usize,
    /// Executions over all programs.
    pub executions: u64,
    /// Distinct executions over all programs. Where no state is entered twice, those that ran to their end.
    pub distinct: u64,
    /// The sum over a hash of each program's finding: another where any verdict, count or outcome is another.
    #[serde(default)]
    pub digest: u64,
    /// Outcomes that the reference allows, and no execution came to.
    #[serde(default)]
    pub unreached: usize,
    /// The worst verdict of a program.
    pub verdict: Verdict,
    /// Executions that were given up because others cover them.
    #[serde(default)]
    pub blocked: u64,
    /// Executions that turned back at a state from which everything had been seen.
    #[serde(default)]
    pub known: u64,
    /// The states that were kept, where none was entered twice; `None` where a program was explored without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<u64>,
    /// Programs that had more states than could be kept.
    #[serde(default)]
    pub overflowed: usize,
    /// Visible operations over all executions, where the engine counts them.
    #[serde(default)]
    pub steps: u64,
    /// What cut the search short, where the verdict is bounded.
    pub bound: Option<String>,
    /// What was declared to do so, where nothing else did.
    #[serde(default)]
    pub declared: Option<String>,
    /// Seconds of exploration, summed over the programs (not wall-clock: programs run in parallel).
    pub seconds: f64,
}

/// Outcomes of a program that the reference allows, and no execution comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// The program.
    pub program: String,
    /// The outcomes.
    pub outcomes: Vec<String>,
}

/// A program that was held against its own claims alone, though the reference knows all that it uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreferenced {
    /// The program.
    pub program: String,
    /// The engine under which it ran.
    pub engine: String,
    /// Why.
    pub why: String,
}

/// What a program came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// The program.
    pub program: String,
    /// The engine.
    pub engine: String,
    /// What is known of it, in words.
    pub verdict: String,
    /// Executions that were run.
    pub executions: u64,
    /// The states that were kept, where none was entered twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<usize>,
    /// Each outcome once.
    pub outcomes: Vec<String>,
}

/// An outcome that one engine saw and another did not, though both explored all of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The program.
    pub program: String,
    /// The outcome.
    pub outcome: String,
    /// Whether it is loom that saw it: a weak-memory outcome then. Else loom has lost it, and the check is not green.
    pub weak_memory: bool,
}

/// A program that loom explored only as far as is declared, held against the complete search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounded {
    /// The program.
    pub program: String,
    /// How many of the complete search's outcomes loom saw.
    pub seen: usize,
    /// How many there are.
    pub of: usize,
    /// Outcomes that loom alone saw: nothing explains them, and the check is not green.
    pub alone: Vec<String>,
}

/// A family that loom does not explore at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The family.
    pub name: String,
    /// Programs in it.
    pub programs: usize,
    /// Why.
    pub why: String,
}

/// An ordering site: what it declares, and the weakest ordering that is sound over the programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderingRow {
    /// The site's name.
    pub site: String,
    /// The ordering that lwp-core uses.
    pub declared: String,
    /// The weakest ordering under which every program stayed complete.
    pub weakest: String,
    /// What the kernel's source has here, and whether that is enough.
    pub source: String,
    /// For each weaker ordering the smallest program that breaks under it.
    pub breaks: Vec<Break>,
}

impl OrderingRow {
    /// Whether what the kernel's source has here breaks.
    pub fn is_too_weak(&self) -> bool {
        self.source.starts_with(TOO_WEAK)
    }
}

/// What a row's source begins with where that is not enough.
pub const TOO_WEAK: &str = "TOO WEAK: ";

/// A program that breaks under a weakened ordering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Break {
    /// The weakened ordering.
    pub ordering: String,
    /// The smallest program that breaks.
    pub program: String,
    /// How it breaks.
    pub how: String,
}

/// The orderings table as a page of the documentation.
pub fn orderings_page(rows: &[OrderingRow]) -> String {
    let mut page = String::from(
        "# Which ordering is needed where\n\n\
         Measured by `cargo ci check` under loom, over the programs that come to the site and that loom completes; a \
         test compares this page with what is measured now. *Weakest* is the weakest ordering under which each of them \
         stays complete; *breaks* names, for each weaker one, the smallest program that fails, and how. A site that is \
         declared relaxed has none that is weaker. Repeat a row with `cargo ci check PROGRAM --weaken SITE=ORDERING`.\n\n\
         Two orderings are the sources' own. `membar_producer` (`mb_write` in 1.62) orders earlier stores before a \
         store, but no earlier loads: the models perform a load of the critical section after the store. \
         `enter-barrier` is the read barrier that taking a mutex \"will have posted\": it stands before the second \
         look and orders what was loaded before it. TOO WEAK marks a place where what the source has is an ordering \
         that breaks. Machines that order more than C11 promises, as x86 does, hide that.\n\n\
         | site | declared | weakest | the source has | breaks |\n|---|---|---|---|---|\n",
    );
    for row in rows {
        let breaks: Vec<String> = row
            .breaks
            .iter()
            .map(|b| format!("{}: `{}`, {}", b.ordering, b.program, without_place(&b.how)))
            .collect();
        page += &format!(
            "| `{}` | {} | {} | {} | {} |\n",
            row.site,
            row.declared,
            row.weakest,
            row.source,
            breaks.join("<br>").replace('|', "\\|")
        );
    }
    page
}

/// Where an assertion stands in our source changes with every edit above it.
fn without_place(how: &str) -> &str {
    how.split(" (at ").next().unwrap_or(how)
}

#[cfg(test)]
mod tests {
    use super::*;

    // A report is kept for long, and merged with others: one that was written before phases were measured is still one.
    #[test]
    fn an_environment_without_phases_is_read_and_one_with_them_comes_back_as_it_was() {
        let old = r#"{"shard":null,"machine":"m","cores":2,"jobs":1,"compiler":"c","loom":"l","shuttle":"s","seconds":1.5}"#;
        let mut on: Environment = serde_json::from_str(old).unwrap();
        assert_eq!((on.seconds, on.phases.len()), (1.5, 0));
        on.phases = [Phase::Build, Phase::Engine("loom".into()), Phase::Orderings, Phase::Timelines]
            .map(|phase| Spent { phase, seconds: 0.25 })
            .into();
        let text = serde_json::to_string(&on).unwrap();
        assert!(text.contains(r#"{"phase":{"engine":"loom"},"seconds":0.25}"#), "{text}");
        assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), on);
    }
}
