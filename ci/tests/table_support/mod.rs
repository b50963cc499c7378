//! Tables of pages, with the numbers that are measured now.
#![allow(dead_code, reason = "each test of a page uses some of it")]

use lwp_loom_tests::generate::Shape;

/// A page with other cells in the one row that begins so, by their columns from 0; all other cells stay.
///
/// # Panics
/// Where there is no such row, or several, or no such column.
pub fn with_cells(page: &str, begins: &str, cells: &[(usize, String)]) -> String {
    let begins = format!("| {begins} |");
    let (before, row, after) = match page.split(&begins).collect::<Vec<_>>()[..] {
        [before, rest] => match rest.split_once('\n') {
            Some((row, after)) => (before, row, after),
            None => panic!("the row {begins} does not end"),
        },
        ref parts => panic!("{} rows begin with {begins}", parts.len() - 1),
    };
    let first = begins.matches(" |").count();
    let mut all: Vec<String> =
        row.trim().trim_end_matches('|').split('|').map(|cell| cell.trim().into()).collect();
    for (column, cell) in cells {
        all[column - first] = cell.clone();
    }
    format!("{before}{begins} {} |\n{after}", all.join(" | "))
}

/// A number as pages have it.
pub fn in_thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().ok().expect("it is counted").to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups.map(|group| str::from_utf8(group).expect("digits")).collect::<Vec<_>>().join(",")
}

/// What the README calls the shapes, in their order.
pub const SHAPES: [&str; Shape::ALL.len()] = [
    "the spin lock itself",
    "the parker itself",
    "NetBSD, up to 3 moves by one mover, one locker",
    "NetBSD, up to 2 moves by one mover, two lockers",
    "NetBSD, one move each by two movers, one locker",
    "NetBSD 1.62 on a uniprocessor",
    "illumos, up to 3 moves by one mover, one locker",
    "illumos, up to 2 moves by one mover, two lockers",
    "illumos, one move each by two movers, one locker",
];

/// What the README calls the programs over the protocol that were written by hand.
pub const WRITTEN: &str = "written by hand, 1 to 4 LWPs";

/// What the README calls the generated ones of two LWPs.
pub const PAIRS: &str =
    "suspend, continue, wait, exit: two LWPs to each other, from every state of the target, 1 and 2 CPUs";

/// What the README calls the generated ones of three.
pub const TRIPLES: &str = "the same, two LWPs to a third, 1 to 3 CPUs";
