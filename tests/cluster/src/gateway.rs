//! Puts Flowdeck in front of the cluster: the gateway's own program, with the sandbox's people as its local users.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::ports;

const NAME: &str = "flowdeck-gateway";
/// An admin, an owner, a viewer: those who live in the sandbox's seed.
const PEOPLE: [&str; 3] = ["admin@example.com", "alice@example.com", "victor@example.com"];

/// A gateway in front of a cluster; it ends with the cluster.
#[derive(Debug)]
pub struct Gateway {
    /// Where the page is.
    pub url: String,
    /// A one-time sign-in link for each of the seed's people.
    pub links: Vec<(String, String)>,
}

/// Starts `program` on the built page in `app`.
pub(crate) async fn start(cluster: &Cluster, program: &Path, app: &Path) -> Result<Gateway> {
    let users = cluster.folder().join("users.toml");
    for person in PEOPLE {
        add_user(program, &users, person)?;
    }
    let kubeconfig = cluster.gateway_kubeconfig().await?;
    let url = format!("http://127.0.0.1:{}", ports::free()?);
    let mut command = Command::new(program);
    command.args([
        "--cluster-name",
        "test cluster",
        "--listen",
        url.trim_start_matches("http://"),
    ]);
    command.arg("--kubeconfig").arg(kubeconfig).arg("--users").arg(users);
    command.arg("--app").arg(app);
    for person in PEOPLE {
        command.args(["--sign-in-link", person]);
    }
    cluster.processes().spawn(NAME, &mut command)?;
    cluster
        .until(NAME, async || links(cluster).len() == PEOPLE.len())
        .await?;
    Ok(Gateway {
        url,
        links: links(cluster),
    })
}

/// The links that the gateway has printed so far.
fn links(cluster: &Cluster) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(cluster.log_file(NAME)).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let said = whole
        .lines()
        .filter_map(|line| line.strip_prefix("Sign in as ")?.split_once(": "));
    said.map(|(user, link)| (user.to_owned(), link.to_owned())).collect()
}

fn add_user(program: &Path, users: &Path, name: &str) -> Result<()> {
    let cannot = |why: String| Error::of(format!("adding the gateway's user {name}"), why);
    let mut child = Command::new(program)
        .args(["user", "add", name, "--users"])
        .arg(users)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|why| cannot(format!("{}: {why}", program.display())))?;
    // Nobody signs in by it: there are links.
    let password = format!("{:032x}\n", rand::random::<u128>());
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(password.as_bytes())
            .map_err(|why| cannot(why.to_string()))?;
    }
    let status = child.wait().map_err(|why| cannot(why.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(cannot(format!("it ended with {status}")))
}
