//! Starts an empty sandbox for a test and speaks HTTP with it.

use std::time::Duration;

use bytes::Bytes;
use flowdeck_sandbox::{Config, Sandbox};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A sandbox without controllers that takes orders for faults, and a client of its administrator.
pub(crate) struct World {
    sandbox: Sandbox,
    http: Client<HttpConnector, Full<Bytes>>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts one whose configuration is changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::new(folder.path());
        config.world = flowdeck_sandbox::World::Empty;
        config.controllers = false;
        config.faults = true;
        change(&mut config);
        Self {
            sandbox: Sandbox::start(config).await.expect("the sandbox starts"),
            http: Client::builder(TokioExecutor::new()).build_http(),
            _folder: folder,
        }
    }

    /// Sends a request, as the administrator unless the headers say who asks.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> http::Response<Incoming> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.sandbox.address()));
        if headers.iter().all(|(name, _)| *name != "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.sandbox.admin_token()));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).expect("a request");
        let answer = tokio::time::timeout(PATIENCE, self.http.request(request)).await;
        answer.expect("an answer in time").expect("an answer")
    }

    /// Sends a request and reads the answer: its code and its object.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let answer = self.send(method, path, headers, body).await;
        let code = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (code, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}
