//! Serves HTTP/1.1 and h2c on loopback.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod faults;
pub(crate) mod respond;
pub(crate) mod route;

use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use crate::server::api::Api;

/// How many requests one h2 connection may have open: the gateway sends all its users' watches through few of them.
const STREAMS_PER_CONNECTION: u32 = 10_000;

/// Accepts connections until the API is told to stop.
pub(crate) async fn serve(listener: TcpListener, api: Arc<Api>) {
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
        let (api, builder) = (Arc::clone(&api), Arc::clone(&builder));
        tokio::spawn(async move {
            let stop = api.stop.clone();
            let service = service_fn(move |request| {
                let api = Arc::clone(&api);
                async move { Ok::<_, Infallible>(route::answer(&api, request).await) }
            });
            let connection = builder.serve_connection(TokioIo::new(socket), service);
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
        });
    }
}
