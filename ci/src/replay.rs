//! `cargo ci replay`: one execution again.

use std::num::NonZeroUsize;

use lwp_loom_tests::job::{Job, Mode, Verdict};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::subject::Subject;
use lwp_loom_tests::suite::Scope;

use crate::backend::Engine;
use crate::cli::ReplayArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::pool::Pool;
use crate::select::{self, Wanted};
use crate::worker::Unanswered;

/// The name of the one program that is meant.
fn subject(args: &ReplayArgs) -> Result<String, Error> {
    if Subject::parse(&args.program).is_some() {
        return Ok(args.program.clone());
    }
    let names = [args.program.clone()];
    let wanted = Wanted {
        names: &names,
        system: args.system,
        variant: args.variant,
        cpus: args.cpus.map(NonZeroUsize::get),
        ..Wanted::default()
    };
    let selected = select::families(&wanted, Scope::Full)?;
    selected.status()?;
    let programs: Vec<&String> = selected.families.iter().flat_map(|family| &family.programs).collect();
    match programs[..] {
        [one] => Ok(one.clone()),
        _ => {
            let names: Vec<&str> = programs.iter().map(|program| program.as_str()).collect();
            let which =
                "expected one execution's program; choose by --system, --variant and --cpus, or name one of:";
            Err(Error::Input(format!("{which}\n  {}", names.join("\n  "))))
        }
    }
}

/// Replays the execution and says how it ends.
pub fn replay(args: &ReplayArgs) -> Result<(), Error> {
    let job = Job {
        program: subject(args)?,
        weaken: select::weakenings(&args.weaken, &sites(Scope::Default))?,
        mode: Mode::Replay { schedule: args.schedule.clone() },
        ..Job::default()
    };
    let engine = Engine::Complete;
    let pool = Pool::new(engine.build_worker()?, engine.name(), NonZeroUsize::MIN, Interrupt::default());
    let finding = pool.ask(&job).map_err(|unanswered| match unanswered {
        Unanswered::Refused(why) => Error::Input(format!("the replay string is refused: {why}")),
        Unanswered::Broken(why) => Error::Failed(why),
    })?;
    if matches!(finding.verdict, Verdict::Failed | Verdict::Defect) {
        return Err(Error::Failed(format!("it fails: {}", finding.message.unwrap_or_default())));
    }
    println!("this execution does not fail; it ends with {}", finding.outcomes.join(" | "));
    Ok(())
}
