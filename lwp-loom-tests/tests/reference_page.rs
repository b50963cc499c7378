//! `docs/litmus.md` says what the language is.
#![cfg(shuttle)]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lwp_core::netbsd::{Repair, Revision};
use lwp_loom_tests::engine::Exploration;
use lwp_loom_tests::engine::complete::{self, Options};
use lwp_loom_tests::job::{Limits, Verdict};
use lwp_loom_tests::litmus::text::{format, parse, print};
use lwp_loom_tests::litmus::verb::{Takes, VERBS, Verb};
use lwp_loom_tests::litmus::{Case, LockCase, Variant, locks};
use lwp_loom_tests::pages;

/// The page's path and text.
fn page() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/litmus.md");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

// An example that does not run would teach what is not so.
#[test]
fn every_example_of_the_reference_page_is_what_it_says() {
    let (_, page) = page();
    let examples: Vec<&str> =
        page.split("```litmus\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 10, "a section without an example");
    let mut fail_as_written = Vec::new();
    for (n, text) in examples.into_iter().enumerate() {
        let name = format!("example-{n}");
        let program = parse(&name, text).unwrap_or_else(|wrong| panic!("{text}\n{wrong:?}"));
        assert_eq!(parse(&name, &print(&program)).as_ref(), Ok(&program), "{text}");
        let laid_out = format::format(&name, text).unwrap();
        assert_eq!(format::format(&name, &laid_out).unwrap(), laid_out);
        let program = Arc::new(program);
        let (locks, cases) = (LockCase::new(&program), Case::all_of(&program));
        assert!(locks.is_some() || !cases.is_empty(), "{text}");
        if let Some(case) = locks {
            let body = case.clone();
            let found = complete::explore(&case.name(), &Limits::default(), move || drop(body.run()));
            assert_eq!((found.verdict, found.message), (Verdict::Complete, None), "{text}");
            assert_eq!(case.unseen(), [""; 0], "{text}");
        }
        for case in cases {
            let found = explored(&case);
            let (name, message) = (case.name(), found.message.unwrap_or_default());
            let shows = case.must_show();
            if !shows.is_empty() {
                assert!(shows.iter().any(|words| message.contains(words)), "{name}: {message:?}: {text}");
                assert!(case.variant != Variant::Repaired);
                continue;
            }
            if case.variant == Variant::AsWritten && found.verdict == Verdict::Failed {
                let due = Repair::ALL.into_iter().find(|repair| holds(&case, Variant::Only(*repair)));
                fail_as_written.push((
                    about(text),
                    case.revision.name(),
                    due.map_or("several", Repair::name),
                ));
                continue;
            }
            assert_eq!((found.verdict, message.as_str()), (Verdict::Complete, ""), "{name}: {text}");
            assert_eq!(case.unseen(), [""; 0], "{name}: {text}");
        }
    }
    fail_as_written.dedup();
    assert_eq!(fail_as_written, FAIL_AS_WRITTEN);
}

/// Examples that have a defect of the sources which they are not about, and so do not declare: what each is about, the
/// revision, and the one repair with which it holds.
const FAIL_AS_WRITTEN: &[(&str, &str, &str)] = &[
    ("A continue that comes before the suspension has happened takes it back.", "1.62", "lost-continue"),
    ("A continue that comes before the suspension has happened takes it back.", "1.69.2.6", "lost-continue"),
    ("Two LWPs take turns on one CPU, and run at once on two.", "1.69.2.6", "unlocked-running"),
    ("What becomes of a suspended LWP.", "1.69.2.6", "lost-continue"),
];

/// What an example says first.
fn about(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches("# ")
}

fn explored(case: &Case) -> Exploration {
    let body = case.clone();
    let options = Options { standstills_are_outcomes: case.may_hang(), ..Options::default() };
    complete::explore_with(&case.name(), &options, move || drop(body.run())).0
}

/// Whether a case's program holds in another variant.
fn holds(case: &Case, variant: Variant) -> bool {
    let other = Case::new(case.litmus.clone(), case.revision, variant, case.cpus);
    explored(&other).verdict == Verdict::Complete
}

fn row(verb: &Verb) -> String {
    let takes = match verb.takes {
        Takes::Nothing => "",
        Takes::Lwp(_) => " LWP",
        Takes::LwpOrAny(_) => " LWP or any",
        Takes::LwpAndSignal(_) => " LWP [SIGNAL]",
        Takes::Signal(_) => " SIGNAL",
        Takes::Number(_) => " NUMBER",
    };
    let outside = if verb.by_an_lwp { "" } else { "yes" };
    format!("| `{}{takes}` | {outside} | {} |\n", verb.word, verb.about)
}

// An operation that is not on the page can only be found in the source.
#[test]
fn every_operation_is_on_the_reference_page() {
    let table: String = VERBS.iter().map(row).collect();
    let table = format!("\n| operation | from outside | what it is |\n|---|---|---|\n{table}\n");
    let table = format!("{table}Signals are `KILL`, `QUIT`, `STOP`, `CONT` and `USR1`.\n");
    has_table("operations", &table);
}

fn lock_row(verb: &locks::Verb) -> String {
    let takes = match verb.takes {
        locks::Takes::Nothing => "",
        locks::Takes::Lock => " LOCK",
        locks::Takes::LockOrHeld => " LOCK [held]",
    };
    let layers: Vec<_> = verb.layers.iter().map(|layer| format!("`{}`", locks::system(*layer))).collect();
    format!("| `{}{takes}` | {} | {} |\n", verb.word, layers.join(", "), verb.about)
}

#[test]
fn every_operation_of_a_lock_layer_is_on_the_reference_page() {
    let table: String = locks::VERBS.iter().map(lock_row).collect();
    has_table("lock operations", &format!("\n| operation | of | what it is |\n|---|---|---|\n{table}\n"));
}

/// The page has this table between the marks of that name.
fn has_table(name: &str, table: &str) {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->\n"));
    // The tables are of one page, and their tests run side by side.
    static PAGE: Mutex<()> = Mutex::new(());
    let _page = PAGE.lock();
    let (path, page) = page();
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    pages::hold(&path, &[before, &begin, table, &end, after].concat());
}

// The page promises both systems to a program that names none.
#[test]
fn a_program_that_says_nothing_is_for_both_systems_and_has_a_cpu_for_each_lwp() {
    let program = parse("p", "lwp a { exit }\nlwp b { exit }\noutside { reap }").unwrap();
    assert_eq!((program.revisions, program.cpus), (Revision::ALL.to_vec(), vec![2]));
}
