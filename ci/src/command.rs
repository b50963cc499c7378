//! The commands that do again what a report tells of.

use lwp_loom_tests::job::Finding;

/// The command that makes the same check.
pub fn check(selection: &[String]) -> String {
    let word = |wanted: &String| if wanted.starts_with("--") { wanted.clone() } else { quoted(wanted) };
    ["cargo ci check".into()].into_iter().chain(selection.iter().map(word)).collect::<Vec<_>>().join(" ")
}

/// The commands that run a failing program again: all of it, and the failing execution alone where that can be.
/// Each has a word before it that says what it does.
pub fn again(failure: &Finding, selection: &[String]) -> Vec<(&'static str, String)> {
    let program = quoted(&failure.program);
    let with = |wanted: fn(&str) -> bool| -> String {
        selection.iter().filter(|s| wanted(s)).fold(String::new(), |all, option| all + " " + option)
    };
    let options = with(|s| s.starts_with("--") && !s.starts_with("--engine") && s != "--full");
    // Random executions are the complete search's engine's, and have a name of their own on the command line.
    let asked = selection.iter().find(|option| option.starts_with("--engine ")).cloned();
    let engine = asked.unwrap_or_else(|| format!("--engine {}", failure.engine));
    let mut commands = vec![("repeat", format!("cargo ci check {program} {engine}{options}"))];
    if let Some(schedule) = &failure.schedule {
        let weaken = with(|s| s.starts_with("--weaken"));
        commands.push(("replay", format!("cargo ci replay {program} {}{weaken}", quoted(schedule))));
        commands.push(("explain", format!("cargo ci explain {program} {}{weaken}", quoted(schedule))));
    }
    commands
}

/// The text as one word of a shell's.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_repeated_with_everything_that_was_asked_for() {
        let selection = ["lost continue", "--engine loom", "--weaken a=b"].map(String::from);
        assert_eq!(check(&selection), "cargo ci check 'lost continue' --engine loom --weaken a=b");
        assert_eq!(check(&[]), "cargo ci check");
    }

    #[test]
    fn a_name_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(quoted("suspend/continue-2"), "suspend/continue-2");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
