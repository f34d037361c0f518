//! Makes up the log of a container from its pod: the same pod at the same time always says the same.
//!
//! There is no kubelet that could keep logs, and the Kubernetes API has no place for them. The rules of which container is
//! meant, and when there is no log, are those of the real API server and kubelet
//! (pkg/registry/core/pod/strategy.go `LogLocation`, pkg/kubelet/kubelet_pods.go `validateContainerLogStatus`, 1.36).

mod lines;
mod run;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::logs::lines::Lines;
use crate::logs::run::{Run, container, find};
use crate::refusal::{Cause, Refusal};
use crate::registry::Kind;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};
use crate::verbs::Context;

/// A log that is followed looks at its pod this often.
const LOOK_MILLIS: u64 = 500;
/// Without `tailLines` this many lines are given at most: a kubelet keeps 10 MiB.
const KEPT_LINES: u64 = 20_000;
/// Bytes sent at once, about.
const CHUNK_BYTES: usize = 64 << 10;

/// What of the log is wanted.
struct Wish {
    timestamps: bool,
    tail: Option<u64>,
    since: Option<Timestamp>,
    limit_bytes: Option<u64>,
    follow: bool,
}

/// `GET pods/x/log`.
pub(crate) fn answer(context: &Context) -> Result<Answer, Refusal> {
    let pod = context.current()?.value();
    let wish = wish(context)?;
    let name = container(context, &pod)?;
    let node = text(&pod, "/spec/nodeName");
    if node.is_empty() {
        return Ok(respond::text(204, ""));
    }
    if context.api.store.get("nodes", node).is_none() {
        return Err(Refusal::not_found(&context.kind, node));
    }
    let previous = context.query.flag("previous");
    let run = find(&pod, &name, previous).map_err(Refusal::bad_request)?;
    let reader = Reader::new(context, run, name, wish, previous);
    let frames = stream::unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Some((Ok::<_, std::io::Error>(Frame::data(bytes)), reader))
    });
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answer.headers_mut().insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    Ok(answer)
}

/// Why a container of a pod has no log, or no previous one, in a kubelet's words.
#[must_use]
pub fn no_log(pod: &Value, container: &str, previous: bool) -> Option<String> {
    find(pod, container, previous).err()
}

/// Source: `ValidatePodLogOptions` in pkg/apis/core/validation (1.36).
fn wish(context: &Context) -> Result<Wish, Refusal> {
    let query = &context.query;
    let (seconds, tail, limit) = (
        query.integer("sinceSeconds")?,
        query.integer("tailLines")?,
        query.integer("limitBytes")?,
    );
    let time = query.get("sinceTime");
    let mut causes = Vec::new();
    let mut above = |field: &str, given: Option<i64>, least: i64, why: &str| {
        if let Some(given) = given.filter(|given| *given < least) {
            causes.push(Cause::invalid(field, &given.into(), why));
        }
    };
    above("tailLines", tail, 0, "must be greater than or equal to 0");
    above("limitBytes", limit, 1, "must be greater than 0");
    if seconds.is_none() || time.is_none() {
        above("sinceSeconds", seconds, 1, "must be greater than 0");
    }
    let since = match (seconds, time) {
        (Some(_), Some(_)) => {
            causes.push(Cause::forbidden(
                "[]",
                "at most one of `sinceTime` or `sinceSeconds` may be specified",
            ));
            None
        }
        (Some(seconds), None) => Timestamp::now().checked_sub(SignedDuration::from_secs(seconds)).ok(),
        (None, Some(time)) => {
            let parsed: Timestamp = time.parse().map_err(|why: jiff::Error| {
                Refusal::bad_request(format!("parsing time \"{time}\" as RFC 3339: {why}"))
            })?;
            // So the API server passes it on to the kubelet.
            Timestamp::from_second(parsed.as_second()).ok()
        }
        (None, None) => None,
    };
    if !causes.is_empty() {
        return Err(Refusal::invalid(
            &Kind::new("", "", "PodLogOptions", false),
            context.name(),
            &causes,
        ));
    }
    Ok(Wish {
        timestamps: query.flag("timestamps"),
        tail: tail.and_then(|tail| u64::try_from(tail).ok()),
        since,
        limit_bytes: limit.and_then(|limit| u64::try_from(limit).ok()),
        follow: query.flag("follow"),
    })
}

/// Reads a log to its present end and, when followed, on from there.
struct Reader {
    api: Arc<Api>,
    key: String,
    uid: String,
    container: String,
    previous: bool,
    wish: Wish,
    run: Run,
    lines: Lines,
    next: u64,
    sent: u64,
    ended: bool,
}

impl Reader {
    fn new(context: &Context, run: Run, container: String, wish: Wish, previous: bool) -> Self {
        let lines = Lines::new(&run);
        let end = lines.count(run.end_or_now());
        let mut next = end.saturating_sub(wish.tail.unwrap_or(KEPT_LINES));
        if let Some(since) = wish.since {
            next = next.max(lines.first_since(since));
        }
        Self {
            api: Arc::clone(&context.api),
            key: context.key(),
            uid: run.pod_uid.clone(),
            container,
            previous,
            wish,
            lines,
            run,
            next,
            sent: 0,
            ended: false,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended {
                return None;
            }
            let bytes = self.ready();
            if !bytes.is_empty() {
                return Some(bytes);
            }
            if !self.wish.follow || self.run.ended.is_some() {
                return None;
            }
            let stop = self.api.stop.clone();
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(Duration::from_millis(LOOK_MILLIS)) => {}
            }
            self.look();
        }
    }

    /// All lines that are due, up to a chunk.
    fn ready(&mut self) -> Bytes {
        let end = self.lines.count(self.run.end_or_now());
        let mut out = String::new();
        while self.next < end && out.len() < CHUNK_BYTES {
            let (time, text) = self.lines.line(self.next);
            if self.wish.timestamps {
                out.push_str(&format!("{time:.9} "));
            }
            out.push_str(&text);
            out.push('\n');
            self.next += 1;
        }
        let mut bytes = out.into_bytes();
        if let Some(limit) = self.wish.limit_bytes {
            let left = usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX);
            if bytes.len() >= left {
                bytes.truncate(left);
                self.ended = true;
            }
        }
        self.sent += bytes.len() as u64;
        bytes.into()
    }

    /// Finds out whether the container has ended meanwhile.
    fn look(&mut self) {
        let pod = self.api.store.get("pods", &self.key).map(|entry| entry.value());
        let same = pod.as_ref().filter(|pod| pod["metadata"]["uid"] == self.uid.as_str());
        let Some(pod) = same else {
            self.ended = true;
            return;
        };
        match find(pod, &self.container, self.previous) {
            Ok(now) if now.restarts == self.run.restarts => self.take(now),
            // It was restarted between two looks: what it said last is the previous log now.
            _ => match find(pod, &self.container, true) {
                Ok(last) if last.restarts == self.run.restarts => self.take(last),
                _ => self.ended = true,
            },
        }
    }

    fn take(&mut self, run: Run) {
        self.lines = Lines::new(&run);
        self.run = run;
    }
}

/// The text at a pointer.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
