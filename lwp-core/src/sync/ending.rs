//! What a program says of an execution in which no thread can go on, where that is an end like any other.

/// Why such an end is a failure after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// No thread may wait for ever so.
    Standstill(String),
    /// What the program claims of its ends does not hold.
    Claim(String),
}

/// Is asked once where no thread can go on, before any of them unwinds. No object may be touched: no thread is to run any
/// more. What the program knows it has to keep in plain memory.
pub type Verdict = Box<dyn FnOnce() -> Result<(), Objection> + Send>;
