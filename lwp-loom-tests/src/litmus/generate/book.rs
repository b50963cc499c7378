//! A theme's programs for so many LWPs and operations.

use std::collections::HashMap;

use lwp_core::netbsd::Lid;

use super::super::ast::{Doing, Op, Start};
use super::symmetry::renamings;
use super::theme::{RUNNING, Theme};
use super::word::{ends_its_lwp, renamed};

/// What LWPs do and how they start, without names and tails.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// How each LWP starts.
    pub starts: Vec<Start>,
    /// What each LWP does.
    pub lines: Vec<Vec<Op>>,
}

/// A shape in few bytes: a suite has hundreds of thousands. Numbers of states, and of each LWP's sequences.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    starts: [u8; MOST_LWPS],
    lines: [u16; MOST_LWPS],
}

/// No suite has more LWPs.
pub const MOST_LWPS: usize = 4;

/// What an LWP may do, and whether one of the theme's own words is in it.
#[derive(Debug)]
struct Sequence {
    ops: Vec<Op>,
    own: bool,
}

/// All that LWPs may do in a theme's programs.
#[derive(Debug)]
pub struct Book {
    lwps: usize,
    /// How many LWPs may start otherwise than running.
    otherwise: usize,
    /// The states, running first, and whether they are the theme's own.
    states: Vec<(Start, bool)>,
    /// Each LWP's sequences, shorter ones first.
    sequences: Vec<Vec<Sequence>>,
}

impl Book {
    /// The book of a theme, for so many LWPs and so many operations of each, where so many may start otherwise than
    /// running.
    pub fn new(theme: &Theme, lwps: usize, operations: usize, otherwise: usize) -> Book {
        let with = theme.with_states.iter().map(|state| (*state, false));
        let own = theme.own_states.iter().map(|state| (*state, true));
        let mut states: Vec<_> = with.chain(own).collect();
        // LWPs that are created come after those that are there.
        states.sort_by_key(|(state, _)| matches!(state, Start::Unborn { .. }));
        states.insert(0, (RUNNING, false));
        let sequences = (1..=lwps).map(|lid| sequences(theme, lid, lwps, operations)).collect();
        Book { lwps, otherwise, states, sequences }
    }

    /// The shape that an entry stands for.
    pub fn shape(&self, entry: &Entry) -> Shape {
        let lines = entry.lines[..self.lwps].iter().zip(&self.sequences);
        Shape {
            starts: entry.starts[..self.lwps].iter().map(|n| self.states[usize::from(*n)].0).collect(),
            lines: lines.map(|(n, sequences)| sequences[usize::from(*n)].ops.clone()).collect(),
        }
    }

    /// How many operations an entry's LWPs do in all.
    pub fn operations(&self, entry: &Entry) -> usize {
        let lines = entry.lines[..self.lwps].iter().zip(&self.sequences);
        lines.map(|(n, sequences)| sequences[usize::from(*n)].ops.len()).sum()
    }

    /// Every shape of the theme's that is the least of those that differ by their LWPs' numbers, and that is wanted.
    pub fn entries(&self, wanted: impl Fn(&Shape) -> bool) -> Vec<Entry> {
        let mut entries = Vec::new();
        for starts in self.starts() {
            let renamings = self.renamings(&starts);
            let own_state = starts.iter().any(|n| self.states[usize::from(*n)].1);
            let fitting = self.fitting(&starts);
            let mut places = vec![0; self.lwps];
            loop {
                let mut entry = Entry { starts: [0; MOST_LWPS], lines: [0; MOST_LWPS] };
                entry.starts[..self.lwps].copy_from_slice(&starts);
                for (n, place) in places.iter().enumerate() {
                    entry.lines[n] = fitting[n][*place];
                }
                let lines = &entry.lines[..self.lwps];
                let own = own_state || self.sequences.iter().zip(lines).any(|(s, n)| s[usize::from(*n)].own);
                let least = || renamings.iter().all(|renaming| !renaming.lessens(lines));
                if own && least() && wanted(&self.shape(&entry)) {
                    entries.push(entry);
                }
                if !advance(&mut places, &fitting) {
                    break;
                }
            }
        }
        entries
    }

    /// Every choice of starting states, up to order: the first LWP runs, and whoever starts in an earlier state comes first.
    fn starts(&self) -> Vec<Vec<u8>> {
        let mut all = vec![vec![0]];
        for _ in 1..self.lwps {
            let longer = all.iter().flat_map(|starts| {
                let last = *starts.last().expect("there is a first");
                (last..self.states.len() as u8).map(|n| [&starts[..], &[n]].concat())
            });
            all = longer.collect();
        }
        // Created LWPs are numbered in the order of their creation: only that of one is known beforehand.
        let unborn = |n: &&u8| matches!(self.states[usize::from(**n)].0, Start::Unborn { .. });
        all.retain(|starts| starts.iter().filter(unborn).count() <= 1);
        all.retain(|starts| starts.iter().filter(|n| **n != 0).count() <= self.otherwise);
        all
    }

    /// Each LWP's sequences that create and start only those who wait for it.
    fn fitting(&self, starts: &[u8]) -> Vec<Vec<u16>> {
        let start = |lid: Lid| self.states[usize::from(starts[lid - 1])].0;
        let fits = |op: &Op| match *op {
            Op::Create(lid) => matches!(start(lid), Start::Unborn { .. }),
            Op::Start(lid) | Op::Abandon(lid) => {
                matches!(start(lid), Start::Born { doing: Doing::Idle, .. })
            }
            _ => true,
        };
        let fitting = self.sequences.iter().map(|sequences| {
            let of_lwp = sequences.iter().enumerate().filter(|(_, sequence)| sequence.ops.iter().all(fits));
            of_lwp.map(|(n, _)| n as u16).collect()
        });
        fitting.collect()
    }

    fn renamings(&self, starts: &[u8]) -> Vec<Renaming> {
        let index = |sequences: &[Sequence]| -> HashMap<Vec<Op>, u16> {
            sequences.iter().enumerate().map(|(n, sequence)| (sequence.ops.clone(), n as u16)).collect()
        };
        let indices: Vec<_> = self.sequences.iter().map(|sequences| index(sequences)).collect();
        let renamings = renamings(starts).into_iter().map(|to| {
            let lines = self.sequences.iter().enumerate().map(|(n, sequences)| {
                let of = |sequence: &Sequence| {
                    let ops: Vec<_> = sequence.ops.iter().map(|op| renamed(*op, &to)).collect();
                    indices[to[n] - 1][&ops]
                };
                sequences.iter().map(of).collect()
            });
            Renaming { lines: lines.collect(), to }
        });
        renamings.collect()
    }
}

/// Other numbers for LWPs, and what each one's sequences are with them.
struct Renaming {
    to: Vec<Lid>,
    lines: Vec<Vec<u16>>,
}

impl Renaming {
    /// Whether the lines come earlier with the other numbers.
    fn lessens(&self, lines: &[u16]) -> bool {
        let mut other = [0; MOST_LWPS];
        for (n, line) in lines.iter().enumerate() {
            other[self.to[n] - 1] = self.lines[n][usize::from(*line)];
        }
        other[..lines.len()] < *lines
    }
}

/// The next choice of places, the last of which changes fastest.
fn advance(places: &mut [usize], of: &[Vec<u16>]) -> bool {
    for (place, of) in places.iter_mut().zip(of).rev() {
        *place += 1;
        if *place < of.len() {
            return true;
        }
        *place = 0;
    }
    false
}

fn sequences(theme: &Theme, lid: Lid, lwps: usize, operations: usize) -> Vec<Sequence> {
    let with = theme.with.iter().map(|word| (word, false));
    let words = theme.own.iter().map(|word| (word, true)).chain(with);
    let letters =
        words.flat_map(|(word, own)| word.operations(lid, lwps).into_iter().map(move |op| (op, own)));
    let letters: Vec<_> = letters.collect();
    let mut all = vec![Sequence { ops: Vec::new(), own: false }];
    let mut longest = 0;
    for _ in 0..operations {
        let begun = longest..all.len();
        longest = all.len();
        for n in begun {
            if all[n].ops.last().is_some_and(|op| ends_its_lwp(*op)) {
                continue;
            }
            for (op, own) in &letters {
                let ops = [&all[n].ops[..], &[*op]].concat();
                all.push(Sequence { ops, own: all[n].own || *own });
            }
        }
    }
    all
}
