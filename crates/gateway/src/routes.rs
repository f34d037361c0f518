//! Hands each request to the part that answers it, and writes what came of it into log and metrics.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming, SizeHint};

use crate::{
    forward::{self, path::Target},
    limits, log,
    network::{Peer, any_contains},
    rejection::Rejection,
    request_line::{Busy, Line},
    security_headers,
    server::Gateway,
    sign_in::{check, endpoints},
};

/// Any error of a body or a connection.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// Any response body.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

const PATH_IN_LOG_CHARS: usize = 512;

/// A body of known bytes.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// No body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// What will be written about a request when its answer is through.
pub struct Record {
    line: log::Line,
    route: &'static str,
    /// Whether the answer goes on until somebody ends it.
    pub stream: bool,
    began: Instant,
}

impl Record {
    fn new(request: &Request<Incoming>, peer: IpAddr) -> Record {
        let line = log::Line {
            time: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            kind: "request",
            method: request.method().as_str().chars().take(16).collect(),
            path: request.uri().path().chars().take(PATH_IN_LOG_CHARS).collect(),
            peer: peer.to_string(),
            ..log::Line::default()
        };
        Record {
            line,
            route: "page",
            stream: false,
            began: Instant::now(),
        }
    }

    /// Notes who asked.
    pub fn user(&mut self, user: &str) {
        user.clone_into(&mut self.line.user);
    }

    /// Notes what an API request asks for.
    pub fn attributes(&mut self, target: &Target, verb: &'static str) {
        self.line.verb = verb;
        self.line.group.clone_from(&target.group);
        self.line.version.clone_from(&target.version);
        self.line.resource.clone_from(&target.resource);
        self.line.subresource.clone_from(&target.subresource);
        self.line.namespace.clone_from(&target.namespace);
        self.line.name.clone_from(&target.name);
    }
}

/// Answers one request.
pub async fn answer(
    gateway: Arc<Gateway>,
    mut request: Request<Incoming>,
    peer: Peer,
    line: Arc<Line>,
) -> Response<Body> {
    let (busy, odd) = line.begin();
    let has_body = !hyper::body::Body::is_end_stream(request.body());
    let version = request.version();
    let address = client_address(&gateway, request.headers(), peer.address);
    request.extensions_mut().insert(peer);
    let mut record = Record::new(&request, address);
    let result = match check(&request, odd) {
        Ok(()) => route(&gateway, request, address, &mut record).await,
        Err(rejection) => Err(rejection),
    };
    let rejected = result.as_ref().err().copied();
    let mut response = result.unwrap_or_else(Rejection::response);
    let from_page = record.route == "page" && rejected.is_none();
    security_headers::common(response.headers_mut(), gateway.config.https);
    if !from_page {
        security_headers::api(response.headers_mut());
    }
    // What follows on this connection may be read in two ways too, or is a body that nobody has read.
    let unread = rejected.is_some() && has_body && version < Version::HTTP_2;
    if rejected == Some(Rejection::Framing) || unread {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    if rejected == Some(Rejection::Method) {
        let allowed = match record.route {
            "k8s" => "GET, HEAD, POST, PUT, PATCH, DELETE",
            "auth" => "GET, HEAD, POST",
            _ => "GET, HEAD",
        };
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    // Left in the extensions by answers of the cluster that we replaced.
    let rejected = rejected.or_else(|| response.extensions().get::<Rejection>().copied());
    record.line.rejection = rejected.map(Rejection::slug).unwrap_or_default();
    record.line.status = response.status().as_u16();
    response.map(|body| {
        Counted {
            body,
            bytes: 0,
            record,
            gateway,
            _busy: busy,
        }
        .boxed_unsync()
    })
}

/// What holds for every request, before anybody looks at what it wants.
fn check(request: &Request<Incoming>, odd: Option<Rejection>) -> Result<(), Rejection> {
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Rejection::Method);
    }
    // An absolute target names a host of the client's choice; in HTTP/2 every target has one.
    if request.version() < Version::HTTP_2 {
        if let Some(odd) = odd {
            return Err(odd);
        }
        if request.uri().authority().is_some() {
            return Err(Rejection::Target);
        }
    }
    limits::check_headers(request.headers())?;
    forward::path::check_unambiguous(request.uri().path())
}

async fn route(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    address: IpAddr,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    let path = request.uri().path().to_owned();
    let first = path[1..].split('/').next().unwrap_or_default();
    match first {
        "k8s" => {
            record.route = "k8s";
            let rest = path
                .strip_prefix("/k8s")
                .filter(|rest| !rest.is_empty())
                .ok_or(Rejection::NotAnApi)?;
            forward::handle(gateway, request, rest, record).await
        }
        "auth" if path == "/auth/check" || path.starts_with("/auth/check/") => {
            record.route = "check";
            let rest = path.strip_prefix("/auth/check").unwrap_or_default();
            check::handle(gateway, &request, rest, record).await
        }
        "auth" => {
            record.route = "auth";
            let rest = path.strip_prefix("/auth").unwrap_or_default();
            endpoints::handle(gateway, request, rest, address, record).await
        }
        "healthz" | "readyz" if path.len() == first.len() + 1 => {
            record.route = "health";
            health(gateway, request.method(), first == "healthz").await
        }
        "notebook" => {
            record.route = "notebook";
            Ok(in_words(Rejection::NoNotebookServer, request.headers()))
        }
        "metrics" => Err(Rejection::NoSuchPage),
        _ => gateway.page.handle(&request).await,
    }
}

/// A refusal as a sentence, where somebody opened the address in a tab and would see raw JSON.
fn in_words(rejection: Rejection, headers: &HeaderMap) -> Response<Body> {
    let mut response = rejection.response();
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    if accepts.is_some_and(|types| types.contains("text/html")) {
        *response.body_mut() = full(Bytes::from(format!("{}\n", rejection.message())));
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    response
}

async fn health(gateway: &Arc<Gateway>, method: &Method, alive_only: bool) -> Result<Response<Body>, Rejection> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Rejection::Method);
    }
    if gateway.stop.is_cancelled() {
        return Err(Rejection::Stopping);
    }
    if !alive_only && !gateway.is_cluster_there().await {
        return Err(Rejection::UpstreamUnreachable);
    }
    let mut response = Response::new(full(Bytes::from_static(b"ok\n")));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(response)
}

/// The client's address: the peer's, or what a trusted proxy says of its own.
fn client_address(gateway: &Gateway, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    if !any_contains(&gateway.config.trusted_proxies, peer) {
        return peer;
    }
    let last = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|v| v.to_str().ok());
    last.and_then(|v| v.rsplit(',').next()?.trim().parse().ok())
        .unwrap_or(peer)
}

/// A body that counts itself and writes the request's line when it is through or given up.
struct Counted {
    body: Body,
    bytes: u64,
    record: Record,
    gateway: Arc<Gateway>,
    _busy: Busy,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.bytes += data.len() as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let took = self.record.began.elapsed();
        let line = &mut self.record.line;
        line.bytes = self.bytes;
        line.ms = (took.as_secs_f64() * 1e4).round() / 10.0;
        let rejection = (!line.rejection.is_empty()).then_some(line.rejection);
        let timed = (!self.record.stream).then_some(took);
        self.gateway
            .metrics
            .answered(self.record.route, line.status, rejection, line.bytes, timed);
        // Health checks come every few seconds and say nothing unless they fail.
        if self.record.route != "health" || line.status >= 400 {
            self.gateway.log.write(line);
        }
    }
}
