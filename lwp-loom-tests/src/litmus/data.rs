//! Per-LWP data, credentials and lwpctl: their operations, and the programs over them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lwp_core::netbsd::lcpage::LcCurcpu;
use lwp_core::netbsd::specific::{SpecificData, SpecificKey};
use lwp_core::netbsd::{Errno, KernelLwp, Lid, Repair, Revision, System};
use lwp_core::site::Site;

use super::table::{Defect, Litmus, holds};

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
    /// The revisions that have what the program uses: 1.62 has no lwpctl.
    pub fn revisions(&self) -> &'static [Revision] {
        if self.says("lwpctl") { &[Revision::R1_69_2_6] } else { &Revision::ALL }
    }

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

pub const KEY_DELETE_EXIT: Litmus = holds(
    "key-delete-exit",
    "a datum is destroyed once, by the end of its LWP or by the deletion of its key",
    &["key-create=0 set:0 continue:2=ok exit", "suspended key-delete:0"],
    &[2],
    &["1: 0, ok, ok, gone; 2: ok"],
);

pub const KEY_DELETE_SET: Litmus = holds(
    "key-delete-set",
    "a key can be deleted while LWPs set data for others, or get their first",
    &["key-create=0 key-create=1 continue:2=ok set:1 get:1=1", "suspended key-delete:0 set:1 get:1=2"],
    &[2],
    &["1: 0, 1, ok, ok, 1; 2: ok, ok, 2"],
);

pub const SPECIFIC_OF_ANOTHER: Litmus = holds(
    "specific-of-another",
    "an LWP's data can be read by another while the owner reads too",
    &["key-create=0 set:0 continue:2=ok get:0=1", "suspended get-of:1=1 get:0=none"],
    &[2],
    &["1: 0, ok, ok, 1; 2: 1, none"],
);

pub const SPECIFIC_WAIT: Litmus = holds(
    "specific-wait",
    "an LWP's data is gone when it has been waited for, and its key's with the key",
    &["key-create=0 create:2 wait:2=2 get:0=none key-delete:0 key-create=1", "unborn set:0 get:0=2 exit"],
    &[1, 2],
    &["1: 0, ok, 2, none, ok, 1; 2: ok, 2, gone"],
);

pub const CREDS_EXIT: Litmus = holds(
    "creds-exit",
    "an LWP can exit with old credentials, or with new ones",
    &["setuid:5 getuid=5", "getuid=0|5 exit"],
    &[2],
    &["1: ok, 5; 2: 0, gone", "1: ok, 5; 2: 5, gone"],
);

pub const CREDS_UPDATE: Litmus = holds(
    "creds-update",
    "of two that change the credentials of their process each has some that are not freed",
    &["setuid:5 getuid=5|6", "setuid:6 getuid=5|6"],
    &[2],
    &["1: ok, 5; 2: ok, 6", "1: ok, 6; 2: ok, 6", "1: ok, 5; 2: ok, 5"],
);

pub const CREDS_CREATE: Litmus = holds(
    "creds-create",
    "an LWP that is created has the credentials of its process",
    &["setuid:5 create:2 setuid:6 wait:2=2 getuid=6", "unborn getuid=5|6 exit"],
    &[2],
    &["1: ok, ok, ok, 2, 6; 2: 6, gone"],
);

pub const CREDS_EXIT_PROCESS: Litmus = holds(
    "creds-exit-process",
    "all LWPs of a process that exits give their credentials back, and its last one too",
    &["setuid:5 exit-process", "getuid=0|5 user"],
    &[2],
    &["1: ok, gone; 2: 0, gone", "1: ok, gone; 2: 5, gone"],
);

pub const LWPCTL_ALLOC_ALLOC: Litmus = holds(
    "lwpctl-alloc-alloc",
    "two LWPs that allocate at once have the same pages, and a block each",
    &["lwpctl-alloc=0|1 curcpu=cpu0", "lwpctl-alloc=0|1 curcpu=cpu1"],
    &[2],
    &["1: 0, cpu0; 2: 1, cpu1", "1: 1, cpu0; 2: 0, cpu1"],
);

pub const LWPCTL_ALLOC_EXIT: Litmus = holds(
    "lwpctl-alloc-exit",
    "a process that exits tears down the blocks of LWPs that had just begun",
    &["exit-process", "lwpctl-alloc=0 user"],
    &[2],
    &["1: gone; 2: 0, gone"],
);

pub const LWPCTL_WAIT: Litmus = holds(
    "lwpctl-wait",
    "an LWP that waits reads on which CPU it is again, and the block of the dead is free",
    &["lwpctl-alloc=0|1 wait:2=2 curcpu=cpu0 lwpctl-alloc=EINVAL", "lwpctl-alloc=0|1 exit"],
    &[1, 2],
    &["1: 0, 2, cpu0, EINVAL; 2: 1, gone"],
);

pub const LWPCTL_ALLOC_FREE: Litmus = holds(
    "lwpctl-alloc-free",
    "a block is given out again once its LWP is freed, and not before",
    &["wait:2=2", "lwpctl-alloc=0|1 exit", "lwpctl-alloc=0|1"],
    &[3],
    &["2: 0, gone; 3: 0", "2: 0, gone; 3: 1", "2: 1, gone; 3: 0"],
);

pub const LWPCTL_EXEC: Litmus = Litmus {
    defects: &[Defect {
        revisions: &[Revision::R1_69_2_6],
        repair: Repair::StalePage,
        shows: &["a page of lwpctl blocks is used after it was freed"],
    }],
    ..holds(
        "lwpctl-exec",
        "an LWP that had a block gets one again after an exec",
        &["lwpctl-alloc=0 lwpctl-exit lwpctl-alloc=0 curcpu=cpu0"],
        &[1],
        &["1: 0, ok, 0, cpu0"],
    )
};
