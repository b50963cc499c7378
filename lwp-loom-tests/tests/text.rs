//! Programs that are none: all that is wrong is found, said where it stands, and never a panic.

use lwp_loom_tests::litmus::collection::{FOLDER, files_in, text_of};
use lwp_loom_tests::litmus::text::{Diagnostic, parse, parse_to_run};

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
    is_wrong("lwp a { ok = userret }", "`ok` is a word of the language", "ok");
    is_wrong("cpus 1\ncpus 2\nlwp a { exit }", "a program says this once", "cpus 2");
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
    is_wrong("cpus 0\nlwp a { exit }", "a machine has 1 to 16 CPUs", "cpus 0");
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
    let hang = "that nobody can go on is a failure unless it is expected";
    is_wrong("lwp a { exit }\nalways hang", hang, "hang");
    is_wrong("lwp a { exit }\nsometimes hang or a is LSZOMB", "`hang` stands alone", "hang or a is LSZOMB");
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

// A parser that panics loses the other files too.
#[test]
fn no_piece_of_a_program_makes_the_parser_panic() {
    for file in files_in(FOLDER.as_ref()).unwrap() {
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
