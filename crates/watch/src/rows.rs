//! Holds the objects of one list, keyed by uid, and remembers which of them changed since when.
//!
//! Never derives, sorts or filters: pages do that, and the journal tells them for which rows they must do it again.
//! Every change costs O(1), however many rows there are.

use std::collections::HashSet;
use std::sync::Arc;

use flowdeck_objects::Object;

use crate::index::{Index, uid_of};

/// The objects of one list.
#[derive(Debug)]
pub struct Rows<T> {
    /// Dense: removal moves the last one into the gap, so the order means nothing.
    objects: Vec<T>,
    index: Index,
}

/// What happened to the rows since a version: [`Rows::changes_since`].
#[derive(Debug, PartialEq, Eq)]
pub enum Changes {
    /// The reader is too far behind (or has seen nothing yet): take every row.
    Everything,
    /// These uids were added, changed or removed, the latest first; each is named once. [`Rows::get`] tells which are gone.
    Only(Vec<Arc<str>>),
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows {
            objects: Vec::new(),
            index: Index::default(),
        }
    }
}

impl<T> Rows<T> {
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The object of that uid.
    pub fn get(&self, uid: &str) -> Option<&T> {
        self.index.of_uid(uid).map(|at| &self.objects[at])
    }

    /// The object of that name; the namespace of objects of the cluster is the empty text.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<&T> {
        self.index.of_name(namespace, name).map(|at| &self.objects[at])
    }

    /// All objects, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.objects.iter()
    }

    /// All objects with their uids, in no order that means anything.
    pub fn iter_with_uid(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.index.uids().zip(&self.objects)
    }

    /// The version that readers remember: rises by one at each [`Rows::seal`] that had something to seal.
    pub fn version(&self) -> u64 {
        self.index.version()
    }

    /// What changed after the reader saw `seen` (a former [`Rows::version`]; 0 = nothing seen yet).
    ///
    /// A page keeps what it derived from each row and asks this once a frame, so that 2,000 events a second over
    /// 10,000 rows cost it some 30 rows a frame instead of 10,000.
    pub fn changes_since(&self, seen: u64) -> Changes {
        self.index.changes_since(seen)
    }

    /// Whether something changed since the last [`Rows::seal`].
    pub fn is_dirty(&self) -> bool {
        self.index.is_dirty()
    }

    /// Closes the changes made so far under a new version, which is returned. Without changes nothing happens.
    pub fn seal(&mut self) -> u64 {
        self.index.seal()
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        if !self.objects.is_empty() {
            self.objects.clear();
            self.index.clear();
        }
    }
}

impl<T: Object> Rows<T> {
    /// Adds the object or replaces the one of its uid; one of the same name and another uid is gone, so it goes too.
    ///
    /// An object that says the version we already hold changes nothing: false.
    pub fn upsert(&mut self, object: T) -> bool {
        let meta = object.meta();
        if let Some(at) = self.index.of_uid(&uid_of(meta)) {
            let version = &meta.resource_version;
            if !version.is_empty() && self.objects[at].meta().resource_version == *version {
                return false;
            }
            self.objects[at] = object;
            self.index.touch(at);
            return true;
        }
        if let Some(former) = self.index.of_name(&meta.namespace, &meta.name) {
            self.remove_at(former);
        }
        self.index.push(meta);
        self.objects.push(object);
        true
    }

    /// Removes the object of that uid; false if there was none.
    pub fn remove(&mut self, uid: &str) -> bool {
        let Some(at) = self.index.of_uid(uid) else {
            return false;
        };
        self.remove_at(at);
        true
    }

    /// Keeps only the rows whose uid is among `seen`.
    pub fn keep_only(&mut self, seen: &HashSet<Box<str>>) {
        for uid in self.index.not_in(seen) {
            self.remove(&uid);
        }
    }

    fn remove_at(&mut self, at: usize) {
        self.index.swap_remove(at, self.objects[at].meta());
        self.objects.swap_remove(at);
    }
}
