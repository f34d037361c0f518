//! The real cluster behind one gateway of the browser tests: the sandbox's seed, and a front that can be ordered to fail.

use std::path::Path;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::cluster::{Cluster, Options};
use crate::error::{Error, Result};
use crate::front;

/// Starts all of it, writes the admin's `kubeconfig` for the front at `address` into `folder`, and
/// ends when stdin closes. The front listens when all is ready; who brings it no token acts as the gateway.
///
/// # Errors
/// What did not start.
pub async fn run(address: &str, folder: &Path) -> Result<()> {
    let options = Options {
        kubeflow: true,
        seed: true,
        ..Options::default()
    };
    let cluster = Cluster::start(options).await?;
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "front", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "admin", "user": {"token": cluster.admin_token()}}],
        "contexts": [{"name": "front", "context": {"cluster": "front", "user": "admin"}}],
        "current-context": "front",
    });
    let file = folder.join("kubeconfig");
    // YAML, one value a line: as the sandbox writes its own.
    let text = serde_saphyr::to_string(&kubeconfig).map_err(|why| Error::of("a kubeconfig", why))?;
    std::fs::write(&file, text).map_err(|why| Error::of(file.display(), why))?;
    let front = front::Front::new(&cluster).await?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|why| Error::of(address, why))?;
    let front = tokio::spawn(front::serve(listener, front));
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await.ok();
    front.abort();
    Ok(())
}
