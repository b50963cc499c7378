//! The commands that do again what a report tells of.

use lwp_loom_tests::job::Finding;
use lwp_loom_tests::shell::quoted;

/// The command that makes the same check.
pub fn check(selection: &[String]) -> String {
    let word = |wanted: &String| if wanted.starts_with("--") { wanted.clone() } else { quoted(wanted) };
    ["cargo ci check".into()].into_iter().chain(selection.iter().map(word)).collect::<Vec<_>>().join(" ")
}

/// The commands that run a failing program again: all of it, and the failing execution alone where that can be.
/// Each has a word before it that says what it does.
pub fn again(failure: &Finding, selection: &[String]) -> Vec<(&'static str, String)> {
    let program = quoted(&failure.program);
    let with = |wanted: &dyn Fn(&str) -> bool| -> String {
        selection.iter().filter(|s| wanted(s)).fold(String::new(), |all, option| all + " " + option)
    };
    // Random executions are the complete search's engine's, and have a name of their own on the command line.
    let asked = selection.iter().find(|option| option.starts_with("--engine ")).cloned();
    let random =
        asked.as_ref().is_some_and(|asked| ["--engine random", "--engine pct"].contains(&asked.as_str()));
    let engine = asked.unwrap_or_else(|| format!("--engine {}", failure.engine));
    // A program that is named is not chosen among others.
    let chooses = |option: &str| match option.split(' ').next() {
        Some("--engine" | "--full" | "--suite" | "--sample") => true,
        Some("--seed") => !random,
        _ => false,
    };
    let options = with(&|s| s.starts_with("--") && !chooses(s));
    let mut commands = vec![("repeat", format!("cargo ci check {program} {engine}{options}"))];
    if let Some(schedule) = &failure.schedule {
        let weaken = with(&|s| s.starts_with("--weaken"));
        commands.push(("replay", format!("cargo ci replay {program} {}{weaken}", quoted(schedule))));
        commands.push(("explain", format!("cargo ci explain {program} {}{weaken}", quoted(schedule))));
    }
    commands
}

#[cfg(test)]
mod tests {
    use lwp_loom_tests::job::Verdict;

    use super::*;

    #[test]
    fn a_check_is_repeated_with_everything_that_was_asked_for() {
        let selection = ["lost continue", "--engine loom", "--weaken a=b"].map(String::from);
        assert_eq!(check(&selection), "cargo ci check 'lost continue' --engine loom --weaken a=b");
        assert_eq!(check(&[]), "cargo ci check");
    }

    // A command that is refused, or that explores thousands of others too, repeats nothing.
    #[test]
    fn a_failure_is_repeated_with_what_decides_how_it_runs_and_without_what_chose_it() {
        let failure = Finding::of("p q", "complete", Verdict::Failed);
        let repeat = |selection: &[&str]| {
            let selection: Vec<String> = selection.iter().map(ToString::to_string).collect();
            again(&failure, &selection).remove(0).1
        };
        for (selection, command) in [
            (&["name", "--full", "--time 5"][..], "cargo ci check 'p q' --engine complete --time 5"),
            (&["--suite 2x2", "--sample 3", "--seed 9"], "cargo ci check 'p q' --engine complete"),
            (
                &["--engine pct", "--sample 3", "--depth 3", "--seed 9"],
                "cargo ci check 'p q' --engine pct --depth 3 --seed 9",
            ),
            (&["--engine random", "--seed 9"], "cargo ci check 'p q' --engine random --seed 9"),
        ] {
            assert_eq!(repeat(selection), command);
        }
    }
}
