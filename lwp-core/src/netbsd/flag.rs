//! The flags in `l_flag` and `p_sflag`, with the kernel's numbers.

/// The LWP sleeps where a signal may wake it.
pub const LW_SINTR: usize = 0x80;
/// The LWP is to suspend itself before it returns to user mode.
pub const LW_WSUSPEND: usize = 0x20000;
/// The process dumps core.
pub const LW_WCORE: usize = 0x80000;
/// The LWP is to exit.
pub const LW_WEXIT: usize = 0x100000;
/// The LWP is to look for signals.
pub const LW_PENDSIG: usize = 0x1000000;
/// The LWP's sleep, or the next one, is to end.
pub const LW_CANCELLED: usize = 0x2000000;
/// The system goes down: nobody who is suspended runs again.
pub const LW_WREBOOT: usize = 0x8000000;
/// The LWP's next `_lwp_park` is to return at once.
pub const LW_UNPARKED: usize = 0x10000000;
/// The LWP runs on a CPU, or has not left it yet. 1.69.2.6 only; 1.62 compares `ci_curlwp`.
pub const LW_RUNNING: usize = 0x20000000;
/// What sends an LWP through `lwp_userret`.
pub const LW_USERRET: usize = LW_WSUSPEND | LW_WCORE | LW_WEXIT | LW_WREBOOT | LW_PENDSIG;

/// The process dumps core.
pub const PS_WCORE: u32 = 0x1000;
/// The process exits.
pub const PS_WEXIT: u32 = 0x2000;
/// The process is about to stop: its LWPs come to a halt one by one.
pub const PS_STOPPING: u32 = 0x80000000;

/// The names of the flags that are set in `p_sflag`.
pub fn process_names(p_sflag: u32) -> impl Iterator<Item = &'static str> {
    let names = [(PS_WCORE, "PS_WCORE"), (PS_WEXIT, "PS_WEXIT"), (PS_STOPPING, "PS_STOPPING")];
    names.into_iter().filter(move |(flag, _)| p_sflag & flag != 0).map(|(_, name)| name)
}

/// The names of the flags that are set in `l_flag`.
pub fn names(l_flag: usize) -> impl Iterator<Item = &'static str> {
    const NAMES: [(usize, &str); 9] = [
        (LW_SINTR, "LW_SINTR"),
        (LW_WSUSPEND, "LW_WSUSPEND"),
        (LW_WCORE, "LW_WCORE"),
        (LW_WEXIT, "LW_WEXIT"),
        (LW_PENDSIG, "LW_PENDSIG"),
        (LW_CANCELLED, "LW_CANCELLED"),
        (LW_WREBOOT, "LW_WREBOOT"),
        (LW_UNPARKED, "LW_UNPARKED"),
        (LW_RUNNING, "LW_RUNNING"),
    ];
    NAMES.into_iter().filter(move |(flag, _)| l_flag & flag != 0).map(|(_, name)| name)
}
