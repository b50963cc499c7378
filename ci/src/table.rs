//! A report as text.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use lwp_loom_tests::audit::{Order, Sight, Standing};
use lwp_loom_tests::coverage::Coverage;
use lwp_loom_tests::job::{Finding, Verdict};
use lwp_loom_tests::report::{Bounded, Difference, LeftOut, OrderingRow, Outcomes, Run, Unreached};
use lwp_loom_tests::suite::Family;
use lwp_loom_tests::timeline::{layout, text as timeline};

use crate::alike::{self, Alike};
use crate::breakdown::Breakdown;
use crate::explain;

/// The longest explanation of a break that a line has room for.
const HOW: usize = 60;

/// The families that there are, a line each.
pub fn families(families: &[Family]) -> String {
    let mut table = table(&["name", "system", "engines", "lwps", "programs"]);
    for family in families {
        table.add_row([
            family.name.clone(),
            format!("{} {}", family.system, family.variant),
            family.engines.join(", "),
            family.lwps.to_string(),
            family.programs.len().to_string(),
        ]);
    }
    table.to_string() + "\n"
}

/// What was found of the families, a line each.
pub fn runs(runs: &[Run]) -> String {
    let head = [
        "name",
        "system",
        "engine",
        "lwps",
        "programs",
        "executions",
        "distinct",
        "blocked",
        "verdict",
        "seconds",
    ];
    let mut table = table(&head);
    for column in [3, 4, 5, 6, 7, 9] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for run in runs {
        table.add_row([
            run.name.clone(),
            format!("{} {}", run.system, run.variant),
            run.engine.clone(),
            run.lwps.to_string(),
            run.programs.to_string(),
            run.executions.to_string(),
            // Where executions turn back, those that differ are not counted.
            if run.known > 0 { "-".into() } else { run.distinct.to_string() },
            run.blocked.to_string(),
            verdict(run),
            format!("{:.1}", run.seconds),
        ]);
    }
    text(&table)
}

/// The sites, a line each, and indented below it what the source has and what breaks under each weaker ordering: as
/// columns these would be too wide for a terminal.
pub fn orderings(rows: &[OrderingRow]) -> String {
    let mut table = table(&["site", "declared", "weakest"]);
    for row in rows {
        table.add_row([&row.site, &row.declared, &row.weakest]);
    }
    let mut lines = table.lines();
    let mut text = lines.next().map_or_else(String::new, |head| head.trim_end().to_owned() + "\n");
    for (row, line) in rows.iter().zip(lines) {
        let _ = writeln!(text, "{}\n     the source: {}", line.trim_end(), row.source);
        for b in &row.breaks {
            // What follows is the engine's own wording of the same; the JSON report has it.
            let how = b.how.lines().next().and_then(|how| how.split(": Causality violation").next());
            let how = how.unwrap_or_default();
            let cut = if how.chars().count() > HOW { "..." } else { "" };
            let how: String = how.chars().take(HOW).collect();
            let _ = writeln!(text, "     {} breaks {}: {how}{cut}", b.ordering, b.program);
        }
    }
    text
}

/// Where the time went, a line for each phase; their sum; and the build, which is not in it.
pub fn phases(breakdown: &Breakdown) -> String {
    let Breakdown { parts, rows, total, build } = breakdown;
    let head: Vec<&str> = match &parts[..] {
        [_] => vec!["phase", "seconds"],
        parts => ["phase, seconds of part"].into_iter().chain(parts.iter().map(String::as_str)).collect(),
    };
    let mut table = table(&head);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let rows = rows.iter().map(|(name, cells)| (name.as_str(), cells));
    let build = build.iter().map(|cells| ("build, before that", cells));
    for (name, cells) in rows.chain([("total", total)]).chain(build) {
        table.add_row([name.into()].into_iter().chain(cells.iter().map(ToString::to_string)));
    }
    text(&table)
}

/// What programs that were named came to, each with its outcomes.
pub fn outcomes(programs: &[Outcomes], unreached: &[Unreached]) -> String {
    let mut text = String::new();
    for Outcomes { program, engine, verdict, executions, states, outcomes } in programs {
        let count = outcomes.len();
        let once = states.map_or(String::new(), |kept| format!(", states once ({kept} kept)"));
        let _ = writeln!(
            text,
            "{program} ({engine}): {verdict}{once}, {executions} executions, {count} outcomes"
        );
        for outcome in outcomes {
            let _ = writeln!(text, "  {outcome}");
        }
        let never = unreached.iter().filter(|other| engine == "complete" && other.program == *program);
        for outcome in never.flat_map(|program| &program.outcomes) {
            let _ = writeln!(text, "  never reached, though allowed: {outcome}");
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Each revision's transitions: every one that is amiss; where `all` is wanted, how many of the documented ones were seen and
/// which were not. In a `whole` check these are amiss too.
pub fn transitions(coverages: &[Coverage], all: bool, whole: bool) -> String {
    let mut text = String::new();
    for coverage in coverages {
        if !all && coverage.is_sound() && (coverage.unseen.is_empty() || !whole) {
            continue;
        }
        let _ = writeln!(
            text,
            "transitions of netbsd {}: {} of {} seen, {} more documented but made by no function, {} undocumented",
            coverage.revision,
            coverage.seen.len(),
            coverage.made_by_some(),
            coverage.never.len(),
            coverage.undocumented.len()
        );
        let listed = [
            ("unseen", &coverage.unseen, all || whole),
            ("undocumented", &coverage.undocumented, true),
            ("made after all", &coverage.contradicted, true),
        ];
        for (what, transitions, _) in listed.into_iter().filter(|(.., wanted)| *wanted) {
            for (from, to) in transitions {
                let _ = writeln!(text, "  {what}: {from} to {to}");
            }
        }
        for ((from, to), why) in coverage.never.iter().filter(|_| all) {
            let _ = writeln!(text, "  never: {from} to {to}: {why}");
        }
        text.push('\n');
    }
    text
}

/// A revision's lock order: a line for each edge that is declared or was observed.
pub fn lock_order(order: &Order) -> String {
    let mut table = table(&["held", "taken", "standing", "seen at", "in", "declared by"]);
    for edge in &order.declared {
        let standing = if edge.seen.is_some() { "declared, observed" } else { NOT_OBSERVED };
        let (place, program) = edge.seen.as_ref().map_or(("", ""), |seen| (place(seen), &seen.program));
        table.add_row([&edge.held, &edge.taken, standing, place, program, &edge.source]);
    }
    for edge in &order.others {
        let standing = standing(edge.standing);
        table.add_row([&edge.held, &edge.taken, standing, place(&edge.seen), &edge.seen.program, ""]);
    }
    text(&table)
}

/// What is said of an edge that is declared and that no program showed.
pub const NOT_OBSERVED: &str = "declared, not observed";

/// What an observed edge is that is not itself declared, in words.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Implied => "follows, observed",
        Standing::Exception => "exception, observed",
        Standing::Undeclared => "UNDECLARED, observed",
    }
}

/// Where an edge was seen, without the folder in which all of them are.
pub fn place(seen: &Sight) -> &str {
    seen.place.trim_start_matches("lwp-core/src/")
}

/// The outcomes that one engine alone saw: those that loom lost, and where `all` are wanted those of weak memory.
pub fn differences(differences: &[Difference], all: bool) -> String {
    let mut text = String::new();
    for difference in differences.iter().filter(|difference| all || !difference.weak_memory) {
        let whose = if difference.weak_memory { "weak memory" } else { "lost by loom" };
        let _ = writeln!(text, "{whose}: {}: {}", difference.program, difference.outcome);
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// How much loom saw of the programs that it does not complete: what nothing explains, and where `all` is wanted how many
/// outcomes.
pub fn bounded(programs: &[Bounded], all: bool) -> String {
    let mut text = String::new();
    if all && !programs.is_empty() {
        let equal = programs.iter().filter(|p| p.alone.is_empty() && p.seen == p.of).count();
        let _ = writeln!(
            text,
            "bounded: {} programs, and in {equal} of them loom saw exactly the outcomes of the complete search",
            programs.len()
        );
    }
    for Bounded { program, seen, of, alone } in programs {
        if all && seen < of {
            let _ = writeln!(text, "  bounded: saw {seen} of {of} outcomes: {program}");
        }
        for outcome in alone {
            let _ = writeln!(text, "  bounded, but seen by loom alone: {program}: {outcome}");
        }
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// The families that loom does not explore, with the reasons.
pub fn left_out(families: &[LeftOut]) -> String {
    let mut text = String::new();
    for LeftOut { name, programs, why } in families {
        let _ = writeln!(text, "not under loom: {name} ({programs} programs): {why}");
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// The programs that failed or were cut short, with how and with the commands that run each again. What is alike is told once.
pub fn failures(failures: &[Finding], again: impl Fn(&Finding) -> Vec<String>) -> String {
    let mut text = String::new();
    for Alike { told: finding, others } in alike::groups(failures) {
        let what = if finding.verdict == Verdict::Bounded { "cut short" } else { "failed" };
        let how = finding.message.as_deref().or(finding.bound.as_deref()).unwrap_or_default();
        let _ = writeln!(text, "{what}: {} ({})", finding.program, finding.engine);
        for line in how.lines() {
            let _ = writeln!(text, "  {line}");
        }
        for other in others {
            let _ = writeln!(text, "  alike: {} ({})", other.program, other.engine);
        }
        for command in again(finding) {
            let _ = writeln!(text, "  {command}");
        }
        if let Some(how) = &finding.timeline {
            text += "\n";
            text += &timeline::draw(how, &layout::lay_out(how), explain::width());
        }
        text.push('\n');
    }
    text
}

/// A verdict in words: what is known, and no more.
pub fn verdict(run: &Run) -> String {
    match (run.verdict, run.bound.as_deref()) {
        (Verdict::Complete, _) if run.states.is_some() && run.overflowed == 0 => {
            "complete, no state twice".into()
        }
        (Verdict::Complete, _) if run.known > 0 => "complete, some states once".into(),
        (Verdict::Complete, _) => "complete".into(),
        (Verdict::Bounded, bound) => match &run.declared {
            Some(declared) => format!("bounded: {declared}"),
            None => format!("bounded by {}", bound.unwrap_or("an unknown limit")),
        },
        (Verdict::Defect, _) => "defect shown".into(),
        (Verdict::Failed, Some(bound)) => format!("failed; bounded by {bound}"),
        (Verdict::Failed, None) => "failed".into(),
    }
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(head.iter().copied());
    table
}

/// The table without the blanks that pad its last column.
fn text(table: &Table) -> String {
    table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}
