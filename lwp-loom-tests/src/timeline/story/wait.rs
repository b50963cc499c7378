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
        let (running, waiting, detached) = (of("p_nrlwps"), of("p_nlwpwait"), of("p_ndlwps"));
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
                        " But {} waits no longer: it is {state}, and p_nlwpwait counts it still.",
                        thread.name
                    );
                }
                Some(state @ ("LSSUSPENDED" | "LSSTOP")) => {
                    told += &format!(" {} is {state}, so p_nrlwps does not count it.", thread.name);
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
