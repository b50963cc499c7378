//! Pages of the documentation that are written by what measures them.

use std::io::ErrorKind;
use std::path::Path;
use std::{env, fs};

/// What has a test write its page anew.
pub const UPDATE: &str = "UPDATE_PAGES";

/// Holds a page against what it should be. With [`UPDATE`] in the environment it is written anew where it is not, and the
/// test that asks fails all the same: what has just been written has not been held against anything.
///
/// # Panics
/// Where the page is not what it should be, or cannot be read or written.
pub fn hold(path: &Path, should_be: &str) {
    let name = path.display();
    let is = match fs::read_to_string(path) {
        // A page that is written for the first time.
        Err(why) if why.kind() == ErrorKind::NotFound && env::var_os(UPDATE).is_some() => String::new(),
        is => is.unwrap_or_else(|why| panic!("{name}: {why}")),
    };
    if is == should_be {
        return;
    }
    assert!(env::var_os(UPDATE).is_some(), "{}", differs(&name.to_string(), &is, should_be));
    fs::write(path, should_be).unwrap_or_else(|why| panic!("{name}: {why}"));
    panic!("{name} was not what is measured, and is written anew: read what has changed, and run this again");
}

/// Says where the two part.
fn differs(name: &str, is: &str, should_be: &str) -> String {
    let mut lines = is.lines().zip(should_be.lines()).enumerate();
    let first = lines.find(|(_, (is, should_be))| is != should_be);
    let place = match first {
        Some((n, (is, should_be))) => format!("line {} is\n  {is}\nand should be\n  {should_be}", n + 1),
        None => format!("it has {} lines, and should have {}", is.lines().count(), should_be.lines().count()),
    };
    format!("{name} is not what is measured; run this test with {UPDATE}=1 to write it anew: {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_differs_is_told_with_the_first_line_that_does() {
        let told = differs("p.md", "a\nb\n", "a\nc\n");
        assert!(
            told.starts_with("p.md is not") && told.ends_with("line 2 is\n  b\nand should be\n  c"),
            "{told}"
        );
        assert!(differs("p.md", "a\n", "a\nb\n").ends_with("it has 1 lines, and should have 2"));
    }
}
