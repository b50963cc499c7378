//! `docs/mapping.md` says nothing that is not so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lwp_loom_tests::litmus;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, ItemFn, Signature};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of the functions that are written in a folder's sources, or of the tests among them.
#[derive(Default)]
struct Functions {
    all: BTreeSet<String>,
    tests: BTreeSet<String>,
}

impl Functions {
    /// Those of a folder, and of those below it.
    fn of(folder: &Path) -> Functions {
        let mut functions = Functions::default();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let below = Functions::of(&path);
                functions.all.extend(below.all);
                functions.tests.extend(below.tests);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                // The programs that must not compile need not be well formed either.
                let file = syn::parse_file(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
                functions.visit_file(&file);
            }
        }
        functions
    }

    fn add(&mut self, signature: &Signature, attributes: &[Attribute]) {
        let name = signature.ident.to_string();
        if attributes.iter().any(|attribute| attribute.path().is_ident("test")) {
            self.tests.insert(name.clone());
        }
        self.all.insert(name);
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig, &function.attrs);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.attrs);
        visit::visit_impl_item_fn(self, function);
    }
}

/// The words between back quotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_row_of_the_mapping_is_carried() {
    let page = fs::read_to_string(workspace().join("docs/mapping.md")).unwrap();
    let of = |folder: &str| Functions::of(&workspace().join(folder));
    let functions = of("lwp-core/src/netbsd").all;
    let tests = [of("lwp-core/tests").tests, of("lwp-loom-tests/tests").tests];
    let (table, rest) = page.split_once("## Transitions").unwrap();
    let (differences, defects) = rest.split_once("## Defects").unwrap();
    let exists =
        |name: &str| litmus::all().any(|l| l.name == name) || tests.iter().any(|tests| tests.contains(name));
    let mut lines = [0, 0];
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [.., ours, carried] = cells[..] else { panic!("{row}") };
        if let [_, r1_62, r1_69_2_6, ..] = cells[..]
            && cells.len() == 5
        {
            for (line, count) in [r1_62, r1_69_2_6].into_iter().zip(&mut lines) {
                assert!(line == "-" || line.starts_with('L'), "{row}");
                *count += usize::from(line != "-");
            }
        }
        for function in quoted(ours) {
            assert!(functions.contains(function), "{row}: there is no {function}");
        }
        assert!(!quoted(ours).is_empty() && !quoted(carried).is_empty(), "{row}");
        for name in quoted(carried) {
            assert!(exists(name), "{row}: there is no {name}");
        }
    }
    assert_eq!(lines, [29, 33], "1.62 has 29 functions, 1.69.2.6 has 33");
    let differences = differences.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    assert!(differences.clone().next().is_some(), "the table of the differences is gone");
    for row in differences {
        let told_by = row.trim_matches('|').rsplit(" | ").next().unwrap();
        let programs: Vec<&str> = quoted(told_by).into_iter().filter(|name| exists(name)).collect();
        assert!(!programs.is_empty() || told_by.contains("nobody: "), "{row}");
    }
    for repair in lwp_core::netbsd::Repair::ALL {
        assert!(defects.contains(&format!("| `{}` |", repair.name())), "{} has no row", repair.name());
    }
}

// A name that only begins as a function's does, or that a comment speaks of, is none.
#[test]
fn a_function_is_what_the_compiler_takes_for_one() {
    let text = "// fn told()\nconst TEXT: &str = \"fn said()\";\nfn lwp_locked() {}\nimpl A { #[test] fn held() {} }";
    let mut functions = Functions::default();
    functions.visit_file(&syn::parse_file(text).unwrap());
    assert_eq!(functions.all, ["held", "lwp_locked"].map(String::from).into());
    assert_eq!(functions.tests, ["held"].map(String::from).into());
}
