//! Talks to the one configured Kubernetes API with the gateway's own credentials.
//!
//! Where that API is and who the gateway is there come from a kubeconfig, from the pod's service
//! account, from flags, or from the sandbox; tokens from files are read again as they are renewed.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kube::client::ConfigExt;
use tower::{Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

use crate::{
    rejection::Rejection,
    routes::BoxError,
    server::{PROBE_EVERY, PROBES, SILENCE},
};

type Wire = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

/// A pool of connections to the cluster.
pub struct Upstream {
    origin: String,
    prefix: String,
    wire: Wire,
}

impl Upstream {
    /// Prepares the pool; opens no connection yet.
    pub fn new(config: &kube::Config) -> Result<Upstream, kube::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // A server that vanishes while a stream is silent would never be missed.
        tcp.set_keepalive(Some(SILENCE));
        tcp.set_keepalive_interval(Some(PROBE_EVERY));
        tcp.set_keepalive_retries(Some(PROBES));
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_MAX_IDLE)
            .build(config.rustls_https_connector_with_connector(tcp)?);
        let client = client.map_err(BoxError::from);
        let wire = ServiceBuilder::new()
            .map_err(|error: BoxError| error)
            .option_layer(config.auth_layer()?)
            .service(client);
        let url = &config.cluster_url;
        Ok(Upstream {
            origin: format!(
                "{}://{}",
                url.scheme_str().unwrap_or("http"),
                url.authority().map(http::uri::Authority::as_str).unwrap_or_default()
            ),
            prefix: url.path().trim_end_matches('/').to_owned(),
            wire: BoxCloneSyncService::new(wire),
        })
    }

    /// The address at the cluster for a judged path: the same bytes behind a fixed beginning.
    pub fn uri(&self, path: &str, query: Option<&str>) -> Result<Uri, Rejection> {
        let (sign, query) = match query {
            Some(query) => ("?", query),
            None => ("", ""),
        };
        Uri::try_from(format!("{}{}{path}{sign}{query}", self.origin, self.prefix)).or(Err(Rejection::Target))
    }

    /// Sends a request; resolves with the head of the answer.
    ///
    /// What went wrong goes to the log and not to the client, for it names hosts of the inside.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Rejection> {
        let mut wire = self.wire.clone();
        let answer = match wire.ready().await {
            Ok(ready) => ready.call(request).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            let unreachable = error
                .downcast_ref::<hyper_util::client::legacy::Error>()
                .is_none_or(hyper_util::client::legacy::Error::is_connect);
            tracing::warn!(error = %chain(error.as_ref()), "the cluster did not answer");
            if unreachable {
                Rejection::UpstreamUnreachable
            } else {
                Rejection::UpstreamBroken
            }
        })
    }
}

const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
const POOL_IDLE: std::time::Duration = std::time::Duration::from_secs(60);
const POOL_MAX_IDLE: usize = 128;

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
