//! Brings objects to life as ordinary API clients: they see the cluster only through the Kubernetes API.

use tokio_util::sync::CancellationToken;

/// How the controllers run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much faster than a real kubelet pods are pulled and started; 1.0 is life-like.
    pub speed: f64,
}

/// Runs all controllers until `stop`.
pub async fn run(client: kube::Client, options: Options, stop: CancellationToken) {
    drop((client, options));
    stop.cancelled().await;
}
