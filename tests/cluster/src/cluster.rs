//! Starts, serves and ends one cluster.

mod commands;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kube::api::DynamicObject;
use kube::config::{KubeConfigOptions, Kubeconfig};
use rustix::process::Signal;

use crate::background::Background;
use crate::definitions;
use crate::error::{Error, Result};
use crate::etcd::Etcd;
use crate::gateway::{self, Gateway};
use crate::kubeconfig;
use crate::kubeflow;
use crate::kubelet::Kubelet;
use crate::logs;
use crate::nodes;
use crate::pki::{Authority, Identity};
use crate::ports;
use crate::processes::Processes;
use crate::rights;
use crate::training;
use commands::Files;

/// How long anything here may take; a machine with much other work needs minutes for what takes seconds.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(25);

pub(crate) const API_SERVER: &str = "kube-apiserver";

/// What kind of cluster is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the API server answers from its watch cache, as all real ones do. Without it every list and watch goes
    /// to etcd, so that after [`Cluster::compact_etcd`] what is old is gone at once.
    pub watch_cache: bool,
    /// Whether the controller manager and the scheduler run.
    pub controllers: bool,
    /// Whether there are nodes: kwok plays three of them, one with GPUs, and pods live on them (with `controllers`).
    pub nodes: bool,
    /// Whether those three are made (with `nodes`). Without them kwok plays whatever nodes a test makes.
    pub machines: bool,
    /// Whether every kind of Kubeflow is defined and our controllers run, as clients from this process (with `nodes`).
    pub kubeflow: bool,
    /// Whether the sandbox's world is created: users' rights, namespaces, notebooks in every state (with `kubeflow`).
    pub seed: bool,
    /// Whether Kubeflow's real training operator runs (with `kubeflow`).
    pub training_operator: bool,
    /// Further flags of the API server.
    pub api_server_flags: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            watch_cache: true,
            controllers: true,
            nodes: true,
            machines: true,
            kubeflow: false,
            seed: false,
            training_operator: false,
            api_server_flags: Vec::new(),
        }
    }
}

/// A running cluster; dropping it ends all of it.
pub struct Cluster {
    options: Options,
    files: Files,
    authority: Authority,
    etcd: Etcd,
    url: String,
    ca_pem: String,
    admin_token: String,
    kubeconfigs: AtomicUsize,
    /// Before `processes`: ends first.
    background: Vec<Background>,
    processes: Processes,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Starts a cluster on free ports of 127.0.0.1 and waits until it is ready: the API answers, and where controllers
    /// run, the default namespace has its service account; with nodes, they are ready and open for pods.
    ///
    /// # Errors
    /// When it is not built, or a process ended or is not ready in time: with the end of its log.
    pub async fn start(options: Options) -> Result<Self> {
        let processes = Processes::new()?;
        let authority = Authority::new("flowdeck-cluster")?;
        let etcd = Etcd::new(ports::free()?);
        let port = ports::free()?;
        let url = format!("https://127.0.0.1:{port}");
        let admin_token = format!("{:032x}", rand::random::<u128>());
        let files = Files::write(processes.folder(), &authority, &url, port, &admin_token)?;
        let mut cluster = Self {
            ca_pem: authority.certificate_pem(),
            kubeconfigs: AtomicUsize::new(0),
            background: Vec::new(),
            options,
            files,
            authority,
            etcd,
            url,
            admin_token,
            processes,
        };
        // Read while the processes start.
        let kinds = cluster
            .options
            .kubeflow
            .then(|| tokio::task::spawn_blocking(kubeflow::kinds));
        cluster.start_processes().await?;
        if let Some(kinds) = kinds {
            let kinds = kinds.await.map_err(|why| Error::of("the definitions", why))?;
            cluster.start_kubeflow(kinds?).await?;
        }
        Ok(cluster)
    }

    async fn start_processes(&mut self) -> Result<()> {
        let processes = &self.processes;
        processes.spawn("etcd", &mut self.files.etcd(self.etcd.url(), ports::free()?)?)?;
        self.until("etcd", async || self.etcd.is_healthy().await).await?;
        self.spawn_api_server()?;
        self.until_api_server_is_ready().await?;
        if self.options.controllers {
            // Not before: they give up on a server that comes slowly.
            processes.spawn("kube-controller-manager", &mut self.files.controller_manager()?)?;
            processes.spawn("kube-scheduler", &mut self.files.scheduler()?)?;
            let client = self.client().await?;
            self.until("kube-controller-manager", async || {
                let path = "/api/v1/namespaces/default/serviceaccounts/default";
                answers(&client, path).await
            })
            .await?;
        }
        if self.options.controllers && self.options.nodes {
            let client = self.client().await?;
            let kubelet = Kubelet {
                port: ports::free()?,
                kwok: ports::free()?,
                folder: self.folder().to_owned(),
                kubeconfig: self.admin_kubeconfig().to_owned(),
            };
            nodes::start(self, &client, self.options.machines, &kubelet).await?;
            self.background.push(Background::start("kubelet", async move |_stop| {
                // Without it no log is to be had, which those who ask for one are told.
                kubelet.serve().await.ok();
            })?);
            let (kubeconfig, folder) = (self.admin_kubeconfig().to_owned(), self.folder().join("pods"));
            self.background.push(Background::start("pod-logs", async move |_stop| {
                if let Ok(client) = self::client(&kubeconfig).await {
                    logs::write(client, folder).await;
                }
            })?);
        }
        Ok(())
    }

    pub(crate) fn processes(&self) -> &Processes {
        &self.processes
    }

    pub(crate) fn folder(&self) -> &Path {
        self.processes.folder()
    }

    /// What makes it a Kubeflow.
    async fn start_kubeflow(&mut self, kinds: Vec<DynamicObject>) -> Result<()> {
        let client = self.client().await?;
        definitions::apply(&client, kinds).await?;
        self.background.push(kubeflow::control(self.admin_kubeconfig())?);
        let operator = async {
            match self.options.training_operator {
                true => training::start(self, &client).await,
                false => Ok(()),
            }
        };
        let seed = async {
            match self.options.seed {
                true => kubeflow::seed(client.clone()).await,
                false => Ok(()),
            }
        };
        tokio::try_join!(operator, seed).map(drop)
    }

    fn spawn_api_server(&self) -> Result<()> {
        let mut command = self.files.api_server(self.etcd.url(), self.options.watch_cache)?;
        command.args(&self.options.api_server_flags);
        self.processes.spawn(API_SERVER, &mut command)
    }

    async fn until_api_server_is_ready(&self) -> Result<()> {
        let client = self.client().await?;
        self.until(API_SERVER, async || answers(&client, "/readyz").await).await
    }

    /// Waits for `condition`, which `who` is to bring about.
    pub(crate) async fn until(&self, who: &str, condition: impl AsyncFn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !condition().await {
            self.processes.check()?;
            if began.elapsed() > PATIENCE {
                return Err(self.processes.not_ready(who, PATIENCE));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Where the API is: `https://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate authority that signed the API server's certificate.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A bearer token of `admin`, who is in `system:masters`.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// A kubeconfig file with all rights.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.files.admin
    }

    /// A certificate by which the API server knows its holder as `user` in `groups`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn identity(&self, user: &str, groups: &[&str]) -> Result<Identity> {
        self.authority.client(user, groups)
    }

    /// A certificate for a server with those names and addresses, signed by [`Cluster::ca_pem`].
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn server_identity(&self, name: &str, alternatives: &[&str]) -> Result<Identity> {
        self.authority.server(name, alternatives)
    }

    /// Writes a kubeconfig file with a certificate for `user` in `groups`.
    ///
    /// # Errors
    /// When it cannot be signed or written.
    pub fn kubeconfig(&self, user: &str, groups: &[&str]) -> Result<PathBuf> {
        let identity = self.identity(user, groups)?;
        self.write_kubeconfig(&kubeconfig::text(&self.url, &self.ca_pem, user, &identity))
    }

    /// Writes a kubeconfig file for whoever has this token.
    pub(crate) fn token_kubeconfig(&self, user: &str, token: &str) -> Result<PathBuf> {
        self.write_kubeconfig(&kubeconfig::with_token(&self.url, &self.ca_pem, user, token))
    }

    fn write_kubeconfig(&self, text: &str) -> Result<PathBuf> {
        let number = self.kubeconfigs.fetch_add(1, Ordering::Relaxed);
        let file = self.processes.folder().join(format!("user-{number}.kubeconfig"));
        commands::write(&file, text)?;
        Ok(file)
    }

    /// A kubeconfig file for a gateway: a token of its ServiceAccount, with the rights that `deploy/base` gives it.
    ///
    /// # Errors
    /// When it cannot be written, or the API server refuses the rights or the token.
    pub async fn gateway_kubeconfig(&self) -> Result<PathBuf> {
        rights::gateway_kubeconfig(self).await
    }

    /// Applies manifests as the admin; kinds that they define are served when it returns.
    ///
    /// # Errors
    /// When the text is not a manifest, or what the API server said.
    pub async fn apply(&self, manifests: &str) -> Result<()> {
        let objects = definitions::read(&[manifests.to_owned()])?;
        definitions::apply(&self.client().await?, objects).await
    }

    /// Starts the gateway's program in front of this cluster, serving the built page in `app`.
    ///
    /// # Errors
    /// When it does not start: with the end of its log.
    pub async fn start_gateway(&self, program: &Path, app: &Path) -> Result<Gateway> {
        gateway::start(self, program, app).await
    }

    /// A client with all rights.
    ///
    /// # Errors
    /// When the client library refuses the configuration.
    pub async fn client(&self) -> Result<kube::Client> {
        client(&self.files.admin).await
    }

    /// A client that acts as `user` in `groups`.
    ///
    /// # Errors
    /// As [`Cluster::client`].
    pub async fn client_as(&self, user: &str, groups: &[&str]) -> Result<kube::Client> {
        client(&self.kubeconfig(user, groups)?).await
    }

    /// Ends the API server, in order, and starts it again on the same port; returns when it is ready.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn restart_api_server(&self) -> Result<()> {
        self.stop_api_server()?;
        self.start_api_server().await
    }

    /// Ends the API server in order: streams are closed by it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_api_server(&self) -> Result<()> {
        self.processes.stop(API_SERVER, Signal::TERM)
    }

    /// Ends the API server at once: connections break off.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_api_server(&self) -> Result<()> {
        self.processes.stop(API_SERVER, Signal::KILL)
    }

    /// Starts an API server that was ended.
    ///
    /// # Errors
    /// When it is not ready in time.
    pub async fn start_api_server(&self) -> Result<()> {
        self.spawn_api_server()?;
        self.until_api_server_is_ready().await
    }

    /// Makes etcd forget all history before now, and says up to which revision.
    ///
    /// An API server with a watch cache still answers from the history that it remembers itself; that is gone
    /// after [`Cluster::restart_api_server`], which begins with the present: from then on a watch from an older
    /// resourceVersion, or the next page of an older list, is a true 410.
    ///
    /// # Errors
    /// What etcd said.
    pub async fn compact_etcd(&self) -> Result<i64> {
        self.etcd.compact().await
    }

    /// The log of one process: `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler` …
    #[must_use]
    pub fn log_file(&self, process: &str) -> PathBuf {
        self.processes.log_file(process)
    }
}

async fn answers(client: &kube::Client, path: &str) -> bool {
    match http::Request::get(path).body(Vec::new()) {
        Ok(request) => client.request_text(request).await.is_ok(),
        Err(_never) => false,
    }
}

pub(crate) async fn client(kubeconfig: &Path) -> Result<kube::Client> {
    kube::Client::try_from(config(kubeconfig).await?).map_err(|why| Error::of("an API client", why))
}

/// How a kubeconfig file says that the API server is reached.
pub(crate) async fn config(kubeconfig: &Path) -> Result<kube::Config> {
    let cannot = |why: String| Error::of("an API client", why);
    let read = Kubeconfig::read_from(kubeconfig).map_err(|why| cannot(why.to_string()))?;
    kube::Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
        .await
        .map_err(|why| cannot(why.to_string()))
}
