//! Sequential consistency, by an interpreter that knows no engine: one operation after the other, in every order.

use std::collections::BTreeSet;

use super::{Op, Outcome, Program, WORDS};

/// All outcomes of a program.
pub fn outcomes(program: &Program) -> BTreeSet<Outcome> {
    let mut found = BTreeSet::new();
    go_on(
        program,
        &mut vec![0; program.len()],
        (vec![Vec::new(); program.len()], vec![0; WORDS]),
        &mut found,
    );
    found
}

fn go_on(program: &Program, at: &mut Vec<usize>, (saw, words): Outcome, found: &mut BTreeSet<Outcome>) {
    let can_go_on: Vec<usize> = (0..program.len()).filter(|t| at[*t] < program[*t].len()).collect();
    if can_go_on.is_empty() {
        found.insert((saw, words));
        return;
    }
    for thread in can_go_on {
        let (mut saw, mut words) = (saw.clone(), words.clone());
        match program[thread][at[thread]] {
            Op::Load(word, _) => saw[thread].push(words[word]),
            Op::Store(word, value, _) => words[word] = value,
            Op::Exchange(word, old, new, _) => {
                let stores = words[word] == old;
                saw[thread].push(usize::from(stores));
                if stores {
                    words[word] = new;
                }
            }
        }
        at[thread] += 1;
        go_on(program, at, (saw, words), found);
        at[thread] -= 1;
    }
}
