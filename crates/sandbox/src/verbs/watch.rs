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

use crate::fields;
use crate::refusal::{Cause, Refusal};
use crate::request::query::Query;
use crate::selectors::Selection;
use crate::server::respond::{self, Answer, Shape};
use crate::store::{Change, Entry, Happened, PageQuery};
use crate::table::{self, INITIAL_END};
use crate::verbs::{Context, read, render};

/// How often a bookmark is sent.
const BOOKMARK_SECONDS: u64 = 60;
/// A bookmark is also sent this long before the deadline.
const LAST_BOOKMARK_SECONDS: u64 = 2;
/// Without `timeoutSeconds` a watch lives this long and up to twice as long.
const DEFAULT_SECONDS: u64 = 1800;
/// Longer than a year nobody watches, and clocks end somewhere.
const LONGEST_SECONDS: u64 = 366 * 86_400;
/// Changes read at once.
const BATCH: usize = 512;
/// The only `resourceVersionMatch` that a watch may ask for.
const NOT_OLDER: &str = "NotOlderThan";
/// How long initial events wait for a version that is not there yet, as the API server's watch cache does.
const FRESH_SECONDS: u64 = 3;
/// How often it is looked whether the version has come.
const FRESH_POLL: Duration = Duration::from_millis(50);
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
    /// Initial events of this version, or a later one, are asked for; it has not come yet.
    wait_for: Option<u64>,
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
    if shape == Shape::Table {
        table::check_options(&context)?;
    }
    let query = &context.query;
    let send_initial = query.get("sendInitialEvents").map(|text| text == "true");
    check_options(query, send_initial)?;
    let asked = read::version_number(query)?;
    let seconds = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
    let seconds = seconds.unwrap_or_else(|| DEFAULT_SECONDS + rand::random::<u64>() % DEFAULT_SECONDS);
    let seconds = seconds.min(LONGEST_SECONDS);
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
        wait_for: None,
        changed,
        deadline: now + Duration::from_secs(seconds),
        next_bookmark: now + Duration::from_secs(first_bookmark(seconds)),
        ended: false,
        context,
    };
    match (asked, send_initial) {
        // A version to come is waited for in silence.
        (Some(version), Some(false) | None) if version > 0 => watch.position = version,
        (_, Some(false)) => watch.position = watch.context.api.store.version(),
        (Some(version), Some(true)) if version > watch.context.api.store.version() => {
            watch.mark_end = bookmarks;
            watch.wait_for = Some(version);
        }
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

/// When the first bookmark comes in a watch of so many seconds; shorter watches than its last bookmark have none.
fn first_bookmark(seconds: u64) -> u64 {
    match seconds.checked_sub(LAST_BOOKMARK_SECONDS) {
        None | Some(0) => seconds + BOOKMARK_SECONDS,
        Some(last) => last.min(BOOKMARK_SECONDS),
    }
}

/// The rules of `sendInitialEvents` and `resourceVersionMatch` for watches.
///
/// Source: `validateWatchOptions` in k8s.io/apimachinery pkg/apis/meta/internalversion/validation (v0.36).
fn check_options(query: &Query, send_initial: Option<bool>) -> Result<(), Refusal> {
    let field = "resourceVersionMatch";
    let matching = query.get(field);
    let mut causes = Vec::new();
    if send_initial.is_some() && matching != Some(NOT_OLDER) {
        let why = format!("sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}");
        causes.push(Cause::forbidden(field, &why));
    }
    if let Some(given) = matching {
        if send_initial.is_none() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(Cause::forbidden(field, why));
        }
        if given != NOT_OLDER {
            causes.push(Cause::unsupported(field, &given.into(), &[NOT_OLDER]));
        }
        if query.get("continue").is_some() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            causes.push(Cause::forbidden(field, why));
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid_options("ListOptions", &causes))
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
        if let Some(version) = self.wait_for.take()
            && let Err(late) = self.wait_until_fresh(version).await
        {
            self.ended = true;
            return Some(format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", late.status()).into());
        }
        loop {
            self.changed.mark_unchanged();
            if let Some(bytes) = self.ready() {
                return Some(bytes);
            }
            if self.ended {
                return None;
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

    /// Waits until the version has come and takes the state then; refuses when it does not come in time.
    async fn wait_until_fresh(&mut self, version: u64) -> Result<(), Refusal> {
        let store = std::sync::Arc::clone(&self.context.api.store);
        let until = Instant::now() + Duration::from_secs(FRESH_SECONDS);
        while store.version() < version {
            // The version is of the whole store, but only this kind's changes wake us: look again now and then.
            let again = (Instant::now() + FRESH_POLL).min(until);
            tokio::select! {
                changed = self.changed.changed() => if changed.is_err() { break },
                () = tokio::time::sleep_until(again) => {}
            }
            if Instant::now() >= until {
                return Err(Refusal::too_large_version(version, store.version()));
            }
        }
        self.load(self.mark_end);
        Ok(())
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
    fn change(&mut self, change: &Change, out: &mut Vec<u8>) {
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

    fn event(&mut self, kind: &str, entry: &Entry, out: &mut Vec<u8>) {
        if self.shape == Shape::MetadataList {
            // One object is no list: the API server finds it cannot write it, and hangs up.
            self.ended = true;
            return;
        }
        out.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        render::write(&self.context, self.shape, entry, true, out);
        out.extend_from_slice(b"}\n");
        self.columns_are_known();
    }

    /// Only the first event of a table watch says what the columns are.
    fn columns_are_known(&mut self) {
        if self.shape == Shape::Table {
            self.shape = Shape::Rows;
        }
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
        if !self.bookmarks || self.position > self.context.api.store.version() {
            return None;
        }
        let mut out = Vec::new();
        self.bookmark(false, &mut out);
        Some(out.into())
    }

    fn bookmark(&mut self, end: bool, out: &mut Vec<u8>) {
        if !matches!(self.shape, Shape::Whole | Shape::Metadata) {
            // In a table the bookmark is a row like others, of an object that has only a version.
            let mut value = if end {
                serde_json::json!({"metadata": {"annotations": {INITIAL_END: "true"}}})
            } else {
                serde_json::json!({"metadata": {}})
            };
            let mark = Entry::new(self.context.kind.shelf(), "", self.position, &mut value);
            self.event("BOOKMARK", &mark, out);
            return;
        }
        let (head, rest) = match self.shape {
            Shape::Whole => (
                self.context.kind.head(&self.context.target.version),
                fields::empty_parts(&self.context),
            ),
            _ => (
                "\"apiVersion\":\"meta.k8s.io/v1\",\"kind\":\"PartialObjectMetadata\",".to_owned(),
                String::new(),
            ),
        };
        let marked = if end {
            format!("\"annotations\":{{\"{INITIAL_END}\":\"true\"}},")
        } else {
            String::new()
        };
        let position = self.position;
        let object = format!("{{{head}\"metadata\":{{{marked}\"resourceVersion\":\"{position}\"}}{rest}}}");
        out.extend_from_slice(format!("{{\"type\":\"BOOKMARK\",\"object\":{object}}}\n").as_bytes());
    }
}
