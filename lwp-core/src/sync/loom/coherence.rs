//! Which stores of a word an access may see by C11, and which it may not.
//!
//! loom keeps a partial modification order, in which it forgets that what comes before one store comes before those after
//! it, and that nothing comes between the store that an exchange reads and the one that it makes. So it shows executions
//! that C11 forbids. Here is the whole order: all that must come before what, by happens-before and by what was read. An
//! execution for which there is no such order is none.

use std::cell::RefCell;

use super::clock::{self, Clock};

/// loom's limit on the stores of a word that it remembers.
pub const HISTORY: usize = 7;

/// What C11 forbids.
#[derive(Debug)]
pub struct Forbidden;

/// A store, by its number in the order of execution.
pub type Number = usize;

#[derive(Clone, Debug)]
struct Store {
    /// The word as it was stored: unlike all others, by its stamp.
    word: usize,
    /// What a thread knows that reads it and acquires; nothing of a store that did not release.
    came: Option<Clock>,
    /// The store that it read, where it is an exchange's.
    read: Option<Number>,
}

#[derive(Clone, Debug, Default)]
struct Order {
    stores: Vec<Store>,
    /// For each thread which stores it has read or made and from which of its accesses on.
    seen: [Vec<(u32, Number)>; ::loom::MAX_THREADS],
    /// Whether one store comes before another; `None` as long as all come in the order of execution.
    before: Option<Vec<Vec<bool>>>,
}

/// The order of the stores to one word.
#[derive(Debug)]
pub struct Coherence(RefCell<Order>);

impl Coherence {
    /// A word that the caller has made, which is a store.
    pub fn new(word: usize) -> Coherence {
        let mut order = Order { stores: vec![Store { word, came: None, read: None }], ..Order::default() };
        let number = clock::accesses();
        order.sees(number, 0);
        Coherence(RefCell::new(order))
    }

    /// The caller has read this word: which store that was, and what came with it.
    ///
    /// # Errors
    /// Where C11 forbids it.
    pub fn read(&self, word: usize) -> Result<(Number, Option<Clock>), Forbidden> {
        let mut order = self.0.borrow_mut();
        let store = order.number(word);
        let known = order.known();
        let number = clock::accesses();
        let is_allowed = known.into_iter().all(|earlier| earlier == store || order.put(earlier, store));
        order.sees(number, store);
        if is_allowed { Ok((store, order.stores[store].came)) } else { Err(Forbidden) }
    }

    /// The caller has stored this word.
    pub fn stored(&self, word: usize, releases: bool) {
        let is_allowed = self.0.borrow_mut().add(word, None, releases);
        debug_assert!(is_allowed.is_ok(), "a store may come last");
    }

    /// The caller has stored this word in exchange for a store that it had read.
    ///
    /// # Errors
    /// Where C11 forbids it.
    pub fn exchanged(&self, read: Number, word: usize, releases: bool) -> Result<(), Forbidden> {
        self.0.borrow_mut().add(word, Some(read), releases)
    }

    /// What came with a store: nothing, where none of those that it goes back to released.
    pub fn came(&self, store: Number) -> Option<Clock> {
        self.0.borrow().stores[store].came
    }

    /// Whether the caller may store in exchange for a store that it has read.
    pub fn may_exchange(&self, read: Number) -> bool {
        let mut order = self.0.borrow().clone();
        let known = order.known();
        order.stores.push(Store { word: usize::MAX, came: None, read: Some(read) });
        order.place_the_last(&known)
    }

    /// Whether all stores come in the order of execution, and this is the last.
    pub fn is_last_of_all(&self, store: Number) -> bool {
        let order = self.0.borrow();
        order.before.is_none() && store + 1 == order.stores.len()
    }

    /// Whether all stores come in the order of execution.
    pub fn is_in_order(&self) -> bool {
        self.0.borrow().before.is_none()
    }

    /// Whether some store must come after this.
    pub fn is_followed(&self, store: Number) -> bool {
        let order = self.0.borrow();
        (0..order.stores.len()).any(|other| order.comes_before(store, other))
    }

    /// Whether the caller may be due a store that loom has forgotten.
    pub fn may_be_missed(&self) -> bool {
        let order = self.0.borrow();
        let forgotten = order.stores.len().saturating_sub(HISTORY);
        if forgotten == 0 {
            return false;
        }
        let known = order.known();
        (0..forgotten).any(|old| !known.iter().any(|newer| order.comes_before(old, *newer)))
    }
}

impl Order {
    fn number(&self, word: usize) -> Number {
        self.stores.iter().rposition(|store| store.word == word).expect("what is read was stored")
    }

    fn sees(&mut self, number: u32, store: Number) {
        let seen = &mut self.seen[super::current().get() - 1];
        if seen.last().is_none_or(|(_, last)| *last != store) {
            seen.push((number, store));
        }
    }

    /// For each thread the store that it had read or made last when it did what the caller knows.
    fn known(&self) -> Vec<Number> {
        let now = clock::now();
        let last = |(seen, known): (&Vec<(u32, Number)>, u32)| {
            seen.iter().rev().find(|(number, _)| *number <= known).map(|(_, store)| *store)
        };
        self.seen.iter().zip(now).filter_map(last).collect()
    }

    fn comes_before(&self, a: Number, b: Number) -> bool {
        match &self.before {
            Some(before) => before[a][b],
            None => a < b,
        }
    }

    fn add(&mut self, word: usize, read: Option<Number>, releases: bool) -> Result<(), Forbidden> {
        let known = self.known();
        let number = clock::accesses();
        let passed_on = read.and_then(|read| self.stores[read].came);
        let came = if releases {
            Some(clock::joined(clock::now(), passed_on.unwrap_or_default()))
        } else {
            passed_on
        };
        self.stores.push(Store { word, came, read });
        self.sees(number, self.stores.len() - 1);
        if self.place_the_last(&known) { Ok(()) } else { Err(Forbidden) }
    }

    /// Puts the store that was made last where it must go after those that its thread knows. Says whether that can be.
    fn place_the_last(&mut self, known: &[Number]) -> bool {
        let new = self.stores.len() - 1;
        let read = self.stores[new].read;
        if self.before.is_none() && known.contains(&(new - 1)) && read.is_none_or(|read| read + 1 == new) {
            return true;
        }
        let in_order = || (0..new).map(|a| (0..new).map(|b| a < b).collect()).collect();
        let before: &mut Vec<Vec<bool>> = self.before.get_or_insert_with(in_order);
        before.iter_mut().for_each(|row| row.push(false));
        before.push(vec![false; new + 1]);
        known.iter().copied().chain(read).all(|earlier| self.put(earlier, new)) && self.keep_exchanges_whole()
    }

    /// One store comes before another, and so do all before the one before all after the other. Says whether that can be.
    fn put(&mut self, a: Number, b: Number) -> bool {
        if self.comes_before(a, b) {
            return true;
        }
        if self.before.is_none() || self.comes_before(b, a) {
            return false;
        }
        self.order(a, b);
        self.keep_exchanges_whole()
    }

    fn order(&mut self, a: Number, b: Number) {
        let before = self.before.as_mut().expect("stores come in another order than that of execution");
        let all = 0..before.len();
        let earlier: Vec<_> = all.clone().filter(|x| *x == a || before[*x][a]).collect();
        let later: Vec<_> = all.filter(|y| *y == b || before[b][*y]).collect();
        for x in earlier {
            later.iter().for_each(|y| before[x][*y] = true);
        }
    }

    /// Nothing comes between the store that an exchange has read and its own: what comes before the one comes before the
    /// other, and what comes after. Says whether that can be.
    fn keep_exchanges_whole(&mut self) -> bool {
        loop {
            let exchanges =
                self.stores.iter().enumerate().filter_map(|(own, store)| Some((store.read?, own)));
            let split = exchanges
                .flat_map(|(read, own)| (0..self.stores.len()).map(move |w| (read, own, w)))
                .find_map(|(read, own, w)| {
                    if w == read || w == own {
                        None
                    } else if self.comes_before(w, own) && !self.comes_before(w, read) {
                        Some((w, read))
                    } else if self.comes_before(read, w) && !self.comes_before(own, w) {
                        Some((own, w))
                    } else {
                        None
                    }
                });
            let Some((a, b)) = split else { return true };
            if self.comes_before(b, a) {
                return false;
            }
            self.order(a, b);
        }
    }
}
