//! Commands that somebody may copy into a shell.

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

    // A name with a blank would be two, and one with a dollar sign might run something.
    #[test]
    fn a_name_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(quoted("suspend/continue-2"), "suspend/continue-2");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
