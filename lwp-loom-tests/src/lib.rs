//! The checker: programs over `lwp-core`, the engines that explore them, and what they report.
//!
//! Data flows one way: a [`suite`] names [`program`]s, a worker process explores one [`job::Job`] at a time with an
//! [`engine`] and answers with a [`job::Finding`], and the runner sums findings up in a [`report::Report`].

pub mod audit;
pub mod canary;
pub mod cores;
pub mod coverage;
pub mod defects;
pub mod diagram;
pub mod engine;
pub mod explain;
pub mod explored;
pub mod faults;
pub mod fuzzing;
pub mod generate;
pub mod job;
pub mod litmus;
pub mod numbers;
pub mod oracle;
pub mod orderings;
pub mod pages;
pub mod program;
pub mod reach;
pub mod report;
pub mod shell;
pub mod shown;
pub mod subject;
pub mod suite;
pub mod timeline;
pub mod worker;
