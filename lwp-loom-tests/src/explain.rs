//! Explaining a failure: the failing execution once more, with somebody who listens.

use crate::subject::Subject;
use crate::timeline::Timeline;
#[cfg(any(loom, shuttle))]
use crate::timeline::{Step, Thread, What, record::Recorder};

/// Explains the failure of one program.
///
/// The complete search has a string that runs the failing execution again. loom has none, so it is listened to from the
/// beginning: what was heard last is how it failed.
#[derive(Debug)]
pub struct Explainer {
    #[cfg_attr(not(any(loom, shuttle)), expect(dead_code, reason = "real threads have no timeline"))]
    subject: Subject,
    #[cfg(loom)]
    recorder: Recorder,
}

impl Explainer {
    /// For a program whose search is about to begin.
    pub fn new(subject: &Subject) -> Explainer {
        Explainer {
            subject: subject.clone(),
            #[cfg(loom)]
            recorder: Recorder::start(),
        }
    }

    /// Calls threads that say nothing of themselves as the program does.
    #[cfg(any(loom, shuttle))]
    fn name_threads(&self, mut timeline: Timeline) -> Timeline {
        for (thread, name) in timeline.threads.iter_mut().zip(self.subject.thread_names()) {
            thread.name.clone_from(name);
        }
        timeline
    }

    /// The timeline with a column for the LWPs too that never did anything.
    #[cfg(any(loom, shuttle))]
    fn with_all_lwps(&self, mut timeline: Timeline) -> Timeline {
        let Subject::Litmus(case) = &self.subject else { return timeline };
        for (n, line) in case.litmus.lines.iter().enumerate().filter(|(_, line)| line.is_lwp()) {
            let lid = n + 1;
            let born = |step: &Step| matches!(step.what, What::Born { lid: born, .. } if born == lid);
            let has_column = timeline.threads.iter().any(|thread| thread.lid == lid);
            if !has_column && timeline.steps.iter().any(born) {
                timeline.threads.push(Thread { name: line.name.clone(), lid });
            }
        }
        timeline
    }

    /// The timeline of the execution that has failed, where it can be had.
    #[cfg(loom)]
    pub fn explain(&self, program: &str, failure: String, _: Option<String>) -> Option<Box<Timeline>> {
        let timeline = self.with_all_lwps(self.name_threads(self.recorder.timeline(&failure)));
        let timeline = Timeline { program: program.into(), engine: "loom".into(), ..timeline };
        Some(Box::new(timeline)).filter(|timeline| !timeline.steps.is_empty())
    }

    /// The timeline of the execution that has failed, where it can be had.
    #[cfg(shuttle)]
    pub fn explain(&self, program: &str, _: String, schedule: Option<String>) -> Option<Box<Timeline>> {
        use std::sync::Arc;

        use crate::engine::complete::{Body, Options, hope, replay, schedule};
        use crate::timeline::Decided;

        let schedule = schedule?;
        let subject = self.subject.clone();
        let body: Body = Arc::new(move || drop(subject.run()));
        let recorder = Recorder::start();
        let again = body.clone();
        let failed = replay(program, &Options::default(), &schedule, move || again()).ok()?;
        let mut timeline = self.with_all_lwps(self.name_threads(recorder.timeline(&failed.message?)));
        drop(recorder);
        // A loop without an end is told once: the string ends there, and the engine has gone on.
        let told = schedule::decode(program, &schedule).ok()?.len();
        timeline.steps.retain(|step| step.taken <= told || step.what == What::Fails);
        timeline.steps.iter_mut().for_each(|step| step.taken = step.taken.min(told));
        if timeline.steps.is_empty() {
            return None;
        }
        let decided = hope::last_hope(program, &schedule, &body).ok()?;
        let decided = decided.map_or(Decided { taken: 0, known: true }, |(hopeful, known)| Decided {
            taken: hopeful + 1,
            known,
        });
        Some(Box::new(Timeline {
            program: program.into(),
            engine: "complete".into(),
            schedule: Some(schedule),
            decided: Some(decided),
            ..timeline
        }))
    }

    /// The timeline of the execution that has failed, where it can be had.
    #[cfg(not(any(loom, shuttle)))]
    pub fn explain(&self, _: &str, _: String, _: Option<String>) -> Option<Box<Timeline>> {
        None
    }
}
