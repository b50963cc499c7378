//! Programs as text: `docs/litmus.md` is the reference.
//!
//! A file goes through `token` and [`parse`] to a [`Program`]; [`print()`] goes the other way, and `format` lays out what
//! somebody wrote without losing a comment.

mod claim;
mod cursor;
mod diagnostic;
pub mod format;
mod locks;
mod parse;
mod print;
mod sense;
mod step;
mod token;
mod vacuous;
mod words;

pub use diagnostic::{Diagnostic, Span};
pub use parse::{parse, parse_for_loom, parse_to_run};
pub use print::{condition_text, defect_text, print};
pub use words::{layer, system, systems};

/// What the names of files with programs end in.
pub const EXTENSION: &str = "litmus";

#[cfg(doc)]
use super::ast::Program;
