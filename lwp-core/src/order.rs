//! The lock order that each revision declares, as data. That it has no cycle is proved when this is compiled.

use crate::mutex::Class;
use crate::netbsd::Revision;

/// One class of locks may be held while another is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What is held.
    pub held: Class,
    /// What may be taken then.
    pub taken: Class,
    /// Where the sources say so, or do so.
    pub source: &'static str,
}

const fn edge(held: Class, taken: Class, source: &'static str) -> Edge {
    Edge { held, taken, source }
}

const R1_62: &[Edge] = &[
    edge(Class::SleepQueue, Class::SchedMutex, "declared, L186"),
    edge(Class::TurnstileChain, Class::SchedMutex, "declared, L187"),
    edge(Class::ProcSmutex, Class::SleepQueue, "lwp_exit broadcasts under p_smutex, L681"),
    edge(Class::ProcSmutex, Class::TurnstileChain, "p_smutex is above every LWP's lock"),
    edge(Class::ProcSmutex, Class::SchedMutex, "lwp_exit locks the LWP under p_smutex, L677"),
    edge(Class::ProclistMutex, Class::ProcSmutex, "proc_stop (not listed)"),
    edge(Class::KernelLock, Class::ProclistMutex, "lwp_exit, from lwp_userret, L638 and L1147"),
    edge(Class::KernelLock, Class::SpecificdataLock, "lwp_exit, from lwp_userret, L628 and L1147"),
    edge(Class::KernelLock, Class::ProcMutex, "the big lock comes first"),
];

const R1_69_2_6: &[Edge] = &[
    edge(Class::SpcLwplock, Class::SleepQueue, "declared, L185"),
    edge(Class::SleepQueue, Class::TurnstileChain, "declared, L186"),
    edge(Class::TurnstileChain, Class::SpcMutex, "declared, L187"),
    edge(Class::ProcSmutex, Class::SpcLwplock, "lwp_exit locks the LWP under p_smutex, L778"),
    edge(Class::ProclistLock, Class::ProclistMutex, "lwp_exit, L735"),
    edge(Class::ProclistMutex, Class::ProcSmutex, "proc_stop (not listed)"),
    edge(Class::KernelLock, Class::ProclistLock, "lwp_exit, from lwp_userret, L735 and L1265"),
    edge(Class::KernelLock, Class::SpecificdataLock, "lwp_exit, from lwp_userret, L717 and L1265"),
    edge(Class::KernelLock, Class::LwpctlLock, "lwp_free, L914 and L917"),
    edge(Class::KernelLock, Class::ProcMutex, "the big lock comes first"),
];

/// A nested acquisition against the declared order, with the reason why the machine does not stop at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The revision.
    pub revision: Revision,
    /// What is held, and what is taken.
    pub edge: Edge,
    /// The function that does so.
    pub function: &'static str,
    /// Whether that function follows its contract here, because `kern_lwp.c` calls it and does not contain it.
    pub is_contract: bool,
    /// Why no thread waits for ever.
    pub why: &'static str,
}

/// Every difference between what is declared and what the functions do.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        revision: Revision::R1_69_2_6,
        edge: edge(
            Class::SleepQueue,
            Class::SpcLwplock,
            "sleepq_enter (not listed) locks the current LWP under the queue's lock",
        ),
        function: "sleepq_enter",
        is_contract: true,
        why: "no thread takes a sleep queue's lock while it holds spc_lwplock: none of the functions uses the declared \
              order, and each that sleeps uses the reverse",
    },
    Exception {
        revision: Revision::R1_69_2_6,
        edge: edge(
            Class::TurnstileChain,
            Class::SpcLwplock,
            "turnstile_block (not listed) locks the current LWP under the chain's lock",
        ),
        function: "turnstile_block",
        is_contract: true,
        why: "a turnstile is a sleep queue with another lock: the same holds for it",
    },
];

/// The order that a revision declares.
pub const fn declared(revision: Revision) -> &'static [Edge] {
    match revision {
        Revision::R1_62 => R1_62,
        Revision::R1_69_2_6 => R1_69_2_6,
    }
}

/// More than there are classes.
const CLASSES: usize = 32;

/// Which class may be taken while which is held, directly or by way of others.
const fn closure(edges: &[Edge]) -> [[bool; CLASSES]; CLASSES] {
    let mut may = [[false; CLASSES]; CLASSES];
    let mut n = 0;
    while n < edges.len() {
        may[edges[n].held as usize][edges[n].taken as usize] = true;
        n += 1;
    }
    let mut by = 0;
    while by < CLASSES {
        let mut from = 0;
        while from < CLASSES {
            let mut to = 0;
            while to < CLASSES {
                may[from][to] |= may[from][by] && may[by][to];
                to += 1;
            }
            from += 1;
        }
        by += 1;
    }
    may
}

/// Whether no class comes before itself.
pub const fn is_acyclic(edges: &[Edge]) -> bool {
    let may = closure(edges);
    let mut class = 0;
    while class < CLASSES {
        if may[class][class] {
            return false;
        }
        class += 1;
    }
    true
}

static_assertions::const_assert!(is_acyclic(R1_62));
static_assertions::const_assert!(is_acyclic(R1_69_2_6));
// The proof can fail.
static_assertions::const_assert!(!is_acyclic(&[
    edge(Class::SpcMutex, Class::SleepQueue, ""),
    edge(Class::SleepQueue, Class::SpcMutex, ""),
]));

/// Whether a revision declares that `taken` may be taken while `held` is held.
pub const fn allows(revision: Revision, held: Class, taken: Class) -> bool {
    closure(declared(revision))[held as usize][taken as usize]
}
