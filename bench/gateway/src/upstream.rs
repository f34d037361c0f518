//! Stands in for the cluster: answers from memory; watches stay silent, or say a numbered event a second when asked to.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    time::{Interval, interval},
};

/// Between two events of a restless watch.
pub const BETWEEN_EVENTS: Duration = Duration::from_secs(1);

/// A body of known bytes, then none, silence without an end, or events without an end.
struct Answer(Option<Bytes>, Then);

enum Then {
    End,
    Silence,
    Events { clock: Interval, number: u64 },
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.0.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.1 {
            Then::End => Poll::Ready(None),
            Then::Silence => Poll::Pending,
            Then::Events { clock, number } => clock.poll_tick(cx).map(|_| {
                let line = format!(
                    "{{\"type\":\"MODIFIED\",\"object\":{{\"number\":{number},\"padding\":\"{:900}\"}}}}\n",
                    ""
                );
                *number += 1;
                Some(Ok(Frame::data(Bytes::from(line))))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none() && matches!(self.1, Then::End)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.0, &self.1) {
            (Some(bytes), Then::End) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// Serves on any free port.
pub async fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let pod = format!(
        "{{\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p\"}},\"padding\":\"{}\"}}",
        "x".repeat(1990)
    );
    let list = Bytes::from(format!(
        "{{\"kind\":\"PodList\",\"items\":[{}]}}",
        vec![pod.as_str(); 512].join(",")
    ));
    let pod = Bytes::from(pod);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).ok();
            let (pod, list) = (pod.clone(), list.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let uri = request.uri();
                let query = uri.query().unwrap_or_default();
                let first = Some(Bytes::from_static(b"{\"type\":\"BOOKMARK\"}\n"));
                let body = if query.contains("restless") {
                    let clock = interval(BETWEEN_EVENTS);
                    Answer(first, Then::Events { clock, number: 0 })
                } else if query.contains("watch") {
                    Answer(first, Then::Silence)
                } else if uri.path().ends_with("/small") {
                    Answer(Some(pod.clone()), Then::End)
                } else {
                    Answer(Some(list.clone()), Then::End)
                };
                async move {
                    Response::builder()
                        .header("content-type", "application/json")
                        .body(body)
                }
            });
            tokio::spawn(async move {
                http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .await
                    .ok()
            });
        }
    });
    Ok(address)
}
