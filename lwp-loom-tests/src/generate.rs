//! All programs of a shape, in a fixed order: nothing about them is picked by hand.

use crate::program::{IllumosOp, NetbsdOp, New, Operation, ParkerOp, Program, SpinOp, Threads};
use crate::suite::Scope;

/// Who is in a program, and how much each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Two or three threads that take a spin lock, or try it, or wait for it as long as it is wanted, up to three times
    /// together.
    Spin,
    /// One thread that parks, up to twice, and one or two that let it go on, up to twice together.
    Parker,
    /// NetBSD: up to three moves by one mover, against one locker.
    NetbsdMoverLocker,
    /// NetBSD: up to two moves by one mover, against two lockers.
    NetbsdMoverLockers,
    /// NetBSD: one move each by two movers, against one locker.
    NetbsdMoversLocker,
    /// NetBSD 1.62 on a uniprocessor: up to three moves that move nothing, against one locker.
    Uniprocessor,
    /// illumos: up to three moves by one mover, against one locker.
    IllumosMoverLocker,
    /// illumos: up to two moves by one mover, against two lockers.
    IllumosMoverLockers,
    /// illumos: one move each by two movers, against one locker.
    IllumosMoversLocker,
}

impl Shape {
    /// Every shape, in the order in which they are reported.
    pub const ALL: [Shape; 9] = [
        Shape::Spin,
        Shape::Parker,
        Shape::NetbsdMoverLocker,
        Shape::NetbsdMoverLockers,
        Shape::NetbsdMoversLocker,
        Shape::Uniprocessor,
        Shape::IllumosMoverLocker,
        Shape::IllumosMoverLockers,
        Shape::IllumosMoversLocker,
    ];

    /// The shape's name: also its family's.
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Spin => "spin",
            Shape::Parker => "parker",
            Shape::NetbsdMoverLocker => "netbsd-mover-locker",
            Shape::NetbsdMoverLockers => "netbsd-mover-2-lockers",
            Shape::NetbsdMoversLocker => "netbsd-2-movers-locker",
            Shape::Uniprocessor => "netbsd-up",
            Shape::IllumosMoverLocker => "illumos-mover-locker",
            Shape::IllumosMoverLockers => "illumos-mover-2-lockers",
            Shape::IllumosMoversLocker => "illumos-2-movers-locker",
        }
    }
}

/// Every program of a shape, smallest first.
pub fn programs(shape: Shape, scope: Scope) -> Vec<Program> {
    let mut programs = match shape {
        Shape::Spin => spin(),
        Shape::Parker => parker(),
        Shape::NetbsdMoverLocker => netbsd(&movers(netbsd_moves, 3), 1),
        Shape::NetbsdMoverLockers => {
            netbsd(&movers(netbsd_moves, if scope == Scope::Full { 2 } else { 1 }), 2)
        }
        Shape::NetbsdMoversLocker => netbsd(&pairs(netbsd_moves), 1),
        Shape::Uniprocessor => uniprocessor(3),
        Shape::IllumosMoverLocker => illumos(&movers(illumos_moves, 3), 1),
        Shape::IllumosMoverLockers => illumos(&movers(illumos_moves, 2), 2),
        Shape::IllumosMoversLocker => illumos(&pairs(illumos_moves), 1),
    };
    programs.retain(Program::is_sound);
    programs.sort_by_key(|program| (program.operations(), program.lwps()));
    programs
}

/// The most locks that an LWP moves among.
const LOCKS: usize = 3;

/// Where an LWP starts, and what each mover does to it.
type Movers<Op> = (usize, Vec<Vec<Op>>);

/// One mover with one to `most` moves, over all starts.
fn movers<Op: Operation>(moves: fn() -> Vec<Op>, most: usize) -> Vec<Movers<Op>> {
    let mut all = Vec::new();
    for start in 0..LOCKS {
        let mut sequences: Vec<Vec<Op>> = vec![Vec::new()];
        for _ in 0..most {
            let longer = sequences.iter().flat_map(|s| moves().into_iter().map(|m| [&s[..], &[m]].concat()));
            sequences = longer.collect();
            all.extend(
                sequences.iter().filter(|s| moves_each_time(start, s)).map(|s| (start, vec![s.clone()])),
            );
        }
    }
    all.retain(|(start, movers)| uses_every_lock(*start, movers));
    all
}

/// Two movers with one move each, over all starts, up to their order.
fn pairs<Op: Operation>(moves: fn() -> Vec<Op>) -> Vec<Movers<Op>> {
    let mut all = Vec::new();
    for start in 0..LOCKS {
        for (n, a) in moves().into_iter().enumerate() {
            all.extend(moves().into_iter().skip(n).map(|b| (start, vec![vec![a], vec![b]])));
        }
    }
    all.retain(|(start, movers)| uses_every_lock(*start, movers));
    all
}

/// A mover that moves an LWP to where it already is tells nothing.
fn moves_each_time<Op: Operation>(start: usize, sequence: &[Op]) -> bool {
    let places: Vec<_> = [Some(start)].into_iter().chain(sequence.iter().map(|op| op.to())).collect();
    places.windows(2).all(|pair| pair[0] != pair[1])
}

/// A program that leaves out a lock is the same as one with its locks renumbered.
fn uses_every_lock<Op: Operation>(start: usize, movers: &[Vec<Op>]) -> bool {
    let used: Vec<usize> = movers.iter().flatten().filter_map(|op| op.to()).chain([start]).collect();
    let most = used.iter().copied().max().unwrap_or(0);
    (0..=most).all(|lock| used.contains(&lock))
}

fn netbsd_moves() -> Vec<NetbsdOp> {
    let to = |to| {
        [
            NetbsdOp::Relock(to),
            NetbsdOp::UnlockTo(to, New::Lent),
            NetbsdOp::UnlockTo(to, New::Held),
            NetbsdOp::Setlock(to, New::Lent),
            NetbsdOp::Setlock(to, New::Held),
        ]
    };
    (0..LOCKS).flat_map(to).collect()
}

fn netbsd(movers: &[Movers<NetbsdOp>], lockers: usize) -> Vec<Program> {
    let kinds = [NetbsdOp::Lock, NetbsdOp::Trylock];
    let lockers = multisets(&kinds, lockers);
    products(movers, &lockers).map(Program::Netbsd).collect()
}

fn uniprocessor(most: usize) -> Vec<Program> {
    let moves =
        || vec![NetbsdOp::Relock(0), NetbsdOp::UnlockTo(0, New::Lent), NetbsdOp::Setlock(0, New::Lent)];
    let mut sequences: Vec<Vec<NetbsdOp>> = vec![Vec::new()];
    let mut all = Vec::new();
    for _ in 0..most {
        let longer = sequences.iter().flat_map(|s| moves().into_iter().map(|m| [&s[..], &[m]].concat()));
        sequences = longer.collect();
        all.extend(sequences.iter().map(|s| (0, vec![s.clone()])));
    }
    products(&all, &multisets(&[NetbsdOp::Lock, NetbsdOp::Trylock], 1)).map(Program::Uniprocessor).collect()
}

fn illumos_moves() -> Vec<IllumosOp> {
    let to = |to| [IllumosOp::Sleep(to), IllumosOp::Run(to)];
    [IllumosOp::Stop].into_iter().chain((1..LOCKS).flat_map(to)).collect()
}

fn illumos(movers: &[Movers<IllumosOp>], lockers: usize) -> Vec<Program> {
    products(movers, &multisets(&[IllumosOp::Lock], lockers)).map(Program::Illumos).collect()
}

fn spin() -> Vec<Program> {
    let ops = [SpinOp::Enter, SpinOp::Tryenter, SpinOp::EnterWanted, SpinOp::CallOff];
    let ones = ops.map(|op| vec![op]);
    let twos = ops.iter().flat_map(|a| ops.map(|b| vec![*a, b]));
    let threads: Vec<Vec<SpinOp>> = ones.into_iter().chain(twos).collect();
    // Three critical sections store seven times to the lock's word, and loom remembers no more.
    let fits = |pair: &Vec<Vec<SpinOp>>| pair.concat().len() <= 3;
    let all = multisets(&threads, 2).into_iter().chain(multisets(&threads, 3)).filter(fits);
    // A lock is called off once, for a thread that wants it, and last: where memory is weak others may see first what follows
    // that, and sequential consistency has fewer executions.
    let is_called_off_for = |threads: &Vec<Vec<SpinOp>>| {
        let all = threads.concat();
        let count = |wanted| all.iter().filter(|op| **op == wanted).count();
        let is_last = threads.iter().all(|ops| ops.iter().rev().skip(1).all(|op| *op != SpinOp::CallOff));
        count(SpinOp::CallOff) == 0
            || count(SpinOp::CallOff) == 1 && count(SpinOp::EnterWanted) > 0 && is_last
    };
    all.filter(is_called_off_for).map(|threads| Program::Spin(Threads { start: 0, threads })).collect()
}

fn parker() -> Vec<Program> {
    use ParkerOp::{Park, ParkUntil, Unpark};
    let parks = [vec![Park], vec![ParkUntil], vec![Park, ParkUntil], vec![ParkUntil, ParkUntil]];
    let let_gos = [vec![vec![Unpark]], vec![vec![Unpark; 2]], vec![vec![Unpark]; 2]];
    let with =
        |first: &Vec<ParkerOp>, others: &Vec<Vec<ParkerOp>>| [vec![first.clone()], others.clone()].concat();
    let all = parks.iter().flat_map(|first| let_gos.iter().map(move |others| with(first, others)));
    all.map(|threads| Program::Parker(Threads { start: 0, threads })).collect()
}

/// Every program with these movers and these lockers.
fn products<Op: Operation>(movers: &[Movers<Op>], lockers: &[Vec<Op>]) -> impl Iterator<Item = Threads<Op>> {
    movers.iter().flat_map(move |(start, movers)| {
        lockers.iter().map(move |lockers| {
            let lockers = lockers.iter().map(|op| vec![*op]);
            Threads { start: *start, threads: movers.iter().cloned().chain(lockers).collect() }
        })
    })
}

/// Every choice of `size` items, repetition allowed, up to their order.
fn multisets<T: Clone>(items: &[T], size: usize) -> Vec<Vec<T>> {
    let mut all = vec![(0, Vec::new())];
    for _ in 0..size {
        all = all
            .into_iter()
            .flat_map(|(from, chosen)| {
                (from..items.len()).map(move |n| (n, [&chosen[..], &[items[n].clone()]].concat()))
            })
            .collect();
    }
    all.into_iter().map(|(_, chosen)| chosen).collect()
}
