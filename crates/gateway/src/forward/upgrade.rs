//! Relays WebSockets between the browser and the cluster without looking into them.
//!
//! A browser sends cookies with any WebSocket, from any page: the exact `Origin` is the only guard,
//! so it is checked here and nowhere optional. Both sides close together, at the latest when the
//! session ends (lesson of CVE-2023-40025).

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use crate::{
    forward::{headers, path::Target, relay, socket, writes},
    rejection::Rejection,
    routes::{Body, Record, empty},
    server::Gateway,
    sign_in::Visitor,
};

/// Our own stream protocol and those of the Kubernetes API. None of them carries a token or a name.
const PROTOCOLS: [&str; 11] = [
    socket::PROTOCOL,
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v3.channel.k8s.io",
    "v2.channel.k8s.io",
    "channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "base64.channel.k8s.io",
    "base64.binary.k8s.io",
    "binary.k8s.io",
    "portforward.k8s.io",
];

/// Whether the request wants to switch protocols, to whichever.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Refuses every opening except a WebSocket of our own page, by what a proxy in front passes on too.
pub fn check(method: &Method, headers: &HeaderMap, origins: &[String]) -> Result<(), Rejection> {
    writes::check_origin(headers, origins)?;
    let keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter().count();
    if *method != Method::GET || !is(headers, header::SEC_WEBSOCKET_VERSION, "13") || keys != 1 {
        return Err(Rejection::Upgrade);
    }
    for value in headers.get_all(header::SEC_WEBSOCKET_PROTOCOL) {
        let list = value.to_str().or(Err(Rejection::Subprotocol))?;
        let known = list.split(',').all(|one| PROTOCOLS.contains(&one.trim()));
        // Ours comes alone: the cluster does not speak it.
        if !known || (list.contains(socket::PROTOCOL) && !socket::is_asked_for(headers)) {
            return Err(Rejection::Subprotocol);
        }
    }
    Ok(())
}

/// Refuses what is no WebSocket on this very connection.
pub fn check_wire(request: &Request<Incoming>) -> Result<(), Rejection> {
    if request.version() != Version::HTTP_11 || !is(request.headers(), header::UPGRADE, "websocket") {
        return Err(Rejection::Upgrade);
    }
    Ok(())
}

/// Whether the request is a well-formed opening of our own page.
pub fn is_ours(request: &Request<Incoming>, origins: &[String]) -> bool {
    check(request.method(), request.headers(), origins).is_ok() && check_wire(request).is_ok()
}

fn is(headers: &HeaderMap, name: header::HeaderName, expect: &str) -> bool {
    headers
        .get(name)
        .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(expect.as_bytes()))
}

/// Opens the same WebSocket at the cluster and ties the two together.
pub async fn relay(
    gateway: &Arc<Gateway>,
    mut request: Request<Incoming>,
    target: Target,
    visitor: Visitor,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    record.stream = true;
    let slot = gateway.slots.take(&visitor.identity.user, true)?;
    gateway.touch(&visitor);
    let client_side = hyper::upgrade::on(&mut request);
    let mut outgoing = Request::new(Full::new(Bytes::new()));
    *outgoing.uri_mut() = gateway.upstream.uri(&target.path, request.uri().query())?;
    *outgoing.headers_mut() = headers::for_upstream(request.headers(), &visitor.identity, true)?;

    let answer = gateway.upstream.send(outgoing);
    let mut answer = tokio::time::timeout(gateway.config.upstream_timeout, answer)
        .await
        .or(Err(Rejection::UpstreamTimeout))??;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(super::scrub(gateway, &Method::GET, answer, visitor, true, slot));
    }
    let upstream_side = hyper::upgrade::on(&mut answer);
    let stop = gateway.stop.clone();
    let pace = gateway.config.socket_pace;
    tokio::spawn(async move {
        let _slot = slot;
        let (Ok(client), Ok(upstream)) = tokio::join!(client_side, upstream_side) else {
            return;
        };
        tokio::select! {
            _ = relay::run(TokioIo::new(client), TokioIo::new(upstream), pace) => {}
            () = visitor.ended() => {}
            () = stop.cancelled() => {}
        }
    });
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = headers::for_client(answer.headers(), true);
    Ok(response)
}
