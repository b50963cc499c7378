//! The numbered list of a suite's programs.

use super::book::{Book, Entry, Shape};
use super::theme::Theme;

/// A suite's programs, in order.
#[derive(Debug)]
pub struct Catalogue {
    /// A book a theme.
    books: Vec<Book>,
    /// The theme's number and the place in its book.
    entries: Vec<(u8, Entry)>,
}

impl Catalogue {
    /// The programs of all these themes that are wanted: those with fewer operations in all come first.
    pub fn new(
        themes: &[Theme],
        lwps: usize,
        operations: usize,
        otherwise: usize,
        wanted: impl Fn(&Shape) -> bool,
    ) -> Catalogue {
        let books = themes.iter().map(|theme| Book::new(theme, lwps, operations, otherwise));
        let books: Vec<Book> = books.collect();
        let of_theme = |(n, book): (usize, &Book)| {
            book.entries(&wanted).into_iter().map(move |entry| (n as u8, entry)).collect::<Vec<_>>()
        };
        let mut entries: Vec<_> = books.iter().enumerate().flat_map(of_theme).collect();
        // A stable sort: the rest of the order is that of the themes and of their books.
        entries.sort_by_cached_key(|(theme, entry)| books[usize::from(*theme)].operations(entry));
        Catalogue { books, entries }
    }

    /// How many programs there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many programs each theme has.
    pub fn sizes(&self) -> Vec<usize> {
        let of_theme = |n| self.entries.iter().filter(|(theme, _)| usize::from(*theme) == n).count();
        (0..self.books.len()).map(of_theme).collect()
    }

    /// The number of a program's theme, and the program.
    pub fn get(&self, n: usize) -> (usize, Shape) {
        let (theme, entry) = &self.entries[n];
        let theme = usize::from(*theme);
        (theme, self.books[theme].shape(entry))
    }
}
