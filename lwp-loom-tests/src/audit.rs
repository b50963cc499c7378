//! The lock order that the programs show, held against the one that each revision declares.

use std::collections::BTreeMap;

use lwp_core::mutex::Class;
use lwp_core::netbsd::Revision;
use lwp_core::order::{EXCEPTIONS, allows, declared};
use serde::{Deserialize, Serialize};

use crate::job::{Finding, LockEdge, Verdict};
use crate::litmus::Case;

/// The whole of an audit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The commit that was audited, as a report of a check says it.
    pub commit: String,
    /// The engine that explored the programs.
    pub engine: String,
    /// Programs that were explored.
    pub programs: usize,
    /// Programs that were not, because the engine does not complete them.
    pub left_out: usize,
    /// Executions over all programs.
    pub executions: u64,
    /// A lock order for each revision, those first that are not kept.
    pub orders: Vec<Order>,
    /// Every program that failed or was not explored to its end.
    pub failures: Vec<Finding>,
    /// Whether the audit was stopped before its end.
    pub incomplete: bool,
}

/// The lock order of a revision: what it declares, and what its programs do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The revision.
    pub revision: String,
    /// Whether it keeps the order that it declares.
    pub keeps: Keeps,
    /// The same in words, with the reason why that stops no thread.
    pub says: String,
    /// Every declared edge.
    pub declared: Vec<Declared>,
    /// Every observed edge that is not itself declared.
    pub others: Vec<Other>,
    /// The recorded exceptions, observed or not.
    pub exceptions: Vec<Excepted>,
}

/// Whether a revision keeps the order that it declares, as far as its programs show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// Nothing was observed.
    Unknown,
    /// Every observed edge is declared, or follows from what is.
    Kept,
    /// Some are against the order, and a recorded exception explains each of them.
    NotKeptAsRecorded,
    /// Some are against the order, and nothing explains them.
    NotKept,
}

/// An edge that a revision declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// What is held.
    pub held: String,
    /// What may be taken then.
    pub taken: String,
    /// Where the sources say so, or do so.
    pub source: String,
    /// Where it was observed first.
    pub seen: Option<Sight>,
}

/// An edge that was observed and is not itself declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// What is held.
    pub held: String,
    /// What is taken then.
    pub taken: String,
    /// Where it was observed first.
    pub seen: Sight,
    /// What the revision has to say about it.
    pub standing: Standing,
}

/// What a revision has to say about an edge that it does not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It follows from edges that are declared.
    Implied,
    /// It is against the order, and a recorded exception says why no thread waits for ever.
    Exception,
    /// It is against the order, and nothing explains it.
    Undeclared,
}

/// A recorded exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excepted {
    /// What is held.
    pub held: String,
    /// What is taken then.
    pub taken: String,
    /// Where the sources do so.
    pub source: String,
    /// The function that does so.
    pub function: String,
    /// Whether that function follows a contract, and no listing.
    pub is_contract: bool,
    /// Why no thread waits for ever.
    pub why: String,
    /// Where it was observed first.
    pub seen: Option<Sight>,
}

/// Where an edge was observed: in the first of the programs, by name, that showed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sight {
    /// The program that showed it.
    pub program: String,
    /// The place in our source, as `file:line`.
    pub place: String,
}

/// The edges that programs showed, by revision, by what was held, and by what was taken. A revision is there once one of
/// its programs was explored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Observed(BTreeMap<String, BTreeMap<String, BTreeMap<String, Sight>>>);

impl Observed {
    /// Adds what a program showed. Programs over the lock layer have no locks with classes.
    pub fn add(&mut self, finding: &Finding) {
        let Some(case) = Case::parse(&finding.program) else { return };
        let edges = self.0.entry(case.revision.name().into()).or_default();
        for LockEdge { held, taken, place } in &finding.lock_edges {
            let sight = Sight { place: place.clone(), program: finding.program.clone() };
            keep_first(edges.entry(held.clone()).or_default(), taken, sight);
        }
    }

    /// Adds what another part of a check has seen.
    pub fn join(&mut self, others: Observed) {
        for (revision, edges) in others.0 {
            let ours = self.0.entry(revision).or_default();
            for (held, taken) in edges {
                let ours = ours.entry(held).or_default();
                taken.into_iter().for_each(|(taken, sight)| keep_first(ours, &taken, sight));
            }
        }
    }

    /// The lock order of each revision whose programs were explored, those first that are not kept.
    pub fn orders(&self) -> Vec<Order> {
        let explored = Revision::ALL.into_iter().filter(|revision| self.0.contains_key(revision.name()));
        broken_first(explored.map(|revision| Order::of(revision, self)))
    }

    fn of(findings: &[Finding]) -> Observed {
        let mut observed = Observed::default();
        findings.iter().for_each(|finding| observed.add(finding));
        observed
    }

    fn sight(&self, revision: Revision, held: &str, taken: &str) -> Option<&Sight> {
        self.0.get(revision.name())?.get(held)?.get(taken)
    }

    fn edges(&self, revision: Revision) -> impl Iterator<Item = (&str, &str, &Sight)> {
        let edges = self.0.get(revision.name()).into_iter().flatten();
        edges.flat_map(|(held, taken)| taken.iter().map(|(taken, at)| (held.as_str(), taken.as_str(), at)))
    }
}

/// Keeps the sight that comes first by name, so that it does not matter which program is done first.
fn keep_first(taken: &mut BTreeMap<String, Sight>, lock: &str, sight: Sight) {
    match taken.get_mut(lock) {
        Some(first) if *first <= sight => {}
        Some(first) => *first = sight,
        None => drop(taken.insert(lock.into(), sight)),
    }
}

impl Audit {
    /// Sums up the findings, in the order of the programs.
    pub fn of(findings: &[Finding]) -> Audit {
        let in_full = |finding: &&Finding| matches!(finding.verdict, Verdict::Complete | Verdict::Defect);
        let observed = Observed::of(findings);
        Audit {
            programs: findings.len(),
            executions: findings.iter().map(|finding| finding.executions).sum(),
            orders: broken_first(Revision::ALL.into_iter().map(|revision| Order::of(revision, &observed))),
            failures: findings.iter().filter(|finding| !in_full(finding)).cloned().collect(),
            ..Audit::default()
        }
    }

    /// Whether every program was explored as far as it is meant to be, and what they show is declared or explained.
    pub fn is_green(&self) -> bool {
        let orders = !self.orders.is_empty() && self.orders.iter().all(Order::is_green);
        !self.incomplete && self.failures.is_empty() && orders
    }
}

impl Order {
    /// Holds what the revision's programs show against what it declares.
    fn of(revision: Revision, observed: &Observed) -> Order {
        let seen = |held: Class, taken: Class| observed.sight(revision, held.name(), taken.name()).cloned();
        let declared = declared(revision).iter().map(|edge| Declared {
            held: edge.held.name().into(),
            taken: edge.taken.name().into(),
            source: edge.source.into(),
            seen: seen(edge.held, edge.taken),
        });
        let declared: Vec<Declared> = declared.collect();
        let exceptions = EXCEPTIONS.iter().filter(|exception| exception.revision == revision);
        let exceptions: Vec<Excepted> = exceptions
            .map(|exception| Excepted {
                held: exception.edge.held.name().into(),
                taken: exception.edge.taken.name().into(),
                source: exception.edge.source.into(),
                function: exception.function.into(),
                is_contract: exception.is_contract,
                why: exception.why.into(),
                seen: seen(exception.edge.held, exception.edge.taken),
            })
            .collect();
        let others = observed
            .edges(revision)
            .filter(|(held, taken, _)| {
                !declared.iter().any(|d| (d.held.as_str(), d.taken.as_str()) == (*held, *taken))
            })
            .map(|(held, taken, sight)| {
                let excepted =
                    || exceptions.iter().any(|e| (e.held.as_str(), e.taken.as_str()) == (held, taken));
                let standing = if implied(revision, held, taken) {
                    Standing::Implied
                } else if excepted() {
                    Standing::Exception
                } else {
                    Standing::Undeclared
                };
                Other { held: held.into(), taken: taken.into(), seen: sight.clone(), standing }
            });
        let others: Vec<Other> = others.collect();
        let keeps = keeps(&declared, &others);
        let mut order = Order {
            revision: revision.name().into(),
            keeps,
            says: String::new(),
            declared,
            others,
            exceptions,
        };
        order.says = order.sentences();
        order
    }

    /// Every observed edge of this standing.
    pub fn with(&self, standing: Standing) -> impl Iterator<Item = &Other> {
        self.others.iter().filter(move |other| other.standing == standing)
    }

    /// Every recorded exception that was observed.
    pub fn excepted(&self) -> impl Iterator<Item = &Excepted> {
        self.exceptions.iter().filter(|exception| exception.seen.is_some())
    }

    /// In how many places the order is not kept.
    pub fn breaches(&self) -> usize {
        self.with(Standing::Exception).chain(self.with(Standing::Undeclared)).count()
    }

    /// Whether it keeps its order, as short as can be.
    pub fn in_short(&self) -> String {
        let Order { revision, keeps, .. } = self;
        let breaks =
            || format!("netbsd {revision} does not keep its declared order in {}", places(self.breaches()));
        match keeps {
            Keeps::Unknown => format!("nothing was observed of netbsd {revision}"),
            Keeps::Kept => format!("netbsd {revision} keeps its declared order"),
            Keeps::NotKeptAsRecorded => format!("{}, as recorded", breaks()),
            Keeps::NotKept => {
                format!("{}, {} of them not recorded", breaks(), self.with(Standing::Undeclared).count())
            }
        }
    }

    fn is_green(&self) -> bool {
        matches!(self.keeps, Keeps::Kept | Keeps::NotKeptAsRecorded)
    }

    /// The finding, and what makes it bearable.
    fn sentences(&self) -> String {
        if self.keeps == Keeps::Kept {
            let seen = self.declared.iter().filter(|edge| edge.seen.is_some()).count();
            let declared = self.declared.len();
            return format!(
                "{}: {seen} of {declared} declared edges were observed, and none against them.",
                self.in_short()
            );
        }
        let edge = |other: &Other| format!("{} is taken while {} is held", other.taken, other.held);
        let edges = |standing| self.with(standing).map(edge).collect::<Vec<_>>().join(", and ");
        let mut text = self.in_short();
        let unexplained = edges(Standing::Undeclared);
        if !unexplained.is_empty() {
            text += &format!(". Nothing explains that {unexplained}");
        }
        let recorded: Vec<&Excepted> = self.excepted().collect();
        if !recorded.is_empty() {
            text += &format!(
                ". Recorded: {}. No thread waits for ever by that: {}",
                edges(Standing::Exception),
                recorded.iter().map(|exception| exception.why.as_str()).collect::<Vec<_>>().join("; "),
            );
            let contracts: Vec<&str> =
                recorded.iter().filter(|it| it.is_contract).map(|it| it.function.as_str()).collect();
            if !contracts.is_empty() {
                text += &format!(". It stands in contracts, and in no listing: {}", contracts.join(", "));
            }
        }
        text + "."
    }
}

fn broken_first(orders: impl Iterator<Item = Order>) -> Vec<Order> {
    let mut orders: Vec<Order> = orders.collect();
    orders.sort_by_key(|order| order.breaches() == 0);
    orders
}

fn keeps(declared: &[Declared], others: &[Other]) -> Keeps {
    let any = |standing| others.iter().any(|other| other.standing == standing);
    // A worker without a witness would agree with every order.
    if others.is_empty() && declared.iter().all(|edge| edge.seen.is_none()) {
        Keeps::Unknown
    } else if any(Standing::Undeclared) {
        Keeps::NotKept
    } else if any(Standing::Exception) {
        Keeps::NotKeptAsRecorded
    } else {
        Keeps::Kept
    }
}

/// So many places.
fn places(n: usize) -> String {
    format!("{n} place{}", if n == 1 { "" } else { "s" })
}

/// The first edge of a program that its revision neither declares nor excepts: what is held, and what is taken then.
pub fn undeclared(finding: &Finding) -> Option<(String, String)> {
    let others = Audit::of(std::slice::from_ref(finding)).orders.into_iter().flat_map(|order| order.others);
    let mut undeclared = others.filter(|other| other.standing == Standing::Undeclared);
    undeclared.next().map(|other| (other.held, other.taken))
}

/// Whether the declared order has one class before the other. A class that nobody knows has no place in it.
fn implied(revision: Revision, held: &str, taken: &str) -> bool {
    let class = |name: &str| Class::ALL.into_iter().find(|class| class.name() == name);
    class(held).zip(class(taken)).is_some_and(|(held, taken)| allows(revision, held, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A finding of a program of 1.69.2.6 that shows these edges.
    fn finding(verdict: Verdict, edges: &[(&str, &str)]) -> Finding {
        let edges = edges.iter().map(|(held, taken)| LockEdge {
            held: held.to_string(),
            taken: taken.to_string(),
            place: "wait.rs:1".into(),
        });
        Finding {
            bound: (verdict == Verdict::Bounded).then(|| "9 executions".into()),
            message: (verdict == Verdict::Failed).then(|| "broken".into()),
            executions: 1,
            distinct: 1,
            lock_edges: edges.collect(),
            ..Finding::of("lwp/1.69.2.6/repaired/2-cpus/wait-exit", "complete", verdict)
        }
    }

    fn order(edges: &[(&str, &str)]) -> Order {
        Order::of(Revision::R1_69_2_6, &Observed::of(&[finding(Verdict::Complete, edges)]))
    }

    fn standings(edges: &[(&str, &str)]) -> Vec<Standing> {
        order(edges).others.iter().map(|other| other.standing).collect()
    }

    #[test]
    fn a_declared_edge_is_observed_or_not() {
        let order = order(&[("p_smutex", "spc_lwplock")]);
        assert_eq!((order.others.len(), order.is_green()), (0, true));
        let seen = order.declared.iter().filter(|edge| edge.seen.is_some());
        let seen: Vec<_> = seen.map(|edge| (edge.held.as_str(), edge.taken.as_str())).collect();
        assert_eq!(seen, [("p_smutex", "spc_lwplock")]);
        assert!(order.declared.len() > 1);
    }

    #[test]
    fn an_edge_that_follows_from_others_is_allowed() {
        assert_eq!(standings(&[("p_smutex", "spc_mutex")]), [Standing::Implied]);
    }

    #[test]
    fn a_recorded_exception_is_explained() {
        let order = order(&[("sq_mutex", "spc_lwplock")]);
        assert_eq!(order.others[0].standing, Standing::Exception);
        assert!(order.exceptions[0].seen.is_some() && order.is_green());
        assert!(self::order(&[("p_smutex", "spc_mutex")]).exceptions[0].seen.is_none());
    }

    // A count of exceptions sounds as if the order were kept.
    #[test]
    fn that_an_order_is_not_kept_is_said_first_then_why_no_thread_waits_for_ever_and_that_it_stands_in_contracts()
     {
        let both = order(&[("sq_mutex", "spc_lwplock"), ("tc_mutex", "spc_lwplock")]);
        assert_eq!((both.keeps, both.breaches()), (Keeps::NotKeptAsRecorded, 2), "{both:?}");
        assert!(
            both.says
                .starts_with("netbsd 1.69.2.6 does not keep its declared order in 2 places, as recorded. ")
        );
        let (finding, reason) = both.says.split_once(". No thread waits for ever by that: ").unwrap();
        assert!(finding.contains("spc_lwplock is taken while sq_mutex is held"), "{finding}");
        assert!(both.exceptions.iter().all(|exception| reason.contains(&exception.why)), "{reason}");
        assert!(
            reason.ends_with(". It stands in contracts, and in no listing: sleepq_enter, turnstile_block.")
        );

        let one = order(&[("sq_mutex", "spc_lwplock"), ("spc_mutex", "p_smutex")]);
        assert_eq!((one.keeps, one.breaches()), (Keeps::NotKept, 2));
        assert!(
            one.says.contains("in 2 places, 1 of them not recorded. Nothing explains that p_smutex is taken")
        );
        assert!(one.says.contains("contracts, and in no listing: sleepq_enter."), "{}", one.says);

        let kept = order(&[("p_smutex", "spc_lwplock")]);
        assert_eq!((kept.keeps, kept.breaches()), (Keeps::Kept, 0));
        assert!(kept.says.starts_with("netbsd 1.69.2.6 keeps its declared order: 1 of "), "{}", kept.says);
        assert_eq!(order(&[]).keeps, Keeps::Unknown);
    }

    #[test]
    fn any_other_edge_is_undeclared_and_not_green() {
        for edge in [("spc_mutex", "p_smutex"), ("spc_mutex", "spc_mutex"), ("p_smutex", "no such lock")] {
            let order = order(&[("p_smutex", "spc_lwplock"), edge]);
            assert_eq!(order.others.len(), 1, "{edge:?}");
            assert_eq!(order.others[0].standing, Standing::Undeclared, "{edge:?}");
            assert!(!order.is_green(), "{edge:?}");
        }
    }

    #[test]
    fn an_exception_of_one_revision_explains_nothing_in_another() {
        let mut finding = finding(Verdict::Complete, &[("sq_mutex", "spc_lwplock")]);
        finding.program = finding.program.replace("1.69.2.6", "1.62");
        let order = Order::of(Revision::R1_62, &Observed::of(&[finding]));
        assert_eq!(order.others[0].standing, Standing::Undeclared);
    }

    // Which program is done first differs from run to run.
    #[test]
    fn where_an_edge_was_seen_depends_neither_on_the_order_of_programs_nor_on_the_parts_of_a_check() {
        let first = finding(Verdict::Complete, &[("p_smutex", "spc_lwplock")]);
        let second = Finding { program: first.program.replace("2-cpus", "3-cpus"), ..first.clone() };
        let whole = Observed::of(&[first.clone(), second.clone()]);
        assert_eq!(whole, Observed::of(&[second.clone(), first.clone()]));
        let mut joined = Observed::of(&[second]);
        joined.join(Observed::of(std::slice::from_ref(&first)));
        assert_eq!(joined, whole);
        let orders = joined.orders();
        assert_eq!(orders.len(), 1, "nothing of 1.62 was explored");
        let seen = orders[0].declared.iter().find_map(|edge| edge.seen.as_ref()).unwrap();
        assert_eq!(seen.program, first.program);
    }

    #[test]
    fn only_a_complete_audit_that_observed_something_is_green() {
        let edges = &[("p_smutex", "sq_mutex")];
        let audit = |verdict| {
            let other = finding(verdict, edges);
            let first = Finding { program: other.program.replace("1.69.2.6", "1.62"), ..other.clone() };
            Audit::of(&[first, other])
        };
        assert!(audit(Verdict::Complete).is_green() && audit(Verdict::Defect).is_green());
        assert!(!audit(Verdict::Bounded).is_green() && !audit(Verdict::Failed).is_green());
        assert!(!Audit { incomplete: true, ..audit(Verdict::Complete) }.is_green());
        assert!(!Audit::of(&[finding(Verdict::Complete, edges)]).is_green(), "1.62 shows nothing");
        assert!(!Audit::default().is_green());
    }
}
