//! The servers that the machines are driven against, and what is prepared on them: namespaces, a kind, rights.

use std::time::Duration;

use flowdeck_cluster::tools::Tool;
use flowdeck_cluster::{Cluster, Options};
use flowdeck_sandbox::{Config, Sandbox};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::upstream::{Api, Upstream};

/// Changes of a kind that the sandbox remembers: so few that a client which is away for seconds is told 410.
const HISTORY_CHANGES: usize = 300;
/// How long the server may take for what is asked of it, until it is true.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

const NAMESPACES: [&str; 3] = ["faults-a", "faults-b", "faults-quiet"];
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const BOOKS: &str = "notebooks.kubeflow.org";

/// A right that can be taken away: a user's, in a namespace or everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Right {
    /// The user.
    pub user: &'static str,
    /// The namespace; none: everywhere.
    pub namespace: Option<&'static str>,
}

/// The rights that users have.
pub const RIGHTS: [Right; 3] = [
    Right {
        user: "ann",
        namespace: Some("faults-a"),
    },
    Right {
        user: "bob",
        namespace: Some("faults-b"),
    },
    Right {
        user: "eve",
        namespace: None,
    },
];

/// A server.
pub enum World {
    /// The sandbox, in this process, over real TCP.
    Sandbox {
        /// It, unless it is stopped.
        sandbox: Option<Sandbox>,
        /// How to start it again.
        config: Box<Config>,
        /// Where it is.
        upstream: Upstream,
        /// Its data.
        _folder: tempfile::TempDir,
    },
    /// A real API server, over TLS.
    Real {
        /// It, with its etcd.
        cluster: Box<Cluster>,
        /// Where it is.
        upstream: Upstream,
    },
}

impl World {
    /// Starts a sandbox.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn sandbox() -> Result<World> {
        let folder = tempfile::tempdir()?;
        let mut config = Config::new(folder.path());
        config.world = flowdeck_sandbox::World::Empty;
        config.controllers = false;
        config.history_changes = HISTORY_CHANGES;
        let sandbox = Sandbox::start(config.clone()).await?;
        config.listen = sandbox.address();
        Ok(World::Sandbox {
            upstream: Upstream::plain(sandbox.address(), sandbox.admin_token()),
            sandbox: Some(sandbox),
            config: Box::new(config),
            _folder: folder,
        })
    }

    /// Starts a real API server and its etcd, and builds them first if they are missing.
    ///
    /// Without its watch cache every list and watch is etcd's, so that what is compacted is forgotten at once.
    ///
    /// # Errors
    /// When they cannot be built or do not start.
    pub async fn real(watch_cache: bool) -> Result<World> {
        flowdeck_cluster::tools::build(&[Tool::Kubernetes, Tool::Etcd])?;
        let options = Options {
            watch_cache,
            controllers: false,
            nodes: false,
            ..Options::default()
        };
        let cluster = Box::new(Cluster::start(options).await?);
        let upstream = Upstream::tls(cluster.url(), cluster.ca_pem(), cluster.admin_token())?;
        Ok(World::Real { cluster, upstream })
    }

    /// Where it is.
    pub fn upstream(&self) -> &Upstream {
        match self {
            World::Sandbox { upstream, .. } | World::Real { upstream, .. } => upstream,
        }
    }

    /// Stops the API server and starts it again; returns when it serves.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn restart(&mut self) -> Result<()> {
        match self {
            World::Sandbox {
                sandbox,
                config,
                upstream,
                ..
            } => {
                if let Some(sandbox) = sandbox.take() {
                    sandbox.stop().await;
                }
                let mut tries = 0;
                let again = loop {
                    match Sandbox::start((**config).clone()).await {
                        // Connections of the old one may hold the address for a moment.
                        Err(_) if tries < 100 => tokio::time::sleep(PAUSE).await,
                        started => break started?,
                    }
                    tries += 1;
                };
                upstream.moved(&Upstream::plain(again.address(), again.admin_token()));
                *sandbox = Some(again);
                Ok(())
            }
            World::Real { cluster, .. } => Ok(cluster.restart_api_server().await?),
        }
    }

    /// Compacts the history behind the API server; false where that cannot be ordered.
    ///
    /// # Errors
    /// When it should work and does not.
    pub async fn compact(&mut self) -> Result<bool> {
        match self {
            World::Sandbox { .. } => Ok(false),
            World::Real { cluster, .. } => {
                cluster.compact_etcd().await?;
                Ok(true)
            }
        }
    }

    /// Stops it.
    pub async fn stop(self) {
        match self {
            World::Sandbox { sandbox, .. } => {
                if let Some(sandbox) = sandbox {
                    sandbox.stop().await;
                }
            }
            // Dropping it ends its processes.
            World::Real { .. } => {}
        }
    }
}

/// Makes what the clients watch in, and gives the users their rights.
///
/// # Errors
/// When the server does not take it.
pub async fn prepare(api: &mut Api) -> Result<()> {
    for name in NAMESPACES {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        api.ensure("/api/v1/namespaces", &object).await?;
    }
    let rules = json!([{"apiGroups": ["", "kubeflow.org"], "resources": ["configmaps", "notebooks"], "verbs": ["list", "watch"]}]);
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "faults-see"}, "rules": rules,
    });
    api.ensure(&format!("{RBAC}/clusterroles"), &role).await?;
    for right in &RIGHTS {
        grant(api, right).await?;
    }
    define(api).await
}

/// Gives a right.
///
/// # Errors
/// When the server does not take it.
pub async fn grant(api: &mut Api, right: &Right) -> Result<()> {
    let subject = json!({"kind": "User", "name": right.user, "apiGroup": "rbac.authorization.k8s.io"});
    let kind = if right.namespace.is_some() {
        "RoleBinding"
    } else {
        "ClusterRoleBinding"
    };
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": right.name()},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "faults-see"},
        "subjects": [subject],
    });
    api.ensure(&right.path(), &binding).await
}

/// Takes a right away.
///
/// # Errors
/// When the server does not.
pub async fn revoke(api: &mut Api, right: &Right) -> Result<()> {
    api.delete(&format!("{}/{}", right.path(), right.name())).await
}

impl Right {
    fn name(&self) -> String {
        format!("faults-{}", self.user)
    }

    fn path(&self) -> String {
        match self.namespace {
            Some(namespace) => format!("{RBAC}/namespaces/{namespace}/rolebindings"),
            None => format!("{RBAC}/clusterrolebindings"),
        }
    }
}

/// Defines notebooks, unless they are, and waits until the server serves them.
///
/// # Errors
/// When it does not.
pub async fn define(api: &mut Api) -> Result<()> {
    let begun = tokio::time::Instant::now();
    loop {
        // While the old definition is on its way out, it is in the way of the new one.
        let there = api.get(&format!("{DEFINITIONS}/{BOOKS}")).await;
        let is_going = there.is_ok_and(|body| {
            let object: Value = serde_json::from_slice(&body).unwrap_or_default();
            object["metadata"]["deletionTimestamp"].is_string()
        });
        if !is_going {
            api.ensure(DEFINITIONS, &definition()).await?;
            if api.get("/apis/kubeflow.org/v1/notebooks?limit=1").await.is_ok() {
                return Ok(());
            }
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new("notebooks are not served"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Deletes notebooks, all of them and what they are.
///
/// # Errors
/// When the server does not.
pub async fn undefine(api: &mut Api) -> Result<()> {
    api.delete(&format!("{DEFINITIONS}/{BOOKS}")).await?;
    let begun = tokio::time::Instant::now();
    while api
        .send("GET", "/apis/kubeflow.org/v1/notebooks?limit=1", "", b"")
        .await?
        .0
        != 404
    {
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new("notebooks are still served"));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": BOOKS},
        "spec": {
            "group": "kubeflow.org", "scope": "Namespaced",
            "names": {"kind": "Notebook", "listKind": "NotebookList", "plural": "notebooks", "singular": "notebook"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}
