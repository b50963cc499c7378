//! The literature's benchmarks under the complete search: how many distinct executions are published of each, and how many
//! it finds. `docs/literature.md` says where the numbers were read, and what each source counts.
#![cfg(shuttle)]

mod literature_support;

use std::fs;
use std::path::Path;

use literature_support::{Program, exclusion, locks, words};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::complete::{Options, explore_with};
use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::pages;

/// What a source counts.
#[derive(Clone, Copy)]
enum Counts {
    /// Mazurkiewicz's traces, as the complete search does.
    Traces,
    /// Classes of them: the order of stores that nobody tells apart does not count. At most as many.
    Classes,
    /// Traces in which two tries that fail are in an order too. At least as many.
    FailingTries,
}

impl Counts {
    const fn name(self) -> &'static str {
        match self {
            Counts::Traces => "traces",
            Counts::Classes => "classes of traces",
            Counts::FailingTries => "traces; failing tries are ordered",
        }
    }
}

struct Row {
    name: &'static str,
    program: fn(usize) -> Program,
    /// Where the number was read, as the page calls it.
    source: &'static str,
    counts: Counts,
    /// Size, published, ours.
    sizes: &'static [(usize, u64, u64)],
}

const ROWS: &[Row] = &[
    Row {
        name: "readers",
        program: words::readers,
        source: "GenMC",
        counts: Counts::Traces,
        sizes: &[(2, 4, 4), (8, 256, 256), (13, 8192, 8192)],
    },
    Row {
        name: "lastzero",
        program: words::lastzero,
        source: "GenMC",
        counts: Counts::Traces,
        sizes: &[(5, 64, 64), (10, 3328, 3328)],
    },
    Row {
        name: "indexer",
        program: locks::indexer,
        source: "GenMC, Nidhugg",
        counts: Counts::Traces,
        sizes: &[(11, 1, 1), (12, 8, 8), (13, 64, 64), (14, 512, 512), (15, 4096, 4096)],
    },
    Row {
        name: "filesystem",
        program: locks::filesystem,
        source: "Nidhugg",
        counts: Counts::Traces,
        sizes: &[(12, 1, 1), (14, 2, 2), (16, 8, 8)],
    },
    Row {
        name: "casrot",
        program: words::casrot,
        source: "GenMC",
        counts: Counts::Traces,
        sizes: &[
            (2, 2, 2),
            (3, 5, 5),
            (4, 14, 14),
            (5, 43, 43),
            (6, 144, 144),
            (7, 523, 523),
            (8, 2048, 2048),
            (9, 8597, 8597),
        ],
    },
    Row {
        name: "casw",
        program: words::casw,
        source: "GenMC",
        counts: Counts::Traces,
        sizes: &[(2, 6, 6), (3, 66, 66), (4, 1200, 1200), (5, 32880, 32880)],
    },
    Row {
        name: "fib_bench",
        program: words::fib_bench,
        source: "Nidhugg",
        counts: Counts::Traces,
        sizes: &[(1, 11, 11), (2, 140, 140), (3, 1698, 1698), (4, 19605, 19605)],
    },
    Row {
        name: "N writers, a reader",
        program: words::writers_a_reader,
        source: "GenMC",
        counts: Counts::Traces,
        sizes: &[(5, 720, 720)],
    },
    Row {
        name: "the same",
        program: words::writers_a_reader,
        source: "Nidhugg, weak",
        counts: Counts::Classes,
        sizes: &[(3, 4, 24), (4, 5, 120)],
    },
    Row {
        name: "lastwrite",
        program: words::lastwrite,
        source: "Nidhugg, RCMC's column",
        counts: Counts::Traces,
        sizes: &[(4, 24, 24), (6, 720, 720)],
    },
    Row {
        name: "redundant_co",
        program: words::redundant_co,
        source: "Nidhugg, RCMC's column",
        counts: Counts::Traces,
        sizes: &[(1, 12, 12), (2, 90, 90), (3, 560, 560), (4, 3150, 3150)],
    },
    Row {
        name: "the same",
        program: words::redundant_co,
        source: "Nidhugg, observers",
        counts: Counts::Classes,
        sizes: &[(1, 11, 12), (2, 55, 90), (3, 181, 560)],
    },
    Row {
        name: "dekker",
        program: exclusion::dekker,
        source: "Nidhugg",
        counts: Counts::Traces,
        sizes: &[(1, 12, 12), (2, 241, 241), (3, 4590, 4590)],
    },
    Row {
        name: "szymanski",
        program: exclusion::szymanski,
        source: "Nidhugg",
        counts: Counts::Traces,
        sizes: &[(1, 1991, 1991), (2, 22945, 22945)],
    },
    Row {
        name: "peterson",
        program: exclusion::peterson,
        source: "Nidhugg, observers",
        counts: Counts::Traces,
        sizes: &[(1, 310, 310), (2, 2420, 2420)],
    },
    Row {
        name: "lamport",
        program: exclusion::lamport,
        source: "Nidhugg, observers",
        counts: Counts::Classes,
        sizes: &[(1, 418, 528), (2, 16856, 25828)],
    },
    Row {
        name: "simplified_dekker",
        program: exclusion::simplified_dekker,
        source: "Nidhugg, smoke: 2, and 1 that waits for ever",
        counts: Counts::Traces,
        sizes: &[(2, 3, 3)],
    },
    Row {
        name: "mutex_order",
        program: locks::mutex_order,
        source: "Nidhugg, smoke",
        counts: Counts::Traces,
        sizes: &[(2, 2, 2), (3, 6, 6)],
    },
    Row {
        name: "mutex_deadlock",
        program: locks::mutex_deadlock,
        source: "Nidhugg, smoke",
        counts: Counts::Traces,
        sizes: &[(2, 2, 2), (3, 3, 3)],
    },
    Row {
        name: "mutex_vs_trylock",
        program: locks::lock_and_trylock,
        source: "Nidhugg, smoke",
        counts: Counts::FailingTries,
        sizes: &[(1, 3, 3), (2, 16, 15)],
    },
    Row {
        name: "mutex_trylock_unlock",
        program: locks::trylock,
        source: "Nidhugg, smoke",
        counts: Counts::FailingTries,
        sizes: &[(3, 24, 21)],
    },
    Row {
        name: "ssbexp",
        program: words::ssbexp,
        source: "DPU",
        counts: Counts::Traces,
        sizes: &[(2, 4, 4), (4, 8, 8), (6, 12, 12), (8, 16, 16), (10, 20, 20)],
    },
];

fn explored(row: &Row, size: usize) -> Exploration {
    let options = Options { standstills_are_outcomes: true, traces: true, ..Options::default() };
    let program = (row.program)(size);
    let (found, traces) = explore_with(row.name, &options, move || program.run());
    let name = format!("{} {size}", row.name);
    assert_eq!((found.verdict, &found.message), (Verdict::Complete, &None), "{name}");
    assert_eq!(
        (traces.hashes.len() as u64, traces.repeated),
        (found.distinct, 0),
        "{name}: one was visited twice"
    );
    found
}

/// A search that loses executions, or visits one twice, has been told from one that does not by its own formulas and its own
/// brute force; these numbers are other tools'.
#[test]
fn the_literatures_programs_have_the_numbers_of_executions_that_are_published() {
    let mut table = "\n| program | size | published by | counts | published | ours | blocked |\n|---|---|---|---|---|---|---|\n"
        .to_string();
    for row in ROWS {
        for &(size, published, ours) in row.sizes {
            let found = explored(row, size);
            let name = format!("{} {size}", row.name);
            println!("{name}: {} distinct, {} blocked", found.distinct, found.blocked);
            match row.counts {
                Counts::Traces => assert_eq!(found.distinct, published, "{name}"),
                Counts::Classes => assert!(found.distinct >= published, "{name}: {}", found.distinct),
                Counts::FailingTries => assert!(found.distinct <= published, "{name}: {}", found.distinct),
            }
            assert_eq!(found.distinct, ours, "{name}");
            table += &format!(
                "| {} | {size} | {} | {} | {published} | {ours} | {} |\n",
                row.name,
                row.source,
                row.counts.name(),
                found.blocked
            );
        }
    }
    is_on_the_page(&format!("{table}\n"));
}

/// Between the marks of the page.
fn is_on_the_page(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/literature.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- measured: begin -->\n", "<!-- measured: end -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    pages::hold(&path, &[before, begin, table, end, after].concat());
}

/// What takes longer than a gate may.
#[test]
#[ignore = "ten seconds or so"]
fn the_larger_ones_have_the_published_numbers_too() {
    type Larger = (fn(usize) -> Program, usize, u64);
    let larger: [Larger; 5] = [
        (words::fib_bench, 5, 218_243),
        (words::lastzero, 12, 15_360),
        (words::lastzero, 15, 147_456),
        (exclusion::dekker, 4, 91_616),
        (exclusion::szymanski, 3, 148_903),
    ];
    for (program, size, published) in larger {
        let program = program(size);
        let options = Options { standstills_are_outcomes: true, ..Options::default() };
        let found = explore_with("larger", &options, move || program.run()).0;
        println!("{size}: {} distinct, {} blocked, {:.1} s", found.distinct, found.blocked, found.seconds);
        assert_eq!((found.verdict, found.distinct), (Verdict::Complete, published), "{size}");
    }
}
