//! What is known of the families under each engine.

use std::collections::BTreeMap;

use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::report::{Report, Run};
use maud::{Markup, html};

use super::parts::{command, number, table};
use crate::table;

/// What a row comes to, best first, so that each is told from the others by its sign and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Complete,
    Defect,
    Declared,
    Bounded,
    Failed,
}

impl Standing {
    const ALL: [Standing; 5] =
        [Standing::Complete, Standing::Defect, Standing::Declared, Standing::Bounded, Standing::Failed];

    fn of(run: &Run) -> Standing {
        match run.verdict {
            Verdict::Complete => Standing::Complete,
            Verdict::Defect => Standing::Defect,
            Verdict::Bounded if run.declared.is_some() => Standing::Declared,
            Verdict::Bounded => Standing::Bounded,
            Verdict::Failed => Standing::Failed,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Standing::Complete => "complete",
            Standing::Defect => "defect",
            Standing::Declared => "declared",
            Standing::Bounded => "bounded",
            Standing::Failed => "failed",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Standing::Complete => "✓",
            Standing::Defect => "⚑",
            Standing::Declared => "◐",
            Standing::Bounded => "!",
            Standing::Failed => "✗",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Standing::Complete => "complete",
            Standing::Defect => "defect shown",
            Standing::Declared => "bounded as declared",
            Standing::Bounded => "bounded",
            Standing::Failed => "failed",
        }
    }

    fn means(self) -> &'static str {
        match self {
            Standing::Complete => "every execution of every program was explored, and none failed",
            Standing::Defect => {
                "at least one program failed in the way that it is there to show; all others are complete"
            }
            Standing::Declared => {
                "none failed; not all executions were explored, by a bound that was declared before"
            }
            Standing::Bounded => "none failed; something else cut the search short: this is not green",
            Standing::Failed => "a program failed, or did not fail as it is there to: this is not green",
        }
    }

    fn draw(self, words: &str) -> Markup {
        html! { span.verdict.(self.class()) { span aria-hidden="true" { (self.sign()) } (words) } }
    }
}

/// The section.
pub fn section(report: &Report) -> Markup {
    html! {
        dl.legend {
            @for standing in Standing::ALL {
                dt { (standing.draw(standing.name())) }
                dd { (standing.means()) }
            }
        }
        (by_system(&report.runs))
        (by_family(&report.runs))
        (command("One family again", "cargo ci check FAMILY --engine ENGINE"))
        @if let Some((program, engine, seconds)) = &report.slowest {
            p { "Slowest: " code { (program) } " under " (engine) ", " (format!("{seconds:.1}")) " s." }
        }
    }
}

/// Runs that belong together, in the order in which the first of each comes.
fn grouped<'a, K: PartialEq>(
    runs: impl IntoIterator<Item = &'a Run>,
    key: impl Fn(&'a Run) -> K,
) -> Vec<(K, Vec<&'a Run>)> {
    let mut groups: Vec<(K, Vec<&Run>)> = Vec::new();
    for run in runs {
        let key = key(run);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    groups
}

fn by_system(runs: &[Run]) -> Markup {
    let head = ["system", "engine", "families", "#programs", "#executions", "#distinct", "#seconds"];
    let rows = html! {
        @for ((system, variant), runs) in grouped(runs, |run| (&run.system, &run.variant)) {
            tbody {
                @let engines = grouped(runs, |run| &run.engine);
                @for (n, (engine, runs)) in engines.iter().enumerate() {
                    tr {
                        @if n == 0 { th scope="rowgroup" rowspan=(engines.len()) { (system) ", " (variant) } }
                        td { (engine) }
                        td { (counts(runs)) }
                        (number(runs.iter().map(|run| run.programs).sum::<usize>()))
                        (number(runs.iter().map(|run| run.executions).sum::<u64>()))
                        (number(runs.iter().map(|run| run.distinct).sum::<u64>()))
                        (number(format!("{:.1}", runs.iter().map(|run| run.seconds).sum::<f64>())))
                    }
                }
            }
        }
    };
    table("Families by system and engine", &head, rows)
}

/// How many families come to what.
fn counts(runs: &[&Run]) -> Markup {
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    runs.iter().for_each(|run| *counts.entry(Standing::of(run)).or_default() += 1);
    html! {
        @for (standing, families) in counts {
            div { (standing.draw(&format!("{families} {}", standing.name()))) }
        }
    }
}

fn by_family(runs: &[Run]) -> Markup {
    let head = [
        "family",
        "engine",
        "verdict",
        "#LWPs",
        "#programs",
        "#executions",
        "#distinct",
        "#blocked",
        "#seconds",
    ];
    let columns = head.len();
    let rows = html! {
        @for ((system, variant), runs) in grouped(runs, |run| (&run.system, &run.variant)) {
            tbody {
                tr { th.group scope="rowgroup" colspan=(columns) { (system) ", " (variant) } }
                @for run in runs {
                    tr id={ "run-" (run.engine) "-" (run.name) } {
                        th scope="row" { (run.name) }
                        td { (run.engine) }
                        td { (Standing::of(run).draw(&table::verdict(run))) }
                        (number(run.lwps))
                        (number(run.programs))
                        (number(run.executions))
                        (number(run.distinct))
                        (number(run.blocked))
                        (number(format!("{:.1}", run.seconds)))
                    }
                }
            }
        }
    };
    table("Families", &head, rows)
}
