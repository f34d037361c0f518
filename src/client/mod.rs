//! Talks to the gateway: fetch, sessions and errors, one file an API.
//!
//! Every future aborts its request when it is dropped. Never keeps data and never knows signals: that is `live`.

mod error;
pub(crate) mod fetch;
pub(crate) mod kubernetes;
pub(crate) mod session;
mod socket;

pub(crate) use error::Error;
