//! `cargo ci faults`: makes one mistake at a time, and looks for the first program that notices.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use lwp_loom_tests::faults::{Catch, FaultReport, FaultRow, Mistake, Programs, Standing, notices};
use lwp_loom_tests::job::{Finding, Job, Verdict};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::suite::Scope;

use crate::backend::Engine;
use crate::cli::FaultsArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Output, Outputs};
use crate::pool::{self, Pool, Stopped};
use crate::progress::Progress;
use crate::revision;
use crate::say;
use crate::select;

/// Runs the command. Whatever is wrong with the request is found before anything runs.
pub fn faults(args: &FaultsArgs) -> Result<(), Error> {
    let mistakes = named(&args.names, Mistake::all(&sites(Scope::Default)))?;
    let programs = Programs::that_hold();
    let json = Outputs::apart_from(&args.worker).claim("--json", args.json.as_deref())?;
    let mut workers = Vec::new();
    // The complete search is the faster one, and needs no bound.
    let engines = args.engine.map_or_else(|| vec![Engine::Complete, Engine::Loom], |engine| vec![engine]);
    for engine in engines {
        workers.push((engine, args.worker.clone().map_or_else(|| engine.build_worker(), Ok)?));
    }

    // From here on and not before: Ctrl-C ends a build the ordinary way.
    let interrupt = Interrupt::install()?;
    let size = pool::size(args.jobs);
    let pools: Vec<Pool> = workers
        .into_iter()
        .map(|(engine, worker)| Pool::new(worker, engine.name(), size, interrupt.clone()))
        .collect();
    let started = Instant::now();
    let mut report = FaultReport { commit: revision::commit(), jobs: size.get(), ..FaultReport::default() };
    let mut progress = Progress::new("faults", mistakes.len());
    let (mut stopped, mut sound) = (None, Sound::default());
    for mistake in &mistakes {
        match search(&pools, mistake, &programs, &mut sound, |finding| progress.explored(finding)) {
            Ok(row) => {
                progress.line(&line(&row));
                report.rows.push(row);
            }
            Err(why) => {
                stopped = Some(why);
                break;
            }
        }
        progress.step();
    }
    drop(progress);
    report.seconds = started.elapsed().as_secs_f64();
    report.incomplete = stopped.is_some();
    report.sound_seconds = sound.seconds;
    say::text(summary(&report));
    let json = if report.incomplete { json.and_then(Output::of_what_was_stopped) } else { json };
    if let Some(json) = json {
        json.write_json(&report)?;
    }
    match stopped {
        Some(Unsound::Stopped(Stopped::Interrupted)) => Err(Error::Interrupted),
        Some(Unsound::Stopped(Stopped::NoWorker(why)) | Unsound::Program(why)) => Err(Error::Failed(why)),
        None if report.is_green() => Ok(()),
        None => Err(Error::Failed("a mistake goes unnoticed, or is no equivalent".into())),
    }
}

/// Why the search cannot go on.
#[derive(Debug)]
enum Unsound {
    /// The pool stopped.
    Stopped(Stopped),
    /// A program that notices a mistake notices none just as well; says which.
    Program(String),
}

impl From<Stopped> for Unsound {
    fn from(stopped: Stopped) -> Unsound {
        Unsound::Stopped(stopped)
    }
}

/// The mistakes that are asked for, by their names or by those of their functions; without any, all.
fn named(names: &[String], all: Vec<Mistake>) -> Result<Vec<Mistake>, Error> {
    let of_function = |mistake: &str, name: &str| {
        mistake == name || mistake.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '=']))
    };
    if let Some(name) = names.iter().find(|name| !all.iter().any(|m| of_function(&m.name(), name))) {
        let known: Vec<String> = all.iter().map(Mistake::name).collect();
        let functions = known.iter().map(|name| name.split(['.', '=']).next().unwrap_or(name));
        let near = select::near(name, known.iter().map(String::as_str).chain(functions));
        return Err(Error::Input(format!(
            "there is no fault `{name}`: {near}expected a mistake of docs/faults.md, as `{}`, or a function's name before the dot",
            known[0]
        )));
    }
    let wanted =
        |mistake: &Mistake| names.is_empty() || names.iter().any(|name| of_function(&mistake.name(), name));
    Ok(all.into_iter().filter(wanted).collect())
}

/// Tries the programs under one engine after the other until one fails.
fn search(
    pools: &[Pool],
    mistake: &Mistake,
    programs: &Programs,
    sound: &mut Sound,
    mut on_done: impl FnMut(&Finding),
) -> Result<FaultRow, Unsound> {
    let (started, sound_before) = (Instant::now(), sound.seconds);
    let mut row = FaultRow {
        name: mistake.name(),
        what: mistake.what(),
        caught: None,
        equivalent: mistake.equivalent().map(String::from),
        programs: 0,
        passed_over: 0,
        cut_short: 0,
        seconds: 0.0,
    };
    for pool in pools {
        let mut candidates = mistake.programs(pool.engine(), programs);
        if let Some(place) = mistake.place() {
            let all = candidates.len();
            candidates = sound.that_pass(pool, &place, &candidates, &mut on_done)?;
            row.passed_over += all - candidates.len();
        }
        let jobs = candidates.iter().map(|program| mistake.job(program));
        let failed = pool.first(jobs, notices, |_, finding| {
            on_done(finding);
            row.programs += 1;
            row.cut_short += usize::from(finding.verdict == Verdict::Bounded);
        })?;
        if let Some((_, finding)) = failed {
            is_of_the_program(&finding)?;
            sound.explore(pool, std::slice::from_ref(&finding.program), &mut on_done)?;
            row.caught = Some(Catch::by(finding));
            break;
        }
    }
    // What is found out about programs is there for all mistakes.
    row.seconds = started.elapsed().as_secs_f64() - (sound.seconds - sound_before);
    Ok(row)
}

/// Makes sure that what failed is the program, and not the engine's hold on it. A thread that does not come back is the
/// program's: it goes round without a visible operation.
fn is_of_the_program(finding: &Finding) -> Result<(), Unsound> {
    match &finding.message {
        Some(how) if how.starts_with("nondeterministic: after the same") => {
            Err(Unsound::Program(format!("{} got out of the engine's hand: {how}", finding.program)))
        }
        _ => Ok(()),
    }
}

/// What programs do without a mistake: each is explored once, for all mistakes.
#[derive(Default)]
struct Sound {
    known: BTreeMap<(&'static str, String), Ran>,
    /// Wall-clock seconds that went into that.
    seconds: f64,
}

/// A program that holds.
struct Ran {
    complete: bool,
    executions: u64,
    /// The faults at whose places it has been.
    passed: BTreeSet<String>,
}

impl Sound {
    /// Makes sure that programs hold without a mistake: one that fails anyway would catch all of them.
    fn explore(
        &mut self,
        pool: &Pool,
        programs: &[String],
        on_done: &mut impl FnMut(&Finding),
    ) -> Result<(), Unsound> {
        let started = Instant::now();
        let unknown = |program: &&String| !self.known.contains_key(&(pool.engine(), (*program).clone()));
        let unknown: Vec<&String> = programs.iter().filter(unknown).collect();
        let alone = |program: &&String| Job { program: (*program).clone(), places: true, ..Job::default() };
        let mut ran = Vec::new();
        let failed = pool.first(unknown.iter().map(alone), notices, |_, finding| {
            on_done(finding);
            ran.push((finding.program.clone(), Ran::of(finding)));
        })?;
        if let Some((_, Finding { program, message, .. })) = failed {
            let how = message.unwrap_or_default();
            return Err(Unsound::Program(format!("{program} fails without any mistake: {how}")));
        }
        self.known.extend(ran.into_iter().map(|(program, ran)| ((pool.engine(), program), ran)));
        self.seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Those of the programs that come by a fault's place in some execution, the cheapest first. Any other runs the same
    /// with the fault as without it.
    fn that_pass(
        &mut self,
        pool: &Pool,
        fault: &str,
        programs: &[String],
        on_done: &mut impl FnMut(&Finding),
    ) -> Result<Vec<String>, Unsound> {
        self.explore(pool, programs, on_done)?;
        let ran = |program: &String| &self.known[&(pool.engine(), program.clone())];
        if let Some(part) = programs.iter().find(|program| !ran(program).complete) {
            return Err(Unsound::Program(format!("{part} was not explored to its end without any mistake")));
        }
        let mut passing: Vec<&String> = programs.iter().filter(|p| ran(p).passed.contains(fault)).collect();
        passing.sort_by_key(|program| ran(program).executions);
        Ok(passing.into_iter().cloned().collect())
    }
}

impl Ran {
    fn of(finding: &Finding) -> Ran {
        Ran {
            complete: finding.verdict == Verdict::Complete,
            executions: finding.executions,
            passed: finding.passed.iter().cloned().collect(),
        }
    }
}

fn line(row: &FaultRow) -> String {
    let seconds = row.seconds;
    match (&row.caught, &row.equivalent) {
        (Some(Catch { program, engine, how, executions }), equivalent) => {
            let wrong = if equivalent.is_some() { "NOT EQUIVALENT, " } else { "" };
            format!(
                "{}: {wrong}{program} ({engine}), {executions} executions, {seconds:.1} s: {how}",
                row.name
            )
        }
        (None, Some(why)) => format!("{}: equivalent, {}, {seconds:.1} s: {why}", row.name, row.explored()),
        (None, None) => format!("{}: SURVIVES {}, {seconds:.1} s", row.name, row.explored()),
    }
}

/// What is left at the end: the survivors, and the score.
fn summary(report: &FaultReport) -> String {
    let mut text = String::new();
    for row in &report.rows {
        match row.standing() {
            Standing::Survives => {
                text += &format!("survives: {}: {} ({})\n", row.name, row.what, row.explored())
            }
            Standing::WronglyEquivalent => text += &format!("no equivalent: {}: {}\n", row.name, row.what),
            Standing::Caught | Standing::Equivalent => {}
        }
    }
    let incomplete = if report.incomplete { "incomplete: " } else { "" };
    text + &format!(
        "{incomplete}{}; {:.0} s, of which {:.0} s without a mistake, {} programs at a time\n",
        report.score(),
        report.seconds,
        report.sound_seconds,
        report.jobs
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::tests::fake_pool;

    // A program that comes by a place and is left out could be the only one that notices.
    #[test]
    fn only_programs_that_come_by_a_place_are_tried_and_the_cheapest_first() {
        let pool = fake_pool(2);
        let that_pass = |programs: &[&str]| {
            let programs: Vec<String> = programs.iter().map(ToString::to_string).collect();
            Sound::default().that_pass(&pool, "a.b", &programs, &mut |_| {})
        };
        let (dear, cheap) = ("passes=a.b executions=9 complete", "passes=c.d passes=a.b complete");
        assert_eq!(that_pass(&[dear, "passes=c.d complete", "complete", cheap]).unwrap(), [cheap, dear]);
        // What was not explored to its end may come by the place later.
        assert!(matches!(that_pass(&["passes=c.d bounded"]), Err(Unsound::Program(_))));
        assert!(matches!(that_pass(&["failed"]), Err(Unsound::Program(_))));
    }

    #[test]
    fn a_function_stands_for_all_its_faults_and_an_unknown_name_is_bad_input() {
        let all = || Mistake::all(&sites(Scope::Default));
        let names = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|name| (*name).into()).collect();
            named(&asked, all()).map(|found| found.iter().map(Mistake::name).collect::<Vec<_>>())
        };
        let refs = names(&["lwp_delref"]).unwrap();
        assert!(refs.len() > 1 && refs.iter().all(|name| name.starts_with("lwp_delref.")), "{refs:?}");
        assert_eq!(names(&["lwp_lock.relook=relaxed"]).unwrap(), ["lwp_lock.relook=relaxed"]);
        assert_eq!(names(&[]).unwrap().len(), all().len());
        assert!(matches!(names(&["lwp_del"]), Err(Error::Input(_))));
    }
}
