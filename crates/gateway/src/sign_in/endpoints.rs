//! Answers `/auth/*`: who am I, sign in by password or link, sign out.

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use crate::{
    forward::writes,
    rejection::Rejection,
    routes::{Body, Record, empty, full},
    server::Gateway,
    sign_in::{accounts::Account, accounts::Authenticator, cookie, identity::Identity, sessions::Session},
};

const BODY_LIMIT_BYTES: usize = 8 * 1024;

#[derive(Serialize)]
struct SessionView<'a> {
    user: &'a str,
    groups: &'a [String],
    cluster: &'a str,
}

#[derive(Deserialize)]
struct Link {
    token: String,
}

#[derive(Deserialize)]
struct Password {
    user: String,
    password: String,
}

/// Answers one request; `path` is what follows `/auth`.
pub async fn handle(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    path: &str,
    address: IpAddr,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let known = matches!(path, "/session" | "/link" | "/sign-in" | "/sign-out");
    if !known {
        return Err(Rejection::NoSuchPage);
    }
    if path == "/session" {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Rejection::Method);
        }
        writes::check_read(request.headers())?;
        let visitor = gateway.visitor(&request)?.ok_or(Rejection::SignedOut)?;
        record.user(&visitor.identity.user);
        visitor.identity.check(&gateway.config.system_names)?;
        gateway.touch(&visitor);
        return Ok(view(gateway, &visitor.identity));
    }
    if request.method() != Method::POST {
        return Err(Rejection::Method);
    }
    writes::check_write(request.headers(), &gateway.config.origins)?;
    match path {
        "/link" => by_link(gateway, request, address, record).await,
        "/sign-in" => by_password(gateway, request, address, record).await,
        _ => Ok(sign_out(gateway, &request, record)),
    }
}

async fn by_link(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    address: IpAddr,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let before = gateway.session(&request);
    let link: Link = read(gateway, request).await?;
    let now = Instant::now();
    if let Some(seconds) = gateway.throttle.wait_secs(None, address, now) {
        return Err(Rejection::SignInTooOften(seconds));
    }
    let account = gateway
        .links
        .redeem(&link.token, now)
        .and_then(|user| gateway.accounts.account(&user));
    let Some(account) = account else {
        gateway.throttle.failed(None, address, now);
        gateway.metrics.sign_in("link", false);
        return Err(Rejection::BadLink);
    };
    gateway.metrics.sign_in("link", true);
    Ok(begin(gateway, before, &account, record))
}

async fn by_password(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    address: IpAddr,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let before = gateway.session(&request);
    let given: Password = read(gateway, request).await?;
    if let Some(seconds) = gateway.throttle.wait_secs(Some(&given.user), address, Instant::now()) {
        return Err(Rejection::SignInTooOften(seconds));
    }
    // Counted before the slow check, so that many at once do not slip through.
    gateway.throttle.failed(Some(&given.user), address, Instant::now());
    let Some(account) = gateway.accounts.check_password(&given.user, &given.password).await else {
        gateway.metrics.sign_in("password", false);
        return Err(Rejection::BadCredentials);
    };
    gateway.throttle.succeeded(&given.user, address);
    gateway.metrics.sign_in("password", true);
    Ok(begin(gateway, before, &account, record))
}

/// Opens a session under a new id; the one that the browser had is over (no fixation).
fn begin(gateway: &Gateway, before: Option<Arc<Session>>, account: &Account, record: &mut Record) -> Response<Body> {
    if let Some(before) = before {
        gateway.sessions.close(&before);
    }
    record.user(&account.identity.user);
    let id = gateway.sessions.open(account);
    let mut response = view(gateway, &account.identity);
    if let Some(cookie) = cookie::set(&id, gateway.config.https, gateway.config.lifetimes.absolute) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn sign_out(gateway: &Gateway, request: &Request<Incoming>, record: &mut Record) -> Response<Body> {
    if let Some(session) = gateway.session(request) {
        record.user(&session.user);
        gateway.sessions.close(&session);
    }
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Some(cookie) = cookie::clear(gateway.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn view(gateway: &Gateway, identity: &Identity) -> Response<Body> {
    let view = SessionView {
        user: &identity.user,
        groups: &identity.groups,
        cluster: &gateway.config.cluster_name,
    };
    let mut response = Response::new(full(Bytes::from(serde_json::to_vec(&view).unwrap_or_default())));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn read<T: for<'de> Deserialize<'de>>(gateway: &Gateway, request: Request<Incoming>) -> Result<T, Rejection> {
    let whole = Limited::new(request.into_body(), BODY_LIMIT_BYTES).collect();
    let body = match tokio::time::timeout(gateway.config.body_timeout, whole).await {
        Err(_) => return Err(Rejection::BodyTimeout),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(Rejection::BodyTooLarge),
        Ok(Err(_)) => return Err(Rejection::Body),
        Ok(Ok(body)) => body.to_bytes(),
    };
    serde_json::from_slice(&body).or(Err(Rejection::Body))
}
