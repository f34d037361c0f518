//! Gathers a whole list while it comes in pieces, then makes the rows equal to it in one step.

use std::collections::HashSet;

use flowdeck_objects::{Object, Warning};

use crate::rows::{Rows, key_of, uid_of};

/// A list on its way.
///
/// The first time, objects go to the rows as they come: a page is painted at once. Later the rows on screen stay as
/// they are until the list is complete, and only what differs is touched.
#[derive(Debug)]
pub(crate) struct Gather<T> {
    paint: bool,
    held_back: Vec<T>,
    seen: HashSet<Box<str>>,
}

impl<T: Object> Gather<T> {
    pub(crate) fn new(paint: bool) -> Gather<T> {
        Gather {
            paint,
            held_back: Vec::new(),
            seen: HashSet::new(),
        }
    }

    pub(crate) fn add(&mut self, rows: &mut Rows<T>, object: T) {
        self.seen.insert(uid_of(&object).into());
        if self.paint {
            rows.upsert(object);
        } else {
            self.held_back.push(object);
        }
    }

    /// Notes an object that cannot be read: if it was readable before, its row stays.
    pub(crate) fn add_unreadable(&mut self, warning: &Warning) {
        self.seen
            .insert(key_of(&warning.uid, &warning.namespace, &warning.name).into());
    }

    /// How many objects so far.
    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Makes the rows equal to the list: adds, replaces what has another version, removes what was not in it.
    pub(crate) fn finish(self, rows: &mut Rows<T>) {
        let seen = self.seen;
        rows.retain(|uid| seen.contains(uid));
        for object in self.held_back {
            rows.upsert(object);
        }
    }
}
