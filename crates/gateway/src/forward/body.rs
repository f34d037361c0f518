//! Passes a body on frame by frame until it ends or has to end.
//!
//! Nothing is buffered: a frame is asked for when the client can take one, so a slow client slows
//! the cluster down. Dropping the body drops the connection to the cluster.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::{limits::Slot, routes::BoxError};

/// A body that ends cleanly when a future completes: sign-out, expiry, shutdown.
pub struct Until {
    inner: Incoming,
    ends: BoxFuture<'static, ()>,
    over: bool,
    _slot: Slot,
}

impl Until {
    /// Passes `inner` on until `ends`; holds `slot` as long.
    pub fn new(inner: Incoming, ends: BoxFuture<'static, ()>, slot: Slot) -> Until {
        Until {
            inner,
            ends,
            over: false,
            _slot: slot,
        }
    }

    /// Erases the type.
    pub fn boxed_unsync(self) -> crate::routes::Body {
        BodyExt::boxed_unsync(self)
    }
}

impl Body for Until {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.over || self.ends.as_mut().poll(cx).is_ready() {
            self.over = true;
            return Poll::Ready(None);
        }
        Pin::new(&mut self.inner)
            .poll_frame(cx)
            .map(|frame| frame.map(|f| f.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
