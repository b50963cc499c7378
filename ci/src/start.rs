//! Which of many programs starts first: a long one that starts last leaves all cores but one without work.

use std::cmp::Reverse;

/// What is known of a program before it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// What it took in an earlier check, where that is known.
    pub seconds: Option<f64>,
    /// Its LWPs.
    pub lwps: usize,
}

/// What took so many seconds is long: it starts before what is unknown.
const LONG: f64 = 1.0;

/// The programs in the order in which they are to start, each with its index. Those that are known to be long are first, then
/// those of which no time is known, with more LWPs first, then those that are known to be short. Of two whose times are known
/// the longer one is first; those that are alike stay in their order.
pub fn longest_first<T>(programs: Vec<(Outlook, T)>) -> Vec<(usize, T)> {
    let mut order: Vec<(usize, (Outlook, T))> = programs.into_iter().enumerate().collect();
    order.sort_by(|(_, (a, _)), (_, (b, _))| {
        let time = |outlook: &Outlook| outlook.seconds.unwrap_or(0.0);
        tier(a).cmp(&tier(b)).then_with(|| time(b).total_cmp(&time(a)))
    });
    order.into_iter().map(|(index, (_, program))| (index, program)).collect()
}

/// What decides before times do.
fn tier(outlook: &Outlook) -> (u8, Reverse<usize>) {
    match outlook.seconds {
        Some(seconds) if seconds >= LONG => (0, Reverse(0)),
        None => (1, Reverse(outlook.lwps)),
        Some(_) => (2, Reverse(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(programs: &[(Option<f64>, usize)]) -> Vec<usize> {
        let programs = programs.iter().map(|&(seconds, lwps)| (Outlook { seconds, lwps }, ())).collect();
        longest_first(programs).into_iter().map(|(index, ())| index).collect()
    }

    // A new program may be the longest of all: it must not wait for those that are known to be short.
    #[test]
    fn long_programs_start_before_unknown_ones_and_these_before_short_ones() {
        let programs = [
            (Some(0.3), 9),
            (None, 2),
            (Some(4.0), 2),
            (None, 5),
            (Some(60.0), 2),
            (Some(0.9), 2),
            (None, 3),
            (Some(1.0), 9),
        ];
        assert_eq!(order(&programs), [4, 2, 7, 3, 6, 1, 5, 0]);
    }

    #[test]
    fn programs_that_are_alike_start_in_their_own_order() {
        let mixed = [(None, 2), (Some(2.0), 2), (Some(0.5), 2), (Some(2.0), 3)].repeat(50);
        let like = |kinds: &[usize]| (0..200).filter(|n| kinds.contains(&(n % 4))).collect::<Vec<_>>();
        assert_eq!(order(&mixed), [like(&[1, 3]), like(&[0]), like(&[2])].concat());
        assert!(order(&[]).is_empty());
    }

    // A sort whose order contradicts itself may panic.
    #[test]
    fn every_program_starts_once_whatever_times_are_claimed() {
        let odd = [f64::NAN, -1.0, f64::INFINITY, -0.0, 1e300, f64::NEG_INFINITY].repeat(10);
        let programs: Vec<_> = odd.into_iter().map(|seconds| (Some(seconds), 2)).collect();
        let mut order = order(&programs);
        order.sort();
        assert_eq!(order, (0..60).collect::<Vec<_>>());
    }

    #[test]
    fn each_program_keeps_its_index() {
        let outlook = |seconds| Outlook { seconds: Some(seconds), lwps: 2 };
        let order = longest_first(vec![(outlook(1.0), "a"), (outlook(3.0), "b"), (outlook(2.0), "c")]);
        assert_eq!(order, [(1, "b"), (2, "c"), (0, "a")]);
    }
}
