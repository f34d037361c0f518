//! Starts and stops a sandbox: opens the store, serves the API, seeds, runs the controllers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bootstrap;
use crate::config::{Config, World};
use crate::controllers;
use crate::error::Error;
use crate::registry::Registry;
use crate::seed;
use crate::server::access;
use crate::server::api::Api;
use crate::server::faults::Faults;
use crate::server::{serve, tls};
use crate::store::Store;

/// Tasks that have not ended this long after they were told to are cut.
const STOP_SECONDS: u64 = 3;

/// A running sandbox.
pub struct Sandbox {
    address: SocketAddr,
    api: Arc<Api>,
    tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Opens the store, serves HTTP on loopback, seeds on first start and starts the controllers.
    ///
    /// # Errors
    /// When the folder, the database or the address cannot be had, or seeding fails.
    pub async fn start(config: Config) -> Result<Self, Error> {
        if !config.listen.ip().is_loopback() {
            return Err(Error::NotLoopback(config.listen));
        }
        std::fs::create_dir_all(&config.data).map_err(|why| Error::Folder(config.data.clone(), why))?;
        let path = config.data.join("sandbox.redb");
        let store = Store::open(&path, config.history_changes).map_err(|why| Error::Store(path.clone(), why))?;
        let is_new = store.is_new();
        let registry = Registry::new(&store);
        bootstrap::run(&store, &registry)
            .await
            .map_err(|why| Error::Store(path, why.into()))?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|why| Error::Listen(config.listen, why))?;
        let address = listener.local_addr().map_err(|why| Error::Listen(config.listen, why))?;
        let token = access::new_token();
        let (acceptor, pem) = tls::acceptor().map_err(Error::Certificate)?;
        access::write_kubeconfig(&config.data, address, &token, &pem)
            .map_err(|why| Error::Folder(config.data.clone(), why))?;
        let api = Arc::new(Api {
            store: Arc::new(store),
            registry,
            rights: crate::rbac::Rights::default(),
            token,
            faults: config.faults.then(Faults::default),
            stop: CancellationToken::new(),
            quota: tokio::sync::Mutex::new(()),
        });
        let mut tasks = vec![tokio::spawn(serve(listener, acceptor, Arc::clone(&api)))];
        let client = client(address, &api.token).map_err(|why| Error::Seed(Box::new(why)))?;
        if config.controllers {
            let options = controllers::Options {
                speed: config.speed,
                ..controllers::Options::default()
            };
            tasks.push(tokio::spawn(controllers::run(
                client.clone(),
                options,
                api.stop.clone(),
            )));
        }
        let sandbox = Self { address, api, tasks };
        sandbox.fill(config.world, is_new, client).await
    }

    async fn fill(mut self, world: World, is_new: bool, client: kube::Client) -> Result<Self, Error> {
        match world {
            World::Believable if is_new => seed::believable(client).await.map_err(|why| Error::Seed(why.into()))?,
            World::Believable | World::Empty => {}
            World::Load {
                pods,
                notebooks,
                rate_per_s,
            } => {
                let stop = self.api.stop.clone();
                self.tasks.push(tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        done = seed::load(client, pods, notebooks, rate_per_s) => if let Err(why) = done {
                            tracing::error!(%why, "the load stopped");
                        }
                    }
                }));
            }
        }
        Ok(self)
    }

    /// Where plain HTTP/1.1 and h2c are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The only bearer token that is accepted.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.api.token
    }

    /// An API client with all rights, as the controllers use it.
    ///
    /// # Errors
    /// When the client library refuses the configuration.
    pub fn client(&self) -> Result<kube::Client, Error> {
        client(self.address, &self.api.token).map_err(|why| Error::Seed(Box::new(why)))
    }

    /// Ends all streams and flushes the store.
    pub async fn stop(self) {
        self.api.stop.cancel();
        for mut task in self.tasks {
            if tokio::time::timeout(Duration::from_secs(STOP_SECONDS), &mut task)
                .await
                .is_err()
            {
                task.abort();
            }
        }
        self.api.store.flush().await;
    }
}

fn client(address: SocketAddr, token: &str) -> Result<kube::Client, kube::Error> {
    let uri = format!("http://{address}")
        .parse()
        .map_err(|why: http::uri::InvalidUri| kube::Error::HttpError(why.into()))?;
    let mut config = kube::Config::new(uri);
    config.auth_info.token = Some(token.to_owned().into());
    // Its first part is the manager of the fields that our controllers and seeds set.
    let agent = http::HeaderValue::from_static(concat!("flowdeck-sandbox/", env!("CARGO_PKG_VERSION")));
    config.headers.push((http::header::USER_AGENT, agent));
    kube::Client::try_from(config)
}
