//! Turnstiles: where LWPs wait for an adaptive mutex. Their lock is the turnstile chain's.
//!
//! Not in `kern_lwp.c`; after the contract that it relies on. One mutex stands for all. Taking it when it is free needs no
//! lock in the kernel and the chain's here; priorities are not lent.

use std::sync::Arc;

use super::lwp::Wchan;
use super::sleepq::Sleep;
use super::{KernelLwp, System};
use crate::fault::{Step, seeded};
use crate::mutex::MutexGuard;

/// The turnstile of the adaptive mutex.
pub(super) const TURNSTILE: Wchan = Wchan(4);

impl System {
    /// `mutex_enter` of an adaptive mutex: takes it, or sleeps uninterruptibly until it is free.
    ///
    /// Entry and exit: nothing held but the mutex.
    pub fn mutex_enter(&self, l: &Arc<KernelLwp>) {
        loop {
            let mut tc = self.turnstile_lookup();
            let owner = self.mutex_owner.get_mut(&mut tc);
            if owner.is_none() {
                *owner = Some(l.clone());
                return;
            }
            self.turnstile_block(l, tc);
            if seeded(Step::MutexEnterAgain) {
                return;
            }
        }
    }

    /// `mutex_exit`: frees the mutex and wakes everybody who waits for it.
    ///
    /// Entry and exit: nothing held but the mutex.
    ///
    /// # Panics
    /// Where the LWP does not hold it.
    pub fn mutex_exit(&self, l: &Arc<KernelLwp>) {
        // Before the guard, which passes through each of them.
        let mut blocked = Vec::new();
        let mut tc = self.turnstile_lookup();
        let owner = self.mutex_owner.get_mut(&mut tc).take();
        assert!(
            owner.is_some_and(|owner| Arc::ptr_eq(&owner, l)),
            "an LWP frees a mutex that it does not hold"
        );
        blocked.clone_from(self.sleepqs[TURNSTILE.0].sleepers.get(&tc));
        for sleeper in &blocked {
            if seeded(Step::MutexExitWakes) {
                break;
            }
            tc = self.sleepq_remove(sleeper.queued_under(tc));
        }
    }

    /// `turnstile_lookup`: takes the chain's lock.
    fn turnstile_lookup(&self) -> MutexGuard<'_> {
        self.sleepqs[TURNSTILE.0].sleepers.enter()
    }

    /// `turnstile_block`: sleeps on the turnstile, with the chain's lock for the LWP's.
    ///
    /// Entry: the chain's lock held. Exit: nothing held.
    fn turnstile_block(&self, l: &Arc<KernelLwp>, tc: MutexGuard<'_>) {
        let mut locked = self.sleepq_enter(l, tc);
        self.sleepq_enqueue(&mut locked, TURNSTILE);
        self.sleepq_block(locked, Sleep::default()).expect("nothing interrupts the sleep");
    }
}
