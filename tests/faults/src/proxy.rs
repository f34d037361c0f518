//! A TCP proxy between the machines and the API server that breaks what passes: HTTP in the clear on our side, TLS or
//! not on the server's, so that a byte that is cut is a byte of HTTP.
//!
//! One request a connection. Counts what it sees and what it does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};

use crate::asked::Request;
use crate::canned;
use crate::clock::Clock;
use crate::failure::Result;
use crate::kind::Kind;
use crate::plan::{Mood, Plan, Planner};
use crate::tally::Tally;
use crate::upstream::{Connection, Upstream};
use crate::wreck::{Then, Wreck};

/// The longest head that is read.
const HEAD_BYTES: usize = 16 << 10;
/// So many bytes of a trickled answer come a few at a time, the rest as usual.
const TRICKLED_BYTES: usize = 3000;

/// The proxy; it ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
    listens: watch::Sender<bool>,
}

struct Inner {
    upstream: Upstream,
    clock: Clock,
    tally: Arc<Tally>,
    planner: Mutex<Planner>,
    mood: watch::Sender<Mood>,
    /// Resets the connections of a client, or all.
    resets: broadcast::Sender<Option<String>>,
}

impl Proxy {
    /// A proxy to this server that breaks nothing yet.
    pub async fn start(upstream: Upstream, clock: Clock, tally: Arc<Tally>, seed: u64) -> Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            upstream,
            clock,
            tally,
            planner: Mutex::new(Planner::new(seed)),
            mood: watch::Sender::new(Mood::default()),
            resets: broadcast::Sender::new(64),
        });
        let (listens, wanted) = watch::channel(true);
        tokio::spawn(accept(listener, wanted, Arc::clone(&inner)));
        Ok(Proxy {
            address,
            inner,
            listens,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What may happen from now on. Connections that have fallen silent stay so.
    pub fn set_mood(&self, mood: Mood) {
        self.inner.mood.send_replace(mood);
    }

    /// Resets what is open, of one client or of all.
    pub fn reset(&self, client: Option<&str>) {
        // Nobody hears it when nothing is open.
        drop(self.inner.resets.send(client.map(str::to_owned)));
    }

    /// Whether it listens: connections are refused otherwise.
    pub fn listen(&self, listens: bool) {
        self.listens.send_replace(listens);
    }
}

async fn accept(first: TcpListener, mut wanted: watch::Receiver<bool>, inner: Arc<Inner>) {
    let Ok(address) = first.local_addr() else { return };
    let mut listener = Some(first);
    loop {
        if !*wanted.borrow_and_update() {
            listener = None;
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        }
        let Some(open) = &listener else {
            match TcpListener::bind(address).await {
                Ok(again) => listener = Some(again),
                Err(_in_use) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            continue;
        };
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            accepted = open.accept() => if let Ok((socket, _)) = accepted {
                let inner = Arc::clone(&inner);
                // What is wrong with a connection is the client's to notice.
                tokio::spawn(async move { drop(inner.serve(socket).await) });
            },
        }
    }
}

/// Closes with a RST instead of a FIN.
fn reset(socket: &TcpStream) {
    // If it is gone already, so much the better.
    drop(socket.set_zero_linger());
}

impl Inner {
    async fn serve(&self, mut socket: TcpStream) -> std::io::Result<()> {
        socket.set_nodelay(true)?;
        let mut resets = self.resets.subscribe();
        let Some(request) = read_head(&mut socket).await? else {
            return Ok(());
        };
        self.tally.seen(&request.client, self.clock.steady_ms());
        let mood = *self.mood.borrow();
        let plan = self
            .planner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .draw(&request, mood);
        let client = request.client.clone();
        let mine = async {
            loop {
                match resets.recv().await {
                    Ok(Some(named)) if named != client => {}
                    Ok(_) => return,
                    Err(_) => std::future::pending::<()>().await,
                }
            }
        };
        let done = tokio::select! {
            done = self.carry(&mut socket, request, plan) => done,
            () = mine => Ok(End::Reset),
        };
        if matches!(done, Ok(End::Reset) | Err(_)) {
            reset(&socket);
        }
        Ok(())
    }

    /// Carries a request and its answer; what the end of the connection is to be.
    async fn carry(&self, socket: &mut TcpStream, mut request: Request, mut plan: Plan) -> std::io::Result<End> {
        let hit = |kind| self.tally.hit(&request.client, kind);
        if let Some(kind) = plan.kind
            && let Some(answer) = canned::answer(kind, &mut plan.random)
        {
            hit(kind);
            socket.write_all(&answer).await?;
            return Ok(End::Close);
        }
        match plan.kind {
            Some(Kind::Reset) => {
                hit(Kind::Reset);
                return Ok(End::Reset);
            }
            Some(Kind::StalledHead) => {
                hit(Kind::StalledHead);
                return until_closed(socket).await;
            }
            Some(Kind::Delayed) => {
                hit(Kind::Delayed);
                let mut calm = self.mood.subscribe();
                tokio::select! {
                    () = tokio::time::sleep(plan.wait) => {}
                    _ = calm.wait_for(|mood| !mood.faulty) => {}
                    closed = until_closed(socket) => return closed,
                }
            }
            Some(kind @ (Kind::OldVersion | Kind::OldToken)) => {
                hit(kind);
                request.make_old();
            }
            _ => {}
        }
        let mut server = self.upstream.open().await?;
        let head = request.head(&self.upstream.authorization());
        if plan.kind == Some(Kind::CutRequest) {
            self.tally.hit(&request.client, Kind::CutRequest);
            server.write_all(&head[..plan.after.min(head.len() - 1)]).await?;
            server.flush().await?;
            return Ok(plan.end());
        }
        server.write_all(&head).await?;
        server.flush().await?;
        if plan.kind == Some(Kind::Duplicated) {
            self.tally.hit(&request.client, Kind::Duplicated);
            let mut twin = self.upstream.open().await?;
            twin.write_all(&head).await?;
            twin.flush().await?;
            if plan.reset {
                std::mem::swap(&mut server, &mut twin);
            }
            tokio::spawn(throw_away(twin));
        }
        if plan.kind == Some(Kind::HalfClosedUp) {
            self.tally.hit(&request.client, Kind::HalfClosedUp);
            server.shutdown().await?;
        }
        self.pump(socket, server, &request.client, plan).await
    }

    async fn pump(
        &self,
        socket: &mut TcpStream,
        mut server: Connection,
        client: &str,
        mut plan: Plan,
    ) -> std::io::Result<End> {
        let mut wreck = Wreck::new(plan.kind, plan.after);
        let mut calm = self.mood.subscribe();
        let (mut buffer, mut out, mut sent) = (vec![0; 16 << 10], Vec::new(), 0);
        let mut nothing = [0; 64];
        let (mut from_client, mut to_client) = socket.split();
        loop {
            let count = tokio::select! {
                count = server.read(&mut buffer) => count?,
                closed = from_client.read(&mut nothing) => match closed? {
                    0 => return Ok(End::Close),
                    _ => continue,
                },
                _ = calm.wait_for(|mood| !mood.faulty), if plan.kind.is_some() => {
                    wreck.spare();
                    plan.kind = None;
                    continue;
                }
            };
            if count == 0 {
                to_client.shutdown().await?;
                return Ok(End::Close);
            }
            out.clear();
            let then = wreck.pass(&buffer[..count], &mut out);
            if plan.kind == Some(Kind::Trickled) && sent < TRICKLED_BYTES {
                if sent == 0 {
                    self.tally.hit(client, Kind::Trickled);
                }
                trickle(&mut to_client, &out, &mut plan).await?;
            } else {
                to_client.write_all(&out).await?;
            }
            sent += out.len();
            let Some(kind) = plan.kind.filter(|_| then == Then::Strike) else {
                continue;
            };
            self.tally.hit(client, kind);
            match kind {
                Kind::Stalled => return until_closed(socket).await,
                Kind::HalfClosedDown => {
                    to_client.shutdown().await?;
                    return until_closed(socket).await;
                }
                Kind::EndedEarly | Kind::PageInStream => return Ok(End::Close),
                _ => return Ok(plan.end()),
            }
        }
    }
}

impl Plan {
    fn end(&self) -> End {
        if self.reset { End::Reset } else { End::Close }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
}

async fn read_head(socket: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.ends_with(b"\r\n\r\n") {
        let count = socket.read(&mut buffer).await?;
        if count == 0 || head.len() > HEAD_BYTES {
            return Ok(None);
        }
        head.extend_from_slice(&buffer[..count]);
    }
    Ok(Request::parse(&head))
}

/// Keeps a connection that says nothing any more, until the client has had enough.
async fn until_closed(socket: &mut TcpStream) -> std::io::Result<End> {
    let mut nothing = [0; 64];
    while socket.read(&mut nothing).await? > 0 {}
    Ok(End::Close)
}

async fn trickle(to_client: &mut tokio::net::tcp::WriteHalf<'_>, bytes: &[u8], plan: &mut Plan) -> std::io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let count = (1 + plan.random.below(40) as usize).min(rest.len());
        to_client.write_all(&rest[..count]).await?;
        rest = &rest[count..];
        tokio::time::sleep(Duration::from_millis(plan.random.below(4))).await;
    }
    Ok(())
}

/// Reads the answer that nobody gets, for a while.
async fn throw_away(mut twin: Connection) {
    let mut buffer = [0; 4096];
    let read = async { while matches!(twin.read(&mut buffer).await, Ok(count) if count > 0) {} };
    // Whether it ended or time was up: it is closed.
    drop(tokio::time::timeout(Duration::from_secs(2), read).await);
}
