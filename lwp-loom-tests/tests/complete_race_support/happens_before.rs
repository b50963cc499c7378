//! Data races by their definition: happens-before as the transitive closure of what orders two events of one execution
//! directly. No clocks, and nothing of the engine's.

/// How an access to a word is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Relaxed,
    Acquire,
    Release,
    /// A store behind a barrier that orders earlier stores.
    BehindBarrier,
    /// A relaxed load behind an acquire fence.
    AfterFence,
}

/// What a thread did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Spawn(usize),
    Join(usize),
    Lock(usize),
    /// An attempt, and whether it took the lock.
    Try(usize, bool),
    Unlock(usize),
    Park(usize),
    Unpark(usize),
    Load(usize, Order),
    Store(usize, Order),
    /// An exchange, and whether it stored.
    Exchange(usize, Order, bool),
    /// A load of a word that a lock is to protect.
    LoadHeld(usize),
    Read(usize),
    Write(usize),
    Touch(usize),
    Free(usize),
}

/// A thread did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub thread: usize,
    pub what: What,
}

impl What {
    /// The word that is stored to.
    fn stores(self) -> Option<usize> {
        match self {
            What::Store(word, _) | What::Exchange(word, _, true) => Some(word),
            _ => None,
        }
    }

    /// The word that is looked at, and how that is ordered.
    fn looks(self) -> Option<(usize, Order)> {
        match self {
            What::Load(word, order) | What::Exchange(word, order, true) => Some((word, order)),
            What::Exchange(word, _, false) => Some((word, Order::Relaxed)),
            _ => None,
        }
    }

    fn releases(self) -> bool {
        match self {
            What::Store(_, order) | What::Exchange(_, order, true) => {
                matches!(order, Order::Release | Order::BehindBarrier)
            }
            _ => false,
        }
    }

    /// Whether two events are accesses to the same memory that must be ordered.
    fn conflicts_with(self, other: What) -> bool {
        let stores_to = |what: What, word| what.stores() == Some(word);
        match (self, other) {
            (What::Read(one) | What::Write(one), What::Write(two)) => one == two,
            (What::Write(one), What::Read(two)) => one == two,
            (What::Touch(one) | What::Free(one), What::Free(two)) => one == two,
            (What::Free(one), What::Touch(two)) => one == two,
            (What::LoadHeld(word), what) | (what, What::LoadHeld(word)) => stores_to(what, word),
            _ => false,
        }
    }
}

/// The stores whose release a look at `at` comes by: those that head a release sequence which contains the store that it sees.
fn heads(events: &[Event], at: usize, word: usize) -> Vec<usize> {
    let mut heads = Vec::new();
    for earlier in (0..at).rev() {
        let what = events[earlier].what;
        if what.stores() != Some(word) {
            continue;
        }
        if what.releases() {
            heads.push(earlier);
        }
        // Only an exchange goes on with the sequence of the store before it.
        if matches!(what, What::Store(..)) {
            break;
        }
    }
    heads
}

/// Whether the event at `earlier` orders that at `later` by itself.
fn orders(events: &[Event], earlier: usize, later: usize) -> bool {
    let (one, two) = (events[earlier], events[later]);
    if one.thread == two.thread {
        return true;
    }
    match (one.what, two.what) {
        (What::Spawn(child), _) if child == two.thread => return true,
        (_, What::Join(child)) if child == one.thread => return true,
        (What::Unlock(lock), What::Lock(other) | What::Try(other, true)) if lock == other => return true,
        (What::Unpark(parker), What::Park(other)) if parker == other => return true,
        _ => {}
    }
    let Some((word, order)) = two.what.looks() else { return false };
    if order == Order::Acquire && heads(events, later, word).contains(&earlier) {
        return true;
    }
    // The fence in front of a look: it orders all that its thread looked at before.
    order == Order::AfterFence
        && (0..later).filter(|&look| events[look].thread == two.thread).any(|look| {
            events[look].what.looks().is_some_and(|(word, _)| heads(events, look, word).contains(&earlier))
        })
}

/// Whether the last event is an access that does not come after every access that it conflicts with, or to memory that was
/// freed.
fn goes_wrong(events: &[Event], before: &[u64], last: usize) -> bool {
    let what = events[last].what;
    (0..last).any(|earlier| {
        let ordered = before[last] >> earlier & 1 != 0;
        let freed = matches!((events[earlier].what, what),
            (What::Free(one), What::Free(two) | What::Touch(two)) if one == two);
        freed || !ordered && events[earlier].what.conflicts_with(what)
    })
}

/// The first event of an execution that a race detector has to report, if there is one.
pub fn first_failure(events: &[Event]) -> Option<usize> {
    assert!(events.len() <= 64, "an execution of {} events", events.len());
    let mut before: Vec<u64> = Vec::new();
    for later in 0..events.len() {
        let direct = (0..later).filter(|&earlier| orders(events, earlier, later));
        before.push(direct.fold(0, |all, earlier| all | before[earlier] | 1 << earlier));
    }
    (0..events.len()).find(|&event| goes_wrong(events, &before, event))
}

#[cfg(test)]
mod tests {
    use super::{Event, Order, What, first_failure};

    fn fails(events: &[(usize, What)]) -> bool {
        let events: Vec<Event> = events.iter().map(|&(thread, what)| Event { thread, what }).collect();
        first_failure(&events).is_some()
    }

    // An oracle that orders everything, or nothing, would agree with a detector that is as wrong.
    #[test]
    fn a_message_is_passed_by_a_release_that_is_acquired_and_by_nothing_less() {
        let pass = |store, load| {
            let (store, load) = (What::Store(0, store), What::Load(0, load));
            fails(&[(1, What::Write(0)), (1, store), (2, load), (2, What::Read(0))])
        };
        assert!(!pass(Order::Release, Order::Acquire));
        assert!(pass(Order::Relaxed, Order::Acquire));
        assert!(pass(Order::Release, Order::Relaxed));
        assert!(pass(Order::Release, Order::AfterFence), "the fence is in front of the load");
    }

    #[test]
    fn an_exchange_goes_on_with_a_release_and_a_store_ends_it() {
        let pass = |between| {
            fails(&[
                (1, What::Write(0)),
                (1, What::Store(0, Order::Release)),
                (3, between),
                (2, What::Load(0, Order::Acquire)),
                (2, What::Read(0)),
            ])
        };
        assert!(!pass(What::Exchange(0, Order::Relaxed, true)));
        assert!(pass(What::Store(0, Order::Relaxed)));
        assert!(!pass(What::Store(1, Order::Relaxed)));
    }

    #[test]
    fn an_attempt_that_fails_orders_nothing() {
        let pass = |took| {
            fails(&[(1, What::Write(0)), (1, What::Unlock(0)), (2, What::Try(0, took)), (2, What::Read(0))])
        };
        assert!(!pass(true));
        assert!(pass(false));
    }
}
