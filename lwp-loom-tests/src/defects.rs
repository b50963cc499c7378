//! The defects of the sources: what is written of each, on its page in `docs/defects`, and the cases that show it.
//!
//! The pages hold the prose, and nothing else does; programs are found by what they say themselves, and the tests are
//! listed here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lwp_core::netbsd::{Repair, Revision};

use crate::litmus::ast::{Defect as Shown, Program};
use crate::litmus::collection::collection;
use crate::litmus::{Case, Variant};

/// Where the pages are: in the checkout that this was built from.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/defects");

/// The part of a page that is written by code stands between these two lines; the prose is what stands before.
pub const BEGIN: &str = "<!-- written by `cargo ci defects`: begin -->\n";
/// Where that part ends.
pub const END: &str = "<!-- written by `cargo ci defects`: end -->\n";

/// What each page's prose says after its summary, in this order.
pub const HEADINGS: [&str; 5] =
    ["In the source", "What is promised", "What a user of the kernel sees", "The repair", "Later revisions"];

/// A defect of the sources.
#[derive(Clone, Debug)]
pub struct Defect {
    /// What mends it: its name is the defect's.
    pub repair: Repair,
    /// What is wrong, in half a sentence.
    pub title: String,
    /// What is wrong, in a paragraph.
    pub summary: String,
    /// The rest of the prose, under [`HEADINGS`]: the first has the kernel's lines.
    pub sections: Vec<Section>,
    /// The programs of the collection that show it, smallest first.
    pub programs: Vec<Evidence>,
    /// The tests that show it where no program has to: it takes no second LWP.
    pub tests: Vec<Test>,
}

/// A piece of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about: one of [`HEADINGS`].
    pub heading: &'static str,
    /// The text, in Markdown.
    pub text: String,
}

/// A program that shows a defect.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The program.
    pub program: Arc<Program>,
    /// What it says of the defect.
    pub shown: Shown,
}

/// A test that shows a defect, of one LWP that does one thing after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    /// What it shows.
    pub repair: Repair,
    /// Which of the two revisions has it.
    pub revision: Revision,
    /// The file among the tests of `lwp-core`, without its ending.
    pub file: &'static str,
    /// The test.
    pub name: &'static str,
}

/// The tests that show defects.
const TESTS: [Test; 3] = [
    Test {
        repair: Repair::Representative,
        revision: Revision::R1_62,
        file: "netbsd_protocol",
        name: "a_lone_lwp_that_is_suspended_runs_only_in_1_62_as_written",
    },
    Test {
        repair: Repair::StalePage,
        revision: Revision::R1_69_2_6,
        file: "netbsd_data",
        name: "after_an_exec_an_lwp_gets_a_block_only_where_its_page_is_forgotten",
    },
    Test {
        repair: Repair::UnwiredPage,
        revision: Revision::R1_69_2_6,
        file: "netbsd_data",
        name: "a_page_that_cannot_be_wired_stays_mapped_without_a_reference_only_as_written",
    },
];

/// How many there are.
pub const COUNT: usize = Repair::ALL.len();

/// All of them, in the order of [`Repair::ALL`].
///
/// # Errors
/// Which page cannot be read, or has not what a page must have.
pub fn all() -> Result<Vec<Defect>, String> {
    Repair::ALL.into_iter().map(Defect::of).collect()
}

impl Defect {
    /// The defect that a repair mends.
    ///
    /// # Errors
    /// What is wrong with its page.
    pub fn of(repair: Repair) -> Result<Defect, String> {
        let path = page(repair);
        let says = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| says(&error))?;
        let (title, summary, sections) = prose(&text).map_err(|error| says(&error))?;
        let shows = |program: &Arc<Program>| {
            let shown = program.defects.iter().filter(|shown| shown.repair == repair);
            shown.map(|shown| Evidence { program: program.clone(), shown: shown.clone() }).collect::<Vec<_>>()
        };
        let mut programs: Vec<Evidence> = collection().programs.iter().flat_map(shows).collect();
        programs.sort_by_key(|Evidence { program, .. }| (program.lines.len(), program.steps()));
        let tests = TESTS.into_iter().filter(|test| test.repair == repair).collect();
        Ok(Defect { repair, title, summary, sections, programs, tests })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.repair.name()
    }

    /// The kernel that has it.
    pub fn kernel(&self) -> &'static str {
        "NetBSD"
    }

    /// The revisions of `kern_lwp.c` that have it, as programs and tests say.
    pub fn revisions(&self) -> Vec<Revision> {
        let in_programs = self.programs.iter().flat_map(|evidence| &evidence.shown.revisions);
        let has: Vec<Revision> =
            in_programs.copied().chain(self.tests.iter().map(|test| test.revision)).collect();
        Revision::ALL.into_iter().filter(|revision| has.contains(revision)).collect()
    }

    /// The kernel's functions and lines, in Markdown.
    pub fn lines(&self) -> &str {
        self.sections.first().map_or("", |section| &section.text)
    }

    /// The cases that fail by it, smallest first: with every other repair, or as written where it takes several defects.
    pub fn cases(&self) -> Vec<Case> {
        self.programs.iter().flat_map(|evidence| evidence.cases()).collect()
    }
}

impl Evidence {
    fn cases(&self) -> Vec<Case> {
        let Evidence { program, shown } = self;
        let variant = if shown.alone { Variant::Without(shown.repair) } else { Variant::AsWritten };
        let of_revision = |revision: &Revision| {
            let cpus = program.cpus.iter().filter(|cpus| **cpus >= shown.cpus);
            cpus.map(|cpus| Case::new(program.clone(), *revision, variant, *cpus)).collect::<Vec<_>>()
        };
        shown.revisions.iter().flat_map(of_revision).collect()
    }
}

impl Test {
    /// Its text, with whatever stands right above it.
    ///
    /// # Errors
    /// Where there is no such test.
    pub fn text(&self) -> Result<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lwp-core/tests").join(self.file);
        let path = path.with_extension("rs");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let block = text.split("\n\n").map(|block| block.trim_start_matches('\n'));
        let function = format!("fn {}(", self.name);
        let begin = block.clone().position(|block| block.contains(&function));
        let begin = begin.ok_or_else(|| format!("{}: there is no {}", path.display(), self.name))?;
        let mut whole = String::new();
        for block in block.skip(begin) {
            whole += block;
            whole.push('\n');
            if block.ends_with("\n}") || block.ends_with("\n}\n") {
                break;
            }
            whole.push('\n');
        }
        Ok(whole)
    }

    /// What runs it.
    pub fn command(&self) -> String {
        format!("cargo test -p lwp-core --test {} {}", self.file, self.name)
    }
}

/// The page of the defect that a repair mends.
pub fn page(repair: Repair) -> PathBuf {
    Path::new(FOLDER).join(repair.name()).with_extension("md")
}

/// A page's title, its summary, and its sections.
fn prose(page: &str) -> Result<(String, String, Vec<Section>), String> {
    let (prose, _) = page.split_once(BEGIN).ok_or_else(|| format!("expected the line `{}`", BEGIN.trim()))?;
    let mut parts = prose.split("\n## ");
    let head = parts.next().and_then(|head| head.strip_prefix("# ")).and_then(|head| head.split_once("\n\n"));
    let (title, summary) =
        head.ok_or("expected a title and a summary: `# TITLE`, an empty line, a paragraph")?;
    let section = |part: &str| {
        let (heading, text) = part.split_once("\n\n")?;
        let heading = HEADINGS.into_iter().find(|known| *known == heading)?;
        let text = text.trim();
        (!text.is_empty()).then(|| Section { heading, text: text.into() })
    };
    let sections: Option<Vec<Section>> = parts.map(section).collect();
    let all = |sections: &Vec<Section>| sections.iter().map(|section| section.heading).eq(HEADINGS);
    let sections =
        sections.filter(all).ok_or_else(|| format!("expected the sections {}", HEADINGS.join(", ")))?;
    Ok((title.trim().into(), summary.trim().into(), sections))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A defect without prose, or one that nobody shows, is a claim.
    #[test]
    fn every_defect_is_explained_and_shown() {
        for defect in all().unwrap() {
            let name = defect.name();
            assert!(!defect.revisions().is_empty(), "nobody shows {name}");
            let is_line = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            let has_lines = defect.lines().split('L').skip(1).any(is_line);
            assert!(!defect.summary.is_empty() && has_lines, "{name}");
            assert!(defect.cases().iter().all(|case| !case.must_show().is_empty()), "{name}");
            for test in &defect.tests {
                let text = test.text().unwrap();
                assert!(text.contains("#[test]") && text.ends_with("}\n"), "{text}");
            }
        }
    }

    #[test]
    fn a_page_without_a_section_is_told_what_it_lacks() {
        let sections: Vec<String> =
            HEADINGS.iter().map(|heading| format!("\n## {heading}\n\ntext\n")).collect();
        let page = |sections: &str| format!("# title\n\nsummary\n{sections}{BEGIN}{END}");
        let (title, summary, all) = prose(&page(&sections.concat())).unwrap();
        assert_eq!((title.as_str(), summary.as_str(), all.len()), ("title", "summary", HEADINGS.len()));
        let wrong = prose(&page(&sections[1..].concat())).unwrap_err();
        assert!(wrong.contains("In the source"), "{wrong}");
        assert!(prose("# title\n").unwrap_err().contains("written by"));
    }
}
