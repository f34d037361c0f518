//! Hands out a share in a live list; when the last share is dropped, its stream ends a little later.

use std::rc::{Rc, Weak};

use flowdeck_watch::resource::Resource;
use flowdeck_watch::{Rows, Typed};
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::client::Error;

use super::Inner;
use super::stream::Stream;

/// Which list: streams are shared by whoever asks for the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) resource: Resource,
    pub(crate) namespace: String,
    /// Label selector; empty for all.
    pub(crate) selector: String,
}

/// How a live list is doing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StreamState {
    /// Nothing has come yet.
    Loading,
    /// Some pages are there and shown, more follow.
    Partial {
        /// Objects so far.
        loaded: usize,
        /// Objects still to come, when the server says.
        remaining: Option<u64>,
    },
    /// The rows are what the cluster has.
    Live,
    /// The rows are what the cluster had; it is being tried again.
    Stale {
        /// Since when, in ms since 1970.
        since_ms: f64,
        /// Why, in words.
        why: String,
    },
    /// The user may not see these (any more).
    Denied {
        /// Who may not do what.
        error: Error,
    },
    /// This kind is not installed in the cluster.
    Missing,
    /// Nothing could be loaded so far; it is being tried again.
    Failed {
        /// Why.
        error: Error,
    },
}

/// A share in a live list. Clones are one share; dropping the last ends the stream after some 5 s.
pub(crate) struct Lease<T: 'static> {
    share: SendWrapper<Rc<Share<T>>>,
}

struct Share<T> {
    stream: Rc<Stream<Typed<T>>>,
    key: StreamKey,
    live: Weak<Inner>,
}

impl<T> Drop for Share<T> {
    fn drop(&mut self) {
        if let Some(live) = self.live.upgrade() {
            live.release(&self.key);
        }
    }
}

impl<T> Clone for Lease<T> {
    fn clone(&self) -> Self {
        Lease {
            share: self.share.clone(),
        }
    }
}

impl<T> Lease<T> {
    pub(super) fn new(stream: Rc<Stream<Typed<T>>>, key: StreamKey, live: Weak<Inner>) -> Lease<T> {
        Lease {
            share: SendWrapper::new(Rc::new(Share { stream, key, live })),
        }
    }

    /// Reads the rows and subscribes to their changes. Never await or write signals inside.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&Rows<T>) -> R) -> R {
        self.share.stream.changed.track();
        self.with_untracked(read)
    }

    /// Reads the rows without subscribing.
    pub(crate) fn with_untracked<R>(&self, read: impl FnOnce(&Rows<T>) -> R) -> R {
        self.share.stream.with_rows(read)
    }

    /// Rises when the rows have changed, at most once an animation frame; its value is [`Rows::version`].
    ///
    /// With [`Rows::changes_since`] a page learns which rows to derive again.
    pub(crate) fn changed(&self) -> Signal<u64> {
        self.share.stream.changed.clone().into()
    }

    /// How the list is doing.
    pub(crate) fn state(&self) -> Signal<StreamState> {
        self.share.stream.state.clone().into()
    }
}
