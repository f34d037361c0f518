//! Asks a process over plain HTTP on loopback whether it is ready.

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Whether a GET of `url` answers 200.
pub(crate) async fn is_ok(url: &str) -> bool {
    let Ok(url) = url.parse() else {
        return false;
    };
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.get(url).await;
    answer.is_ok_and(|answer| answer.status() == http::StatusCode::OK)
}
