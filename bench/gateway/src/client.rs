//! Asks over one kept connection and measures, with as little work of its own as it can.

use std::{
    error::Error,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Whom to ask and as whom.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub prefix: &'static str,
    pub cookie: String,
}

/// One connection.
pub struct Client {
    socket: TcpStream,
    target: Target,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn open(target: &Target) -> io::Result<Client> {
        let socket = TcpStream::connect(target.address).await?;
        socket.set_nodelay(true)?;
        Ok(Client {
            socket,
            target: target.clone(),
            buffer: vec![0; 256 * 1024],
        })
    }

    async fn ask(&mut self, path: &str) -> io::Result<()> {
        let Target {
            address,
            prefix,
            cookie,
        } = &self.target;
        let cookie = if cookie.is_empty() {
            String::new()
        } else {
            format!("Cookie: {cookie}\r\n")
        };
        let text =
            format!("GET {prefix}{path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n{cookie}\r\n");
        self.socket.write_all(text.as_bytes()).await
    }

    /// Reads a head; the bytes behind it that came along, and the announced length.
    async fn head(&mut self) -> io::Result<(usize, Option<usize>)> {
        let mut filled = 0;
        loop {
            let read = self.socket.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            let Some(end) = self.buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            if !head.starts_with("http/1.1 200") {
                return Err(io::Error::other(head));
            }
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            return Ok((filled - end - 4, length));
        }
    }

    /// One request, to the last byte of its answer.
    pub async fn get(&mut self, path: &str) -> io::Result<Duration> {
        let began = Instant::now();
        self.ask(path).await?;
        let (mut got, length) = self.head().await?;
        let length = length.ok_or(io::ErrorKind::InvalidData)?;
        while got < length {
            let read = self.socket.read(&mut self.buffer).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            got += read;
        }
        Ok(began.elapsed())
    }

    /// Opens a watch and waits for its head; gives the reading buffer back, for there will be many.
    pub async fn watch(&mut self, path: &str) -> io::Result<()> {
        self.ask(path).await?;
        self.head().await?;
        self.buffer = Vec::new();
        Ok(())
    }

    /// Opens a restless watch and reads it to `end`; how many events came. A gap in their numbers is an error.
    pub async fn follow(&mut self, path: &str, end: Instant) -> io::Result<u64> {
        const MARK: &[u8] = b"\"number\":";
        self.ask(path).await?;
        self.head().await?;
        self.buffer = vec![0; 4096];
        // The first events may have come with the head, which gives nothing on: it is from then on that none is missing.
        let (mut line, mut expected, mut events) = (Vec::new(), None, 0);
        while let Ok(read) = tokio::time::timeout_at(end.into(), self.socket.read(&mut self.buffer)).await {
            let read = read?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            for &byte in &self.buffer[..read] {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                if let Some(at) = line.windows(MARK.len()).position(|w| w == MARK) {
                    let digits = line[at + MARK.len()..].split(|byte| !byte.is_ascii_digit()).next();
                    let number: Option<u64> = std::str::from_utf8(digits.unwrap_or_default())
                        .ok()
                        .and_then(|n| n.parse().ok());
                    if number.is_none() || expected.is_some_and(|expected| number != Some(expected)) {
                        return Err(io::Error::other(format!("event {expected:?} is missing")));
                    }
                    expected = number.map(|number| number + 1);
                    events += 1;
                }
                line.clear();
            }
        }
        Ok(events)
    }
}

/// Asks over several connections for a while; the time of each request.
pub async fn load(
    target: &Target,
    path: &str,
    connections: usize,
    time: Duration,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let end = Instant::now() + time;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let mut client = Client::open(target).await?;
        let path = path.to_owned();
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                times.push(client.get(&path).await?);
            }
            Ok::<_, io::Error>(times)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}
