//! Keeps a set of rows equal to a list on a Kubernetes API server, as plain values: inputs in, commands out.
//!
//! Never does I/O, reads a clock, waits, or knows a browser: whoever drives it says what time it is.

pub mod resource;
pub mod rows;

pub use resource::Resource;
pub use rows::{Changes, Rows};
