//! Knows who is in front of the screen: accounts, sessions, links, cookies, headers of a trusted proxy.
//!
//! Ways to be somebody, first match wins: the headers of a proxy that proved who it is (`trusted`), or a
//! session's cookie (`sessions`). A session begins with a password or a link (`endpoints`) or at an OpenID
//! provider (`oidc`). Whoever else asks is nobody. `check` answers the same question for a gateway in front that forwards by itself.
//!
//! Never talks to the cluster, and never reads an identity from a header unless `trusted` allows it.

pub mod accounts;
pub mod check;
pub mod cookie;
pub mod endpoints;
pub mod identity;
pub mod links;
pub mod oidc;
pub mod password;
pub mod saved;
pub mod sessions;
pub mod throttle;
pub mod trusted;
pub mod users;

use std::{sync::Arc, time::Duration};

use identity::Identity;
use sessions::Session;

/// What says who a visitor is.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A session of ours.
    Session(Arc<Session>),
    /// The headers of a trusted proxy, on this request alone.
    Headers {
        /// How long a stream may go on that the request opens: nobody tells us of a sign-out.
        life: Duration,
    },
}

/// A signed-in person, as one request sees them.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who they are now: groups are read again on every request.
    pub identity: Identity,
    /// What says so.
    pub proof: Proof,
}

impl Visitor {
    /// Completes when streams that the visitor opened have to end.
    pub async fn ended(&self) {
        match &self.proof {
            Proof::Session(session) => session.ended().await,
            Proof::Headers { life } => tokio::time::sleep(*life).await,
        }
    }
}
