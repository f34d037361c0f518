//! Reads one frame of a watch: `{"type":"MODIFIED","object":{…}}`.
//!
//! Never cuts a stream into frames, and never decides what to do about one: that is the watch client.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::list::{Unreadable, Warning};
use crate::null::or_default;
use crate::status::Status;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new, to us at least.
    Added,
    /// It is another.
    Modified,
    /// It is gone; the object is as it was last.
    Deleted,
}

/// One frame of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent<T> {
    /// An object changed.
    Change(ChangeKind, T),
    /// An object changed that couldn't be read: keep the row, mark it, go on from its version.
    BadObject(ChangeKind, Warning),
    /// Nothing changed up to here.
    Bookmark {
        /// Version to go on from.
        resource_version: String,
        /// Whether the state before the watch has now been sent whole (`sendInitialEvents`).
        initial_events_end: bool,
    },
    /// The server ends the watch and says why (410 = list again).
    Error(Status),
}

/// Annotation on the bookmark that ends the initial state.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BookmarkObject {
    #[serde(deserialize_with = "or_default")]
    metadata: crate::meta::Meta,
}

impl<T: DeserializeOwned> WatchEvent<T> {
    /// Reads one frame (without its newline).
    ///
    /// Errors only when the frame itself is no frame, or of a type that Kubernetes doesn't have.
    pub fn parse(frame: &[u8]) -> Result<Self, Unreadable> {
        let frame: Frame<'_> = serde_json::from_slice(frame)?;
        let text = frame.object.get();
        let kind = match &*frame.kind {
            "ADDED" => ChangeKind::Added,
            "MODIFIED" => ChangeKind::Modified,
            "DELETED" => ChangeKind::Deleted,
            "BOOKMARK" => {
                let meta = serde_json::from_str::<BookmarkObject>(text)?.metadata;
                let initial_events_end = meta.annotation(INITIAL_EVENTS_END) == Some("true");
                return Ok(Self::Bookmark {
                    resource_version: meta.resource_version,
                    initial_events_end,
                });
            }
            "ERROR" => return Ok(Self::Error(serde_json::from_str(text)?)),
            other => {
                let mut message = String::from("unknown type of watch event: ");
                message.push_str(other);
                return Err(Unreadable { message });
            }
        };
        Ok(match serde_json::from_str(text) {
            Ok(object) => Self::Change(kind, object),
            Err(error) => Self::BadObject(kind, Warning::about(text, &error)),
        })
    }
}
