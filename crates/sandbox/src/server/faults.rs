//! Answers wrongly on purpose, for tests of clients: 410, 429, 500, HTML, half a frame, a closed connection.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::server::respond::{self, Answer};

/// One order: the next `times` requests whose path and query contain `path_contains` are answered like this.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fault {
    path_contains: String,
    #[serde(default = "once")]
    times: u32,
    answer: Kind,
}

fn once() -> u32 {
    1
}

/// What is answered.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
pub(crate) enum Kind {
    #[serde(rename = "410-event")]
    GoneEvent,
    #[serde(rename = "410")]
    Gone,
    #[serde(rename = "429")]
    TooMany,
    #[serde(rename = "500")]
    Internal,
    #[serde(rename = "html")]
    Html,
    #[serde(rename = "half-frame")]
    HalfFrame,
    #[serde(rename = "close")]
    Close,
}

/// The orders that are left.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Takes an order: `{"path_contains": "…", "times": 1, "answer": "410-event"}`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn order(&self, body: &[u8]) -> Result<(), serde_json::Error> {
        let fault: Fault = serde_json::from_slice(body)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        Ok(())
    }

    /// Forgets all orders.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The wrong answer for this path and query, if one is ordered.
    pub fn answer(&self, path: &str) -> Option<Answer> {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = orders.iter().position(|fault| path.contains(&fault.path_contains))?;
        let kind = orders[at].answer;
        orders[at].times = orders[at].times.saturating_sub(1);
        if orders[at].times == 0 {
            orders.remove(at);
        }
        drop(orders);
        Some(wrong(kind))
    }
}

fn wrong(kind: Kind) -> Answer {
    let gone = Refusal::expired("too old resource version: 1 (2)");
    match kind {
        Kind::GoneEvent => {
            let event = serde_json::json!({"type": "ERROR", "object": gone.status()});
            respond::json_bytes(200, format!("{event}\n"))
        }
        Kind::Gone => respond::refusal(&gone),
        Kind::TooMany => respond::refusal(&Refusal::too_many("the server has received too many requests", 1)),
        Kind::Internal => respond::refusal(&Refusal::internal("an error that a test asked for")),
        Kind::Html => respond::with_type(
            502,
            "text/html",
            Bytes::from_static(b"<html><body>502 Bad Gateway</body></html>"),
        ),
        Kind::HalfFrame => cut(&[b"{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ha"]),
        Kind::Close => cut(&[]),
    }
}

/// Sends some bytes and then breaks the connection.
fn cut(chunks: &[&'static [u8]]) -> Answer {
    let broken = std::io::Error::new(
        std::io::ErrorKind::ConnectionAborted,
        "a test asked for a broken connection",
    );
    let mut frames: Vec<Result<Frame<Bytes>, std::io::Error>> = chunks
        .iter()
        .map(|chunk| Ok(Frame::data(Bytes::from_static(chunk))))
        .collect();
    frames.push(Err(broken));
    let mut answer = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    answer.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    answer
}
