//! Runs the release binary of the gateway as a process of its own and looks at what it uses.

use std::{
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::client::Target;

const USER: &str = "bench@example.com";

/// A running gateway.
pub struct Gateway {
    child: Child,
    address: SocketAddr,
    token: String,
    folder: PathBuf,
}

/// Where the binary is: `FLOWDECK_GATEWAY`, or where `make build` puts it.
fn binary() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/flowdeck-gateway");
    std::env::var_os("FLOWDECK_GATEWAY").map_or_else(built, PathBuf::from)
}

impl Gateway {
    /// Starts it in front of this cluster.
    pub async fn start(upstream: SocketAddr) -> Result<Gateway, Box<dyn Error>> {
        let binary = binary();
        if !binary.is_file() {
            return Err(format!(
                "there is no {}: run `make build`, or set FLOWDECK_GATEWAY",
                binary.display()
            )
            .into());
        }
        let folder = std::env::temp_dir().join(format!("flowdeck-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("index.html"), "<!doctype html>")?;
        let users = folder.join("users.toml");
        let mut add = Command::new(&binary);
        let mut add = add
            .args(["user", "add", USER, "--users"])
            .arg(&users)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        add.stdin
            .take()
            .ok_or("no stdin")?
            .write_all(b"a long password\n")
            .await?;
        if !add.wait().await?.success() {
            return Err("the user could not be added".into());
        }
        let mut child = Command::new(&binary)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--max-streams-per-user",
                "5000",
                "--log-format",
                "json",
                "--sign-in-link",
                USER,
            ])
            .arg("--upstream")
            .arg(format!("http://{upstream}"))
            .arg("--users")
            .arg(&users)
            .arg("--app")
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((url, token)) = line.split_once("#sign-in=") {
                let address = url
                    .rsplit_once("http://")
                    .ok_or("no address")?
                    .1
                    .trim_end_matches('/')
                    .parse()?;
                return Ok(Gateway {
                    child,
                    address,
                    token: token.to_owned(),
                    folder,
                });
            }
        }
        Err("the gateway did not start".into())
    }

    /// Signs in and says how to ask.
    pub async fn target(&self) -> Result<Target, Box<dyn Error>> {
        let body = format!("{{\"token\":\"{}\"}}", self.token);
        let text = format!(
            "POST /auth/link HTTP/1.1\r\nHost: {}\r\nX-Flowdeck: 1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut socket = TcpStream::connect(self.address).await?;
        socket.write_all(text.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next())
            .ok_or("no session")?;
        Ok(Target {
            address: self.address,
            prefix: "/k8s",
            cookie: cookie.to_owned(),
        })
    }

    fn process(&self) -> Result<PathBuf, Box<dyn Error>> {
        Ok(PathBuf::from(format!(
            "/proc/{}",
            self.child.id().ok_or("the gateway has ended")?
        )))
    }

    /// Memory that is resident.
    pub fn memory_kib(&self) -> Result<f64, Box<dyn Error>> {
        let status = std::fs::read_to_string(self.process()?.join("status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Processor time so far, of all threads.
    pub fn cpu_ms(&self) -> Result<f64, Box<dyn Error>> {
        let mut nanoseconds = 0.0;
        for thread in std::fs::read_dir(self.process()?.join("task"))? {
            // First number: time on a core, in nanoseconds.
            let times = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += times.split(' ').next().ok_or("no schedstat")?.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e6)
    }

    /// Ends it.
    pub async fn stop(mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill().await?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}
