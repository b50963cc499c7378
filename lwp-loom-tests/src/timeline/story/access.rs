//! Memory that two use at once, or that is used after it was freed.

use super::super::cause::{Access, Cause, is_about_memory};
use super::super::moment;
use super::super::step::What;
use super::{Teller, list, named};

impl Teller<'_> {
    /// Two accesses that nothing orders: who did what, in which function, under which locks.
    pub(super) fn race(&self, cause: &Cause) -> Option<String> {
        let race = cause.race.as_ref()?;
        let timeline = self.timeline;
        let steps = race.each_ref().map(|access| access.step.map(|n| &timeline.steps[n].what));
        let what = steps.iter().flatten().find_map(|what| match what {
            What::Freed { lid } => Some(format!("the memory of {}", timeline.lwp(*lid))),
            What::Flags { lid, .. } => Some(format!("l_flag of {}", timeline.lwp(*lid))),
            What::State { lid, .. } => Some(format!("l_stat of {}", timeline.lwp(*lid))),
            _ => None,
        });
        let memory = what.as_ref().is_some_and(|what| what.starts_with("the memory"));
        let told = race.each_ref().map(|access| {
            let does = match access.step.map(|n| (n, &timeline.steps[n].what)) {
                Some((_, What::Freed { .. })) => "frees it".into(),
                Some((n, What::Flags { .. } | What::State { .. })) => {
                    format!("stores to it ({})", self.deed(n))
                }
                _ if memory => "still uses it".into(),
                _ => access.does.clone(),
            };
            let function = self.sources.function(&access.file, access.line).map(|f| named(&f));
            let at = access.step.map(|n| format!(", {}", self.number(n))).unwrap_or_default();
            let held = self.held(access);
            let held = if held.is_empty() { "no lock".into() } else { list(&held) };
            format!(
                "{} {does} in {}{at}, holding {held}",
                self.name(access.thread),
                function.unwrap_or_default()
            )
        });
        Some(format!(
            "Two use {} at the same time: {}. No lock that both hold, and no barrier, orders the two.",
            what.unwrap_or("a word that a lock protects".into()),
            told.join("; ")
        ))
    }

    fn held(&self, access: &Access) -> Vec<&str> {
        moment::held(self.timeline, access.thread, access.step.unwrap_or(self.timeline.steps.len()))
    }

    /// Who stored to what an LWP's lock covers, without that lock.
    pub(super) fn owed_lock(&self, cause: &Cause) -> Option<String> {
        let timeline = self.timeline;
        cause.race.as_ref()?.iter().find_map(|access| {
            let step = access.step?;
            let (What::Flags { lid, .. } | What::State { lid, .. }) = &timeline.steps[step].what else {
                return None;
            };
            let lock = moment::pointer(timeline, *lid, step)?;
            (!self.held(access).contains(&lock)).then(|| {
                format!(
                    "l_mutex of {} points to {lock} then, which covers it: {} owed the lock.",
                    timeline.lwp(*lid),
                    self.name(access.thread)
                )
            })
        })
    }

    /// An LWP that looks at the page of a block that it has no more.
    pub(super) fn stale_page(&self) -> Option<String> {
        let timeline = self.timeline;
        if !timeline.failure.contains("a page of lwpctl blocks is used after it was freed") {
            return None;
        }
        let clears = |name: &str| {
            timeline.steps.iter().rposition(|step| {
                matches!(&step.what, What::Counted { changes, .. }
                    if changes.iter().any(|(changed, _, to)| changed == name && *to == 0))
            })
        };
        let cleared = clears("l_lwpctl")?;
        (clears("l_lcpage") < Some(cleared)).then(|| {
            format!(
                "{} has cleared l_lwpctl at {} in {} and freed the page, and left l_lcpage pointing there: it owed to clear both.",
                self.doer(cleared),
                self.number(cleared),
                self.function(cleared)
            )
        })
    }

    /// Who freed memory that was in use, and whether it looked first.
    pub(super) fn freed(&self, cause: &Cause) -> Option<String> {
        let timeline = self.timeline;
        if !is_about_memory(timeline) {
            return None;
        }
        let is_free = |n: &&usize| matches!(timeline.steps[**n].what, What::Freed { .. });
        let freed = *cause.steps.iter().rev().find(is_free)?;
        let by = timeline.steps[freed].thread;
        let look = timeline.steps[..freed].iter().rposition(|step| {
            step.thread == by && matches!(&step.what, What::Sees { word, .. } if word == "ci_curlwp")
        });
        let (name, deed, at) = (self.name(by), self.deed(freed), self.number(freed));
        Some(match look {
            Some(look) => {
                format!("{name} {deed} ({at}) once it {} ({}).", self.deed(look), self.number(look))
            }
            None => format!(
                "{name} {deed} ({at}) without a look at ci_curlwp: it owed the wait until whoever is freed has left its CPU."
            ),
        })
    }
}
