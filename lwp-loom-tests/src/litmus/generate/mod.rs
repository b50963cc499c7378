//! Generated programs: all that LWPs can do to one another in so many operations, up to symmetry.
//!
//! A [`Suite`] is named by its LWPs and by how many operations each may do: in `2x3` each of two LWPs does up to three.
//! Its programs are those, and only those, for which all of this holds.
//!
//! * **Words.** A suite has [`themes`](Theme), listed on the page `docs/suites.md` with their sizes: one list for two LWPs,
//!   one for 3x1, and one for 4x1 and 3x2. All operations of a program are from the words of one theme. With a
//!   word for an operation on others go the operations on each of them. At least one operation is one of the theme's own
//!   words, or one LWP starts in one of its own states: what has neither belongs to another theme.
//! * **Length.** Each LWP does between none and as many operations as the suite says, and one does one. Nothing comes
//!   after `exit-process` and `dump`. All other LWPs end by `userret`, which is not counted: a system call ends by a trip
//!   through `lwp_userret`. Where that concerns somebody `exit` follows, not counted either: where another LWP waits for
//!   it or for any, detaches it, refers to it or ends the process, or where it creates another, which shares its CPU in 1.62,
//!   or starts detached or unborn.
//! * **Starting states.** The first LWP is running and each other starts in one of the theme's states, or is running.
//!   At most one starts otherwise than running, and in 3x1 at most two. Asleep, an LWP first ends its sleep, and stopped,
//!   its trip through `lwp_userret`; neither is counted.
//! * **Newcomers.** Only an unborn LWP is created, only an idle one is started or given up, and each once in a program.
//!   Who is given up does nothing. At most one is unborn, because LWPs are numbered as they are created.
//! * **No bystanders.** An LWP that does nothing is named by an operation of another, or another does what concerns all:
//!   a wait for any, an end of the process, a stop, a signal for the process, or what others sleep for.
//! * **Everybody may get going.** Whatever an LWP starts in or falls asleep in, something that another can reach may end
//!   it: `continue` for the suspended, `start` or `abandon` for the idle, `create` for the unborn, SIGCONT or `suspend` for
//!   the stopped; `happen` for whoever sleeps, and where it sleeps interruptibly `wakeup`, `suspend`, or a signal;
//!   `unpark` for the parked; and for all but the idle, the unborn and uninterruptible sleep, an end of the process. Order
//!   between LWPs is ignored, so this leaves programs some or all executions of which end with somebody waiting for ever.
//! * **Symmetry.** Of programs that differ only by which LWP has which number the least is there.
//!
//! Programs with fewer operations in all come before others, so the first that fails is a smallest. Among those the order
//! is that of the themes, the starting states and the operations. A program's name is its place and six digits that all
//! its steps determine, so that a name from before the suites changed is refused, and stands for no other program.
//!
//! Every LWP has a CPU of its own, unless there are more than two and more than one of them exits: then all share one CPU,
//! on which they come to run in the order of their numbers, and all exit.

mod book;
mod catalogue;
mod program;
mod sense;
mod symmetry;
mod theme;
mod word;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use super::ast::Program;
use catalogue::Catalogue;
pub use theme::Theme;
pub use word::Word;

/// All programs with a number of LWPs and of operations of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suite {
    /// How many LWPs a program has.
    pub lwps: usize,
    /// How many operations an LWP does at most.
    pub operations: usize,
}

impl Suite {
    /// Every suite.
    pub const ALL: [Suite; 5] = [
        Suite { lwps: 2, operations: 2 },
        Suite { lwps: 3, operations: 1 },
        Suite { lwps: 4, operations: 1 },
        Suite { lwps: 2, operations: 3 },
        Suite { lwps: 3, operations: 2 },
    ];

    /// The suite's name, such as `2x3`.
    pub fn name(self) -> String {
        format!("{}x{}", self.lwps, self.operations)
    }

    /// The suite with this name.
    pub fn parse(name: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// What its programs are made of.
    pub fn themes(self) -> &'static [Theme] {
        match (self.lwps, self.operations) {
            (2, _) => theme::TWO,
            (3, 1) => theme::THREE,
            _ => theme::MANY,
        }
    }

    /// How many LWPs of a program start otherwise than running, at most.
    fn otherwise(self) -> usize {
        if (self.lwps, self.operations) == (3, 1) { 2 } else { 1 }
    }

    /// How many programs it has.
    #[expect(clippy::len_without_is_empty, reason = "no suite is empty")]
    pub fn len(self) -> usize {
        self.catalogue().len()
    }

    /// How many programs each theme has.
    pub fn sizes(self) -> Vec<(&'static Theme, usize)> {
        self.themes().iter().zip(self.catalogue().sizes()).collect()
    }

    /// Its programs, in order.
    pub fn programs(self) -> impl Iterator<Item = Program> {
        (0..self.len()).map(move |n| self.program(n))
    }

    /// Its programs that are `wanted`, in order, under the names that they have among all.
    pub fn programs_that(self, wanted: impl Fn(&Program) -> bool) -> impl Iterator<Item = Program> {
        self.programs().filter(move |program| wanted(program))
    }

    /// The program at this place, from 0.
    ///
    /// # Panics
    /// Where there are fewer.
    pub fn program(self, n: usize) -> Program {
        let (theme, shape) = self.catalogue().get(n);
        program::program(self, n, &self.themes()[theme], &shape)
    }

    /// The program of any suite with this name; the digits after the place may be left out.
    pub fn find(name: &str) -> Option<Program> {
        let (suite, place) = name.split_once('/')?;
        let suite = Suite::parse(suite)?;
        let n = place.split('-').next()?.parse().ok().filter(|n| *n < suite.len())?;
        let program = suite.program(n);
        let place_alone = program.name.split('-').next() == Some(name);
        (program.name == name || place_alone).then_some(program)
    }

    fn catalogue(self) -> &'static Catalogue {
        static CATALOGUES: [OnceLock<Catalogue>; Suite::ALL.len()] = [const { OnceLock::new() }; _];
        let n = Suite::ALL.iter().position(|suite| *suite == self).expect("a suite is one of all");
        CATALOGUES[n].get_or_init(|| {
            Catalogue::new(self.themes(), self.lwps, self.operations, self.otherwise(), sense::makes_sense)
        })
    }
}
