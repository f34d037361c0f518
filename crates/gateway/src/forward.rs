//! Forwards `/k8s/*` to the one configured Kubernetes API as the signed-in user.
//!
//! Never acts with rights of its own: every request carries the user's name. Never keeps an answer.

pub mod body;
pub mod headers;
pub mod path;
pub mod policy;
pub mod relay;
pub mod socket;
pub mod upgrade;
pub mod upstream;
pub mod writes;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

use crate::{
    forward::{
        body::Until,
        path::Target,
        policy::{Asked, Passed},
    },
    rejection::Rejection,
    routes::{Body, Record},
    server::Gateway,
    sign_in::Visitor,
};

/// Answers one request under `/k8s`; `path` is what follows that prefix.
pub async fn handle(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    path: &str,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let passed = {
        let asked = Asked {
            method: request.method(),
            path,
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
        };
        policy::decide(gateway, &asked, || gateway.visitor(&request), record)
    };
    let is_stream = socket::is_asked_for(request.headers());
    let Passed {
        target,
        visitor,
        upgrade,
    } = match passed {
        // A page cannot see the status of an opening that failed, so this one is told on the socket.
        Err(Rejection::SignedOut) if is_stream && upgrade::is_ours(&request, &gateway.config.origins) => {
            return socket::refuse(request, Rejection::SignedOut);
        }
        passed => passed?,
    };
    if !upgrade {
        return pass(gateway, request, target, visitor, record).await;
    }
    upgrade::check_wire(&request)?;
    if is_stream {
        return socket::open(gateway, request, &target, visitor, record);
    }
    upgrade::relay(gateway, request, target, visitor, record).await
}

async fn pass(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    target: Target,
    visitor: Visitor,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let query = request.uri().query().map(str::to_owned);
    let stream = request.method() == Method::GET && target.is_stream(query.as_deref().unwrap_or_default());
    record.stream = stream;
    let slot = gateway.slots.take(&visitor.identity.user, stream)?;
    if !stream {
        gateway.touch(&visitor);
    }
    let (parts, incoming) = request.into_parts();
    let payload = read_body(gateway, &visitor.identity.user, &parts, incoming).await?;

    let mut outgoing = Request::new(Full::new(payload));
    *outgoing.method_mut() = parts.method.clone();
    *outgoing.uri_mut() = gateway.upstream.uri(&target.path, query.as_deref())?;
    *outgoing.headers_mut() = headers::for_upstream(&parts.headers, &visitor.identity, false)?;

    let answer = gateway.upstream.send(outgoing);
    let answer = if stream {
        // A followed log may say nothing for hours: no limit on the first byte, the session's end is one.
        tokio::select! {
            answer = answer => answer?,
            () = visitor.ended() => return Err(Rejection::SignedOut),
            () = gateway.stop.cancelled() => return Err(Rejection::Stopping),
        }
    } else {
        within(gateway.config.upstream_timeout, answer).await?
    };
    Ok(scrub(gateway, &parts.method, answer, visitor, stream, slot))
}

async fn within<T>(limit: Duration, answer: impl Future<Output = Result<T, Rejection>>) -> Result<T, Rejection> {
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or(Err(Rejection::UpstreamTimeout))
}

/// Reads a write's body whole, so that a refused one never reaches the cluster.
async fn read_body(
    gateway: &Gateway,
    user: &str,
    head: &http::request::Parts,
    incoming: Incoming,
) -> Result<Bytes, Rejection> {
    let limit = gateway.config.body_limit_bytes;
    if !writes::is_write(&head.method) {
        let empty = hyper::body::Body::is_end_stream(&incoming);
        return if empty { Ok(Bytes::new()) } else { Err(Rejection::Body) };
    }
    let announced = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Rejection::BodyTooLarge);
    }
    // Bodies wait in memory: only so many at once.
    let _turn = gateway.writes.take(user).await?;
    let whole = Limited::new(incoming, limit).collect();
    match tokio::time::timeout(gateway.config.body_timeout, whole).await {
        Err(_) => Err(Rejection::BodyTimeout),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Rejection::BodyTooLarge),
        Ok(Err(_)) => Err(Rejection::Body),
    }
}

/// Makes the cluster's answer ours: allowed headers, nothing that tells how the inside is built.
fn scrub(
    gateway: &Arc<Gateway>,
    method: &Method,
    answer: Response<Incoming>,
    visitor: Visitor,
    stream: bool,
    slot: crate::limits::Slot,
) -> Response<Body> {
    let (parts, incoming) = answer.into_parts();
    if is_foreign(parts.status, &parts.headers) {
        return Rejection::UpstreamBroken.response();
    }
    let kept = headers::for_client(&parts.headers, false);
    let body = if stream {
        let stop = gateway.stop.clone();
        let ends = async move {
            tokio::select! {
                () = visitor.ended() => {}
                () = stop.cancelled() => {}
            }
        };
        Until::new(incoming, Box::pin(ends), slot).boxed_unsync()
    } else {
        Until::new(incoming, Box::pin(std::future::pending()), slot).boxed_unsync()
    };
    let mut response = Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = kept;
    if method == Method::HEAD
        && let Some(length) = parts.headers.get(header::CONTENT_LENGTH)
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.clone());
    }
    response
}

/// An answer that does not come from a Kubernetes API: a load balancer's error page, a redirect, a
/// switch of protocols that nobody asked for. Its text would tell names of the inside.
fn is_foreign(status: StatusCode, headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let content_type = types
        .next()
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let of_the_api = types.next().is_none()
        && ["json", "protobuf", "cbor"]
            .iter()
            .any(|kind| content_type.contains(kind));
    match status.as_u16() {
        101 => true,
        304 => false,
        300..400 => true,
        500.. => !of_the_api,
        _ => content_type.starts_with("text/html"),
    }
}
