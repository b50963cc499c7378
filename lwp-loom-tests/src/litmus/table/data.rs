//! Per-LWP data, credentials and lwpctl.

use lwp_core::netbsd::Repair::StalePage;
use lwp_core::netbsd::Revision::R1_69_2_6;

use super::{Litmus, defect, holds};

pub const PROGRAMS: &[Litmus] = &[
    holds(
        "key-delete-exit",
        "a datum is destroyed once, by the end of its LWP or by the deletion of its key",
        &["key-create=0 set:0 continue:2=ok exit", "suspended key-delete:0"],
        &[2],
        &["1: 0, ok, ok, gone; 2: ok"],
    ),
    holds(
        "key-delete-set",
        "a key can be deleted while LWPs set data for others, or get their first",
        &["key-create=0 key-create=1 continue:2=ok set:1 get:1=1", "suspended key-delete:0 set:1 get:1=2"],
        &[2],
        &["1: 0, 1, ok, ok, 1; 2: ok, ok, 2"],
    ),
    holds(
        "specific-of-another",
        "an LWP's data can be read by another while the owner reads too",
        &["key-create=0 set:0 continue:2=ok get:0=1", "suspended get-of:1=1 get:0=none"],
        &[2],
        &["1: 0, ok, ok, 1; 2: 1, none"],
    ),
    holds(
        "specific-wait",
        "an LWP's data is gone when it has been waited for, and its key's with the key",
        &["key-create=0 create:2 wait:2=2 get:0=none key-delete:0 key-create=1", "unborn set:0 get:0=2 exit"],
        &[1, 2],
        &["1: 0, ok, 2, none, ok, 1; 2: ok, 2, gone"],
    ),
    holds(
        "creds-exit",
        "an LWP can exit with old credentials, or with new ones",
        &["setuid:5 getuid=5", "getuid=0|5 exit"],
        &[2],
        &["1: ok, 5; 2: 0, gone", "1: ok, 5; 2: 5, gone"],
    ),
    holds(
        "creds-update",
        "of two that change the credentials of their process each has some that are not freed",
        &["setuid:5 getuid=5|6", "setuid:6 getuid=5|6"],
        &[2],
        &["1: ok, 5; 2: ok, 6", "1: ok, 6; 2: ok, 6", "1: ok, 5; 2: ok, 5"],
    ),
    holds(
        "creds-create",
        "an LWP that is created has the credentials of its process",
        &["setuid:5 create:2 setuid:6 wait:2=2 getuid=6", "unborn getuid=5|6 exit"],
        &[2],
        &["1: ok, ok, ok, 2, 6; 2: 6, gone"],
    ),
    holds(
        "creds-exit-process",
        "all LWPs of a process that exits give their credentials back, and its last one too",
        &["setuid:5 exit-process", "getuid=0|5 user"],
        &[2],
        &["1: ok, gone; 2: 0, gone", "1: ok, gone; 2: 5, gone"],
    ),
    Litmus {
        revisions: &[R1_69_2_6],
        ..holds(
            "lwpctl-alloc-alloc",
            "two LWPs that allocate at once have the same pages, and a block each",
            &["lwpctl-alloc=0|1 curcpu=cpu0", "lwpctl-alloc=0|1 curcpu=cpu1"],
            &[2],
            &["1: 0, cpu0; 2: 1, cpu1", "1: 1, cpu0; 2: 0, cpu1"],
        )
    },
    Litmus {
        revisions: &[R1_69_2_6],
        ..holds(
            "lwpctl-alloc-exit",
            "a process that exits tears down the blocks of LWPs that had just begun",
            &["exit-process", "lwpctl-alloc=0 user"],
            &[2],
            &["1: gone; 2: 0, gone"],
        )
    },
    Litmus {
        revisions: &[R1_69_2_6],
        ..holds(
            "lwpctl-wait",
            "an LWP that waits reads on which CPU it is again, and the block of the dead is free",
            &["lwpctl-alloc=0|1 wait:2=2 curcpu=cpu0 lwpctl-alloc=EINVAL", "lwpctl-alloc=0|1 exit"],
            &[1, 2],
            &["1: 0, 2, cpu0, EINVAL; 2: 1, gone"],
        )
    },
    Litmus {
        revisions: &[R1_69_2_6],
        ..holds(
            "lwpctl-alloc-free",
            "a block is given out again once its LWP is freed, and not before",
            &["wait:2=2", "lwpctl-alloc=0|1 exit", "lwpctl-alloc=0|1"],
            &[3],
            &["2: 0, gone; 3: 0", "2: 0, gone; 3: 1", "2: 1, gone; 3: 0"],
        )
    },
    Litmus {
        revisions: &[R1_69_2_6],
        defects: &[defect(&[R1_69_2_6], StalePage, &["a page of lwpctl blocks is used after it was freed"])],
        ..holds(
            "lwpctl-exec",
            "an LWP that had a block gets one again after an exec",
            &["lwpctl-alloc=0 lwpctl-exit lwpctl-alloc=0 curcpu=cpu0"],
            &[1],
            &["1: 0, ok, 0, cpu0"],
        )
    },
];
