//! From the names that a user gives to what is explored.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lwp_loom_tests::litmus::ast::Program;
use lwp_loom_tests::litmus::collection::{collection, is_program};
use lwp_loom_tests::litmus::generate::Suite;
use lwp_loom_tests::litmus::{Case, LockCase, Origin, Variant, text};
use lwp_loom_tests::orderings::SiteInfo;
use lwp_loom_tests::reach::{LOOM_THREADS, Loom, no_room};
use lwp_loom_tests::subject::Subject;
use lwp_loom_tests::suite::{self, Family, Scope};

use crate::cli::{Weakening, WhichArgs};
use crate::error::Error;
use crate::mistakes;
use crate::programs;

/// What a user wants explored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Files, folders, programs or families; with none and no suite, everything.
    pub names: &'a [String],
    /// Generated suites.
    pub suites: &'a [Suite],
    /// The only system.
    pub system: Option<&'static str>,
    /// The only engine.
    pub engine: Option<&'static str>,
    /// The only variant.
    pub variant: Option<Variant>,
    /// The only number of CPUs.
    pub cpus: Option<usize>,
    /// How many programs, chosen by a seed.
    pub sample: Option<(usize, u64)>,
}

/// What is to be explored.
#[derive(Debug)]
pub struct Selected {
    /// The families, each with the programs to explore of it.
    pub families: Vec<Family>,
    /// The files that were read for them.
    pub files: Vec<PathBuf>,
    /// How many files and folders have no program that can be read. What is wrong with them has been printed.
    pub unusable: usize,
}

impl Selected {
    /// The names of the programs.
    pub fn programs(&self) -> Vec<String> {
        self.families.iter().flat_map(|family| &family.programs).cloned().collect()
    }

    /// The name of the program, where there is one only.
    pub fn one(&self) -> Result<String, Error> {
        match &self.programs()[..] {
            [program] => Ok(program.clone()),
            programs => Err(Error::Input(format!(
                "expected one execution's program; choose by --system, --variant and --cpus, or name one of:\n  {}",
                programs.join("\n  ")
            ))),
        }
    }

    /// Bad input, where a file or a folder has no program that can be read.
    pub fn status(&self) -> Result<(), Error> {
        if self.unusable == 0 { Ok(()) } else { Err(programs::unusable(self.unusable)) }
    }
}

/// The families to explore: all within `scope` if nothing is named.
///
/// A program is found by its name in any scope, so that what a report names can be repeated.
pub fn families(wanted: &Wanted<'_>, scope: Scope) -> Result<Selected, Error> {
    let (paths, names): (Vec<&String>, Vec<&String>) =
        wanted.names.iter().partition(|name| programs::is_path(name) && in_file(name).is_none());
    let programs::Found { mut files, mut unusable } = programs::files(paths.into_iter().map(PathBuf::from));
    let (mut cases, mut locks, mut always) = (Vec::new(), Vec::new(), Vec::new());
    let under_loom = wanted.engine == Some("loom");
    let parse = if under_loom { text::parse_for_loom } else { text::parse_to_run };
    // What each argument means: the name of a program in any way, of a family, or of a suite.
    let mut asked: Vec<String> = Vec::new();
    for file in &files {
        match programs::read(file, parse) {
            Some(program) => {
                asked.push(program.name.clone());
                cases.extend(wanted.cases(&program));
                locks.extend(wanted.locks(&program));
            }
            None => unusable += 1,
        }
    }
    for name in names {
        let mut name = name.clone();
        if let Some((which, file)) = in_file(&name) {
            let read = programs::read(&file, parse).is_some();
            name = format!("{which}{}", file.display());
            files.push(file);
            if !read {
                unusable += 1;
                continue;
            }
        }
        match Subject::parse(&name) {
            Some(Subject::Locks(case)) if case.origin() == Origin::File => {
                asked.push(case.name());
                locks.extend(wanted.locks(&case.litmus));
            }
            Some(Subject::Litmus(case)) if !is_always_there(&case) => {
                asked.push(case.name());
                cases.extend(Some(case).filter(|case| wanted.has(case)));
            }
            _ => {
                asked.push(name.clone());
                always.push(name);
            }
        }
    }
    for suite in wanted.suites {
        asked.push(suite.name());
        cases.extend(suite.programs().flat_map(|program| wanted.cases(&Arc::new(program))));
    }
    let mut seen = HashSet::new();
    cases.retain(|case| seen.insert(case.name()));
    locks.retain(|case| seen.insert(case.name()));
    let mut families = Vec::new();
    if wanted.names.is_empty() && wanted.suites.is_empty() {
        for (file, why) in &collection().unreadable {
            mistakes::complain(file, why);
            unusable += 1;
        }
        families = suite::families(scope);
    } else if !always.is_empty() {
        families = named(&always, &suite::families(scope), suite::families(Scope::Full))?;
    }
    wanted.keep(&mut families);
    families.extend(suite::of_locks(locks));
    families.extend(suite::of_cases(cases, Scope::Full));
    wanted.refuse_what_nothing_comes_of(&asked, &families)?;
    wanted.choose(&mut families);
    let selected = Selected { families, files, unusable };
    if selected.families.iter().all(|family| family.programs.is_empty()) {
        selected.status()?;
        return Err(Error::Input(match wanted.which().as_str() {
            "" => "there is nothing to explore".into(),
            which => format!("no program is for {which}"),
        }));
    }
    Ok(selected)
}

/// Whether an argument means a family, or a program of it.
fn has(family: &Family, argument: &str) -> bool {
    family.name == argument || family.programs.iter().any(|program| is_meant(program, argument))
}

/// Whether an argument means a program: by its name, by what that is in any way, or by its suite.
fn is_meant(program: &str, argument: &str) -> bool {
    let name = litmus_name(program).unwrap_or(program);
    let of_suite = || name.split_once('/').is_some_and(|(suite, _)| suite == argument);
    program == argument || name == argument || of_suite()
}

/// Where a report names a program in a file, as `lwp/1.62/as-written/2-cpus/p.litmus`: what stands before the file, and that.
fn in_file(name: &str) -> Option<(&str, PathBuf)> {
    let file = litmus_name(name).map(Path::new)?;
    let means_it = is_program(file) && file.exists() && !Path::new(name).exists();
    means_it.then(|| (&name[..name.len() - file.as_os_str().len()], programs::normal(file)))
}

/// Whether a case is in a family without being asked for: a program of a file or a suite is not, nor is one in a variant or
/// on CPUs of somebody's choice.
fn is_always_there(case: &Case) -> bool {
    let explored = || Case::all_of(&case.litmus).iter().any(|other| other.name() == case.name());
    !matches!(case.origin(), Origin::File | Origin::Suite(_)) && explored()
}

impl Wanted<'_> {
    /// Fails for an argument of which nothing would be explored: beside others, nothing would tell.
    fn refuse_what_nothing_comes_of(&self, asked: &[String], families: &[Family]) -> Result<(), Error> {
        let mut idle = Vec::new();
        for argument in asked {
            let meant: Vec<&Family> = families.iter().filter(|family| has(family, argument)).collect();
            if !meant.iter().any(|family| self.takes(family)) {
                let why = match meant[..] {
                    [family, ..] => self.why_not(family, argument),
                    [] => format!("no program is for {}", self.which()),
                };
                idle.push(format!("{argument}: {why}"));
            }
        }
        if idle.is_empty() { Ok(()) } else { Err(Error::Input(idle.join("\n"))) }
    }

    /// Whether an engine that is wanted explores a family.
    fn takes(&self, family: &Family) -> bool {
        self.engine.is_none_or(|engine| family.engines.contains(&engine))
    }

    /// Why the engine that is wanted explores nothing that an argument means of a family.
    fn why_not(&self, family: &Family, argument: &str) -> String {
        let meant = family.programs.iter().find(|program| is_meant(program, argument));
        let case = meant.or(family.programs.first()).and_then(|program| Case::parse(program));
        match (self.engine, case.as_ref().map(|case| case.litmus.loom)) {
            (Some("loom"), Some(Loom::NotAtAll(why))) => match case.map_or(0, |case| case.lwps()) {
                threads if threads > LOOM_THREADS => no_room(threads),
                _ => format!("loom does not explore it: {why}"),
            },
            (engine, _) => format!("it is not for --engine {}", engine.unwrap_or_default()),
        }
    }

    /// Whether what is of this system is wanted: a kernel goes with its lock layers.
    fn is_under(&self, system: &str) -> bool {
        self.system.is_none_or(|wanted| match text::layer(wanted) {
            Some(layer) => system == layer.kernel(),
            None => system.starts_with(wanted),
        })
    }

    /// Whether a case is wanted.
    fn has(&self, case: &Case) -> bool {
        self.is_under(text::system(case.revision))
            && self.variant.is_none_or(|variant| variant == case.variant)
            && self.cpus.is_none_or(|cpus| cpus == case.cpus)
    }

    /// What is asked of every program, as it stands on the command line.
    fn which(&self) -> String {
        let which = [
            self.system.map(|system| format!("--system {system}")),
            self.variant.map(|variant| format!("--variant {}", variant.name())),
            self.cpus.map(|cpus| format!("--cpus {cpus}")),
        ];
        which.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// The cases that are wanted of a program that was found by itself.
    fn cases(&self, program: &Arc<Program>) -> Vec<Case> {
        let mut program = program.clone();
        if let Some(cpus) = self.cpus {
            Arc::make_mut(&mut program).cpus = vec![cpus];
        }
        let mut cases = match self.variant {
            None => Case::all_of(&program),
            Some(variant) => {
                let machines =
                    program.revisions.iter().flat_map(|r| program.cpus.iter().map(move |n| (*r, *n)));
                machines.map(|(revision, cpus)| Case::new(program.clone(), revision, variant, cpus)).collect()
            }
        };
        cases.retain(|case| self.has(case));
        cases
    }

    /// A program over a lock layer that was found by itself, where it is wanted: it has no variants and no CPUs.
    fn locks(&self, program: &Arc<Program>) -> Option<LockCase> {
        let any = self.variant.is_none() && self.cpus.is_none();
        LockCase::new(program).filter(|case| any && self.is_under(case.program.system()))
    }

    /// Leaves what is wanted of families that are always there.
    fn keep(&self, families: &mut Vec<Family>) {
        let cpus = self.cpus.map(|cpus| format!("{cpus}-cpus"));
        let variant = self.variant.map(Variant::name);
        for family in families.iter_mut() {
            if !self.is_under(family.system) {
                family.programs.clear();
            }
            family.programs.retain(|program| {
                let fields: Vec<&str> = program.splitn(5, '/').collect();
                let protocol = fields[0] == "lwp";
                let of = |field: usize, wanted: &Option<String>| {
                    wanted
                        .as_ref()
                        .is_none_or(|wanted| protocol && fields.get(field) == Some(&wanted.as_str()))
                };
                of(2, &variant) && of(3, &cpus)
            });
        }
        if self.system.is_some() || variant.is_some() || cpus.is_some() {
            families.retain(|family| !family.programs.is_empty());
        }
    }

    /// Leaves a sample.
    fn choose(&self, families: &mut Vec<Family>) {
        let Some((sample, seed)) = self.sample else { return };
        families.retain(|family| self.takes(family));
        let mut all: Vec<(usize, usize)> = families
            .iter()
            .enumerate()
            .flat_map(|(n, family)| (0..family.programs.len()).map(move |program| (n, program)))
            .collect();
        // By a hash of each: the same seed chooses the same programs, whatever else there is.
        all.sort_by_key(|(n, program)| {
            let mut hasher = DefaultHasher::new();
            (seed, &families[*n].programs[*program]).hash(&mut hasher);
            hasher.finish()
        });
        let chosen: HashSet<(usize, usize)> = all.into_iter().take(sample).collect();
        for (n, family) in families.iter_mut().enumerate() {
            let mut place = 0;
            family.programs.retain(|_| {
                place += 1;
                chosen.contains(&(n, place - 1))
            });
        }
        families.retain(|family| !family.programs.is_empty());
    }
}

fn named(names: &[String], within: &[Family], mut all: Vec<Family>) -> Result<Vec<Family>, Error> {
    let families: HashSet<&str> = all.iter().map(|family| family.name.as_str()).collect();
    let programs: HashSet<&str> = all.iter().flat_map(|f| &f.programs).map(String::as_str).collect();
    // A program of the protocol is under several systems, in several variants, and on several numbers of CPUs.
    let litmus: HashSet<&str> = programs.iter().filter_map(|program| litmus_name(program)).collect();
    let known = |name: &str| families.contains(name) || programs.contains(name) || litmus.contains(name);
    let others: Vec<Option<Family>> =
        names.iter().filter(|name| !known(name)).map(|name| suite::named(name)).collect();
    if let Some(name) = names.iter().find(|name| !known(name) && suite::named(name).is_none()) {
        let near = near(name, litmus.iter().chain(&families).copied());
        let grammar = "expected a file, a folder, a program of the collection or a family (`cargo ci list`), or a program \
                       over the lock layer as netbsd/0/relock:1,unlock_to:0/trylock, which takes locks in ascending order";
        return Err(Error::Input(format!("unknown program or family `{name}`: {near}{grammar}")));
    }
    let names: HashSet<&str> = names.iter().map(|name| name.as_str()).collect();
    for family in &mut all {
        let scoped = within.iter().find(|scoped| scoped.name == family.name);
        let scoped = scoped.map(|s| s.programs.iter().map(String::as_str).collect::<HashSet<_>>());
        let whole = names.contains(family.name.as_str());
        family.programs.retain(|program| {
            let program = program.as_str();
            names.contains(program)
                || litmus_name(program).is_some_and(|name| names.contains(name))
                || whole && scoped.as_ref().is_none_or(|scoped| scoped.contains(program))
        });
    }
    all.retain(|family| !family.programs.is_empty() || names.contains(family.name.as_str()));
    all.extend(others.into_iter().flatten());
    Ok(all)
}

/// What a program is called in the collection.
pub fn litmus_name(program: &str) -> Option<&str> {
    let of_protocol = || program.strip_prefix("lwp/")?.splitn(4, '/').nth(3);
    program.strip_prefix("locks/").or_else(of_protocol)
}

/// What a user calls so: several programs, where it is for several systems, in several variants, or on several numbers of
/// CPUs.
pub fn subjects(program: &str, which: &WhichArgs) -> Result<Selected, Error> {
    let names = [program.to_owned()];
    let wanted = Wanted {
        names: &names,
        system: which.system,
        variant: which.variant,
        cpus: which.cpus.map(NonZeroUsize::get),
        ..Wanted::default()
    };
    let selected = families(&wanted, Scope::Full)?;
    selected.status()?;
    Ok(selected)
}

/// The three names that are nearest, as the beginning of a sentence; empty where none is alike.
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: BTreeSet<&str> = known.collect();
    let alike = |known: &str| strsim::jaro_winkler(name, known);
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
    let near: Vec<String> = known.iter().take(3).map(|known| format!("`{known}`")).collect();
    match &near[..] {
        _ if known.first().is_none_or(|best| alike(best) < ALIKE) => String::new(),
        [others @ .., last] if !others.is_empty() => {
            format!("did you mean {} or {last}? ", others.join(", "))
        }
        _ => format!("did you mean {}? ", near.concat()),
    }
}

/// How alike the nearest must be for it to have been meant.
const ALIKE: f64 = 0.75;

/// The weakenings as a job has them. Each must make a site weaker than it is.
pub fn weakenings(weakenings: &[Weakening], sites: &[SiteInfo]) -> Result<Vec<(String, String)>, Error> {
    for Weakening { site, ordering } in weakenings {
        let Some(info) = sites.iter().find(|info| info.name == site) else {
            let near = near(site, sites.iter().map(|site| site.name));
            return Err(Error::Input(format!(
                "unknown site `{site}`: {near}expected a site of docs/orderings.md"
            )));
        };
        if !info.weaker.contains(&ordering.as_str()) {
            let weaker = match &info.weaker[..] {
                [] => "it has none".into(),
                weaker => format!("expected {}", weaker.join(" or ")),
            };
            return Err(Error::Input(format!("unknown weaker ordering of {site} `{ordering}`: {weaker}")));
        }
    }
    Ok(weakenings.iter().map(|w| (w.site.clone(), w.ordering.clone())).collect())
}

/// An error about a name that does not exist, with those that do.
pub fn unknown(what: &str, name: &str, kind: &str, existing: impl Iterator<Item = String>) -> Error {
    let mut message = format!("unknown {what} `{name}`; {kind}:");
    for line in existing {
        message.push_str("\n  ");
        message.push_str(&line);
    }
    Error::Input(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(name: &'static str, programs: &[&str]) -> Family {
        let programs = programs.iter().map(|p| p.to_string()).collect();
        Family {
            name: name.into(),
            system: "netbsd-1.62",
            variant: "repaired",
            lwps: 2,
            engines: &["loom"],
            loom: lwp_loom_tests::reach::Loom::Complete,
            programs,
        }
    }

    fn select(names: &[&str]) -> Result<Vec<(String, Vec<String>)>, Error> {
        let within = [family("a", &["a1"]), family("b", &["b1"])];
        let all = vec![family("a", &["a1", "a2"]), family("b", &["b1"]), family("c", &["c1"])];
        let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
        Ok(named(&names, &within, all)?.into_iter().map(|f| (f.name, f.programs)).collect())
    }

    #[test]
    fn a_family_is_taken_within_the_scope_and_a_program_from_anywhere() {
        assert_eq!(select(&["a"]).unwrap(), [("a".into(), vec!["a1".into()])]);
        assert_eq!(select(&["a2"]).unwrap(), [("a".into(), vec!["a2".into()])]);
        assert_eq!(
            select(&["b", "a2", "a"]).unwrap(),
            [("a".into(), vec!["a1".into(), "a2".into()]), ("b".into(), vec!["b1".into()])]
        );
        assert_eq!(select(&["c"]).unwrap(), [("c".into(), vec!["c1".into()])]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_three() {
        let error = select(&["a", "ab"]).unwrap_err();
        assert_eq!(error.status(), 2);
        assert!(error.to_string().contains("`ab`: did you mean `a`"), "{error}");
        let error = select(&["nope"]).unwrap_err();
        assert!(error.to_string().contains("`nope`: expected a file, "), "{error}");
    }

    #[test]
    fn a_weakening_must_name_a_site_and_a_weaker_ordering() {
        let sites = [SiteInfo {
            name: "lock.load",
            declared: "acquire",
            weaker: vec!["relaxed"],
            programs: Vec::new(),
            source: "",
            source_ordering: "acquire",
        }];
        let weaken = |text: &str| weakenings(&[text.parse().unwrap()], &sites);
        assert_eq!(weaken("lock.load=relaxed").unwrap(), [("lock.load".into(), "relaxed".into())]);
        for (text, says) in [
            ("lock.load=acquire", "unknown weaker ordering of lock.load `acquire`: expected relaxed"),
            ("lock.store=relaxed", "unknown site `lock.store`: did you mean `lock.load`? "),
        ] {
            let error = weaken(text).unwrap_err();
            assert_eq!(error.status(), 2);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
