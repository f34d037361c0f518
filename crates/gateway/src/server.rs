//! Listens, holds what all requests share, and shuts down in order.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    forward::upstream::Upstream,
    limits::{HEADER_LIMIT_BYTES, Slots, Turns},
    log::Log,
    metrics::Metrics,
    network::Peer,
    page::Page,
    rejection::Rejection,
    request_line::{Line, Watched},
    routes,
    sign_in::{
        Proof, Visitor,
        accounts::{Accounts, Authenticator},
        cookie,
        identity::Identity,
        links::Links,
        oidc::{self, Oidc},
        sessions::{Session, Sessions},
        throttle::Throttle,
    },
};

/// Streams get this long to end, requests to finish.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// After so much silence the other end of a connection is probed, and given up when none of so many probes is answered.
pub const SILENCE: Duration = Duration::from_secs(60);
/// Between two probes.
pub const PROBE_EVERY: Duration = Duration::from_secs(15);
/// How many.
pub const PROBES: u32 = 4;
const SWEEP_EVERY: Duration = Duration::from_secs(2);
const SAVE_TIMES_EVERY: u32 = 15;
/// Bodies of writes that wait in memory at once, and how many of them may be one user's.
const WRITES_AT_ONCE: usize = 64;
const WRITES_OF_ONE_AT_ONCE: usize = 16;
const READINESS_REMEMBERED: Duration = Duration::from_secs(2);
const READINESS_TIMEOUT: Duration = Duration::from_secs(3);

/// What all requests share.
pub struct Gateway {
    /// The checked settings.
    pub config: Config,
    /// Where accounts come from.
    pub accounts: Accounts,
    /// The provider where people sign in, if there is one.
    pub oidc: Option<Oidc>,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Sign-in links that nobody has opened yet.
    pub links: Links,
    /// Failed sign-ins.
    pub throttle: Throttle,
    /// The cluster.
    pub upstream: Upstream,
    /// The app's files.
    pub page: Page,
    /// What each user has in flight.
    pub slots: Slots,
    /// Turns for bodies that wait in memory.
    pub writes: Turns,
    /// Counters.
    pub metrics: Metrics,
    /// Request lines.
    pub log: Log,
    /// Cancelled when the gateway shuts down.
    pub stop: CancellationToken,
    ready: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Gateway {
    /// Puts the parts together; opens nothing yet.
    pub fn new(config: Config, accounts: Accounts, oidc: Option<Oidc>, upstream: Upstream, log: Log) -> Arc<Gateway> {
        Arc::new(Gateway {
            sessions: Sessions::new(config.lifetimes, config.sessions_file.clone()),
            page: Page::new(config.app.clone()),
            slots: Slots::new(config.limits),
            writes: Turns::new(WRITES_AT_ONCE, WRITES_OF_ONE_AT_ONCE),
            links: Links::default(),
            throttle: Throttle::default(),
            metrics: Metrics::default(),
            stop: CancellationToken::new(),
            ready: tokio::sync::Mutex::default(),
            accounts,
            oidc,
            upstream,
            log,
            config,
        })
    }

    /// The signed-in person behind a request: named by a trusted proxy, or by a session whose account is
    /// looked up anew each time.
    pub fn visitor<B>(&self, request: &Request<B>) -> Result<Option<Visitor>, Rejection> {
        if let Some(trusted) = &self.config.trusted_headers
            && let Some(identity) = trusted.identity(request.headers(), request.extensions().get::<Peer>())?
        {
            let life = self.config.lifetimes.idle;
            let proof = Proof::Headers { life };
            return Ok(Some(Visitor { identity, proof }));
        }
        let Some(session) = self.session(request) else {
            return Ok(None);
        };
        let Some(identity) = self.identity(&session) else {
            self.sessions.close(&session);
            return Ok(None);
        };
        Ok(Some(Visitor {
            identity,
            proof: Proof::Session(session),
        }))
    }

    /// Who a session belongs to now: its account's word, or the provider's; none if it is over.
    fn identity(&self, session: &Session) -> Option<Identity> {
        if let Some(identity) = self.oidc.as_ref().and_then(|oidc| oidc.identity(session)) {
            return Some(identity);
        }
        let account = self.accounts.account(&session.user)?;
        Sessions::belongs_to(session, &account).then_some(account.identity)
    }

    /// The session of the request's cookie.
    pub fn session<B>(&self, request: &Request<B>) -> Option<Arc<Session>> {
        self.sessions.find(cookie::read(request.headers(), self.config.https)?)
    }

    /// Notes that the visitor did something.
    pub fn touch(&self, visitor: &Visitor) {
        if let Proof::Session(session) = &visitor.proof {
            self.sessions.touch(session);
        }
    }

    /// Whether the cluster answers at all; asked at most every two seconds.
    pub async fn is_cluster_there(&self) -> bool {
        // Held while asking: whoever comes meanwhile waits for the same answer.
        let mut remembered = self.ready.lock().await;
        if let Some((when, there)) = *remembered
            && when.elapsed() < READINESS_REMEMBERED
        {
            return there;
        }
        let there = self.ask_cluster().await.is_some();
        *remembered = Some((Instant::now(), there));
        there
    }

    async fn ask_cluster(&self) -> Option<()> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.upstream.uri("/version", None).ok()?;
        *request.headers_mut() = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = tokio::time::timeout(READINESS_TIMEOUT, self.upstream.send(request))
            .await
            .ok()?
            .ok()?;
        (answer.status() == StatusCode::OK).then_some(())
    }

    async fn sweep(self: Arc<Self>) {
        let mut turn = 0_u32;
        loop {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                () = self.stop.cancelled() => break,
            }
            self.accounts.refresh();
            if let Some(trusted) = &self.config.trusted_headers {
                trusted.refresh();
            }
            if let Some(tls) = &self.config.tls {
                tls.refresh();
            }
            self.sessions.sweep(|session| self.identity(session).is_some());
            oidc::renewal::renew_due(&self);
            turn = turn.wrapping_add(1);
            if turn.is_multiple_of(SAVE_TIMES_EVERY) {
                self.sessions.save_times();
            }
        }
        self.sessions.save_times();
    }
}

/// A gateway that listens.
pub struct Running {
    /// What the requests share.
    pub gateway: Arc<Gateway>,
    /// Where the page is served.
    pub address: SocketAddr,
    /// Where the metrics are served, if anywhere.
    pub metrics_address: Option<SocketAddr>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Serves on listeners that are bound already.
    pub fn start(
        gateway: Arc<Gateway>,
        listener: TcpListener,
        metrics: Option<TcpListener>,
    ) -> std::io::Result<Running> {
        let address = listener.local_addr()?;
        let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        let mut tasks = vec![
            tokio::spawn(accept(Arc::clone(&gateway), listener, Face::Page)),
            tokio::spawn(Arc::clone(&gateway).sweep()),
        ];
        if let Some(metrics) = metrics {
            tasks.push(tokio::spawn(accept(Arc::clone(&gateway), metrics, Face::Metrics)));
        }
        Ok(Running {
            gateway,
            address,
            metrics_address,
            tasks,
        })
    }

    /// Ends streams, lets requests finish, closes.
    pub async fn stop(self) {
        self.gateway.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the gateway broke off");
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Face {
    Page,
    Metrics,
}

async fn accept(gateway: Arc<Gateway>, listener: TcpListener, face: Face) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let timeout = gateway.config.header_timeout;
    // The exact limits are checked with an answer in words; these are the parser's, behind them.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_headers(2 * crate::limits::HEADER_LIMIT_LINES)
        .max_buf_size(2 * HEADER_LIMIT_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_LIMIT_BYTES as u32)
        .max_concurrent_streams(256)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(timeout);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    // Whoever finds no place waits in the system's queue, where a connection costs next to nothing.
    let places = Arc::new(Semaphore::new(gateway.config.max_connections));
    loop {
        let next = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) };
        let (place, (socket, peer)) = tokio::select! {
            (place, accepted) = next => match accepted {
                Ok(pair) => (place, pair),
                Err(error) => {
                    // Out of files, mostly: wait for some to be given back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = gateway.stop.cancelled() => break,
        };
        socket.set_nodelay(true).unwrap_or_default();
        if let Err(error) = notice_vanishing(&socket) {
            tracing::warn!(%error, "a client that vanishes will not be noticed");
        }
        let (gateway, builder) = (Arc::clone(&gateway), Arc::clone(&builder));
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let _place = place;
            let mut peer = Peer {
                address: peer.ip(),
                certified: false,
            };
            match &gateway.config.tls {
                Some(tls) if matches!(face, Face::Page) => {
                    // A handshake is not watched: at shutdown nobody waits for one.
                    match tokio::time::timeout(timeout, tls.accept(socket)).await {
                        Ok(Ok((socket, certified))) => {
                            peer.certified = certified;
                            serve(&gateway, &builder, socket, peer, face, watcher).await;
                        }
                        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                        Err(_) => tracing::debug!("a TLS handshake took too long"),
                    }
                }
                _ => serve(&gateway, &builder, socket, peer, face, watcher).await,
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_LIMIT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time and were cut");
    }
}

/// Has the system ask a silent client for signs of life. Without that, a laptop that was closed over a followed log
/// would hold its stream, of which a user has so many, for as long as the log says nothing.
fn notice_vanishing(socket: &TcpStream) -> std::io::Result<()> {
    let probes = TcpKeepalive::new().with_time(SILENCE).with_interval(PROBE_EVERY);
    SockRef::from(socket).set_tcp_keepalive(&probes.with_retries(PROBES))
}

/// Serves one connection until its end.
async fn serve<S>(
    gateway: &Arc<Gateway>,
    builder: &auto::Builder<TokioExecutor>,
    socket: S,
    peer: Peer,
    face: Face,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let line = Arc::new(Line::default());
    let socket = Watched::new(socket, Arc::clone(&line), gateway.config.header_timeout);
    let service = service_fn(|request: Request<Incoming>| {
        let gateway = Arc::clone(gateway);
        let line = Arc::clone(&line);
        async move {
            Ok::<_, std::convert::Infallible>(match face {
                Face::Page => routes::answer(gateway, request, peer, line).await,
                Face::Metrics => metrics_page(&gateway, request.uri().path()),
            })
        }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn metrics_page(gateway: &Gateway, path: &str) -> Response<routes::Body> {
    if path != "/metrics" {
        return crate::rejection::Rejection::NoSuchPage.response();
    }
    let page = gateway.metrics.page(gateway.sessions.count(), gateway.slots.streams());
    let mut response = Response::new(routes::full(Bytes::from(page)));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn silent_clients_are_probed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let socket = SockRef::from(&client);
        assert!(!socket.keepalive().unwrap());
        notice_vanishing(&client).unwrap();
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SILENCE);
    }
}
