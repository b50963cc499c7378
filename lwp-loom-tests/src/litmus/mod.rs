//! Litmus programs over NetBSD's protocol: LWPs, what each does, and what must come of it.
//!
//! A subject is a program under one revision, one variant and a number of CPUs, and its name is all that is stored:
//!
//! ```text
//! lwp/1.69.2.6/as-written/2-cpus/lost-continue
//! ```
//!
//! Variants are `as-written`, `repaired`, and `without-REPAIR`, which has every repair but one. A program that shows a
//! defect must fail where the defect is, in the way that it says, and hold everywhere else.

pub mod ast;
mod data;
pub mod generate;
mod op;
mod pairs;
mod table;
pub mod verb;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lwp_core::netbsd::proc::ProcState;
use lwp_core::netbsd::{Boot, Doing, Errno, KernelLwp, Lid, Repair, Repairs, Revision, System};
use lwp_core::site::Site;
use lwp_core::sync;

use crate::program::Outcome;
use crate::reach::Loom;
use op::{Op, Start, Threads};
pub use table::{Defect, Group, Litmus, all};

/// What of the sources' mistakes a subject runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// All of them.
    AsWritten,
    /// None.
    Repaired,
    /// One.
    Without(Repair),
}

impl Variant {
    /// Every variant.
    pub fn all() -> impl Iterator<Item = Variant> {
        [Variant::AsWritten, Variant::Repaired].into_iter().chain(Repair::ALL.map(Variant::Without))
    }

    /// The variant's name.
    pub fn name(self) -> String {
        match self {
            Variant::AsWritten => "as-written".into(),
            Variant::Repaired => "repaired".into(),
            Variant::Without(repair) => format!("without-{}", repair.name()),
        }
    }

    fn repairs(self) -> Repairs {
        match self {
            Variant::AsWritten => Repairs::AS_WRITTEN,
            Variant::Repaired => Repairs::ALL,
            Variant::Without(repair) => Repairs::ALL.without(repair),
        }
    }
}

/// A litmus program under one revision, variant and number of CPUs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub litmus: &'static Litmus,
    /// The revision.
    pub revision: Revision,
    /// The variant.
    pub variant: Variant,
    /// The CPUs.
    pub cpus: usize,
}

impl Case {
    /// Every case: each program as written and repaired, and for each defect the repairs without its own.
    pub fn all() -> Vec<Case> {
        let mut cases = Vec::new();
        for litmus in all() {
            for &revision in litmus.revisions {
                for &cpus in litmus.cpus {
                    let cases_of = |variant| Case { litmus, revision, variant, cpus };
                    cases.extend([Variant::AsWritten, Variant::Repaired].map(cases_of));
                    let shown = |d: &&Defect| d.revisions.contains(&revision) && d.cpus <= cpus && d.alone;
                    let defects = litmus.defects.iter().filter(shown);
                    cases.extend(defects.map(|d| cases_of(Variant::Without(d.repair))));
                }
            }
        }
        cases
    }

    /// The case with this name.
    pub fn parse(name: &str) -> Option<Case> {
        let mut fields = name.strip_prefix("lwp/")?.splitn(4, '/');
        let (revision, variant) = (fields.next()?, fields.next()?);
        let cpus: usize = fields.next()?.strip_suffix("-cpus")?.parse().ok()?;
        let litmus = fields.next()?;
        let litmus = all().find(|l| l.name == litmus)?;
        Some(Case {
            litmus,
            revision: litmus.revisions.iter().copied().find(|r| r.name() == revision)?,
            variant: Variant::all().find(|v| v.name() == variant)?,
            cpus: (cpus > 0).then_some(cpus)?,
        })
    }

    /// The case's name.
    pub fn name(&self) -> String {
        let Case { litmus, revision, variant, cpus } = self;
        format!("lwp/{}/{}/{cpus}-cpus/{}", revision.name(), variant.name(), litmus.name)
    }

    /// How many LWPs, and so threads, it has.
    pub fn lwps(&self) -> usize {
        self.litmus.lwps.len()
    }

    /// The ways in which the case must fail; empty where it must hold.
    pub fn must_show(&self) -> Vec<&'static str> {
        let here = self.litmus.defects.iter().filter(|defect| {
            let in_variant = match self.variant {
                Variant::AsWritten => true,
                Variant::Repaired => false,
                Variant::Without(repair) => repair == defect.repair && defect.alone,
            };
            in_variant && defect.revisions.contains(&self.revision) && defect.cpus <= self.cpus
        });
        here.flat_map(|defect| defect.shows).copied().collect()
    }

    /// Whether loom can tell from the case how strongly `site` must be ordered: it is to hold, and uses what only the
    /// protocol does.
    pub fn decides(&self, site: Site) -> bool {
        let holds = self.litmus.loom == Loom::Complete && self.variant == Variant::Repaired;
        let of_all = matches!(site, Site::CiCurlwpLook | Site::CiCurlwpStore);
        holds && (of_all || self.litmus.uses_data_site(site))
    }

    /// Runs the case once and gives what each LWP saw.
    ///
    /// # Panics
    /// Where an operation has a result that it may not have, or the machine finds itself in a state that it must not
    /// be in.
    pub fn run(&self) -> Outcome {
        let lines: Vec<_> = self.litmus.lwps.iter().map(|line| op::parse(line)).collect();
        let born = lines.iter().map_while(|(start, _)| match start {
            Start::Boot(boot) => Some(*boot),
            Start::Unborn { .. } | Start::Outside => None,
        });
        let boot = Boot {
            revision: self.revision,
            repairs: self.variant.repairs(),
            cpus: self.cpus,
            maxlwp: usize::MAX,
            lwps: born.collect(),
        };
        let sys = System::boot(&boot);
        let sys = if self.litmus.has_creds() { sys.with_creds(0) } else { sys };
        let machine = Arc::new(Machine { sys, lines, created: Mutex::default() });
        let others = machine.lines.iter().enumerate().skip(1).filter_map(|(n, (start, _))| {
            let machine = machine.clone();
            match start {
                Start::Boot(boot) if boot.doing == Doing::Idle => None,
                Start::Unborn { .. } => None,
                Start::Boot(_) => Some(sync::spawn(move || machine.thread(machine.sys.lwp(n + 1)))),
                Start::Outside => Some(sync::spawn(move || machine.actor(n))),
            }
        });
        let others: Vec<_> = others.collect();
        let mut all = vec![machine.thread(machine.sys.lwp(1))];
        all.extend(others.into_iter().map(|t| t.join().expect("an LWP of the program panicked")));
        // Only an LWP creates others, so there are no more to come.
        loop {
            let next = machine.created().pop();
            let Some(created) = next else { break };
            all.push(created.join().expect("an LWP of the program panicked"));
        }

        let sys = &machine.sys;
        let p = sys.proc().enter();
        if p.p_stat() == ProcState::Zomb {
            assert_eq!((p.p_nlwps, p.p_nzlwps), (1, 1), "a dead process has more than its last LWP");
        }
        p.exit();
        all.join("; ")
    }
}

/// The machine that the threads of a program share.
struct Machine {
    sys: System,
    lines: Vec<(Start, Vec<Op>)>,
    /// The threads of LWPs that were created. Not part of the model.
    created: Mutex<Vec<sync::JoinHandle<String>>>,
}

impl Machine {
    /// Runs an LWP from its first step to its last.
    fn thread(self: &Arc<Machine>, l: &Arc<KernelLwp>) -> String {
        self.sys.lwp_startup(l);
        let lid = l.l_lid();
        format!("{lid}: {}", self.operations(lid - 1, Some(l)))
    }

    /// Runs the line of somebody who is no LWP.
    fn actor(self: &Arc<Machine>, line: usize) -> String {
        format!("outside: {}", self.operations(line, None))
    }

    fn operations(self: &Arc<Machine>, line: usize, l: Option<&Arc<KernelLwp>>) -> String {
        let mut saw = Vec::new();
        for op in &self.lines[line].1 {
            match op.run(&self.sys, l, self) {
                Ok(result) => saw.push(result),
                Err(_) => {
                    saw.push("gone".into());
                    break;
                }
            }
        }
        saw.join(", ")
    }

    fn spawn(self: &Arc<Machine>, l: Arc<KernelLwp>) {
        let machine = self.clone();
        let thread = sync::spawn(move || machine.thread(&l));
        self.created().push(thread);
    }

    fn created(&self) -> MutexGuard<'_, Vec<sync::JoinHandle<String>>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads for Arc<Machine> {
    fn create(&self, l: &Arc<KernelLwp>, lid: Lid) -> Result<(), Errno> {
        let Start::Unborn { detached, suspended } = self.lines[lid - 1].0 else {
            panic!("LWP {lid} is there already")
        };
        let l2 = self.sys.sys_lwp_create(l, detached, suspended)?;
        assert_eq!(l2.l_lid(), lid, "the program expects LWPs to be numbered in the order of their creation");
        self.spawn(l2);
        Ok(())
    }

    fn start(&self, l: &Arc<KernelLwp>, lid: Lid) {
        let l2 = self.sys.lwp(lid);
        self.sys.lwp_start(l, l2, false);
        self.spawn(l2.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_makes_sense() {
        for litmus in all() {
            let lwps: Vec<_> = litmus.lwps.iter().map(|line| op::parse(line)).collect();
            assert!(lwps.iter().all(|(_, ops)| !ops.is_empty()), "{}", litmus.name);
            assert!(litmus.cpus.iter().all(|cpus| *cpus > 0), "{}", litmus.name);
        }
    }

    #[test]
    fn a_name_says_everything() {
        for case in Case::all() {
            let again = Case::parse(&case.name()).unwrap();
            assert_eq!(again.name(), case.name());
            assert_eq!(again.must_show(), case.must_show());
        }
        assert!(Case::parse("lwp/1.62/mended/2-cpus/lost-continue").is_none());
    }
}
