//! Litmus programs over NetBSD's protocol, or over a lock layer: LWPs, what each does, and what must come of it.
//!
//! A program is [`text`], or comes from a generator; either way it is an [`ast::Program`]. A subject is a program under one
//! revision, one variant and a number of CPUs, and its name is all that is stored of it:
//!
//! ```text
//! lwp/1.69.2.6/as-written/2-cpus/lost-continue
//! ```
//!
//! Variants are `as-written`, `repaired`, `without-REPAIR`, which has every repair but one, and `only-REPAIR`. A program
//! that shows a defect must fail where the defect is, in the way that it says, and hold everywhere else. A program over a
//! lock layer has no variants and no CPUs: [`locks`].

pub mod ast;
mod case;
pub mod collection;
mod data;
pub mod generate;
mod judge;
pub mod locks;
mod machine;
mod op;
mod pairs;
pub mod text;
pub mod verb;
mod world;

use std::path::Path;
use std::sync::Arc;

use ast::Program;
pub use case::{Case, Variant};
use generate::Suite;
pub use locks::LockCase;

/// Where a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Somebody had it in mind: the collection.
    Written,
    /// A file that is not in the collection.
    File,
    /// A generated suite.
    Suite(Suite),
    /// Generated, with two LWPs.
    Pairs,
    /// Generated, with three.
    Triples,
}

impl Origin {
    /// Where a program comes from.
    pub fn of(program: &Program) -> Origin {
        if program.name.ends_with(text::EXTENSION) {
            return Origin::File;
        }
        match program.name.split_once('/') {
            Some((pairs::TWO, _)) => Origin::Pairs,
            Some((pairs::THREE, _)) => Origin::Triples,
            Some((suite, _)) => Suite::parse(suite).map_or(Origin::Written, Origin::Suite),
            None => Origin::Written,
        }
    }
}

/// The programs that are always there: the collection, and the pairs.
pub fn all() -> impl Iterator<Item = &'static Arc<Program>> {
    collection::collection().programs.iter().chain(pairs::all())
}

/// The program with this name: a file's path is the name of what is in it.
pub fn find(name: &str) -> Option<Arc<Program>> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == text::EXTENSION) {
        return collection::read(name, path, text::parse).ok().map(Arc::new);
    }
    let generated = || Suite::find(name).map(Arc::new);
    all().find(|program| program.name == name).cloned().or_else(generated)
}
