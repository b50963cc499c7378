//! `cargo ci explain` from outside, with a worker that it builds.

use std::fs;
use std::process::Command;

/// Whoever is shown a failure should not have to find out which half of the program has no part in it.
#[test]
fn a_failing_program_is_cut_to_what_it_takes_to_fail() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("smallest.litmus");
    let program = "lwp/1.62/as-written/3-cpus/wait-suspend-exit";
    let explained = Command::new(env!("CARGO_BIN_EXE_ci"))
        .args(["explain", program, "--smallest"])
        .arg(&file)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let (printed, said) =
        (String::from_utf8_lossy(&explained.stdout), String::from_utf8_lossy(&explained.stderr));
    assert_eq!(explained.status.code(), Some(1), "{said}");
    assert!(printed.contains("lwp_continue") && said.contains("nobody can go on"), "{printed}{said}");
    let smallest = fs::read_to_string(&file).unwrap();
    // The waiting and the LWP that is waited for have no part in it.
    let steps: Vec<&str> = smallest.lines().filter(|line| line.starts_with("    ")).map(str::trim).collect();
    assert_eq!(steps, ["userret_a = userret", "suspend a -> ok", "continue a -> ok"], "{smallest}");
}
