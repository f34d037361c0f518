//! The two servers: a sandbox in this process, or a real API server with its controllers.

use flowdeck_cluster::{Cluster, Options};
use flowdeck_sandbox::{Config, Sandbox, World};
use http::{Request, Response};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::Failure;

/// Whom the cases ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The sandbox.
    Sandbox,
    /// A real kube-apiserver.
    Real,
}

/// How much faster than life the sandbox's pods go.
const SPEED: f64 = 100.0;

/// A server that runs, and two ways to ask it.
#[derive(Debug)]
pub struct Server {
    /// Which one.
    pub which: Which,
    admin: Client,
    nobody: Client,
    runs: Runs,
}

/// What keeps it running.
#[derive(Debug)]
enum Runs {
    Sandbox(Sandbox, tempfile::TempDir),
    Real(Box<Cluster>),
}

/// kube's client, of which only the connection is used: requests and answers pass as they are.
struct Client(kube::Client);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Server {
    /// A sandbox with its controllers and nothing in it.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn sandbox() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let mut config = Config::new(folder.path());
        config.world = World::Empty;
        config.speed = SPEED;
        let sandbox = Sandbox::start(config).await?;
        let mut config = kube::Config::new(format!("http://{}", sandbox.address()).parse()?);
        config.auth_info.token = Some(sandbox.admin_token().to_owned().into());
        Self::new(Which::Sandbox, config, Runs::Sandbox(sandbox, folder))
    }

    /// A real server with its controllers, all of whose past before now is forgotten. It has no nodes but those that
    /// cases make: no pod is placed on one that does not name it.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn real() -> Result<Self, Failure> {
        let options = Options {
            machines: false,
            ..Options::default()
        };
        let cluster = Cluster::start(options).await?;
        cluster.compact_etcd().await?;
        let file = Kubeconfig::read_from(cluster.admin_kubeconfig())?;
        let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        Self::new(Which::Real, config, Runs::Real(Box::new(cluster)))
    }

    fn new(which: Which, mut config: kube::Config, runs: Runs) -> Result<Self, Failure> {
        config.read_timeout = None;
        // A 429 or 504 is an answer like any other here.
        config.default_retry = false;
        let admin = Client(kube::Client::try_from(config.clone())?);
        config.auth_info = kube::config::AuthInfo::default();
        let nobody = Client(kube::Client::try_from(config)?);
        Ok(Self {
            which,
            admin,
            nobody,
            runs,
        })
    }

    /// Sends a request as it is, with the administrator's credential or none.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(&self, request: Request<Body>, anonymous: bool) -> Result<Response<Body>, Failure> {
        let client = if anonymous { &self.nobody } else { &self.admin };
        Ok(client.0.send(request).await?)
    }

    /// Stops what was started here.
    pub async fn stop(self) {
        match self.runs {
            Runs::Sandbox(sandbox, folder) => {
                sandbox.stop().await;
                drop(folder);
            }
            Runs::Real(cluster) => drop(cluster),
        }
    }
}
