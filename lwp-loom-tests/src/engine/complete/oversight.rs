//! Mistakes that are built into the race detector on purpose, to show that the cross-checks would find them.

use lwp_core::sync::model::{Announcement, Operation};

use super::needs::Sync;

/// What the race detector overlooks, or takes for an order that is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversight {
    /// None.
    #[default]
    None,
    /// Every access.
    Everything,
    /// An attempt that fails to take a lock acquires.
    FailedTriesAcquire,
    /// An exchange that fails acquires.
    FailedExchangesAcquire,
    /// Of the threads that have written, only the first one is asked.
    OnlyTheFirstWriter,
    /// Reads do not race with later writes.
    NoReaders,
    /// Each execution begins with what was known at the end of the one before.
    NothingIsRewound,
    /// What a thread does after a release is part of what it has released.
    ReleasesReachFurther,
    /// Who releases forgets what others have released there.
    OnlyTheLastRelease,
    /// A relaxed store leaves what earlier stores have released.
    RelaxedStoresRelease,
    /// A relaxed exchange ends what earlier stores have released.
    ExchangesEndReleases,
    /// A barrier orders nothing that was loaded before it.
    BarriersForget,
    /// A relaxed load acquires.
    RelaxedLoadsAcquire,
    /// A new thread knows nothing of its parent's past.
    ChildrenKnowNothing,
    /// Who joins a thread learns nothing.
    JoinsTeachNothing,
    /// Who parks learns nothing of who let it go on.
    ParksTeachNothing,
    /// Memory that is used after it was freed is no failure where something orders the two.
    OrderedUseAfterFree,
}

impl Oversight {
    /// Every mistake that leaves something to be found.
    pub const ALL: [Oversight; 15] = [
        Oversight::FailedTriesAcquire,
        Oversight::FailedExchangesAcquire,
        Oversight::OnlyTheFirstWriter,
        Oversight::NoReaders,
        Oversight::NothingIsRewound,
        Oversight::ReleasesReachFurther,
        Oversight::OnlyTheLastRelease,
        Oversight::RelaxedStoresRelease,
        Oversight::ExchangesEndReleases,
        Oversight::BarriersForget,
        Oversight::RelaxedLoadsAcquire,
        Oversight::ChildrenKnowNothing,
        Oversight::JoinsTeachNothing,
        Oversight::ParksTeachNothing,
        Oversight::OrderedUseAfterFree,
    ];

    /// What an operation with this result does to what is known, with the mistake in it.
    pub(super) fn sync(self, announcement: &Announcement, result: usize) -> Sync {
        let sync = Sync::of(announcement, result);
        let exchanges = matches!(announcement.operation, Operation::CompareExchange { .. });
        match (self, announcement.operation, sync) {
            (Oversight::FailedTriesAcquire, Operation::TryLock, _) => Sync::Acquire,
            (Oversight::FailedExchangesAcquire, _, Sync::See) if exchanges && result == 0 => Sync::Acquire,
            (Oversight::RelaxedStoresRelease, _, Sync::Silence) => Sync::Nothing,
            (Oversight::ExchangesEndReleases, _, Sync::See) if exchanges && result != 0 => Sync::Silence,
            (Oversight::BarriersForget, _, Sync::FenceAndSee) => Sync::See,
            (Oversight::RelaxedLoadsAcquire, Operation::Load { .. }, Sync::See) => Sync::Acquire,
            (Oversight::JoinsTeachNothing, _, Sync::Join(_)) => Sync::Nothing,
            (Oversight::ParksTeachNothing, Operation::Park, _) => Sync::Nothing,
            _ => sync,
        }
    }
}
