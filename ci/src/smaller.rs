//! The smallest program that fails as another does.

use std::fs;
use std::path::{Path, PathBuf};

use lwp_loom_tests::job::{Finding, Job, Limits, Verdict};
use lwp_loom_tests::litmus::ast::Program;
use lwp_loom_tests::litmus::text::{EXTENSION, parse, parse_to_run, print};
use lwp_loom_tests::litmus::{Case, Variant};

use crate::error::Error;
use crate::pool::Pool;
use crate::programs;

/// Seconds for each program that is tried.
const SECONDS: f64 = 10.0;

/// The text of the smallest program that fails as `case` does, and holds where that is to hold: one from which no LWP,
/// step or condition can be taken. `None` where that is the program itself.
///
/// Cost: two searches for each of them, and as many again for each that goes.
///
/// # Errors
/// Where there is no place for the programs that are tried.
pub fn smallest(pool: &Pool, case: &Case, found: &Finding) -> Result<Option<String>, Error> {
    let folder = tempfile::tempdir()
        .map_err(|e| Error::Failed(format!("cannot make a folder for the programs to try: {e}")))?;
    let tried = Tried { pool, case, found, path: folder.path().join("tried").with_extension(EXTENSION) };
    let whole = print(&alone(case));
    let mut text = whole.clone();
    // Alone it may fail in another way: at what it claims of all its defects together.
    if !tried.fails_alike(&text)? {
        return Ok(None);
    }
    loop {
        let mut smaller = None;
        for cut in cuts(&text) {
            if tried.fails_alike(&cut)? {
                smaller = Some(cut);
                break;
            }
        }
        match smaller {
            Some(cut) => text = cut,
            None => {
                // As many CPUs as it was tried with, though it may have fewer LWPs now.
                let laid_out = parse(&tried.path.to_string_lossy(), &text)
                    .map(|program| print(&Program { cpus: vec![case.cpus], ..program }));
                return Ok(laid_out.ok().filter(|_| text != whole));
            }
        }
    }
}

/// The program of a case, for its revision and CPUs alone, and without a word on what it shows.
pub fn alone(case: &Case) -> Program {
    Program {
        about: String::new(),
        revisions: vec![case.revision],
        cpus: vec![case.cpus],
        defects: Vec::new(),
        ..Program::clone(&case.litmus)
    }
}

/// The name of the case that is in a file, of the same revision, variant and CPUs as another.
pub fn case_in(path: &Path, case: &Case, variant: Variant) -> String {
    format!(
        "lwp/{}/{}/{}-cpus/{}",
        case.revision.name(),
        variant.name(),
        case.cpus,
        programs::normal(path).display()
    )
}

struct Tried<'a> {
    pool: &'a Pool,
    case: &'a Case,
    found: &'a Finding,
    path: PathBuf,
}

impl Tried<'_> {
    fn fails_alike(&self, text: &str) -> Result<bool, Error> {
        if parse_to_run(&self.path.to_string_lossy(), text).is_err() {
            return Ok(false);
        }
        fs::write(&self.path, text)
            .map_err(|e| Error::Failed(format!("cannot write {}: {e}", self.path.display())))?;
        let fails = |variant| {
            let limits = Limits { seconds: Some(SECONDS), ..Limits::default() };
            let program = case_in(&self.path, self.case, variant);
            let finding = self.pool.ask(&Job { program, limits, ..Job::default() }).ok()?;
            (finding.verdict == Verdict::Failed).then_some(finding)
        };
        let alike = fails(self.case.variant).is_some_and(|finding| finding.way() == self.found.way());
        Ok(alike && (self.case.variant == Variant::Repaired || fails(Variant::Repaired).is_none()))
    }
}

/// The program without one of its LWPs, and whatever speaks of that; then without one of its other lines.
fn cuts(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let opens = |line: &str| line.ends_with('{');
    let without = |gone: &dyn Fn(usize, &str) -> bool| {
        let kept = lines.iter().enumerate().filter(|(n, line)| !gone(*n, line)).map(|(_, line)| *line);
        kept.fold(String::new(), |text, line| text + line + "\n")
    };
    let mut cuts = Vec::new();
    for (first, head) in lines.iter().enumerate().filter(|(_, line)| opens(line)) {
        let last = first + lines[first..].iter().position(|line| *line == "}").unwrap_or(0);
        let name = head.split(' ').nth(1).filter(|_| head.starts_with("lwp "));
        let speaks =
            |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| Some(w) == name);
        cuts.push(without(&|n, line| (first..=last).contains(&n) || speaks(line)));
    }
    for (at, line) in lines.iter().enumerate() {
        let stays = opens(line) || *line == "}" || line.is_empty() || line.starts_with("system ");
        if !stays && !line.starts_with("cpus ") {
            cuts.push(without(&|n, _| n == at));
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_takes_an_lwp_with_whatever_speaks_of_it_or_a_line() {
        let text = "cpus 1\n\nlwp a {\n    wait b\n    exit\n}\n\nlwp b {\n    exit\n}\n\nsometimes a == b\n";
        let cuts = cuts(text);
        assert_eq!(cuts.len(), 2 + 4, "{cuts:?}");
        assert_eq!(cuts[1], "cpus 1\n\nlwp a {\n    exit\n}\n\n\n");
        assert!(!cuts[2].contains("wait b") && cuts[2].contains("lwp b"), "{}", cuts[2]);
    }
}
