//! Operations on per-LWP data, credentials and lwpctl.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lwp_core::netbsd::lcpage::LcCurcpu;
use lwp_core::netbsd::specific::{SpecificData, SpecificKey};
use lwp_core::netbsd::{Errno, KernelLwp, Lid, System};
use lwp_core::site::Site;

use super::table::Litmus;

/// An operation on what an LWP has of other subsystems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataOp {
    /// `lwp_specific_key_create`; gives the key.
    KeyCreate,
    /// `lwp_specific_key_delete`.
    KeyDelete(SpecificKey),
    /// `lwp_setspecific`, to a datum that knows whose it is.
    Set(SpecificKey),
    /// `lwp_getspecific`; gives whose datum it is.
    Get(SpecificKey),
    /// `_lwp_getspecific_by_lwp`, of key 0 of an LWP that the machine started with.
    GetOf(Lid),
    /// `setuid`.
    Setuid(usize),
    /// `getuid`.
    Getuid,
    /// `lwp_ctl_alloc`; gives the block.
    LwpctlAlloc,
    /// Reads the LWP's own `lc_curcpu`.
    Curcpu,
    /// `lwp_ctl_exit`, as exec calls it.
    LwpctlExit,
}

impl DataOp {
    /// The operation with this name.
    pub fn parse(name: &str, number: Option<usize>) -> Option<DataOp> {
        Some(match (name, number) {
            ("key-create", None) => DataOp::KeyCreate,
            ("key-delete", Some(key)) => DataOp::KeyDelete(key),
            ("set", Some(key)) => DataOp::Set(key),
            ("get", Some(key)) => DataOp::Get(key),
            ("get-of", Some(lid)) => DataOp::GetOf(lid),
            ("setuid", Some(uid)) => DataOp::Setuid(uid),
            ("getuid", None) => DataOp::Getuid,
            ("lwpctl-alloc", None) => DataOp::LwpctlAlloc,
            ("curcpu", None) => DataOp::Curcpu,
            ("lwpctl-exit", None) => DataOp::LwpctlExit,
            _ => return None,
        })
    }

    /// Runs the operation for the LWP `l`, and gives what came of it.
    pub fn run(self, sys: &System, l: &Arc<KernelLwp>) -> String {
        match self {
            DataOp::KeyCreate => sys.lwp_specific_key_create(destroy).to_string(),
            DataOp::KeyDelete(key) => {
                sys.lwp_specific_key_delete(key);
                "ok".into()
            }
            DataOp::Set(key) => {
                let datum = Datum { owner: l.l_lid(), destroyed: AtomicBool::new(false) };
                sys.lwp_setspecific(l, key, Some(Arc::new(datum)));
                "ok".into()
            }
            DataOp::Get(key) => owner(sys.lwp_getspecific(l, key)),
            DataOp::GetOf(lid) => owner(sys.lwp_getspecific_by_lwp(sys.lwp(lid), 0)),
            DataOp::Setuid(uid) => {
                sys.sys_setuid(l, uid);
                "ok".into()
            }
            DataOp::Getuid => sys.sys_getuid(l).to_string(),
            DataOp::LwpctlAlloc => match sys.lwp_ctl_alloc(l) {
                Ok(block) => block.uaddr().to_string(),
                Err(errno) => Errno::name(errno).into(),
            },
            DataOp::Curcpu => match l.lwpctl().map(|block| block.lc_curcpu()) {
                None => "no block".into(),
                Some(LcCurcpu::None) => "none".into(),
                Some(LcCurcpu::Exited) => "exited".into(),
                Some(LcCurcpu::Cpu(cpu)) => format!("cpu{cpu}"),
            },
            DataOp::LwpctlExit => {
                sys.lwp_ctl_exit(l);
                "ok".into()
            }
        }
    }
}

impl fmt::Display for DataOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataOp::KeyCreate => write!(f, "key-create"),
            DataOp::KeyDelete(key) => write!(f, "key-delete {key}"),
            DataOp::Set(key) => write!(f, "set {key}"),
            DataOp::Get(key) => write!(f, "get {key}"),
            DataOp::GetOf(lid) => write!(f, "get-of {lid}"),
            DataOp::Setuid(uid) => write!(f, "setuid {uid}"),
            DataOp::Getuid => write!(f, "getuid"),
            DataOp::LwpctlAlloc => write!(f, "lwpctl-alloc"),
            DataOp::Curcpu => write!(f, "curcpu"),
            DataOp::LwpctlExit => write!(f, "lwpctl-exit"),
        }
    }
}

/// Whose it is, and whether its destructor has had it. Not part of the model.
struct Datum {
    owner: Lid,
    destroyed: AtomicBool,
}

fn destroy(data: SpecificData) {
    let datum = data.downcast::<Datum>().expect("every datum of a program is one");
    // ORDERING: none needed, whoever comes second is told.
    assert!(
        !datum.destroyed.swap(true, Ordering::Relaxed),
        "the datum of LWP {} is destroyed twice",
        datum.owner
    );
}

fn owner(data: Option<SpecificData>) -> String {
    let Some(data) = data else { return "none".into() };
    let datum = data.downcast::<Datum>().expect("every datum of a program is one");
    // ORDERING: as above.
    assert!(
        !datum.destroyed.load(Ordering::Relaxed),
        "the datum of LWP {} is used after it was destroyed",
        datum.owner
    );
    datum.owner.to_string()
}

impl Litmus {
    /// Whether the machine has to have credentials.
    pub fn has_creds(&self) -> bool {
        self.says("uid")
    }

    /// Whether the program uses an ordering site that only these operations have.
    pub fn uses_data_site(&self, site: Site) -> bool {
        match site {
            Site::CrRefcntLook | Site::CrRefcntFree => self.has_creds(),
            Site::PLwpctlLook | Site::PLwpctlStore => self.says("lwpctl"),
            _ => false,
        }
    }

    fn says(&self, word: &str) -> bool {
        self.lwps.iter().any(|line| line.contains(word))
    }
}
