//! Stands before the real API server in browser tests: passes on what comes, and answers wrongly when a test orders it.
//!
//! In the clear: a caller with a token of their own is known by it, any other is the gateway. Orders go to
//! `/sandbox/faults`, as to the sandbox.

use std::convert::Infallible;
use std::sync::Arc;

use flowdeck_sandbox::{Answer, Faults};
use http::header::{AUTHORIZATION, CONNECTION, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use crate::cluster::{Cluster, client, config};
use crate::error::{Error, Result};

/// What stands before the API server.
pub(crate) struct Front {
    /// For those who bring a token.
    nobody: kube::Client,
    gateway: kube::Client,
    /// What an order must bring: `Bearer …`.
    admin: String,
    faults: Faults,
}

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, front: Front) {
    let front = Arc::new(front);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(10_000);
    let builder = Arc::new(builder);
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            continue;
        };
        socket.set_nodelay(true).ok();
        let (front, builder) = (Arc::clone(&front), Arc::clone(&builder));
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let front = Arc::clone(&front);
                async move { Ok::<_, Infallible>(front.answer(request).await) }
            });
            // A connection that breaks is its client's matter.
            builder.serve_connection(TokioIo::new(socket), service).await.ok();
        });
    }
}

impl Front {
    /// # Errors
    /// When the gateway gets no rights, or the client library refuses a configuration.
    pub(crate) async fn new(cluster: &Cluster) -> Result<Self> {
        let cannot = |why: kube::Error| Error::of("an API client", why);
        let mut nobody = config(cluster.admin_kubeconfig()).await?;
        nobody.auth_info = kube::config::AuthInfo::default();
        Ok(Self {
            nobody: kube::Client::try_from(nobody).map_err(cannot)?,
            gateway: client(&cluster.gateway_kubeconfig().await?).await?,
            admin: format!("Bearer {}", cluster.admin_token()),
            faults: Faults::default(),
        })
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .to_owned();
        if target == "/sandbox/faults" {
            return self.order(request).await;
        }
        if let Some(wrong) = self.faults.answer(&target) {
            return wrong;
        }
        let (mut head, body) = request.into_parts();
        head.uri = target.parse().unwrap_or_default();
        for of_this_hop in [HOST, CONNECTION, TRANSFER_ENCODING, UPGRADE] {
            head.headers.remove(of_this_hop);
        }
        let body = match body.collect().await {
            Ok(whole) => whole.to_bytes().to_vec(),
            Err(why) => return plain(StatusCode::BAD_REQUEST, why.to_string()),
        };
        let api = if head.headers.contains_key(AUTHORIZATION) {
            &self.nobody
        } else {
            &self.gateway
        };
        match api.send(Request::from_parts(head, body.into())).await {
            Ok(answer) => answer.map(|body| body.map_err(std::io::Error::other).boxed_unsync()),
            Err(why) => plain(StatusCode::BAD_GATEWAY, why.to_string()),
        }
    }

    async fn order(&self, request: Request<Incoming>) -> Answer {
        let given = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
        if given != Some(self.admin.as_bytes()) {
            return plain(StatusCode::FORBIDDEN, "only the admin orders faults".to_owned());
        }
        if request.method() == Method::DELETE {
            self.faults.clear();
            return plain(StatusCode::OK, String::new());
        }
        let body = request
            .into_body()
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        match body
            .map_err(|why| why.to_string())
            .and_then(|body| self.faults.order(&body).map_err(|why| why.to_string()))
        {
            Ok(()) => plain(StatusCode::OK, String::new()),
            Err(why) => plain(StatusCode::BAD_REQUEST, why),
        }
    }
}

fn plain(code: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = code;
    answer
}
