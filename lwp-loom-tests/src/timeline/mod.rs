//! Timelines: how one execution went, step by step, for a reader who knows the kernel and not this program.
//!
//! A worker that is asked to explain a failure listens to the failing execution and sends what it heard as a [`Timeline`];
//! whoever asked draws it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`step`] | what a timeline is made of |
//! | `record` | listening to an execution |
//! | [`words`] | a step in words |
//! | [`source`] | our lines, and the kernel's functions and lines that they stand for |
//! | [`moment`] | how things stood after a step |
//! | [`cause`] | what decided the failure |
//! | [`story`] | the paragraph on top |
//! | [`layout`] | which steps are shown, in which column |
//! | [`text`], [`svg`], [`html`] | drawing it |

pub mod cause;
pub mod html;
pub mod layout;
pub mod moment;
#[cfg(any(loom, shuttle))]
pub mod record;
pub mod source;
pub mod step;
pub mod story;
pub mod svg;
pub mod text;
pub mod words;

pub use step::{Decided, Step, Thread, Timeline, What};
