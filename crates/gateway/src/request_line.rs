//! Watches the raw heads of a connection's requests for what the HTTP parser passes over without a word.
//!
//! It cuts a fragment off, takes a bare line feed for a line's end, and lets one framing header win
//! over another. None of that reaches the policy or the cluster, whose requests are written anew;
//! but another server on the way may read it otherwise, so the client is told no. Only the head that
//! begins a read between two requests is looked at: a pipelined one keeps the parser's way.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

use crate::rejection::Rejection;

/// What HTTP/2 begins with. The server reads until it knows that this is it or is not, however long that takes.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAGMENT: u8 = 1;
const FRAMING: u8 = 2;
/// As long as the longest name that is looked for, and one more to tell it from a longer one.
const NAME_BYTES: usize = "transfer-encoding".len() + 1;

/// What a connection and its requests tell each other.
#[derive(Debug, Default)]
pub struct Line {
    busy: AtomicBool,
    odd: AtomicU8,
}

/// A request in flight on its connection.
#[derive(Debug)]
pub struct Busy(Arc<Line>);

impl Line {
    /// Begins a request; tells what is wrong with its head.
    pub fn begin(self: &Arc<Line>) -> (Busy, Option<Rejection>) {
        self.busy.store(true, Ordering::Relaxed);
        let odd = match self.odd.swap(0, Ordering::Relaxed) {
            0 => None,
            odd if odd & FRAMING != 0 => Some(Rejection::Framing),
            _ => Some(Rejection::Target),
        };
        (Busy(Arc::clone(self)), odd)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// A head, as far as it has been read.
#[derive(Debug, Default)]
struct Head {
    /// Whether it began in an earlier read and is not complete.
    within: bool,
    /// Lines that are through.
    lines: usize,
    /// Bytes of the line so far.
    length: usize,
    name: [u8; NAME_BYTES],
    last: u8,
    lengths: usize,
    codings: usize,
}

impl Head {
    /// Goes over one byte; what is wrong, and whether the head ends here.
    fn read(&mut self, byte: u8) -> (u8, bool) {
        let mut odd = 0;
        let ends_line = byte == b'\n';
        if self.lines == 0 && byte == b'#' {
            odd |= FRAGMENT;
        }
        if ends_line && self.last != b'\r' {
            odd |= FRAMING;
        }
        let empty = ends_line && self.length == usize::from(self.last == b'\r');
        if self.lines > 0 && byte == b':' && self.length < NAME_BYTES {
            let name = &self.name[..self.length];
            self.lengths += usize::from(name == b"content-length");
            self.codings += usize::from(name == b"transfer-encoding");
            // A second colon in the line does not end a name.
            self.length = NAME_BYTES;
        }
        let ends = empty && self.lines > 0;
        if ends_line {
            // Empty lines before a request are passed over.
            self.lines += usize::from(!empty);
            self.length = 0;
        } else {
            if let Some(place) = self.name.get_mut(self.length) {
                *place = byte.to_ascii_lowercase();
            }
            self.length += 1;
        }
        self.last = byte;
        if self.lengths + self.codings > 1 {
            odd |= FRAMING;
        }
        (odd, ends)
    }
}

/// A connection that has not said yet whether it speaks HTTP/1 or HTTP/2.
#[derive(Debug)]
struct Opening {
    read: usize,
    until: Pin<Box<Sleep>>,
}

impl Opening {
    /// Goes over what was read; whether it is still open which of the two it is.
    fn read(&mut self, bytes: &[u8]) -> bool {
        let like_http2 = PREFACE[self.read..].starts_with(bytes) && !bytes.is_empty();
        self.read += bytes.len();
        like_http2 && self.read < PREFACE.len()
    }
}

/// A socket that looks at the head of each request.
#[derive(Debug)]
pub struct Watched<S> {
    socket: S,
    line: Arc<Line>,
    head: Head,
    opening: Option<Opening>,
}

impl<S> Watched<S> {
    /// Wraps a fresh socket; within `limit` it has to say which HTTP it speaks.
    pub fn new(socket: S, line: Arc<Line>, limit: Duration) -> Watched<S> {
        Watched {
            socket,
            line,
            head: Head::default(),
            opening: Some(Opening {
                read: 0,
                until: Box::pin(tokio::time::sleep(limit)),
            }),
        }
    }
}

fn look(head: &mut Head, line: &Line, read: &[u8]) {
    if read.is_empty() || (!head.within && line.busy.load(Ordering::Relaxed)) {
        return;
    }
    head.within = true;
    for &byte in read {
        let (odd, ends) = head.read(byte);
        line.odd.fetch_or(odd, Ordering::Relaxed);
        if ends {
            // Further reads are the body until the request is through.
            *head = Head::default();
            line.busy.store(true, Ordering::Relaxed);
            break;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let this = &mut *self;
        let polled = Pin::new(&mut this.socket).poll_read(cx, buf);
        match &polled {
            Poll::Ready(Ok(())) => {
                let read = &buf.filled()[before..];
                this.opening.take_if(|opening| !opening.read(read));
                look(&mut this.head, &this.line, read);
            }
            Poll::Pending => {
                if let Some(opening) = &mut this.opening
                    && opening.until.as_mut().poll(cx).is_ready()
                {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            Poll::Ready(Err(_)) => {}
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

    fn judged(reads: &[&[u8]]) -> Option<Rejection> {
        let line = Arc::new(Line::default());
        let mut head = Head::default();
        for read in reads {
            look(&mut head, &line, read);
        }
        assert!(!head.within, "the head has ended");
        let (_busy, odd) = line.begin();
        odd
    }

    #[test]
    fn fragment_is_seen_in_the_request_line_only() {
        let cut: [&[u8]; 3] = [b"GET /a", b"#b HTTP/1.1\r\nX: y\r\n", b"Y: z\r\n\r\n"];
        assert_eq!(judged(&cut), Some(Rejection::Target));
        assert_eq!(judged(&[b"GET /a HTTP/1.1\r\nX: #\r\n\r\n"]), None);
        assert_eq!(judged(&[b"POST /a HTTP/1.1\r\nX: y\r\n\r\n#\n\n", b"#\n"]), None);
    }

    #[test]
    fn heads_with_two_readings_are_seen() {
        for head in [
            &b"POST / HTTP/1.1\nHost: x\r\n\r\n"[..],
            b"POST / HTTP/1.1\r\nHost: x\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\n\n",
            b"POST / HTTP/1.1\r\nContent-Length: 4\r\ncontent-length: 4\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\nContent-length: 4\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        ] {
            for size in [1, 5, head.len()] {
                let reads: Vec<_> = head.chunks(size).collect();
                let told = judged(&reads);
                assert_eq!(told, Some(Rejection::Framing), "{}", String::from_utf8_lossy(head));
            }
        }
        let plain = b"POST / HTTP/1.1\r\nX: content-length: 1\r\nContent-Length: 4\r\nX-Content-Length: 3\r\n\r\n";
        assert_eq!(judged(&[plain]), None);
    }
}
