//! Gathers a whole list while it comes in pieces, then makes the rows equal to it in one step.

use std::collections::HashSet;

use flowdeck_objects::{Meta, Warning};

use crate::index::{key_of, uid_of};

/// A list on its way.
///
/// The first time, objects go to the rows as they come: a page is painted at once. Later the rows on screen stay as
/// they are until the list is complete, and only what differs is touched.
#[derive(Debug)]
pub struct Gather {
    pub(crate) paint: bool,
    pub(crate) seen: HashSet<Box<str>>,
}

impl Gather {
    pub(crate) fn new(paint: bool) -> Gather {
        Gather {
            paint,
            seen: HashSet::new(),
        }
    }

    /// Notes an object.
    pub(crate) fn add(&mut self, meta: &Meta) {
        self.seen.insert(uid_of(meta).into());
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
}
