//! Our lines of source, and the kernel's functions and lines that they stand for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What maps the kernel's functions to ours.
const MAPPING: &str = include_str!("../../../docs/mapping.md");

/// Functions of ours that are parts of one of the kernel's.
const PARTS: [(&str, &str); 25] = [
    ("become_zombie", "lwp_exit"),
    ("callout_fires", "sleepq_timeout"),
    ("create", "_lwp_create"),
    ("cv_block", "cv_wait"),
    ("dump_core", "sigexit"),
    ("enqueue", "setrunqueue"),
    ("exit_lwps", "exit1"),
    ("free_p_zomblwp", "lwp_create"),
    ("is_on_its_cpu", "sleepq_remove"),
    ("lcp_uaddr", "lwp_ctl_alloc"),
    ("lwp_exit_idle", "lwp_exit"),
    ("lwp_lock_under", "sleepq_enter"),
    ("onproc", "mi_switch"),
    ("pass_signals_on", "lwp_exit"),
    ("reap_detached", "lwp_wait1"),
    ("requeue", "mi_switch"),
    ("scan", "lwp_wait1"),
    ("scan_1_62", "lwp_wait1"),
    ("set_curlwp", "mi_switch"),
    ("suspend_all_others", "sigexit"),
    ("suspend_self", "lwp_userret"),
    ("switch_to_next", "mi_switch"),
    ("take_signals", "lwp_userret"),
    ("unlock_to_queue", "sleepq_enter"),
    ("userret_must_exit", "lwp_userret"),
];

/// The sources of a workspace, as far as they were asked for.
#[derive(Debug)]
pub struct Sources {
    root: PathBuf,
    revision: String,
    files: RefCell<BTreeMap<String, Option<Vec<String>>>>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The kernel's name of it, or ours where it has none.
    pub name: String,
    /// Its line in the kernel's source, where it is one of `kern_lwp.c`'s.
    pub kernel_line: Option<u32>,
}

impl Sources {
    /// The sources of the workspace that this crate was built in, for programs under a revision of the kernel's.
    pub fn of_this_workspace(revision: &str) -> Sources {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).to_path_buf();
        Sources { root, revision: revision.into(), files: RefCell::default() }
    }

    /// The function that a line is in; `None` where the source is not there, or the line in none.
    pub fn function(&self, file: &str, line: u32) -> Option<Function> {
        let path = self.root.join(file);
        let mut files = self.files.borrow_mut();
        let lines = files.entry(file.into()).or_insert_with(|| {
            fs::read_to_string(path).ok().map(|text| text.lines().map(String::from).collect())
        });
        let before = lines.as_ref()?.get(..line as usize)?;
        let ours = before.iter().rev().find_map(|line| name_of(line))?;
        let name = PARTS.iter().find(|(part, _)| *part == ours).map_or(ours.as_str(), |(_, whole)| whole);
        let name = kernel_name(name);
        Some(Function { name: name.into(), kernel_line: kernel_line(name, &self.revision) })
    }
}

/// The name of the function whose first line this is.
fn name_of(line: &str) -> Option<String> {
    let indent = line.len() - line.trim_start().len();
    let (before, rest) = line.split_once("fn ")?;
    let signature = indent <= 4 && before.trim_start().split(' ').all(is_qualifier);
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (signature && !name.is_empty()).then_some(name)
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "" | "pub" | "const" | "unsafe" | "async") || word.starts_with("pub(")
}

/// The kernel's name of a function of ours, where it is another: as of those that `kern_lwp.c` calls.
fn kernel_name(ours: &str) -> &str {
    fn quoted(cell: &str) -> Vec<&str> {
        cell.split('`').skip(1).step_by(2).collect()
    }
    let rows = MAPPING.lines().filter(|line| line.starts_with('|'));
    let calls = rows.map(|row| row.split('|').collect::<Vec<_>>()).filter(|cells| cells.len() == 5);
    let calls: Vec<_> = calls.map(|cells| (quoted(cells[1]), quoted(cells[2]))).collect();
    let is_the_kernels =
        calls.iter().any(|(kernel, _)| kernel.contains(&ours)) || kernel_line(ours, "1.69.2.6").is_some();
    let other = calls.iter().find(|(kernel, all)| kernel.len() == 1 && all.contains(&ours));
    other.filter(|_| !is_the_kernels).map_or(ours, |(kernel, _)| kernel[0])
}

/// The line at which the kernel's source has the function, in a revision.
fn kernel_line(function: &str, revision: &str) -> Option<u32> {
    let column = if revision == "1.62" { 2 } else { 3 };
    let rows = MAPPING.lines().filter(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>());
    let of_function = |cells: &Vec<&str>| {
        let names = |cell: &str| cell.split(" / ").any(|name| name.trim_matches('`') == function);
        cells.get(1).is_some_and(|cell| names(cell)) || cells.get(4) == Some(&function)
    };
    cells.filter(of_function).find_map(|cells| cells.get(column)?.strip_prefix('L')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that names the wrong function sends its reader to the wrong place.
    #[test]
    fn a_line_is_in_the_function_that_begins_last_before_it() {
        let sources = Sources::of_this_workspace("1.62");
        let file = "lwp-core/src/netbsd/suspend.rs";
        let text = fs::read_to_string(sources.root.join(file)).unwrap();
        let line = text.lines().position(|line| line.contains("setrunnable(p, l)")).unwrap() as u32 + 1;
        let function = Function { name: "lwp_continue".into(), kernel_line: Some(338) };
        assert_eq!(sources.function(file, line), Some(function));
        assert_eq!(sources.function("no/such/file.rs", 1), None);
        assert_eq!(kernel_line("lwp_continue", "1.69.2.6"), Some(326));
        assert_eq!(kernel_line("newlwp", "1.62"), kernel_line("lwp_create", "1.62"));
        assert_eq!(kernel_line("mi_switch", "1.62"), None);
        assert_eq!((kernel_name("sys_exit"), kernel_name("lwp_start")), ("exit", "_lwp_create"));
        assert_eq!((kernel_name("lwp_exit"), kernel_name("mi_switch")), ("lwp_exit", "mi_switch"));
    }
}
