//! Reads one frame of a watch: `{"type":"MODIFIED","object":{…}}`.
//!
//! Never cuts a stream into frames, and never decides what to do about one: that is the watch client.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;
use crate::list::{Unreadable, Warning};
use crate::meta::Object;
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

impl<T: Object> WatchEvent<T> {
    /// Reads one frame (without its newline).
    ///
    /// Errors only when the frame itself is no frame, or of a type that Kubernetes doesn't have.
    pub fn parse(frame: &[u8]) -> Result<Self, Unreadable> {
        match T::quick_change(frame) {
            Some((kind, object)) => Ok(Self::Change(kind, object)),
            None => Self::parse_in_two_steps(frame),
        }
    }

    /// Bookmarks, errors, an object before its type, and what can't be read: finds the object, then reads it.
    fn parse_in_two_steps(frame: &[u8]) -> Result<Self, Unreadable> {
        let frame: Frame<'_> = serde_json::from_slice(frame)?;
        let text = frame.object.get();
        let kind = match &*frame.kind {
            "BOOKMARK" => {
                let meta = serde_json::from_str::<BookmarkObject>(text)?.metadata;
                let initial_events_end = meta.annotation(INITIAL_EVENTS_END) == Some("true");
                return Ok(Self::Bookmark {
                    resource_version: meta.resource_version,
                    initial_events_end,
                });
            }
            "ERROR" => return Ok(Self::Error(serde_json::from_str(text)?)),
            other => ChangeKind::named(other).ok_or_else(|| Unreadable {
                message: ["unknown type of watch event: ", other].concat(),
            })?,
        };
        Ok(match T::read(text) {
            Ok(object) => Self::Change(kind, object),
            Err(error) => Self::BadObject(kind, Warning::about(text, error)),
        })
    }
}

impl ChangeKind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "ADDED" => Some(Self::Added),
            "MODIFIED" => Some(Self::Modified),
            "DELETED" => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// Reads a change of a good object: [`Object::quick_change`].
pub(crate) fn quick<T: DeserializeOwned>(frame: &[u8]) -> Option<(ChangeKind, T)> {
    let Change(kind, object) = json::from_slice(frame).ok()?;
    Some((kind, object))
}

/// A change whose type stands before its object, as the API server writes it: read in one pass.
struct Change<T>(ChangeKind, T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ChangeVisitor(PhantomData))
    }
}

struct ChangeVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ChangeVisitor<T> {
    type Value = Change<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Change<T>, A::Error> {
        let (mut kind, mut object) = (None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match (&*key, kind) {
                ("type", _) => kind = ChangeKind::named(&map.next_value::<Cow<'de, str>>()?),
                ("object", Some(_)) => object = Some(map.next_value()?),
                ("object", None) => return Err(de::Error::custom("no change")),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (kind, object) {
            (Some(kind), Some(object)) => Ok(Change(kind, object)),
            _ => Err(de::Error::custom("no change")),
        }
    }
}
