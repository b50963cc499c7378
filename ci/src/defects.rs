//! `cargo ci defects`: the defects of the sources, and what is generated of their pages.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use lwp_loom_tests::defects::{self, BEGIN, Defect, END, FOLDER};
use lwp_loom_tests::job::Job;
use lwp_loom_tests::litmus::ast::{Program, Symptom};
use lwp_loom_tests::litmus::text::{EXTENSION, parse, print};
use lwp_loom_tests::litmus::{Case, Variant};
use lwp_loom_tests::timeline::layout::{self, Row};
use lwp_loom_tests::timeline::{Timeline, text};

use crate::backend::Engine;
use crate::cli::DefectsArgs;
use crate::error::Error;
use crate::explain;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::pool::Pool;
use crate::say;
use crate::smaller::{self, alone, case_in};

/// What the index is called.
const INDEX: &str = "README.md";

/// Lists the defects, or writes their pages.
pub fn defects(args: &DefectsArgs) -> Result<(), Error> {
    let all = defects::all().map_err(Error::Input)?;
    let Some(folder) = &args.pages else {
        say::text(table(&all));
        return Ok(());
    };
    let into = |why: &dyn std::fmt::Display| format!("cannot write into {}: {why}", folder.display());
    fs::create_dir_all(folder).map_err(|e| Error::Input(into(&e)))?;
    tempfile::tempfile_in(folder).map_err(|e| Error::Input(into(&e)))?;
    let mut pages = vec![(INDEX.to_owned(), format!("\n{}\n", table(&all)))];
    let engine = Engine::Complete;
    let pool = Pool::new(engine.build_worker()?, engine.name(), NonZeroUsize::MIN, Interrupt::default());
    for defect in &all {
        let mut generated = facts(defect);
        if let Some(case) = defect.cases().first() {
            generated += &shown(&smallest(&pool, defect, case, folder)?);
        }
        for test in &defect.tests {
            let text = test.text().map_err(Error::Input)?;
            let command = test.command();
            generated += &format!(
                "## The test\n\nOne LWP does one thing after another.\n\n```rust\n{text}```\n\n```sh\n{command}\n```\n\n"
            );
        }
        pages.push((format!("{}.md", defect.name()), generated));
    }
    for (name, generated) in pages {
        let prose = Path::new(FOLDER).join(&name);
        let page =
            fs::read_to_string(&prose).map_err(|e| Error::Input(format!("{}: {e}", prose.display())))?;
        let page = splice(&page, &generated).ok_or_else(|| {
            Error::Input(format!(
                "{}: expected a line `{}`, and one that ends it",
                prose.display(),
                BEGIN.trim()
            ))
        })?;
        Output::open(&folder.join(name))?.write(&page)?;
    }
    Ok(())
}

/// A page with what is generated of it in its place.
fn splice(page: &str, generated: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some([before, BEGIN, generated, END, after].concat())
}

/// The smallest program that shows a defect, and how it fails.
struct Smallest {
    /// The program of the collection that it was cut from.
    whole: String,
    case: Case,
    /// Its file, as it is given to a command.
    file: String,
    text: String,
    timeline: Timeline,
}

/// Cuts a case that shows a defect to what it takes, and keeps that in `folder`.
fn smallest(pool: &Pool, defect: &Defect, case: &Case, folder: &Path) -> Result<Smallest, Error> {
    let fails = |program: String| {
        let job = Job { program, ..Job::default() };
        let finding = pool.ask(&job).map_err(|unanswered| Error::Failed(unanswered.why()))?;
        let message = || format!("{} does not show {}: {:?}", job.program, defect.name(), finding.message);
        if finding.fails() { Ok((job, finding)) } else { Err(Error::Failed(message())) }
    };
    let (_, found) = fails(case.name())?;
    let text = smaller::smallest(pool, case, &found)?.unwrap_or_else(|| print(&alone(case)));
    let wrong = |why: &dyn std::fmt::Debug| Error::Failed(format!("the smallest program is none: {why:?}"));
    let program = parse(defect.name(), &text).map_err(|why| wrong(&why))?;
    let text = print(&Program { about: format!("{}.", defect.title), ..program });
    let path = folder.join(defect.name()).with_extension(EXTENSION);
    Output::open(&path)?.write(&text)?;
    let (job, found) = fails(case_in(&path, case, case.variant))?;
    let timeline = explain::timeline(pool, &job, &found);
    let timeline = *timeline.ok_or_else(|| Error::Failed(format!("{} has no timeline", job.program)))?;
    let (whole, file) = (case.litmus.name.clone(), path.display().to_string());
    Ok(Smallest { whole, case: case.clone(), file, text, timeline })
}

/// The index.
fn table(all: &[Defect]) -> String {
    let mut table = "| defect | what is wrong | revisions | shown by |\n|---|---|---|---|\n".to_owned();
    for defect in all {
        let name = defect.name();
        table += &format!(
            "| [`{name}`]({name}.md) | {} | {} | {} |\n",
            defect.title,
            revisions(defect),
            evidence(defect, 1)
        );
    }
    table
}

fn revisions(defect: &Defect) -> String {
    let names: Vec<&str> = defect.revisions().into_iter().map(|revision| revision.name()).collect();
    names.join(", ")
}

/// Who shows a defect, and how: `named` programs, and how many more.
fn evidence(defect: &Defect, named: usize) -> String {
    let how = |symptom: &Symptom| match symptom {
        Symptom::Hang => "hang".to_owned(),
        Symptom::Race => "data race".to_owned(),
        Symptom::UseAfterFree => "use after free".to_owned(),
        Symptom::Outcome => "an outcome that is not allowed".to_owned(),
        Symptom::Words(words) => format!("\"{words}\""),
    };
    let programs = defect.programs.iter().take(named).map(|evidence| {
        let shows: Vec<String> = evidence.shown.shows.iter().map(how).collect();
        format!("`{}` ({})", evidence.program.name, shows.join(" or "))
    });
    let tests = defect.tests.iter().map(|test| format!("the test `{}`", test.name));
    let mut all: Vec<String> = programs.chain(tests).collect();
    match defect.programs.len().saturating_sub(named) {
        0 => {}
        1 => all.push("one more program".into()),
        more => all.push(format!("{more} more programs")),
    }
    all.join(", ")
}

fn facts(defect: &Defect) -> String {
    format!(
        "\n| kernel | revisions of `kern_lwp.c` | repair | shown by |\n|---|---|---|---|\n| {} | {} | \
         [`{}`](../../lwp-core/src/netbsd/repair.rs) | {} |\n\n",
        defect.kernel(),
        revisions(defect),
        defect.name(),
        evidence(defect, usize::MAX)
    )
}

fn shown(smallest: &Smallest) -> String {
    let Smallest { whole, case, file, text, timeline } = smallest;
    let variant = case.variant.name();
    let with = match case.variant {
        Variant::Without(_) => "with every repair but this one",
        _ => "as it is written",
    };
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    format!(
        "## The program\n\n[`{name}`]({name}) is what is left of `{whole}` when everything is cut that the failure does not \
         take. It runs {} {with}.\n\n```litmus\n{text}```\n\n## How it fails\n\nOf all executions that fail so, one with as \
         few preemptions as a search finds. Our files are named without the line, which `cargo ci explain` \
         gives.\n\n```text\n{}```\n\n## Again\n\n```sh\ncargo ci explain {file} --variant {variant}   # this \
         timeline\ncargo ci check {whole}   # as written, repaired, and without one repair\n```\n\n",
        case.revision.name(),
        drawn(timeline),
    )
}

/// A timeline that changes only when what happens does: where our lines are changes with every edit.
fn drawn(timeline: &Timeline) -> String {
    let mut layout = layout::lay_out(timeline);
    for row in &mut layout.rows {
        if let Row::Step(step) = row {
            step.place.truncate(step.place.find(':').unwrap_or(step.place.len()));
        }
    }
    let drawn = text::draw(timeline, &layout, text::WIDTH);
    anstream::adapter::strip_str(&drawn).to_string()
}
