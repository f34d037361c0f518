//! Drives one list and watch: sends what the machine asks for, feeds it what comes, tells signals once a frame.

use std::cell::RefCell;
use std::rc::Rc;

use flowdeck_watch::Rows;
use leptos::prelude::*;

use super::lease::StreamState;

/// A stream whose rows' type nobody needs to know.
pub(super) trait AnyStream {
    /// Tries again now, if it waits.
    fn retry(&self);
}

/// One live list.
pub(super) struct Stream<T> {
    rows: RefCell<Rows<T>>,
    pub(super) changed: ArcRwSignal<u64>,
    pub(super) state: ArcRwSignal<StreamState>,
}

impl<T> Stream<T> {
    pub(super) fn new() -> Rc<Stream<T>> {
        Rc::new(Stream {
            rows: RefCell::default(),
            changed: ArcRwSignal::new(0),
            state: ArcRwSignal::new(StreamState::Loading),
        })
    }

    pub(super) fn with_rows<R>(&self, read: impl FnOnce(&Rows<T>) -> R) -> R {
        read(&self.rows.borrow())
    }
}

impl<T> AnyStream for Stream<T> {
    fn retry(&self) {}
}
