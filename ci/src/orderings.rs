//! How weak each ordering site may be.

use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use lwp_loom_tests::orderings::SiteInfo;
use lwp_loom_tests::report::{Break, OrderingRow, TOO_WEAK};

use crate::pool::{Pool, Stopped};

/// What is known of a site after its search.
#[derive(Debug)]
pub struct Searched {
    /// Its row.
    pub row: OrderingRow,
    /// The weaker orderings of which it is not known whether they are sound, each with the reason.
    pub undecided: Vec<(&'static str, String)>,
}

/// Weakens the site in every way, and looks for the smallest program that breaks.
pub fn search(
    pool: &Pool,
    site: &SiteInfo,
    limits: &Limits,
    mut on_done: impl FnMut(&Finding),
) -> Result<Searched, Stopped> {
    let mut sound = None;
    let mut breaks = Vec::new();
    let mut undecided = Vec::new();
    for &ordering in &site.weaker {
        let mut bounded = site.programs.is_empty().then(|| "no program decides it".to_string());
        let jobs = site.programs.iter().map(|program| Job {
            program: program.clone(),
            weaken: vec![(site.name.into(), ordering.into())],
            limits: limits.clone(),
            ..Job::default()
        });
        let broken = pool.first_failure(jobs, |_, finding| {
            on_done(finding);
            if finding.verdict == Verdict::Bounded {
                let bound = finding.bound.as_deref().unwrap_or("an unknown limit");
                bounded = Some(format!("{} is bounded by {bound}", finding.program));
            }
        })?;
        match (broken, bounded) {
            (Some((_, finding)), _) => breaks.push(Break {
                ordering: ordering.into(),
                program: finding.program,
                how: finding.message.unwrap_or_default(),
            }),
            (None, Some(reason)) => undecided.push((ordering, reason)),
            (None, None) => sound = sound.or(Some(ordering)),
        }
    }
    let too_weak = breaks.iter().any(|b: &Break| b.ordering == site.source_ordering);
    let row = OrderingRow {
        site: site.name.into(),
        declared: site.declared.into(),
        weakest: sound.unwrap_or(site.declared).into(),
        source: format!("{}{}", if too_weak { TOO_WEAK } else { "" }, site.source),
        breaks,
    };
    Ok(Searched { row, undecided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::tests::fake_pool;

    fn searched(programs: &[&str]) -> Searched {
        let site = SiteInfo {
            name: "lock.swap",
            declared: "acqrel",
            weaker: vec!["relaxed", "acquire", "release"],
            programs: programs.iter().map(|p| p.to_string()).collect(),
            source: "membar",
            source_ordering: "relaxed",
        };
        search(&fake_pool(2), &site, &Limits::default(), |_| {}).unwrap()
    }

    #[test]
    fn the_weakest_ordering_is_the_weakest_that_breaks_nothing() {
        let programs = ["complete", "needs-more-than=relaxed"];
        let Searched { row, undecided } = searched(&programs);
        assert_eq!(row.weakest, "acquire");
        assert_eq!(row.breaks.len(), 1);
        assert_eq!(
            (row.breaks[0].ordering.as_str(), row.breaks[0].program.as_str()),
            ("relaxed", programs[1])
        );
        assert_eq!(row.breaks[0].how, "it breaks");
        assert!(undecided.is_empty());
    }

    #[test]
    fn the_declared_ordering_is_the_weakest_if_all_weaker_ones_break() {
        let row =
            searched(&["needs-more-than=acquire", "needs-more-than=relaxed", "needs-more-than=release"]).row;
        assert_eq!(row.weakest, "acqrel");
        assert_eq!(row.breaks.len(), 3);
    }

    #[test]
    fn an_ordering_is_not_sound_because_its_programs_were_cut_short() {
        let Searched { row, undecided } = searched(&["bounded", "needs-more-than=relaxed"]);
        assert_eq!(row.weakest, "acqrel");
        assert_eq!(row.breaks.len(), 1);
        assert_eq!(undecided.iter().map(|(o, _)| *o).collect::<Vec<_>>(), ["acquire", "release"]);
    }

    #[test]
    fn an_ordering_is_not_sound_because_there_are_no_programs() {
        let Searched { row, undecided } = searched(&[]);
        assert_eq!((row.weakest.as_str(), undecided.len()), ("acqrel", 3));
    }
}
