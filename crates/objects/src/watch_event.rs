//! Reads one frame of a watch: `{"type":"MODIFIED","object":{…}}`.
//!
//! Never cuts a stream into frames, and never decides what to do about one: that is the watch client.

use crate::json::{self, Read, Reader, Value};
use crate::list::{OnlyMeta, Unreadable, Warning};
use crate::meta::Object;
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

impl<T: Object> WatchEvent<T> {
    /// Reads one frame: [`read_frame`] with the object in it.
    pub fn parse(frame: &[u8]) -> Result<Self, Unreadable> {
        let mut object = T::default();
        Ok(match read_frame(frame, &mut object)? {
            Frame::Change(kind) => Self::Change(kind, object),
            Frame::BadObject(kind, warning) => Self::BadObject(kind, warning),
            Frame::Bookmark {
                resource_version,
                initial_events_end,
            } => Self::Bookmark {
                resource_version,
                initial_events_end,
            },
            Frame::Error(status) => Self::Error(status),
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

/// A [`WatchEvent`] whose object lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An object changed.
    Change(ChangeKind),
    /// An object changed that couldn't be read; half of it may lie there.
    BadObject(ChangeKind, Warning),
    /// As in [`WatchEvent::Bookmark`].
    Bookmark {
        /// Version to go on from.
        resource_version: String,
        /// Whether the state before the watch has now been sent whole.
        initial_events_end: bool,
    },
    /// As in [`WatchEvent::Error`].
    Error(Status),
}

/// Reads one frame (without its newline); a changed object goes to `object`.
///
/// Errors only when the frame itself is no frame, or of a type that Kubernetes doesn't have.
pub fn read_frame(frame: &[u8], object: &mut dyn Value) -> Result<Frame, Unreadable> {
    let mut reader = Reader::new(frame);
    let mut parts = Parts::default();
    let read = parts.read(&mut reader, object).and_then(|()| reader.end());
    reader.said(read)?;
    let Some(text) = parts.object else {
        return Err(Unreadable {
            message: "the event has no object".into(),
        });
    };
    let kind = match &*parts.kind {
        "BOOKMARK" => {
            let meta = json::from_slice::<OnlyMeta>(text)?.metadata;
            return Ok(Frame::Bookmark {
                initial_events_end: meta.annotation(INITIAL_EVENTS_END) == Some("true"),
                resource_version: meta.resource_version,
            });
        }
        "ERROR" => return Ok(Frame::Error(json::from_slice(text)?)),
        other => ChangeKind::named(other).ok_or_else(|| Unreadable {
            message: ["unknown type of watch event: ", other].concat(),
        })?,
    };
    let message = match parts.outcome {
        Some(outcome) => outcome.err(),
        // The object stood before its type.
        None => json::read_into(text, object).err().map(|error| error.message),
    };
    Ok(match message {
        None => Frame::Change(kind),
        Some(message) => Frame::BadObject(kind, Warning::about(text, message)),
    })
}

#[derive(Default)]
struct Parts<'t> {
    kind: String,
    object: Option<&'t [u8]>,
    /// How reading the object went, if its type stood before it and said that it is a change.
    outcome: Option<Result<(), String>>,
}

impl<'t> Parts<'t> {
    fn read(&mut self, reader: &mut Reader<'t>, object: &mut dyn Value) -> Read {
        let mut first = reader.open(b'{', "an event")?;
        while reader.more(b'}', &mut first)? {
            match &*reader.key()? {
                b"type" => self.kind.read(reader)?,
                b"object" if ChangeKind::named(&self.kind).is_some() => {
                    let place = reader.place();
                    self.outcome = Some(match object.read(reader) {
                        Ok(()) => {
                            self.object = Some(reader.since(place));
                            Ok(())
                        }
                        Err(_) => {
                            let (message, text) = reader.give_up_on(place)?;
                            self.object = Some(text);
                            Err(message)
                        }
                    });
                }
                b"object" => self.object = Some(reader.raw()?),
                _ => reader.skip()?,
            }
        }
        Ok(())
    }
}
