//! Ends sessions when the provider says that somebody signed out, and tells it when somebody did here.
//!
//! Back channel: the provider's server sends a signed logout token. Front channel: the provider's page
//! loads our address in a frame, where our cookie is not sent, so the provider's session is named; it
//! is known to the two of us and the browser alone. It is the one GET that changes something.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use crate::{
    rejection::Rejection,
    routes::{Body, empty, full},
    server::Gateway,
    sign_in::{
        endpoints::read_body,
        oidc::{
            Fault, Oidc,
            endpoints::{single, with_query},
        },
        sessions::{Key, key_of},
    },
};

/// Longer than any logout is news: five minutes and the clocks' difference, both ways.
const REMEMBERED: Duration = Duration::from_secs(1800);
const REMEMBERED_AT_MOST: usize = 10_000;

/// Logouts that were heard.
#[derive(Default)]
pub struct Seen {
    names: Mutex<HashMap<Key, Instant>>,
}

impl Seen {
    /// Whether this one is new; remembers it. Where there are too many, the oldest gives way: rather is a logout heard
    /// twice than not at all.
    fn is_new(&self, name: &str, now: Instant) -> bool {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = key_of(name);
        let fresh = |at: Instant| now.duration_since(at) < REMEMBERED;
        if names.get(&name).is_some_and(|at| fresh(*at)) {
            return false;
        }
        if names.len() >= REMEMBERED_AT_MOST {
            names.retain(|_, at| fresh(*at));
        }
        if names.len() >= REMEMBERED_AT_MOST
            && let Some(oldest) = names.iter().min_by_key(|(_, at)| **at).map(|(name, _)| *name)
        {
            names.remove(&oldest);
        }
        names.insert(name, now);
        true
    }
}

/// The provider's server says that somebody signed out.
pub(super) async fn back_channel(
    gateway: &Gateway,
    oidc: &Oidc,
    request: Request<Incoming>,
) -> Result<Response<Body>, Rejection> {
    if request.method() != Method::POST {
        return Err(Rejection::Method);
    }
    let body = read_body(gateway, request).await?;
    let form = std::str::from_utf8(&body).or(Err(Rejection::Body))?;
    let token = single(form, "logout_token").ok_or(Rejection::Body)?;
    let logout = match oidc.check_logout_token(&token).await {
        Ok(logout) => logout,
        Err(fault @ Fault::Provider(_)) => {
            tracing::warn!(%fault, "a logout could not be checked");
            return Err(Rejection::ProviderUnreachable);
        }
        Err(fault) => {
            tracing::warn!(%fault, "a logout does not hold");
            return Ok(invalid());
        }
    };
    if !oidc.seen.is_new(&logout.jti, Instant::now()) {
        tracing::warn!("a logout came twice");
        return Ok(invalid());
    }
    let ended = gateway.sessions.close_granted(|grant| match &logout.sid {
        Some(sid) => grant.sid.as_ref() == Some(sid) && logout.sub.as_ref().is_none_or(|sub| *sub == grant.subject),
        None => logout.sub.as_ref() == Some(&grant.subject),
    });
    tracing::info!(ended, "the provider signed somebody out");
    Ok(Response::new(empty()))
}

fn invalid() -> Response<Body> {
    let mut response = Response::new(full(Bytes::from_static(b"{\"error\":\"invalid_request\"}")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The provider's page says that somebody signed out.
pub(super) fn front_channel(
    gateway: &Gateway,
    oidc: &Oidc,
    request: &Request<Incoming>,
) -> Result<Response<Body>, Rejection> {
    let query = request.uri().query().unwrap_or_default();
    let (Some(issuer), Some(sid)) = (single(query, "iss"), single(query, "sid")) else {
        return Err(Rejection::SignInState);
    };
    if issuer != oidc.settings.issuer {
        return Err(Rejection::SignInState);
    }
    let ended = gateway.sessions.close_granted(|grant| grant.sid.as_ref() == Some(&sid));
    tracing::info!(ended, "the provider signed somebody out in the browser");
    Ok(Response::new(empty()))
}

/// Where the browser goes so that the provider forgets the person too; none if it offers no such place.
///
/// No `id_token_hint`: a token has no business in an address.
pub async fn at_provider(gateway: &Gateway, oidc: &Oidc) -> Option<String> {
    let metadata = oidc.provider.metadata().await.ok()?;
    let end = metadata.end_session_endpoint.as_ref()?;
    let mut query = Serializer::new(String::new());
    query
        .append_pair("client_id", &oidc.settings.client_id)
        .append_pair("post_logout_redirect_uri", &format!("{}/", gateway.config.page_url()));
    Some(with_query(end, &query.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logout_is_heard_once() {
        let seen = Seen::default();
        let now = Instant::now();
        assert!(seen.is_new("one", now));
        assert!(!seen.is_new("one", now));
        assert!(seen.is_new("two", now));
        assert!(seen.is_new("one", now + REMEMBERED));
    }

    #[test]
    fn logout_is_heard_however_many_there_were() {
        let seen = Seen::default();
        let now = Instant::now();
        for at in 0..REMEMBERED_AT_MOST {
            assert!(seen.is_new(&at.to_string(), now + Duration::from_millis(at as u64)));
        }
        let later = now + Duration::from_secs(60);
        assert!(seen.is_new("one more", later), "the oldest gives way");
        assert!(!seen.is_new("one more", later));
        assert!(!seen.is_new("1", later));
    }
}
