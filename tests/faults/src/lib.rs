//! Drives `crates/watch`'s state machine natively against API servers, through a proxy that breaks what passes.
//!
//! The machine is the page's, unchanged; [`client`] does what `src/live/stream.rs` does. [`proxy`] cuts, delays, doubles
//! and falsifies; [`run`] deletes rights and kinds, restarts servers and sets clocks, while [`writer`] changes objects.
//! In rounds: when the faults pause, every client's rows must be the server's list within a bounded time; and
//! [`judge`] watches each request all the time.

pub mod asked;
pub mod canned;
pub mod client;
pub mod clock;
pub mod failure;
pub mod fetch;
pub mod judge;
pub mod kind;
pub mod objects;
pub mod plan;
pub mod proxy;
pub mod run;
pub mod tally;
pub mod upstream;
pub mod world;
pub mod wreck;
pub mod writer;
