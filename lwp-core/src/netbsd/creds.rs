//! Credentials: the process' own, and the copy that each LWP caches so that it can look without a lock.
//!
//! `kauth_cred_hold` and `kauth_cred_free` are not listed; after their contract. A machine has no credentials unless
//! [`System::with_creds`] gives it some.

use std::sync::Arc;

use super::unlocked::Unlocked;
use super::{KernelLwp, System};
use crate::covered::Covered;
use crate::fault::{Count, Step, keep, seeded, step, times};
use crate::mutex::Class;
use crate::site::Site;
use crate::sync::AtomicUsize;

/// `kauth_cred_t`: never changed once it can be seen, and freed with its last reference.
#[derive(Debug)]
pub(super) struct Cred {
    /// Which credential it is, in the place of its address.
    number: usize,
    uid: usize,
    cr_refcnt: AtomicUsize,
    /// Whether the memory is somebody else's by now. Reading it is using the memory.
    freed: Unlocked<bool>,
}

impl Cred {
    #[track_caller]
    fn new(number: usize, uid: usize, references: usize) -> Arc<Cred> {
        let (cr_refcnt, freed) = (AtomicUsize::new(references), Unlocked::new(false));
        Arc::new(Cred { number, uid, cr_refcnt, freed })
    }

    /// `kauth_cred_hold`: takes a reference. The caller has one, or the lock of one that cannot go meanwhile.
    #[track_caller]
    fn hold(&self) {
        self.touch();
        self.count(Site::CrRefcntHold, |references| references + times(Count::CredHold));
    }

    /// `kauth_cred_free`: gives a reference back, and frees the credential with the last.
    #[track_caller]
    fn free(&self) {
        self.touch();
        if self.count(Site::CrRefcntFree, |references| references.wrapping_sub(times(Count::CredFree))) == 0 {
            self.touch();
            self.freed.write(|freed| *freed = true);
        }
    }

    #[track_caller]
    fn count(&self, site: Site, change: impl Fn(usize) -> usize) -> usize {
        loop {
            let old = self.cr_refcnt.load(Site::CrRefcntLook);
            let new = change(old);
            if self.cr_refcnt.compare_exchange(old, new, site) || seeded(Step::CredRetry) {
                return new;
            }
        }
    }

    #[track_caller]
    fn touch(&self) {
        assert!(!self.freed.read(|freed| *freed), "credential {} is used after it was freed", self.number);
    }
}

/// The credentials of the process.
#[derive(Debug)]
pub(super) struct ProcCred {
    /// p_mutex covers it.
    p_cred: Covered<Arc<Cred>>,
    /// Which credential that is, for whoever compares it with its own without p_mutex.
    number: AtomicUsize,
    /// All that there ever were. Not part of any model.
    #[cfg(any(loom, shuttle))]
    made: std::sync::Mutex<Vec<Arc<Cred>>>,
}

impl System {
    /// The machine, with credentials for its process and a reference for each of its LWPs.
    #[track_caller]
    pub fn with_creds(mut self, uid: usize) -> System {
        let lwps = self.proc().enter().lwps();
        let cred = Cred::new(1, uid, 1 + lwps.len());
        for l in &lwps {
            l.data().l_cred.write(|l_cred| *l_cred = Some(cred.clone()));
        }
        let p_mutex = self.locks.only(Class::ProcMutex);
        let p_cred = Covered::new(self.locks.clone(), p_mutex, cred.clone());
        let creds = ProcCred {
            p_cred,
            number: AtomicUsize::new(1),
            #[cfg(any(loom, shuttle))]
            made: std::sync::Mutex::default(),
        };
        #[cfg(any(loom, shuttle))]
        creds.remember(&cred);
        self.creds = Some(creds);
        self
    }

    /// Makes the LWP's cached credentials those of the process.
    ///
    /// `kern_lwp.c` 1.62 L942, 1.69.2.6 L1078; the two are the same.
    /// Entry and exit: p_mutex not held. The LWP is the current one, or one that has just been made.
    ///
    /// Both take the big lock to free the old credentials, which their count does not need.
    #[track_caller]
    pub fn lwp_update_creds(&self, l: &KernelLwp) {
        let Some(creds) = &self.creds else { return };
        let p_mutex = creds.p_cred.enter();
        let new = creds.p_cred.get(&p_mutex).clone();
        let p_mutex = keep(p_mutex, Step::UpdateCredsEarly);
        new.hold();
        let old = l.data().l_cred.write(|l_cred| l_cred.replace(new));
        drop(p_mutex);
        if let Some(old) = old
            && !seeded(Step::UpdateCredsFree)
        {
            old.free();
        }
    }

    /// LWP_CACHE_CREDS, on the way into the kernel: updates the credentials where they are not the process' any more,
    /// by a look without a lock (1.62 L938-939, 1.69.2.6 L1074-1075).
    ///
    /// Entry and exit: p_mutex not held. The LWP is the current one.
    pub fn lwp_cache_creds(&self, l: &KernelLwp) {
        let Some(creds) = &self.creds else { return };
        let cached = l.data().l_cred.read(|l_cred| l_cred.as_ref().map(|cred| cred.number));
        if cached != Some(creds.number.load(Site::PCredLook)) && !seeded(Step::CacheCreds) {
            self.lwp_update_creds(l);
        }
    }

    /// `getuid`: enters the kernel, and looks at the cached credentials without a lock.
    ///
    /// Entry and exit: p_mutex not held.
    ///
    /// # Panics
    /// Where the machine has no credentials, or those of the LWP have been freed.
    pub fn sys_getuid(&self, l: &KernelLwp) -> usize {
        self.lwp_cache_creds(l);
        let cred = l.data().l_cred.read(Clone::clone).expect("the machine has credentials");
        cred.touch();
        cred.uid
    }

    /// `setuid`: gives the process new credentials. The caller has them at once, the other LWPs when they enter the
    /// kernel next.
    ///
    /// Not in `kern_lwp.c`; after the contract that it relies on.
    /// Entry and exit: p_mutex not held.
    ///
    /// # Panics
    /// Where the machine has no credentials.
    pub fn sys_setuid(&self, l: &KernelLwp, uid: usize) {
        let creds = self.creds.as_ref().expect("the machine has credentials");
        let mut p_mutex = creds.p_cred.enter();
        let p_cred = creds.p_cred.get_mut(&mut p_mutex);
        let new = Cred::new(p_cred.number + 1, uid, 2);
        #[cfg(any(loom, shuttle))]
        creds.remember(&new);
        let old = core::mem::replace(p_cred, new.clone());
        creds.number.store(new.number, Site::PCredStore);
        drop(p_mutex);
        let cached = l.data().l_cred.write(|l_cred| l_cred.replace(new));
        old.free();
        if let Some(cached) = cached {
            cached.free();
        }
    }

    /// Gives back the reference of an LWP that exits (1.62 L633, 1.69.2.6 L722). `l_cred` keeps pointing there: whoever
    /// looks again uses freed memory.
    ///
    /// Entry and exit: p_mutex not held. The LWP is the current one.
    pub(super) fn free_cached_creds(&self, l: &KernelLwp) {
        if let Some(cred) = l.data().l_cred.read(Clone::clone) {
            step(Step::ExitCreds, || cred.free());
        }
    }
}

#[cfg(any(loom, shuttle))]
impl ProcCred {
    fn remember(&self, cred: &Arc<Cred>) {
        self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(cred.clone());
    }

    /// Counts the references of each credential: the process' own, and one for each of these LWPs that has it. To be asked
    /// once no thread runs any more.
    #[track_caller]
    pub(super) fn check(&self, lwps: &[Arc<KernelLwp>]) {
        let p_cred = &self.p_cred.at_rest(Clone::clone);
        for l in lwps {
            assert!(l.data().l_cred.read(Option::is_some), "LWP {} has no credentials", l.l_lid());
        }
        assert_eq!(
            self.number.load_held(),
            p_cred.number,
            "what LWPs compare their credentials with is not p_cred"
        );
        for cred in self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            let is = |other: &Arc<Cred>| Arc::ptr_eq(other, cred);
            let cached = |l: &&Arc<KernelLwp>| l.data().l_cred.read(|l_cred| l_cred.as_ref().is_some_and(is));
            let references = usize::from(is(p_cred)) + lwps.iter().filter(cached).count();
            let number = cred.number;
            assert_eq!(cred.cr_refcnt.load_held(), references, "cr_refcnt of credential {number} is wrong");
            let freed = cred.freed.read(|freed| *freed);
            assert_eq!(
                freed,
                references == 0,
                "credential {number} is freed where it has references, or not"
            );
        }
    }
}
