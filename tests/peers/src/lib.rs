//! Starts programs of the peers (`flowdeck-cluster build peers`) on loopback, and asks them over HTTP.
//!
//! Each server takes a free port by itself and says in its log which. It ends with the value that started it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowdeck_cluster::tools::Tool;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A server that is not there after this long will not come; a busy machine needs 10 s.
const START_LIMIT: Duration = Duration::from_secs(90);
/// A server that is asked to end and does not is killed after this long.
const END_LIMIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A program of the peers, with a home of its own: what is configured on this machine is not seen.
///
/// # Errors
/// When the peers are not built: says how to.
pub fn program(name: &str, home: &Path) -> Result<Command, String> {
    let mut command = Command::new(Tool::Peers.program(name).map_err(|why| why.to_string())?);
    command.env("HOME", home).stdin(Stdio::null());
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONWARNINGS", "ignore");
    Ok(command)
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none: says what it is.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.text).map_err(|why| format!("{why}: {} {}", self.status, self.text))
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its log in `folder`, and waits until it says where it listens.
    ///
    /// # Errors
    /// When it ends or says nothing in time: with its log.
    pub fn start(mut command: Command, folder: &Path) -> Result<Self, String> {
        let log = folder.join("server.log");
        let (out, errors) = File::create(&log)
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(|why| format!("{}: {why}", log.display()))?;
        let child = command
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(|why| format!("{command:?}: {why}"))?;
        // From here on dropping ends the child.
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
        };
        let began = Instant::now();
        loop {
            let said = server.log();
            // jupyter-server names its port a little before it listens.
            if let Some(address) = listens_at(&said).filter(|address| TcpStream::connect(address).is_ok()) {
                server.address = address;
                return Ok(server);
            }
            let ended = server.child.try_wait().map_err(|why| why.to_string())?;
            if ended.is_some() || began.elapsed() > START_LIMIT {
                return Err(format!("{command:?} did not come up:\n{said}"));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Everything that it said so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// A GET.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask("GET", path, "", "")
    }

    /// Any request; `headers` is whole lines.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer, String> {
        let cannot = |why: std::io::Error| format!("{method} {path}: {why}");
        // HTTP/1.0: an answer in one piece that ends with the connection.
        let first = format!(
            "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n{headers}",
            body.len()
        );
        let mut socket = self.send(&first, body).map_err(cannot)?;
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).map_err(cannot)?;
        let whole = String::from_utf8_lossy(&bytes);
        let (head, text) = whole
            .split_once("\r\n\r\n")
            .ok_or_else(|| format!("{method} {path}: {whole}"))?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| format!("{method} {path}: {head}"))?,
            text: text.to_owned(),
        })
    }

    /// A WebSocket that is open as long as the value lives; nothing is read from it.
    ///
    /// # Errors
    /// When the server does not switch.
    pub fn upgrade(&self, path: &str, headers: &str) -> Result<TcpStream, String> {
        let cannot = |why: std::io::Error| format!("WebSocket {path}: {why}");
        // The key of RFC 6455's example.
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let mut socket = self
            .send(&format!("GET {path} HTTP/1.1\r\n{upgrade}{headers}"), "")
            .map_err(cannot)?;
        let mut head = [0; 12];
        socket.read_exact(&mut head).map_err(cannot)?;
        if &head == b"HTTP/1.1 101" {
            return Ok(socket);
        }
        Err(format!("WebSocket {path}: {}", String::from_utf8_lossy(&head)))
    }

    fn send(&self, head: &str, body: &str) -> std::io::Result<TcpStream> {
        let mut socket = TcpStream::connect(self.address)?;
        socket.set_read_timeout(Some(ANSWER_LIMIT))?;
        socket.write_all(format!("{head}Host: {}\r\n\r\n{body}", self.address).as_bytes())?;
        Ok(socket)
    }
}

/// The first address on loopback that a log names as a URL.
fn listens_at(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("http://127.0.0.1:")?;
    let (port, _) = rest.split_once('/')?;
    Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)))
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── what the server said\n{}", self.log());
        }
        // Asked first: a notebook server ends its kernels, TensorBoard its data server.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let began = Instant::now();
        while asked && began.elapsed() < END_LIMIT {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        // Gone already is as good.
        self.child
            .kill()
            .and_then(|()| self.child.wait().map(drop))
            .unwrap_or_default();
    }
}

/// Tries until `done` gives nothing to complain of; its last complaint when that takes longer than `limit`.
///
/// # Errors
/// The last complaint.
pub fn eventually(limit: Duration, mut done: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match done() {
            Err(_) if began.elapsed() < limit => std::thread::sleep(LOOK),
            last => return last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_read_once_it_is_whole() {
        assert_eq!(listens_at("at http://127.0.0.1:33"), None);
        let whole = "is running at:\n[I] http://127.0.0.1:3352/notebook/a/b/";
        assert_eq!(listens_at(whole), Some(SocketAddr::from(([127, 0, 0, 1], 3352))));
    }

    #[test]
    fn last_complaint_is_told() {
        let mut tries = 0;
        let told = eventually(Duration::from_millis(120), || {
            tries += 1;
            Err(format!("try {tries}"))
        });
        assert!(tries > 1 && told == Err(format!("try {tries}")), "{told:?}");
        assert_eq!(eventually(Duration::ZERO, || Ok(())), Ok(()));
    }
}
