//! `cargo ci check` from outside, with a fake worker that does for every program what `FAKE_WORKER` says.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use lwp_loom_tests::job::Verdict;
use lwp_loom_tests::report::{Phase, Report};
use lwp_loom_tests::suite::{self, Family, Scope};

/// A check in a folder of the test's own.
fn check(test: &str, worker: &str, args: &[&str]) -> Command {
    let dir = dir(test);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
    ci.args([
        "check",
        "--worker",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh"),
        "--engine",
        "loom",
    ]);
    ci.args(args).env("FAKE_WORKER", worker).current_dir(dir).stdin(Stdio::null());
    ci
}

fn dir(test: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test)
}

fn output(test: &str, worker: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = check(test, worker, args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A family over the protocol.
const PROTOCOL: &str = "lwp-1.62-repaired";

fn family() -> Family {
    suite::families(Scope::Default)
        .into_iter()
        .find(|f| !f.programs.is_empty())
        .expect("a family with programs")
}

// All names would hide the one that was meant.
#[test]
fn an_unknown_name_is_answered_with_the_nearest_three_and_nothing_runs() {
    let (status, stdout, stderr) = output("unknown-name", "touch=ran complete", &["lost-continu"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("program or family `lost-continu`: did you mean `lost-continue`, `"), "{stderr}");
    let meant = stderr.split_once("did you mean ").unwrap().1.split_once('?').unwrap().0;
    assert_eq!((meant.matches('`').count(), stderr.lines().count()), (6, 1), "{stderr}");
    assert!(!dir("unknown-name").join("ran").exists());

    let (status, _, stderr) = output("unknown-name", "touch=ran complete", &["no such family"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("`cargo ci list`") && stderr.lines().count() == 1, "{stderr}");
}

/// Files with programs, or with something else, in the folder of a check.
fn write(test: &str, files: &[(&str, &[u8])]) {
    for (name, content) in files {
        fs::write(dir(test).join(name), content).unwrap();
    }
}

/// A check of paths in a folder of the test's own, which has these files.
fn check_files(test: &str, files: &[(&str, &[u8])], paths: &[&str]) -> (Option<i32>, String, String) {
    let mut ci = check(test, "touch=ran complete", paths);
    write(test, files);
    let Output { status, stdout, stderr } = ci.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

const GOOD: &[u8] = b"lwp a { exit }\n";

// A file that is left out silently would be taken for one that holds.
#[test]
fn one_bad_file_among_many_does_not_keep_the_others_from_running_and_is_bad_input() {
    let files = [("a.litmus", GOOD), ("b.litmus", b"lwp a { wiat a }"), ("c.litmus", GOOD)];
    let (status, stdout, stderr) = check_files("one-bad-file", &files, &["."]);
    assert_eq!(status, Some(2), "{stdout}{stderr}");
    assert!(
        stdout.contains("a.litmus (loom): complete") && stdout.contains("c.litmus (loom): complete"),
        "{stdout}"
    );
    assert!(stderr.contains("b.litmus:1:9") && stderr.contains("did you mean `wait`?"), "{stderr}");
    assert!(stderr.ends_with("error: a file or folder has no program that can be read\n"), "{stderr}");
}

#[test]
fn a_file_that_is_no_program_is_bad_input_and_nothing_runs() {
    let huge = vec![b'#'; 1 << 17];
    let six: String = ('a'..='f').map(|name| format!("lwp {name} {{ exit }}\n")).collect();
    for (content, args, why) in [
        (&b"\xff\xfe"[..], &["p.litmus"][..], "not UTF-8 at byte 0"),
        (b"", &["p.litmus"], "there is no LWP"),
        (&huge, &["p.litmus"], "a program has at most 65536"),
        (GOOD, &["q.litmus"], "q.litmus: "),
        (b"lwp a { sleep }", &["p.litmus"], "the program can never end"),
        (six.as_bytes(), &["p.litmus"], "p.litmus:6:1"),
        (six.as_bytes(), &["p.litmus"], "loom has room for 5 threads, and here are 6"),
        (
            b"system netbsd-1.62\nlwp a { exit }",
            &["p.litmus", "--system", "netbsd-1.69.2.6"],
            "no program is for --system netbsd-1.69.2.6\n",
        ),
    ] {
        let (status, stdout, stderr) = check_files("no-program", &[("p.litmus", content)], args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(why), "{why}: {stderr}");
        assert!(!dir("no-program").join("ran").exists(), "{why}");
    }
}

// A program is found again by its path, and no other file is taken for one.
#[test]
fn a_file_that_is_not_named_as_a_program_is_bad_input_and_nothing_runs() {
    for name in ["p.txt", "p", ".litmus"] {
        let (status, stdout, stderr) = check_files("other-name", &[(name, GOOD)], &[name]);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{name}: {stderr}");
        assert!(stderr.contains("its name does not end in .litmus"), "{name}: {stderr}");
        assert!(!dir("other-name").join("ran").exists(), "{name}");
    }
}

// What is left out without a word, beside what runs and holds, is taken to hold.
#[test]
fn a_name_of_which_nothing_would_be_explored_is_bad_input_beside_others_too() {
    let for_1_62 = b"system netbsd-1.62\nlwp a { exit }";
    let files: [(&str, &[u8]); 2] = [("p.litmus", GOOD), ("q.litmus", for_1_62)];
    for (args, says) in [
        (&["p.litmus", "spin", "--variant", "repaired"][..], "spin: no program is for --variant repaired\n"),
        (&["p.litmus", "q.litmus", "--system", "netbsd-1.69.2.6"], "q.litmus: no program is for --system"),
        (&["lost-continue", "p.litmus", "--cpus", "7"], "lost-continue: no program is for --cpus 7\n"),
        (&["p.litmus", "--suite", "2x2", "--system", "illumos"], "2x2: no program is for --system illumos\n"),
        (
            &["p.litmus", "suspended-while-parked"],
            "suspended-while-parked: loom does not explore it: weak memory",
        ),
        (&["p.litmus", "3x1/000000", "lwp-1.62-triples-repaired"], "3x1/000000"),
    ] {
        let (status, stdout, stderr) = check_files("idle-name", &files, args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{args:?}: {stderr}");
        assert!(stderr.contains(says), "{args:?}: {stderr}");
        assert!(!dir("idle-name").join("ran").exists(), "{args:?}");
    }
    let (status, stdout, stderr) = check_files("idle-name", &files, &["p.litmus", "lost-continue"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("p.litmus (loom)") && stdout.contains("/lost-continue (loom)"), "{stdout}");
}

// Somebody who names many folders learns of the last mistake when the others are mended, one run after another.
#[test]
fn all_that_is_wrong_with_files_and_folders_is_said_and_the_others_run() {
    let mut ci = check("wrong-folders", "complete", &["p.litmus", "empty", "nosuch.litmus"]);
    write("wrong-folders", &[("p.litmus", GOOD)]);
    fs::create_dir(dir("wrong-folders").join("empty")).unwrap();
    let Output { status, stdout, stderr } = ci.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(2), "{stdout}{stderr}");
    assert!(stdout.contains("p.litmus (loom): complete"), "{stdout}");
    assert!(
        stderr.contains("empty: no programs in this folder") && stderr.contains("nosuch.litmus: "),
        "{stderr}"
    );
    assert!(stderr.ends_with("error: 2 files or folders have no program that can be read\n"), "{stderr}");
}

// A program that is explored twice is counted twice, and a string that fails under one name is refused under another.
#[test]
fn a_file_is_explored_once_and_under_one_name_however_its_path_is_spelt() {
    let whole = dir("spelt").join("p.litmus");
    let files: [(&str, &[u8]); 1] = [("p.litmus", GOOD)];
    let one = check_files("spelt", &files, &["p.litmus"]).1;
    let spelt = ["p.litmus", "./p.litmus", "../spelt/p.litmus", whole.to_str().unwrap(), "."];
    let all = check_files("spelt", &files, &spelt).1;
    for printed in [&one, &all] {
        assert_eq!(printed.matches("-cpus/p.litmus (loom): complete").count(), 4, "{printed}");
    }
}

// What a report tells somebody to type must be what runs the program again.
#[test]
fn the_command_that_repeats_a_failure_of_a_program_in_a_file_runs_it_again() {
    let mut ci = check("repeat", "failed", &["./a file.litmus", "--variant", "as-written"]);
    write("repeat", &[("a file.litmus", GOOD)]);
    let stdout = String::from_utf8(ci.output().unwrap().stdout).unwrap();
    let program = "lwp/1.62/as-written/1-cpus/a file.litmus";
    assert!(
        stdout.contains(&format!("repeat: cargo ci check '{program}' --engine loom --variant as-written\n")),
        "{stdout}"
    );
    // The same, and what nobody printed: another spelling, and a variant that is none of the program's own.
    let spelt = "lwp/1.62/as-written/1-cpus/./a file.litmus";
    let other = "lwp/1.62/only-stale-page/7-cpus/a file.litmus";
    for (name, explored) in [(program, program), (spelt, program), (other, other)] {
        let mut ci = check("repeat", "complete", &[name]);
        write("repeat", &[("a file.litmus", GOOD)]);
        let Output { status, stdout, .. } = ci.output().unwrap();
        let stdout = String::from_utf8(stdout).unwrap();
        assert_eq!(status.code(), Some(0), "{stdout}");
        assert!(
            stdout.contains(&format!("{explored} (loom): complete"))
                && stdout.matches(" (loom): ").count() == 1,
            "{stdout}"
        );
    }
    let mut ci = check("repeat", "complete", &[program]);
    write("repeat", &[("a file.litmus", b"lwp a { wiat b }")]);
    let Output { status, stderr, .. } = ci.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(2) && stderr.contains("a file.litmus:1:9"), "{stderr}");
}

// A failure of a suite's program is to be looked at by itself, without the thousands beside it.
#[test]
fn a_program_of_a_suite_is_explored_by_its_name() {
    let program = "lwp/1.62/repaired/2-cpus/2x2/000017";
    let (status, stdout, stderr) = output("suite-program", "complete", &[program]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains(&format!("{program}-")) && stdout.matches(" (loom): ").count() == 1, "{stdout}");
}

// Whoever writes lock movement by hand asks for it as for any program.
#[test]
fn a_program_over_a_lock_layer_is_explored_as_a_file_and_has_no_variants() {
    let text = b"system netbsd-locks\nlocks a, b\nlwp x { relock b }\nlwp y { lock }\n";
    let files: [(&str, &[u8]); 1] = [("p.litmus", text)];
    let (status, stdout, stderr) = check_files("lock-layer", &files, &["p.litmus"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("locks/p.litmus (loom): complete"), "{stdout}");
    let (status, _, stderr) = check_files("lock-layer", &files, &["p.litmus", "--variant", "repaired"]);
    assert_eq!(status, Some(2), "{stderr}");
}

// A link that leads back would be followed for ever, and a file without an end read for ever.
#[cfg(unix)]
#[test]
fn a_link_that_leads_back_is_not_followed_and_what_is_no_file_is_not_read() {
    let mut ci = check("links", "complete", &["."]);
    write("links", &[("p.litmus", GOOD)]);
    std::os::unix::fs::symlink("..", dir("links").join("back")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir("links").join("endless.litmus")).unwrap();
    let Output { status, stdout, stderr } = ci.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(2), "{stdout}{stderr}");
    assert_eq!(stdout.matches("p.litmus (loom): complete").count(), 4, "{stdout}");
    assert!(stderr.contains("endless.litmus: no file with a text"), "{stderr}");
}

#[test]
fn more_cpus_than_a_machine_has_are_bad_input() {
    let (status, _, stderr) = check_files("cpus", &[("p.litmus", GOOD)], &["p.litmus", "--cpus", "17"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("expected a number of CPUs, from 1 to 16"), "{stderr}");
}

#[test]
fn a_folder_without_programs_is_bad_input() {
    let (status, _, stderr) = check_files("no-files", &[("readme.txt", b"")], &["."]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("no programs in this folder: no file ends in .litmus"), "{stderr}");
}

#[test]
fn an_unknown_site_is_bad_input_and_nothing_runs() {
    let (status, stdout, stderr) =
        output("unknown-site", "touch=ran complete", &["--weaken", "no-such-site=relaxed"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("unknown site `no-such-site`: ") && stderr.lines().count() == 1, "{stderr}");
    assert!(!dir("unknown-site").join("ran").exists());
}

#[test]
fn a_report_that_cannot_be_written_is_found_before_anything_runs() {
    let (status, stdout, stderr) =
        output("unwritable", "touch=ran complete", &["--json", "no/such/folder/report.json"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("no/such/folder/report.json"), "{stderr}");
    assert!(!dir("unwritable").join("ran").exists());
}

#[test]
fn a_diagram_that_cannot_be_written_is_found_before_anything_runs() {
    for (args, why) in [
        (&["--diagram", "no/such/folder/states.svg", PROTOCOL][..], "no/such/folder/states.svg"),
        (&["--diagram", "states.svg", "spin"], "over the protocol"),
        (&["--diagram", "same", "--json", "same", PROTOCOL], "the same file"),
    ] {
        let (status, stdout, stderr) = output("no-diagram", "touch=ran complete", args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(stderr.contains(why), "{stderr}");
        assert!(!dir("no-diagram").join("ran").exists(), "{args:?}");
    }
}

#[test]
fn transitions_are_listed_and_drawn_as_what_they_are() {
    let args = [PROTOCOL, "--diagram", "states.svg", "--json", "report.json", "--verbose"];
    let drawn = |test: &str| fs::read_to_string(dir(test).join("states.svg")).unwrap();

    let (status, stdout, _) = output("documented", "transition=LSRUN/LSONPROC complete", &args);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains("transitions of netbsd 1.62: 1 of 15 seen, 4 more documented"), "{stdout}");
    assert!(stdout.contains("  unseen: LSIDL to LSRUN\n"), "{stdout}");
    assert!(!stdout.contains("  undocumented: ") && !drawn("documented").contains("class=\"undocumented\""));

    let (status, stdout, _) = output("undocumented", "transition=LSZOMB/LSRUN complete", &args);
    assert_eq!(status, Some(1), "{stdout}");
    assert!(stdout.contains("  undocumented: LSZOMB to LSRUN\n"), "{stdout}");
    assert!(!stdout.contains("\ncomplete"), "{stdout}");
    assert!(drawn("undocumented").contains("LSZOMB to LSRUN: seen, and should not be"));

    let (status, stdout, _) = output("contradicted", "transition=LSRUN/LSSTOP complete", &args);
    assert_eq!(status, Some(1), "{stdout}");
    assert!(stdout.contains("  made after all: LSRUN to LSSTOP\n"), "{stdout}");
}

#[test]
fn what_is_complete_is_green() {
    let family = family();
    let (status, stdout, stderr) =
        output("complete", "complete", &[&family.name, "--json", "report.json", "-v"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("orderings: not searched, because not all programs were explored"), "{stdout}");
    assert!(stderr.contains(&format!("{} (loom): complete", family.name)), "{stderr}");

    let json = fs::read(dir("complete").join("report.json")).unwrap();
    let Report { runs, .. } = serde_json::from_slice(&json).unwrap();
    assert_eq!(runs.len(), 1);
    let count = family.programs.len();
    assert_eq!((runs[0].name.as_str(), runs[0].verdict), (family.name.as_str(), Verdict::Complete));
    assert_eq!(
        (runs[0].programs, runs[0].executions, runs[0].distinct),
        (count, 2 * count as u64, count as u64)
    );
}

// Without that, a check that has become slow does not say which part of it has.
#[test]
fn a_check_says_what_each_of_its_phases_took_and_no_build_where_it_built_nothing() {
    let program = &family().programs[0];
    let (status, stdout, _) = output("phases", "complete", &[program, "--json", "report.json", "--verbose"]);
    assert_eq!(status, Some(0), "{stdout}");
    let after = stdout.split_once("\n phase ").expect("there is a table of phases").1;
    for row in ["programs under loom", "timelines", "other", "total"] {
        assert!(after.contains(&format!("\n {row} ")), "{row}: {stdout}");
    }
    assert!(!after.contains("build"), "{stdout}");
    let json = fs::read(dir("phases").join("report.json")).unwrap();
    let Report { environments, .. } = serde_json::from_slice(&json).unwrap();
    let spent = &environments[0].phases;
    let phases: Vec<&Phase> = spent.iter().map(|spent| &spent.phase).collect();
    assert_eq!(phases, [&Phase::Engine("loom".into()), &Phase::Timelines]);
    let sum: f64 = spent.iter().map(|spent| spent.seconds).sum();
    assert!(sum > 0.0 && sum <= environments[0].seconds, "{spent:?} of {}", environments[0].seconds);
}

// Times of a search that was cut short, or of another worker, would leave the longest program for the end.
#[cfg(unix)]
#[test]
fn a_check_keeps_what_its_own_worker_took_for_programs_that_were_explored_to_their_end() {
    use std::os::unix::fs::PermissionsExt;

    let program = &family().programs[0];
    let explore = |worker: &[&str], args: &[&str]| {
        let mut ci = Command::new(env!("CARGO_BIN_EXE_ci"));
        ci.args(["check", program, "--engine", "loom", "--verbose"]).args(worker).args(args);
        ci.env("FAKE_WORKER", "complete").env("CARGO", dir("times").join("cargo"));
        let Output { stdout, .. } = ci.env("CARGO_TARGET_DIR", dir("times")).output().unwrap();
        String::from_utf8(stdout).unwrap()
    };
    // A cargo that builds the fake worker.
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
    let build =
        format!("mkdir -p $CARGO_TARGET_DIR/release && cp '{worker}' $CARGO_TARGET_DIR/release/worker");
    let _ = fs::remove_dir_all(dir("times"));
    fs::create_dir_all(dir("times")).unwrap();
    write("times", &[("cargo", format!("#!/bin/sh\n{build}\n").as_bytes())]);
    fs::set_permissions(dir("times").join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();

    let file = dir("times").join("check-times.json");
    explore(&["--worker", worker], &[]);
    explore(&[], &["--executions", "5"]);
    assert!(!file.exists(), "{}", fs::read_to_string(file).unwrap());
    let stdout = explore(&[], &[]);
    assert!(stdout.contains("\n build, before that "), "{stdout}");
    let times: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(times, serde_json::json!({ "loom": { program.as_str(): 0.5 } }));
}

#[test]
fn a_worker_that_dies_is_a_failure_that_can_be_repeated() {
    let program = &family().programs[0];
    let (status, stdout, _) = output("dies", "abort", &[program, "--time", "5"]);
    assert_eq!(status, Some(1));
    assert!(stdout.contains(&format!("failed: {program} (loom)")), "{stdout}");
    assert!(stdout.contains("SIGABRT") && stdout.contains("last words"), "{stdout}");
    assert!(
        stdout.contains("repeat: cargo ci check ") && stdout.contains(" --engine loom --time 5"),
        "{stdout}"
    );
    assert!(!stdout.contains("complete"), "{stdout}");
}

#[test]
fn what_is_bounded_is_not_green() {
    let program = &family().programs[0];
    let (status, stdout, _) = output("bounded", "bounded", &[program, "--executions", "2"]);
    assert_eq!(status, Some(1));
    assert!(stdout.contains("bounded by 2 executions"), "{stdout}");
    assert!(!stdout.contains("complete"), "{stdout}");
}

/// A family of which loom explores the executions with at most one preemption.
const BOUNDED: &str = "lwp-1.62-as-written-1-preemptions";

#[test]
fn what_is_bounded_as_declared_is_green_and_says_so() {
    let args = [BOUNDED, "--json", "report.json", "--verbose"];
    let (status, stdout, stderr) = output("declared", "preemptions", &args);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains(&format!("{BOUNDED} (loom): bounded: at most 1 preemption, ")), "{stderr}");
    assert!(
        stdout.contains("\ncomplete: 0 families; bounded: at most 1 preemption (1 families)\n"),
        "{stdout}"
    );
    assert!(stdout.ends_with("green: all that was explored is as recorded\n"), "{stdout}");
    let json = fs::read(dir("declared").join("report.json")).unwrap();
    let Report { runs, .. } = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        (runs[0].verdict, runs[0].declared.as_deref()),
        (Verdict::Bounded, Some("at most 1 preemption"))
    );
}

#[test]
fn what_is_bounded_by_something_undeclared_is_not_green() {
    for (worker, args, bound) in [
        ("bounded", &[BOUNDED][..], "2 executions"),
        ("preemptions=2", &[BOUNDED], "2 preemptions in an execution"),
        ("preemptions", &[BOUNDED, "--bound", "0"], "0 preemptions in an execution"),
        ("preemptions", &[PROTOCOL, "--bound", "1"], "1 preemption in an execution"),
    ] {
        let (status, stdout, _) = output("undeclared", worker, &[args, &["--verbose"]].concat());
        assert_eq!(status, Some(1), "{worker}: {stdout}");
        assert!(stdout.contains(&format!("bounded by {bound}")), "{stdout}");
        assert!(!stdout.contains("complete"), "{stdout}");
    }
}

// Whoever has four machines for three programs would have a red check.
#[test]
fn a_shard_with_nothing_to_explore_is_green_and_says_so() {
    let program = &family().programs[0];
    let args = [program.as_str(), "--shard", "4/4", "--json", "report.json"];
    let (status, stdout, stderr) = output("empty-shard", "complete", &args);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.ends_with("complete: shard 4 of 4 has nothing to explore\n"), "{stdout}");
    assert!(dir("empty-shard").join("report.json").exists());
    let args = [PROTOCOL, "--executions", "1", "--shard", "10000/10000", "--diagram", "states.svg"];
    let (status, stdout, stderr) = output("empty-shard", "complete", &args);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
}

/// Starts a check that does not end by itself, sends it a signal, and gives how it ended and what it printed.
#[cfg(unix)]
fn stopped(test: &str, signal: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let mut ci = check(test, "touch=started hang", args);
    if let Some(kept) = args.iter().find(|arg| arg.starts_with("kept")) {
        fs::write(dir(test).join(kept), "kept").unwrap();
    }
    let mut ci = ci.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !dir(test).join("started").exists() {
        assert!(ci.try_wait().unwrap().is_none(), "it ended by itself");
        thread::yield_now();
    }
    let kill = format!("kill -{signal} {}", ci.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let Output { status, stdout, stderr } = ci.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

// A machine that shuts down, or a job's time limit, says SIGTERM: the processes of the check must go with it.
#[cfg(unix)]
#[test]
fn an_interrupt_prints_what_is_known_and_says_that_it_is_incomplete() {
    let program = &family().programs[0];
    for (signal, jobs) in [("INT", "1"), ("TERM", "1"), ("TERM", "1024")] {
        let args = [program.as_str(), "--json", "report.json", "--jobs", jobs, "--verbose"];
        let (status, stdout, _) = stopped("interrupt", signal, &args);
        assert_eq!(status, Some(130), "{stdout}");
        assert!(
            stdout.contains("incomplete: 0 of 1 programs") && stdout.ends_with("incomplete: interrupted\n"),
            "{stdout}"
        );
        let report: Report =
            serde_json::from_slice(&fs::read(dir("interrupt").join("report.json")).unwrap()).unwrap();
        assert!(report.incomplete);
        assert_eq!(report.runs[0].verdict, Verdict::Bounded);
        let phases: Vec<&Phase> = report.environments[0].phases.iter().map(|spent| &spent.phase).collect();
        assert_eq!(phases, [&Phase::Engine("loom".into())], "it did not come to any other");
    }
}

// A check that is stopped in its first seconds must not take the place of one that took hours.
#[cfg(unix)]
#[test]
fn an_interrupted_check_leaves_the_report_that_was_there_and_says_so() {
    let args = [PROTOCOL, "--json", "kept.json", "--html", "new.html", "--diagram", "new.svg"];
    let (status, stdout, stderr) = stopped("interrupt-kept", "INT", &args);
    assert_eq!(status, Some(130), "{stdout}");
    let text = |name: &str| fs::read_to_string(dir("interrupt-kept").join(name)).unwrap();
    assert_eq!(text("kept.json"), "kept");
    assert!(stderr.contains("kept.json stays as it was before this run, which was stopped\n"), "{stderr}");
    assert!(text("new.html").contains("interrupted") && text("new.svg").contains("<svg"));
}

// A pipe that is opened by its name waits for its reader: without a word, the check would seem to hang.
#[cfg(unix)]
#[test]
fn a_pipe_without_a_reader_is_named_before_anything_runs_and_gets_the_report_once_it_has_one() {
    use std::io::{BufRead, BufReader};

    let mut ci = check("pipe", "touch=ran complete", &["p.litmus", "--json", "pipe"]);
    write("pipe", &[("p.litmus", GOOD)]);
    assert!(Command::new("mkfifo").arg(dir("pipe").join("pipe")).status().unwrap().success());
    let mut ci = ci.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(ci.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "pipe is a pipe: waiting until something reads it\n");
    assert!(!dir("pipe").join("ran").exists());
    let report: Report = serde_json::from_slice(&fs::read(dir("pipe").join("pipe")).unwrap()).unwrap();
    assert!(!report.incomplete && !report.runs.is_empty());
    ci.wait().unwrap();
}

/// A program that two shards explore is counted twice, one that none explores is claimed without a look.
#[test]
fn shards_share_the_programs_and_merge_into_the_whole() {
    let family = family();
    let report = |test: &str, args: &[&str]| -> Report {
        let args = [&[family.name.as_str(), "--json", "report.json"], args].concat();
        let (status, stdout, stderr) = output(test, "complete", &args);
        assert_eq!(status, Some(0), "{stdout}{stderr}");
        serde_json::from_slice(&fs::read(dir(test).join("report.json")).unwrap()).unwrap()
    };
    let whole = report("shard-whole", &[]);
    let parts = [report("shard-1", &["--shard", "1/2"]), report("shard-2", &["--shard", "2/2"])];
    let programs = |report: &Report| report.runs.iter().map(|run| run.programs).sum::<usize>();
    assert_eq!(programs(&parts[0]) + programs(&parts[1]), programs(&whole));
    assert!(parts.iter().all(|part| programs(part) < programs(&whole)));

    let file = |test: &str| dir(test).join("report.json");
    let merge = |files: &[PathBuf]| {
        let mut merge = Command::new(env!("CARGO_BIN_EXE_ci"));
        merge.arg("merge").args(files).arg("--json").arg(dir("shard-whole").join("merged.json"));
        merge.output().unwrap()
    };
    let Output { status, stderr, .. } = merge(&[file("shard-2"), file("shard-1")]);
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let merged: Report =
        serde_json::from_slice(&fs::read(dir("shard-whole").join("merged.json")).unwrap()).unwrap();
    assert_eq!((merged.runs, merged.shard), (whole.runs, None));

    let Output { status, stderr, .. } = merge(&[file("shard-1")]);
    assert_eq!(status.code(), Some(2));
    assert!(String::from_utf8_lossy(&stderr).contains("missing: shard 2/2"));
    // A part of something else would make a whole that is true of nothing.
    type Change = fn(&mut Report);
    let other = |change: Change| {
        let mut report = parts[1].clone();
        change(&mut report);
        let other = dir("shard-2").join("other.json");
        fs::write(&other, serde_json::to_string(&report).unwrap()).unwrap();
        [file("shard-1"), other]
    };
    let changes: [(Change, &str); 3] = [
        (|report| report.commit += "0", "different commits"),
        (|report| drop(report.files.insert("p.litmus".into(), "0".into())), "different files"),
        (|report| report.runs[0].bound = Some("1 seconds".into()), "contradicts itself"),
    ];
    for (change, why) in changes {
        let Output { status, stderr, .. } = merge(&other(change));
        assert_eq!(status.code(), Some(2), "{why}");
        assert!(String::from_utf8_lossy(&stderr).contains(why), "{}", String::from_utf8_lossy(&stderr));
    }
}
