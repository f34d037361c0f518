//! Drives `crates/watch`'s state machine natively against API servers, through a proxy that breaks what passes.
//!
//! The machine is the page's, unchanged; [`client`] does what `src/live/stream.rs` does. [`proxy`] cuts, delays, doubles
//! and falsifies; [`run`] deletes rights and kinds, restarts servers and sets clocks, while [`writer`] changes objects.
//! In rounds: when the faults pause, every client's rows must be the server's list within a bounded time; and
//! [`judge`] watches each request all the time. `broken-on-purpose.md` says how the machine was broken to see runs fail.
//!
//! A machine's clock runs faster than ours ([`clock`]), so that its patience of five minutes passes in half a minute; the
//! server's `timeoutSeconds` is divided by the same, and a page's `limit` is made small. Nothing else of a request is touched.

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
