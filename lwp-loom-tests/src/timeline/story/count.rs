//! Counts that are not what they stand for.

use super::super::cause::{Cause, counter_of};
use super::super::moment;
use super::super::step::What;
use super::{Teller, list};

impl Teller<'_> {
    /// Who left an LWP without a reference that is no zombie yet.
    pub(super) fn unreferenced(&self, cause: &Cause) -> Option<String> {
        let timeline = self.timeline;
        let it = cause.unreferenced?;
        let name = timeline.lwp(it.lid);
        let state = moment::state(timeline, it.lid, it.none)?;
        let own = match it.own {
            Some(own) if own != it.none => format!(
                " {name} had given its own reference back before that, at {} in {}, while others had theirs.",
                self.number(own),
                self.function(own)
            ),
            _ => String::new(),
        };
        Some(format!(
            "l_refcnt of {name} is 0 since {}, when {} releases p_smutex in {}, and {name} is {state}: whoever finds it there may \
             take a reference to it.{own} {name} owed to keep its own until it is LSZOMB.",
            self.number(it.none),
            self.doer(it.none),
            self.function(it.none)
        ))
    }

    /// Who made a counter wrong.
    pub(super) fn miscounted(&self, cause: &Cause) -> Option<String> {
        let counter = counter_of(self.timeline)?;
        match counter {
            "p_nlwpwait" => self.waits_still(counter),
            _ => self.changed_wrongly(counter, cause.miscounted?),
        }
    }

    /// Who went into a wait and did not come out of it by the way on which it is taken out of the count.
    fn waits_still(&self, counter: &str) -> Option<String> {
        let timeline = self.timeline;
        let left_behind = (1..=timeline.threads.len()).filter_map(|thread| {
            let changes: Vec<(usize, usize, usize)> = timeline
                .steps
                .iter()
                .enumerate()
                .filter(|(_, step)| step.thread == thread)
                .filter_map(|(n, step)| match &step.what {
                    What::Counted { lid: 0, changes } => {
                        changes.iter().find(|(name, ..)| name == counter).map(|(_, from, to)| (n, *from, *to))
                    }
                    _ => None,
                })
                .collect();
            let (more, less) = changes.iter().fold((0, 0), |(more, less), (_, from, to)| {
                (more + to.saturating_sub(*from), less + from.saturating_sub(*to))
            });
            let (begun, ..) = *changes.iter().rev().find(|(_, from, to)| to > from)?;
            let state = moment::state(timeline, timeline.lid(thread), timeline.steps.len())?;
            (more > less && state != "LSSLEEP").then(|| {
                format!(
                    "{} has counted itself at {} and is {state}: it left its wait without taking itself out of {counter}, which \
                     it owed.",
                    self.name(thread),
                    self.number(begun)
                )
            })
        });
        let told: Vec<String> = left_behind.collect();
        (!told.is_empty()).then(|| told.join(" "))
    }

    /// Who changed a counter for an LWP that is not counted there.
    fn changed_wrongly(&self, counter: &str, changed: usize) -> Option<String> {
        let timeline = self.timeline;
        let steps = &timeline.steps;
        let by = steps[changed].thread;
        let began = steps[..changed].iter().rposition(|step| {
            step.thread == by && matches!(&step.what, What::Takes { lock, .. } if lock == "p_smutex")
        })?;
        let moved: Vec<String> = (began..changed)
            .filter(|n| steps[*n].thread == by && matches!(steps[*n].what, What::State { .. }))
            .map(|n| format!("{} ({})", self.deed(n), self.number(n)))
            .collect();
        let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
        let counted = if counter == "p_nrlwps" { " It counts LSRUN, LSONPROC and LSSLEEP only." } else { "" };
        Some(format!(
            "{} changes {counter} in {} ({}: {}) where it has {}.{counted}",
            self.name(by),
            self.function(changed),
            self.number(changed),
            self.deed(changed),
            if moved.is_empty() { "changed no state".into() } else { format!("made {}", list(&moved)) }
        ))
    }
}
