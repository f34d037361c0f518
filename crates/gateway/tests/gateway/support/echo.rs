//! Stands in for the Kubernetes API: writes down each request and answers by what its path says.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|v| v.to_str().unwrap()).collect()
    }
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
    sent: AtomicUsize,
    released: Notify,
}

/// The stand-in.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Counts itself as an open stream while it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Echo {
    pub(crate) async fn start() -> Echo {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Connections die with this task, as those of a real server that goes away.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&state);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                connections.spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    server
                        .serve_connection(TokioIo::new(socket), service)
                        .with_upgrades()
                        .await
                        .ok();
                });
            }
        });
        Echo { address, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap())
    }

    /// Streams and WebSockets that are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Bytes that endless streams have handed over.
    pub(crate) fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Lets one watch whose target says "held" go on to its second line.
    pub(crate) fn release(&self) {
        self.shared.released.notify_one();
    }

    /// Waits until so many streams are open.
    pub(crate) async fn until_open(&self, count: usize) {
        for _ in 0..300 {
            if self.open() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} streams are open, not {count}", self.open());
    }

    /// Goes away, connections and all.
    pub(crate) fn die(&self) {
        self.task.abort();
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    shared: Arc<Shared>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let upgrade = request
        .headers()
        .contains_key(header::UPGRADE)
        .then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
    let target = parts
        .uri
        .path_and_query()
        .map(|t| t.as_str().to_owned())
        .unwrap_or_default();
    shared.seen.lock().unwrap().push(Seen {
        method: parts.method.to_string(),
        target: target.clone(),
        headers: parts.headers.clone(),
        body,
    });
    if let Some(upgrade) = upgrade {
        return Ok(socket(shared, upgrade));
    }
    let html = target.contains("page-of-a-proxy");
    let response = Response::builder()
        .header("content-type", if html { "text/html" } else { "application/json" })
        .header("access-control-allow-origin", "*")
        .header("server", "apiserver.internal")
        .header("cache-control", "public, max-age=60")
        .header("set-cookie", "inside=1")
        .header("audit-id", "42");
    let plain = |text: &str| Full::new(Bytes::from(text.to_owned())).boxed_unsync();
    let user = parts
        .headers
        .get("impersonate-user")
        .and_then(|v| v.to_str().ok())
        .unwrap_or("-");
    let response = match &target {
        t if t.contains("endless") => response.body(endless(shared)),
        _ if html => response
            .status(503)
            .body(plain("<h1>no healthy upstream at 10.1.2.3 apiserver.internal</h1>")),
        t if t.contains("redirect") => response
            .status(302)
            .header("location", "https://apiserver.internal/")
            .body(plain("moved")),
        t if t.contains("gone") => response.status(410).body(plain("{\"kind\":\"Status\",\"code\":410}")),
        t if t.contains("forbidden") => response.status(403).body(plain("{\"kind\":\"Status\",\"code\":403}")),
        t if t.contains("slow") => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            response.body(plain("{}"))
        }
        t if t.contains("watch=") || t.contains("follow=") => response.body(watch(shared, t.contains("held"))),
        _ => response.body(plain(&format!("{{\"user\":\"{user}\",\"target\":{target:?}}}"))),
    };
    Ok(response.unwrap())
}

/// One line at once, another after 200 ms or when it is released, then silence.
fn watch(shared: Arc<Shared>, held: bool) -> Body {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let guard = Open(shared);
    let lines = futures::stream::unfold((0, guard), move |(at, guard)| async move {
        match at {
            0 => {}
            1 if held => guard.0.released.notified().await,
            1 => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => std::future::pending().await,
        }
        let line = format!("{{\"type\":\"ADDED\",\"object\":{{\"n\":{at}}}}}\n");
        Some((Ok(Frame::data(Bytes::from(line))), (at + 1, guard)))
    });
    BodyExt::boxed_unsync(StreamBody::new(lines))
}

/// As much as the other side takes.
fn endless(shared: Arc<Shared>) -> Body {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let counter = Arc::clone(&shared);
    let guard = Open(shared);
    let lines = futures::stream::repeat(Bytes::from(vec![b'x'; 64 * 1024])).map(move |chunk| {
        let _ = &guard;
        counter.sent.fetch_add(chunk.len(), Ordering::SeqCst);
        Ok(Frame::data(chunk))
    });
    BodyExt::boxed_unsync(StreamBody::new(lines))
}

/// Accepts an upgrade and sends back what it reads, byte by byte.
fn socket(shared: Arc<Shared>, upgrade: hyper::upgrade::OnUpgrade) -> Response<Body> {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let guard = Open(shared);
    tokio::spawn(async move {
        let _guard = guard;
        let Ok(upgraded) = upgrade.await else { return };
        let mut io = TokioIo::new(upgraded);
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = io.read(&mut buffer).await {
            if io.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
    });
    Response::builder()
        .status(101)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .body(Full::default().boxed_unsync())
        .unwrap()
}
