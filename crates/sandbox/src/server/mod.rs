//! Serves HTTP/1.1 and HTTP/2 on loopback, in the clear and over TLS on one port: the first byte tells.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod faults;
pub(crate) mod respond;
pub(crate) mod route;
pub(crate) mod tls;

use std::convert::Infallible;
use std::sync::Arc;

use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::server::api::Api;

/// How many requests one h2 connection may have open: the gateway sends all its users' watches through few of them.
const STREAMS_PER_CONNECTION: u32 = 10_000;

type Builder = auto::Builder<TokioExecutor>;

/// Accepts connections until the API is told to stop.
pub(crate) async fn serve(listener: TcpListener, tls: TlsAcceptor, api: Arc<Api>) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(STREAMS_PER_CONNECTION);
    let builder = Arc::new(builder);
    loop {
        let accepted = tokio::select! {
            () = api.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else { continue };
        if let Err(why) = socket.set_nodelay(true) {
            tracing::debug!(%why, "no TCP_NODELAY");
        }
        let (api, builder, tls) = (Arc::clone(&api), Arc::clone(&builder), tls.clone());
        tokio::spawn(async move {
            if is_tls(&socket).await {
                match tls.accept(socket).await {
                    Ok(stream) => connection(&builder, TokioIo::new(stream), api).await,
                    Err(why) => tracing::debug!(%why, "no TLS after all"),
                }
            } else {
                connection(&builder, TokioIo::new(socket), api).await;
            }
        });
    }
}

async fn is_tls(socket: &TcpStream) -> bool {
    let mut first = [0];
    matches!(socket.peek(&mut first).await, Ok(1)) && first[0] == tls::HANDSHAKE
}

async fn connection<I: Read + Write + Unpin + Send + 'static>(builder: &Builder, io: I, api: Arc<Api>) {
    let stop = api.stop.clone();
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<_, Infallible>(route::answer(&api, request).await) }
    });
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(why) = ended {
        tracing::debug!(%why, "a connection ended early");
    }
}
