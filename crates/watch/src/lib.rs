//! Keeps a set of rows equal to a list on a Kubernetes API server, as plain values: inputs in, commands out.
//!
//! Never does I/O, reads a clock, waits, or knows a browser: whoever drives it says what time it is.
//!
//! Reading order: [`Rows`] (what comes out), [`Input`] and [`Command`] (what goes in, what is to be done), [`Machine`].

pub mod backoff;
mod bucket;
mod elapsed;
pub mod frames;
mod gather;
mod index;
mod leases;
pub mod machine;
mod protocol;
mod random;
pub mod resource;
pub mod rights;
pub mod rows;
mod table;

pub use bucket::Bucket;
pub use elapsed::Elapsed;
pub use leases::Leases;
pub use machine::{AnyMachine, Config, Core, Machine};
pub use protocol::{Command, Input, Problem, Request, State};
pub use random::Random;
pub use resource::Resource;
pub use rows::{Changes, Rows};
pub use table::{Table, Typed};
