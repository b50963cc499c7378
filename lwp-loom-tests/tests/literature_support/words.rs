//! Programs over words: loads, stores and exchanges.

use super::{Program, Shared};

/// One writes a word, `n` read it.
pub fn readers(n: usize) -> Program {
    Program::new(vec![0]).thread(|s| s.store(0, 1)).threads(n, |s, _| {
        s.load(0);
    })
}

/// `n` write a word, one reads it.
pub fn writers_a_reader(n: usize) -> Program {
    Program::new(vec![0]).threads(n, |s, k| s.store(0, k + 1)).thread(|s| {
        s.load(0);
    })
}

/// `n` write a word.
pub fn lastwrite(n: usize) -> Program {
    Program::new(vec![0]).threads(n, |s, k| s.store(0, k + 1))
}

/// One looks for the last word that is zero; `n` others each set a word to one more than the word before it.
pub fn lastzero(n: usize) -> Program {
    let increments = |s: &Shared, k: usize| s.store(k + 1, s.load(k) + 1);
    Program::new(vec![0; n + 1]).threads(n, increments).thread(move |s| {
        (0..=n).rev().find(|&word| s.load(word) == 0);
    })
}

/// Two write a word `n` times each, a third reads it twice.
pub fn redundant_co(n: usize) -> Program {
    let writes = move |value| move |s: &Shared| (0..n).for_each(|_| s.store(0, value));
    Program::new(vec![0]).thread(writes(1)).thread(writes(2)).thread(|s| {
        s.load(0);
        s.load(0);
    })
}

/// Two compute Fibonacci's numbers from each other's, `n` times each; a third reads both.
pub fn fib_bench(n: usize) -> Program {
    let adds = move |mine: usize| {
        move |s: &Shared| (0..n).for_each(|_| s.store(mine, s.load(mine) + s.load(1 - mine)))
    };
    Program::new(vec![1, 1]).thread(adds(0)).thread(adds(1)).thread(|s| {
        s.load(0);
        s.load(1);
    })
}

/// Each of `n` exchanges its number for the next.
pub fn casrot(n: usize) -> Program {
    Program::new(vec![0]).threads(n, |s, k| {
        s.compare_exchange(0, k, k + 1);
    })
}

/// Each of `n` exchanges 0 for 1, and then writes its number.
pub fn casw(n: usize) -> Program {
    Program::new(vec![0]).threads(n, |s, k| {
        s.compare_exchange(0, 0, 1);
        s.store(0, k + 3);
    })
}

/// One counts to `n - 1`, one reads the count and writes the word of that number, and `n` write a word each.
pub fn ssbexp(n: usize) -> Program {
    let count = move |s: &Shared| (1..n).for_each(|value| s.store(n, value));
    let master = move |s: &Shared| s.store(s.load(n), 0);
    Program::new(vec![0; n + 1]).threads(n, |s, k| s.store(k, 7)).thread(count).thread(master)
}
