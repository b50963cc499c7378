//! The pages of the defects: what is generated there is what the programs show now.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Where the pages are, in the workspace and below the folder that they are written to for a comparison: replay strings
/// depend on it.
const PAGES: &str = "docs/defects";

/// A page would go on telling of a failure that is mended, or that goes otherwise now. Run with `UPDATE_PAGES=1` to write
/// the pages anew; whoever does reads the timelines that have changed, as somebody who knows the kernel and nothing else.
#[test]
fn the_pages_of_the_defects_are_what_their_programs_show() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let elsewhere = tempfile::tempdir().unwrap();
    let update = env::var_os("UPDATE_PAGES").is_some();
    let root = if update { &workspace } else { elsewhere.path() };
    let ci =
        Command::new(env!("CARGO_BIN_EXE_ci")).args(["defects", "--pages", PAGES]).current_dir(root).status();
    assert!(ci.unwrap().success());
    let files = |root: &Path| {
        let entries = fs::read_dir(root.join(PAGES)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        files
    };
    assert_eq!(files(root), files(&workspace), "run this test with UPDATE_PAGES=1");
    for file in files(root) {
        let text = |root: &Path| fs::read_to_string(root.join(PAGES).join(&file)).unwrap();
        assert_eq!(text(root), text(&workspace), "{file:?}: run this test with UPDATE_PAGES=1");
    }
}
