//! `cargo ci replay`: one execution again.

use std::num::NonZeroUsize;

use lwp_loom_tests::job::{Job, Mode};
use lwp_loom_tests::orderings::sites;
use lwp_loom_tests::suite::Scope;

use crate::backend::Engine;
use crate::cli::ReplayArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::pool::Pool;
use crate::say;
use crate::select;
use crate::worker::Unanswered;

/// Replays the execution and says how it ends.
pub fn replay(args: &ReplayArgs) -> Result<(), Error> {
    let job = Job {
        program: select::subjects(&args.program, &args.which)?.one()?,
        weaken: select::weakenings(&args.weaken, &sites(Scope::Default))?,
        mode: Mode::Replay { schedule: args.schedule.clone() },
        ..Job::default()
    };
    let engine = Engine::Complete;
    let pool = Pool::new(engine.build_worker()?, engine.name(), NonZeroUsize::MIN, Interrupt::install()?);
    let finding = pool.ask(&job).map_err(|unanswered| match unanswered {
        Unanswered::Refused(why) => Error::Input(format!("the replay string is refused: {why}")),
        Unanswered::Broken(why) => Error::Failed(why),
        Unanswered::Interrupted => Error::Interrupted,
    })?;
    if finding.fails() {
        return Err(Error::Failed(format!("it fails: {}", finding.message.unwrap_or_default())));
    }
    say::line(format_args!("this execution does not fail; it ends with {}", finding.outcomes.join(" | ")));
    Ok(())
}
