//! Stands in for the cluster: answers from memory, watches stay silent.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A body of known bytes, or none that ever ends.
struct Answer(Option<Bytes>, bool);

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.1 => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none() && !self.1
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Some(bytes) if !self.1 => SizeHint::with_exact(bytes.len() as u64),
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
                let body = if uri.query().is_some_and(|q| q.contains("watch")) {
                    Answer(Some(Bytes::from_static(b"{\"type\":\"BOOKMARK\"}\n")), true)
                } else if uri.path().ends_with("/small") {
                    Answer(Some(pod.clone()), false)
                } else {
                    Answer(Some(list.clone()), false)
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
