//! Failures that are told once: of one program, in one way, in several variants, on several machines or under both engines.

use lwp_loom_tests::job::Finding;

use crate::select::litmus_name;

/// Failures that are alike.
#[derive(Debug)]
pub struct Alike<'a> {
    /// The one that says most.
    pub told: &'a Finding,
    /// The others.
    pub others: Vec<&'a Finding>,
}

/// The failures, those that are alike together, in the order in which the first of each comes.
pub fn groups(failures: &[Finding]) -> Vec<Alike<'_>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for failure in failures {
        match groups.iter_mut().find(|group| are_alike(group[0], failure)) {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    let says_most = |failure: &&Finding| (failure.timeline.is_none(), failure.schedule.is_none());
    let groups = groups.into_iter().filter_map(|mut group| {
        let told = (0..group.len()).min_by_key(|n| says_most(&group[*n]))?;
        let told = group.remove(told);
        Some(Alike { told, others: group })
    });
    groups.collect()
}

fn are_alike(one: &Finding, other: &Finding) -> bool {
    name(one) == name(other) && one.verdict == other.verdict && one.way() == other.way()
}

/// What a program is called, whatever its variant and machine.
fn name(failure: &Finding) -> &str {
    litmus_name(&failure.program).unwrap_or(&failure.program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwp_loom_tests::job::Verdict;

    fn failed(program: &str, engine: &str, message: &str, schedule: Option<&str>) -> Finding {
        Finding {
            message: Some(message.into()),
            schedule: schedule.map(String::from),
            ..Finding::of(program, engine, Verdict::Failed)
        }
    }

    // A reader of thirty failures that are one looks for thirty reasons.
    #[test]
    fn a_program_that_fails_alike_in_several_variants_is_told_once_by_the_one_that_can_be_replayed() {
        let wait = "assertion: thread 1 panicked: a: wait b gave EDEADLK, not b";
        let failures = [
            failed("lwp/1.62/as-written/2-cpus/p", "loom", wait, None),
            failed("lwp/1.69.2.6/repaired/1-cpus/p", "complete", wait, Some("s")),
            failed("lwp/1.62/as-written/2-cpus/q", "complete", wait, Some("s")),
            failed("lwp/1.62/as-written/2-cpus/p", "complete", "data race: x", Some("s")),
            failed("netbsd/0/relock:1/lock", "loom", wait, None),
        ];
        let groups = groups(&failures);
        let told: Vec<(&str, &str, usize)> = groups
            .iter()
            .map(|group| (group.told.program.as_str(), group.told.engine.as_str(), group.others.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("lwp/1.69.2.6/repaired/1-cpus/p", "complete", 1),
                ("lwp/1.62/as-written/2-cpus/q", "complete", 0),
                ("lwp/1.62/as-written/2-cpus/p", "complete", 0),
                ("netbsd/0/relock:1/lock", "loom", 0),
            ]
        );
    }
}
