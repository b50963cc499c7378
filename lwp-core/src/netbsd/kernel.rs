//! The two kernels that 1.62 can be built as: with lock pointers that move, and with one lock for everything.

use core::fmt::Debug;

use super::Lid;
use crate::locks::LockId;
use crate::site::Site;
use crate::sync::AtomicUsize;

/// How a kernel keeps an LWP's lock pointer. Sealed: there are two.
pub trait Kernel: sealed::Sealed {
    /// What an LWP stores.
    type Pointer: Debug + Send + Sync;

    /// Whether a pointer can ever change.
    const MOVES: bool;

    #[doc(hidden)]
    fn pointer(lid: Lid, first: LockId) -> Self::Pointer;
    #[doc(hidden)]
    fn look(pointer: &Self::Pointer, site: Site) -> LockId;
    #[doc(hidden)]
    fn held(pointer: &Self::Pointer) -> LockId;
    #[doc(hidden)]
    fn publish(pointer: &Self::Pointer, new: LockId, site: Site);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Multiprocessor {}
    impl Sealed for super::Uniprocessor {}
}

/// A kernel with `MULTIPROCESSOR` or `LOCKDEBUG`, and every kernel of 1.69.2.6: `l_mutex` moves.
#[derive(Debug)]
pub enum Multiprocessor {}

impl Kernel for Multiprocessor {
    type Pointer = AtomicUsize;
    const MOVES: bool = true;

    #[inline(always)]
    #[track_caller]
    fn pointer(lid: Lid, first: LockId) -> AtomicUsize {
        AtomicUsize::new(first.0).of(lid)
    }

    #[inline(always)]
    #[track_caller]
    fn look(pointer: &AtomicUsize, site: Site) -> LockId {
        LockId(pointer.load(site))
    }

    #[inline(always)]
    #[track_caller]
    fn held(pointer: &AtomicUsize) -> LockId {
        LockId(pointer.load_held())
    }

    #[inline(always)]
    #[track_caller]
    fn publish(pointer: &AtomicUsize, new: LockId, site: Site) {
        pointer.store(new.0, site);
    }
}

/// A kernel of 1.62 with neither: every lock is `sched_mutex`, the machine's first lock, and the pointer is nothing
/// at all (1.62 L970-1090, the `#else` branches).
#[derive(Debug)]
pub enum Uniprocessor {}

/// `sched_mutex` is the machine's first lock.
const SCHED_MUTEX: LockId = LockId(0);

impl Kernel for Uniprocessor {
    type Pointer = ();
    const MOVES: bool = false;

    fn pointer(_: Lid, first: LockId) -> Self::Pointer {
        assert_eq!(first, SCHED_MUTEX, "on a uniprocessor every LWP's lock is the machine's first");
    }

    #[inline(always)]
    fn look(&(): &(), _: Site) -> LockId {
        SCHED_MUTEX
    }

    #[inline(always)]
    fn held(&(): &()) -> LockId {
        SCHED_MUTEX
    }

    #[inline(always)]
    fn publish(&(): &(), _: LockId, _: Site) {}
}

static_assertions::assert_eq_size!(<Uniprocessor as Kernel>::Pointer, ());
