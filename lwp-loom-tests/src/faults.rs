//! The faults that can be seeded into `lwp-core`, and the programs that are to catch them.

use lwp_core::fault::{Fault, Layer};
use serde::{Deserialize, Serialize};

use crate::litmus::{Case, LockCase, Origin, Variant};
use crate::orderings::SiteInfo;
use crate::suite::{self, Scope};

/// What is done to `lwp-core`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A fault of [`lwp_core::fault`].
    Seeded(Fault),
    /// An ordering site that is weaker than it is declared.
    Weakened {
        /// The site.
        site: &'static str,
        /// The ordering.
        ordering: &'static str,
        /// The programs that reach the site, smallest first.
        programs: Vec<String>,
    },
}

/// Executions of a program with a mistake that is declared to be none: its reason is what counts, and the programs only
/// try to refute it.
pub const REFUTING: u64 = 1000;

/// Orderings that are weaker than what is declared and as good, each with the reason.
const AS_GOOD: &[(&str, &str, &str)] = &[(
    "p_lwpctl.store",
    "membar_producer",
    "what comes before the store, and must be seen by whoever sees it, is the making of the header: stores alone, which a \
     barrier for stores orders. The table of the orderings finds the same: it is the site's weakest.",
)];

impl Mistake {
    /// Every mistake: the faults, and each site under each weaker ordering.
    pub fn all(sites: &[SiteInfo]) -> Vec<Mistake> {
        let weakened = sites.iter().flat_map(|site| {
            site.weaker.iter().map(|ordering| Mistake::Weakened {
                site: site.name,
                ordering,
                programs: site.programs.clone(),
            })
        });
        Fault::all().map(Mistake::Seeded).chain(weakened).collect()
    }

    /// Its name: the function, a dot, what is wrong; or the site, an equals sign and the ordering.
    pub fn name(&self) -> String {
        match self {
            Mistake::Seeded(fault) => fault.name(),
            Mistake::Weakened { site, ordering, .. } => format!("{site}={ordering}"),
        }
    }

    /// What is wrong, in words.
    pub fn what(&self) -> String {
        match self {
            Mistake::Seeded(fault) => fault.what(),
            Mistake::Weakened { ordering, .. } => format!("is ordered {ordering}"),
        }
    }

    /// Why no execution can show it, where that is so.
    pub fn equivalent(&self) -> Option<&'static str> {
        match self {
            Mistake::Seeded(fault) => fault.equivalent(),
            Mistake::Weakened { site, ordering, .. } => AS_GOOD
                .iter()
                .find(|(of, weaker, _)| (of, weaker) == (site, ordering))
                .map(|(_, _, why)| *why),
        }
    }

    /// The place that not every program comes by, as a worker names it, where it is worth while to ask which do: of the
    /// lock layer's programs, short and many, the first few catch what there is.
    pub fn place(&self) -> Option<String> {
        match self {
            Mistake::Seeded(fault) if fault.layer() == Layer::Protocol => Some(fault.name()),
            Mistake::Seeded(_) | Mistake::Weakened { .. } => None,
        }
    }

    /// The programs that may catch it under an engine, in the order in which they are to be tried: those that run what
    /// it is about, all of which hold without it.
    pub fn programs(&self, engine: &str, all: &Programs) -> Vec<String> {
        match self {
            Mistake::Seeded(fault) if fault.layer() == Layer::Lock => {
                all.lock_layer.iter().chain(all.protocol(engine)).cloned().collect()
            }
            Mistake::Seeded(_) => all.protocol(engine).to_vec(),
            Mistake::Weakened { programs, .. } if engine == "loom" => programs.clone(),
            // Under sequential consistency every ordering is as good as another.
            Mistake::Weakened { .. } => Vec::new(),
        }
    }
}

/// The programs that are tried: those that hold, and that the engine completes, of the lock layer's and the collection's.
/// Not the generated ones, with which each survivor would take minutes.
#[derive(Clone, Debug)]
pub struct Programs {
    lock_layer: Vec<String>,
    complete: Vec<String>,
    loom: Vec<String>,
}

impl Programs {
    /// All of them, smallest first.
    pub fn that_hold() -> Programs {
        let lock_layer = suite::programs(Scope::Default);
        Programs {
            lock_layer: lock_layer
                .iter()
                .map(ToString::to_string)
                .chain(LockCase::all().map(|case| case.name()))
                .collect(),
            complete: over_the_protocol("complete", |case| case.must_show().is_empty()),
            loom: over_the_protocol("loom", |case| case.must_show().is_empty()),
        }
    }

    /// Those over the lock layers.
    pub fn lock_layer(&self) -> &[String] {
        &self.lock_layer
    }

    /// Those over the protocol that an engine completes.
    pub fn protocol(&self, engine: &str) -> &[String] {
        if engine == "loom" { &self.loom } else { &self.complete }
    }
}

/// The collection's that are to fail, as the complete search goes through them, the smallest first.
pub fn that_fail() -> Vec<String> {
    over_the_protocol("complete", |case| !case.must_show().is_empty())
}

/// The collection's of one kind, the smallest first, and the repaired one before the one as written.
fn over_the_protocol(engine: &str, kind: fn(&Case) -> bool) -> Vec<String> {
    let mut all = Vec::new();
    for family in suite::protocol(Scope::Default).filter(|family| family.is_completed_by(engine)) {
        for program in family.programs {
            let case = Case::parse(&program).expect("the suite names programs");
            if case.origin() == Origin::Written && kind(&case) {
                let as_written = case.variant != Variant::Repaired;
                let order = (case.lwps(), case.litmus.steps(), as_written, case.cpus);
                all.push((order, program));
            }
        }
    }
    all.sort();
    all.into_iter().map(|(_, program)| program).collect()
}

/// The whole of a run of `cargo ci faults`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultReport {
    /// The commit, as a report of a check says it.
    pub commit: String,
    /// A row for each mistake.
    pub rows: Vec<FaultRow>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// How many of them went into the programs without a mistake.
    pub sound_seconds: f64,
    /// How many programs ran at a time.
    pub jobs: usize,
    /// Whether it was stopped before its end.
    pub incomplete: bool,
}

/// A mistake, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRow {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub what: String,
    /// What caught it.
    pub caught: Option<Catch>,
    /// Why no execution can show it, where that is declared.
    pub equivalent: Option<String>,
    /// Programs that were explored, under all engines.
    pub programs: usize,
    /// Programs that were left out: they hold, and no execution of theirs comes by the mistake's place.
    pub passed_over: usize,
    /// How many of those explored were cut short by the limit that only mistakes meet.
    pub cut_short: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// What caught a mistake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catch {
    /// The program, the first that fails.
    pub program: String,
    /// The engine.
    pub engine: String,
    /// How it failed, in a line.
    pub how: String,
    /// Executions of that program until it failed.
    pub executions: u64,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A program fails with the mistake.
    Caught,
    /// None does, and it is said why.
    Equivalent,
    /// None does, and nothing says why.
    Survives,
    /// One does, though it is said that none can.
    WronglyEquivalent,
}

impl FaultRow {
    /// What the row comes to.
    pub fn standing(&self) -> Standing {
        match (&self.caught, &self.equivalent) {
            (Some(_), None) => Standing::Caught,
            (None, Some(_)) => Standing::Equivalent,
            (None, None) => Standing::Survives,
            (Some(_), Some(_)) => Standing::WronglyEquivalent,
        }
    }

    /// What was explored for it, in words.
    pub fn explored(&self) -> String {
        let passed_over = match self.passed_over {
            0 => String::new(),
            n => format!(" ({n} more never come by its place)"),
        };
        match self.cut_short {
            0 => format!("{} programs{passed_over}", self.programs),
            n => format!("{} programs{passed_over}, of which {n} were cut short", self.programs),
        }
    }
}

impl FaultReport {
    /// How many rows come to this.
    pub fn count(&self, standing: Standing) -> usize {
        self.rows.iter().filter(|row| row.standing() == standing).count()
    }

    /// Whether every mistake is caught, or declared to be none and not caught.
    pub fn is_green(&self) -> bool {
        let wrong = self.count(Standing::Survives) + self.count(Standing::WronglyEquivalent);
        !self.incomplete && !self.rows.is_empty() && wrong == 0
    }

    /// The score in words.
    pub fn score(&self) -> String {
        let equivalent = self.count(Standing::Equivalent);
        format!(
            "{} of {} caught; {equivalent} more are equivalent",
            self.count(Standing::Caught),
            self.rows.len() - equivalent
        )
    }

    /// The page of the documentation. Seconds are no part of it: they differ from run to run.
    pub fn page(&self) -> String {
        let mut page = format!(
            "# What the collection would not let pass\n\n\
             Measured by `cargo ci faults`, which makes one mistake at a time in `lwp-core` and explores the programs that \
             hold without it until one fails, the complete search before loom. Over the protocol these are the programs \
             written by hand, the one with the fewest executions first: each is explored without a mistake before, and one \
             that never comes by a mistake's place runs the same with it, and is left out. Over the lock they are the \
             generated ones, the smallest first; the one that fails is explored without the mistake then. A weaker ordering shows under loom alone, in the programs that \
             decide its row in [orderings](orderings.md). A test holds the names against the tables of the code (`lwp-core/src/fault/table.rs`, \
             `lwp-core/src/site.rs`); `UPDATE_PAGES=1` with that test measures the page anew. Repeat a row with \
             `cargo ci faults NAME`.\n\n\
             Score: {}.\n\n\
             | mistake | the function | caught by | engine | executions | how |\n|---|---|---|---|---|---|\n",
            self.score()
        );
        let cell = |text: &str| text.replace('|', "\\|");
        for row in &self.rows {
            if let Some(catch) = &row.caught {
                page += &format!(
                    "| `{}` | {} | `{}` | {} | {} | {} |\n",
                    row.name,
                    cell(&row.what),
                    catch.program,
                    catch.engine,
                    catch.executions,
                    cell(&catch.how)
                );
            }
        }
        page += &format!(
            "\n## Equivalent\n\nNo execution can tell these from the code without them, for the reason given. The programs \
             try to refute it, each with its first {REFUTING} executions; one that does fails the run.\n\n| mistake | the \
             function | programs explored, and left out | why nothing shows it |\n|---|---|---|---|\n"
        );
        for row in &self.rows {
            if let (None, Some(why)) = (&row.caught, &row.equivalent) {
                let (name, what, why) = (&row.name, cell(&row.what), cell(why));
                page += &format!("| `{name}` | {what} | {}, {} | {why} |\n", row.programs, row.passed_over);
            }
        }
        let open = self.rows.iter().filter(|row| row.standing() == Standing::Survives);
        let open: String = open.map(|row| format!("| `{}` | {} |\n", row.name, cell(&row.what))).collect();
        if !open.is_empty() {
            page += "\n## Open\n\nNo program is known to notice these, and nothing says why: `cargo ci faults` fails as \
                     long as there are any.\n\n| mistake | the function |\n|---|---|\n";
            page += &open;
        }
        page
    }
}

/// The names of the mistakes on a page, in their order within each of its tables.
pub fn names_on(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orderings::sites;

    fn row(name: &str, caught: bool, equivalent: bool) -> FaultRow {
        let catch =
            || Catch { program: "p".into(), engine: "complete".into(), how: "a | b".into(), executions: 3 };
        FaultRow {
            name: name.into(),
            what: "does nothing".into(),
            caught: caught.then(catch),
            equivalent: equivalent.then(|| "nobody looks".into()),
            programs: 1,
            passed_over: 0,
            cut_short: 0,
            seconds: 0.0,
        }
    }

    fn report(rows: &[FaultRow]) -> FaultReport {
        FaultReport { rows: rows.to_vec(), ..FaultReport::default() }
    }

    // An argument is no excuse for what a program shows, and no row is better than a wrong one.
    #[test]
    fn only_what_is_caught_or_rightly_declared_equivalent_is_green() {
        let (caught, equivalent) = (row("a.b", true, false), row("c.d", false, true));
        assert!(report(&[caught.clone(), equivalent.clone()]).is_green());
        assert!(!report(&[caught.clone(), row("e.f", false, false)]).is_green());
        assert!(!report(&[equivalent, row("e.f", true, true)]).is_green());
        assert!(!report(&[]).is_green());
        assert!(!FaultReport { incomplete: true, ..report(&[caught]) }.is_green());
    }

    #[test]
    fn the_score_leaves_the_equivalent_out() {
        let rows = [row("a.b", true, false), row("c.d", false, true), row("e.f", false, false)];
        assert_eq!(report(&rows).score(), "1 of 2 caught; 1 more are equivalent");
    }

    #[test]
    fn a_page_names_each_mistake_once() {
        let rows = [row("a.b", true, false), row("c.d", false, true)];
        assert_eq!(names_on(&report(&rows).page()), ["a.b", "c.d"]);
    }

    // A mistake that no program is tried on would survive whatever the programs are.
    #[test]
    fn every_mistake_has_programs_to_catch_it_and_a_name_of_its_own() {
        let (all, programs) = (Mistake::all(&sites(Scope::Default)), Programs::that_hold());
        let mut names: Vec<String> = all.iter().map(Mistake::name).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for mistake in &all {
            assert!(!mistake.programs("loom", &programs).is_empty(), "{}", mistake.name());
        }
        for (site, ordering, _) in AS_GOOD {
            assert!(names.contains(&format!("{site}={ordering}")), "{site}={ordering}");
        }
    }

    // What fails without a mistake too would catch all of them.
    #[test]
    fn only_programs_that_hold_are_tried() {
        let Programs { complete, loom, .. } = Programs::that_hold();
        for program in complete.iter().chain(&loom) {
            let case = Case::parse(program).unwrap();
            assert!(case.must_show().is_empty(), "{program}");
        }
    }
}
