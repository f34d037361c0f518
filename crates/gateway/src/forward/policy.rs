//! Decides, in this one place, whether a request may reach the cluster, and as whom.
//!
//! Two ask: `forward`, which then sends it, and `/auth/check`, for a gateway in front that sends it
//! itself. So a path, a write or a WebSocket that one refuses is refused by the other.

use http::{HeaderMap, Method};

use crate::{
    forward::{
        path::{self, Target},
        upgrade, writes,
    },
    rejection::Rejection,
    routes::Record,
    server::Gateway,
    sign_in::Visitor,
};

/// A request for the cluster, however it came to us.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path behind `/k8s`.
    pub path: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// The client's headers.
    pub headers: &'a HeaderMap,
}

/// A request that may pass.
#[derive(Debug)]
pub struct Passed {
    /// What it asks for.
    pub target: Target,
    /// Who asks.
    pub visitor: Visitor,
    /// Whether it opens a WebSocket.
    pub upgrade: bool,
}

/// Whether the request may pass; `visitor` is asked only once the path is known to be an API's.
pub fn decide(
    gateway: &Gateway,
    asked: &Asked<'_>,
    visitor: impl FnOnce() -> Result<Option<Visitor>, Rejection>,
    record: &mut Record,
) -> Result<Passed, Rejection> {
    let Asked { method, headers, .. } = *asked;
    if !matches!(
        *method,
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    ) {
        return Err(Rejection::Method);
    }
    let target = path::judge(asked.path)?;
    record.attributes(&target, target.verb(method, asked.query));
    let visitor = visitor()?.ok_or(Rejection::SignedOut)?;
    record.user(&visitor.identity.user);
    visitor.identity.check(&gateway.config.system_names)?;
    let upgrade = upgrade::is_asked_for(headers);
    if upgrade {
        upgrade::check(method, headers, &gateway.config.origins)?;
    } else if target.is_upgrade_only() {
        return Err(Rejection::UpgradeOnly);
    } else if writes::is_write(method) {
        writes::check_write(headers, &gateway.config.origins)?;
    } else {
        writes::check_read(headers)?;
    }
    Ok(Passed {
        target,
        visitor,
        upgrade,
    })
}
