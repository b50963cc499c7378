//! Programs that differ by their LWPs' numbers.

use lwp_core::netbsd::Lid;

/// Every way to give LWPs other numbers that leaves each with its starting state: the LWP `lid` gets the number at
/// `lid - 1`. The first way changes nothing.
pub fn renamings<S: PartialEq>(starts: &[S]) -> Vec<Vec<Lid>> {
    let mut all = vec![Vec::new()];
    for start in starts {
        let longer = all.iter().flat_map(|begun: &Vec<Lid>| {
            let free = (1..=starts.len()).filter(|lid| !begun.contains(lid) && starts[*lid - 1] == *start);
            free.map(|lid| [&begun[..], &[lid]].concat())
        });
        all = longer.collect();
    }
    all
}
