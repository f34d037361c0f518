//! Writes HTTP/2 frame by frame, without a client that would keep to the rules.

use std::{net::SocketAddr, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::front::{self, Socket};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

const SETTINGS: u8 = 4;
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection that speaks HTTP/2.
pub(crate) struct H2 {
    socket: Socket,
    read: Vec<u8>,
}

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header block (RFC 7541) of plain literals.
pub(crate) fn block(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in lines {
        bytes.push(0);
        for text in [name, value] {
            // Lengths are integers of seven bits and what follows.
            match text.len() {
                short @ 0..127 => bytes.push(short as u8),
                long => {
                    bytes.push(127);
                    let mut rest = long - 127;
                    while rest >= 128 {
                        bytes.push((rest % 128 + 128) as u8);
                        rest /= 128;
                    }
                    bytes.push(rest as u8);
                }
            }
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The lines of a request.
pub(crate) fn lines<'a>(method: &'a str, path: &'a str, cookie: &'a str) -> Vec<(&'a str, &'a str)> {
    let scheme = if front::is_wanted() { "https" } else { "http" };
    vec![
        (":method", method),
        (":scheme", scheme),
        (":authority", "x"),
        (":path", path),
        ("cookie", cookie),
    ]
}

impl H2 {
    pub(crate) async fn connect(address: SocketAddr) -> H2 {
        let mut h2 = H2 {
            socket: front::connect(address, "h2").await,
            read: Vec::new(),
        };
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &[]));
        h2.write(&hello).await;
        h2
    }

    /// Writes; false when nobody takes it any more.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = async {
            self.socket.write_all(bytes).await?;
            self.socket.flush().await
        };
        tokio::time::timeout(PATIENCE, written)
            .await
            .is_ok_and(|done| done.is_ok())
    }

    /// The next frame's kind, stream and payload; nothing at the end.
    pub(crate) async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        loop {
            if let Some((head, rest)) = self.read.split_first_chunk::<9>() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if rest.len() >= length {
                    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                    let told = (head[3], stream, rest[..length].to_vec());
                    self.read.drain(..9 + length);
                    return Some(told);
                }
            }
            let mut buffer = [0; 16 * 1024];
            let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut buffer))
                .await
                .expect("no frame in time");
            match read {
                Ok(read @ 1..) => self.read.extend_from_slice(&buffer[..read]),
                _ => return None,
            }
        }
    }

    /// Reads until the other side takes its leave; fails if it goes on serving.
    pub(crate) async fn is_sent_away(&mut self) {
        while let Some((kind, _, _)) = self.next().await {
            if kind == GOAWAY {
                return;
            }
        }
    }

    /// Reads until a stream is answered or reset, or all is over.
    pub(crate) async fn until_answer(&mut self, wanted: u32) -> Option<u8> {
        while let Some((kind, stream, _)) = self.next().await {
            if kind == GOAWAY || (stream == wanted && matches!(kind, HEADERS | RST_STREAM)) {
                return Some(kind);
            }
        }
        None
    }
}
