//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use lwp_loom_tests::job::{Limits, Mode};
use lwp_loom_tests::litmus::ast::CPUS;
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{Variant, text as words};
use lwp_loom_tests::report::Shard;

use crate::backend::Engine;
use crate::error::Error;

/// Ordering constraints that a bug may take: far more than anybody looks for, and no more than can be drawn at once.
const DEEPEST: usize = 1000;

/// Branch points of an execution: loom makes room for all of them before it begins, and a replay string has no more steps.
const MOST_BRANCHES: usize = 1_000_000;

/// Preemptions of an execution: loom counts no more.
const MOST_PREEMPTIONS: usize = 255;

/// Programs at a time: each is a process and a thread, and no machine has more cores.
const MOST_JOBS: usize = 1024;

/// Builds, tests, checks, fuzzes and measures this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo ci", bin_name = "cargo ci", arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explore the programs, and find the weakest sound ordering of each site.
    ///
    /// Exit status: 0 if everything is complete or bounded as declared, 1 if something failed or was cut short, 2 for bad input,
    /// 130 after Ctrl-C.
    Check(CheckArgs),
    /// Hold the lock order that the protocol's programs show against the one that each revision declares.
    ///
    /// Exit status: 0 if every program is complete and every observed edge is declared or a recorded exception, 1 if not,
    /// 2 for bad input, 130 after Ctrl-C.
    Audit(AuditArgs),
    /// Make one mistake at a time in lwp-core, and look for the first program that notices.
    ///
    /// Exit status: 0 if every mistake is noticed or declared equivalent, 1 if one is not, 2 for bad input, 130 after Ctrl-C.
    Faults(FaultsArgs),
    /// Show how the executions of programs that loom does not complete grow with the preemptions, as a table for a page
    /// of the documentation.
    Growth(GrowthArgs),
    /// List the programs, or those that are named.
    List(ListArgs),
    /// Print programs of a generated suite, or its size.
    Generate(GenerateArgs),
    /// Lay out files with programs: the collection's, or those that are named.
    ///
    /// Exit status: 0 if all are laid out now, 1 if --check finds one that is not, 2 for what cannot be read.
    #[command(name = "fmt-programs")]
    FmtPrograms(FmtProgramsArgs),
    /// Run generated suites as the sources are written, and say of each failure which defect it is due to.
    ///
    /// Exit status: 0 if each failure is due to a defect that has a name, 1 if not, 2 for bad input, 130 after Ctrl-C.
    Triage(TriageArgs),
    /// Join the reports of all shards of a check.
    Merge(MergeArgs),
    /// Run the one execution that a failure's replay string stands for.
    ///
    /// Exit status: 1 if it fails again, 0 if it does not, 2 if the string is refused.
    Replay(ReplayArgs),
    /// Show how a program fails: a timeline with a column for each LWP, and what decided it in plain words.
    ///
    /// The execution is one with as few preemptions as a search finds, or the one that SCHEDULE stands for. A program that
    /// fails in several ways has a timeline for each, the one with the fewest preemptions and steps first.
    /// Exit status: 1 if it fails, 0 if it does not, 2 if the string or a file is refused.
    Explain(ExplainArgs),
    /// List the defects of the sources, or write the pages of docs/defects.
    ///
    /// Exit status: 1 if a defect does not show, 2 for bad input.
    Defects(DefectsArgs),
    /// Run everything that must hold before a change is merged.
    Test,
    /// Run the tests on real threads under ThreadSanitizer, which wants a nightly toolchain and its rust-src.
    ///
    /// Exit status: 0 if the one race that is meant is reported and no other, 1 if not, 2 if something is not installed.
    Races,
    /// Run cargo-fuzz.
    Fuzz(FuzzArgs),
    /// Measure lwp-core on real threads.
    Bench(BenchArgs),
}

/// The arguments of `cargo ci check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to explore, instead of all: files or folders with programs, names of programs, or families.
    #[arg(value_name = "PATH|NAME")]
    pub names: Vec<String>,
    /// Explore a generated suite: 2x2, 3x1, 4x1, 2x3 or 3x2.
    #[arg(long, value_name = "SUITE", value_parser = suite)]
    pub suite: Vec<Suite>,
    /// Explore under this system only: netbsd-1.62, netbsd-1.69.2.6, illumos, or a lock layer by itself, as netbsd-locks.
    #[arg(long, value_name = "S", value_parser = system)]
    pub system: Option<&'static str>,
    /// Explore this variant only: as-written, repaired, without-REPAIR or only-REPAIR.
    #[arg(long, value_name = "V", value_parser = variant)]
    pub variant: Option<Variant>,
    /// Explore on machines with so many CPUs, whatever the programs say.
    #[arg(long, value_name = "N", value_parser = cpus, allow_negative_numbers = true)]
    pub cpus: Option<NonZeroUsize>,
    /// Explore every program of every family.
    #[arg(long)]
    pub full: bool,
    /// Explore in this way only. The last two run as many executions of each program as --executions says, or 10,000.
    #[arg(long, value_name = "E")]
    pub engine: Option<Way>,
    /// Explore only so many of the programs, chosen by --seed.
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_negative_numbers = true)]
    pub sample: Option<NonZeroUsize>,
    /// Have the complete search enter no state twice, and keep at most N states for that, or 1,000,000. Programs have fewer
    /// executions then, distinct ones are not counted, and a program is explored on one core.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1000000", value_parser = positive::<NonZeroUsize>, allow_negative_numbers = true)]
    pub states: Option<NonZeroUsize>,
    /// What a sample and random executions follow from, instead of 0.
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// The depth of the bugs that probabilistic concurrency testing looks for, instead of 3.
    #[arg(long, value_name = "N", value_parser = depth, allow_negative_numbers = true)]
    pub depth: Option<usize>,
    /// Explore the Ith of N parts, for a machine each; join their reports with `cargo ci merge`.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Weaken an ordering site.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
    /// Explore this many programs at a time, instead of one per core, and the last ones on as many cores together.
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub jobs: Option<NonZeroUsize>,
    /// Write the report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Print all that was found, and not the answers alone: families, orderings, and where the time went.
    #[arg(long, short)]
    pub verbose: bool,
    /// The report as a page.
    #[command(flatten)]
    pub page: PageArgs,
    /// Draw the transitions of l_stat that were seen, as SVG, into this file.
    #[arg(long, value_name = "FILE")]
    pub diagram: Option<PathBuf>,
    /// Use this executable as every engine's worker, instead of building them.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
    /// When to stop early. Last, because its heading in the help covers all that follows.
    #[command(flatten)]
    pub limits: LimitArgs,
}

impl CheckArgs {
    /// Fails for an option that nothing would come of.
    pub fn refuse_idle_options(&self) -> Result<(), Error> {
        let idle = if self.limits.preemptions.is_some() && self.is_random() {
            "--bound is for a search: --engine random and --engine pct preempt at random"
        } else if self.states.is_some() && (self.is_random() || self.engine == Some(Way::Loom)) {
            "--states is for the complete search: --engine complete, or no --engine"
        } else if self.states.is_some() && self.limits.preemptions.is_some() {
            "--states goes without --bound: what follows from a state depends on the preemptions that are left"
        } else if self.depth.is_some() && self.engine != Some(Way::Pct) {
            "--depth is for --engine pct"
        } else if self.seed.is_some() && !self.is_seeded() {
            "--seed is for --sample, --engine random or --engine pct"
        } else {
            return Ok(());
        };
        Err(Error::Input(idle.into()))
    }

    /// Whether executions are chosen at random, instead of searched.
    fn is_random(&self) -> bool {
        matches!(self.engine, Some(Way::Random | Way::Pct))
    }

    fn is_seeded(&self) -> bool {
        self.sample.is_some() || self.is_random()
    }

    /// What a sample and random executions follow from.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    fn depth(&self) -> usize {
        self.depth.unwrap_or(3)
    }

    /// How to go through each program's executions.
    pub fn mode(&self) -> Mode {
        let executions = self.limits.executions.map_or(10_000, NonZeroU64::get);
        match self.engine {
            Some(Way::Random) => Mode::Random { seed: self.seed(), executions },
            Some(Way::Pct) => Mode::Pct { seed: self.seed(), depth: self.depth(), executions },
            Some(Way::Loom | Way::Complete) | None => Mode::Search,
        }
    }

    /// Whether only some of the programs are asked for.
    pub fn chooses(&self) -> bool {
        let filtered = self.system.is_some() || self.variant.is_some() || self.cpus.is_some();
        !self.names.is_empty() || !self.suite.is_empty() || self.sample.is_some() || filtered
    }

    /// Everything that decides which programs run and how, as it stands on the command line.
    pub fn selection(&self) -> Vec<String> {
        let Limits { seconds, executions, preemptions, branches } = self.limits.limits();
        let number = |name: &str, n: Option<String>| n.map(|n| format!("--{name} {n}"));
        let options = [
            self.full.then(|| "--full".into()),
            number("system", self.system.map(String::from)),
            number("variant", self.variant.map(Variant::name)),
            number("cpus", self.cpus.map(|n| n.to_string())),
            number("engine", self.engine.map(|engine| engine.name().into())),
            self.states.map(|n| format!("--states={n}")),
            number("sample", self.sample.map(|n| n.to_string())),
            number("depth", (self.engine == Some(Way::Pct)).then(|| self.depth().to_string())),
            number("seed", self.is_seeded().then(|| self.seed().to_string())),
            number("time", seconds.map(|n| n.to_string())),
            number("executions", executions.map(|n| n.to_string())),
            number("bound", preemptions.map(|n| n.to_string())),
            number("branches", branches.map(|n| n.to_string())),
        ];
        let suites = self.suite.iter().map(|suite| format!("--suite {}", suite.name()));
        let weaken = self.weaken.iter().map(|w| format!("--weaken {}={}", w.site, w.ordering));
        self.names.iter().cloned().chain(suites).chain(options.into_iter().flatten()).chain(weaken).collect()
    }
}

/// The arguments of `cargo ci audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Explore under this engine.
    #[arg(long, value_name = "E", default_value = "complete")]
    pub engine: Engine,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub jobs: Option<NonZeroUsize>,
    /// Write the audit to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Use this executable as the engine's worker, instead of building it.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
}

/// The arguments of `cargo ci faults`.
#[derive(Debug, Args)]
pub struct FaultsArgs {
    /// Faults, or functions for all of theirs; without any, all faults and all weaker orderings.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Explore under this engine only, for a first look: what the other would catch survives.
    #[arg(long, value_name = "E")]
    pub engine: Option<Engine>,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub jobs: Option<NonZeroUsize>,
    /// Write the report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Use this executable as every engine's worker, instead of building them.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
}

/// The arguments of `cargo ci growth`.
#[derive(Debug, Args)]
pub struct GrowthArgs {
    /// Seconds for each program under each bound.
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "20", allow_negative_numbers = true)]
    pub seconds: f64,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub jobs: Option<NonZeroUsize>,
}

/// The arguments of `cargo ci list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Files or folders with programs, names of programs, or families; without any, all families.
    #[arg(value_name = "PATH|NAME")]
    pub names: Vec<String>,
}

/// The arguments of `cargo ci generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// The suite: 2x2, 3x1, 4x1, 2x3 or 3x2. Without one, the sizes of all.
    #[arg(value_name = "SUITE", value_parser = suite)]
    pub suite: Option<Suite>,
    /// The places of the programs to print, from 0, as N or N..M; without any, all of them.
    #[arg(value_name = "N", value_parser = places)]
    pub places: Vec<Range<usize>>,
    /// Write each program to a file of its own in this folder, which is made if need be.
    #[arg(long, value_name = "FOLDER", requires = "suite")]
    pub out: Option<PathBuf>,
}

/// The arguments of `cargo ci fmt-programs`.
#[derive(Debug, Args)]
pub struct FmtProgramsArgs {
    /// Files or folders, instead of the collection.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing, and say which files would be.
    #[arg(long)]
    pub check: bool,
}

/// The arguments of `cargo ci triage`.
#[derive(Debug, Args)]
pub struct TriageArgs {
    /// The suites: 2x2, 3x1, 4x1, 2x3 or 3x2.
    #[arg(required = true, value_name = "SUITE", value_parser = suite)]
    pub suite: Vec<Suite>,
    /// Take the Ith of N parts of each suite only: every Nth program.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Explore this many programs at a time, instead of one per core.
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub jobs: Option<NonZeroUsize>,
    /// Use this executable as the engine's worker, instead of building it.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
}

/// The arguments of `cargo ci merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The shards' JSON reports.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print all that was found, and not the answers alone: families, orderings, and where the time went.
    #[arg(long, short)]
    pub verbose: bool,
    /// Write the joined report to this file as well.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The report as a page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// The report as a page.
#[derive(Debug, Args)]
pub struct PageArgs {
    /// Write the report as a page into this file: one file for any browser, which needs no network.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Put this fault score on the page: what `cargo ci faults --json FILE` has written.
    #[arg(long, value_name = "FILE", requires = "html")]
    pub faults: Option<PathBuf>,
}

/// The arguments of `cargo ci replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The program: the name under which the check reported it, or a file.
    #[arg(value_name = "PATH|NAME")]
    pub program: String,
    /// The replay string that its failure printed.
    pub schedule: String,
    /// Which of them, where a file or a program of the collection is explored in several ways.
    #[command(flatten)]
    pub which: WhichArgs,
    /// Weaken an ordering site, as the failing check did.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
}

/// The arguments of `cargo ci defects`.
#[derive(Debug, Args)]
pub struct DefectsArgs {
    /// Find the smallest program of each, and write its page, its program and the index into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub pages: Option<PathBuf>,
}

/// Which of the ways in which a program is explored is meant.
#[derive(Debug, Default, Args)]
pub struct WhichArgs {
    /// The system, where a program is for more than one.
    #[arg(long, value_name = "S", value_parser = system)]
    pub system: Option<&'static str>,
    /// The variant.
    #[arg(long, value_name = "V", value_parser = variant)]
    pub variant: Option<Variant>,
    /// The CPUs, where a program is for several numbers of them.
    #[arg(long, value_name = "N", value_parser = cpus, allow_negative_numbers = true)]
    pub cpus: Option<NonZeroUsize>,
}

/// The arguments of `cargo ci explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The program: the name under which the check reported it, a name of the collection, or a file. Of several ways in
    /// which it is explored, the first that fails is explained.
    #[arg(value_name = "PATH|NAME")]
    pub program: String,
    /// Which of them, where a file or a program of the collection is explored in several ways.
    #[command(flatten)]
    pub which: WhichArgs,
    /// The replay string that its failure printed.
    pub schedule: Option<String>,
    /// Run it under this engine.
    #[arg(long, value_name = "E", default_value = "complete")]
    pub engine: Engine,
    /// Draw the timeline, as SVG, into this file as well: the first, where the program fails in several ways.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the timeline, as a page, into this file as well: the first, where the program fails in several ways.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the smallest program that fails in the same way into this file, and explain that.
    #[arg(long, value_name = "FILE.litmus", conflicts_with_all = ["schedule", "weaken"])]
    pub smallest: Option<PathBuf>,
    /// Weaken an ordering site, as the failing check did.
    #[arg(long, value_name = "SITE=ORDERING")]
    pub weaken: Vec<Weakening>,
    /// Use this executable as the engine's worker, instead of building it.
    #[arg(long, hide = true, value_name = "PATH")]
    pub worker: Option<PathBuf>,
}

/// When to stop exploring a program early. What stops early is bounded, not complete.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits for each program (what they cut short is bounded, not complete)")]
pub struct LimitArgs {
    /// Seconds, of which the reference may take half before it is given up.
    #[arg(long = "time", value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// Executions.
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU64>, allow_negative_numbers = true)]
    pub executions: Option<NonZeroU64>,
    /// Preemptions within one execution.
    #[arg(long = "bound", value_name = "N", value_parser = preemptions, allow_negative_numbers = true)]
    pub preemptions: Option<usize>,
    /// Branch points within one execution.
    #[arg(long, value_name = "N", value_parser = branches, allow_negative_numbers = true)]
    pub branches: Option<NonZeroUsize>,
}

impl LimitArgs {
    /// The same, for a job.
    pub fn limits(&self) -> Limits {
        Limits {
            seconds: self.seconds,
            executions: self.executions.map(NonZeroU64::get),
            preemptions: self.preemptions,
            branches: self.branches.map(NonZeroUsize::get),
        }
    }
}

/// A site and the ordering to run it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakening {
    /// The site's name.
    pub site: String,
    /// The ordering's name.
    pub ordering: String,
}

impl FromStr for Weakening {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Weakening, Self::Err> {
        let (site, ordering) = text.split_once('=').ok_or("expected SITE=ORDERING")?;
        Ok(Weakening { site: site.into(), ordering: ordering.into() })
    }
}

/// The arguments of `cargo ci fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// The target, instead of all.
    pub target: Option<String>,
    /// Seconds for each target.
    #[arg(
        long,
        value_name = "N",
        value_parser = positive::<NonZeroU64>,
        default_value = "60",
        allow_negative_numbers = true
    )]
    pub seconds: NonZeroU64,
}

/// The arguments of `cargo ci bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Run the benchmarks whose name contains this.
    pub filter: Option<String>,
    /// Draw how costs grow with the number of LWPs, as SVG, into this file.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
}

/// How to go through a program's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Every execution that C11 allows.
    Loom,
    /// Every execution under sequential consistency, each equivalence class once.
    Complete,
    /// Random executions under sequential consistency.
    Random,
    /// Executions by probabilistic concurrency testing, under sequential consistency.
    Pct,
}

impl Way {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Way::Loom => "loom",
            Way::Complete => "complete",
            Way::Random => "random",
            Way::Pct => "pct",
        }
    }

    /// The engine that goes so.
    pub fn engine(self) -> Engine {
        match self {
            Way::Loom => Engine::Loom,
            Way::Complete | Way::Random | Way::Pct => Engine::Complete,
        }
    }
}

/// One of several things that have names.
fn named<T>(text: &str, what: &str, all: impl IntoIterator<Item = (String, T)>) -> Result<T, String> {
    let (mut found, mut names) = (None, Vec::new());
    for (name, thing) in all {
        found = found.or((name == text).then_some(thing));
        names.push(name);
    }
    found.ok_or_else(|| format!("expected a {what}: {}", names.join(", ")))
}

fn suite(text: &str) -> Result<Suite, String> {
    named(text, "suite", Suite::ALL.map(|suite| (suite.name(), suite)))
}

fn system(text: &str) -> Result<&'static str, String> {
    let all = words::systems().chain(["illumos"]);
    named(text, "system", all.map(|system| (system.to_owned(), system)))
}

fn variant(text: &str) -> Result<Variant, String> {
    named(text, "variant", Variant::all().map(|variant| (variant.name(), variant)))
}

fn positive<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "expected a whole number above 0 and below 2^64")
}

fn whole<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "expected a whole number from 0, below 2^64")
}

fn depth(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|depth| (1..=DEEPEST).contains(depth));
    number.ok_or_else(|| format!("expected a depth, from 1 to {DEEPEST}"))
}

fn preemptions(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|preemptions| *preemptions <= MOST_PREEMPTIONS);
    number.ok_or_else(|| format!("expected a number of preemptions, from 0 to {MOST_PREEMPTIONS}"))
}

fn branches(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|branches: &NonZeroUsize| branches.get() <= MOST_BRANCHES);
    number.ok_or_else(|| format!("expected a number of branch points, from 1 to {MOST_BRANCHES}"))
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|jobs: &NonZeroUsize| jobs.get() <= MOST_JOBS);
    number.ok_or_else(|| format!("expected a number of programs at a time, from 1 to {MOST_JOBS}"))
}

fn cpus(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|cpus: &NonZeroUsize| cpus.get() <= CPUS);
    number.ok_or_else(|| format!("expected a number of CPUs, from 1 to {CPUS}"))
}

fn shard(text: &str) -> Result<Shard, &'static str> {
    let wrong = "expected I/N, with I from 1 to N";
    let (index, count) = text.split_once('/').ok_or(wrong)?;
    let (index, count) = (index.parse().map_err(|_| wrong)?, count.parse().map_err(|_| wrong)?);
    if (1..=count).contains(&index) { Ok(Shard { index, count }) } else { Err(wrong) }
}

fn places(text: &str) -> Result<Range<usize>, &'static str> {
    let wrong = "expected N or N..M, with N below M";
    let number = |text: &str| text.parse::<usize>().map_err(|_| wrong);
    let range = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => number(text)?..number(text)?.checked_add(1).ok_or(wrong)?,
    };
    if range.is_empty() { Err(wrong) } else { Ok(range) }
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err("expected a number of seconds above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(shard("2/3"), Ok(Shard { index: 2, count: 3 }));
        for text in ["3/2", "0/4", "0/0", "1", "1/", "/2", "-1/2", "a/b"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    /// What is said of a command line that is refused before it is one.
    fn refused(args: &[&str]) -> String {
        Cli::try_parse_from([&["ci"], args].concat()).unwrap_err().to_string()
    }

    // Whoever mistypes a number should learn what it may be, and not how to name a program `-1`.
    #[test]
    fn a_number_that_is_none_is_answered_with_what_is_expected() {
        for option in ["--sample", "--executions"] {
            for number in ["-1", "0", "many", "18446744073709551616"] {
                let why = refused(&["check", option, number]);
                assert!(why.contains("expected a whole number above 0 and below 2^64"), "{why}");
            }
        }
        for (args, expected) in [
            (["check", "--seed", "-1"], "expected a whole number from 0, below 2^64"),
            (["check", "--bound", "256"], "expected a number of preemptions, from 0 to 255"),
            (["check", "--cpus", "-1"], "expected a number of CPUs, from 1 to 16"),
            (["check", "--branches", "1000001"], "expected a number of branch points, from 1 to 1000000"),
            (["check", "--jobs", "0"], "expected a number of programs at a time, from 1 to 1024"),
            (["audit", "--jobs", "1025"], "expected a number of programs at a time, from 1 to 1024"),
            (
                ["faults", "--jobs", "18446744073709551615"],
                "expected a number of programs at a time, from 1 to 1024",
            ),
            (["check", "--time", "-1"], "expected a number of seconds above 0"),
            (["check", "--depth", "0"], "expected a depth, from 1 to 1000"),
            (["check", "--depth", "1001"], "expected a depth, from 1 to 1000"),
            (["growth", "--seconds", "-1"], "expected a number of seconds above 0"),
            (["fuzz", "--seconds", "-1"], "expected a whole number above 0 and below 2^64"),
        ] {
            let why = refused(&args);
            assert!(why.contains(expected) && !why.contains("tip:"), "{why}");
        }
    }

    fn check(args: &[&str]) -> CheckArgs {
        match Cli::try_parse_from([&["ci", "check"], args].concat()).unwrap().command {
            Command::Check(args) => args,
            other => panic!("{other:?}"),
        }
    }

    // Somebody who believes that a bound or a seed was heeded draws the wrong conclusion from what was found.
    #[test]
    fn an_option_that_nothing_would_come_of_is_refused() {
        for args in [
            &["--engine", "random", "--bound", "2"][..],
            &["--engine", "pct", "--bound", "0"],
            &["--depth", "3"],
            &["--engine", "random", "--depth", "3"],
            &["--seed", "0"],
            &["--engine", "complete", "--seed", "1"],
        ] {
            assert_eq!(check(args).refuse_idle_options().unwrap_err().status(), 2, "{args:?}");
        }
        assert!(refused(&["generate", "--out", "folder"]).contains("<SUITE>"));
    }

    // A report must not print a command that is refused, or that explores something else.
    #[test]
    fn what_is_taken_is_taken_again_from_the_report_and_is_the_same() {
        for args in [
            &[][..],
            &["p", "--engine", "pct"],
            &["p", "--engine", "pct", "--depth", "5", "--seed", "7", "--executions", "10"],
            &["p", "--engine", "random"],
            &["p", "--engine", "loom", "--bound", "0", "--branches", "5", "--time", "1.5"],
            &["--sample", "3", "--seed", "9", "--variant", "repaired", "--cpus", "2"],
            &["--suite", "2x2", "--sample", "3", "--system", "illumos", "--weaken", "a=b"],
        ] {
            let args = check(args);
            args.refuse_idle_options().unwrap();
            let selection = args.selection();
            let again: Vec<&str> = selection.iter().flat_map(|option| option.split(' ')).collect();
            let again = check(&again);
            again.refuse_idle_options().unwrap();
            assert_eq!((again.selection(), again.mode()), (selection.clone(), args.mode()));
        }
    }

    // The largest number has none after it.
    #[test]
    fn places_are_one_or_a_range_that_is_not_empty() {
        assert_eq!((places("3"), places("3..5")), (Ok(3..4), Ok(3..5)));
        for text in ["", "a", "5..3", "3..3", "3..", "18446744073709551615"] {
            assert!(places(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_limit_is_a_positive_number() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "nan", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
