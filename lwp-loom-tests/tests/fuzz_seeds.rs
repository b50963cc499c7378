//! The fuzz target `lock_pointer` without a fuzzer: its seeds, many generated inputs, and a proof that its oracle
//! can fail.
#![cfg(not(any(loom, shuttle)))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use lwp_loom_tests::fuzzing::lock_pointer::{Fault, Program, System, Verb, run, run_with};

/// What each seed says. A seed is written by hand, `printf '\0\3\0\0\6\0\0...' > NAME`: a byte for the system
/// (`System::ALL`), then for each step a byte for the verb (`Verb::ALL`), one for the LWP and one for the lock.
const SEEDS: &[(&str, &str)] = &[
    ("illumos-lock-work-unlock", "illumos: lock 0; work 0; unlock 0; lock 0; work 0; unlock 0"),
    (
        "illumos-set-state",
        "illumos: lock 0; enter lock 1; set_state 0, lock 1; work 0; unlock 0; exit lock 0; lock 0",
    ),
    (
        "illumos-stop",
        "illumos: lock 0; work 0; stop 0; lock 0; work 0; transition 0; enter lock 0; set_state 0, lock 0; unlock 0",
    ),
    (
        "illumos-stop-two",
        "illumos: lock 0; stop 0; lock 1; stop 1; lock 1; work 1; unlock 1; lock 0; work 0; unlock 0",
    ),
    (
        "illumos-transition",
        "illumos: lock 0; transition 0; work 0; tryenter lock 3; tryenter lock 0; set_state 0, lock 0; work 0; unlock 0",
    ),
    (
        "illumos-transition-to-another-lock",
        "illumos: lock 1; transition 1; enter lock 0; set_state 1, lock 0; unlock 1; lock 0; unlock 0; lock 1",
    ),
    (
        "netbsd-covered-by",
        "netbsd: enter lock 1; covered_by 0, lock 1; covered_by 1, lock 1; work 1; into_mutex 1; exit lock 1",
    ),
    ("netbsd-lock-work-unlock", "netbsd: lock 0; work 0; unlock 0; lock 0; work 0; unlock 0"),
    (
        "netbsd-relock",
        "netbsd: lock 0; work 0; relock 0, lock 2; work 0; relock 0, lock 2; unlock 0; trylock 0",
    ),
    ("netbsd-setlock", "netbsd: lock 0; setlock 0, lock 3; trylock 0; work 0; exit lock 0; unlock 0"),
    (
        "netbsd-setlock-held",
        "netbsd: lock 0; enter lock 3; setlock_held 0, lock 3; work 0; tryenter lock 0; unlock 0; exit lock 0",
    ),
    ("netbsd-tryenter", "netbsd: tryenter lock 0; tryenter lock 0; trylock 0; exit lock 0; tryenter lock 0"),
    (
        "netbsd-two-lwps-on-one-lock",
        "netbsd: lock 0; relock 0, lock 1; trylock 1; unlock 0; trylock 1; trylock 0; unlock_to 1, lock 0; trylock 0",
    ),
    ("netbsd-unlock-to", "netbsd: lock 0; work 0; unlock_to 0, lock 2; lock 0; work 0; unlock 0"),
    (
        "netbsd-unlock-to-a-lock-that-is-held",
        "netbsd: lock 0; enter lock 2; unlock_to 0, lock 2; trylock 0; exit lock 2; trylock 0",
    ),
    (
        "netbsd-unlock-to-held",
        "netbsd: lock 0; enter lock 3; unlock_to_held 0, lock 3; work 0; tryenter lock 0; unlock 0",
    ),
    (
        "uniprocessor-moves-nothing",
        "uniprocessor: lock 0; work 0; relock 0, lock 1; work 0; unlock_to 0, lock 2; lock 0; setlock 0, lock 3; exit lock 0; lock 0; into_mutex 0; trylock 0; exit lock 0; trylock 0; unlock 0",
    ),
    (
        "uniprocessor-one-lock-for-all",
        "uniprocessor: lock 0; trylock 1; tryenter lock 0; unlock 0; trylock 1; enter lock 1; tryenter lock 2; exit lock 1",
    ),
];

fn decode(bytes: &[u8]) -> Program {
    Program::arbitrary(&mut Unstructured::new(bytes)).expect("any bytes are a program")
}

fn seeds() -> BTreeMap<String, Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/lock_pointer");
    let files = fs::read_dir(folder).expect("the seeds are checked in").map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), decode(&fs::read(entry.path()).unwrap()))
    });
    files.collect()
}

/// Programs of pseudo-random bytes, the same in every run.
fn generated(count: usize) -> impl Iterator<Item = Program> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(move |_| {
        let len = 1 + 3 * usize::from(byte());
        let bytes: Vec<u8> = (0..len).map(|_| byte()).collect();
        decode(&bytes)
    })
}

#[track_caller]
fn check(name: &str, program: &Program) -> Vec<(Verb, bool)> {
    match run(program) {
        Ok(performed) => performed.into_iter().map(|(step, answer)| (step.verb, answer)).collect(),
        Err(mismatch) => panic!("{name}: {mismatch}"),
    }
}

/// Everything that can happen: each verb of each system, and both answers where a call answers.
fn everything() -> BTreeSet<(System, Verb, bool)> {
    let mut all = BTreeSet::new();
    for system in System::ALL {
        for verb in Verb::ALL.into_iter().filter(|verb| verb.is_of(system)) {
            all.insert((system, verb, true));
            if matches!(verb, Verb::Tryenter | Verb::Trylock | Verb::CoveredBy) {
                all.insert((system, verb, false));
            }
        }
    }
    all
}

/// A change to the decoder turns every seed, and every finding that somebody has kept, into another program.
#[test]
fn seeds_decode_to_what_is_written_here() {
    let decoded: Vec<_> = seeds().into_iter().map(|(name, program)| (name, program.to_string())).collect();
    let expected: Vec<_> = SEEDS.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    assert_eq!(decoded, expected);
}

/// The machine must do what the model says; and a seed that no longer reaches its operation starts no search there.
#[test]
fn seeds_agree_with_the_model_and_reach_every_operation() {
    let mut reached = BTreeSet::new();
    for (name, program) in seeds() {
        reached.extend(check(&name, &program).into_iter().map(|(verb, ok)| (program.system, verb, ok)));
    }
    let missing: Vec<_> = everything().difference(&reached).copied().collect();
    assert!(missing.is_empty(), "no seed reaches {missing:?}");
}

/// As for the seeds, over sequences that nobody has thought of.
#[test]
fn generated_programs_agree_with_the_model_and_reach_every_operation() {
    let mut reached = BTreeSet::new();
    for program in generated(5_000) {
        reached.extend(check("generated", &program).into_iter().map(|(verb, ok)| (program.system, verb, ok)));
    }
    let missing: Vec<_> = everything().difference(&reached).copied().collect();
    assert!(missing.is_empty(), "no generated program reaches {missing:?}");
}

/// An oracle that agrees with everything would pass all of the above.
#[test]
fn every_fault_in_the_model_is_noticed_by_a_seed() {
    let seeds = seeds();
    for fault in Fault::ALL {
        // A model that is wrong may permit what the machine refuses with a panic.
        let noticed =
            |program| !matches!(catch_unwind(AssertUnwindSafe(|| run_with(program, Some(fault)))), Ok(Ok(_)));
        assert!(seeds.values().any(noticed), "no seed notices that {fault:?}");
    }
}

/// A mismatch that does not say where and in which program cannot be worked on.
#[test]
fn a_mismatch_names_the_step_the_program_and_both_states() {
    let program = decode(&[0, 3, 0, 0, 8, 0, 2, 3, 0, 0]);
    let mismatch = run_with(&program, Some(Fault::UnlockToMovesTooFar)).unwrap_err().to_string();
    let lines: Vec<_> = mismatch.lines().collect();
    assert_eq!(lines[0], "after step 2, lock 0, of");
    assert_eq!(lines[1].trim(), "netbsd: lock 0; unlock_to 0, lock 2; lock 0");
    assert_eq!(lines[2], "the model expects");
    assert_eq!(lines[4], "but the machine is");
}
