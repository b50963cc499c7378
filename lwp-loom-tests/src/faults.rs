//! The faults that can be seeded into `lwp-core`, and the programs that are to catch them.

use lwp_core::fault::{Fault, Layer};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::job::{Finding, Job, Limits, Verdict};
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

/// Seconds for a program with a mistake: some make a program go on for ever.
const SECONDS: f64 = 20.0;

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

    /// A program with the mistake.
    pub fn job(&self, program: &str) -> Job {
        let (fault, weaken) = match self {
            Mistake::Seeded(fault) => (Some(fault.name()), Vec::new()),
            Mistake::Weakened { site, ordering, .. } => (None, vec![((*site).into(), (*ordering).into())]),
        };
        Job {
            program: program.into(),
            fault,
            weaken,
            limits: Limits {
                seconds: Some(SECONDS),
                executions: self.equivalent().map(|_| REFUTING),
                ..Limits::default()
            },
            ..Job::default()
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

/// Whether a program notices a mistake: it fails, has an execution that does not come to an end, or takes locks in an order
/// that its revision does not declare.
pub fn notices(finding: &Finding) -> bool {
    finding.verdict == Verdict::Failed || endless(finding) || audit::undeclared(finding).is_some()
}

/// Whether an execution was longer than any engine lets it be without a limit that is asked for.
fn endless(finding: &Finding) -> bool {
    let cut = |bound: &str| {
        bound.contains("steps in an execution") || bound.contains("branch points in an execution")
    };
    finding.bound.as_deref().is_some_and(cut)
}

impl Catch {
    /// How a program noticed.
    pub fn by(finding: Finding) -> Catch {
        let order = audit::undeclared(&finding).map(|(held, taken)| {
            format!("{taken} is taken while {held} is held, which the lock order does not allow")
        });
        let endless = endless(&finding).then(|| format!("endless: {}", finding.bound.unwrap_or_default()));
        let how = finding.message.or(order).or(endless).unwrap_or_default();
        Catch {
            program: finding.program,
            engine: finding.engine,
            how: without_places(how.lines().next().unwrap_or_default()),
            executions: finding.executions,
        }
    }

    /// The cells of a page's row that say so.
    fn cells(&self) -> String {
        let Catch { program, engine, how, executions } = self;
        format!("`{program}` | {engine} | {executions} | {} |", cell(how))
    }
}

/// A message without the places in our source, which change with every edit above them.
fn without_places(message: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in message.split(' ') {
        let Some((_, place)) = word.split_once(".rs:") else {
            words.push(word.into());
            continue;
        };
        while words.last().is_some_and(|before| matches!(before.as_str(), "at" | "(at" | "(made")) {
            words.pop();
        }
        // What follows a place goes on after the word before it.
        let rest = place.rsplit_once(|c: char| c.is_ascii_digit()).map_or("", |(_, rest)| rest);
        let rest = rest.strip_prefix(')').unwrap_or(rest);
        if let Some(last) = words.last_mut() {
            last.push_str(rest);
        }
    }
    words.join(" ")
}

/// A text in a cell of a page's table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
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
             decide its row in [orderings](orderings.md).\n\n\
             `cargo ci test` holds the names and the score against the tables of the code (`lwp-core/src/fault/table.rs`, \
             `lwp-core/src/site.rs`), and runs each row of the first table again: the program notices the mistake, after so many executions, \
             in this way. That no program before it does, and what was explored for the second table, was measured at `{}`; \
             `UPDATE_PAGES=1 cargo test --release -p ci --test faults_page` measures the page anew. Repeat a row with \
             `cargo ci faults NAME`.\n\n\
             Score: {}.\n\n\
             | mistake | the function | caught by | engine | executions | how |\n|---|---|---|---|---|---|\n",
            self.commit,
            self.score()
        );
        for row in &self.rows {
            if let Some(catch) = &row.caught {
                page += &format!("| `{}` | {} | {}\n", row.name, cell(&row.what), catch.cells());
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

/// The page with a row as it is measured now: what catches a mistake, and how. `None` where no row tells of the mistake.
pub fn with_row(page: &str, mistake: &Mistake, catch: &Catch) -> Option<String> {
    let begins = format!("| `{}` | {} | ", mistake.name(), cell(&mistake.what()));
    let (before, rest) = page.split_once(&begins)?;
    let (_, after) = rest.split_once('\n')?;
    Some(format!("{before}{begins}{}\n{after}", catch.cells()))
}

/// The mistakes of a page's first table, each with the program that catches it and the engine.
pub fn caught_on(page: &str) -> Vec<(&str, &str, &str)> {
    let rows = page.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let mut cells = line.trim_end_matches(" |").rsplitn(5, " | ");
        let (_how, _executions, engine, program) =
            (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let name = line.strip_prefix("| `")?.split('`').next()?;
        Some((name, program.trim_matches('`'), engine))
    })
    .collect()
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

    // A page that says on which line something failed would be wrong after the next edit.
    #[test]
    fn a_message_keeps_what_failed_and_loses_where() {
        let message = "deadlock: thread 1 waits at ci/src/a.rs:61:55 for lock 0 (made at b.rs:1:89), which thread 2 \
                       holds; data race: cell 0 (made at c.rs:93:17): thread 1 writes it at c.rs:122:22";
        assert_eq!(
            without_places(message),
            "deadlock: thread 1 waits for lock 0, which thread 2 holds; data race: cell 0: thread 1 writes it"
        );
    }

    // A row that is read wrongly would be run again as something else, or not at all.
    #[test]
    fn the_rows_of_the_first_table_are_read_as_they_are_written_and_replaced_one_by_one() {
        let mistake = &Mistake::all(&sites(Scope::Default))[0];
        let caught = FaultRow { what: mistake.what(), ..row(&mistake.name(), true, false) };
        let page = report(&[row("a.b", true, false), caught, row("c.d", false, true)]).page();
        assert_eq!(caught_on(&page), [("a.b", "p", "complete"), (mistake.name().as_str(), "p", "complete")]);
        let other = Catch { program: "q".into(), engine: "loom".into(), how: "c | d".into(), executions: 7 };
        let page = with_row(&page, mistake, &other).unwrap();
        assert_eq!(caught_on(&page), [("a.b", "p", "complete"), (mistake.name().as_str(), "q", "loom")]);
        assert!(page.contains("| `q` | loom | 7 | c \\| d |\n"), "{page}");
        assert_eq!(with_row("", mistake, &other), None);
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
