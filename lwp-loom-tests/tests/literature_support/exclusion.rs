//! Mutual exclusion of two threads by words alone. Waits are bounded: a thread that has looked `n` times gives up, and does
//! nothing more. A thread stops by `None`.

use super::{Program, Shared};

/// The word that only the thread in its critical section accesses.
const X: usize = 0;

const TURN: usize = 3;

const fn flag(of: usize) -> usize {
    1 + of
}

fn section(s: &Shared, me: usize) {
    s.store(X, me + 1);
    assert_eq!(s.load(X), me + 1, "two are in their critical sections");
}

fn within(looks: usize, mut ends: impl FnMut() -> bool) -> Option<()> {
    (0..looks).any(|_| ends()).then_some(())
}

/// Two threads, each of which goes round until it stops, and so often at most.
fn rounds(
    words: usize,
    rounds: usize,
    round: impl Fn(&Shared, usize) -> Option<()> + Clone + Send + Sync + 'static,
) -> Program {
    Program::new(vec![0; words]).threads(2, move |s, me| {
        (0..rounds).try_for_each(|_| round(s, me));
    })
}

/// Peterson's, twice.
pub fn peterson(n: usize) -> Program {
    rounds(4, 2, move |s, me| {
        s.store(flag(me), 1);
        s.store(TURN, 1 - me);
        within(n, || {
            let (other, turn) = (s.load(flag(1 - me)), s.load(TURN));
            other == 0 || turn == me
        })?;
        section(s, me);
        s.store(flag(me), 0);
        Some(())
    })
}

/// Szymanski's, twice.
pub fn szymanski(n: usize) -> Program {
    rounds(3, 2, move |s, me| {
        let other = || s.load(flag(1 - me));
        s.store(flag(me), 1);
        within(n, || other() < 3)?;
        s.store(flag(me), 3);
        if other() == 1 {
            s.store(flag(me), 2);
            within(n, || other() == 4)?;
        }
        s.store(flag(me), 4);
        within(n, || other() < 2)?;
        section(s, me);
        within(n, || other() < 2 || other() > 3)?;
        s.store(flag(me), 0);
        Some(())
    })
}

/// Dekker's, `n` times, each wait with one look.
pub fn dekker(n: usize) -> Program {
    rounds(4, n, |s, me| {
        s.store(flag(me), 1);
        while s.load(flag(1 - me)) != 0 {
            // It is the other's turn, or else the other must go back.
            (s.load(TURN) != me).then_some(())?;
            s.store(flag(me), 0);
            within(1, || s.load(TURN) == me)?;
            s.store(flag(me), 1);
        }
        section(s, me);
        s.store(TURN, 1 - me);
        s.store(flag(me), 0);
        Some(())
    })
}

/// Lamport's fast one, twice, with `n` attempts.
pub fn lamport(n: usize) -> Program {
    const FAST: usize = 3;
    const SLOW: usize = 4;
    rounds(5, 2, move |s, me| {
        let mut entered = false;
        for _ in 0..n {
            s.store(flag(me), 1);
            s.store(FAST, me + 1);
            if s.load(SLOW) != 0 {
                s.store(flag(me), 0);
                within(n, || s.load(SLOW) == 0)?;
                continue;
            }
            s.store(SLOW, me + 1);
            if s.load(FAST) != me + 1 {
                s.store(flag(me), 0);
                within(n, || s.load(flag(1 - me)) == 0)?;
                if s.load(SLOW) != me + 1 {
                    within(n, || s.load(SLOW) == 0)?;
                    continue;
                }
            }
            entered = true;
            break;
        }
        entered.then_some(())?;
        section(s, me);
        s.store(SLOW, 0);
        s.store(flag(me), 0);
        Some(())
    })
}

/// Each of two says that it is there, and waits until the other says that it is not: both may wait for ever.
pub fn simplified_dekker(_: usize) -> Program {
    Program::new(vec![0; 2]).threads(2, |s, me| {
        s.store(me, 1);
        s.wait_for(1 - me, 0);
        s.store(me, 0);
    })
}
