//! How things stood after a step.

use super::step::{Timeline, What};

/// The locks that a thread holds after a step.
pub fn held(timeline: &Timeline, thread: usize, step: usize) -> Vec<&str> {
    let mut held: Vec<&str> = Vec::new();
    for step in timeline.steps.iter().take(step + 1).filter(|step| step.thread == thread) {
        match &step.what {
            What::Takes { lock, .. } => held.push(lock),
            What::Releases { lock } => {
                if let Some(place) = held.iter().rposition(|held| held == lock) {
                    held.remove(place);
                }
            }
            _ => {}
        }
    }
    held
}

/// A counter of the process after a step.
pub fn counter(timeline: &Timeline, name: &str, step: usize) -> usize {
    let mut changes = timeline.steps.iter().take(step + 1).rev().filter_map(|step| match &step.what {
        What::Counted { lid: 0, changes } => Some(changes),
        _ => None,
    });
    let change = changes.find_map(|changes| changes.iter().find(|(changed, ..)| changed == name));
    change.map_or(0, |(.., to)| *to)
}

/// The state of an LWP after a step; `None` where it is freed, or not made yet.
pub fn state(timeline: &Timeline, lid: usize, step: usize) -> Option<&str> {
    let mut before = timeline.steps.iter().take(step + 1).rev();
    before.find_map(|step| match &step.what {
        What::State { lid: of, to, .. } if *of == lid => Some(Some(to.as_str())),
        What::Born { lid: of, state, .. } if *of == lid => Some(Some(state.as_str())),
        What::Freed { lid: of } if *of == lid => Some(None),
        _ => None,
    })?
}

/// The lock that an LWP's `l_mutex` points to after a step.
pub fn pointer(timeline: &Timeline, lid: usize, step: usize) -> Option<&str> {
    let mut before = timeline.steps.iter().take(step + 1).rev();
    before.find_map(|step| match &step.what {
        What::Pointer { lid: of, lock } | What::Born { lid: of, lock, .. } if *of == lid => {
            Some(lock.as_str())
        }
        _ => None,
    })
}

/// The operation of the program that a thread is in after a step, and the step in which it began.
pub fn operation(timeline: &Timeline, thread: usize, step: usize) -> Option<(usize, &str)> {
    let before = timeline.steps.iter().enumerate().take(step + 1).rev();
    let mut mine = before.filter(|(_, step)| step.thread == thread);
    mine.find_map(|(n, step)| match &step.what {
        What::Begins(operation) => Some(Some((n, operation.as_str()))),
        What::Ends(_) => Some(None),
        _ => None,
    })?
}

/// Whether nobody is to wait for an LWP, after a step.
pub fn is_detached(timeline: &Timeline, lid: usize, step: usize) -> bool {
    let mut changes = timeline.steps.iter().take(step + 1).rev().filter_map(|step| match &step.what {
        What::Counted { lid: of, changes } if *of == lid => Some(changes),
        _ => None,
    });
    changes
        .find_map(|changes| changes.iter().find(|(name, ..)| name == "LPR_DETACHED"))
        .is_some_and(|(.., to)| *to == 1)
}
