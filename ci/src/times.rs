//! How long programs took in earlier checks on this machine. It decides nothing but what starts first, so what is wrong with
//! the file, or keeps it from being written, is passed over in silence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lwp_loom_tests::job::{Finding, Verdict};

use crate::backend::Backend;
use crate::output::Output;

/// What takes no longer, in seconds, is not kept: there are thousands of such programs, and no core waits for one of them.
const KEPT: f64 = 0.2;

/// Seconds by engine and program.
type Seconds = BTreeMap<String, BTreeMap<String, f64>>;

/// The times of earlier checks, and those of this one.
#[derive(Debug, Default)]
pub struct Times {
    /// Where they are kept, if anywhere.
    file: Option<PathBuf>,
    before: Seconds,
    now: Seconds,
}

impl Times {
    /// Those that are kept in the target folder.
    pub fn of_this_machine() -> Times {
        Times::kept_in(Backend::Std.target_dir().join("check-times.json"))
    }

    /// Those that are kept in this file, if there are any.
    pub fn kept_in(file: PathBuf) -> Times {
        Times { before: read(&file), file: Some(file), now: Seconds::new() }
    }

    /// What the program took under the engine, where that was long enough to be kept.
    pub fn of(&self, engine: &str, program: &str) -> Option<f64> {
        self.before.get(engine)?.get(program).copied()
    }

    /// Notes what a program took. A failure ends its search early, and says nothing of the time without it.
    pub fn note(&mut self, finding: &Finding) {
        if finding.verdict != Verdict::Failed {
            self.now
                .entry(finding.engine.clone())
                .or_default()
                .insert(finding.program.clone(), finding.seconds);
        }
    }

    /// Keeps what was noted, and what is there of other programs.
    pub fn keep(self) {
        let Some(file) = self.file else { return };
        // Another check may have written since.
        let there = read(&file);
        let mut all = there.clone();
        for (engine, programs) in self.now {
            let all = all.entry(engine).or_default();
            all.extend(programs);
            all.retain(|_, seconds| *seconds > KEPT);
        }
        if all != there {
            let _ = Output::open(&file).and_then(|output| output.write_json(&all));
        }
    }
}

fn read(file: &Path) -> Seconds {
    fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tempfile::{TempDir, tempdir};

    use super::*;

    fn place() -> (TempDir, PathBuf) {
        let folder = tempdir().unwrap();
        let file = folder.path().join("times.json");
        (folder, file)
    }

    fn took(engine: &str, program: &str, seconds: f64) -> Finding {
        Finding { seconds, ..Finding::of(program, engine, Verdict::Complete) }
    }

    /// Has a check take these times.
    fn check(file: &Path, findings: &[Finding]) -> Times {
        let mut times = Times::kept_in(file.into());
        findings.iter().for_each(|finding| times.note(finding));
        times.keep();
        Times::kept_in(file.into())
    }

    #[test]
    fn what_took_long_is_known_to_the_next_check_for_its_engine_and_what_did_not_is_not_kept() {
        let (_folder, file) = place();
        let times = check(&file, &[took("loom", "long", 2.5), took("loom", "short", 0.1)]);
        assert_eq!(times.of("loom", "long"), Some(2.5));
        assert_eq!((times.of("complete", "long"), times.of("loom", "short")), (None, None));
        assert!(!fs::read_to_string(&file).unwrap().contains("short"));
    }

    // A check of one program must not lose what one of all of them measured, nor one what another wrote meanwhile.
    #[test]
    fn later_times_replace_earlier_ones_of_the_same_program_and_leave_all_others() {
        let (_folder, file) = place();
        check(&file, &[took("loom", "a", 2.0), took("loom", "b", 3.0), took("complete", "a", 4.0)]);
        let mut slow = Times::kept_in(file.clone());
        check(&file, &[took("loom", "c", 5.0)]);
        slow.note(&took("loom", "a", 7.0));
        slow.note(&took("loom", "b", 0.0));
        slow.note(&Finding { verdict: Verdict::Failed, ..took("complete", "a", 0.1) });
        slow.keep();
        let times = Times::kept_in(file);
        let of = [("loom", "a"), ("loom", "b"), ("loom", "c"), ("complete", "a")];
        let of = of.map(|(engine, program)| times.of(engine, program));
        assert_eq!(of, [Some(7.0), None, Some(5.0), Some(4.0)]);
    }

    // It is a file in a folder that is cleaned, copied between machines and written by others: no check may fail by it.
    #[test]
    fn what_is_damaged_or_foreign_is_no_times_and_is_replaced() {
        let (_folder, file) = place();
        check(&file, &[took("loom", "a", 2.0)]);
        let whole = fs::read(&file).unwrap();
        let half = &whole[..whole.len() / 2];
        for damage in
            [half, b"", b"\xff\xfe", b"[1, 2]", br#"{"loom": {"a": "long"}}"#, br#"{"loom": {"a": null}}"#]
        {
            fs::write(&file, damage).unwrap();
            assert_eq!(Times::kept_in(file.clone()).of("loom", "a"), None, "{damage:?}");
            let times = check(&file, &[took("loom", "b", 3.0)]);
            assert_eq!((times.of("loom", "a"), times.of("loom", "b")), (None, Some(3.0)), "{damage:?}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_passed_over_and_left_as_it_is() {
        let (folder, _) = place();
        for place in [folder.path().to_owned(), folder.path().join("no/such/times.json")] {
            assert_eq!(check(&place, &[took("loom", "a", 2.0)]).of("loom", "a"), None);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
