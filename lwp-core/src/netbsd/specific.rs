//! Per-LWP data of subsystems: keys, and what each LWP has for them.
//!
//! The `specificdata` functions below `lwp_specific_key_create` and its family are not listed; after their contract:
//! a domain with a lock, a destructor for each key, a container for each LWP that has data.
//!
//! # Not interlocked
//! An LWP reads and changes its own data without a lock. Whoever reads another's ([`System::lwp_getspecific_by_lwp`]),
//! or deletes a key, must know that the owner is not in [`System::lwp_getspecific`] or [`System::lwp_setspecific`] with
//! that key at the time. Nothing enforces that: the checkers report it as a data race, and on real threads an access
//! gives the datum from before or after, and never a torn one.
//!
//! # Destructors
//! A destructor runs once for a datum, with the domain's lock held, so that none runs any more when
//! [`System::lwp_specific_key_delete`] has returned. It must not come back for that lock: the attempt panics, as any to
//! take a lock twice. Where a destructor panics, the lock is released and the datum is gone. A deletion leaves the key
//! and the other LWPs' data as they are, and can be repeated; the end of an LWP drops the rest of its data without their
//! destructors. What a destructor sets for its own key anew is data of a deleted key, of which the LWP's end complains.

use core::any::Any;
use core::fmt;
use std::sync::Arc;

use super::unlocked::Unlocked;
use super::{KernelLwp, Lid, System};
use crate::fault::{Step, step};

/// `specificdata_key_t`. Numbers are not given twice, so that nobody finds data of a key that was deleted.
pub type SpecificKey = usize;

/// A datum: whoever gets it knows its type from the key.
pub type SpecificData = Arc<dyn Any + Send + Sync>;

/// `specificdata_dtor_t`.
type Dtor = Box<dyn Fn(SpecificData) + Send + Sync>;

/// What the domain's lock covers.
#[derive(Default)]
pub(super) struct Domain {
    /// By key; nothing for a key that was deleted.
    dtors: Vec<Option<Dtor>>,
    containers: Vec<Arc<Container>>,
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain").field("keys", &self.dtors.len()).finish_non_exhaustive()
    }
}

/// An LWP's data, with a slot for each key that there was when it was made. A larger one takes its place.
#[derive(Debug)]
pub(super) struct Container {
    owner: Lid,
    slots: Vec<Unlocked<Option<SpecificData>>>,
    /// Whether the memory is somebody else's by now. Reading it is using the memory.
    freed: Unlocked<bool>,
}

impl Container {
    /// Takes a datum out and gives it to its destructor. The domain's lock is held.
    #[track_caller]
    fn destroy_datum(&self, key: SpecificKey, dtor: Option<&Dtor>) {
        assert!(
            !self.freed.read(|freed| *freed),
            "the data of LWP {} are used after they were freed",
            self.owner
        );
        let Some(data) = self.slots.get(key).and_then(|slot| slot.write(Option::take)) else { return };
        let Some(dtor) = dtor else { panic!("LWP {} has data of key {key}, which is deleted", self.owner) };
        dtor(data);
    }

    /// Frees the container, whose data are all destroyed by now.
    #[track_caller]
    fn free(&self) {
        if cfg!(any(loom, shuttle, debug_assertions)) {
            let lost = self.slots.iter().any(|slot| slot.read(Option::is_some));
            assert!(!lost, "LWP {} is gone, and some of its data are not destroyed", self.owner);
        }
        self.freed.write(|freed| *freed = true);
    }
}

impl System {
    /// Makes a key, whose data `dtor` destroys.
    ///
    /// `kern_lwp.c` 1.62 L1233, 1.69.2.6 L1353; the two are the same. It does not fail here: memory does not run out.
    /// Entry and exit: the domain's lock not held.
    pub fn lwp_specific_key_create(
        &self,
        dtor: impl Fn(SpecificData) + Send + Sync + 'static,
    ) -> SpecificKey {
        let mut sd_lock = self.specificdata.enter();
        let dtors = &mut self.specificdata.get_mut(&mut sd_lock).dtors;
        dtors.push(Some(Box::new(dtor)));
        dtors.len() - 1
    }

    /// Deletes a key, and destroys the data that any LWP has for it. Nothing happens where there is no such key.
    ///
    /// `kern_lwp.c` 1.62 L1244, 1.69.2.6 L1364; the two are the same.
    /// Entry and exit: the domain's lock not held. No LWP uses the key meanwhile.
    ///
    /// # Panics
    /// Where a destructor does: see the [module](self).
    pub fn lwp_specific_key_delete(&self, key: SpecificKey) {
        let mut sd_lock = self.specificdata.enter();
        let domain = self.specificdata.get(&sd_lock);
        let Some(dtor @ Some(_)) = domain.dtors.get(key) else { return };
        for container in &domain.containers {
            step(Step::KeyDeleteDestroy, || container.destroy_datum(key, dtor.as_ref()));
        }
        step(Step::KeyDeleteClear, || self.specificdata.get_mut(&mut sd_lock).dtors[key] = None);
    }

    /// Gives an LWP that has just been made no data.
    ///
    /// `kern_lwp.c` 1.62 L1255, 1.69.2.6 L1375; the two are the same.
    /// Entry and exit: nobody else has the LWP yet.
    pub(super) fn lwp_initspecific(&self, l: &KernelLwp) {
        l.data().l_specdataref.write(|container| *container = None);
    }

    /// Destroys all data of the LWP.
    ///
    /// `kern_lwp.c` 1.62 L1268, 1.69.2.6 L1388; the two are the same, and `lwp_exit` does as much (1.62 L628,
    /// 1.69.2.6 L717).
    /// Entry and exit: the domain's lock not held. The LWP is the current one.
    ///
    /// # Panics
    /// Where a destructor does: see the [module](self). Where the LWP has data of a key that was deleted.
    pub fn lwp_finispecific(&self, l: &KernelLwp) {
        let Some(container) = l.data().l_specdataref.write(Option::take) else { return };
        let mut sd_lock = self.specificdata.enter();
        step(Step::FinispecificUnlink, || self.specificdata.get_mut(&mut sd_lock).unlink(&container));
        let domain = self.specificdata.get(&sd_lock);
        for key in 0..container.slots.len() {
            step(Step::FinispecificDestroy, || container.destroy_datum(key, domain.dtors[key].as_ref()));
        }
        container.free();
    }

    /// Makes sure that the domain lists the containers of these LWPs, which have not exited, each once and no other. To be
    /// asked once no thread runs any more.
    #[cfg(any(loom, shuttle))]
    #[track_caller]
    pub(super) fn check_specificdata(&self, alive: &[Arc<KernelLwp>]) {
        self.specificdata.at_rest(|domain| {
            for Container { owner, .. } in domain.containers.iter().map(Arc::as_ref) {
                let is_alive = alive.iter().any(|l| l.l_lid() == *owner);
                assert!(is_alive, "LWP {owner} has exited, and its data are not destroyed");
            }
            for l in alive {
                let Some(mine) = l.data().l_specdataref.read(Clone::clone) else { continue };
                let listed = domain.containers.iter().filter(|other| other.owner == mine.owner);
                let listed: Vec<_> = listed.map(|other| Arc::ptr_eq(other, &mine)).collect();
                assert_eq!(
                    listed,
                    [true],
                    "the domain does not list the data of LWP {}, or others",
                    mine.owner
                );
            }
        });
    }

    /// What the current LWP has for a key.
    ///
    /// `kern_lwp.c` 1.62 L1286, 1.69.2.6 L1406; the two are the same.
    /// Entry and exit: nothing held. Not interlocked: see the [module](self).
    pub fn lwp_getspecific(&self, l: &KernelLwp, key: SpecificKey) -> Option<SpecificData> {
        self.lwp_getspecific_by_lwp(l, key)
    }

    /// `_lwp_getspecific_by_lwp`: what any LWP has for a key.
    ///
    /// `kern_lwp.c` 1.62 L1294, 1.69.2.6 L1414; the two are the same.
    /// Entry and exit: nothing held. The caller knows that the owner changes nothing: see the [module](self).
    pub fn lwp_getspecific_by_lwp(&self, l: &KernelLwp, key: SpecificKey) -> Option<SpecificData> {
        let container = l.data().l_specdataref.read(Clone::clone)?;
        container.slots.get(key)?.read(Clone::clone)
    }

    /// Sets what the current LWP has for a key. What it had before is dropped without its destructor.
    ///
    /// `kern_lwp.c` 1.62 L1306, 1.69.2.6 L1426; the two are the same.
    /// Entry and exit: the domain's lock not held: it is taken where the LWP has no slot for the key yet. Not
    /// interlocked: see the [module](self).
    ///
    /// # Panics
    /// Where there never was such a key.
    pub fn lwp_setspecific(&self, l: &KernelLwp, key: SpecificKey, data: Option<SpecificData>) {
        let container = l.data().l_specdataref.read(Clone::clone);
        let container = match container {
            Some(container) if key < container.slots.len() => container,
            small => self.enlarge_container(l, small, key),
        };
        // The old datum may be dropped here, which is the caller's code: not under the slot's mutex.
        drop(container.slots[key].write(|slot| core::mem::replace(slot, data)));
    }

    /// Puts a container with a slot for every key in the place of a smaller one, or of none.
    #[track_caller]
    fn enlarge_container(
        &self,
        l: &KernelLwp,
        small: Option<Arc<Container>>,
        key: SpecificKey,
    ) -> Arc<Container> {
        let mut sd_lock = self.specificdata.enter();
        let domain = self.specificdata.get_mut(&mut sd_lock);
        let keys = domain.dtors.len();
        assert!(key < keys, "there is no key {key}");
        let moved = |key: SpecificKey| small.as_ref()?.slots.get(key)?.write(Option::take);
        let slots = (0..keys).map(|key| Unlocked::new(moved(key))).collect();
        let container = Arc::new(Container { owner: l.l_lid(), slots, freed: Unlocked::new(false) });
        if let Some(small) = &small {
            domain.unlink(small);
            small.free();
        }
        domain.containers.push(container.clone());
        l.data().l_specdataref.write(|mine| *mine = Some(container.clone()));
        container
    }
}

impl Domain {
    fn unlink(&mut self, container: &Arc<Container>) {
        self.containers.retain(|other| !Arc::ptr_eq(other, container));
    }
}
