use std::collections::HashSet;

use lwp_core::netbsd::Lid;

use super::super::ast::{Doing, Line, Op, Start};
use super::symmetry::renamings;
use super::word::{renamed, target};
use super::*;

/// The suites that are small enough to be gone through one by one in every build.
fn short() -> impl Iterator<Item = Suite> {
    Suite::ALL.into_iter().filter(|suite| suite.lwps * suite.operations <= 4)
}

/// What each LWP starts in and does.
type Lines = Vec<(Start, Vec<Op>)>;

fn lines(program: &Program) -> Lines {
    let ops = |line: &Line| line.steps.iter().map(|step| step.op).collect();
    program.lines.iter().map(|line| (line.start, ops(line))).collect()
}

/// The lines where LWPs have other numbers.
fn lines_renamed(lines: &Lines, to: &[Lid]) -> Lines {
    let line = |n: Lid| {
        let from = to.iter().position(|number| *number == n).expect("every number is given out");
        (lines[from].0, lines[from].1.iter().map(|op| renamed(*op, to)).collect())
    };
    (1..=to.len()).map(line).collect()
}

/// A program might be there twice: in two themes, or with its LWPs' numbers exchanged.
#[test]
fn no_two_programs_of_a_suite_are_the_same_but_for_the_numbers_of_lwps() {
    for suite in short() {
        let all_alike = vec![(); suite.lwps];
        let ways = renamings(&all_alike);
        assert_eq!(ways.len(), (1..=suite.lwps).product::<usize>());
        let mut seen = HashSet::new();
        for program in suite.programs() {
            let lines = lines(&program);
            let twice = ways.iter().any(|to| seen.contains(&lines_renamed(&lines, to)));
            assert!(!twice, "{}: {}", program.name, program.about);
            seen.insert(lines);
        }
    }
}

/// A longer suite might leave out what a shorter one has: the rule for its words or its states would not be the one that
/// is documented.
#[test]
fn two_lwps_that_do_three_things_can_do_two() {
    let [short, long] = [2, 3].map(|operations| Suite { lwps: 2, operations });
    let catalogue = long.catalogue();
    let all: HashSet<_> = (0..long.len()).map(|n| catalogue.get(n)).collect();
    let catalogue = short.catalogue();
    assert!((0..short.len()).all(|n| all.contains(&catalogue.get(n))));
}

/// A name that is kept somewhere must find its program, and never another.
#[test]
fn a_name_finds_its_program_and_no_other() {
    for suite in short() {
        for n in (0..suite.len()).step_by(37) {
            let program = suite.program(n);
            assert_eq!(Suite::find(&program.name).as_ref(), Some(&program));
            let (place, _) = program.name.split_once('-').unwrap();
            assert_eq!(Suite::find(place).as_ref(), Some(&program));
            assert_eq!(Suite::find(&format!("{place}-stale")), None);
        }
        assert_eq!(Suite::find(&format!("{}/{:06}", suite.name(), suite.len())), None);
        assert_eq!(Suite::parse(&suite.name()), Some(suite));
    }
    assert_eq!(Suite::find("5x5/000000"), None);
    assert_eq!(Suite::find("2x2/0"), None);
}

/// Engines name LWPs by their numbers and boot those that are born in front.
#[test]
fn every_program_can_be_run() {
    for suite in short() {
        for program in suite.programs() {
            let name = &program.name;
            assert_eq!(program.lines.len(), suite.lwps, "{name}");
            assert!(matches!(program.lines[0].start, Start::Born { doing: Doing::Running, .. }), "{name}");
            let born =
                program.lines.iter().take_while(|line| matches!(line.start, Start::Born { .. })).count();
            assert!(born + 1 >= suite.lwps, "{name}");
            for line in &program.lines {
                let named = line.steps.iter().filter_map(|step| target(step.op));
                assert!(named.clone().all(|lid| (1..=suite.lwps).contains(&lid)), "{name}");
                let last = line.steps.last().expect("everybody exits").op;
                assert!(matches!(last, Op::Userret | Op::Exit | Op::ExitProcess | Op::Dump), "{name}");
                let first = line.steps[0].op;
                match line.start {
                    Start::Born { doing: Doing::Sleeping, .. } => assert_eq!(first, Op::Sleep, "{name}"),
                    Start::Born { doing: Doing::SleepingSig, .. } => {
                        assert_eq!(first, Op::SleepSig, "{name}")
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Somebody might be left in the state that it starts in, whatever the others do.
#[test]
fn whoever_does_not_run_may_be_got_going_by_another() {
    for program in short().flat_map(Suite::programs) {
        for (n, line) in program.lines.iter().enumerate() {
            let others = program.lines.iter().enumerate().filter(|(other, _)| *other != n);
            let others: Vec<Op> = others.flat_map(|(_, line)| &line.steps).map(|step| step.op).collect();
            let lid = n + 1;
            let gets_going = match line.start {
                Start::Born { doing: Doing::Idle, .. } => vec![Op::Start(lid), Op::Abandon(lid)],
                Start::Unborn { .. } => vec![Op::Create(lid)],
                Start::Born { doing: Doing::Sleeping, .. } => vec![Op::Happen],
                _ => continue,
            };
            let brings = others.iter().filter(|op| gets_going.contains(op)).count();
            assert!(brings > 0, "{}: {}", program.name, program.about);
        }
    }
}

/// A search that goes through the programs in order is to find a smallest one first.
#[test]
fn programs_with_fewer_operations_come_first() {
    for suite in short() {
        // Neither the tail nor the state that an LWP starts in is an operation.
        let operations = |program: &Program| {
            let (_, text) = program.about.split_once(": ").unwrap();
            let lines = text.split("; ").map(|line| line.rsplit_once(") ").map_or(line, |(_, ops)| ops));
            lines
                .filter(|line| !line.ends_with("nothing"))
                .map(|line| line.split(", ").count())
                .sum::<usize>()
        };
        let counts: Vec<_> = suite.programs().map(|program| operations(&program)).collect();
        assert!(counts.is_sorted() && counts[0] == 1, "{}", suite.name());
    }
}

/// LWPs that share a CPU only come to run when those before them have left, and too many that exit side by side make
/// too many executions.
#[test]
fn more_than_two_lwps_have_a_cpu_each_or_share_one_and_all_leave_it() {
    for program in short().flat_map(Suite::programs) {
        let exits = program.lines.iter().filter(|line| line.steps.last().unwrap().op != Op::Userret).count();
        match program.cpus[..] {
            [1] => assert_eq!(exits, program.lines.len(), "{}", program.name),
            [2] => assert_eq!(program.lines.len(), 2, "{}", program.name),
            [cpus] => assert!(cpus == program.lines.len() && exits <= 1, "{}", program.name),
            _ => panic!("{}", program.name),
        }
    }
}

/// What the documentation says of suites with so many words, states and programs each.
fn table(title: &str, suites: &[Suite]) -> String {
    let names: Vec<String> = suites.iter().map(|suite| suite.name()).collect();
    let mut lines = vec![
        format!(
            "| {title} | its own words | and these | starting states of its own | and these | {} |",
            names.join(" | ")
        ),
        format!("|---|---|---|---|---{}|", "|---".repeat(suites.len())),
    ];
    let sizes: Vec<Vec<usize>> =
        suites.iter().map(|suite| suite.sizes().into_iter().map(|(_, size)| size).collect()).collect();
    for (n, theme) in suites[0].themes().iter().enumerate() {
        let words = |words: &[Word]| words.iter().map(|word| word.text()).collect::<Vec<_>>().join(", ");
        let states = |states: &[Start]| {
            states.iter().filter_map(|start| super::program::state(*start)).collect::<Vec<_>>().join("; ")
        };
        let sizes: Vec<String> = sizes.iter().map(|sizes| sizes[n].to_string()).collect();
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} |",
            theme.name,
            words(theme.own),
            words(theme.with),
            states(theme.own_states),
            states(theme.with_states),
            sizes.join(" | ")
        ));
    }
    let totals: Vec<String> = suites.iter().map(|suite| suite.len().to_string()).collect();
    lines.push(format!("| all | | | | | {} |", totals.join(" | ")));
    let digests: Vec<String> = suites.iter().map(|suite| format!("{:08x}", digest(*suite))).collect();
    lines.push(format!("| digest | | | | | {} |", digests.join(" | ")));
    lines.join("\n")
}

/// What every 31st of a suite's names determines: a program that comes, goes or changes its place shifts all after it.
fn digest(suite: Suite) -> u32 {
    let names = (0..suite.len()).step_by(31).flat_map(|n| suite.program(n).name.into_bytes());
    names.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A suite's size is known and documented, and its programs keep their places: whoever changes either must mean to.
#[test]
fn the_suites_are_those_of_the_documentation() {
    let [two_two, three_one, four_one, two_three, three_two] = Suite::ALL;
    let tables = [
        table("two LWPs", &[two_two, two_three]),
        table("three LWPs", &[three_one]),
        table("many LWPs", &[four_one, three_two]),
    ];
    let page = include_str!("../../../../docs/suites.md");
    let missing: Vec<_> = tables.iter().filter(|table| !page.contains(*table)).map(String::as_str).collect();
    assert!(missing.is_empty(), "docs/suites.md should have\n\n{}\n", missing.join("\n\n"));
}
