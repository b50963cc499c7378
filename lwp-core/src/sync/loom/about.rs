//! What loom speaks of when it says that two accesses are not ordered: it names no object.

use std::cell::Cell;

use crate::site::Site;

#[derive(Clone, Copy)]
enum Object {
    /// A word, by the site that stored to it last.
    Word(Option<Site>),
    /// Memory, by the type of what is there.
    Memory(&'static str),
}

thread_local!(static LAST: Cell<Option<Object>> = const { Cell::new(None) });

/// A word is about to be accessed that this site stored to last.
pub fn word(stored: Option<Site>) {
    LAST.set(Some(Object::Word(stored)));
}

/// Memory is about to be accessed that holds a `T`.
pub fn memory<T>() {
    LAST.set(Some(Object::Memory(std::any::type_name::<T>())));
}

/// The object that was accessed last.
pub fn about() -> String {
    match LAST.get() {
        Some(Object::Word(Some(site))) => format!("the word of `{}`", site.name()),
        Some(Object::Memory(name)) => format!("the memory of `{}`", short(name)),
        Some(Object::Word(None)) | None => "an object".into(),
    }
}

/// A type's name without its path and without what it is generic over.
fn short(name: &str) -> &str {
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}
