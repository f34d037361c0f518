//! Writes requests byte by byte and reads answers, without a client that would tidy them up.

use std::{net::SocketAddr, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::front::{self, Socket};

const PATIENCE: Duration = Duration::from_secs(15);

/// An answer, its body put together.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The values of a header, joined.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let all: Vec<_> = self
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// Our word for a refusal.
    pub(crate) fn slug(&self) -> String {
        self.header("x-flowdeck-rejection").unwrap_or_default()
    }

    /// Asserts a refusal in our words, or by the Envoy in front, which has fewer.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, slug: &str, what: &str) {
        if front::is_wanted() && self.slug().is_empty() {
            let known = matches!(self.status, 400 | 403 | 404 | 405 | 408 | 413 | 431);
            assert!(known, "{what}: {self:?}");
        } else {
            assert_eq!((self.status, self.slug().as_str()), (status, slug), "{what}");
        }
    }

    /// The `name=value` of the cookie that is set.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Ask {
    address: SocketAddr,
    line: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Ask {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Ask {
        let headers = vec![("Host".to_owned(), address.to_string())];
        Ask {
            address,
            line: format!("{method} {target} HTTP/1.1"),
            headers,
            body: None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a header out again.
    pub(crate) fn without(mut self, name: &str) -> Ask {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn cookie(self, cookie: &str) -> Ask {
        self.header("Cookie", cookie)
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Ask {
        self.body = Some(body.into());
        self
    }

    /// A WebSocket opening of this origin.
    pub(crate) fn websocket(self, origin: &str) -> Ask {
        self.header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Origin", origin)
    }

    fn text(&self, last: bool) -> String {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if last && !self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("connection")) {
            text.push_str("Connection: close\r\n");
        }
        format!("{text}\r\n{}", self.body.as_deref().unwrap_or_default())
    }

    /// Sends the request on a connection of its own.
    pub(crate) async fn send(self) -> Answer {
        raw(self.address, self.text(true).as_bytes()).await
    }

    /// Sends the request and keeps the connection.
    pub(crate) async fn open(self) -> Wire {
        let mut wire = Wire::connect(self.address).await;
        wire.write(self.text(false).as_bytes()).await;
        wire
    }

    /// Sends the request on a connection that is open, and leaves the answer on it.
    pub(crate) async fn again(self, mut wire: Wire) -> Wire {
        wire.write(self.text(false).as_bytes()).await;
        wire
    }

    /// Sends the request on a connection that is open.
    pub(crate) async fn on(self, wire: &mut Wire) -> Answer {
        wire.write(self.text(false).as_bytes()).await;
        wire.answer().await
    }
}

/// Sends bytes, reads one answer.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut wire = Wire::connect(address).await;
    wire.write(bytes).await;
    wire.answer().await
}

/// An open connection.
pub(crate) struct Wire {
    socket: Socket,
    read: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Wire {
        Wire {
            socket: front::connect(address, "http/1.1").await,
            read: Vec::new(),
        }
    }

    /// Writes; an answer may come before all is written.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let written = async {
            self.socket.write_all(bytes).await?;
            self.socket.flush().await
        };
        tokio::time::timeout(PATIENCE, written).await.unwrap().ok();
    }

    /// Reads some more; false at the end.
    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut buffer))
            .await
            .expect("no answer in time");
        let read = read.unwrap_or(0);
        self.read.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// Reads until the text has come; what came up to its end.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.read.windows(text.len()).position(|w| w == text.as_bytes()) {
                let rest = self.read.split_off(at + text.len());
                return String::from_utf8_lossy(&std::mem::replace(&mut self.read, rest)).into_owned();
            }
            assert!(
                self.more().await,
                "the connection ended before {text:?}: {}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }

    /// Reads to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        String::from_utf8_lossy(&self.rest_bytes().await).into_owned()
    }

    /// Reads to the end of the connection.
    pub(crate) async fn rest_bytes(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    /// Reads exactly so many bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.more().await, "the connection ended early");
        }
        let rest = self.read.split_off(count);
        std::mem::replace(&mut self.read, rest)
    }

    /// Reads the head of an answer and nothing else.
    pub(crate) async fn head(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
            .collect();
        Answer {
            status,
            headers,
            body: String::new(),
        }
    }

    /// Reads a whole answer with a known length.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length = answer.header("content-length").and_then(|v| v.parse().ok());
        let body = match length {
            _ if matches!(answer.status, 101 | 204 | 304) => Vec::new(),
            Some(length) => {
                while self.read.len() < length && self.more().await {}
                let rest = self.read.split_off(length.min(self.read.len()));
                std::mem::replace(&mut self.read, rest)
            }
            None => self.rest().await.into_bytes(),
        };
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }
}
