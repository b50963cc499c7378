//! Where the time of each part of a check went, for people.

use std::fmt::{self, Display};

use lwp_loom_tests::report::{Environment, Phase};

/// The phases of every part that measured them. Each part's rows, as they are printed, add up to its total as it is printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Breakdown {
    /// The parts, by name.
    pub parts: Vec<String>,
    /// A row for each phase after the build, and one for what is in none of them; each with a cell for each part.
    pub rows: Vec<(String, Vec<Tenths>)>,
    /// The sum of a part's rows.
    pub total: Vec<Tenths>,
    /// The build before that, where a part has built anything.
    pub build: Option<Vec<Tenths>>,
}

/// Tenths of a second: what is printed of a time, and nothing finer that sums could differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenths(u64);

impl Breakdown {
    /// What the parts say; `None` where none of them has measured its phases.
    pub fn of(environments: &[Environment]) -> Option<Breakdown> {
        let measured: Vec<&Environment> = environments.iter().filter(|on| !on.phases.is_empty()).collect();
        if measured.is_empty() {
            return None;
        }
        let all = measured.iter().flat_map(|on| &on.phases);
        let mut phases: Vec<&Phase> = Vec::new();
        for spent in all.filter(|spent| spent.phase != Phase::Build) {
            if !phases.contains(&&spent.phase) {
                phases.push(&spent.phase);
            }
        }
        let row = |phase: &Phase| measured.iter().map(|on| cut(spent(on, phase))).collect::<Vec<_>>();
        let mut rows: Vec<_> = phases.into_iter().map(|phase| (name(phase), row(phase))).collect();
        let (mut other, mut total) = (Vec::new(), Vec::new());
        for (part, on) in measured.iter().enumerate() {
            let known: u64 = rows.iter().map(|(_, cells)| cells[part].0).sum();
            let rest = round(on.seconds).0.saturating_sub(known);
            other.push(Tenths(rest));
            total.push(Tenths(known + rest));
        }
        rows.push(("other".into(), other));
        let build = measured.iter().map(|on| round(spent(on, &Phase::Build))).collect();
        let built = measured.iter().flat_map(|on| &on.phases).any(|spent| spent.phase == Phase::Build);
        let parts = measured.iter().map(|on| match on.shard {
            Some(shard) => format!("{} of {}", shard.index, shard.count),
            None => "all".into(),
        });
        Some(Breakdown { parts: parts.collect(), rows, total, build: built.then_some(build) })
    }
}

/// What a part took for a phase.
fn spent(on: &Environment, phase: &Phase) -> f64 {
    on.phases.iter().filter(|spent| spent.phase == *phase).map(|spent| spent.seconds).sum()
}

/// What a row is called.
fn name(phase: &Phase) -> String {
    match phase {
        Phase::Build => "build".into(),
        Phase::Engine(engine) => format!("programs under {engine}"),
        Phase::Orderings => "orderings".into(),
        Phase::Timelines => "timelines".into(),
    }
}

/// As many whole tenths as there are: so no sum of phases is more than the whole is when it is rounded.
fn cut(seconds: f64) -> Tenths {
    Tenths((seconds * 10.0) as u64)
}

/// The nearest number of tenths, as other times are printed.
fn round(seconds: f64) -> Tenths {
    Tenths((seconds * 10.0).round() as u64)
}

impl Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

#[cfg(test)]
pub mod tests {
    use std::num::NonZeroUsize;

    use lwp_loom_tests::report::{Shard, Spent};

    use super::*;
    use crate::clock::Elapsed;
    use crate::environment;

    /// A part that took so long, and these phases of it.
    pub fn part(shard: Option<Shard>, seconds: f64, phases: &[(Phase, f64)]) -> Environment {
        let phases = phases.iter().map(|(phase, seconds)| Spent { phase: phase.clone(), seconds: *seconds });
        environment::here(shard, NonZeroUsize::MIN, Elapsed { seconds, phases: phases.collect() })
    }

    fn loom() -> Phase {
        Phase::Engine("loom".into())
    }

    // Three times 0.16 are 0.48: rounded one by one they would be 0.6 of 0.5.
    #[test]
    fn the_rows_add_up_to_the_total_however_they_are_rounded() {
        let sixteen = [(loom(), 0.16), (Phase::Orderings, 0.16), (Phase::Timelines, 0.16)];
        for (seconds, phases, total) in [
            (0.48, &sixteen[..], "0.5"),
            (0.44, &[(loom(), 0.04)], "0.4"),
            (12.96, &[(Phase::Build, 99.0), (loom(), 12.0)], "13.0"),
            (0.0, &[(loom(), 0.0)], "0.0"),
            // What no clock measures, but a file may say.
            (0.1, &[(loom(), 7.0), (Phase::Orderings, -3.0)], "7.0"),
        ] {
            let breakdown = Breakdown::of(&[part(None, seconds, phases)]).unwrap();
            let sum: u64 = breakdown.rows.iter().map(|(_, cells)| cells[0].0).sum();
            assert_eq!((Tenths(sum), breakdown.total[0].to_string().as_str()), (breakdown.total[0], total));
            assert_eq!(breakdown.rows.last().unwrap().0, "other");
        }
    }

    // Machines differ: a sum of their wall clocks would be the time of none of them.
    #[test]
    fn each_part_has_its_own_column_and_one_that_measured_nothing_has_none() {
        let shard = |index| Some(Shard { index, count: 3 });
        let parts = [
            part(shard(1), 3.0, &[(Phase::Build, 5.0), (loom(), 2.0)]),
            part(shard(2), 9.0, &[]),
            part(shard(3), 4.0, &[(loom(), 1.0), (Phase::Orderings, 3.0)]),
        ];
        let Breakdown { parts, rows, total, build } = Breakdown::of(&parts).unwrap();
        let said = |cells: &[Tenths]| cells.iter().map(Tenths::to_string).collect::<Vec<_>>();
        assert_eq!(parts, ["1 of 3", "3 of 3"]);
        assert_eq!(
            rows.iter().map(|(name, cells)| (name.as_str(), said(cells))).collect::<Vec<_>>(),
            [
                ("programs under loom", vec!["2.0".to_string(), "1.0".into()]),
                ("orderings", vec!["0.0".into(), "3.0".into()]),
                ("other", vec!["1.0".into(), "0.0".into()]),
            ]
        );
        assert_eq!(
            (said(&total), said(&build.unwrap())),
            (said(&[Tenths(30), Tenths(40)]), said(&[Tenths(50), Tenths(0)]))
        );
    }

    #[test]
    fn where_no_part_measured_its_phases_nothing_is_said_and_a_build_that_was_not_is_not() {
        assert_eq!(Breakdown::of(&[]), None);
        assert_eq!(Breakdown::of(&[part(None, 9.0, &[])]), None);
        assert_eq!(Breakdown::of(&[part(None, 9.0, &[(loom(), 1.0)])]).unwrap().build, None);
    }
}
