//! Reads the events of a watch.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first events of a watch.
pub(crate) async fn events(answer: http::Response<Incoming>, wanted: usize) -> Vec<Value> {
    let mut body = answer.into_body();
    let mut text = Vec::new();
    let read = async {
        while text.iter().filter(|byte| **byte == b'\n').count() < wanted {
            match body.frame().await {
                Some(Ok(frame)) => text.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default()),
                _ => break,
            }
        }
    };
    let read = tokio::time::timeout(PATIENCE, read).await;
    assert!(read.is_ok(), "only {}", String::from_utf8_lossy(&text));
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a whole frame"))
        .collect()
}
