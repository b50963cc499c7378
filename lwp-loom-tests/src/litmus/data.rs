//! Operations on per-LWP data, credentials and lwpctl.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lwp_core::netbsd::lcpage::LcCurcpu;
use lwp_core::netbsd::specific::SpecificData;
use lwp_core::netbsd::{KernelLwp, Lid, System};
use lwp_core::site::Site;

use super::ast::{Op, Program, Value};
use super::op::done;

/// Runs an operation for the LWP `l`; `None` where it is none of these.
pub fn run(op: Op, sys: &System, l: &Arc<KernelLwp>) -> Option<Value> {
    Some(match op {
        Op::KeyCreate => Value::Number(sys.lwp_specific_key_create(destroy)),
        Op::KeyDelete(key) => done(|| sys.lwp_specific_key_delete(key)),
        Op::Set(key) => done(|| {
            let datum = Datum { owner: l.l_lid(), destroyed: AtomicBool::new(false) };
            sys.lwp_setspecific(l, key, Some(Arc::new(datum)));
        }),
        Op::Get(key) => owner(sys.lwp_getspecific(l, key)),
        Op::GetOf(lid) => owner(sys.lwp_getspecific_by_lwp(sys.lwp(lid), 0)),
        Op::Setuid(uid) => done(|| sys.sys_setuid(l, uid)),
        Op::Getuid => Value::Number(sys.sys_getuid(l)),
        Op::LwpctlAlloc => match sys.lwp_ctl_alloc(l) {
            Ok(block) => Value::Number(block.uaddr()),
            Err(errno) => Value::Errno(errno),
        },
        Op::Curcpu => match l.lwpctl().map(|block| block.lc_curcpu()) {
            None => Value::NoBlock,
            Some(LcCurcpu::None) => Value::None,
            Some(LcCurcpu::Exited) => Value::Exited,
            Some(LcCurcpu::Cpu(cpu)) => Value::Cpu(cpu),
        },
        Op::LwpctlExit => done(|| sys.lwp_ctl_exit(l)),
        _ => return None,
    })
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

fn owner(data: Option<SpecificData>) -> Value {
    let Some(data) = data else { return Value::None };
    let datum = data.downcast::<Datum>().expect("every datum of a program is one");
    // ORDERING: as above.
    assert!(
        !datum.destroyed.load(Ordering::Relaxed),
        "the datum of LWP {} is used after it was destroyed",
        datum.owner
    );
    Value::Lwp(datum.owner)
}

impl Program {
    /// Whether the machine has to have credentials.
    pub fn has_creds(&self) -> bool {
        self.does(|op| matches!(op, Op::Setuid(_) | Op::Getuid))
    }

    /// Whether the program uses an ordering site that only these operations have.
    pub fn uses_data_site(&self, site: Site) -> bool {
        match site {
            Site::CrRefcntLook | Site::CrRefcntFree => self.has_creds(),
            Site::PLwpctlLook | Site::PLwpctlStore => {
                self.does(|op| matches!(op, Op::LwpctlAlloc | Op::LwpctlExit))
            }
            _ => false,
        }
    }

    fn does(&self, is: impl Fn(Op) -> bool) -> bool {
        self.lines.iter().flat_map(|line| &line.steps).any(|step| is(step.op))
    }
}
