//! Schedules, and the short strings that stand for them.
//!
//! A string reads `lwp1-PPPPPPPP-STEPS-CCCCCCCC`: the format's version, a hash of the program's name, the steps, and a
//! checksum over all that. A step is the letter of the thread that takes it, `a` for the first, followed by how often
//! in a row if that is more than once; a choice is a dot and what was chosen, after the step that made it: `a3b.1a`.

use std::fmt::{self, Write};
use std::str::Chars;

/// One step of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The thread that takes it.
    pub thread: usize,
    /// What it chooses, where the step is a choice.
    pub choice: Option<usize>,
}

const VERSION: &str = "lwp1";

/// Steps of a schedule: ten times as many as an execution has without a limit of somebody's choice. What asks for more asks
/// for memory, and no execution.
const MOST: usize = 1_000_000;

/// Why a replay string is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The string is no such string, or not all of it.
    Damaged(String),
    /// The string is of another version of the format.
    Version {
        /// That version.
        found: String,
    },
    /// The string is of another program.
    Program {
        /// The program that it was to be replayed with.
        expected: String,
    },
    /// The program does not do what the string says: it has changed, or does something nondeterministic.
    DoesNotFit {
        /// The step, from 1, at which the two part.
        step: usize,
        /// How.
        reason: String,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Damaged(reason) => write!(f, "the replay string is damaged: {reason}"),
            ReplayError::Version { found } => {
                write!(f, "the replay string is of version {found}, and this is version {VERSION}")
            }
            ReplayError::Program { expected } => {
                write!(f, "the replay string is not of the program {expected}, but of another one")
            }
            ReplayError::DoesNotFit { step, reason } => {
                write!(f, "the program does not fit the replay string any more: at step {step} {reason}")
            }
        }
    }
}

impl std::error::Error for ReplayError {}

/// The string for a schedule of a program.
pub fn encode(program: &str, steps: &[Step]) -> String {
    let mut text = format!("{VERSION}-{:08x}-", hash(program));
    let mut rest = steps;
    while let [first, ..] = rest {
        let run = match first.choice {
            Some(_) => 1,
            None => rest.iter().take_while(|s| *s == first).count(),
        };
        text.push(letter(first.thread));
        if run > 1 {
            let _ = write!(text, "{run}");
        }
        if let Some(choice) = first.choice {
            let _ = write!(text, ".{choice}");
        }
        rest = &rest[run..];
    }
    let checksum = hash(&text);
    let _ = write!(text, "-{checksum:08x}");
    text
}

/// The schedule that a string stands for.
///
/// # Errors
/// Says why the string is refused: it is damaged, of another version, or of another program.
pub fn decode(program: &str, text: &str) -> Result<Vec<Step>, ReplayError> {
    let damaged = |reason: &str| ReplayError::Damaged(reason.into());
    let text = text.trim();
    let parts: Vec<&str> = text.split('-').collect();
    let [version, owner, steps, checksum] = parts[..] else {
        return Err(damaged("it does not have four parts with dashes between them"));
    };
    if version != VERSION {
        let known = version.starts_with("lwp") && version[3..].parse::<u32>().is_ok();
        let found = version.to_string();
        return Err(if known {
            ReplayError::Version { found }
        } else {
            damaged("it does not begin with lwp1")
        });
    }
    let body = text.len() - checksum.len() - 1;
    if format!("{:08x}", hash(&text[..body])) != checksum {
        return Err(damaged("its checksum is wrong"));
    }
    if format!("{:08x}", hash(program)) != owner {
        return Err(ReplayError::Program { expected: program.into() });
    }
    parse(steps)
}

fn parse(text: &str) -> Result<Vec<Step>, ReplayError> {
    let mut steps = Vec::new();
    let unreadable = || ReplayError::Damaged("its steps cannot be read".into());
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let thread = thread(letter).ok_or_else(unreadable)?;
        let counted = rest.as_str().starts_with(|c: char| c.is_ascii_digit());
        let run = if counted { number(&mut rest).ok_or_else(unreadable)? } else { 1 };
        if run == 0 {
            return Err(unreadable());
        }
        if run > MOST - steps.len() {
            return Err(ReplayError::Damaged(format!("it has more than {MOST} steps")));
        }
        let choice = rest.as_str().starts_with('.').then(|| {
            rest.next();
            number(&mut rest)
        });
        match choice {
            None => steps.extend(std::iter::repeat_n(Step { thread, choice: None }, run)),
            Some(Some(choice)) if run == 1 => steps.push(Step { thread, choice: Some(choice) }),
            Some(_) => return Err(unreadable()),
        }
    }
    Ok(steps)
}

fn number(text: &mut Chars<'_>) -> Option<usize> {
    let digits = text.as_str().len() - text.as_str().trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = text.as_str()[..digits].parse().ok()?;
    *text = text.as_str()[digits..].chars();
    Some(number)
}

fn letter(thread: usize) -> char {
    char::from(b'a' + thread as u8)
}

fn thread(letter: char) -> Option<usize> {
    letter.is_ascii_lowercase().then(|| letter as usize - 'a' as usize)
}

/// FNV-1a: short, and the same for ever.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(thread: usize) -> Step {
        Step { thread, choice: None }
    }

    #[test]
    fn strings_are_short_and_come_back() {
        let steps = [step(0), step(0), step(0), step(1), Step { thread: 1, choice: Some(12) }, step(15)];
        let text = encode("program", &steps);
        assert_eq!(text.split('-').nth(2), Some("a3bb.12p"));
        assert_eq!(decode("program", &text), Ok(steps.to_vec()));
        assert_eq!(decode("program", &encode("program", &[])), Ok(Vec::new()));
    }

    /// A string with these steps that is otherwise right.
    fn with_steps(steps: &str) -> String {
        let text = format!("{VERSION}-{:08x}-{steps}", hash("program"));
        format!("{text}-{:08x}", hash(&text))
    }

    // A few letters can ask for more memory than a machine has.
    #[test]
    fn a_string_that_asks_for_more_steps_than_any_execution_has_is_refused() {
        assert_eq!(decode("program", &with_steps("a1000000")).map(|steps| steps.len()), Ok(1_000_000));
        for steps in
            ["a1000001", "a1000000b", "a999999b.1c2", &"a16777216".repeat(1000), "a18446744073709551615"]
        {
            let refused = decode("program", &with_steps(steps)).unwrap_err().to_string();
            assert!(refused.contains("it has more than 1000000 steps"), "{refused}");
        }
        for steps in ["a18446744073709551616", "a0", "a2.1", "a.", "A", "1"] {
            let refused = decode("program", &with_steps(steps)).unwrap_err().to_string();
            assert!(refused.contains("its steps cannot be read"), "{steps}: {refused}");
        }
    }

    #[test]
    fn strings_are_refused_with_the_reason() {
        let text = encode("program", &[step(0), step(1)]);
        assert!(matches!(decode("other", &text), Err(ReplayError::Program { .. })));
        assert!(matches!(decode("program", &text.replace("lwp1", "lwp2")), Err(ReplayError::Version { .. })));
        for damaged in ["", "lwp1", "shuttle", &text[..text.len() - 1], &text.replace("-ab-", "-ba-")] {
            assert!(matches!(decode("program", damaged), Err(ReplayError::Damaged(_))), "{damaged}");
        }
    }
}
