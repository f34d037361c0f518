//! Lets the state machine keep rows whose type it does not know, so that it is compiled once and not once a kind.

use std::collections::HashSet;

use flowdeck_objects::json::Slots;
use flowdeck_objects::{ChangeKind, Object};

use crate::gather::Gather;
use crate::index::uid_of;
use crate::rows::Rows;

/// Rows of some kind.
pub trait Table {
    /// Where objects are read to, to be taken from there by one of the next two.
    fn incoming(&mut self) -> &mut dyn Slots;
    /// Takes the objects of a page into the list that is being gathered.
    fn gather(&mut self, gather: &mut Gather);
    /// Takes the object of a change, into the list that is being gathered if there is one, and returns its version.
    fn apply(&mut self, kind: ChangeKind, gather: Option<&mut Gather>) -> String;
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
    incoming: Vec<T>,
    held_back: Vec<T>,
}

impl<T> Default for Typed<T> {
    fn default() -> Self {
        Typed {
            rows: Rows::default(),
            incoming: Vec::new(),
            held_back: Vec::new(),
        }
    }
}

impl<T: Object> Table for Typed<T> {
    fn incoming(&mut self) -> &mut dyn Slots {
        &mut self.incoming
    }

    fn gather(&mut self, gather: &mut Gather) {
        for object in self.incoming.drain(..) {
            gather.add(object.meta());
            if gather.paint {
                self.rows.upsert(object);
            } else {
                self.held_back.push(object);
            }
        }
    }

    fn apply(&mut self, kind: ChangeKind, gather: Option<&mut Gather>) -> String {
        let Some(object) = self.incoming.last() else {
            return String::new();
        };
        let version = object.meta().resource_version.clone();
        match (kind, gather) {
            // A deletion here is the server's mistake.
            (ChangeKind::Deleted, Some(_)) => {}
            (_, Some(gather)) => self.gather(gather),
            (ChangeKind::Deleted, None) => {
                self.rows.remove(&uid_of(object.meta()));
            }
            (_, None) => {
                if let Some(object) = self.incoming.pop() {
                    self.rows.upsert(object);
                }
            }
        }
        version
    }

    fn finish(&mut self, seen: &HashSet<Box<str>>) {
        self.rows.keep_only(seen);
        for object in std::mem::take(&mut self.held_back) {
            self.rows.upsert(object);
        }
    }

    fn forget(&mut self) {
        self.held_back.clear();
    }

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
