//! Lets the state machine keep rows whose type it does not know, so that it is compiled once and not once a kind.

use std::collections::HashSet;

use flowdeck_objects::{ChangeKind, List, Object, Status, Unreadable, Warning, WatchEvent};

use crate::gather::Gather;
use crate::rows::{Rows, uid_of};

/// What a page of a list says besides its objects.
pub struct Page {
    pub(crate) resource_version: String,
    pub(crate) next: String,
    pub(crate) remaining: Option<u64>,
    pub(crate) warnings: Vec<Warning>,
}

/// What a frame of a watch says besides its object.
pub enum Frame {
    /// An object changed, which is held until [`Table::apply`].
    Change,
    BadObject(ChangeKind, Warning),
    Bookmark {
        resource_version: String,
        initial_events_end: bool,
    },
    Error(Status),
}

/// Rows of some kind.
pub trait Table {
    /// Reads a page and takes its objects.
    fn page(&mut self, body: &[u8], gather: &mut Gather) -> Result<Page, Unreadable>;
    /// Reads a frame; a change is held.
    fn frame(&mut self, frame: &[u8]) -> Result<Frame, Unreadable>;
    /// Applies the held change, into the list that is being gathered if there is one, and returns its version.
    fn apply(&mut self, gather: Option<&mut Gather>) -> String;
    /// Takes what was held back of a list, and removes what was not in it.
    fn finish(&mut self, seen: &HashSet<Box<str>>);
    /// Forgets what was held back of a list that will not be finished.
    fn forget(&mut self);
    /// [`Rows::remove`].
    fn remove_key(&mut self, key: &str);
    /// [`Rows::clear`].
    fn clear_all(&mut self);
    /// [`Rows::is_empty`].
    fn holds_nothing(&self) -> bool;
    /// [`Rows::seal`].
    fn seal_changes(&mut self) -> u64;
}

/// Rows, and what is on its way to them.
#[derive(Debug)]
pub struct Typed<T> {
    pub(crate) rows: Rows<T>,
    held: Option<(ChangeKind, T)>,
    held_back: Vec<T>,
}

impl<T> Default for Typed<T> {
    fn default() -> Self {
        Typed {
            rows: Rows::default(),
            held: None,
            held_back: Vec::new(),
        }
    }
}

impl<T: Object> Typed<T> {
    fn gather(&mut self, object: T, gather: &mut Gather) {
        gather.seen.insert(uid_of(&object).into());
        if gather.paint {
            self.rows.upsert(object);
        } else {
            self.held_back.push(object);
        }
    }
}

impl<T: Object> Table for Typed<T> {
    fn page(&mut self, body: &[u8], gather: &mut Gather) -> Result<Page, Unreadable> {
        let page = List::<T>::parse(body)?;
        for object in page.items {
            self.gather(object, gather);
        }
        Ok(Page {
            resource_version: page.resource_version,
            next: page.next,
            remaining: page.remaining,
            warnings: page.warnings,
        })
    }

    fn frame(&mut self, frame: &[u8]) -> Result<Frame, Unreadable> {
        Ok(match WatchEvent::<T>::parse(frame)? {
            WatchEvent::Change(kind, object) => {
                self.held = Some((kind, object));
                Frame::Change
            }
            WatchEvent::BadObject(kind, warning) => Frame::BadObject(kind, warning),
            WatchEvent::Bookmark {
                resource_version,
                initial_events_end,
            } => Frame::Bookmark {
                resource_version,
                initial_events_end,
            },
            WatchEvent::Error(status) => Frame::Error(status),
        })
    }

    fn apply(&mut self, gather: Option<&mut Gather>) -> String {
        let Some((kind, object)) = self.held.take() else {
            return String::new();
        };
        let version = object.meta().resource_version.clone();
        match (kind, gather) {
            // A deletion here is the server's mistake.
            (ChangeKind::Deleted, Some(_)) => {}
            (_, Some(gather)) => self.gather(object, gather),
            (ChangeKind::Deleted, None) => {
                self.rows.remove(&uid_of(&object));
            }
            (_, None) => {
                self.rows.upsert(object);
            }
        }
        version
    }

    fn finish(&mut self, seen: &HashSet<Box<str>>) {
        self.rows.retain(|uid| seen.contains(uid));
        for object in std::mem::take(&mut self.held_back) {
            self.rows.upsert(object);
        }
    }

    fn forget(&mut self) {
        self.held_back.clear();
    }

    /// [`Rows::remove`].
    fn remove_key(&mut self, key: &str) {
        self.rows.remove(key);
    }

    fn clear_all(&mut self) {
        self.rows.clear();
    }

    fn holds_nothing(&self) -> bool {
        self.rows.is_empty()
    }

    fn seal_changes(&mut self) -> u64 {
        self.rows.seal()
    }
}
