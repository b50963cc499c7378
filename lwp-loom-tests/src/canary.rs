//! Litmus programs with known outcomes, which watch the engines themselves.
//!
//! On raw loom they pin what loom 0.7.2 loses and what it cannot show, so that a change upstream is noticed. On the
//! facade the same programs must show their full sets.

#[cfg(loom)]
mod facade;
#[cfg(loom)]
mod raw_loom;

use crate::program::Outcome;

/// A litmus program with a known set of outcomes.
#[derive(Debug)]
pub struct Canary {
    /// Its name, unique.
    pub name: &'static str,
    /// How many threads it has, the first included.
    pub threads: usize,
    /// Whether it takes locks by trying.
    pub uses_try_lock: bool,
    /// What an engine must show, sorted, neither less nor more.
    pub expected: &'static [&'static str],
    /// Why that is the set, where it is not the one that C11 allows.
    pub limit: Option<&'static str>,
}

/// A canary's name, and what runs it once.
#[cfg(loom)]
type Body = (&'static str, fn() -> Outcome);

/// Canaries that are reported together.
#[derive(Debug)]
pub struct Group {
    /// The family's name.
    pub name: &'static str,
    /// What the canaries run on.
    pub on: &'static str,
    /// The canaries.
    pub canaries: &'static [Canary],
}

impl Canary {
    /// Runs it once.
    #[cfg(loom)]
    pub fn run(&self) -> Outcome {
        let all = facade::BODIES.iter().chain(raw_loom::BODIES);
        let (_, body) = all.copied().find(|(name, _)| *name == self.name).expect("every canary has a body");
        body()
    }

    /// Runs it once; only loom has canaries.
    #[cfg(not(loom))]
    pub fn run(&self) -> Outcome {
        panic!("{} watches loom", self.name)
    }

    /// Holds the outcomes of a complete search against those that are known.
    ///
    /// # Errors
    /// Says what is missing or what should not be there.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<(), String> {
        if outcomes.iter().map(String::as_str).eq(self.expected.iter().copied()) {
            return Ok(());
        }
        let pinned = self.limit.map(|limit| format!(" ({limit}: has loom changed?)")).unwrap_or_default();
        Err(format!("expected exactly {:?}{pinned}, saw {outcomes:?}", self.expected))
    }
}

/// The canary with this name.
pub fn find(name: &str) -> Option<&'static Canary> {
    GROUPS
        .iter()
        .flat_map(|group| group.canaries)
        .chain([&FALSE_ALARM, &FORGOTTEN])
        .find(|canary| canary.name == name)
}

/// loom issue 376: correct, but reported as a deadlock. In no group, since it is expected to fail.
pub const FALSE_ALARM: Canary =
    limited("canary/loom/try-lock", 2, &[], "loom 0.7.2 reports a deadlock that is none");

/// A load that may be due a store which loom has forgotten. In no group, since it is expected to be bounded.
pub const FORGOTTEN: Canary =
    limited("canary/facade/eight-stores", 2, &[], "loom remembers seven stores of a word");

const fn full(name: &'static str, threads: usize, expected: &'static [&'static str]) -> Canary {
    Canary { name, threads, uses_try_lock: false, expected, limit: None }
}

const fn limited(
    name: &'static str,
    threads: usize,
    expected: &'static [&'static str],
    limit: &'static str,
) -> Canary {
    Canary { name, threads, uses_try_lock: false, expected, limit: Some(limit) }
}

const TRYLOCK: Canary = Canary {
    name: "canary/facade/try-lock",
    threads: 3,
    uses_try_lock: true,
    expected: &["a=busy b=taken", "a=taken b=busy", "a=taken b=taken"],
    limit: None,
};

const LOST: &str = "loom 0.7.2 loses executions";
const UNSHOWN: &str = "loom does not model it";
const FORBIDDEN: &str = "loom 0.7.2 shows more than C11 allows";

/// All canaries.
pub const GROUPS: &[Group] = &[
    Group {
        name: "canaries",
        on: "facade",
        canaries: &[
            full("canary/facade/store-after-load", 2, &["0", "1"]),
            full("canary/facade/store-after-two-loads", 2, &["0", "1"]),
            full("canary/facade/read-read-write", 3, READ_READ_WRITE),
            full("canary/facade/two-cells", 3, TWO_CELLS),
            TRYLOCK,
            full("canary/facade/message-passing", 2, &["flag=0 data=0", "flag=0 data=1", "flag=1 data=1"]),
            full(
                "canary/facade/message-passing-relaxed",
                2,
                &["flag=0 data=0", "flag=0 data=1", "flag=1 data=0", "flag=1 data=1"],
            ),
            full("canary/facade/coherence", 2, &["0 0", "0 1", "0 2", "1 1", "1 2", "2 2"]),
            full("canary/facade/store-buffering", 2, &["0 0", "0 1", "1 0", "1 1"]),
            full("canary/facade/iriw", 4, &IRIW),
            full("canary/facade/eight-stores-under-a-lock", 2, &["0", "8"]),
            full("canary/facade/exchange-and-store", 2, EXCHANGE_AND_STORE),
            full("canary/facade/exchange-that-fails", 2, EXCHANGE_THAT_FAILS),
            full("canary/facade/last-store", 2, LAST_STORE),
        ],
    },
    Group {
        name: "canaries-raw",
        on: "loom 0.7.2",
        canaries: &[
            limited("canary/loom/store-after-load", 2, &["0"], LOST),
            limited("canary/loom/read-read-write", 3, &["0 1", "0 2"], LOST),
            limited("canary/loom/two-cells", 3, TWO_CELLS_LOST, LOST),
            limited("canary/loom/pause-first", 2, &["0"], LOST),
            limited(
                "canary/loom/exchange-and-store",
                2,
                &["stored=0 x=1", "stored=1 x=1", "stored=1 x=3"],
                FORBIDDEN,
            ),
            limited(
                "canary/loom/exchange-that-fails",
                2,
                &["flag=0 stored=0", "flag=0 stored=1", "flag=1 stored=1"],
                LOST,
            ),
            limited(
                "canary/loom/last-store",
                2,
                &["r=1 x=1", "r=2 x=1", "r=2 x=2", "r=3 x=1", "r=3 x=3"],
                FORBIDDEN,
            ),
            limited("canary/loom/load-buffering", 2, &["0 0", "0 1", "1 0"], UNSHOWN),
            limited("canary/loom/store-buffering-seq-cst", 2, &["0 0", "0 1", "1 0", "1 1"], UNSHOWN),
            full("canary/loom/store-buffering-fence", 2, &["0 1", "1 0", "1 1"]),
            full("canary/loom/iriw-acquire", 4, &IRIW),
            full("canary/loom/iriw-fence", 4, &IRIW_FENCED),
        ],
    },
];

/// One thread stores 1, the other 3 where it finds 0. Nothing comes between what an exchange finds and what it stores.
const EXCHANGE_AND_STORE: &[&str] = &["stored=0 x=1", "stored=1 x=1"];
/// An exchange of 1, behind a flag that orders nothing: where it fails, it may have seen an old store.
const EXCHANGE_THAT_FAILS: &[&str] =
    &["flag=0 stored=0", "flag=0 stored=1", "flag=1 stored=0", "flag=1 stored=1"];
/// One thread stores 3 and then 1, the other 2, and looks. 3 is never the last.
const LAST_STORE: &[&str] = &["r=1 x=1", "r=2 x=1", "r=2 x=2", "r=3 x=1"];
/// Two threads read, then write 1 and 2; the first thread reads before and after them.
const READ_READ_WRITE: &[&str] = &["0 1", "0 2", "1 1", "1 2", "2 1", "2 2"];
/// loom issue 166.
const TWO_CELLS: &[&str] = &["v=0 k=0", "v=0 k=1", "v=0 k=2", "v=1 k=1", "v=1 k=2"];
/// The same with 0 for the last store and SeqCst accesses, which hide it as a stale value: "v=1 k=0" is gone.
const TWO_CELLS_LOST: &[&str] = &["v=0 k=0", "v=0 k=1", "v=1 k=1"];
/// Each reader sees any two values; without fences the readers need not agree on which write came first.
const IRIW: [&str; 16] = [
    "00 00", "00 01", "00 10", "00 11", "01 00", "01 01", "01 10", "01 11", "10 00", "10 01", "10 10",
    "10 11", "11 00", "11 01", "11 10", "11 11",
];
/// Each says that the write that it read first came first, and that the other had not come yet: "10 10" is gone.
const IRIW_FENCED: [&str; 15] = [
    "00 00", "00 01", "00 10", "00 11", "01 00", "01 01", "01 10", "01 11", "10 00", "10 01", "10 11",
    "11 00", "11 01", "11 10", "11 11",
];
