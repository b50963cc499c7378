//! Waits that ended as they should not have.

use super::super::cause::Cause;
use super::super::moment;
use super::super::step::What;
use super::Teller;

impl Teller<'_> {
    /// The last operation that ended, where its result is what failed: who did it, when, and the result.
    fn last_result(&self) -> Option<(usize, usize, &str)> {
        let steps = &self.timeline.steps;
        let ends = steps.iter().rposition(|step| matches!(step.what, What::Ends(_)))?;
        let What::Ends(result) = &steps[ends].what else { return None };
        let failed = self.timeline.failure.contains(&format!(" gave {result}, not "));
        failed.then_some((steps[ends].thread, ends, result))
    }

    /// Why a wait was taken for one that would never end.
    pub(super) fn edeadlk(&self) -> Option<String> {
        let timeline = self.timeline;
        let (me, ends, _) = self.last_result().filter(|(.., result)| *result == "EDEADLK")?;
        let taken = timeline.steps[..ends].iter().rposition(|step| {
            step.thread == me && matches!(&step.what, What::Takes { lock, .. } if lock == "p_smutex")
        })?;
        let of = |name: &str| moment::counter(timeline, name, taken);
        // Who has not slept yet has counted itself since it has p_smutex.
        let (begun, _) = moment::operation(timeline, me, taken).filter(|(_, of)| of.starts_with("wait"))?;
        let slept = timeline.steps[begun..taken]
            .iter()
            .any(|step| step.thread == me && matches!(step.what, What::Sleeps { .. }));
        let waiting = of("p_nlwpwait") + usize::from(!slept);
        let (running, detached) = (of("p_nrlwps"), of("p_ndlwps"));
        let (left, zombies) = match timeline.program.contains("/1.62/") {
            true => (format!("p_nrlwps ({running})"), 0),
            false => (format!("p_nrlwps ({running}) + p_nzlwps ({})", of("p_nzlwps")), of("p_nzlwps")),
        };
        // A wait for oneself, or in a circle, is another matter.
        if running + zombies > waiting + detached {
            return None;
        }
        let mut told = format!(
            "lwp_wait1 gives EDEADLK since {left} <= p_nlwpwait ({waiting}) + p_ndlwps ({detached}): it takes it that whoever could \
             end the wait waits too, or is halted."
        );
        for (n, thread) in timeline.threads.iter().enumerate().filter(|(_, thread)| thread.lid > 0) {
            let waits =
                moment::operation(timeline, n + 1, taken).is_some_and(|(_, does)| does.starts_with("wait"));
            match moment::state(timeline, thread.lid, taken) {
                Some(state) if waits && n + 1 != me && state != "LSSLEEP" => {
                    told += &format!(
                        " But {0} waits no longer: it is {state}, and p_nlwpwait counts it still. {0} owed to take itself out \
                         before it let go of p_smutex.",
                        thread.name
                    );
                }
                Some("LSSUSPENDED") if moment::is_detached(timeline, thread.lid, taken) => {
                    told += &format!(
                        " {0} is detached and LSSUSPENDED: p_nrlwps does not count it, and p_ndlwps takes it out all the same.",
                        thread.name
                    );
                }
                Some("LSSTOP") => {
                    told += &format!(
                        " {0} is LSSTOP, so p_nrlwps does not count it; but it goes on when the process does, and would end \
                         the wait: lwp_wait1 owed the look whether the process stops.",
                        thread.name
                    );
                }
                Some("LSSUSPENDED") => {
                    told += &format!(" {} is LSSUSPENDED, so p_nrlwps does not count it.", thread.name);
                }
                Some("LSSLEEP") if waits && moment::is_detached(timeline, thread.lid, taken) => {
                    told += &format!(
                        " {0} is detached and waits: it is taken out twice, by p_ndlwps and by p_nlwpwait. Only one \
                         of the two was owed.",
                        thread.name
                    );
                }
                _ => {}
            }
        }
        Some(told)
    }

    /// Who collected an LWP that somebody else waits for by its number.
    pub(super) fn taken_from_its_waiter(&self, cause: &Cause) -> Option<String> {
        let stolen = cause.stolen?;
        let taken = self.timeline.lwp(stolen.lid);
        Some(format!(
            "{} has waited for {taken} since {}, and {} takes {taken} from under it ({}): {} owed it to leave to its waiter an \
             LWP that somebody waits for by its number.",
            self.doer(stolen.waits),
            self.number(stolen.waits),
            self.doer(stolen.freed),
            self.number(stolen.freed),
            self.function(stolen.freed)
        ))
    }
}
