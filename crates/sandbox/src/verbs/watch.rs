//! Streams changes: from a version or with the present state first, with bookmarks, until a deadline.
//!
//! A watch keeps no queue: it remembers how far it has read and reads on when the shelf changes and the client
//! takes more. A client that reads too slowly falls out of the shelf's history and is told 410, as in Kubernetes.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use crate::refusal::Refusal;
use crate::selectors::Selection;
use crate::server::respond::{self, Answer, Shape};
use crate::store::{Change, Entry, Happened, PageQuery};
use crate::verbs::{Context, read, render};

/// How often a bookmark is sent.
const BOOKMARK_SECONDS: u64 = 60;
/// A bookmark is also sent this long before the deadline.
const LAST_BOOKMARK_SECONDS: u64 = 2;
/// Without `timeoutSeconds` a watch lives this long and up to twice as long.
const DEFAULT_SECONDS: u64 = 1800;
/// Changes read at once.
const BATCH: usize = 512;
/// Bytes sent at once, about.
const CHUNK_BYTES: usize = 64 << 10;

struct Watch {
    context: Context,
    selection: Selection,
    shape: Shape,
    bookmarks: bool,
    /// All up to here has been sent.
    position: u64,
    first: VecDeque<std::sync::Arc<Entry>>,
    /// The initial state's end is still to be marked.
    mark_end: bool,
    changed: Receiver<u64>,
    deadline: Instant,
    next_bookmark: Instant,
    ended: bool,
}

/// `GET …?watch=true`.
pub(crate) fn watch(context: Context) -> Result<Answer, Refusal> {
    let selection = read::selection(&context)?;
    let selection = match &context.target.name {
        Some(name) => {
            let fields = format!("metadata.name={name}");
            Selection::parse(
                context.kind.shelf(),
                &[],
                context.query.get("labelSelector"),
                Some(&fields),
            )?
        }
        None => selection,
    };
    let (shape, _) = respond::wanted(&context.headers)?;
    let query = &context.query;
    let send_initial = query.get("sendInitialEvents").map(|text| text == "true");
    check_initial(&context, send_initial)?;
    let asked = read::version_number(query)?;
    let seconds = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
    let seconds = seconds.unwrap_or_else(|| DEFAULT_SECONDS + rand::random::<u64>() % DEFAULT_SECONDS);
    let bookmarks = query.flag("allowWatchBookmarks");
    let changed = context.api.store.subscribe(context.kind.shelf());
    let now = Instant::now();
    let mut watch = Watch {
        selection,
        shape,
        bookmarks,
        position: 0,
        first: VecDeque::new(),
        mark_end: false,
        changed,
        deadline: now + Duration::from_secs(seconds),
        next_bookmark: now
            + Duration::from_secs(BOOKMARK_SECONDS.min(seconds.saturating_sub(LAST_BOOKMARK_SECONDS).max(1))),
        ended: false,
        context,
    };
    if let Some(asked) = asked {
        read::refuse_future(&watch.context, asked)?;
    }
    match (asked, send_initial) {
        (Some(version), Some(false) | None) if version > 0 => watch.position = version,
        (_, Some(false)) => watch.position = watch.context.api.store.version(),
        _ => watch.load(send_initial == Some(true) && bookmarks),
    }
    let frames = stream::unfold(watch, |mut watch| async move {
        let bytes = watch.next().await?;
        Some((Ok::<_, std::io::Error>(Frame::data(bytes)), watch))
    });
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    let media = http::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(http::header::CONTENT_TYPE, media);
    answer.headers_mut().insert(
        http::header::CACHE_CONTROL,
        http::HeaderValue::from_static("no-cache, private"),
    );
    Ok(answer)
}

fn check_initial(context: &Context, send_initial: Option<bool>) -> Result<(), Refusal> {
    let query = &context.query;
    let invalid = |why: &str| {
        Err(Refusal::new(
            422,
            "Invalid",
            format!("ListOptions.meta.k8s.io \"\" is invalid: {why}"),
        ))
    };
    match (send_initial, query.get("resourceVersionMatch")) {
        (Some(_), Some("NotOlderThan")) | (None, None) => Ok(()),
        (Some(_), _) => invalid(
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (None, Some(_)) => invalid(
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    }
}

impl Watch {
    /// Takes the present state to be sent first.
    fn load(&mut self, mark_end: bool) {
        let selection = &self.selection;
        let takes = |entry: &Entry| selection.takes(entry);
        let namespace = self.context.target.namespace.as_deref();
        let query = PageQuery {
            namespace,
            after: None,
            at: None,
            limit: None,
            filter: Some(&takes),
        };
        if let Some(page) = self.context.api.store.page(self.context.kind.shelf(), &query) {
            self.position = page.version;
            self.first = page.entries.into();
        }
        self.mark_end = mark_end;
    }

    /// The next bytes, or the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let stop = self.context.api.stop.clone();
        loop {
            self.changed.mark_unchanged();
            if let Some(bytes) = self.ready() {
                return Some(bytes);
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                changed = self.changed.changed() => if changed.is_err() { return None },
                () = tokio::time::sleep_until(self.deadline) => return None,
                () = tokio::time::sleep_until(self.next_bookmark) => {
                    if let Some(bytes) = self.bookmark_is_due() {
                        return Some(bytes);
                    }
                }
            }
        }
    }

    /// What can be sent without waiting.
    fn ready(&mut self) -> Option<Bytes> {
        let mut out = Vec::new();
        while out.len() < CHUNK_BYTES
            && let Some(entry) = self.first.pop_front()
        {
            self.event("ADDED", &entry, &mut out);
        }
        if self.first.is_empty() && self.mark_end {
            self.mark_end = false;
            self.bookmark(true, &mut out);
        }
        if !out.is_empty() {
            return Some(out.into());
        }
        while out.is_empty() {
            let store = &self.context.api.store;
            let Some((changes, complete)) = store.changes(self.context.kind.shelf(), self.position, BATCH) else {
                self.ended = true;
                let gone = Refusal::expired(format!(
                    "too old resource version: {} ({})",
                    self.position,
                    store.version()
                ));
                return Some(format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", gone.status()).into());
            };
            for change in &changes {
                self.change(change, &mut out);
            }
            self.position = self.position.max(complete);
            if changes.len() < BATCH {
                break;
            }
        }
        (!out.is_empty()).then(|| out.into())
    }

    /// Writes a change as this watch sees it: an object that comes to match is added, one that no longer does is deleted.
    fn change(&self, change: &Change, out: &mut Vec<u8>) {
        if self
            .context
            .target
            .namespace
            .as_deref()
            .is_some_and(|namespace| change.now.namespace() != namespace)
        {
            return;
        }
        let was = change
            .before
            .as_ref()
            .is_some_and(|before| self.selection.takes(before));
        let is = change.happened != Happened::Deleted && self.selection.takes(&change.now);
        match (was, is) {
            (false, true) => self.event("ADDED", &change.now, out),
            (true, true) => self.event("MODIFIED", &change.now, out),
            (true, false) => match &change.before {
                Some(before) if change.happened != Happened::Deleted => {
                    let mut value = before.value();
                    let last = Entry::new(self.context.kind.shelf(), &before.key, change.version, &mut value);
                    self.event("DELETED", &last, out);
                }
                _ => self.event("DELETED", &change.now, out),
            },
            (false, false) => {}
        }
    }

    fn event(&self, kind: &str, entry: &Entry, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        render::write(&self.context, self.shape, entry, true, out);
        out.extend_from_slice(b"}\n");
    }

    fn bookmark_is_due(&mut self) -> Option<Bytes> {
        let now = Instant::now();
        self.next_bookmark = now + Duration::from_secs(BOOKMARK_SECONDS);
        let last = self
            .deadline
            .checked_sub(Duration::from_secs(LAST_BOOKMARK_SECONDS))
            .unwrap_or(self.deadline);
        if now < last && self.next_bookmark > last {
            self.next_bookmark = last;
        }
        if !self.bookmarks {
            return None;
        }
        let mut out = Vec::new();
        self.bookmark(false, &mut out);
        Some(out.into())
    }

    fn bookmark(&self, end: bool, out: &mut Vec<u8>) {
        let head = match self.shape {
            Shape::Metadata => "\"apiVersion\":\"meta.k8s.io/v1\",\"kind\":\"PartialObjectMetadata\",".to_owned(),
            Shape::Whole | Shape::Table => self.context.kind.head(&self.context.target.version),
        };
        let marked = if end {
            "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"},"
        } else {
            ""
        };
        let position = self.position;
        let object = format!("{{{head}\"metadata\":{{{marked}\"resourceVersion\":\"{position}\"}}}}");
        out.extend_from_slice(format!("{{\"type\":\"BOOKMARK\",\"object\":{object}}}\n").as_bytes());
    }
}
