//! The two revisions of `kern_lwp.c` that are modelled.

/// A revision of `kern_lwp.c`, with the kernel of its day around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revision {
    /// March 2007: one `sched_mutex` for all run queues and everybody who runs.
    R1_62,
    /// December 2007: `spc_lwplock` and `spc_mutex`, one of each a CPU.
    R1_69_2_6,
}

impl Revision {
    /// Both.
    pub const ALL: [Revision; 2] = [Revision::R1_62, Revision::R1_69_2_6];

    /// The number that CVS gave it.
    pub const fn name(self) -> &'static str {
        match self {
            Revision::R1_62 => "1.62",
            Revision::R1_69_2_6 => "1.69.2.6",
        }
    }
}
