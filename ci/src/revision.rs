//! Which state of the tree a report is about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::backend::workspace;

/// Where a file that git does not know of may be a source: a report that is written beside these is none.
const MEMBERS: [&str; 3] = ["lwp-core", "lwp-loom-tests", "ci"];

/// The commit; where the sources are not those of the commit, with `-dirty-` behind it and what git would call their tree.
/// `unknown` outside a git checkout.
pub fn commit() -> String {
    of(workspace())
}

fn of(checkout: &Path) -> String {
    let tree = Tree { checkout, env: Vec::new() };
    let Some(commit) = tree.git(&["rev-parse", "HEAD"]) else { return UNKNOWN.into() };
    let changed = tree.git(&["status", "--porcelain", "--untracked-files=no"]);
    let new = tree.git(&[&["ls-files", "--others", "--exclude-standard", "--"], &MEMBERS[..]].concat());
    if [&changed, &new].iter().all(|lines| lines.as_ref().is_some_and(String::is_empty)) {
        return commit;
    }
    match as_committed(checkout) {
        Some(tree) => format!("{commit}{DIRTY}-{tree}"),
        None => commit + DIRTY,
    }
}

/// What git would call the tree if all its sources were committed. The repository and its index stay as they are.
fn as_committed(checkout: &Path) -> Option<String> {
    let objects = Tree { checkout, env: Vec::new() }.git(&["rev-parse", "--git-path", "objects"])?;
    let elsewhere = tempfile::tempdir().ok()?;
    let env = vec![
        ("GIT_INDEX_FILE", elsewhere.path().join("index")),
        ("GIT_OBJECT_DIRECTORY", elsewhere.path().join("objects")),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", fs::canonicalize(checkout.join(objects)).ok()?),
    ];
    fs::create_dir(elsewhere.path().join("objects")).ok()?;
    let tree = Tree { checkout, env };
    tree.git(&["read-tree", "HEAD"])?;
    tree.git(&["add", "--update", "."])?;
    let members = MEMBERS.into_iter().filter(|member| checkout.join(member).exists());
    tree.git(&["add", "--"].into_iter().chain(members).collect::<Vec<_>>())?;
    tree.git(&["write-tree"])
}

/// A checkout, and what git is told of it.
struct Tree<'a> {
    checkout: &'a Path,
    env: Vec<(&'static str, PathBuf)>,
}

impl Tree<'_> {
    /// What git says, where it succeeds.
    fn git(&self, args: &[&str]) -> Option<String> {
        let mut git = Command::new("git");
        git.current_dir(self.checkout).args(args).envs(self.env.iter().map(|(name, value)| (name, value)));
        let output = git.stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Whether a commit says exactly what the sources were.
pub fn is_certain(commit: &str) -> bool {
    commit != UNKNOWN && !commit.ends_with(DIRTY)
}

/// What [`commit`] says outside a git checkout.
pub const UNKNOWN: &str = "unknown";

/// What follows the commit where the sources are others.
const DIRTY: &str = "-dirty";

#[cfg(test)]
mod tests {
    use super::*;

    // Shards of two trees would make a whole that is true of neither.
    #[test]
    fn each_state_of_the_sources_has_a_name_of_its_own_and_a_report_beside_them_changes_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let git = |args: &[&str]| {
            let author = ["-c", "user.name=a", "-c", "user.email=a", "-c", "commit.gpgsign=false"];
            let done =
                Command::new("git").current_dir(folder.path()).args(author).args(args).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        assert_eq!(of(folder.path()), UNKNOWN);
        git(&["init", "--quiet"]);
        fs::create_dir(at("ci")).unwrap();
        fs::write(at("ci/a.rs"), "one").unwrap();
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "first"]);
        let clean = of(folder.path());
        assert!(clean.len() == 40 && is_certain(&clean), "{clean}");
        fs::write(at("report.json"), "{}").unwrap();
        assert_eq!(of(folder.path()), clean);
        let mut names = vec![clean.clone()];
        for (file, text) in
            [("ci/a.rs", "two"), ("ci/a.rs", "three"), ("ci/b.rs", "new"), ("ci/b.rs", "newer")]
        {
            fs::write(at(file), text).unwrap();
            let name = of(folder.path());
            assert!(name.starts_with(&format!("{clean}-dirty-")) && is_certain(&name), "{name}");
            assert_eq!(of(folder.path()), name, "it is the tree's alone");
            assert!(!names.contains(&name), "{file}: {name}");
            names.push(name);
        }
        fs::remove_file(at("ci/b.rs")).unwrap();
        fs::write(at("ci/a.rs"), "two").unwrap();
        assert_eq!(of(folder.path()), names[1]);
    }

    #[test]
    fn a_commit_with_changes_that_have_no_name_is_not_certain() {
        assert!(is_certain("a") && !is_certain("a-dirty") && !is_certain(UNKNOWN));
    }
}
