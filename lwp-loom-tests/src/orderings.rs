//! The ordering sites of `lwp-core`, and the programs that decide how weak each may be.

use lwp_core::site::{Order, Site};

use crate::litmus::Case;
use crate::suite::{self, Scope};

/// A site as the runner needs it: names, and the programs that exercise it.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The site's name.
    pub name: &'static str,
    /// The ordering that lwp-core uses.
    pub declared: &'static str,
    /// The weaker orderings that make sense for it, weakest first.
    pub weaker: Vec<&'static str>,
    /// The programs that reach the site, smallest first.
    pub programs: Vec<String>,
    /// What the kernel's source has in its place, in words.
    pub source: &'static str,
    /// The ordering that the kernel's source has in its place.
    pub source_ordering: &'static str,
}

/// Every site.
pub fn sites(scope: Scope) -> Vec<SiteInfo> {
    let programs = suite::programs(scope);
    let mut cases = Case::all();
    // Smallest first, as the lock layer's are.
    cases.sort_by_key(|case| (case.lwps(), case.litmus.steps(), case.litmus.name.clone()));
    let lock_layer = |site: &Site| {
        let site = *site;
        programs.iter().filter(move |p| p.reaches(site)).map(ToString::to_string)
    };
    let protocol = |site: &Site| {
        let site = *site;
        cases.iter().filter(move |case| case.decides(site)).map(Case::name)
    };
    let info = |site: &Site| SiteInfo {
        name: site.name(),
        declared: site.declared().name(),
        weaker: site.weaker().iter().map(|order| order.name()).collect(),
        programs: lock_layer(site).chain(protocol(site)).collect(),
        source: site.source(),
        source_ordering: site.source_order().name(),
    };
    Site::ALL.iter().map(info).collect()
}

/// How many sites there are.
pub fn count() -> usize {
    Site::ALL.len()
}

/// The site and the ordering with these names.
///
/// # Errors
/// Lists the names that exist.
pub fn parse(site: &str, order: &str) -> Result<(Site, Order), String> {
    let found = Site::ALL.iter().copied().find(|s| s.name() == site).ok_or_else(|| {
        let names: Vec<_> = Site::ALL.iter().map(|s| s.name()).collect();
        format!("there is no ordering site {site:?}; there are {}", names.join(", "))
    })?;
    let allowed = [found.declared()].into_iter().chain(found.weaker().iter().copied());
    let order = allowed.clone().find(|o| o.name() == order).ok_or_else(|| {
        let names: Vec<_> = allowed.map(Order::name).collect();
        format!("{site} cannot be ordered {order:?}; it can be {}", names.join(", "))
    })?;
    Ok((found, order))
}
