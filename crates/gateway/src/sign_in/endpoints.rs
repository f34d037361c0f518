//! Answers `/auth/*`: who am I, which ways to sign in are there, sign in by password or link, sign out.

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
    sign_in::{
        accounts::{Account, Authenticator},
        cookie,
        identity::Identity,
        oidc,
        sessions::Session,
    },
};

const BODY_LIMIT_BYTES: usize = 8 * 1024;

#[derive(Serialize)]
struct SessionView<'a> {
    user: &'a str,
    groups: &'a [String],
    cluster: &'a str,
}

/// What the sign-in page offers.
#[derive(Serialize)]
struct Ways<'a> {
    password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<&'a str>,
}

/// Where the browser goes on to after signing out.
#[derive(Serialize)]
struct Onward<'a> {
    redirect: &'a str,
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
    if let (Some(oidc), Some(path)) = (&gateway.oidc, path.strip_prefix("/oidc")) {
        return oidc::endpoints::handle(gateway, oidc, request, path, address, record).await;
    }
    let known = matches!(path, "/session" | "/ways" | "/link" | "/sign-in" | "/sign-out");
    if !known {
        return Err(Rejection::NoSuchPage);
    }
    if matches!(path, "/session" | "/ways") {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Rejection::Method);
        }
        writes::check_read(request.headers())?;
    }
    if path == "/ways" {
        return Ok(json(&Ways {
            password: gateway.config.users.is_some(),
            oidc: gateway.oidc.as_ref().map(|oidc| oidc.settings.name.as_str()),
        }));
    }
    if path == "/session" {
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
        _ => Ok(sign_out(gateway, &request, record).await),
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

async fn sign_out(gateway: &Gateway, request: &Request<Incoming>, record: &mut Record) -> Response<Body> {
    let mut onward = None;
    if let Some(session) = gateway.session(request) {
        record.user(&session.user);
        gateway.sessions.close(&session);
        // Who signed in at the provider would be signed in again by the next click.
        if let (Some(oidc), Some(())) = (&gateway.oidc, session.granted(|_| ())) {
            onward = oidc::logout::at_provider(gateway, oidc).await;
        }
    }
    let mut response = match &onward {
        Some(redirect) => json(&Onward { redirect }),
        None => {
            let mut response = Response::new(empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
    };
    if let Some(cookie) = cookie::clear(gateway.config.https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn view(gateway: &Gateway, identity: &Identity) -> Response<Body> {
    json(&SessionView {
        user: &identity.user,
        groups: &identity.groups,
        cluster: &gateway.config.cluster_name,
    })
}

fn json(value: &impl Serialize) -> Response<Body> {
    let mut response = Response::new(full(Bytes::from(serde_json::to_vec(value).unwrap_or_default())));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn read<T: for<'de> Deserialize<'de>>(gateway: &Gateway, request: Request<Incoming>) -> Result<T, Rejection> {
    serde_json::from_slice(&read_body(gateway, request).await?).or(Err(Rejection::Body))
}

/// The whole of a small body.
pub(super) async fn read_body(gateway: &Gateway, request: Request<Incoming>) -> Result<Bytes, Rejection> {
    let whole = Limited::new(request.into_body(), BODY_LIMIT_BYTES).collect();
    match tokio::time::timeout(gateway.config.body_timeout, whole).await {
        Err(_) => Err(Rejection::BodyTimeout),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Rejection::BodyTooLarge),
        Ok(Err(_)) => Err(Rejection::Body),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}
