//! Knows who is in front of the screen: accounts, sessions, links, cookies.
//!
//! Never talks to the cluster and never reads an identity from a request's headers.

pub mod accounts;
pub mod cookie;
pub mod endpoints;
pub mod identity;
pub mod links;
pub mod password;
pub mod saved;
pub mod sessions;
pub mod throttle;
pub mod users;

use std::sync::Arc;

use identity::Identity;
use sessions::Session;

/// A signed-in person, as one request sees them.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who they are now: groups are read again on every request.
    pub identity: Identity,
    /// The session that says so.
    pub session: Arc<Session>,
}
