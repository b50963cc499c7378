//! `cargo ci explain` from outside, with a worker that it builds.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs it in a folder: its exit status, and what it has printed and said.
fn explain<S: AsRef<OsStr>>(folder: &Path, args: &[S]) -> (Option<i32>, String, String) {
    let ci = Command::new(env!("CARGO_BIN_EXE_ci"))
        .arg("explain")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ci.status.code(), text(ci.stdout), text(ci.stderr))
}

/// What a timeline says to type to see it again.
fn again(printed: &str) -> Vec<Vec<&str>> {
    let lines = printed.lines().filter_map(|line| line.strip_prefix("again: cargo ci explain "));
    lines.map(|line| line.split(' ').collect()).collect()
}

/// Whoever is shown a failure should not have to find out which half of the program has no part in it; and what is left
/// must fail again from the string that is printed with it.
#[test]
fn a_failing_program_is_cut_to_what_it_takes_to_fail_and_that_fails_again() {
    let folder = tempfile::tempdir().unwrap();
    let program = "lwp/1.62/as-written/3-cpus/wait-suspend-exit";
    let (status, printed, said) = explain(folder.path(), &[program, "--smallest", "smallest.litmus"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(printed.contains("lwp_continue") && said.contains("nobody can go on"), "{printed}{said}");
    let smallest = fs::read_to_string(folder.path().join("smallest.litmus")).unwrap();
    // The waiting and the LWP that is waited for have no part in it.
    let steps: Vec<&str> = smallest.lines().filter(|line| line.starts_with("    ")).map(str::trim).collect();
    assert_eq!(steps, ["userret_a = userret", "suspend a -> ok", "continue a -> ok"], "{smallest}");

    let replays = again(&printed);
    let [first, ..] = &replays[..] else { panic!("{printed}") };
    assert!(printed.contains("No search with"), "{printed}");
    let (status, replayed, _) = explain(folder.path(), first);
    assert_eq!(status, Some(1));
    let story = |printed: &str| printed.lines().next().map(String::from);
    assert_eq!(story(&replayed), story(&printed), "{replayed}");
    let (status, found, _) = explain(folder.path(), &["smallest.litmus", "--variant", "as-written"]);
    assert_eq!((status, again(&found)), (Some(1), again(&printed)), "{found}");
}

/// A wait that fails where an `lwp_continue` is lost, and a suspension that fails where its LWP has exited before.
const TWO_WAYS: &str = "system netbsd-1.62

lwp a {
    suspend b -> ok
    continue b -> ok | ESRCH
    wait b -> b
}

lwp b {
    userret
    exit
}
";

/// One failure must not hide another: whoever mends the first believes that all is well.
#[test]
fn a_program_that_fails_in_two_ways_is_told_both_the_one_with_fewer_switches_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two.litmus"), TWO_WAYS).unwrap();
    let (status, printed, said) = explain(folder.path(), &["two.litmus", "--variant", "as-written"]);
    assert_eq!(status, Some(1), "{said}");
    let place = |text: &str| printed.find(text).unwrap_or_else(|| panic!("{text}: {printed}"));
    let early = place("Way 1 of 2 that were found");
    let late = place("Way 2 of 2 that were found");
    // One preemption brings the wait about, and it takes two for b to exit before a has done anything.
    let (lost, exited) =
        (place("It fails: a: wait b gave EDEADLK"), place("It fails: a: suspend b gave ESRCH"));
    let (one, two) = (place("No search without a preemption"), place("No search with 1 preemption"));
    assert!(early < lost && lost < one && one < late && late < exited && exited < two, "{printed}");
    assert!(said.contains("wait b gave EDEADLK, not b; in another way: a: suspend b gave ESRCH"), "{said}");
    let replays = again(&printed);
    assert_eq!(replays.len(), 2);
    for (replay, message) in replays.iter().zip(["wait b gave EDEADLK", "suspend b gave ESRCH"]) {
        let (status, _, said) = explain(folder.path(), replay);
        assert!(status == Some(1) && said.contains(message), "{said}");
    }
}

/// What it claims fails once everybody has ended.
const AT_THE_END: &str = "system netbsd-1.62
cpus 1

lwp a {
    r = suspend b -> ok
    continue b -> ok
    exit
}

lwp b {
    exit
}

never r == ok
";

/// A string that outlives the failure it was printed for must not be taken for one that fails still.
#[test]
fn an_execution_that_does_not_fail_is_told_so_and_leaves_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("end.litmus");
    fs::write(&file, AT_THE_END).unwrap();
    let (status, printed, said) = explain(folder.path(), &["end.litmus", "--variant", "as-written"]);
    assert_eq!(status, Some(1), "{said}");
    let replays = again(&printed);
    let [program, string] = replays[0][..] else { panic!("{printed}") };
    fs::write(&file, AT_THE_END.replace("never r == ok", "sometimes r == ok")).unwrap();
    let (status, printed, said) = explain(folder.path(), &[program, string, "--svg", "no.svg"]);
    assert_eq!((status, printed.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("the string ends without a failure, and the program goes on"), "{said}");
    assert!(!folder.path().join("no.svg").exists());
    // A string of another program, or a damaged one, is no execution at all.
    fs::copy(&file, folder.path().join("other.litmus")).unwrap();
    for (program, string) in [(program.replace("end", "other"), string), (program.into(), &string[..12])] {
        let (status, _, said) = explain(folder.path(), &[program.as_str(), string]);
        assert_eq!(status, Some(2), "{said}");
    }
}
