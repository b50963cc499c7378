//! The pages of the defects: what is generated there is what the programs show now.

use std::ffi::OsString;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use lwp_loom_tests::pages;

/// Where the pages are, in the workspace and below the folder that they are written to for a comparison: replay strings
/// depend on it.
const PAGES: &str = "docs/defects";

/// A page would go on telling of a failure that is mended, or that goes otherwise now. Run with `UPDATE_PAGES=1` to write
/// the pages anew; whoever does reads the timelines that have changed, as somebody who knows the kernel and nothing else.
#[test]
fn the_pages_of_the_defects_are_what_their_programs_show() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let elsewhere = tempfile::tempdir().unwrap();
    let ci = Command::new(env!("CARGO_BIN_EXE_ci"))
        .args(["defects", "--pages", PAGES])
        .current_dir(&elsewhere)
        .status();
    assert!(ci.unwrap().success());
    let files = |root: &Path| {
        let entries = fs::read_dir(root.join(PAGES)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        files
    };
    let made = files(elsewhere.path());
    assert!(!made.is_empty());
    if env::var_os(pages::UPDATE).is_some() {
        // One that is new is there from now on, and still not held.
        for file in made.iter().filter(|file| !workspace.join(PAGES).join(file).exists()) {
            fs::write(workspace.join(PAGES).join(file), "").unwrap();
        }
    }
    let text = |file: &OsString| fs::read_to_string(elsewhere.path().join(PAGES).join(file)).unwrap();
    let held = |file: &OsString| pages::hold(&workspace.join(PAGES).join(file), &text(file));
    let wrong = made.iter().filter(|file| catch_unwind(|| held(file)).is_err()).count();
    assert_eq!(wrong, 0, "so many pages are not what their programs show");
    assert_eq!(made, files(&workspace), "pages are missing, or of no defect");
}
