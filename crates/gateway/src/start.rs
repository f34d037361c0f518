//! Starts everything in order: accounts, the cluster's connection (or the sandbox), the listeners.

use std::{fmt, io, net::SocketAddr, time::Instant};

use flowdeck_sandbox::Sandbox;
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::net::TcpListener;

use crate::{
    config::{Cluster, Config},
    forward::upstream::Upstream,
    log::Log,
    server::{Gateway, Running},
    sign_in::{
        accounts::{Accounts, Authenticator, FixedAccounts},
        oidc::Oidc,
        users::{LocalUsers, UsersError},
    },
};

/// Why the gateway did not start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The users file cannot be used.
    Users(UsersError),
    /// A link was asked for somebody who does not exist.
    UnknownUser(String),
    /// The sandbox did not start.
    Sandbox(flowdeck_sandbox::Error),
    /// The way to the OpenID provider cannot be prepared.
    Oidc(Box<dyn std::error::Error + Send + Sync>),
    /// The cluster's address or credentials cannot be read.
    Cluster(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "{address} is in use: another program listens there; choose another with --listen"
                )
            }
            StartError::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            StartError::Users(error) => write!(f, "--users: {error}"),
            StartError::UnknownUser(user) => write!(f, "--sign-in-link: there is no user {user:?}"),
            StartError::Sandbox(error) => write!(f, "the sandbox did not start: {error}"),
            StartError::Oidc(error) => write!(
                f,
                "--oidc-issuer: the provider cannot be asked with these settings: {error}"
            ),
            StartError::Cluster(error) => write!(f, "the cluster's address or credentials cannot be read: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A gateway with all that belongs to it.
pub struct Started {
    /// The listening gateway.
    pub running: Running,
    /// The cluster inside, if there is one.
    pub sandbox: Option<Sandbox>,
    /// Users and the links that sign them in.
    pub links: Vec<(String, String)>,
}

impl Started {
    /// Shuts everything down, the gateway first.
    pub async fn stop(self) {
        self.running.stop().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// Starts a gateway.
pub async fn start(mut config: Config, log: Log) -> Result<Started, StartError> {
    let listener = bind(config.listen).await?;
    let metrics = match config.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let address = listener
        .local_addr()
        .map_err(|e| StartError::Listen(config.listen, e))?;
    config.listening_on(address);

    let accounts = accounts(&config)?;
    if let Some(unknown) = config
        .sign_in_links
        .iter()
        .find(|user| accounts.account(user).is_none())
    {
        return Err(StartError::UnknownUser(unknown.clone()));
    }
    let (sandbox, cluster) = connect(&config.cluster).await?;
    let upstream = Upstream::new(&cluster).map_err(|e| StartError::Cluster(e.into()))?;
    let oidc = config
        .oidc
        .clone()
        .map(Oidc::new)
        .transpose()
        .map_err(StartError::Oidc)?;
    let gateway = Gateway::new(config, accounts, oidc, upstream, log);
    let url = gateway.config.page_url();
    let link = |user: &String| {
        let token = gateway.links.issue(user, Instant::now());
        (user.clone(), format!("{url}/#sign-in={token}"))
    };
    let links = gateway.config.sign_in_links.iter().map(link).collect();
    if !gateway.config.https && !gateway.config.listen.ip().is_loopback() {
        tracing::warn!("people reach this over plain http: whoever is on the way can take over their sessions");
    }
    let running = Running::start(gateway, listener, metrics).map_err(|e| StartError::Listen(address, e))?;
    Ok(Started {
        running,
        sandbox,
        links,
    })
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|e| StartError::Listen(address, e))
}

fn accounts(config: &Config) -> Result<Accounts, StartError> {
    let mut accounts = Accounts::default();
    if matches!(config.cluster, Cluster::Sandbox(_)) {
        accounts.push(FixedAccounts::of_the_sandbox());
    }
    if let Some(file) = &config.users {
        accounts.push(LocalUsers::open(file).map_err(StartError::Users)?);
    }
    Ok(accounts)
}

async fn connect(cluster: &Cluster) -> Result<(Option<Sandbox>, kube::Config), StartError> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| StartError::Cluster(error);
    match cluster {
        Cluster::Sandbox(config) => {
            let sandbox = Sandbox::start(config.clone()).await.map_err(StartError::Sandbox)?;
            let url = format!("http://{}", sandbox.address())
                .parse()
                .map_err(|e| unreadable(Box::new(e)))?;
            let mut cluster = kube::Config::new(url);
            cluster.auth_info.token = Some(sandbox.admin_token().to_owned().into());
            Ok((Some(sandbox), cluster))
        }
        Cluster::Kubeconfig { file, context } => {
            let kubeconfig = Kubeconfig::read_from(file).map_err(|e| unreadable(e.into()))?;
            let options = KubeConfigOptions {
                context: context.clone(),
                ..KubeConfigOptions::default()
            };
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .map_err(|e| unreadable(e.into()))?;
            Ok((None, config))
        }
        Cluster::InCluster => {
            let config = kube::Config::incluster().map_err(|e| unreadable(e.into()))?;
            Ok((None, config))
        }
        Cluster::Address {
            url,
            token_file,
            ca_pem,
        } => {
            let mut config = kube::Config::new(url.clone());
            config.auth_info.token_file = token_file.as_ref().map(|file| file.display().to_string());
            config.root_cert = ca_pem.as_deref().map(certificates).transpose().map_err(unreadable)?;
            Ok((None, config))
        }
    }
}

/// The DER bytes of each certificate in a PEM text.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = std::str::from_utf8(pem)?;
    let mut all = Vec::new();
    for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let body = block.split("-----END CERTIFICATE-----").next().unwrap_or_default();
        let compact: String = body.split_whitespace().collect();
        all.push(STANDARD.decode(compact)?);
    }
    Ok(all)
}
