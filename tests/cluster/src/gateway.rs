//! Puts Flowdeck in front of the cluster: the gateway's own program, with the sandbox's people as its local users.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, ORIGIN, SET_COOKIE};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::ports;

const NAME: &str = "flowdeck-gateway";
/// An admin, an owner, a viewer: those who live in the sandbox's seed.
const PEOPLE: [&str; 3] = ["admin@example.com", "alice@example.com", "victor@example.com"];

/// What no page of another origin can send.
const OURS: HeaderName = HeaderName::from_static("x-flowdeck");

/// A gateway in front of a cluster; it ends with the cluster.
#[derive(Debug)]
pub struct Gateway {
    /// Where the page is.
    pub url: String,
    /// A one-time sign-in link for each of the seed's people.
    pub links: Vec<(String, String)>,
}

impl Gateway {
    /// Signs a person in by their link, which works once, and answers how their page speaks to the cluster: below `/k8s`,
    /// with the session's cookie and the two headers that show a write to be the page's own.
    ///
    /// # Errors
    /// When the gateway does not let them in: with its answer.
    pub async fn sign_in(&self, user: &str) -> Result<kube::Client> {
        let cannot = |why: String| Error::of(format!("signing in as {user}"), why);
        let link = self.links.iter().find(|(name, _)| name == user);
        let token = link.and_then(|(_, link)| link.split_once("#sign-in="));
        let (_, token) = token.ok_or_else(|| cannot("there is no link".to_owned()))?;
        let ask = http::Request::post(format!("{}/auth/link", self.url))
            .header(CONTENT_TYPE, "application/json")
            .header(ORIGIN, &self.url)
            .header(OURS, "1")
            .body(Full::new(Bytes::from(json!({"token": token}).to_string())))
            .map_err(|why| cannot(why.to_string()))?;
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(ask).await.map_err(|why| cannot(why.to_string()))?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let Some(session) = cookie.and_then(|cookie| cookie.split(';').next().map(str::to_owned)) else {
            let said = answer
                .into_body()
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let said = said.map_err(|why| cannot(why.to_string()))?;
            return Err(cannot(String::from_utf8_lossy(&said).into_owned()));
        };
        let api = format!("{}/k8s", self.url)
            .parse()
            .map_err(|why: http::uri::InvalidUri| cannot(why.to_string()))?;
        let mut config = kube::Config::new(api);
        for (name, value) in [(COOKIE, session.as_str()), (ORIGIN, &self.url), (OURS, "1")] {
            let value = HeaderValue::from_str(value).map_err(|why| cannot(why.to_string()))?;
            config.headers.push((name, value));
        }
        kube::Client::try_from(config).map_err(|why| cannot(why.to_string()))
    }
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
