//! Timelines, as their readers get them.
//!
//! Each is read by somebody who knows the kernel and not this program: what went wrong, and who owed whom what, has to be
//! clear from the text alone. A change of it is to be read again in that way before it is accepted. That of each defect's
//! smallest program is on its page in `docs/defects`, which a test of `ci` pins; here are those that no page shows.
#![cfg(shuttle)]

use std::sync::Mutex;

use lwp_loom_tests::engine::complete;
use lwp_loom_tests::explain::Explainer;
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::subject::Subject;
use lwp_loom_tests::timeline::{Timeline, html, layout, svg, text};

/// Whoever listens hears everything in the process.
static ALONE: Mutex<()> = Mutex::new(());

/// The timeline of a failure of a program, with as few preemptions as a search finds one with.
fn timeline(program: &str) -> Timeline {
    let subject = Subject::parse(program).unwrap();
    for preemptions in 0..4 {
        let limits = Limits { preemptions: Some(preemptions), ..Limits::default() };
        let runs = subject.clone();
        let found = complete::explore(program, &limits, move || drop(runs.run()));
        if found.verdict == Verdict::Failed {
            let explainer = Explainer::new(&subject);
            return *explainer.explain(program, String::new(), found.schedule).unwrap();
        }
    }
    panic!("{program} does not fail")
}

fn drawn(program: &str) -> String {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let timeline = timeline(program);
    let text = text::draw(&timeline, &layout::lay_out(&timeline), text::WIDTH);
    anstream::adapter::strip_str(&text).to_string()
}

/// A wait for anybody takes the LWP that another waits for by its number.
#[test]
fn a_stolen_wait_is_told_as_an_lwp_that_was_taken_from_its_waiter() {
    // Where our lines are, and what a schedule is written as, changes with every change of the sources.
    let filters = vec![(r"(\w\.rs):\d+", "$1"), (r"lwp1-[0-9a-f]{8}-\S+", "[schedule]")];
    let drawn = drawn("lwp/1.62/as-written/1-cpus/stolen-wait");
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!("stolen-wait", drawn) });
}

/// What a page or a picture leaves out, or breaks, nobody would see in the text.
#[test]
fn a_page_and_a_picture_have_every_step_of_the_text() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let timeline = timeline("lwp/1.62/as-written/2-cpus/lost-continue");
    let layout = layout::lay_out(&timeline);
    let (page, picture) = (html::page(&timeline, &layout), svg::draw(&timeline, &layout));
    let story = layout.story.replace('<', "&lt;").replace('>', "&gt;");
    assert!(page.contains(&story), "{page}");
    for row in &layout.rows {
        let layout::Row::Step(step) = row else { panic!("a short timeline is cut") };
        let escaped = step.text.replace('>', "&gt;").replace('<', "&lt;");
        assert!(page.contains(&escaped), "{escaped}");
        assert!(picture.contains(escaped.split(',').next().unwrap()), "{escaped}");
    }
}

/// The end is where the failure is: a timeline that is too long must lose its middle, and say so.
#[test]
fn a_long_timeline_is_cut_in_the_middle_and_fits_a_narrow_terminal() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut timeline = timeline("lwp/1.62/as-written/2-cpus/lost-continue");
    timeline.decided = None;
    let begin = timeline.steps.len() / 2;
    let more: Vec<_> = timeline.steps[begin..begin + 4].iter().cycle().take(10_000).cloned().collect();
    timeline.steps.splice(begin..begin, more);
    let text = text::draw(&timeline, &layout::lay_out(&timeline), 60);
    let text = anstream::adapter::strip_str(&text).to_string();
    assert!(text.lines().count() < 2_000, "{}", text.lines().count());
    assert_eq!(text.matches(" steps are left out here").count(), 1);
    let middle = text.find(" steps are left out here").unwrap();
    assert!(text.find("FAILS").is_some_and(|end| end > middle));
    let steps = text.lines().filter(|line| !line.starts_with("again: "));
    assert!(steps.clone().all(|line| line.chars().count() <= 60), "{text}");
}

/// The step that decided a failure is known where all that may follow it was run: the suspension after the exit pass.
#[test]
fn what_decided_a_hang_is_the_step_after_which_everything_hangs() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let timeline = timeline("lwp/1.62/without-dead-guard/2-cpus/dead-guard");
    let decided = timeline.decided.unwrap();
    assert!(decided.known && decided.taken > 0);
    let step = &timeline.steps[timeline.deciding_step().unwrap()];
    assert_eq!((step.thread, timeline.name(step.thread)), (2, "b"));
}
