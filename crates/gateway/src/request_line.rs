//! Watches the raw request lines of a connection for a `#`.
//!
//! The HTTP parser cuts a fragment off without a word, so nothing behind it could refuse one. What
//! is cut off reaches neither the policy nor the cluster; refusing says so to the client. Only the
//! line that begins a read between two requests is looked at: a pipelined one keeps the parser's way.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection and its requests tell each other.
#[derive(Debug, Default)]
pub struct Line {
    busy: AtomicBool,
    fragment: AtomicBool,
}

/// A request in flight on its connection.
#[derive(Debug)]
pub struct Busy(Arc<Line>);

impl Line {
    /// Begins a request; tells whether its target had a fragment.
    pub fn begin(self: &Arc<Line>) -> (Busy, bool) {
        self.busy.store(true, Ordering::Relaxed);
        (Busy(Arc::clone(self)), self.fragment.swap(false, Ordering::Relaxed))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// A socket that looks at the first line of each request.
#[derive(Debug)]
pub struct Watched<S> {
    socket: S,
    line: Arc<Line>,
    /// Whether the line began in an earlier read and is not complete.
    within: bool,
}

impl<S> Watched<S> {
    /// Wraps a fresh socket.
    pub fn new(socket: S, line: Arc<Line>) -> Watched<S> {
        Watched {
            socket,
            line,
            within: false,
        }
    }
}

fn look(within: &mut bool, line: &Line, read: &[u8]) {
    if read.is_empty() || (!*within && line.busy.load(Ordering::Relaxed)) {
        return;
    }
    let end = read.iter().position(|&b| b == b'\n');
    if read[..end.unwrap_or(read.len())].contains(&b'#') {
        line.fragment.store(true, Ordering::Relaxed);
    }
    // Further reads belong to headers or body until the request is handed over.
    *within = end.is_none();
    if end.is_some() {
        line.busy.store(true, Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let this = &mut *self;
        let polled = Pin::new(&mut this.socket).poll_read(cx, buf);
        if matches!(polled, Poll::Ready(Ok(()))) {
            look(&mut this.within, &this.line, &buf.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragment_is_seen_in_the_request_line_only() {
        let line = Arc::new(Line::default());
        let mut within = false;
        look(&mut within, &line, b"GET /a");
        look(&mut within, &line, b"#b HTTP/1.1\r\nX: y\r\n");
        look(&mut within, &line, b"Y: #\r\n\r\n");
        let (busy, fragment) = line.begin();
        assert!(fragment);
        drop(busy);
        look(&mut within, &line, b"GET /a HTTP/1.1\r\nX: #\r\n\r\n");
        let (_busy, fragment) = line.begin();
        assert!(!fragment);
    }
}
