//! Carries a watch or a followed log to the browser over a WebSocket.
//!
//! Over plain http a browser opens six connections to a host, for all tabs together, and every
//! stream by `fetch` holds one. WebSockets are counted apart (255 in Chromium). So a page may ask for
//! any stream as a WebSocket with the sub-protocol [`PROTOCOL`]; the cluster still gets the plain
//! request. On the wire: binary messages are the stream's bytes, cut anywhere, and an empty one says
//! that the cluster has accepted; one text message is a `Status` when it or the gateway refuses, and
//! the close code is then 4000 + its HTTP status. No session is such a refusal too (4401), for a page
//! cannot see the status of an opening that failed; a wrong origin never gets as far.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::{
    forward::{headers, path::Target},
    limits::Slot,
    rejection::Rejection,
    routes::{Body, Record, empty},
    server::Gateway,
    sign_in::Visitor,
};

/// The sub-protocol that asks for a stream.
pub const PROTOCOL: &str = "stream.flowdeck.dev";

/// What a refused watch may say.
const STATUS_LIMIT_BYTES: usize = 64 * 1024;
/// The page has nothing to say on this socket.
const CLIENT_MESSAGE_LIMIT_BYTES: usize = 1024;
/// Finds out that the browser has vanished.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Whether the upgrade asks for our own stream protocol.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.next().is_some_and(|v| v == PROTOCOL) && values.next().is_none()
}

/// Accepts the socket and streams into it in the background.
pub fn open(
    gateway: &Arc<Gateway>,
    mut request: Request<Incoming>,
    target: &Target,
    visitor: Visitor,
    record: &mut Record,
) -> Result<Response<Body>, Rejection> {
    record.stream = true;
    if !target.is_stream(request.uri().query().unwrap_or_default()) {
        return Err(Rejection::Upgrade);
    }
    let slot = gateway.slots.take(&visitor.identity.user, true);
    let mut outgoing = Request::new(Full::new(Bytes::new()));
    *outgoing.uri_mut() = gateway.upstream.uri(&target.path, request.uri().query())?;
    *outgoing.headers_mut() = headers::for_upstream(request.headers(), &visitor.identity, false)?;
    // The browser unpacks what it fetches, but not messages.
    outgoing.headers_mut().remove(header::ACCEPT_ENCODING);
    let shared = Arc::clone(gateway);
    accept(&mut request, move |socket| async move {
        run(&shared, socket, outgoing, &visitor, slot).await
    })
}

/// Accepts the socket only to say no.
pub fn refuse(mut request: Request<Incoming>, rejection: Rejection) -> Result<Response<Body>, Rejection> {
    accept(&mut request, move |socket| goodbye(socket, refusal(rejection)))
}

/// Answers the opening and hands the socket over once the browser has it.
fn accept<F>(
    request: &mut Request<Incoming>,
    then: impl FnOnce(Socket) -> F + Send + 'static,
) -> Result<Response<Body>, Rejection>
where
    F: Future<Output = ()> + Send,
{
    let key = request
        .headers()
        .get(header::SEC_WEBSOCKET_KEY)
        .ok_or(Rejection::Upgrade)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).or(Err(Rejection::Upgrade))?;
    let client = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(client) = client.await else { return };
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(CLIENT_MESSAGE_LIMIT_BYTES);
        config.max_frame_size = Some(CLIENT_MESSAGE_LIMIT_BYTES);
        then(WebSocketStream::from_raw_socket(TokioIo::new(client), Role::Server, Some(config)).await).await;
    });
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    Ok(response)
}

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Why a socket is closed.
enum End {
    /// The stream is through.
    Through,
    /// The browser has gone: nobody to tell.
    Gone,
    /// Refused, by the cluster or by us, with a `Status` to show.
    Refused(StatusCode, Bytes),
    /// The session is over.
    SignedOut,
    /// The gateway is shutting down.
    Stopping,
}

async fn run(
    gateway: &Gateway,
    mut socket: Socket,
    request: Request<Full<Bytes>>,
    visitor: &Visitor,
    slot: Result<Slot, Rejection>,
) {
    let end = match slot {
        Err(rejection) => refusal(rejection),
        Ok(slot) => {
            let end = tokio::select! {
                end = copy(gateway, &mut socket, request) => end,
                () = visitor.ended() => End::SignedOut,
                () = gateway.stop.cancelled() => End::Stopping,
            };
            drop(slot);
            end
        }
    };
    goodbye(socket, end).await;
}

/// Says how it ended and closes.
async fn goodbye(mut socket: Socket, end: End) {
    let (code, text) = match end {
        End::Gone => return,
        End::Through => (CloseCode::Normal, None),
        End::Stopping => (CloseCode::Away, None),
        End::SignedOut => (CloseCode::Library(4401), None),
        End::Refused(status, body) => (CloseCode::Library(4000 + status.as_u16()), Some(body)),
    };
    let goodbye = async {
        if let Some(text) = text {
            socket
                .send(Message::text(String::from_utf8_lossy(&text).into_owned()))
                .await?;
        }
        socket
            .close(Some(CloseFrame {
                code,
                reason: "".into(),
            }))
            .await?;
        // Wait for the answer, so that the close code arrives before the connection is cut.
        while let Some(Ok(_)) = socket.next().await {}
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    };
    tokio::time::timeout(Duration::from_secs(2), goodbye).await.ok();
}

fn refusal(rejection: Rejection) -> End {
    End::Refused(rejection.status(), Bytes::from(rejection.status_json()))
}

async fn copy(gateway: &Gateway, socket: &mut Socket, request: Request<Full<Bytes>>) -> End {
    let answer = tokio::select! {
        answer = gateway.upstream.send(request) => answer,
        end = client_left(socket) => return end,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(rejection) => return refusal(rejection),
    };
    let (parts, mut body) = answer.into_parts();
    if super::is_foreign(parts.status, &parts.headers) {
        return refusal(Rejection::UpstreamBroken);
    }
    if parts.status != StatusCode::OK {
        return match Limited::new(body, STATUS_LIMIT_BYTES).collect().await {
            Ok(text) => End::Refused(parts.status, text.to_bytes()),
            Err(_) => refusal(Rejection::UpstreamBroken),
        };
    }
    if socket.send(Message::Binary(Bytes::new())).await.is_err() {
        return End::Gone;
    }
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.reset();
    let mut heard = true;
    loop {
        tokio::select! {
            frame = body.frame() => match frame {
                None => return End::Through,
                // Broken off: the page goes on from the last version that it has.
                Some(Err(_)) => return refusal(Rejection::UpstreamBroken),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                        && socket.send(Message::Binary(data)).await.is_err()
                    {
                        return End::Gone;
                    }
                }
            },
            message = socket.next() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
                Some(Ok(_)) => heard = true,
            },
            _ = ping.tick() => {
                if !heard || socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return End::Gone;
                }
                heard = false;
            }
        }
    }
}

/// Waits until the browser closes; it has nothing else to say before the stream begins.
async fn client_left(socket: &mut Socket) -> End {
    loop {
        if !matches!(socket.next().await, Some(Ok(message)) if !message.is_close()) {
            return End::Gone;
        }
    }
}
