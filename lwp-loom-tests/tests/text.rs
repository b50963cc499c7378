//! Programs that are none: all that is wrong is found, said where it stands, and never a panic.

use lwp_loom_tests::litmus::collection::{files, text_of};
use lwp_loom_tests::litmus::text::{Diagnostic, parse, parse_to_run, print};

/// What is wrong with a text, each with the piece of the text that it is about.
fn wrong(text: &str) -> Vec<(String, &str)> {
    let wrong = parse_to_run("p", text).expect_err(text);
    wrong.into_iter().map(|Diagnostic { span, message, .. }| (message, &text[span])).collect()
}

#[track_caller]
fn is_wrong(text: &str, message: &str, place: &str) {
    assert_eq!(wrong(text), [(message.to_owned(), place)], "{text}");
}

// Whoever mistypes a name wants to know which, and not that the file is bad.
#[test]
fn unknown_names_are_said_where_they_stand() {
    is_wrong("lwp a { wait c }", "there is no LWP `c`", "c");
    is_wrong("lwp a { wiat a }", "there is no operation `wiat`", "wiat");
    is_wrong("lwp a { kill a HUP }", "there is no signal `HUP`", "HUP");
    is_wrong("lwp a { wait a -> EDEADLOCK }", "there is no result `EDEADLOCK`", "EDEADLOCK");
    is_wrong("system netbsd-1.63\nlwp a { exit }", "there is no system `netbsd-1.63`", "netbsd-1.63");
    is_wrong("lwp a { exit }\nalways x == ok", "there is no result, LWP or counter `x`", "x");
    is_wrong("lwp a { exit }\nalways a is LSRUNNING", "there is no state `LSRUNNING`", "LSRUNNING");
    is_wrong("lwp a { exit }\ndefect lost shows hang", "there is no repair `lost`", "lost");
    is_wrong("lwp a { exit }\nassert x", "there is no statement `assert`", "assert");
}

// What other languages write as a field is a word here.
#[test]
fn a_field_of_an_lwp_is_answered_with_how_one_speaks_of_it() {
    let wrong = parse_to_run("p", "lwp a { exit }\nsometimes a.stat == LSZOMB").unwrap_err();
    let help = wrong[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("`a is LSRUN`"), "{help}");
}

#[test]
fn a_name_is_given_once_and_is_no_word_of_the_language() {
    is_wrong("lwp a { exit }\nlwp a { exit }", "the name `a` is given twice", "a");
    is_wrong("lwp a { x = userret; x = userret }", "the name `x` is given twice", "x");
    is_wrong("lwp a { a = userret }", "the name `a` is given twice", "a");
    is_wrong("lwp any { exit }", "`any` is a word of the language", "any");
    is_wrong("lwp a { p_nlwps = getuid }", "`p_nlwps` is a word of the language", "p_nlwps");
    is_wrong("lwp a { ok = userret }", "`ok` is a word of the language", "ok");
    is_wrong("cpus 1\ncpus 2\nlwp a { exit }", "a program says this once", "cpus 2");
}

// The end of a text may be anything.
#[test]
fn what_ends_in_a_letter_of_several_bytes_is_said_to_end_there() {
    is_wrong("lwp ä", "expected `{` and what it does, but the statement ends", "ä");
    is_wrong("lwp a { exit }\nalways é ==", "there is no result, LWP or counter `é`", "é");
    assert!(wrong("\u{3000}# x\n").len() == 1);
    assert!(parse("p", "\u{feff}lwp a { exit }").is_ok(), "a byte order mark is nobody's mistake");
}

#[test]
fn each_mistake_of_a_step_is_said_and_a_row_of_unknown_characters_is_one() {
    let places =
        |text: &'static str| -> Vec<&str> { wrong(text).into_iter().map(|(_, place)| place).collect() };
    assert_eq!(places("lwp a { wait zz -> okk | ESRHC }"), ["zz", "okk", "ESRHC"]);
    assert_eq!(places("lwp a { exit } @@@@ ?"), ["@@@@", "?"]);
    assert_eq!(places("lwp a { yield -> ok |\nlwp b { yield }"), ["{", "|"]);
    assert_eq!(places("lwp a { x = getuid }\nalways x ==\nalways y == 0"), ["=", "y"]);
}

// A mistake that brings others with it that are none hides the one to mend; one that hides others is mended in vain.
#[test]
fn what_stands_in_a_line_that_is_wrong_is_read_and_known() {
    is_wrong(
        "lwp a { exit }\noutside { x = reap }\noutside { y = reap }\nalways y == x",
        "the name `outside` is given twice",
        "outside",
    );
    is_wrong("lwp a { x = wiat any }\nalways x == ok", "there is no operation `wiat`", "wiat");
    is_wrong(
        "lwp a { exit }\nlwp b asleep { exit }\nsometimes b is LSZOMB",
        "there is no starting state `asleep`",
        "asleep",
    );
    let both = wrong("lwp a asleep { wiat any }");
    assert_eq!(both.iter().map(|(_, place)| *place).collect::<Vec<_>>(), ["asleep", "wiat"]);
}

// These would else go wrong in the middle of a search, or never end.
#[test]
fn what_cannot_start_or_be_done_is_refused() {
    is_wrong("lwp a suspended { exit }", "the first LWP runs", "lwp a suspended");
    is_wrong("lwp a sleeping suspended { exit }", "an LWP starts in one state", "suspended");
    is_wrong("lwp a { exit }\nlwp b sleeping { exit }", "b starts asleep", "exit");
    is_wrong(
        "lwp a { exit }\nlwp b unborn idle { exit }",
        "an LWP that is created cannot start so",
        "lwp b unborn idle",
    );
    is_wrong(
        "lwp a { create b }\nlwp b { exit }",
        "b is there from the start; only an `unborn` LWP is created",
        "create b",
    );
    is_wrong("lwp a { exit }\noutside { park }", "`park` is done by an LWP, and this is none", "park");
    is_wrong("lwp a { exit; yield }", "`exit` does not return", "yield");
    is_wrong("lwp a { mutex-exit }", "a does not have the mutex", "mutex-exit");
    is_wrong("cpus 0\nlwp a { exit }", "expected a number of CPUs from 1 to 16, not `0`", "0");
    is_wrong("cpus -1\nlwp a { exit }", "expected a number of CPUs from 1 to 16, not `-1`", "-1");
    is_wrong("cpus 2, 2\nlwp a { exit }", "a number of CPUs is given twice", "2");
    is_wrong(
        "maxlwp 1\nlwp a { exit }\nlwp b { exit }",
        "the process starts with 2 LWPs, and may have 1",
        "maxlwp 1",
    );
    is_wrong("lwp a detached detached { exit }", "detached is said twice", "detached");
    is_wrong(
        "lwp a { setuid 18446744073709551616 }",
        "expected a number from 0 to 65535, not `18446744073709551616`",
        "18446744073709551616",
    );
    is_wrong("lwp a { get 1; exit }", "there never is a key 1: `key-create` is done 0 times", "get 1");
    is_wrong(
        "system netbsd-1.62\nlwp a { lwpctl-alloc }",
        "netbsd-1.62 has nothing for `lwpctl-alloc`",
        "system netbsd-1.62",
    );
    is_wrong(
        "lwp z { exit }\noutside { reap }\nlwp a { exit }",
        "LWPs that the machine starts with come first, then those that are created, then `outside`",
        "lwp a",
    );
    is_wrong(
        "lwp a { exit }\ndefect lost-continue shows hang from 2 cpus",
        "the program never runs where it has this defect",
        "defect lost-continue shows hang from 2 cpus",
    );
}

// A defect that is declared and does not show must not be covered by another declaration of it.
#[test]
fn a_defect_is_declared_once_for_a_system_and_with_words_that_say_something() {
    let lost = "lwp a { exit }\ndefect lost-continue shows";
    is_wrong(
        &format!("{lost} hang in netbsd-1.62\ndefect lost-continue shows race"),
        "`lost-continue` is declared twice for one system",
        "defect lost-continue shows race",
    );
    assert!(
        parse(
            "p",
            &format!("{lost} hang in netbsd-1.62\ndefect lost-continue shows race in netbsd-1.69.2.6")
        )
        .is_ok()
    );
    is_wrong(&format!("{lost} \"\""), "expected words of the failure between the quotes, not `\"\"`", "\"\"");
    is_wrong(&format!("{lost} hang from 0 cpus"), "expected a number of CPUs from 1 to 16, not `0`", "0");
}

// The kernel has no callout of an LWP that has gone, and the machine would look at one.
#[test]
fn the_time_of_an_lwp_that_may_be_free_does_not_come() {
    let is_refused = |text: &str, why: &str| {
        is_wrong(text, &format!("b may be gone when its time comes: {why}"), "timeout b");
    };
    is_refused("lwp a { wait b }\nlwp b { exit }\noutside { timeout b }", "a does `wait`");
    is_refused("lwp a { wait any; timeout b }\nlwp b { exit }", "a does `wait`");
    is_refused("lwp a { exit }\nlwp b { exit }\noutside { timeout b }", "a does `exit`");
    is_refused("lwp a { timeout b }\nlwp b detached { exit }", "nobody waits for it");
    is_refused("lwp a { timeout b }\nlwp b { detach b; exit }", "b does `detach`");
    is_refused("lwp a { timeout b }\nlwp b { exit }\noutside { signal KILL }", "outside does `signal`");
    is_refused("lwp a { user }\nlwp b { kill a KILL; userret }\noutside { timeout b }", "b does `kill`");
    for text in [
        "lwp a { timeout b; wait b }\nlwp b { exit }",
        "lwp a { kill nobody KILL; timeout b }\nlwp b { exit }",
        "lwp a { timeout b; exit }\nlwp b { park-timed; exit }",
        "lwp b { park-timed; exit }\noutside { timeout b }",
    ] {
        assert!(parse("p", text).is_ok(), "{text}");
    }
}

// Who has been freed cannot be looked for, and the kernel's callers find the process by other means first.
#[test]
fn nobody_is_looked_for_in_a_process_that_may_have_been_reaped() {
    let message = "the process may be freed by then: outside does `reap`";
    is_wrong("lwp a { exit }\noutside { reap; kill a }", message, "kill a");
    is_wrong("lwp a { exit }\noutside { reap; reap }", message, "reap");
    is_wrong("lwp a { exit }\noutside { reap }\noutside o { wakeup a }", message, "wakeup a");
    assert!(parse("p", "lwp a { exit }\noutside { kill a; stop; reap }").is_ok());
}

// The last LWP stays until its process is reaped, and nobody is there to detach it.
#[test]
fn the_last_lwp_is_not_detached_from_outside() {
    let message = "b may be the last LWP of its process by then";
    is_wrong("lwp a { exit }\nlwp b { exit }\noutside { detach b }", message, "detach b");
    is_wrong("lwp a { exit-process }\nlwp b { exit }\noutside { detach b }", message, "detach b");
    for text in [
        "lwp a { userret }\nlwp b { exit }\noutside { detach b }",
        "lwp a { exit }\noutside { detach nobody }",
        "lwp a { exit }\nlwp b { detach a; exit }",
    ] {
        assert!(parse("p", text).is_ok(), "{text}");
    }
}

#[test]
fn more_threads_than_loom_has_room_for_are_refused_unless_loom_is_left_out() {
    let lwps: String = ('a'..='f').map(|name| format!("lwp {name} {{ exit }}\n")).collect();
    is_wrong(
        &format!("loom complete\n{lwps}"),
        "loom has room for 5 threads, and here are 6",
        "loom complete",
    );
    assert!(parse("p", &lwps).is_ok());
}

#[test]
fn a_program_that_can_never_end_is_refused_unless_that_is_the_question() {
    let message = "the program can never end: in every order a waits for ever";
    is_wrong("lwp a { sleep }", message, "lwp a");
    is_wrong("lwp a { park }\nlwp b { exit }", message, "lwp a");
    assert!(parse_to_run("p", "lwp a { sleep }\nsometimes hang").is_ok());
    assert!(parse_to_run("p", "lwp a { sleep }\nmay hang").is_ok());
    assert!(parse_to_run("p", "lwp a { sleep }\noutside { happen }").is_ok());
}

#[test]
fn claims_that_cannot_be_judged_are_refused() {
    let about = "results are known at the end, and not along the way";
    is_wrong("lwp a { x = userret }\nalways x == ok along the way", about, "x == ok");
    is_wrong(
        "lwp a { x = userret }\nalways x < ok",
        "expected `==` or `!=`: results are not ordered, not `<`",
        "<",
    );
    let hang = "that an LWP waits for ever is known at the end, and not along the way";
    is_wrong("lwp a { exit }\nnever a hangs along the way", hang, "a hangs");
    is_wrong("lwp a { exit }\nmay hang\nmay hang", "a program says this once", "may hang");
    is_wrong("lwp a { exit }\nmay exit", "expected `hang`, not `exit`", "exit");
}

// A claim that holds whatever happens is a check that cannot fail.
#[test]
fn claims_that_nothing_can_break_or_fulfil_are_refused() {
    let program = |claim: &str| format!("lwp a {{ x = suspend b -> ok | ESRCH }}\nlwp b {{ exit }}\n{claim}");
    let broken = |claim: &str, what: &str| is_wrong(&program(claim), "nothing can break this claim", what);
    broken("always p_nlwps >= 0", "p_nlwps >= 0");
    broken("never x == EINVAL", "x == EINVAL");
    broken("always x != EDEADLK", "x != EDEADLK");
    broken("never a is LSRUN and a is LSZOMB", "a is LSRUN and a is LSZOMB");
    broken("always b is LSZOMB or not b is LSZOMB", "b is LSZOMB or not b is LSZOMB");
    broken("sometimes p_nzlwps < 1 or p_nzlwps > 0", "p_nzlwps < 1 or p_nzlwps > 0");
    let never = "nothing can fulfil this claim";
    is_wrong(&program("sometimes x == EINVAL"), never, "x == EINVAL");
    is_wrong(&program("always p_nlwps > 2 and p_nlwps < 2"), never, "p_nlwps > 2 and p_nlwps < 2");
    for claim in
        ["always x == ok | ESRCH", "never x == ok", "sometimes not b passed LSRUN", "always p_nlwps >= 1"]
    {
        assert!(parse("p", &program(claim)).is_ok(), "{claim}");
    }
}

#[test]
fn an_lwp_that_no_other_creates_is_refused() {
    is_wrong("lwp a { exit }\nlwp b unborn { exit }", "no LWP creates b", "lwp b unborn");
}

const LOCKS: &str = "system netbsd-locks\nlocks low, high\n";

// A lock that comes before one that is held would be a deadlock of the program's, found in the middle of a search.
#[test]
fn a_lock_that_may_be_taken_against_the_order_is_refused() {
    let relock = "`relock low` takes a lock that may come before the one that it holds";
    is_wrong(&format!("{LOCKS}lwp a {{ relock high; relock low }}"), relock, "relock low");
    is_wrong(&format!("{LOCKS}lwp a {{ relock low }}\nlwp b {{ setlock high }}"), relock, "relock low");
    let held = "`setlock high held` needs a lock before all that the LWP may be under, or after all of them";
    let moved = format!("{LOCKS}lwp a {{ setlock high held }}\nlwp b {{ unlock-to high }}");
    is_wrong(&moved, held, "setlock high held");
    is_wrong(
        "system illumos-locks\nlocks low, high\nlwp a { sleep high; sleep low }",
        "`sleep low` takes a lock that may come before the one that it holds",
        "sleep low",
    );
    is_wrong(
        "system illumos-locks\nlocks low\nlwp a { run stop_lock }",
        "`run stop_lock`: only `stop` leaves a thread to it",
        "run stop_lock",
    );
    assert!(parse("p", &format!("{LOCKS}lwp a {{ relock high; unlock-to low; setlock high held }}")).is_ok());
}

#[test]
fn what_a_lock_layer_does_not_have_is_refused_where_it_stands() {
    is_wrong(&format!("{LOCKS}lwp a {{ relock hihg }}"), "there is no lock `hihg`", "hihg");
    is_wrong(
        &format!("{LOCKS}lwp a {{ suspend a }}"),
        "there is no operation of netbsd-locks `suspend`",
        "suspend",
    );
    is_wrong("lwp a { relock a }", "there is no operation `relock`", "relock");
    is_wrong("locks a\nlwp b { exit }", "only a program over a lock layer has locks of its own", "locks");
    is_wrong(
        "system netbsd-locks\nlwp a { lock }",
        "netbsd-locks moves among locks that have names, and here are none",
        "netbsd-locks",
    );
    is_wrong("system spin-lock\nlocks a\nlwp b { enter }", "spin-lock has one lock, and no other", "locks");
    is_wrong(
        "system netbsd-up-locks\nlwp a { setlock sched_mutex held }",
        "a uniprocessor's mover holds the one lock already",
        "held",
    );
    is_wrong("system netbsd-locks\nlocks a, a\nlwp b { lock }", "the name `a` is given twice", "a");
    is_wrong(&format!("{LOCKS}lwp low {{ lock }}"), "the name `low` is given twice", "low");
    is_wrong(
        &format!("{LOCKS}lwp a {{ lock }}\noutside {{ lock }}"),
        "nobody is outside of a lock layer",
        "outside",
    );
    is_wrong(
        &format!("{LOCKS}lwp a suspended {{ lock }}"),
        "whoever moves or locks an LWP has no starting state",
        "lwp a suspended",
    );
    is_wrong(&format!("{LOCKS}cpus 1\nlwp a {{ lock }}"), "`cpus` goes with the protocol", "cpus");
    is_wrong(&format!("{LOCKS}maxlwp 1\nlwp a {{ lock }}"), "`maxlwp` goes with the protocol", "maxlwp");
    is_wrong(
        "system netbsd-1.62, netbsd-locks\nlwp a { exit }",
        "netbsd-locks is not one of several systems",
        "netbsd-locks",
    );
    let about = "a program over a lock layer comes to results, and claims are about those";
    is_wrong(&format!("{LOCKS}lwp a {{ lock }}\nalways a is LSRUN"), about, "a is LSRUN");
    is_wrong(&format!("{LOCKS}lwp a {{ x = lock }}\nalways x == 0 along the way"), about, "x == 0");
}

// A lock that is misspelt once must not make all others unknown.
#[test]
fn one_unknown_lock_does_not_hide_the_others() {
    let text = "system netbsd-locks\nlocks low, high under hgih\nlwp a { relock high; unlock }";
    let places: Vec<&str> = wrong(text).into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, ["hgih", "unlock"]);
}

// These are panics of the machine, in the middle of a search.
#[test]
fn what_the_machine_has_no_answer_to_is_refused() {
    is_wrong("lwp a { timeout nobody }", "nobody cannot be used here", "timeout nobody");
    is_wrong(
        "lwp a { create b }\nlwp b unborn { exit }\noutside { timeout b }",
        "b is not there from the start",
        "timeout b",
    );
    is_wrong("lwp a { set 0 }", "there never is a key 0: `key-create` is done 0 times", "set 0");
    is_wrong("lwp a { create b; create b }\nlwp b unborn { exit }", "b comes to be twice", "create b");
    is_wrong(
        "lwp a { create c; create b }\nlwp b unborn { exit }\nlwp c unborn { exit }",
        "b is created after c, and stands before it in the file",
        "create b",
    );
    is_wrong("lwp a { start b; start b }\nlwp b idle { exit }", "b comes to be twice", "start b");
}

// A parser that calls itself for each parenthesis has a stack for so many.
#[test]
fn claims_within_claims_end_somewhere() {
    for (open, close) in [("(", ")"), ("not ", "")] {
        let deep =
            |n: usize| format!("lwp a {{ exit }}\nalways {}p_nlwps == 0{}", open.repeat(n), close.repeat(n));
        assert!(parse("p", &deep(60)).is_ok());
        let message = &parse("p", &deep(16_000)).unwrap_err()[0].message;
        assert!(message.starts_with("expected no more than 64 claims within each other"), "{message}");
    }
}

// A user who has made five mistakes does not want to run five times.
#[test]
fn all_mistakes_of_a_file_are_said_at_once() {
    let text = "sistem netbsd-1.62\nlwp a { wiat b; park x }\nlwp a { exit\nalways q == ok\n";
    let places: Vec<&str> = wrong(text).into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, ["sistem", "wiat", "x", "a", "{", "q"]);
}

#[test]
fn an_empty_file_has_no_lwp() {
    for text in ["", "\n\n", "# only prose\n"] {
        assert_eq!(wrong(text)[0].0, "there is no LWP");
    }
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    /// One below `n`: splitmix64.
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

// What somebody types is a program with a word too many or too few, or another program's: none may be a panic, and what is
// read must be the same once it is printed. MUTANTS says how many are tried.
#[test]
fn no_mixture_of_programs_makes_the_parser_panic_and_what_is_read_is_printed_as_it_is() {
    let mutants = std::env::var("MUTANTS").map_or(4_000, |n| n.parse().unwrap());
    let files = files();
    let texts: Vec<String> = files.iter().map(|file| text_of(file).unwrap()).collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split_inclusive([' ', '\n'])).collect();
    let mut dice = Dice(6);
    let mut read = 0;
    for _ in 0..mutants {
        let mut mutant: Vec<&str> = texts[dice.roll(texts.len())].split_inclusive([' ', '\n']).collect();
        for _ in 0..=dice.roll(3) {
            let (at, other) = (dice.roll(mutant.len()), dice.roll(words.len()));
            match dice.roll(4) {
                0 => mutant[at] = words[other],
                1 => mutant.insert(at, words[other]),
                2 if mutant.len() > 1 => drop(mutant.remove(at)),
                _ => {
                    let with = other % mutant.len();
                    mutant.swap(at, with);
                }
            }
        }
        let mut bytes = mutant.concat().into_bytes();
        if dice.roll(4) == 0 {
            let at = dice.roll(bytes.len());
            bytes[at] = dice.roll(256) as u8;
        }
        let text = String::from_utf8_lossy(&bytes);
        match parse_to_run("p", &text) {
            Ok(program) => {
                read += 1;
                assert_eq!(parse("p", &print(&program)).as_ref(), Ok(&program), "{text}");
            }
            Err(wrong) => assert!(wrong.iter().all(|one| text.get(one.span.clone()).is_some()), "{text}"),
        }
    }
    assert!(read > mutants / 50, "{read} of {mutants} mutants are programs");
}

// A parser that panics loses the other files too.
#[test]
fn no_piece_of_a_program_makes_the_parser_panic() {
    for file in files() {
        let text = text_of(&file).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for at in places.iter().step_by(3) {
            let _ = parse("p", &text[..*at]);
            let _ = parse("p", &text[*at..]);
        }
        for at in places.iter().step_by(23) {
            for piece in ["{", "}", "->", "\"", "=", "and", "\u{e9}", "(", ";;", "#", "1"] {
                let _ = parse("p", &format!("{}{piece}{}", &text[..*at], &text[*at..]));
            }
        }
    }
}
