//! From the names that a user gives to what is explored.

use std::collections::HashSet;

use lwp_loom_tests::orderings::SiteInfo;
use lwp_loom_tests::suite::{self, Family, Scope};

use crate::cli::Weakening;
use crate::error::Error;

/// The families to explore, each with the programs to explore of it: all within `scope` if nothing is named.
///
/// A program is found by its name in any scope, so that what a report names can be repeated.
pub fn families(names: &[String], scope: Scope) -> Result<Vec<Family>, Error> {
    let within = suite::families(scope);
    if names.is_empty() { Ok(within) } else { named(names, &within, suite::families(Scope::Full)) }
}

fn named(names: &[String], within: &[Family], mut all: Vec<Family>) -> Result<Vec<Family>, Error> {
    let families: HashSet<&str> = all.iter().map(|family| family.name.as_str()).collect();
    let programs: HashSet<&str> = all.iter().flat_map(|f| &f.programs).map(String::as_str).collect();
    let known = |name: &str| families.contains(name) || programs.contains(name);
    let others: Vec<Option<Family>> =
        names.iter().filter(|name| !known(name)).map(|name| suite::named(name)).collect();
    if let Some(name) = names.iter().find(|name| !known(name) && suite::named(name).is_none()) {
        let families = all.iter().map(|f| format!("{} ({} programs)", f.name, f.programs.len()));
        let grammar = "programs are SYSTEM/START/THREAD/..., as netbsd/0/relock:1,unlock_to:0/trylock, and take \
                       locks in ascending order; families";
        return Err(unknown("family or program", name, grammar, families));
    }
    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
    for family in &mut all {
        let scoped = within.iter().find(|scoped| scoped.name == family.name);
        let scoped = scoped.map(|s| s.programs.iter().map(String::as_str).collect::<HashSet<_>>());
        let whole = names.contains(family.name.as_str());
        family.programs.retain(|program| {
            let program = program.as_str();
            names.contains(program) || whole && scoped.as_ref().is_none_or(|scoped| scoped.contains(program))
        });
    }
    all.retain(|family| !family.programs.is_empty() || names.contains(family.name.as_str()));
    all.extend(others.into_iter().flatten());
    Ok(all)
}

/// The weakenings as a job has them. Each must make a site weaker than it is.
pub fn weakenings(weakenings: &[Weakening], sites: &[SiteInfo]) -> Result<Vec<(String, String)>, Error> {
    let list = || sites.iter().map(|site| format!("{} = {}", site.name, site.weaker.join(" | ")));
    for Weakening { site, ordering } in weakenings {
        let Some(info) = sites.iter().find(|info| info.name == site) else {
            return Err(unknown("site", site, "sites and their weaker orderings", list()));
        };
        if !info.weaker.contains(&ordering.as_str()) {
            let what = format!("weaker ordering of {site}");
            return Err(unknown(&what, ordering, "sites and their weaker orderings", list()));
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
    use lwp_loom_tests::reach::Loom;

    fn family(name: &'static str, programs: &[&str]) -> Family {
        let programs = programs.iter().map(|p| p.to_string()).collect();
        Family {
            name: name.into(),
            system: "netbsd-1.62",
            variant: "repaired",
            lwps: 2,
            engines: &["loom"],
            loom: Loom::Complete,
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
    fn an_unknown_name_is_answered_with_the_families() {
        let error = select(&["a", "nope"]).unwrap_err();
        assert_eq!(error.status(), 2);
        let message = error.to_string();
        assert!(
            message.contains("`nope`") && message.contains("\n  a (2 programs)\n  b (1 programs)"),
            "{message}"
        );
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
        for text in ["lock.load=acquire", "lock.store=relaxed"] {
            let error = weaken(text).unwrap_err();
            assert_eq!(error.status(), 2);
            assert!(error.to_string().contains("\n  lock.load = relaxed"), "{error}");
        }
    }
}
